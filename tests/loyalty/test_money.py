from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.errors import InvalidAmount, LoyaltyError
from loyalty.money import (
    KOPECK,
    format_money,
    from_kopecks,
    parse_money,
    split_largest_remainder,
    spread,
    to_kopecks,
)

kopecks = st.integers(0, 10**13)
weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1000", "1000.00"),
        ("1000.5", "1000.50"),
        ("1000.50", "1000.50"),
        ("0.01", "0.01"),
        ("999999999999.99", "999999999999.99"),
        (1, "1.00"),
        (Decimal("1E+3"), "1000.00"),
        (Decimal("12.3"), "12.30"),
    ],
)
def test_money_is_read_with_two_places(value, expected):
    assert str(parse_money(value)) == expected


BAD_TEXT = [
    "-1",
    "+1",
    "1_000",
    "1,5",
    "1.",
    ".5",
    "1.005",
    "1e3",
    "1E3",
    "1e309",
    "NaN",
    "Infinity",
    "-Infinity",
    "0x10",
    "007",
    "١٠٠",
    "１００",
    "1.5.0",
    "²",
    "10₽",
    "0",
    "0.00",
    "1000000000000",
    "-0",
    "00",
    "1.٣",
]
SPACED = ["", " ", " 1", "1 ", "1\n", "1 000", "1\u00a0000", "1\x00", "9" * 5000]
BAD_DECIMALS = [
    Decimal(text) for text in ["NaN", "sNaN", "Infinity", "1e309", "1e-309", "1.500", "0.001", "-0.01", "1e12", "0"]
]
OTHER_TYPES = [0, -1, 10**12, 10**5000, True, False, None, 1.0, float("nan"), float("inf"), [], [1], {}, (1,), b"1"]


@pytest.mark.parametrize(
    "value", [*BAD_TEXT, *SPACED, *BAD_DECIMALS, *OTHER_TYPES], ids=lambda value: type(value).__name__
)
def test_anything_else_is_refused(value):
    with pytest.raises(InvalidAmount):
        parse_money(value)


def test_zero_passes_only_where_it_is_allowed():
    assert parse_money("0", allow_zero=True) == 0
    assert str(parse_money(Decimal("-0.0"), allow_zero=True)) == "0.00"
    with pytest.raises(InvalidAmount, match="above zero"):
        parse_money("0.00")


def test_an_invalid_amount_carries_its_subject_and_field():
    with pytest.raises(LoyaltyError) as caught:
        parse_money("1.005", field="amount")
    assert (caught.value.code, caught.value.status, caught.value.field) == ("invalid_amount", 400, "amount")
    assert caught.value.value == "1.005"


@given(st.text(alphabet="0123456789.-+eE_ ,٣", max_size=16) | st.text(max_size=8))
def test_text_is_read_exactly_when_it_follows_the_grammar(text):
    whole, dot, rest = text.partition(".")
    plain = (
        set(text) <= set("0123456789.") and whole.isdigit() and len(whole) <= 12 and (whole == "0" or whole[0] != "0")
    )
    follows = plain and (not dot or (1 <= len(rest) <= 2 and rest.isdigit()))
    try:
        amount = parse_money(text, allow_zero=True)
    except InvalidAmount:
        assert not follows
    else:
        assert follows
        assert amount == Decimal(text)


@given(st.floats() | st.booleans() | st.none() | st.binary() | st.lists(st.integers()) | st.complex_numbers())
def test_no_other_type_is_money(value):
    with pytest.raises(InvalidAmount):
        parse_money(value)


@given(st.integers(-(10**14), 10**14))
def test_writing_and_reading_come_back_to_the_same_sum(units):
    text = format_money(from_kopecks(units))
    assert to_kopecks(Decimal(text)) == units
    if 0 < units < 10**14:
        assert parse_money(text) == from_kopecks(units)


def test_the_callers_decimal_context_changes_nothing():
    with localcontext() as context:
        context.prec = 3
        assert str(parse_money("123456789.01")) == "123456789.01"
        assert format_money(Decimal("123456789.01")) == "123456789.01"


@pytest.mark.parametrize(("amount", "text"), [("1000", "1000.00"), ("-0.05", "-0.05"), ("1E+2", "100.00")])
def test_money_is_written_with_two_places(amount, text):
    assert format_money(Decimal(amount)) == text


@pytest.mark.parametrize("amount", ["0.001", "NaN", "Infinity"])
def test_what_is_not_kopecks_is_never_written(amount):
    with pytest.raises(ValueError, match="money must be"):
        format_money(Decimal(amount))


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (2, [1, 1, 1], [1, 1, 0]),
        (1, [1, 2], [0, 1]),
        (10, [0, 5, 0], [0, 10, 0]),
        (0, [0, 0], [0, 0]),
        (0, [], []),
        (300, [50000, 49999, 1], [150, 150, 0]),
    ],
)
def test_units_are_split_by_largest_remainder(total, weights, parts):
    assert split_largest_remainder(total, weights) == parts


@pytest.mark.parametrize(("total", "weights"), [(1, []), (1, [0, 0]), (-1, [1]), (1, [2, -1])])
def test_an_impossible_split_is_refused(total, weights):
    with pytest.raises(ValueError, match=r"spread|negative"):
        split_largest_remainder(total, weights)


@given(kopecks, weights)
def test_a_split_adds_up_and_stays_within_one_unit_of_the_exact_share(total, weights):
    if not sum(weights):
        return
    parts = split_largest_remainder(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)
        assert weight or not part


@given(weights, st.data())
def test_a_spread_never_exceeds_a_line_while_it_fits_the_sum(weights, data):
    total = data.draw(st.integers(0, sum(weights)))
    sums = [from_kopecks(weight) for weight in weights]
    parts = spread(from_kopecks(total), sums)
    assert sum(parts) == from_kopecks(total)
    assert all(0 <= part <= line for part, line in zip(parts, sums, strict=True))
    assert all(part.as_tuple().exponent == KOPECK.as_tuple().exponent for part in parts)

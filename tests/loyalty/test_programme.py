import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from math import floor
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from loyalty.errors import (
    AboveShare,
    BelowMinimum,
    InvalidPoints,
    InvalidProgramme,
    InvalidPurchase,
    NotAStep,
    NotEnoughPoints,
    NotEnoughSpendable,
    SpendRefused,
)
from loyalty.money import from_kopecks
from loyalty.programme import (
    PRESETS,
    Birthday,
    Rules,
    check_spend,
    find_birthday,
    kept_points,
    max_redeemable,
    price,
    reprice,
    spendable_points,
)
from loyalty.types import Line, Member

MOSCOW = ZoneInfo("Europe/Moscow")
NOON = datetime(2026, 3, 5, 12, tzinfo=MOSCOW)
DEFAULT, RETAIL = PRESETS["default"], PRESETS["retail"]
WEEK = Birthday(Decimal(2), 3, 3)

VIP = {"is_vip": True}
BIRTHDAY = {"birth_date": date(1990, 3, 5)}
LARGE = {"earlier_purchases": 3, "average_check": Decimal(5000)}


def quote(*amounts, rules=DEFAULT, member=None, at=NOON, zone=MOSCOW, **more):
    lines = [amount if isinstance(amount, Line) else Line(Decimal(amount)) for amount in amounts]
    return price(lines, rules, Member(**member or {}), at=at, zone=zone, **more)


def kinds(pricing):
    return [step["kind"] for step in pricing.breakdown]


# The examples of the design


@pytest.mark.parametrize(
    ("rules", "amount", "member", "spend", "earn"),
    [
        (RETAIL, "10000", {}, 0, 100),
        (RETAIL, "10000", VIP, 0, 150),
        (RETAIL, "10000", VIP | BIRTHDAY, 0, 300),
        (RETAIL, "10000", VIP | BIRTHDAY | LARGE, 0, 360),
        (DEFAULT, "199.99", {}, 0, 9),
        (DEFAULT, "1000", {}, 300, 35),
    ],
)
def test_the_examples_of_the_design(rules, amount, member, spend, earn):
    assert quote(amount, rules=rules, member=member, spend_points=spend).earn == earn


def test_the_breakdown_shows_every_step():
    pricing = quote("10000", rules=RETAIL, member=VIP | BIRTHDAY)
    assert pricing.breakdown == [
        {"kind": "check", "amount": "10000.00"},
        {"kind": "base", "amount": "10000.00", "rate": "0.01", "points": "100"},
        {"kind": "vip", "factor": "1.5", "points": "150"},
        {"kind": "birthday", "factor": "2", "points": "300"},
    ]


def test_the_breakdown_shows_what_was_taken_off_and_rounded():
    lines = [Line(Decimal("100.30")), Line(Decimal("50"), no_accrual=True)]
    pricing = price(
        lines,
        replace(DEFAULT, min_spend=0),
        Member(),
        at=NOON,
        zone=MOSCOW,
        spend_points=15,
        order_discount=Decimal(10),
    )
    assert kinds(pricing) == ["check", "order_discount", "paid_with_points", "not_eligible", "base", "rounding"]
    check, discount, paid, idle, base = (Decimal(step["amount"]) for step in pricing.breakdown[:5])
    assert check - discount - paid - idle == base
    assert pricing.breakdown[-1]["points"] == str(pricing.earn)


# Multipliers


@pytest.mark.parametrize(
    ("amount", "average", "purchases", "applies"),
    [
        ("7500", "5000", 3, True),
        ("7499.99", "5000", 3, False),
        ("7500", "5000", 2, False),
        ("7500.01", "5000.01", 9, False),
        ("7500.02", "5000.01", 9, True),
        ("7500", "0", 3, False),
        ("7500", None, 3, False),
    ],
)
def test_a_large_check_is_measured_against_the_members_own_average(amount, average, purchases, applies):
    member = {"earlier_purchases": purchases, "average_check": average and Decimal(average)}
    assert ("large_check" in kinds(quote(amount, rules=RETAIL, member=member))) is applies


def test_an_unrounded_average_does_not_miss_the_border():
    member = {"earlier_purchases": 3, "average_check": Decimal(200) / 3}
    assert "large_check" in kinds(quote("100", rules=RETAIL, member=member))


def test_a_check_is_large_after_discounts_and_before_points():
    assert "large_check" not in kinds(quote("8000", rules=RETAIL, member=LARGE, order_discount=Decimal(501)))
    assert "large_check" in kinds(quote("8000", rules=RETAIL, member=LARGE, spend_points=4000))


def test_best_takes_only_the_largest_multiplier():
    best = replace(RETAIL, combine="best")
    pricing = quote("10000", rules=best, member=VIP | BIRTHDAY | LARGE)
    assert (pricing.earn, kinds(pricing)[-1], pricing.birthday_on) == (200, "birthday", date(2026, 3, 5))


def test_a_birthday_that_was_not_the_best_is_not_used_up():
    best = replace(RETAIL, combine="best", vip_factor=Decimal(2))
    pricing = quote("10000", rules=best, member=VIP | BIRTHDAY)
    assert (pricing.earn, kinds(pricing)[-1], pricing.birthday_on) == (200, "vip", None)


def test_without_a_vip_factor_a_vip_is_like_anyone():
    assert quote("10000", member=VIP).earn == quote("10000").earn


# Lines


def test_a_line_that_earns_nothing_is_left_out_of_the_base():
    pricing = quote(Line(Decimal(1000)), Line(Decimal(500), no_accrual=True))
    assert (pricing.earn, pricing.lines[1].weight) == (50, 0)


def test_only_eligible_categories_earn():
    rules = replace(DEFAULT, eligible_categories=("coffee",))
    pricing = quote(Line(Decimal(100), category="coffee"), Line(Decimal(100), category="tea"), "100", rules=rules)
    assert pricing.earn == 5


def test_points_never_pay_for_a_line_that_refuses_them():
    lines = [Line(Decimal(1000), no_spending=True), Line(Decimal(300))]
    pricing = quote(*lines, spend_points=300, member={"available": 1000})
    assert [line.spent for line in pricing.lines] == [0, 300]
    assert pricing.max_redeemable == 300
    with pytest.raises(NotEnoughSpendable):
        quote(*lines, spend_points=301)


def test_points_are_spread_by_largest_remainder():
    pricing = quote("333.33", "333.33", "333.34", spend_points=100)
    assert [str(line.spent) for line in pricing.lines] == ["33.33", "33.33", "33.34"]


def test_an_order_discount_is_spread_over_all_lines():
    pricing = quote("100", Line(Decimal(100), no_accrual=True), order_discount=Decimal("0.01"))
    assert [str(line.amount) for line in pricing.lines] == ["99.99", "100.00"]


def test_rounding_happens_once_and_not_per_line():
    assert quote("33.33", "33.33", "33.34").earn == 5
    assert quote("199.99", rules=RETAIL, member=VIP | BIRTHDAY).earn == 5


def test_a_free_check_earns_nothing():
    assert quote("0").earn == 0
    assert quote("100", order_discount=Decimal(100)).earn == 0


def test_another_point_value_pays_another_sum():
    rules = replace(DEFAULT, point_value=Decimal("0.50"), min_spend=0)
    pricing = quote("100", rules=rules, spend_points=100)
    assert (pricing.lines[0].spent, pricing.earn) == (50, 2)
    with pytest.raises(NotEnoughSpendable):
        quote("100", rules=rules, spend_points=201)


@pytest.mark.parametrize(
    ("lines", "more", "field"),
    [
        ([], {}, "lines"),
        ([Line(Decimal("-1"))], {}, "lines.0.amount"),
        ([Line(Decimal(1)), Line(Decimal("0.001"))], {}, "lines.1.amount"),
        ([Line(Decimal("1E-999999"))], {}, "lines.0.amount"),
        ([Line(Decimal("1E+999999"))], {}, "lines.0.amount"),
        ([Line(Decimal("NaN"))], {}, "lines.0.amount"),
        ([Line(10.5)], {}, "lines.0.amount"),
        ([Line(Decimal("999999999999")), Line(Decimal(1))], {}, "lines"),
        ([Line(Decimal(1))], {"order_discount": Decimal("1.01")}, "order_discount"),
        ([Line(Decimal(1))], {"order_discount": Decimal(-1)}, "order_discount"),
    ],
)
def test_a_purchase_that_cannot_be_priced_names_the_field(lines, more, field):
    with pytest.raises(InvalidPurchase) as caught:
        price(lines, DEFAULT, Member(), at=NOON, zone=MOSCOW, **more)
    assert caught.value.field == field


@pytest.mark.parametrize("points", [-1, True, "5", Decimal(5), 1.0, None, 10**12])
def test_points_are_whole_numbers(points):
    with pytest.raises(InvalidPoints):
        quote("1000", spend_points=points)


def test_a_time_without_offset_is_refused():
    with pytest.raises(ValueError, match="offset"):
        quote("1000", at=datetime(2026, 1, 1))


# Spending

SPENDING = replace(DEFAULT, min_spend=100, points_step=30, max_share=Decimal(50))


@pytest.mark.parametrize(
    ("rules", "amount", "available", "most"),
    [
        (DEFAULT, "1000", 300, 300),
        (DEFAULT, "1000", 5000, 1000),
        (DEFAULT, "1000.99", 5000, 1000),
        (DEFAULT, "1000", 99, 0),
        (DEFAULT, "99.99", 5000, 0),
        (DEFAULT, "1000", -50, 0),
        (SPENDING, "1000", 5000, 480),
        (SPENDING, "1000", 119, 0),
        (SPENDING, "1000", 120, 120),
        (replace(DEFAULT, max_share=Decimal(0)), "1000", 5000, 0),
        (replace(DEFAULT, point_value=Decimal("0.30")), "100", 5000, 333),
    ],
)
def test_what_can_be_redeemed_at_most(rules, amount, available, most):
    assert max_redeemable([Line(Decimal(amount))], rules, available) == most


@pytest.mark.parametrize(
    ("points", "available", "error", "code"),
    [
        (99, 5000, BelowMinimum, "below_minimum"),
        (100, 5000, NotAStep, "not_a_step"),
        (150, 149, NotEnoughPoints, "not_enough_points"),
        (510, 5000, AboveShare, "above_share"),
        (-1, 5000, InvalidPoints, "invalid_points"),
    ],
)
def test_a_refused_spend_names_its_rule(points, available, error, code):
    with pytest.raises(error) as caught:
        check_spend(points, [Line(Decimal(1000))], SPENDING, available)
    assert (caught.value.code, caught.value.field) == (code, "points")


@pytest.mark.parametrize("points", [120, 510])
def test_lines_that_take_fewer_points_than_the_share_are_named(points):
    lines = [Line(Decimal(900), no_spending=True), Line(Decimal(100))]
    with pytest.raises(NotEnoughSpendable) as caught:
        check_spend(points, lines, SPENDING, 5000)
    assert caught.value.limit == 100


lines_of = st.lists(
    st.builds(
        Line,
        amount=st.integers(0, 10**7).map(from_kopecks),
        category=st.sampled_from([None, "a", "b"]),
        no_accrual=st.booleans(),
        no_spending=st.booleans(),
    ),
    min_size=1,
    max_size=8,
)
programmes = st.builds(
    Rules,
    rate=st.decimals(0, 1, places=6),
    min_spend=st.integers(0, 300),
    max_share=st.decimals(0, 100, places=2),
    points_step=st.integers(1, 50),
    point_value=st.decimals("0.01", 3, places=2),
    combine=st.sampled_from(["multiply", "best"]),
    vip_factor=st.none() | st.decimals(1, 100, places=4),
    large_check=st.none() | st.just(RETAIL.large_check),
    birthday=st.none() | st.builds(Birthday, st.decimals(1, 100, places=4), st.integers(0, 30), st.integers(0, 30)),
    eligible_categories=st.sampled_from([None, ("a",), ("a", "b")]),
)
members = st.builds(
    Member,
    is_vip=st.booleans(),
    birth_date=st.none() | st.dates(date(1930, 1, 1), date(2020, 1, 1)),
    earlier_purchases=st.integers(0, 5),
    average_check=st.none() | st.decimals(0, 10**6, places=2),
    available=st.integers(-100, 10**6),
)


@given(lines_of, programmes, st.integers(-100, 10**6), st.integers(0, 10**6))
def test_a_spend_passes_exactly_up_to_what_is_offered(lines, rules, available, points):
    most = max_redeemable(lines, rules, available)
    check_spend(most, lines, rules, available)
    allowed = points == 0 or (points <= most and points >= rules.min_spend and points % rules.points_step == 0)
    try:
        check_spend(points, lines, rules, available)
    except SpendRefused:
        assert not allowed
    else:
        assert allowed


@settings(deadline=None)
@given(lines_of, programmes, members, st.data())
def test_every_price_adds_up_to_the_kopeck_with_one_floor(lines, rules, member, data):
    gross = sum(line.amount for line in lines)
    discount = from_kopecks(data.draw(st.integers(0, int(gross * 100))))
    points = data.draw(st.integers(0, spendable_points(lines, rules.point_value, order_discount=discount)))
    pricing = price(lines, rules, member, at=NOON, zone=MOSCOW, spend_points=points, order_discount=discount)
    assert sum(line.amount for line in pricing.lines) == gross - discount
    assert sum(line.spent for line in pricing.lines) == points * rules.point_value
    assert all(0 <= line.spent <= line.amount <= line.line.amount and line.weight >= 0 for line in pricing.lines)
    assert all(line.spent == 0 for line in pricing.lines if line.line.no_spending)
    assert pricing.earn == floor(sum(Fraction(line.weight) for line in pricing.lines))
    eligible = [
        line
        for line in pricing.lines
        if not line.line.no_accrual
        and (rules.eligible_categories is None or line.line.category in rules.eligible_categories)
    ]
    exact = Fraction(rules.rate) * sum(Fraction(line.amount - line.spent) for line in eligible)
    for item in pricing.frozen["factors"]:
        exact *= Fraction(item["factor"])
    assert pricing.earn == floor(exact)
    assert pricing.max_redeemable == max_redeemable(lines, rules, member.available, order_discount=discount)


@settings(deadline=None)
@given(lines_of, programmes, members, st.data())
def test_the_same_lines_priced_again_come_to_the_same(lines, rules, member, data):
    points = data.draw(st.integers(0, spendable_points(lines, rules.point_value)))
    first = price(lines, rules, member, at=NOON, zone=MOSCOW, spend_points=points)
    again = reprice(lines, json.loads(json.dumps(first.frozen)), spent_points=points)
    assert (again.earn, again.lines, again.breakdown, again.frozen) == (
        first.earn,
        first.lines,
        first.breakdown,
        first.frozen,
    )


def test_the_callers_decimal_context_changes_nothing():
    member = VIP | BIRTHDAY | LARGE
    expected = quote("123456789.01", rules=RETAIL, member=member)
    with localcontext() as context:
        context.prec = 4
        assert quote("123456789.01", rules=RETAIL, member=member) == expected


# Pricing again


def test_a_changed_document_is_priced_at_its_frozen_rates():
    first = quote("10000", rules=RETAIL, member=VIP | BIRTHDAY | LARGE)
    again = reprice([Line(Decimal(2000))], first.frozen, spent_points=0)
    assert (again.earn, again.birthday_on, again.max_redeemable) == (72, None, 0)
    assert kinds(again) == ["check", "base", "vip", "large_check", "birthday"]


def test_a_check_that_shrank_below_its_points_says_what_it_can_take():
    first = quote("1000", spend_points=300)
    smaller = [Line(Decimal("200.50"))]
    with pytest.raises(NotEnoughSpendable) as caught:
        reprice(smaller, first.frozen, spent_points=300)
    assert caught.value.limit == spendable_points(smaller, Decimal(1)) == 200


def test_a_snapshot_of_another_version_is_refused():
    with pytest.raises(InvalidProgramme):
        reprice([Line(Decimal(1))], {"version": 2}, spent_points=0)


def test_what_is_stored_holds_no_birth_date():
    pricing = quote("10000", rules=RETAIL, member=VIP | LARGE | {"birth_date": date(1987, 3, 6)})
    stored = json.dumps([pricing.frozen, pricing.breakdown])
    assert pricing.birthday_on == date(2026, 3, 6)
    assert not any(trace in stored for trace in ("1987", "2026", "03-06", "5000"))


# Birthdays


def occurs(birth, on, rule=WEEK):
    return find_birthday(date.fromisoformat(birth), date.fromisoformat(on), rule)


@pytest.mark.parametrize(
    ("birth", "on", "expected"),
    [
        ("1990-03-05", "2026-03-01", None),
        ("1990-03-05", "2026-03-02", "2026-03-05"),
        ("1990-03-05", "2026-03-08", "2026-03-05"),
        ("1990-03-05", "2026-03-09", None),
        ("1990-01-02", "2025-12-30", "2026-01-02"),
        ("1990-01-02", "2025-12-29", None),
        ("1990-12-30", "2026-01-02", "2025-12-30"),
        ("1990-12-30", "2026-01-03", None),
        ("1992-02-29", "2026-03-03", "2026-02-28"),
        ("1992-02-29", "2026-03-04", None),
        ("1992-02-29", "2026-02-25", "2026-02-28"),
        ("1992-02-29", "2028-03-03", "2028-02-29"),
        ("1992-02-29", "2028-02-25", None),
        ("2026-03-05", "2026-03-05", None),
        ("2026-03-05", "2027-03-05", "2027-03-05"),
        ("2030-03-05", "2026-03-05", None),
        ("0001-01-01", "9999-12-31", None),
        ("0001-12-31", "9999-12-31", "9999-12-31"),
    ],
)
def test_the_birthday_week(birth, on, expected):
    assert occurs(birth, on) == (expected and date.fromisoformat(expected))


@pytest.mark.parametrize("year", [2023, 2024, 2025, 2026, 2028])
def test_every_birth_date_has_seven_days_around_one_birthday(year):
    for offset in range(366):
        birth = date(1992, 1, 1) + timedelta(days=offset)
        centre = date(year, 2, 28) if (birth.month, birth.day) == (2, 29) and year % 4 else birth.replace(year=year)
        around = [centre + timedelta(days=shift) for shift in range(-5, 6)]
        hits = [find_birthday(birth, day, WEEK) for day in around]
        assert hits == [None] * 2 + [centre] * 7 + [None] * 2


@pytest.mark.parametrize("hours", range(2, 13))
def test_the_day_is_the_partners(hours):
    zone = ZoneInfo(f"Etc/GMT-{hours}")
    opens = datetime(2026, 3, 2, tzinfo=UTC) - timedelta(hours=hours)
    closes = datetime(2026, 3, 9, tzinfo=UTC) - timedelta(hours=hours)
    second = timedelta(seconds=1)
    seen = [
        quote("1000", rules=RETAIL, member=BIRTHDAY, at=moment, zone=zone).birthday_on is not None
        for moment in (opens - second, opens, closes - second, closes)
    ]
    assert seen == [False, True, True, False]


@pytest.mark.parametrize(
    ("used", "birth", "on", "applies"),
    [
        (None, "1990-03-05", "2026-03-05", True),
        ("2026-03-05", "1990-03-05", "2026-03-07", True),
        ("2025-03-05", "1990-03-05", "2026-03-05", True),
        ("2026-01-10", "1990-03-05", "2026-03-05", False),
        ("2025-12-20", "1990-01-10", "2026-01-10", False),
        ("2025-12-20", "1990-03-05", "2026-03-05", True),
        ("2026-01-02", "1990-12-31", "2026-12-30", False),
        ("2026-01-02", "1990-01-02", "2026-12-30", True),
        ("2025-02-28", "1992-02-29", "2026-02-28", True),
        ("2027-02-28", "1992-02-29", "2028-02-29", True),
    ],
)
def test_a_changed_birth_date_opens_no_second_week_in_a_year(used, birth, on, applies):
    member = {"birth_date": date.fromisoformat(birth), "birthday_used_on": used and date.fromisoformat(used)}
    at = datetime.fromisoformat(f"{on}T12:00").replace(tzinfo=MOSCOW)
    pricing = quote("1000", rules=RETAIL, member=member, at=at)
    assert (pricing.birthday_on is not None, "birthday" in kinds(pricing)) == (applies, applies)


@given(st.lists(st.tuples(st.dates(date(1950, 1, 1), date(2010, 1, 1)), st.integers(0, 365)), max_size=25))
def test_however_the_birth_date_changes_one_birthday_a_year_is_celebrated(changes):
    used, celebrated = None, set()
    for birth, day in sorted(changes, key=lambda change: change[1]):
        at = datetime(2026, 1, 4, 12, tzinfo=MOSCOW) + timedelta(days=day)
        member = {"birth_date": birth, "birthday_used_on": used}
        used = quote("1000", rules=RETAIL, member=member, at=at).birthday_on or used
        celebrated.add(used)
    years = [birthday.year for birthday in celebrated - {None}]
    assert len(years) == len(set(years))


# Refunds


@pytest.mark.parametrize(
    ("points", "weights", "amounts", "remaining", "kept"),
    [
        (50, ["50"], ["1000"], ["1000"], 50),
        (50, ["50"], ["1000"], ["500"], 25),
        (50, ["50"], ["1000"], ["0"], 0),
        (9, ["9.9995"], ["199.99"], ["199.98"], 8),
        (4, ["1.6665"] * 3, ["33.33"] * 3, ["33.33", "33.33", "0"], 2),
        (4, ["1.6665"] * 3, ["33.33"] * 3, ["33.33"] * 3, 4),
        (50, ["50", "0"], ["1000", "500"], ["1000", "0"], 50),
        (50, ["50", "0"], ["1000", "500"], ["0", "500"], 0),
        (50, ["50", "3"], ["1000", "0"], ["500", "0"], 25),
        (100, ["0", "0"], ["300", "100"], ["0", "100"], 25),
        (100, ["0"], ["0"], ["0"], 100),
        (100, [], [], [], 100),
        (0, ["0"], ["100"], ["50"], 0),
    ],
)
def test_what_an_award_keeps(points, weights, amounts, remaining, kept):
    def decimals(texts):
        return [Decimal(text) for text in texts]

    assert kept_points(points, decimals(weights), decimals(amounts), decimals(remaining)) == kept


@pytest.mark.parametrize(
    ("points", "weight", "amount", "left"), [(1, 1, 10, 11), (1, 1, 10, -1), (1, -1, 10, 5), (-1, 1, 10, 5)]
)
def test_an_impossible_state_is_refused(points, weight, amount, left):
    with pytest.raises(ValueError, match=r"keeps|negative"):
        kept_points(points, [Decimal(weight)], [Decimal(amount)], [Decimal(left)])


@settings(deadline=None)
@example([Line(Decimal("33.33"))] * 3, DEFAULT, [1] * 40)
@given(lines_of, programmes, st.lists(st.integers(1, 10**6), max_size=40))
def test_many_small_refunds_never_leak(lines, rules, steps):
    pricing = price(lines, rules, Member(is_vip=True), at=NOON, zone=MOSCOW)
    amounts = [line.amount for line in pricing.lines]
    assume(any(amounts))
    weights, remaining, kept = [line.weight for line in pricing.lines], list(amounts), pricing.earn
    taken = 0
    for turn, step in enumerate([*steps, *[10**9] * len(lines)]):
        index = turn % len(lines)
        remaining[index] -= min(remaining[index], from_kopecks(step))
        now = kept_points(pricing.earn, weights, amounts, remaining)
        assert 0 <= now <= kept
        taken, kept = taken + kept - now, now
    remaining = [Decimal(0)] * len(lines)
    taken, kept = taken + kept, kept_points(pricing.earn, weights, amounts, remaining)
    assert (kept, taken) == (0, pricing.earn)

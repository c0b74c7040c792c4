"""What people type in a hurry at a till."""

from __future__ import annotations

from decimal import Decimal

import pytest

from loyalty.errors import InvalidAmount, InvalidPoints
from loyalty.sums import read_points, read_sum, write_sum


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("1250", "1250.00"),
        ("1 250,50 ₽", "1250.50"),
        ("1\N{NO-BREAK SPACE}250.5", "1250.50"),
        ("1'250 р.", "1250.00"),
        (" 500 руб", "500.00"),
        ("500 тг", "500.00"),
    ],
)
def test_a_sum_is_read_as_people_write_it(typed, read):
    assert read_sum(typed) == Decimal(read)


@pytest.mark.parametrize(
    "typed",
    ["", "сто", "1e9", "−5", "-5", "+5", "12,345", "12.345", "0", "0,001", "1.2.3", "５００", "1_000", "٥", "9" * 13],
)
def test_what_is_no_sum_is_refused(typed):
    with pytest.raises(InvalidAmount):
        read_sum(typed)


@pytest.mark.parametrize("typed", ["5 тыс", "5 т.р.", "1,5к", "2k", "50 коп."])
def test_thousands_and_kopecks_are_not_taken_for_roubles(typed):
    with pytest.raises(InvalidAmount):
        read_sum(typed)


def test_points_are_whole_and_at_least_one():
    assert [read_points(typed) for typed in ("100", " 1 000 ", "007")] == [100, 1000, 7]
    for typed in ("", "0", "-5", "1,5", "сто", "５", "9" * 13):
        with pytest.raises(InvalidPoints):
            read_points(typed)


def test_a_sum_is_written_as_one_would_type_it():
    assert [write_sum(Decimal(amount)) for amount in ("1250.00", "1250.50")] == ["1250", "1250.50"]

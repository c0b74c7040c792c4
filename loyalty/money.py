"""Money: read strictly, written one way, divided to the kopeck. `Decimal` throughout, no float ever.

"Kopeck" is the hundredth of whatever currency the partner uses.
"""

from __future__ import annotations

import re
from decimal import Decimal

from loyalty.errors import InvalidAmount

KOPECK = Decimal("0.01")
LIMIT = Decimal(10**12)
"""Sums stay below this: NUMERIC(14,2) holds them."""

_WRITTEN = re.compile(r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,2})?")


def parse_money(value: object, *, allow_zero: bool = False, field: str | None = None) -> Decimal:
    """Read a sum from outside: `Decimal`, `int` or text such as ``1000``, ``1000.5``, ``1000.50``.

    The answer has two places, is above zero (or zero with `allow_zero`) and below 10**12. Everything else raises
    `InvalidAmount`: signs, spaces, exponents, underscores, leading zeros, digits that are not ASCII, a third decimal
    place (even a zero), NaN, infinities, `bool` and `float`.
    """
    amount = _read(value, field)
    if amount >= LIMIT:
        raise InvalidAmount(value, "must be below 1000000000000", field=field)
    if amount < 0 or (amount == 0 and not allow_zero):
        raise InvalidAmount(value, "must not be negative" if allow_zero else "must be above zero", field=field)
    return from_kopecks(to_kopecks(amount))


def format_money(amount: Decimal) -> str:
    """``1000.00``: the one way money stands in JSON. The sum must be exact to the kopeck (`ValueError`)."""
    kopecks = to_kopecks(amount)
    sign = "-" if kopecks < 0 else ""
    return f"{sign}{abs(kopecks) // 100}.{abs(kopecks) % 100:02d}"


def to_kopecks(amount: Decimal) -> int:
    """A sum as a whole number of kopecks; `ValueError` if it is finer than that or not finite."""
    if not amount.is_finite():
        raise ValueError("money must be finite")
    numerator, denominator = amount.as_integer_ratio()
    kopecks, rest = divmod(numerator * 100, denominator)
    if rest:
        raise ValueError("money must be exact to the kopeck")
    return kopecks


def from_kopecks(kopecks: int) -> Decimal:
    """Kopecks as a sum with two places, exact whatever the caller's decimal context."""
    return Decimal(f"{kopecks}E-2")


def split_largest_remainder(total_units: int, weights: list[int]) -> list[int]:
    """Divide whole units in proportion to the weights so that the parts add up exactly.

    Every part is its exact share rounded down; units left over go one each to the largest remainders, ties to the
    earlier line (the largest remainder method, named by `design.md` §4). A part never exceeds its weight while the
    total does not exceed their sum, and a weight of 0 gets 0. Raises `ValueError` on anything negative, and on a
    total above 0 with nothing to carry it.
    """
    whole = sum(weights)
    if total_units < 0 or any(weight < 0 for weight in weights):
        raise ValueError("a split takes no negative numbers")
    if whole == 0:
        if total_units:
            raise ValueError("nothing to spread over")
        return [0] * len(weights)
    shares = [divmod(total_units * weight, whole) for weight in weights]
    parts = [part for part, _ in shares]
    by_remainder = sorted(range(len(weights)), key=lambda index: -shares[index][1])
    for index in by_remainder[: total_units - sum(parts)]:
        parts[index] += 1
    return parts


def spread(total: Decimal, weights: list[Decimal]) -> list[Decimal]:
    """Spread money over lines to the kopeck in proportion to their sums; see `split_largest_remainder`.

    Total and weights are money, exact to the kopeck and not negative (`ValueError`).
    """
    parts = split_largest_remainder(to_kopecks(total), [to_kopecks(weight) for weight in weights])
    return [from_kopecks(part) for part in parts]


def _read(value: object, field: str | None) -> Decimal:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise InvalidAmount(value, "must be a finite number", field=field)
        if value.as_tuple().exponent < -2:
            raise InvalidAmount(value, "must have at most two decimal places", field=field)
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str) and _WRITTEN.fullmatch(value):
        return Decimal(value)
    raise InvalidAmount(value, "must be written like 1000 or 1000.50", field=field)

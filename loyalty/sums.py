"""Sums and points as people type them in a hurry: with spaces, a comma or a point, and the currency behind them."""

from __future__ import annotations

import re
from decimal import Decimal

from loyalty.errors import InvalidAmount, InvalidPoints
from loyalty.money import format_money, parse_money

_OTHER_UNIT = re.compile(r"[0-9]\W*(?:коп|к\b|тыс|тр\b|т\b|млн|k\b|m\b|thousand|mln)", re.IGNORECASE)


def read_sum(text: str, *, field: str = "amount") -> Decimal:
    """«1 250,50 ₽». Raises `InvalidAmount`, also for thousands and kopecks: «5 тыс» is not five roubles."""
    if _OTHER_UNIT.search(text):
        raise InvalidAmount(text, "must be a plain sum", field=field)
    plain = re.sub(r"[^0-9]+$", "", text)
    return parse_money(re.sub(r"[\s'’]", "", plain).replace(",", "."), field=field)


def write_sum(amount: Decimal) -> str:
    """A sum as one would type it: `1250`, `1250.50`."""
    return format_money(amount).removesuffix(".00")


def read_points(text: str) -> int:
    """A whole number of points, one at least: nobody spends nothing on purpose. Raises `InvalidPoints`."""
    plain = re.sub(r"\s", "", text)
    if not re.fullmatch(r"0*[1-9][0-9]{0,11}", plain):
        raise InvalidPoints(text)
    return int(plain)

"""The rules of one partner's programme: what they are, how they are read, and the two presets."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from loyalty.errors import InvalidProgramme
from loyalty.types import Life


@dataclass(frozen=True)
class LargeCheck:
    """× `factor` when the check is at least `above_percent` % above the member's average over ≥ `min_purchases`."""

    factor: Decimal
    above_percent: Decimal
    min_purchases: int


@dataclass(frozen=True)
class Birthday:
    """× `factor` from `days_before` before the birthday to `days_after` after it, both days included."""

    factor: Decimal
    days_before: int
    days_after: int


@dataclass(frozen=True)
class Rules:
    """A programme (`design.md` §4, «How many points»); the defaults are those of a new partner.

    Points are integers and money is in the partner's currency. `from_json` is the only reader of rules from outside:
    it alone checks ranges.
    """

    rate: Decimal = Decimal("0.05")
    """Points per unit of money, a fraction: 0.05 is 5 %."""
    welcome_bonus: int = 100
    min_spend: int = 100
    """The fewest points one may spend at once."""
    max_share: Decimal = Decimal(100)
    """The share of a check that points may pay, percent 0..100."""
    points_step: int = 1
    point_value: Decimal = Decimal("1.00")
    """What one point pays, in money."""
    combine: str = "multiply"
    """`multiply`: all multipliers that apply; `best`: only the largest of them."""
    vip_factor: Decimal | None = None
    large_check: LargeCheck | None = None
    birthday: Birthday | None = None
    eligible_categories: tuple[str, ...] | None = None
    """Only lines of these categories earn; `None`: every line does. Spending is not limited by it."""
    pending_days: int = 0
    """N, the return window: earned points wait this many days."""
    base_life_months: int | None = None
    base_life_days: int | None = None
    bonus_life_days: int | None = None
    clawback: str = "debt"
    """`debt`, `within_balance` or `pending_only` (`ledger.md` rule 18)."""
    grace_days: int = 30
    hold_minutes: int = 15

    @property
    def base_life(self) -> Life | None:
        """The life of points earned by a purchase; `None`: they never expire."""
        if self.base_life_months is None and self.base_life_days is None:
            return None
        return Life(months=self.base_life_months or 0, days=self.base_life_days or 0)

    @property
    def bonus_life(self) -> Life | None:
        """The life of bonus points that were granted without one of their own; `None`: they never expire."""
        return None if self.bonus_life_days is None else Life(days=self.bonus_life_days)

    @classmethod
    def from_json(cls, data: object) -> Rules:
        """Read rules strictly; a key left out has its default. Raises `InvalidProgramme` naming every bad field."""
        raise NotImplementedError

    def to_json(self) -> dict[str, Any]:
        """Every field, decimals as strings; `from_json` gives equal rules back."""
        raise NotImplementedError


PRESETS: dict[str, Rules] = {
    "default": Rules(),
    "retail": Rules(
        rate=Decimal("0.01"),
        welcome_bonus=0,
        vip_factor=Decimal("1.5"),
        large_check=LargeCheck(factor=Decimal("1.2"), above_percent=Decimal(50), min_purchases=3),
        birthday=Birthday(factor=Decimal(2), days_before=3, days_after=3),
    ),
}

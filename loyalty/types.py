"""The words the core and its neighbours exchange about a purchase. Plain frozen data: no rules, no database.

Money is `Decimal` in the partner's currency with at most two places; points are integers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Line:
    """One line of a check. `amount` is the money for the whole line (all `quantity`), after the line's own discount."""

    amount: Decimal
    name: str | None = None
    sku: str | None = None
    category: str | None = None
    quantity: Decimal = Decimal(1)
    no_accrual: bool = False
    no_spending: bool = False


@dataclass(frozen=True)
class Level:
    """One tier: from `threshold` on (money or points in the window) purchases earn × `factor`."""

    name: str
    threshold: Decimal
    factor: Decimal


@dataclass(frozen=True)
class TierScheme:
    """A partner's tiers, the lowest first. `measure` spent or earned; `window` year (the calendar's), days or ever."""

    measure: str
    window: str
    days: int | None
    falls_on_refund: bool
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class Standing:
    """How a promotion stands just before a purchase: what this person took of it, and what everybody did.

    `is_listed`: the person is on its list. `all_points` are those of all uses.
    """

    uses: int = 0
    uses_today: int = 0
    last_used_on: date | None = None
    is_listed: bool = False
    all_uses: int = 0
    all_points: int = 0


@dataclass(frozen=True)
class Member:
    """What pricing needs to know of a membership just before the purchase.

    `average_check` and `earlier_purchases` leave the purchase itself out. `birthday_used_on` is the birthday
    (`Pricing.birthday_on`) for which the multiplier was last applied. `available` is what can be spent now, in points.
    `promotions` says of each promotion how it stands; one that is left out stands as if it were new. Dates are days of the
    partner's.
    """

    is_vip: bool = False
    birth_date: date | None = None
    earlier_purchases: int = 0
    average_check: Decimal | None = None
    birthday_used_on: date | None = None
    available: int = 0
    last_purchase_on: date | None = None
    tier: str | None = None
    promotions: Mapping[UUID, Standing] = field(default_factory=dict)


@dataclass(frozen=True)
class Promoted:
    """What a promotion adds to a purchase, in points: a part of the earn (`is_bonus` False), or a bonus beside it that
    lives `life_days` (None: as the programme's bonuses)."""

    promotion_id: UUID
    points: int
    is_bonus: bool
    life_days: int | None = None


@dataclass(frozen=True)
class PricedLine:
    """A line after pricing.

    `amount`: money after every discount, before points (what refunds count in). `spent`: the part paid with points, in
    money, 0 ≤ spent ≤ amount. `weight`: the line's exact points before the one rounding, never stored with fewer
    places than it has (up to 20): use plain NUMERIC.
    """

    amount: Decimal
    spent: Decimal
    weight: Decimal
    line: Line


@dataclass(frozen=True)
class Pricing:
    """What a purchase earns and takes.

    `breakdown` (for people) and `frozen` (for later re-pricing and refunds) are JSON-able: decimals are strings, and
    neither holds personal data. `birthday_on` is the birthday whose multiplier was applied: remember it as the member's
    `birthday_used_on`. `max_redeemable`: the most points this member could spend on this purchase (0: offer nothing).
    `promoted` is what each promotion adds.
    """

    earn: int
    spent_points: int
    lines: tuple[PricedLine, ...]
    breakdown: list[dict[str, Any]]
    frozen: dict[str, Any]
    birthday_on: date | None
    max_redeemable: int
    promoted: tuple[Promoted, ...] = ()

    @property
    def bonus(self) -> int:
        """Points of promotions beside the earn."""
        return sum(one.points for one in self.promoted if one.is_bonus)

    @property
    def total(self) -> int:
        """All that the purchase gives."""
        return self.earn + self.bonus


@dataclass(frozen=True)
class Life:
    """How long points live after activation: calendar months, then days. *Never expires* is `None`, not a `Life`."""

    months: int = 0
    days: int = 0

"""How many points: purchase, programme, member, time → points and the reasons. No clock, no database, no float."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from loyalty.lifetime import available_at, expires_at
from loyalty.rules import PRESETS, Birthday, LargeCheck, Rules
from loyalty.types import Line, Member, Pricing

__all__ = [
    "PRESETS",
    "Birthday",
    "LargeCheck",
    "Rules",
    "available_at",
    "check_spend",
    "expires_at",
    "kept_points",
    "max_redeemable",
    "price",
    "reprice",
    "spendable_points",
]


def price(
    lines: Sequence[Line],
    rules: Rules,
    member: Member,
    *,
    at: datetime,
    zone: ZoneInfo,
    spend_points: int = 0,
    order_discount: Decimal = Decimal(0),
) -> Pricing:
    """Price a purchase by today's rules. Raises `InvalidPurchase`, `InvalidPoints`, `NotEnoughSpendable`.

    Whether the member may spend that many (minimum, share, step, balance) is `check_spend`'s question, not asked here:
    a capture of a hold may be smaller than the minimum.
    """
    raise NotImplementedError


def reprice(
    lines: Sequence[Line], frozen: dict[str, Any], *, spent_points: int, order_discount: Decimal = Decimal(0)
) -> Pricing:
    """Price a changed document at the rates frozen with its first accrual (`ledger.md` rule 9), never at today's."""
    raise NotImplementedError


def spendable_points(lines: Sequence[Line], point_value: Decimal, order_discount: Decimal = Decimal(0)) -> int:
    """How many points the lines can take at all, whatever the programme's limits."""
    raise NotImplementedError


def max_redeemable(lines: Sequence[Line], rules: Rules, available: int, *, order_discount: Decimal = Decimal(0)) -> int:
    """The most points that may be spent on these lines; 0 means nothing is offered."""
    raise NotImplementedError


def check_spend(
    points: int, lines: Sequence[Line], rules: Rules, available: int, *, order_discount: Decimal = Decimal(0)
) -> None:
    """Refuse a spend with the rule it breaks: `BelowMinimum`, `NotAStep`, `NotEnoughPoints`, `AboveShare`, …"""
    raise NotImplementedError


def kept_points(
    points: int, weights: Sequence[Decimal], amounts: Sequence[Decimal], remaining: Sequence[Decimal]
) -> int:
    """What an award keeps after refunds: ⌊points × Σ wᵢ·remainingᵢ/amountᵢ ÷ Σ wᵢ⌋ (`ledger.md` rule 16)."""
    raise NotImplementedError

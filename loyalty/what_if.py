"""What a purchase would earn and take under rules that are in force, or that somebody only thinks of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from loyalty import programmes, promotions
from loyalty.lifetime import local_date
from loyalty.rules import Rules
from loyalty.sales import Basket
from loyalty.types import Member, Pricing
from models.partner import Partner

ENOUGH_POINTS = 10**12 - 1
"""What an imagined member has who can pay with as many points as the rules allow."""


def try_purchase(
    partner: Partner,
    basket: Basket,
    member: Member,
    *,
    at: datetime,
    changes: Mapping[str, Any] | None = None,
    points: int = 0,
    on_birthday: bool = False,
) -> Pricing:
    """Price a purchase by the rules in force, promotions included, with `changes` laid over them; nothing is stored.

    `on_birthday` makes the day of the purchase the member's birthday. Raises `InvalidProgramme`, `InvalidPurchase`,
    the `SpendRefused` family and `PartnerNotFound`.
    """
    _, rules = programmes.rules_in_force(partner.id)
    if changes:
        rules = replace(Rules.from_json(rules.to_json() | dict(changes)), promotions=rules.promotions)
    zone = ZoneInfo(partner.timezone)
    if on_birthday:
        member = replace(member, birth_date=_born_on(local_date(at, zone)), birthday_used_on=None)
    member = promotions.know(partner, None, member, rules, at)
    basket.check_spend(points, rules, member.available)
    return basket.price(rules, member, at=at, zone=zone, points=points)


def _born_on(day: date) -> date:
    """An earlier day with this day's birthday: 2000 is a leap year, so every day has one."""
    return day.replace(year=2000)

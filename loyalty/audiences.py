"""How many of a partner's members a rule would choose today: asked before a promotion is switched on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from loyalty.accounts import facts_of
from loyalty.lifetime import local_date
from loyalty.offers import facts_of_member
from loyalty.targeting import Group, matches
from models import db
from models.customer import Customer
from models.ledger import Membership
from models.partner import Partner

PAGE = 2000
MOST = 20_000
"""So many members are looked at; a larger partner is told of the latest ones."""


@dataclass(frozen=True)
class Audience:
    """`people` of the `looked_at` members; not all of them were looked at where there are more than `MOST`."""

    people: int
    looked_at: int
    is_whole: bool


def count_people(partner: Partner, rule: Group, now: datetime) -> Audience:
    """How many open memberships the rule holds of at this moment."""
    on = local_date(now, ZoneInfo(partner.timezone))
    people = looked_at = 0
    last: UUID | None = None
    while looked_at < MOST:
        wanted = (
            select(Membership, Customer)
            .join(Customer, Customer.id == Membership.customer_id)
            .where(Membership.partner_id == partner.id, Membership.state == "open")
            .order_by(Membership.id.desc())
            .limit(PAGE)
        )
        if last is not None:
            wanted = wanted.where(Membership.id < last)
        page = db.session.execute(wanted).all()
        people += sum(matches(rule, facts_of_member(facts_of(*row), on=on)) for row in page)
        looked_at += len(page)
        if len(page) < PAGE:
            return Audience(people, looked_at, is_whole=True)
        last = page[-1].Membership.id
    return Audience(people, looked_at, is_whole=False)

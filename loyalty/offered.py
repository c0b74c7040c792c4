"""What a person is offered at their partners: the promotions that run and are meant for them, and the tier they have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from loyalty import tiers
from loyalty.accounts import facts_of
from loyalty.offers import Promotion, Terms, is_open_to
from loyalty.programmes import rules_in_force
from loyalty.promotions import know, list_running
from loyalty.tiers import TierStanding
from models import db
from models.customer import Customer
from models.ledger import Membership
from models.partner import Partner
from models.promotion import PromotionRow

TOLD = (
    "factor", "points", "rate", "visit", "within_days", "birthday", "hours", "categories", "services", "min_amount",
    "per_person", "per_day", "life_days",
)  # fmt: skip
"""The terms a customer is told; whom a promotion is meant for and what it may cost is the partner's own."""


@dataclass(frozen=True)
class Offered:
    partner: Partner
    promotion: Promotion

    @property
    def terms(self) -> dict[str, Any]:
        return {name: value for name, value in self.promotion.terms.to_json().items() if name in TOLD}


def list_offered(customer_id: UUID, now: datetime, *, partner_id: UUID | None = None) -> list[Offered]:
    """The running promotions of a person's partners, or of one, of which they may still take, by partner."""
    some_on = select(PromotionRow.id).where(PromotionRow.partner_id == Partner.id, PromotionRow.state == "on").exists()
    found = []
    wanted = some_on & (Partner.id == partner_id) if partner_id else some_on
    for membership, customer, partner in _memberships(customer_id, wanted):
        running = list_running(partner.id, now)
        rules = rules_in_force(partner.id)[1]
        member = know(partner, membership.id, facts_of(membership, customer), rules, now)
        zone = ZoneInfo(partner.timezone)
        found += [Offered(partner, one) for one in running if is_open_to(one, member, at=now, zone=zone)]
    return found


def list_public(partner_id: UUID, now: datetime) -> list[Promotion]:
    """The running promotions that are meant for whoever comes, so that anybody may know of them."""
    return [one for one in list_running(partner_id, now) if one.terms.audience in ("all", "new")]


def told(terms: Terms) -> Terms:
    """The terms without what is the partner's own."""
    return replace(Terms(), **{name: getattr(terms, name) for name in TOLD})


def find_standing(customer_id: UUID, partner_id: UUID, now: datetime) -> TierStanding | None:
    """Where a person stands at one partner; None where it has no tiers, or the person is no member."""
    found = _memberships(customer_id, (Partner.id == partner_id) & (Partner.tier_scheme != {}))
    return next((tiers.stand(partner, membership, now) for membership, _, partner in found), None)


def list_standings(customer_id: UUID, now: datetime) -> list[tuple[Partner, TierStanding]]:
    """Where a person stands at each of their partners that has tiers."""
    found = _memberships(customer_id, Partner.tier_scheme != {})
    return [(partner, tiers.stand(partner, membership, now)) for membership, _, partner in found]


def _memberships(customer_id: UUID, condition) -> list[Any]:
    wanted = (
        select(Membership, Customer, Partner)
        .join(Customer, Customer.id == Membership.customer_id)
        .join(Partner, Partner.id == Membership.partner_id)
        .where(Membership.customer_id == customer_id, Membership.state == "open", Partner.state == "active", condition)
        .order_by(Membership.id)
    )
    return list(db.session.execute(wanted, execution_options={"populate_existing": True}))

"""What the tests of invitations share: usual terms, purchases, and whose account it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from loyalty import referral_rewards, referrals, sales
from loyalty.identities import Identifier
from loyalty.referral_terms import Terms
from loyalty.sales import Basket, Caller
from models import db
from models.customer import Customer
from models.ledger import Membership
from models.partner import Partner
from models.referral import Referral
from tests.factories import make_customer, make_member

CASHIER = Caller("counter", "manual")
TERMS = Terms(is_on=True)
"""200 for the inviter, 100 for the friend, for a first check of 500 that has stood for 14 days; ten friends a month."""


def person_of(member: Membership) -> Customer:
    return db.session.get_one(Customer, member.customer_id)


def buy(
    partner: Partner,
    member: Membership,
    now: datetime,
    amount: str,
    *,
    at: datetime | None = None,
    back: str | None = None,
) -> UUID:
    """A purchase at the counter, of which `back` is returned at once."""
    who = Identifier("customer_id", str(member.customer_id))
    basket = Basket(Decimal(amount))
    sale = sales.post_transaction(
        partner, who, basket, kind="accrual", caller=CASHIER, key=str(uuid4()), now=now, occurred_at=at
    )
    if back is not None:
        give_back(partner, sale.purchase_id, now, back)
    return sale.purchase_id


def give_back(partner: Partner, purchase_id: UUID, now: datetime, amount: str) -> None:
    sales.post_refund(partner, purchase_id, caller=CASHIER, key=str(uuid4()), now=now, amount=Decimal(amount))


def bring(partner: Partner, now: datetime, *, doubts: tuple[str, ...] = (), days_ago: int = 20) -> Referral:
    """A friend of somebody's who came and bought so long ago that their check has stood; with doubts, to be decided on."""
    began = now - timedelta(days=days_ago)
    if not referrals.terms_of(partner).is_on:
        referrals.set_terms(partner, TERMS, by=None)
    inviter, friend = (make_member(partner, make_customer(name=name)) for name in ("Анна", "Борис"))
    code = referrals.code_of(inviter)
    referral = referrals.accept(code, person_of(friend), came_by="link", now=began)
    referral.doubts = list(doubts)
    buy(partner, friend, now, "600.00", at=began)
    referral_rewards.settle(partner.id, referral.id, now)
    return referral

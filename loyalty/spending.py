"""What a customer wants to spend, said on their own page before the till: it moves and reserves nothing.

The page shows the code for the till beside it; whoever is shown that code sees the wish and makes a hold of it, or not. So
points are spent where they always are: at a till, under the ledger's lock, by somebody who stands there. The page learns
from the hold and the purchase what became of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from loyalty import accounts, plans
from loyalty.customers import membership_of
from loyalty.errors import CustomerNotFound, WishesNotTaken, WishHeld
from loyalty.money import KOPECK
from loyalty.programme import check_spend, max_redeemable
from loyalty.programmes import rules_in_force
from loyalty.rules import Rules
from loyalty.types import Line
from models import db
from models.ledger import Hold, Membership
from models.partner import Partner
from models.wish import SpendWish

LIFE = timedelta(minutes=15)
_LARGE_CHECK = (Line(Decimal(10**10)),)
"""Before the sum is known: a check that limits nothing."""


@dataclass(frozen=True)
class Choice:
    """What a member may choose: up to `most` points (0: none yet), and what the rules say of it."""

    balance: int
    available: int
    most: int
    rules: Rules

    def check_for(self, points: int) -> Decimal:
        """The least check on which so many points may be spent."""
        return (points * self.rules.point_value * 100 / self.rules.max_share).quantize(KOPECK, ROUND_CEILING)


@dataclass(frozen=True)
class Wish:
    """`state`: waiting (show the code), held (a till has reserved points), spent, or released (given up at the till).

    `points` are those wished for, and once a till has acted, those that it reserved or spent; `spent_for` the purchase.
    """

    state: str
    points: int
    expires_at: datetime
    purchase_id: UUID | None


def choose(customer_id: UUID, partner: Partner, now: datetime) -> Choice:
    """What the person may spend at the partner on a check that is large enough. Raises `CustomerNotFound` for no member."""
    member = _member(customer_id, partner.id)
    _, rules = rules_in_force(partner.id)
    available = accounts.member_facts(partner.id, member.id, now).available
    most = max_redeemable(_LARGE_CHECK, rules, available) if rules.max_share else 0
    return Choice(member.balance, available, most, rules)


def takes_wishes(partner: Partner) -> bool:
    """Whether customers choose by themselves how many points to spend there."""
    return plans.is_open(partner, "widget_spending")


def wish(customer_id: UUID, partner: Partner, points: int, now: datetime) -> None:
    """Say that so many points are to be spent; a quarter of an hour the till sees it with the person's code.

    Raises `WishesNotTaken`, `CustomerNotFound`, the `SpendRefused` family, and `WishHeld` while a till has points reserved for
    the last one.
    """
    if not takes_wishes(partner):
        raise WishesNotTaken()
    member = _member(customer_id, partner.id)
    _, rules = rules_in_force(partner.id)
    check_spend(points, _LARGE_CHECK, rules, accounts.member_facts(partner.id, member.id, now).available)
    _check_free(partner.id, member.id, now)
    values = {"points": points, "expires_at": now + LIFE, "hold_id": None, "purchase_id": None, "created_at": now}
    made = insert(SpendWish).values(partner_id=partner.id, membership_id=member.id, **values)
    made = made.on_conflict_do_update(index_elements=["partner_id", "membership_id"], set_=values)
    db.session.execute(made, execution_options={"synchronize_session": False})


def show(customer_id: UUID, partner_id: UUID, now: datetime) -> Wish | None:
    """The person's wish and what became of it; None when there is none, or it is over. Raises `CustomerNotFound`."""
    member = _member(customer_id, partner_id)
    query = (
        select(SpendWish, Hold)
        .outerjoin(Hold, (Hold.partner_id == SpendWish.partner_id) & (Hold.id == SpendWish.hold_id))
        .where(SpendWish.partner_id == partner_id, SpendWish.membership_id == member.id)
    )
    found = db.session.execute(query, execution_options={"populate_existing": True}).one_or_none()
    if found is None:
        return None
    one, hold = found
    is_held = hold is not None and hold.state == "open" and hold.expires_at > now
    if one.expires_at <= now and not is_held:
        return None
    if one.purchase_id is not None:
        return Wish("spent", one.points, one.expires_at, one.purchase_id)
    if hold is None:
        return Wish("waiting", one.points, one.expires_at, None)
    return Wish("held" if is_held else "released", hold.points, hold.expires_at, None)


def cancel(customer_id: UUID, partner_id: UUID, now: datetime) -> None:
    """Think better of it; nothing wished for is fine too. Raises `CustomerNotFound`, and `WishHeld` when a till is at it."""
    member = _member(customer_id, partner_id)
    _check_free(partner_id, member.id, now)
    forget(partner_id, member.id)


def wished(partner_id: UUID, membership_id: UUID, now: datetime) -> int | None:
    """How many points the member wants to spend, for a till that was shown their code."""
    query = select(SpendWish.points).where(*_of(partner_id, membership_id), SpendWish.expires_at > now)
    return db.session.scalar(query.where(SpendWish.hold_id.is_(None), SpendWish.purchase_id.is_(None)))


def note_hold(partner_id: UUID, membership_id: UUID, hold_id: UUID, now: datetime) -> None:
    """A till has reserved points of the member."""
    _change(partner_id, membership_id, SpendWish.expires_at > now, hold_id=hold_id)


def note_sale(
    partner_id: UUID, membership_id: UUID, purchase_id: UUID, points: int, hold_id: UUID | None, now: datetime
) -> None:
    """Points of the member were spent."""
    is_its = SpendWish.expires_at > now
    if hold_id is not None:
        is_its = or_(is_its, SpendWish.hold_id == hold_id)
    _change(partner_id, membership_id, is_its, purchase_id=purchase_id, points=points)


def forget(partner_id: UUID, membership_id: UUID) -> None:
    """Drop what the member wished for."""
    gone = delete(SpendWish).where(*_of(partner_id, membership_id))
    db.session.execute(gone, execution_options={"synchronize_session": False})


def _member(customer_id: UUID, partner_id: UUID) -> Membership:
    member = membership_of(customer_id, partner_id)
    if member is None:
        raise CustomerNotFound()
    return member


def _check_free(partner_id: UUID, membership_id: UUID, now: datetime) -> None:
    held = (
        select(Hold.id)
        .join(SpendWish, (SpendWish.partner_id == Hold.partner_id) & (SpendWish.hold_id == Hold.id))
        .where(*_of(partner_id, membership_id), SpendWish.purchase_id.is_(None))
        .where(Hold.state == "open", Hold.expires_at > now)
    )
    if db.session.scalar(held) is not None:
        raise WishHeld()


def _change(partner_id: UUID, membership_id: UUID, which, **values: object) -> None:
    changed = update(SpendWish).where(*_of(partner_id, membership_id), SpendWish.purchase_id.is_(None), which)
    db.session.execute(changed.values(values), execution_options={"synchronize_session": False})


def _of(partner_id: UUID, membership_id: UUID) -> tuple:
    return SpendWish.partner_id == partner_id, SpendWish.membership_id == membership_id

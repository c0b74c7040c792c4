"""One member as their partner sees them: the card staff look at, and what staff may note on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from loyalty import audit, ledger
from loyalty.customers import known_contacts
from loyalty.errors import CustomerNotFound
from loyalty.names import tidy_name
from models import db
from models.ledger import Membership


@dataclass(frozen=True)
class MemberCard:
    """What the partner knows and nothing else; `spent` is Σ checks net of refunds, `average_check` spent ÷ visits."""

    customer_id: UUID
    name: str | None
    phone: str | None
    email: str | None
    card: str | None
    is_vip: bool
    balance: int
    available: int
    pending: int
    held: int
    visits: int
    spent: Decimal
    average_check: Decimal | None
    first_purchase_at: datetime | None
    last_purchase_at: datetime | None
    joined_at: datetime


def show_member(partner_id: UUID, customer_id: UUID, now: datetime, *, contacts: bool) -> MemberCard:
    """The member's card, brought up to now; phone, e-mail and card only with `contacts`, for roles that work with them.

    Raises `CustomerNotFound`, the same for another partner's.
    """
    return card_of(bring_up(partner_id, customer_id, now), contacts=contacts)


def card_of(membership: Membership, *, contacts: bool) -> MemberCard:
    """The card of a row that is at hand and brought up to now."""
    known = known_contacts(membership) if contacts else {}
    spent, visits = membership.spent, membership.visits
    return MemberCard(
        customer_id=membership.customer_id,
        name=membership.name,
        phone=known.get("phone"),
        email=known.get("email"),
        card=known.get("card"),
        is_vip=membership.is_vip,
        balance=membership.balance,
        available=membership.balance - membership.held,
        pending=membership.pending,
        held=membership.held,
        visits=visits,
        spent=spent,
        average_check=(spent / visits).quantize(Decimal("0.01")) if visits else None,
        first_purchase_at=membership.first_purchase_at,
        last_purchase_at=membership.last_purchase_at,
        joined_at=membership.created_at,
    )


def change_member(
    partner_id: UUID,
    customer_id: UUID,
    changes: dict[str, Any],
    *,
    by: UUID | None,
    now: datetime,
    contacts: bool,
) -> MemberCard:
    """Note the partner's own name for the member, or that they are VIP; what is left out stays.

    Answers as `show_member`. Raises `CustomerNotFound`, `InvalidName`. The person's own profile is theirs and not touched.
    """
    membership = _find(partner_id, customer_id)
    if "name" in changes:
        membership.name = tidy_name(changes["name"])
    if "is_vip" in changes:
        membership.is_vip = changes["is_vip"]
    db.session.flush()
    audit.record(
        "member.change",
        actor=by,
        partner_id=partner_id,
        subject=customer_id,
        details={"changed": sorted(changes), "is_vip": membership.is_vip},
    )
    return show_member(partner_id, customer_id, now, contacts=contacts)


def bring_up(partner_id: UUID, customer_id: UUID, now: datetime) -> Membership:
    """The member's account, with what was due by now posted. Raises `CustomerNotFound`."""
    membership = _find(partner_id, customer_id)
    if membership.next_due_at is not None and membership.next_due_at <= now:
        ledger.bring_up(partner_id, membership.id, now)
        db.session.refresh(membership)
    return membership


def _find(partner_id: UUID, customer_id: UUID) -> Membership:
    """As the database has it now: the ledger writes past the session."""
    wanted = select(Membership).where(
        Membership.partner_id == partner_id, Membership.customer_id == customer_id, Membership.state == "open"
    )
    membership = db.session.scalar(wanted, execution_options={"populate_existing": True})
    if membership is None:
        raise CustomerNotFound()
    return membership

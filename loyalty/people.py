"""One person over all partners, as the platform's admins find and change them. What they do is audited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from loyalty import audit, profiles, sessions
from loyalty.customers import living
from loyalty.errors import CannotBlockOneself, CustomerNotFound
from loyalty.prepared import Prepared
from loyalty.wallet import Wallet, open_wallet
from models import db
from models.customer import Customer


def find_person(customer_id: UUID) -> Customer:
    """The person; of a merged record its survivor. Raises `CustomerNotFound`, for the erased too."""
    customer = living(db.session.get(Customer, customer_id))
    if customer is None:
        raise CustomerNotFound()
    return customer


AUDIT_SHOWN = 20


@dataclass(frozen=True)
class AuditLine:
    """What was done to the person; `details` as the deed noted them."""

    action: str
    at: datetime
    actor_name: str | None
    partner_name: str | None
    details: dict[str, Any]


@dataclass(frozen=True)
class Card:
    """Everything an admin sees of a person but the history; `profile` is what `profiles.show_profile` tells."""

    customer: Customer
    profile: dict[str, Any]
    wallet: Wallet
    sessions: int
    audit: list[AuditLine]


_around = Prepared(
    "kopilka_around_a_person",
    "uuid, bigint, timestamptz",
    f"""
    SELECT (SELECT count(*) FROM session WHERE customer_id = $1 AND ended_at IS NULL AND expires_at > $3) AS sessions,
           (SELECT json_agg(a ORDER BY a.id DESC) FROM ({audit.ABOUT.sql}) a) AS audit
    """,
)


def show_card(customer_id: UUID, now: datetime) -> Card:
    """The person's card with what time did by now. Raises `CustomerNotFound`."""
    customer = find_person(customer_id)
    (around,) = _around(customer.id, AUDIT_SHOWN, now)
    wallet = open_wallet(customer.id, now)
    return Card(
        customer=customer,
        profile=profiles.show_profile(customer),
        wallet=wallet,
        sessions=around.sessions,
        audit=[_audit_line(line) for line in around.audit or ()],
    )


def _audit_line(line: dict[str, Any]) -> AuditLine:
    at = datetime.fromisoformat(line["created_at"])
    return AuditLine(line["action"], at, line["actor_name"], line["partner_name"], line["details"])


def change_person(customer: Customer, changes: Mapping[str, object], *, by: UUID | None, now: datetime) -> Customer:
    """Change what needs no proof by the person. Raises what `profiles.update_profile` raises."""
    profiles.update_profile(customer, changes, now)
    audit.record("customer.change", actor=by, subject=customer.id, details={"fields": sorted(changes)})
    return customer


def block_person(customer: Customer, *, by: UUID | None, now: datetime) -> None:
    """Sign the person out everywhere and let nobody sign in as them; points stay, and purchases go on being credited.

    Blocking again changes nothing. Raises `CannotBlockOneself`.
    """
    if customer.id == by:
        raise CannotBlockOneself()
    if _change_state(customer, "active", "blocked"):
        sessions.end_all(customer.id, now, reason="customer_blocked")
        audit.record("customer.block", actor=by, subject=customer.id)


def unblock_person(customer: Customer, *, by: UUID | None) -> None:
    """Let the person sign in again; unblocking who is not blocked changes nothing."""
    if _change_state(customer, "blocked", "active"):
        audit.record("customer.unblock", actor=by, subject=customer.id)


def _change_state(customer: Customer, before: str, after: str) -> bool:
    """Whether it was changed now: the row is the lock between two admins, and a merge or erasure of the person."""
    locked = select(Customer).where(Customer.id == customer.id).with_for_update()
    db.session.scalar(locked, execution_options={"populate_existing": True})
    if customer.state != before:
        return False
    customer.state = after
    db.session.flush()
    return True

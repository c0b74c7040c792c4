"""Who works for a partner, as what, and what each role may do. A dismissal takes effect at the next request."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from loyalty import audit, customers, outbox
from loyalty.errors import (
    AlreadyStaff,
    BranchNotFound,
    CustomerNotFound,
    InvalidRole,
    LastOwner,
    StaffNotFound,
)
from loyalty.identities import Identifier
from loyalty.names import tidy_name
from models import db, new_id
from models.customer import Customer
from models.partner import Branch, Partner, Staff

_LOOKING = frozenset({"programme:read", "branches:read"})
_CASHIER = _LOOKING | {
    "customers:read",
    "customers:contacts",
    "points:credit",
    "points:spend",
    "points:refund",
    "transactions:read",
}
_MANAGER = _CASHIER | {
    "staff:read",
    "branches:write",
    "customers:write",
    "stats:read",
    "export:read",
    "promotions:write",
    "content:write",
    "segments:read",
}

SCOPES: dict[str, frozenset[str]] = {
    "owner": _MANAGER
    | {
        "points:adjust",
        "programme:write",
        "staff:write",
        "keys:read",
        "keys:write",
        "connections:write",
        "partner:write",
        "campaigns:write",
        "segments:write",
    },
    "manager": _MANAGER,
    "cashier": _CASHIER,
    # sees the partner's members and what they do, but neither phone nor e-mail, and moves no points
    "ai_marketer": _LOOKING
    | {"customers:read", "transactions:read", "stats:read", "segments:read", "segments:write", "campaigns:write"},
    # looks and texts: no person and no points
    "content_manager": _LOOKING | {"content:write", "promotions:write"},
}
"""What each role of a partner may do there. `customers:contacts` shows phones and e-mails, `customers:read` does not."""

ROLES = tuple(SCOPES)


@dataclass(frozen=True)
class StaffRow:
    """One line of a partner's staff, under the name that the partner wrote down."""

    staff_id: UUID
    customer_id: UUID
    name: str | None
    role: str
    branch_id: UUID | None
    state: str
    hired_at: datetime


def hire(
    partner: Partner,
    identifier: Identifier,
    role: str,
    branch_id: UUID | None,
    by: UUID | None,
    now: datetime,
    *,
    name: str | None = None,
) -> Staff:
    """Make a person staff; whoever is not there yet is made. Somebody dismissed comes back as the same row, hired anew.

    `name` is what the partner calls them; the name of their own profile is not shown to it.
    By phone or e-mail, or by the customer id of a member or of former staff: an id of another partner's person is the
    same as none. They are told in Telegram, if they have it. Raises `InvalidRole`, `BranchNotFound`, `AlreadyStaff`, `CustomerNotFound`.
    """
    _check(partner.id, role, branch_id)
    name = tidy_name(name)
    customer = _find_or_create(partner, identifier, name)
    hired = take_on(partner, customer, role, branch_id, by=by, now=now, name=name)
    outbox.announce("notify_hired", {"staff_id": hired.id}, partner_id=partner.id)
    return hired


def take_on(
    partner: Partner,
    customer: Customer,
    role: str,
    branch_id: UUID | None,
    *,
    by: UUID | None,
    now: datetime,
    name: str | None = None,
    details: dict[str, str] | None = None,
) -> Staff:
    """Make a person who is there staff, without a word to them; `details` go into the record of it.

    Raises `InvalidRole`, `BranchNotFound`, `AlreadyStaff`.
    """
    _check(partner.id, role, branch_id)
    made = insert(Staff).values(
        partner_id=partner.id, id=new_id(), customer_id=customer.id, role=role, branch_id=branch_id, created_at=now
    )
    made = made.on_conflict_do_nothing(index_elements=["partner_id", "customer_id"]).returning(Staff.id)
    is_new = db.session.scalar(made) is not None
    staff = db.session.scalar(
        select(Staff).where(Staff.partner_id == partner.id, Staff.customer_id == customer.id).with_for_update(),
        execution_options={"populate_existing": True},
    )
    if not is_new and staff.state == "active":
        raise AlreadyStaff()
    staff.state, staff.role, staff.branch_id = "active", role, branch_id
    staff.name, staff.created_at = name or staff.name, now
    db.session.flush()
    noted = {"role": role} | (details or {})
    audit.record("staff.hire", actor=by, partner_id=partner.id, subject=staff.id, details=noted)
    return staff


def change(
    partner_id: UUID,
    staff_id: UUID,
    *,
    role: str,
    branch_id: UUID | None,
    by: UUID | None,
    now: datetime,
    name: str | None = None,
) -> Staff:
    """Give another role or branch, or another name; without a name the old one stays.

    Raises `StaffNotFound`, `InvalidRole`, `BranchNotFound`, `LastOwner`, `InvalidName`.
    """
    _check(partner_id, role, branch_id)
    name = tidy_name(name)
    staff = _lock(partner_id, staff_id)
    if role != "owner":
        _keep_an_owner(staff)
    staff.role, staff.branch_id, staff.name = role, branch_id, name or staff.name
    db.session.flush()
    audit.record("staff.change", actor=by, partner_id=partner_id, subject=staff.id, details={"role": role})
    return staff


def dismiss(partner_id: UUID, staff_id: UUID, by: UUID | None, now: datetime) -> Staff:
    """Dismiss at once; a second time changes nothing. Raises `StaffNotFound`, `LastOwner`."""
    staff = _lock(partner_id, staff_id)
    if staff.state == "active":
        _keep_an_owner(staff)
        staff.state = "dismissed"
        db.session.flush()
        audit.record("staff.dismiss", actor=by, partner_id=partner_id, subject=staff.id)
    return staff


def leave(partner_id: UUID, customer_id: UUID, now: datetime) -> Staff:
    """Stop working for a partner by one's own wish. Raises `StaffNotFound`, also after it was done, and `LastOwner`."""
    query = select(Staff.id).where(
        Staff.partner_id == partner_id, Staff.customer_id == customer_id, Staff.state == "active"
    )
    staff_id = db.session.scalar(query)
    if staff_id is None:
        raise StaffNotFound()
    return dismiss(partner_id, staff_id, by=customer_id, now=now)


def leave_everywhere(people: Collection[UUID], now: datetime) -> None:
    """Stop working for every partner, which keeps no name. Raises `LastOwner` where an active partner would have none."""
    query = select(Staff.partner_id, Staff.id).where(Staff.customer_id.in_(people))
    for partner_id, staff_id in db.session.execute(query.order_by(Staff.partner_id, Staff.id)).all():
        staff = _lock(partner_id, staff_id)
        partner = db.session.get_one(Partner, partner_id)
        if partner.state == "active":
            _keep_an_owner(staff, partner.name)
        if staff.state == "active":
            audit.record("staff.dismiss", actor=staff.customer_id, partner_id=partner_id, subject=staff.id)
        staff.state, staff.name = "dismissed", None
    db.session.flush()


def find_only_owned(customer_id: UUID) -> list[str]:
    """The names of active partners whose only owner the person is."""
    other = aliased(Staff)
    others = select(other.id).where(
        other.partner_id == Staff.partner_id, other.role == "owner", other.state == "active", other.id != Staff.id
    )
    query = (
        select(Partner.name)
        .join(Staff, Staff.partner_id == Partner.id)
        .where(Staff.customer_id == customer_id, Staff.role == "owner", Staff.state == "active")
        .where(Partner.state == "active", ~others.exists())
    )
    return list(db.session.scalars(query.order_by(Partner.name)))


def list_staff(
    partner_id: UUID, *, dismissed: bool = False, after: UUID | None = None, limit: int | None = None
) -> list[StaffRow]:
    """The partner's staff in the order they came, on request with those who were dismissed.

    `after` is the last of the page before.
    """
    query = select(Staff).where(Staff.partner_id == partner_id).order_by(Staff.id).limit(limit)
    if not dismissed:
        query = query.where(Staff.state == "active")
    if after is not None:
        query = query.where(Staff.id > after)
    return [_row(staff) for staff in db.session.scalars(query)]


def get_staff(partner_id: UUID, staff_id: UUID) -> StaffRow:
    """One of the partner's staff, dismissed or not. Raises `StaffNotFound`, for another partner's too."""
    staff = db.session.get(Staff, (partner_id, staff_id))
    if staff is None:
        raise StaffNotFound()
    return _row(staff)


def _row(staff: Staff) -> StaffRow:
    return StaffRow(staff.id, staff.customer_id, staff.name, staff.role, staff.branch_id, staff.state, staff.created_at)


def _check(partner_id: UUID, role: str, branch_id: UUID | None) -> None:
    if role not in SCOPES:
        raise InvalidRole(ROLES)
    if branch_id is not None and db.session.get(Branch, (partner_id, branch_id)) is None:
        raise BranchNotFound()


def _find_or_create(partner: Partner, identifier: Identifier, name: str | None) -> Customer:
    if identifier.kind in ("phone", "email"):
        return customers.find_or_create_by(identifier, name=name)
    customer = customers.find(identifier) if identifier.kind == "customer_id" else None
    if customer is None or not _is_known(partner.id, customer.id):
        raise CustomerNotFound()
    return customer


def _is_known(partner_id: UUID, customer_id: UUID) -> bool:
    worked = select(Staff.id).where(Staff.partner_id == partner_id, Staff.customer_id == customer_id)
    return customers.membership_of(customer_id, partner_id) is not None or db.session.scalar(worked) is not None


def _lock(partner_id: UUID, staff_id: UUID) -> Staff:
    """The staff row, all active owners of the partner locked before it, so that two owners cannot dismiss each other."""
    owners = select(Staff.id).where(Staff.partner_id == partner_id, Staff.role == "owner", Staff.state == "active")
    db.session.execute(owners.order_by(Staff.id).with_for_update())
    query = select(Staff).where(Staff.partner_id == partner_id, Staff.id == staff_id).with_for_update()
    staff = db.session.scalar(query, execution_options={"populate_existing": True})
    if staff is None:
        raise StaffNotFound()
    return staff


def _keep_an_owner(staff: Staff, partner_name: str | None = None) -> None:
    if staff.role != "owner" or staff.state != "active":
        return
    others = select(Staff.id).where(
        Staff.partner_id == staff.partner_id, Staff.role == "owner", Staff.state == "active", Staff.id != staff.id
    )
    if db.session.scalar(others.limit(1)) is None:
        raise LastOwner(partner_name)

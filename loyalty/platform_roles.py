"""Roles over the whole platform; those within one partner are `loyalty.staff`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from loyalty import audit
from loyalty.errors import InvalidRole
from models import db
from models.customer import Customer, PlatformRole

ROLES = ("admin", "ai_marketer", "content_manager")


def grant_role(customer_id: UUID, role: str, *, by: UUID | None, now: datetime) -> bool:
    """Give a person a role; False when they had it. Raises `InvalidRole`."""
    if role not in ROLES:
        raise InvalidRole(ROLES)
    given = insert(PlatformRole).values(customer_id=customer_id, role=role, created_at=now)
    is_new = db.session.scalar(given.on_conflict_do_nothing().returning(PlatformRole.role)) is not None
    if is_new:
        audit.record("platform_role.grant", actor=by, subject=customer_id, details={"role": role})
    return is_new


def list_people(role: str) -> list[Customer]:
    """Everybody with a role, in the order they got it."""
    query = select(Customer).join(PlatformRole, PlatformRole.customer_id == Customer.id)
    return list(db.session.scalars(query.where(PlatformRole.role == role).order_by(PlatformRole.created_at)))

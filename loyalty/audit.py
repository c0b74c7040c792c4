"""The record of what staff, admins and keys did. Ids and settings only: no names, phones or texts."""

from __future__ import annotations

from uuid import UUID

from models import db
from models.customer import AuditRecord


def record(
    action: str,
    *,
    actor: UUID | None,
    partner_id: UUID | None = None,
    subject: UUID | str | None = None,
    details: dict | None = None,
) -> None:
    """Note an action (`staff.hire`) in the caller's transaction. `actor` is a customer id; None is the command line."""
    noted = AuditRecord(
        action=action,
        actor_id=actor,
        partner_id=partner_id,
        subject=None if subject is None else str(subject),
        details=details or {},
    )
    db.session.add(noted)
    db.session.flush()

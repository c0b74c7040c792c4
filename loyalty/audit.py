"""The record of what staff, admins and keys did. Ids and settings only: no names, phones or texts."""

from __future__ import annotations

from uuid import UUID

from loyalty.prepared import Prepared
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


ABOUT = Prepared(
    "kopilka_audit_about",
    "uuid, bigint",
    """
    SELECT a.id, a.action, a.created_at, a.actor_id, c.name AS actor_name, p.name AS partner_name, a.details
    FROM audit_record a
    LEFT JOIN customer c ON c.id = a.actor_id
    LEFT JOIN partner p ON p.id = a.partner_id
    WHERE a.subject = ANY (ARRAY(
        SELECT $1::text
        UNION ALL SELECT id::text FROM staff WHERE customer_id = $1
        UNION ALL SELECT id::text FROM partner_application WHERE applicant_id = $1))
    ORDER BY a.id DESC LIMIT $2
    """,
)
"""What was done to a person, as a member of staff and as an applicant too; the newest first, with who did it."""

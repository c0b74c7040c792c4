"""The queue of applications as the platform's admins see it: who asks, how to reach them, who decided.

Asking and deciding are `loyalty.partners`.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from loyalty.errors import ApplicationNotFound
from loyalty.prepared import Prepared
from models import db
from models.partner import PartnerApplication

_SHOWN = """
    SELECT a.id, a.name, a.city, a.timezone, a.preset, a.comment, a.state, a.reason, a.created_at, a.decided_at,
           a.applicant_id, c.name AS applicant_name, d.name AS decided_by_name, a.partner_id, p.code AS partner_code,
           (SELECT value FROM identity i WHERE i.customer_id = a.applicant_id AND i.kind IN ('phone', 'email')
             ORDER BY i.proven_at NULLS LAST, i.id LIMIT 1) AS contact
    FROM partner_application a
    JOIN customer c ON c.id = a.applicant_id
    LEFT JOIN customer d ON d.id = a.decided_by
    LEFT JOIN partner p ON p.id = a.partner_id
"""
_pending = Prepared(
    "kopilka_pending_applications",
    "uuid, bigint",
    f"{_SHOWN} WHERE a.state = 'pending' AND ($1 IS NULL OR a.id > $1) ORDER BY a.id LIMIT $2",
)
_decided = Prepared(
    "kopilka_decided_applications",
    "uuid, bigint",
    f"""{_SHOWN} WHERE a.state <> 'pending' AND ($1 IS NULL OR (a.decided_at, a.id) < (
            SELECT decided_at, id FROM partner_application WHERE id = $1))
        ORDER BY a.decided_at DESC, a.id DESC LIMIT $2""",
)
_one = Prepared("kopilka_application", "uuid", f"{_SHOWN} WHERE a.id = $1")


def list_pending(*, after: UUID | None = None, limit: int = 20) -> list[Any]:
    """Applications that wait, the oldest first; those that came after one of them."""
    return _pending(after, limit)


def list_decided(*, after: UUID | None = None, limit: int = 20) -> list[Any]:
    """Applications that were decided, the latest decision first; those that were decided before one of them."""
    return _decided(after, limit)


def show_application(application_id: UUID) -> Any:
    """One application, waiting or decided. Raises `ApplicationNotFound`."""
    rows = _one(application_id)
    if not rows:
        raise ApplicationNotFound()
    return rows[0]


def count_pending() -> int:
    """How many wait."""
    waiting = select(func.count()).select_from(PartnerApplication).where(PartnerApplication.state == "pending")
    return db.session.scalar(waiting)

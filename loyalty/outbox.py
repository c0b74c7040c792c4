"""Things to do after the commit: written beside the effect, in the same transaction, and found by the relay.

Rows carry ids, never personal data. A row waits, is with a worker, and ends done or parked; a parked one stays visible
until somebody sends it again or lets it go.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update

from loyalty.prepared import Prepared
from models import db
from models.work import Outbox

Announcement = dict[str, Any]
"""A row of the outbox that is not written yet."""

_insert = Prepared(
    "kopilka_announce",
    "varchar, uuid, jsonb, text, varchar, timestamptz, boolean",
    "INSERT INTO outbox (job, partner_id, payload, sealed, ordering_key, next_try_at, urgent)"
    " VALUES ($1, $2, $3, $4, $5, coalesce($6, now()), $7)",
)
_WAITING = (Outbox.done_at.is_(None), Outbox.parked_at.is_(None))


def announce(
    job: str,
    payload: dict,
    *,
    partner_id: UUID | None = None,
    sealed: str | None = None,
    ordering_key: str | None = None,
    at: datetime | None = None,
    urgent: bool = False,
) -> None:
    """Have `job` (a name in `workers.jobs`) done after the caller's transaction commits, not before `at`.

    `payload` holds ids and names of kinds only. `sealed` is an encrypted value for the job alone, wiped when the row
    ends. Rows of one `ordering_key` are done one at a time in the order they were written, which is only as good as the
    lock under which the callers write them. `urgent` rows overtake the rest.
    """
    written = json.dumps({name: _plain(value) for name, value in payload.items()})
    _insert(job, partner_id, written, sealed, ordering_key, at, urgent)


def announcement(job: str, payload: dict, *, partner_id: UUID, ordering_key: str | None = None) -> Announcement:
    """What `announce` would write, for an operation of the ledger that writes it with everything else."""
    written = {name: _plain(value) for name, value in payload.items()}
    return {"job": job, "payload": written, "partner_id": partner_id, "ordering_key": ordering_key}


def waiting(limit: int, now: datetime) -> list[Outbox]:
    """Rows that are due, whether or not a worker has them, in the order the relay takes them."""
    query = (
        select(Outbox)
        .where(*_WAITING, _due_since() <= now)
        .order_by(Outbox.urgent.desc(), Outbox.next_try_at, Outbox.id)
        .limit(limit)
    )
    return list(db.session.scalars(query))


def oldest_age(now: datetime) -> timedelta:
    """How long the oldest row that should have been done is waiting; zero when nothing waits."""
    oldest = db.session.scalar(select(func.min(_due_since())).where(*_WAITING))
    return max(now - oldest, timedelta()) if oldest else timedelta()


def parked(limit: int = 100) -> list[Outbox]:
    """Rows that were given up, the oldest first."""
    query = select(Outbox).where(Outbox.parked_at.is_not(None)).order_by(Outbox.id).limit(limit)
    return list(db.session.scalars(query))


def retry(row_id: int, now: datetime) -> bool:
    """Send a parked row again with all its tries; False when there is no such parked row."""
    again = {"parked_at": None, "attempts": 0, "first_failed_at": None, "enqueued_at": None, "next_try_at": now}
    return _change_parked(row_id, again)


def dismiss(row_id: int, now: datetime) -> bool:
    """Let a parked row go without doing it; False when there is no such parked row."""
    return _change_parked(row_id, {"parked_at": None, "done_at": now, "sealed": None})


def forget_done(older_than: datetime, chunk: int = 1000) -> int:
    """Delete up to `chunk` rows that ended before `older_than`; the number deleted, 0 when none is left."""
    old = select(Outbox.id).where(Outbox.done_at < older_than).order_by(Outbox.done_at).limit(chunk)
    return db.session.execute(
        delete(Outbox).where(Outbox.id.in_(old)), execution_options={"synchronize_session": False}
    ).rowcount


def _due_since():
    """Since when a waiting row should have been done. A row in a worker's hands keeps the time it was first handed over."""
    return func.coalesce(Outbox.enqueued_at, Outbox.next_try_at)


def _change_parked(row_id: int, values: dict) -> bool:
    change = update(Outbox).where(Outbox.id == row_id, Outbox.parked_at.is_not(None)).values(values)
    return db.session.execute(change, execution_options={"synchronize_session": False}).rowcount == 1


def _plain(value):
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value

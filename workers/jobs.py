"""What rows of the outbox ask for, and how one row is carried out.

To add a job: write ``function(payload, row, now)`` that finds things by id and calls the core, and name it in `JOBS`.
What it does in PostgreSQL commits together with the row's end. What it sends outwards can happen twice, when the process
dies between sending and the commit: send with an id the other side recognises.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from flask import current_app
from rq.timeouts import JobTimeoutException
from sqlalchemy import Row, exists, select, update

from config import Settings
from loyalty.clock import utcnow
from loyalty.failures import name_of, path_of
from models import db, transaction
from models.work import Outbox
from workers import proving, replying, telling
from workers.context import application
from workers.pacing import Later

log = structlog.get_logger(__name__)

Handler = Callable[[dict, Row, datetime], None]

JOBS: dict[str, Handler] = {
    "send_code": telling.send_code,
    "notify_purchase": telling.notify_purchase,
    "notify_refund": telling.notify_refund,
    "notify_entry": telling.notify_entry,
    "notify_expiring": telling.notify_expiring,
    "notify_claim": telling.notify_claim,
    "notify_referral": telling.notify_referral,
    "notify_not_invited": telling.notify_not_invited,
    "ask_survey": telling.ask_survey,
    "remind_survey": telling.remind_survey,
    "notify_survey_task": telling.notify_survey_task,
    "notify_waiting_claims": telling.notify_waiting_claims,
    "notify_application": telling.notify_application,
    "notify_hired": telling.notify_hired,
    "notify_invitation": telling.notify_invitation,
    "send_reply": replying.send_reply,
    "prove_site": proving.prove_site,
}

JOB_SECONDS = 60
"""How long a queued job may take before RQ interrupts it."""

outbox = Outbox.__table__


class UnknownJob(Exception):
    """No function of that name here: perhaps a row of a newer version, so it is tried again later."""


def run_outbox_row(row_id: int) -> str:
    """Carry out one row and say how it ended: done, taken (by another, or nothing to do), waits, later, failed, parked.

    A failure is recorded in the row, not raised; only a timeout and the loss of PostgreSQL are raised.
    """
    with application().app_context():
        return carry_out(row_id, utcnow())


def record_death(row_id: int) -> None:
    """Count a try whose process died in the middle, so that a row that kills its worker is parked one day."""
    with application().app_context():
        with transaction():
            row = _locked(row_id)
            if row is not None:
                _record_failure(row, "WorkHorseKilled", retryable=True, now=utcnow())
        db.engine.dispose()


def backoff(attempts: int, settings: Settings) -> timedelta:
    """How long to wait after the n-th failure: growing fourfold, and never two rows in step."""
    longest = min(settings.job_backoff * 4 ** min(attempts - 1, 20), settings.job_backoff_cap)
    return timedelta(seconds=longest * random.uniform(0.5, 1))  # noqa: S311 — jitter, not a secret


def carry_out(row_id: int, now: datetime) -> str:
    """`run_outbox_row` at a given time, inside an application context."""
    row = None
    try:
        with transaction():
            row = _locked(row_id)
            if row is None or (row.enqueued_at is None and row.next_try_at > now):
                return "taken"
            if _follows_another(row):
                _hand_back(row, now)
                return "waits"
            _handler(row.job)(row.payload, row, now)
            _change(row, done_at=now, sealed=None, last_error=None)
    except Later as later:
        with transaction():
            _hand_back(row, later.at)
        return "later"
    except Exception as error:
        if row is None:
            raise
        outcome = _fail(row, error, now)
        if isinstance(error, JobTimeoutException):
            raise  # RQ must see its own exception
        return outcome
    log.info("job_done", row=row.id, job=row.job, attempts=row.attempts)
    return "done"


def _handler(name: str) -> Handler:
    try:
        return JOBS[name]
    except KeyError:
        raise UnknownJob from None


def _locked(row_id: int) -> Row | None:
    """The row, if it is still to be done and nobody else is doing it now."""
    return db.session.execute(
        select(outbox)
        .where(outbox.c.id == row_id, outbox.c.done_at.is_(None), outbox.c.parked_at.is_(None))
        .with_for_update(skip_locked=True)
    ).one_or_none()


def _follows_another(row: Row) -> bool:
    if row.ordering_key is None:
        return False
    return db.session.scalar(select(unfinished_before(row.ordering_key, row.id)))


def unfinished_before(ordering_key, row_id):
    """The SQL condition that an earlier row of the same subject is still to be done. A parked one holds nobody up."""
    earlier = outbox.alias("earlier")
    return exists(
        select(1).where(
            earlier.c.ordering_key == ordering_key,
            earlier.c.id < row_id,
            earlier.c.done_at.is_(None),
            earlier.c.parked_at.is_(None),
        )
    )


def _fail(row: Row, error: Exception, now: datetime) -> str:
    log.warning("job_raised", row=row.id, job=row.job, error=name_of(error), at=path_of(error))
    with transaction():
        return _record_failure(row, name_of(error), retryable=getattr(error, "retryable", True), now=now)


def _record_failure(row: Row, reason: str, *, retryable: bool, now: datetime) -> str:
    settings: Settings = current_app.config["SETTINGS"]
    attempts, since = row.attempts + 1, row.first_failed_at or now
    given_up = (
        not retryable or attempts >= settings.job_tries or now - since >= timedelta(seconds=settings.job_give_up_after)
    )
    _change(
        row,
        attempts=attempts,
        first_failed_at=since,
        last_error=reason[:300],
        enqueued_at=None,
        next_try_at=now + backoff(attempts, settings),
        parked_at=now if given_up else None,
    )
    log.warning("job_parked" if given_up else "job_failed", row=row.id, job=row.job, attempts=attempts, error=reason)
    return "parked" if given_up else "failed"


def _hand_back(row: Row, at: datetime) -> None:
    _change(row, enqueued_at=None, next_try_at=at)


def _change(row: Row, **values) -> None:
    """Change the row as it was read; another worker that was quicker in between keeps its word."""
    db.session.execute(
        update(outbox)
        .where(
            outbox.c.id == row.id,
            outbox.c.done_at.is_(None),
            outbox.c.parked_at.is_(None),
            outbox.c.attempts == row.attempts,
        )
        .values(values)
    )

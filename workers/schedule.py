"""All periodic work, in one list.

Time is cut into periods; PostgreSQL remembers which period of a task was taken and which was finished. So two schedules
never run one period twice, a period missed while everything was down is made up for, and one that died in the middle is
taken again when its lease has passed. Tasks are written to be run again at any point.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event

import structlog
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import InterfaceError, OperationalError

from loyalty import heartbeats
from loyalty.clock import utcnow
from loyalty.failures import name_of, path_of
from models import db, transaction
from models.work import PeriodClaim
from workers import periodic

log = structlog.get_logger(__name__)

LOOK_EVERY = 2.0
MOST_CAUGHT_UP = 100
_EPOCH = datetime(2024, 1, 1, tzinfo=UTC)


class LostClaim(Exception):
    """Another schedule took the period over: this run was silent for longer than its lease."""


@dataclass(frozen=True)
class Run:
    """One run of a task for one period. A long task calls `beat` between its batches to keep the period."""

    now: datetime
    period: datetime
    beat: Callable[[], None]


@dataclass(frozen=True)
class Task:
    """`function(run)` once every `every`, from 00:00 UTC plus `offset`; returns numbers for the record.

    When periods were missed, `each` runs every one of them (at most the last hundred), otherwise one run makes up for all.
    """

    name: str
    every: timedelta
    function: Callable[[Run], dict]
    offset: timedelta = timedelta()
    each: bool = False
    lease: timedelta = timedelta(minutes=10)

    def period_at(self, now: datetime) -> datetime:
        """The beginning of the period that `now` lies in."""
        return _EPOCH + self.offset + (now - _EPOCH - self.offset) // self.every * self.every


TASKS = (
    Task("bring_up_members", timedelta(minutes=10), periodic.bring_up_members),
    Task("sum_up_platform", timedelta(minutes=5), periodic.sum_up_platform),
    Task("forget_codes", timedelta(hours=1), periodic.forget_codes),
    Task("forget_idempotency_keys", timedelta(hours=1), periodic.forget_idempotency_keys),
    Task("forget_updates", timedelta(hours=1), periodic.forget_updates),
    # 06:00 UTC is nine in Moscow, when the quiet hours of most end
    Task("announce_expiring", timedelta(days=1), periodic.announce_expiring, offset=timedelta(hours=6)),
    Task("review_tiers", timedelta(minutes=10), periodic.review_tiers),
    Task("settle_referrals", timedelta(minutes=5), periodic.settle_referrals),
    Task("forget_referral_traces", timedelta(hours=6), periodic.forget_referral_traces),
    Task("invite_to_surveys", timedelta(minutes=5), periodic.invite_to_surveys),
    Task("prove_sites", timedelta(minutes=10), periodic.prove_sites),
    Task("expire_claims", timedelta(hours=1), periodic.expire_claims),
    # 00:30 UTC is half past three in Moscow
    Task("sweep_outbox", timedelta(days=1), periodic.sweep_outbox, offset=timedelta(minutes=30)),
)


class Schedule:
    """Runs the tasks of one application, one after another."""

    def __init__(self, app: Flask, tasks: tuple[Task, ...] = TASKS, look_every: float = LOOK_EVERY):
        self._app, self._tasks, self._look_every = app, tasks, look_every
        self._failures = 0

    def run(self, stop: Event) -> None:
        """Look for due periods until `stop` is set. A lost PostgreSQL is waited for."""
        pause = 0.0
        while not stop.wait(pause):
            pause = self._round(stop)

    def run_due(self, now: datetime, stop: Event | None = None) -> int:
        """Run every period that is due at `now` and that nobody has; how many were finished."""
        return sum(self._run_task(task, now, stop) for task in self._tasks)

    def _round(self, stop: Event) -> float:
        try:
            with self._app.app_context():
                self.run_due(utcnow(), stop)
                self._beat()
        except (OperationalError, InterfaceError) as error:
            with self._app.app_context():
                db.session.remove()
                db.engine.dispose()
            if self._failures == 0:
                log.error("database_lost", error=type(error).__name__)
            self._failures += 1
            return min(0.2 * 2 ** min(self._failures, 10), 5.0)
        self._failures = 0
        return self._look_every

    def _run_task(self, task: Task, now: datetime, stop: Event | None) -> int:
        finished = 0
        while not (stop is not None and stop.is_set()) and (period := claim(task, now)) is not None:
            if not self._run_period(task, period, now):
                break
            finished += 1
        return finished

    def _run_period(self, task: Task, period: datetime, now: datetime) -> bool:
        claimed_at = [now]

        def beat() -> None:
            claimed_at[0] = _renew(task, period, claimed_at[0])
            self._beat()

        try:
            result = task.function(Run(now, period, beat))
            _finish(task, period, claimed_at[0], result)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            # the period stays without its end and is taken again when the lease has passed
            db.session.rollback()
            log.error("task_failed", task=task.name, period=period.isoformat(), error=name_of(error), at=path_of(error))
            return False
        log.info("task_done", task=task.name, period=period.isoformat(), **result)
        return True

    def _beat(self) -> None:
        with transaction():
            heartbeats.beat("schedule", utcnow())


def claim(task: Task, now: datetime) -> datetime | None:
    """Take the next period of `task` that is due and free; None when there is none, or another runs the task now."""
    with transaction():
        db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"schedule:{task.name}", 0))))
        claims = {
            row.period: row
            for row in db.session.execute(
                select(PeriodClaim.period, PeriodClaim.claimed_at, PeriodClaim.done_at)
                .where(PeriodClaim.task == task.name)
                .order_by(PeriodClaim.period.desc())
                .limit(MOST_CAUGHT_UP + 1)
            )
        }
        if any(row.done_at is None and now - row.claimed_at < task.lease for row in claims.values()):
            return None
        free = [period for period in _due_periods(task, claims, now) if not _is_done(claims.get(period))]
        if not free:
            return None
        taken = insert(PeriodClaim).values(task=task.name, period=free[0], claimed_at=now)
        db.session.execute(
            taken.on_conflict_do_update(index_elements=["task", "period"], set_={"claimed_at": now, "done_at": None})
        )
        return free[0]


def _due_periods(task: Task, claims: dict, now: datetime) -> list[datetime]:
    """The periods that ought to be done by now, the oldest first; a task that never ran starts with this one."""
    current = task.period_at(now)
    if not task.each or not claims:
        return [current]
    oldest = max(min(claims), current - (MOST_CAUGHT_UP - 1) * task.every)
    first = task.period_at(oldest)
    return [first + n * task.every for n in range((current - first) // task.every + 1)]


def _is_done(row) -> bool:
    return row is not None and row.done_at is not None


def _renew(task: Task, period: datetime, claimed_at: datetime) -> datetime:
    now = utcnow()
    with transaction():
        _change_claim(task, period, claimed_at, {"claimed_at": max(now, claimed_at)})
    return max(now, claimed_at)


def _finish(task: Task, period: datetime, claimed_at: datetime, result: dict) -> None:
    with transaction():
        _change_claim(task, period, claimed_at, {"done_at": utcnow(), "result": result})


def _change_claim(task: Task, period: datetime, claimed_at: datetime, values: dict) -> None:
    """Change a claim that is still ours. Raises `LostClaim` when it is not."""
    changed = db.session.execute(
        update(PeriodClaim)
        .where(
            PeriodClaim.task == task.name,
            PeriodClaim.period == period,
            PeriodClaim.claimed_at == claimed_at,
            PeriodClaim.done_at.is_(None),
        )
        .values(values),
        execution_options={"synchronize_session": False},
    ).rowcount
    if not changed:
        raise LostClaim

"""The relay hands rows of the outbox to RQ, or carries them out itself where there is no Redis.

Only a row's id enters Redis. A row that was handed over and is not done after a while is handed over again, so Redis may
lose everything at any moment; any number of relays may run. Rows are found by polling: a poll reads a few index entries,
while NOTIFY takes a lock of the whole database at every commit.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from threading import Event

import structlog
from flask import Flask
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Retry
from rq.serializers import JSONSerializer
from sqlalchemy import select, update
from sqlalchemy.exc import InterfaceError, OperationalError

from loyalty import heartbeats
from loyalty.clock import utcnow
from loyalty.failures import name_of, path_of
from models import db, transaction
from workers.jobs import JOB_SECONDS, carry_out, outbox, run_outbox_row, unfinished_before

log = structlog.get_logger(__name__)

QUEUES = ("urgent", "default")
BATCH = 100
MEMORY_MARK = "kopilka:relay:memory"
HEARTBEAT_EVERY = timedelta(seconds=2)
LONGEST_PAUSE = 5.0
JOB = f"{run_outbox_row.__module__}.{run_outbox_row.__qualname__}"

_to_do = (outbox.c.done_at.is_(None), outbox.c.parked_at.is_(None))


class Relay:
    """One relay over one application; `redis` is None where jobs run in this process."""

    def __init__(self, app: Flask, redis: Redis | None):
        self._app, self._redis = app, redis
        self._settings = app.config["SETTINGS"]
        self._queues = [Queue(name, connection=redis, serializer=JSONSerializer) for name in QUEUES] if redis else []
        self._last_beat: datetime | None = None
        self._failures = 0

    def run(self, stop: Event) -> None:
        """Move rows until `stop` is set. A lost PostgreSQL or Redis is waited for, never a reason to end."""
        pause = 0.0
        while not stop.wait(pause):
            pause = self._round(stop)

    def move(self, now: datetime, stop: Event | None = None) -> int:
        """Hand over, or carry out, the rows that are due at `now`; how many they were."""
        if self._redis is None:
            return self._carry_out(now, stop)
        self._notice_lost_memory(now)
        return self._hand_over(now)

    def _round(self, stop: Event) -> float:
        """One round; how many seconds to pause after it."""
        try:
            with self._app.app_context():
                moved = self.move(utcnow(), stop)
                self._beat()
        except RedisError as error:
            self._keep_beating()
            return self._wait_out("redis_lost", error)
        except (OperationalError, InterfaceError) as error:
            self._forget_connections()
            return self._wait_out("database_lost", error)
        except Exception as error:
            return self._wait_out("relay_failed", error)
        if self._failures:
            log.info("relay_recovered", failures=self._failures)
        self._failures = 0
        return 0.0 if moved else self._settings.relay_interval

    def _hand_over(self, now: datetime) -> int:
        room = min(BATCH, self._settings.relay_queue_limit - sum(queue.count for queue in self._queues))
        if room <= 0:
            return 0
        again = now + timedelta(seconds=self._settings.relay_requeue_after)
        with transaction():
            rows = db.session.execute(_due(now, room).with_for_update(skip_locked=True, of=outbox)).all()
            if not rows:
                return 0
            claimed = outbox.c.id.in_([row.id for row in rows])
            db.session.execute(
                update(outbox)
                .where(claimed)
                .values(next_try_at=again, enqueued_at=db.func.coalesce(outbox.c.enqueued_at, now))
            )
        # only now: a worker that is quicker than our commit would find the row locked and leave it
        try:
            for queue, urgent in zip(self._queues, (True, False), strict=True):
                queue.enqueue_many([_job(row.id) for row in rows if row.urgent is urgent])
        except RedisError:
            with transaction():
                db.session.execute(
                    update(outbox).where(claimed, *_to_do, outbox.c.next_try_at == again).values(next_try_at=now)
                )
            raise
        return len(rows)

    def _notice_lost_memory(self, now: datetime) -> None:
        """A Redis without our mark has started empty: what it was given is due at once, not after the usual wait."""
        if not self._redis.set(MEMORY_MARK, uuid.uuid4().hex, nx=True):
            return
        lost = (
            select(outbox.c.id)
            .where(*_to_do, outbox.c.enqueued_at.is_not(None), outbox.c.next_try_at > now)
            .with_for_update(skip_locked=True)
        )
        with transaction():
            found = db.session.execute(update(outbox).where(outbox.c.id.in_(lost)).values(next_try_at=now)).rowcount
        log.info("redis_is_empty", rows=found)

    def _carry_out(self, now: datetime, stop: Event | None) -> int:
        """Run what is due, a few at a time so that an urgent row never waits for a long list."""
        with transaction():
            rows = db.session.execute(_due(now, 10)).all()
        moved = 0
        for row in rows:
            if stop is not None and stop.is_set():
                break
            with self._app.app_context():
                moved += carry_out(row.id, max(now, utcnow())) != "taken"
            self._beat()
        return moved

    def _beat(self) -> None:
        now = utcnow()
        if self._last_beat is None or now - self._last_beat >= HEARTBEAT_EVERY:
            with transaction():
                heartbeats.beat("relay", now)
            self._last_beat = now

    def _keep_beating(self) -> None:
        """Without Redis the relay is alive all the same, and says so."""
        try:
            with self._app.app_context():
                self._beat()
        except (OperationalError, InterfaceError):
            self._forget_connections()

    def _forget_connections(self) -> None:
        with self._app.app_context():
            db.session.remove()
            db.engine.dispose()

    def _wait_out(self, event: str, error: Exception) -> float:
        if self._failures == 0 or event == "relay_failed":
            log.error(event, error=name_of(error), at=path_of(error))
        self._failures += 1
        return min(self._settings.relay_interval * 2 ** min(self._failures, 10), LONGEST_PAUSE)


def connect(url: str) -> Redis:
    """A Redis connection that fails within seconds rather than hang the relay."""
    return Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2)


def _due(now: datetime, limit: int):
    """What can be done at `now`, urgent first; of a subject's rows only the first."""
    return (
        select(outbox.c.id, outbox.c.urgent)
        .where(*_to_do, outbox.c.next_try_at <= now, ~unfinished_before(outbox.c.ordering_key, outbox.c.id))
        .order_by(outbox.c.urgent.desc(), outbox.c.next_try_at, outbox.c.id)
        .limit(limit)
    )


def _job(row_id: int):
    # the retry is for a work-horse that was killed: without one RQ gives the job up for good
    return Queue.prepare_data(
        JOB, args=(row_id,), job_id=f"outbox-{row_id}", retry=Retry(max=3), timeout=JOB_SECONDS, result_ttl=0,
        failure_ttl=3600,
    )  # fmt: skip

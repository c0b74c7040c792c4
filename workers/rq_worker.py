"""An RQ worker for the jobs of the outbox: `python -m workers.rq_worker`, as many processes as there is work.

It ends, with 1, when Redis is lost in the middle of a job: have something start it again (`python -m workers` does).
The intervals are short because RQ's own find a dead worker's job after ten minutes; even so sixty seconds is its floor,
and the relay, which asks PostgreSQL, is usually quicker. No RQ scheduler runs: waiting is the outbox's business.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

from flask import Flask
from redis import Redis
from redis.exceptions import RedisError
from rq import Worker
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy.exc import SQLAlchemyError

from workers import context, jobs
from workers.relay import QUEUES


def work(app: Flask, *, burst: bool = False) -> int:
    """Serve both queues, the urgent one first, until a signal says stop; the process's exit code."""
    context.use(app)
    settings = app.config["SETTINGS"]
    if not settings.redis_url:
        raise SystemExit("REDIS_URL is not set: without Redis `python -m workers` runs the jobs itself")
    try:
        worker = Worker(
            QUEUES,
            connection=Redis.from_url(settings.redis_url),
            serializer=JSONSerializer,
            job_monitoring_interval=settings.rq_monitoring_interval,
            maintenance_interval=settings.rq_maintenance_interval,
            work_horse_killed_handler=_record_death,
            log_job_description=False,
        )
        worker.work(burst=burst, logging_level="WARNING")
    except RedisError as error:
        print(f"the worker lost Redis: {type(error).__name__}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _record_death(job: Job, *_) -> None:
    try:
        jobs.record_death(int(job.args[0]))
    except SQLAlchemyError as error:
        # PostgreSQL is away: the row is handed over again all the same, only this try is not counted
        jobs.log.error("death_not_recorded", error=type(error).__name__)


def end_with_parent() -> None:
    """Stop warmly when the process that holds the other end of our standard input is gone."""

    def watch() -> None:
        while os.read(0, 1):
            continue
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    if "--with-parent" in sys.argv:
        end_with_parent()
    sys.exit(work(context.application()))

"""The workers with jobs made for tests: `python -m tests.workers.stage all|worker`, told what to use by the environment."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from flask import Flask
from sqlalchemy import text

from api import create_app
from config import Settings
from models import db
from workers import __main__ as workers
from workers import jobs, rq_worker

SETTINGS = Settings(
    home=Path("/nonexistent"),
    sandbox=True,
    secret_key="a secret that only tests know, long enough",
    encryption_keys=("a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",),
    relay_interval=0.02,
    relay_requeue_after=2.0,
    relay_queue_limit=20,
    job_backoff=0.02,
    job_backoff_cap=0.2,
    rq_workers=1,
    rq_monitoring_interval=1,
    rq_maintenance_interval=5,
)


class BrokenOnPurpose(Exception):
    """Names a person, as a foreign system's error would."""


def count(payload: dict, row, now) -> None:
    """Leave a trace of every time it was done."""
    time.sleep(payload.get("seconds", 0))
    db.session.execute(text("INSERT INTO effect (event) VALUES (:event)"), {"event": payload["event"]})


def break_down(payload: dict, row, now) -> None:
    """Leave a trace, then fail until the table `mended` has a row."""
    count(payload, row, now)
    if not db.session.scalar(text("SELECT count(*) FROM mended")):
        raise BrokenOnPurpose("+79161234567 ivan@example.com 123456")


def die(payload: dict, row, now) -> None:
    """Take the process down with it."""
    os._exit(77)


def register() -> None:
    jobs.JOBS.update(count=count, break_down=break_down, die=die)


def prepare(app: Flask) -> None:
    """The tables that the jobs leave their traces in."""
    register()
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE effect (n bigint GENERATED ALWAYS AS IDENTITY, event int NOT NULL)"))
        connection.execute(text("CREATE TABLE mended (at timestamptz DEFAULT now())"))


if __name__ == "__main__":
    register()
    again = float(os.environ.get("RELAY_REQUEUE_AFTER", SETTINGS.relay_requeue_after))
    settings = replace(SETTINGS, redis_url=os.environ.get("REDIS_URL"), relay_requeue_after=again)
    app = create_app(settings, os.environ["DATABASE_URL"])
    if sys.argv[1] == "worker":
        if "--with-parent" in sys.argv:
            rq_worker.end_with_parent()
        sys.exit(rq_worker.work(app))
    sys.exit(workers.main(app, [sys.executable, "-m", __spec__.name, "worker"]))

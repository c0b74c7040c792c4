"""Real processes of the workers on one database, which a test kills and starts again, and what they left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable

import psutil
from flask import Flask
from sqlalchemy import text

from config import ROOT
from loyalty import outbox
from models import db, transaction


class Troupe:
    """Runs `tests.workers.stage` as often as asked; everything it started is gone after `close`."""

    def __init__(self, app: Flask, redis_url: str | None, log):
        self.environment = os.environ | {
            "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"],
            "PYTHONPATH": str(ROOT),
        }
        self.environment.pop("REDIS_URL", None)
        if redis_url:
            self.environment["REDIS_URL"] = redis_url
        self._log = log
        self.mains: list[subprocess.Popen] = []

    def start(self) -> subprocess.Popen:
        command = [sys.executable, "-m", "tests.workers.stage", "all"]
        process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=self._log, stderr=self._log)
        self.mains.append(process)
        return process

    def kill_main(self, n: int) -> None:
        """`kill -9` of the relay and all that watches over the workers; another takes its place."""
        self.mains[n].kill()
        self.mains[n].wait()
        del self.mains[n]
        self.start()

    def workers(self) -> list[psutil.Process]:
        """The RQ workers that run now."""
        return [child for main in self.mains for child in _children(main.pid)]

    def horses(self) -> list[psutil.Process]:
        """The children in which RQ workers do a job just now."""
        return [horse for worker in self.workers() for horse in _children(worker.pid)]

    def close(self) -> list[int]:
        """Stop everything as a supervisor would; the exit codes."""
        workers = self.workers()
        for main in self.mains:
            main.send_signal(signal.SIGTERM)
        codes = [main.wait(40) for main in self.mains]
        psutil.wait_procs(workers, timeout=10)
        self.mains.clear()
        return codes


def announce_events(app: Flask, events, job: str = "count", **options) -> None:
    """One row an event, each committed by itself."""
    for event in events:
        with app.app_context(), transaction():
            outbox.announce(job, {"event": event} | options.get("payload", {}), **options.get("row", {}))


def effects(app: Flask) -> Counter:
    """How often each event was done."""
    with app.app_context(), db.engine.connect() as connection:
        return Counter(connection.scalars(text("SELECT event FROM effect ORDER BY n")))


def order_of_effects(app: Flask) -> list[int]:
    with app.app_context(), db.engine.connect() as connection:
        return list(connection.scalars(text("SELECT event FROM effect ORDER BY n")))


def unfinished(app: Flask) -> int:
    with app.app_context(), db.engine.connect() as connection:
        return connection.scalar(text("SELECT count(*) FROM outbox WHERE done_at IS NULL AND parked_at IS NULL"))


def wait_for(condition: Callable[[], bool], seconds: float, what: str, every: float = 0.05) -> float:
    """How long it took; fails when it does not come true in time."""
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < seconds, f"{what} did not happen within {seconds} s"
        time.sleep(every)
    return time.monotonic() - begin


def kill(process: psutil.Process) -> bool:
    """`kill -9`; False when it had just ended by itself."""
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        process.kill()
    except psutil.NoSuchProcess:
        return False
    return True


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children()
    except psutil.NoSuchProcess:
        return []

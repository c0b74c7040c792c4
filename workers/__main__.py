"""`python -m workers`: the relay, the schedule and, where there is a Redis, the RQ workers, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import structlog
from flask import Flask

from loyalty.failures import name_of, path_of
from workers import context
from workers.relay import Relay, connect
from workers.schedule import Schedule

log = structlog.get_logger("workers")

STOP_SECONDS = 25
"""How long work that has begun may take to end before it is cut off; what is cut off is done again later."""


def main(app: Flask, worker_command: list[str] | None = None) -> int:
    """Run until told to stop; 0 after a clean end, 1 when a part died or did not end in time."""
    context.use(app)
    settings = app.config["SETTINGS"]
    stop, died = threading.Event(), threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    redis = connect(settings.redis_url) if settings.redis_url else None
    parts = {"relay": Relay(app, redis).run, "schedule": Schedule(app).run}
    if redis is not None and settings.rq_workers:
        command = worker_command or [sys.executable, "-m", "workers.rq_worker"]
        parts["rq_workers"] = RqWorkers([*command, "--with-parent"], settings.rq_workers).run
    threads = [
        threading.Thread(target=_run_part, args=(name, part, stop, died), name=name, daemon=True)
        for name, part in parts.items()
    ]
    for thread in threads:
        thread.start()
    log.info("workers_started", queue="redis" if redis is not None else "in process")
    stop.wait()
    deadline = time.monotonic() + STOP_SECONDS + 2
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    clean = not died.is_set() and not any(thread.is_alive() for thread in threads)
    log.info("workers_stopped", clean=clean)
    return 0 if clean else 1


class RqWorkers:
    """Keeps `number` RQ workers alive: one that ends, as they do when Redis is lost, is started again."""

    def __init__(self, command: list[str], number: int):
        self._command = command
        self._processes: list[subprocess.Popen | None] = [None] * number
        self._start_at = [0.0] * number
        self._starts = [0] * number

    def run(self, stop: threading.Event) -> None:
        """Watch over the workers until `stop` is set, then let them finish what they are doing."""
        try:
            while not stop.is_set():
                for n in range(len(self._processes)):
                    self._tend(n)
                stop.wait(0.2)
        finally:
            self._end()

    def _tend(self, n: int) -> None:
        process, now = self._processes[n], time.monotonic()
        if process is not None and process.poll() is None:
            return
        if process is not None:
            log.warning("rq_worker_ended", code=process.returncode)
            process.stdin.close()
            lived = now - self._start_at[n]
            self._starts[n] = 0 if lived > 30 else self._starts[n] + 1
            self._start_at[n] = now + min(0.2 * 2 ** min(self._starts[n], 10), 5.0)
            self._processes[n] = None
        if now >= self._start_at[n]:
            # it stops when our end of its standard input closes, however we end; a Ctrl-C at the terminal is ours alone
            self._processes[n] = subprocess.Popen(  # noqa: S603
                self._command, stdin=subprocess.PIPE, start_new_session=True
            )
            self._start_at[n] = now

    def _end(self) -> None:
        running = [process for process in self._processes if process is not None]
        for process in running:
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdin.close()


def _run_part(name: str, part, stop: threading.Event, died: threading.Event) -> None:
    try:
        part(stop)
    except BaseException as error:
        log.critical("part_died", part=name, error=name_of(error), at=path_of(error))
        died.set()
    finally:
        stop.set()


if __name__ == "__main__":
    sys.exit(main(context.application()))

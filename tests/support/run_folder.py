"""The folder of one test run, shared by all its workers: `pytest_configure` makes it, the end of the run removes it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from models.embedded import EmbeddedServer

VARIABLE = "KOPILKA_TEST_RUN"
PREFIX = "kopilka-tests-"


def make() -> int:
    """Make the folder and tell the workers; returns the lock that says this run is alive."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir="/tmp"))
    folder.chmod(0o711)  # ours and new: the database's user must pass when the tests run as root
    os.environ[VARIABLE] = str(folder)
    alive = os.open(folder / "alive", os.O_RDONLY | os.O_CREAT)
    fcntl.flock(alive, fcntl.LOCK_EX)
    return alive


def path() -> Path:
    return Path(os.environ[VARIABLE])


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """One worker of this run at a time."""
    with (path() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def remove(folder: Path) -> None:
    """Stop the folder's database server, if it has one, and delete everything."""
    if (folder / "home").exists():
        remove_home(folder / "home")
    shutil.rmtree(folder, ignore_errors=True)


def remove_home(home: Path) -> None:
    """Delete a data folder with its database, also the part that lives outside of it."""
    server = EmbeddedServer(home)
    server.stop()
    for folder in (server.place.area, server.place.socket_dir, home):
        shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    """Remove what runs that were killed have left; a living run holds its lock."""
    for folder in Path("/tmp").glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            alive = os.open(folder / "alive", os.O_RDONLY)
            try:
                fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove(folder)
            finally:
                os.close(alive)

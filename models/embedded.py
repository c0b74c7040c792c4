"""The embedded PostgreSQL: what runs when `DATABASE_URL` names no server.

One server per data folder, however many processes use it. It is reached through a Unix socket in a folder that only
the server's user and root may enter, and listens on no network. Each process that uses the server holds a shared lock
for as long as it lives; the last one to call `stop` shuts the server down, whoever started it, so a command that ends
never takes the database away from under another, and what a ``kill -9`` left behind is found and used again.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg2

from models import embedded_place
from models.embedded_place import SOCKET_NAME, EmbeddedError

__all__ = ["EmbeddedError", "EmbeddedServer", "ensure_running"]

DATABASE = "kopilka"
SUPERUSER = "postgres"
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # a failed statement and the detail of its error hold people's phones and names
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
}
START_SECONDS = 120  # replaying the log after a crash may take long
STOP_SECONDS = 8

_children: list[subprocess.Popen] = []  # kept so that a server that died is reaped and not taken for a live one


def ensure_running(home: Path, settings: Mapping[str, str] | None = None) -> EmbeddedServer:
    """Find or start the server of this data folder. Raises `EmbeddedError` saying why it cannot.

    `settings` are PostgreSQL's own, added to ours; they matter only to the call that starts the server.
    """
    return EmbeddedServer(home, settings).start()


class EmbeddedServer:
    """A handle on the server of one data folder. Its `url` is known before the server runs."""

    def __init__(self, home: Path, settings: Mapping[str, str] | None = None):
        self.place = embedded_place.choose(home)
        self.started_here = False
        self._settings = SETTINGS | dict(settings or {})
        self._users = -1

    @property
    def url(self) -> str:
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """The address of another database of this server."""
        folder = quote(str(self.place.socket_dir), safe="")  # %20 and not +: libpq's own tools read it too
        return f"postgresql+psycopg2://{SUPERUSER}@/{database}?host={folder}&port={self._settings['port']}"

    @property
    def bin_dir(self) -> Path:
        """Where `pg_dump`, `pgbench` and their like are."""
        return self.place.bin_dir

    @property
    def data_dir(self) -> Path:
        return self.place.data_dir

    @property
    def is_held(self) -> bool:
        """Whether `start` was called and `stop` was not."""
        return self._users >= 0

    def start(self) -> EmbeddedServer:
        with self._alone():
            self._leave_foreign_data()
            embedded_place.prepare(self.place)
            self._create_data()
            if not self._wait_for_running():
                self._bury()
                self._launch()
                self.started_here = True
            if not self.is_held:
                self._users = self._open("postgres.users")
                fcntl.flock(self._users, fcntl.LOCK_SH)
            self._create_database()
        return self

    def is_running(self) -> bool:
        return self._postmaster() is not None

    def stop(self) -> bool:
        """Let go of the server, and shut it down if nobody else uses it. True when it is down now."""
        with self._alone():
            if self.is_held:
                os.close(self._users)
                self._users = -1
            with self._opened("postgres.users") as users:
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return False
            self._shut_down()
        return True

    def _shut_down(self) -> None:
        postmaster = self._postmaster()
        if postmaster is None:
            return
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):  # fast, immediate, at last by force
            postmaster.send_signal(how)
            with contextlib.suppress(psutil.TimeoutExpired):
                postmaster.wait(STOP_SECONDS)
                break
        _reap()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time starts or stops this server."""
        with self._opened("postgres.lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def _opened(self, name: str) -> Iterator[int]:
        descriptor = self._open(name)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _open(self, name: str) -> int:
        return os.open(self.place.home / name, os.O_RDONLY | os.O_CREAT, 0o644)

    def _leave_foreign_data(self) -> None:
        """Data outside belong to the home that was marked when they were made. If that home was deleted and this one
        has its name, the old data are set aside: its secrets are gone, and a new home begins empty."""
        if not self.place.is_outside:
            return
        mark = self.place.home / "postgres.outside"
        if self.data_dir.exists() and not mark.exists():
            self._shut_down()
            self.data_dir.rename(self.data_dir.with_name(f"postgres.left-{time.time_ns()}"))
        mark.write_text(f"{self.data_dir}\n")

    def _create_data(self) -> None:
        """initdb into a draft that becomes the data folder in one step, so that a crash leaves no half of one."""
        version = self.data_dir / "PG_VERSION"
        ours = embedded_place.major_version(self.bin_dir)
        if version.exists():
            if int(version.read_text()) != ours:
                raise EmbeddedError(
                    f"{self.data_dir} was made by PostgreSQL {version.read_text().strip()}, this is PostgreSQL {ours}"
                )
            return
        draft = self.data_dir.with_name("postgres.draft")
        for locale in _locales(ours):
            shutil.rmtree(draft, ignore_errors=True)
            embedded_place.make_private(draft, self.place.uid, self.place.gid)
            words = [self.bin_dir / "initdb", "--pgdata", draft, "--username", SUPERUSER, "--encoding", "UTF8"]
            words += ["--auth-local=trust", "--auth-host=reject", "--data-checksums", *locale]
            answer = subprocess.run(
                words, capture_output=True, text=True, check=False, cwd=draft, **self._as_its_user()
            )
            if answer.returncode == 0:
                break
        else:
            raise EmbeddedError(f"initdb failed in {draft}: {answer.stderr.strip()}")
        draft.rename(self.data_dir)

    def _launch(self) -> None:
        settings = self._settings | {"unix_socket_directories": f'"{self.place.socket_dir}"'}
        words = [self.bin_dir / "postgres", "-D", self.data_dir]
        for name, value in settings.items():
            words += ["-c", f"{name}={value}"]
        log_path = self.data_dir / "server.log"
        with log_path.open("ab") as log:
            start = log.tell()
            server = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.data_dir,
                start_new_session=True,
                **self._as_its_user(),
            )
        _children.append(server)
        if not self._wait_until_answers(lambda: server.poll() is None):
            said = log_path.read_bytes()[start:].decode(errors="replace")[-2000:]
            raise EmbeddedError(f"PostgreSQL did not start in {self.data_dir}:\n{said}")

    def _as_its_user(self) -> dict:
        """How its programs are run: as the server's user, with none of our environment but the path."""
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        if self.place.uid is None:
            return {"env": environment, "umask": 0o077}
        owner = {"user": self.place.uid, "group": self.place.gid, "extra_groups": []}
        return {"env": environment, "umask": 0o077, **owner}

    def _wait_for_running(self) -> bool:
        """Whether a server runs here already; one that is just starting or recovering is waited for."""
        return self._answers() or (self.is_running() and self._wait_until_answers(self.is_running))

    def _wait_until_answers(self, alive) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while alive() and time.monotonic() < deadline:
            if self._answers():
                return True
            time.sleep(0.03)
        return False

    def _answers(self) -> bool:
        if not (self.place.socket_dir / SOCKET_NAME).exists():
            return False
        try:
            self._connect(SUPERUSER).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _connect(self, database: str):
        return psycopg2.connect(
            host=str(self.place.socket_dir),
            port=self._settings["port"],
            user=SUPERUSER,
            dbname=database,
            connect_timeout=10,
        )

    def _create_database(self) -> None:
        connection = self._connect("postgres")
        connection.autocommit = True
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
            if not cursor.fetchone():
                cursor.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0 ENCODING 'UTF8'")

    def _postmaster(self) -> psutil.Process | None:
        """The process named in postmaster.pid, if it is alive and really works here and is no namesake."""
        _reap()
        try:
            pid = int((self.data_dir / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(pid)
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            return None
        return process if self._works_here(process) else None

    def _works_here(self, process: psutil.Process) -> bool:
        try:
            alive = process.status() != psutil.STATUS_ZOMBIE
            return alive and process.name() == "postgres" and Path(process.cwd()) == self.data_dir
        except psutil.Error:
            return False

    def _bury(self) -> None:
        """Clear away what a killed server left. Its own children may still write for a moment: never beside them."""
        postmaster_pid = self.data_dir / "postmaster.pid"
        if not postmaster_pid.exists():
            return
        orphans = [process for process in psutil.process_iter() if self._works_here(process)]
        _, stubborn = psutil.wait_procs(orphans, timeout=5)
        for process in stubborn:
            process.kill()
        psutil.wait_procs(stubborn, timeout=5)
        for leftover in (postmaster_pid, *self.place.socket_dir.glob(f"{SOCKET_NAME}*")):
            leftover.unlink(missing_ok=True)


def _locales(version: int) -> list[list[str]]:
    """Ways to say «letters of every alphabet, order by code point», best first; the builtin one is always there."""
    ways = [["--locale=C.UTF-8"], ["--no-locale"]]
    if version >= 17:
        ways.insert(0, ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"])
    return ways


def _reap() -> None:
    _children[:] = [child for child in _children if child.poll() is None]

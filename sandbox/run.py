"""`make run`: the database, its migrations, the demo world, the web server and the jobs, until Ctrl-C.

Exit codes: 0 stopped on request, 1 something does not start, 2 the settings cannot be used.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import os
import signal
import sys
import time
from collections.abc import Iterator

import flask_migrate
from sqlalchemy.exc import OperationalError

from api import create_app
from config import ROOT, Settings, SettingsError, load_settings
from models import db
from models.embedded import EmbeddedError, EmbeddedServer
from sandbox import world
from sandbox.processes import Child, die_with_parent, port_is_free
from sandbox.sites import list_sites

EVERY_ADDRESS = ("0.0.0.0", "::")
LOOPBACK = ("127.0.0.1", "::1", "localhost")
SITES = "127.0.0.1"
REQUESTS_TO_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CHILDREN_STOP_SECONDS = 6
FAILURES_BEFORE_READY = 5


def main() -> int:
    if "--end-with-parent" in sys.argv:
        die_with_parent()
    for request in REQUESTS_TO_STOP:
        signal.signal(request, signal.default_int_handler)
    os.environ["SANDBOX"] = "1"
    try:
        settings = load_settings()
        _check_address(settings)
    except SettingsError as error:
        return _say(f"Cannot start: {error}", 2)
    try:
        with _database(settings) as (server, url):
            _prepare(settings, url)
            return _run(settings, server, url)
    except KeyboardInterrupt:
        return 0
    except SettingsError as error:
        return _say(f"Cannot start: {error}", 2)
    except EmbeddedError as error:
        return _say(f"Cannot start: {error}", 1)
    except OperationalError as error:
        return _say(f"Cannot start: the database does not answer: {error.orig}", 1)


def _hosts(settings: Settings) -> list[str]:
    """Where to listen: at the partners' sites' own address too, which HOST alone may not cover."""
    covered = settings.host in (*EVERY_ADDRESS, SITES, "localhost")
    return [settings.host] if covered else [settings.host, SITES]


def _check_address(settings: Settings) -> None:
    try:
        free = all(port_is_free(host, settings.port) for host in _hosts(settings))
    except PermissionError:
        raise SettingsError(f"port {settings.port} is for the system alone: choose one above 1023, PORT=8001") from None
    except OSError as error:
        raise SettingsError(f"HOST={settings.host} is not an address of this machine ({error})") from error
    if not free:
        raise SettingsError(f"port {settings.port} is in use: stop what listens there or choose another, PORT=8001")


@contextlib.contextmanager
def _database(settings: Settings) -> Iterator[tuple[EmbeddedServer | None, str]]:
    """The named database, or the embedded one, which goes down at the end unless somebody else uses it."""
    if settings.database_url:
        yield None, settings.database_url
        return
    server = EmbeddedServer(settings.home)
    if server.place.note:
        print(server.place.note, flush=True)
    try:
        yield server.start(), server.url
    finally:
        _ignore_further_requests()
        server.stop()


def _prepare(settings: Settings, url: str) -> None:
    """Migrate, then build the demo world; one process at a time, whoever starts first."""
    app = create_app(settings, url)
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / "prepare.lock").open("w") as lock, app.app_context():
        fcntl.flock(lock, fcntl.LOCK_EX)
        if settings.database_url and world.would_meet_customers():
            raise SettingsError(
                "DATABASE_URL names a database with customers of its own: the demo world stays out of it"
            )
        flask_migrate.upgrade()
        world.build(app)
        db.engine.dispose()


def _run(settings: Settings, server: EmbeddedServer | None, url: str) -> int:
    children = _children(settings, url)
    is_ready = False
    try:
        while True:
            for child in children:
                child.keep_alive()
            if server:
                _keep_database_alive(server)
            if not is_ready and (is_ready := _answers_ready(settings)):
                _print_addresses(settings)
            if not is_ready and any(child.failures >= FAILURES_BEFORE_READY for child in children):
                return _say("Cannot start: see the messages above.", 1)
            time.sleep(0.2)
    finally:
        _ignore_further_requests()
        print("Stopping…", flush=True)
        deadline = time.monotonic() + CHILDREN_STOP_SECONDS
        for child in children:
            child.ask_to_stop()
        for child in children:
            child.make_stop(deadline)


def _children(settings: Settings, url: str) -> list[Child]:
    env = (
        # an open question of the bot's holds the web server up at the end
        {"LOG_LEVEL": "WARNING", "TELEGRAM_POLL_SECONDS": "1"}
        | os.environ
        | {"DATABASE_URL": url, "KOPILKA_HOME": str(settings.home), "PYTHONUNBUFFERED": "1"}
    )
    hosts = (f"[{host}]" if ":" in host else host for host in _hosts(settings))
    binds = [f"--bind={host}:{settings.port}" for host in hosts]
    commands = {
        "web": ["gunicorn", "--config", "api/gunicorn_conf.py", *binds, "sandbox.wsgi:app"],
        "jobs": ["workers"],
        "bot": ["bot"],
    }
    return [Child(name, [sys.executable, "-m", *words], env=env, cwd=ROOT) for name, words in commands.items()]


def _keep_database_alive(server: EmbeddedServer) -> None:
    if server.is_running():
        return
    print("PostgreSQL ended, starting it again", flush=True)
    try:
        server.start()
    except EmbeddedError as error:
        print(error, flush=True)


def _answers_ready(settings: Settings) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    connection = http.client.HTTPConnection(host, settings.port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _print_addresses(settings: Settings) -> None:
    local = settings.host in (*LOOPBACK, *EVERY_ADDRESS)
    base = settings.public_url if local else f"http://{settings.host}:{settings.port}"
    pages = {
        "/": "what this is",
        "/sandbox": "begin here: be anybody with one press, read every message",
        "/sandbox/telegram": "chat with the bot as anybody",
        "/customer": "the customer's cabinet",
        "/partner": "the till and the partner's desk",
        "/admin": "the platform's own desk",
        "/api/docs": "the API",
    }
    lines = [f"{base + path:<46} {what}" for path, what in pages.items()]
    lines += [f"{address:<46} a partner's site with the widget" for address in list_sites(settings).values()]
    listed = "\n".join(f"  {line}" for line in lines)
    print(
        f"""
Kopilka is ready. Open:

{listed}

Data folder: {settings.home}
Ctrl-C stops everything; the next start continues with the same data.
""",
        flush=True,
    )


def _ignore_further_requests() -> None:
    for request in REQUESTS_TO_STOP:
        signal.signal(request, signal.SIG_IGN)


def _say(sentence: str, code: int) -> int:
    print(sentence, file=sys.stderr, flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())

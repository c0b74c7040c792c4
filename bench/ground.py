"""The database that is measured: made for one run beside whatever the server holds, filled, and dropped afterwards."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import flask_migrate
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from api import create_app
from config import Settings, load_settings
from loyalty.programmes import current_rules
from models import db
from models.embedded import EmbeddedServer

ONE = UUID("00000000-0000-7000-9000-000000000001")
MANY = UUID("00000000-0000-7000-9000-000000000002")
"""Partners: one with a single membership, one with many."""
FIRST_MEMBER = 0x00000000_0000_7000_8000_000000000000
"""The n-th membership of a partner, and its customer, have this id plus n; n counts from 1."""

_SEED = """
INSERT INTO partner (id, code, name) VALUES (:one, '100001', 'Одна'), (:many, '100002', 'Много');
INSERT INTO programme (partner_id, version, rules) SELECT id, 1, '{}' FROM partner;
INSERT INTO branch (partner_id, id, name) SELECT id, id, 'Главный' FROM partner;
INSERT INTO customer (id, name)
SELECT CAST('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0') AS uuid), 'Клиент' FROM generate_series(1, :members) n;
INSERT INTO identity (id, customer_id, kind, value, proven_at)
SELECT id, id, 'phone', '+7916' || lpad(CAST(row_number() OVER (ORDER BY id) AS text), 7, '0'), now() FROM customer;
INSERT INTO membership (partner_id, id, customer_id) SELECT :one, id, id FROM customer ORDER BY id LIMIT 1;
INSERT INTO membership (partner_id, id, customer_id) SELECT :many, id, id FROM customer;
INSERT INTO membership_identity (partner_id, membership_id, identity_id)
SELECT m.partner_id, m.id, i.id FROM membership m JOIN identity i ON i.customer_id = m.customer_id;
ANALYZE;
"""


@dataclass(frozen=True)
class Ground:
    """Where both sides work. `members` is how many memberships the partner `MANY` has."""

    settings: Settings
    url: str
    bin_dir: Path
    members: int

    def members_of(self, partner_id: UUID) -> int:
        return 1 if partner_id == ONE else self.members

    def count(self, table: str) -> int:
        return int(self.ask(f"SELECT count(*) FROM {table}"))

    def ask(self, sql: str):
        """The one value of a query; committed."""
        engine = create_engine(self.url, poolclass=NullPool)
        with engine.begin() as connection:
            return connection.execute(text(sql)).scalar()

    def checkpoint(self) -> None:
        """Before a side is measured: what the other side has left to write is written now."""
        engine = create_engine(self.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CHECKPOINT"))


@contextlib.contextmanager
def prepared_ground(members: int) -> Iterator[Ground]:
    """The server that `DATABASE_URL` names, else the embedded one of the data folder; a database of our own on it."""
    settings = dataclasses.replace(load_settings(os.environ | {"SANDBOX": "1"}), log_level="WARNING")
    if settings.database_url:
        pgbench = shutil.which("pgbench")
        if pgbench is None:
            raise SystemExit("pgbench is not on PATH: it comes with PostgreSQL's own programs")
        with _database(settings.database_url) as url:
            yield fill(settings, url, Path(pgbench).parent, members)
        return
    server = EmbeddedServer(settings.home).start()
    try:
        with _database(server.url) as url:
            yield fill(settings, url, server.bin_dir, members)
    finally:
        server.stop()


@contextlib.contextmanager
def _database(neighbour: str) -> Iterator[str]:
    name = f"kopilka_bench_{os.getpid()}"
    admin = create_engine(neighbour, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"))
    try:
        yield make_url(neighbour).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def fill(settings: Settings, url: str, bin_dir: Path, members: int) -> Ground:
    """Migrate a new database and put the two partners and their members into it."""
    settings = dataclasses.replace(settings, database_url=url)
    app = create_app(settings, url)
    with app.app_context():
        flask_migrate.upgrade()
        db.session.execute(text(_SEED), {"one": ONE, "many": MANY, "members": members})
        db.session.commit()
        current_rules(MANY)  # what was written can be read
        db.engine.dispose()
    return Ground(settings, url, bin_dir, members)


_TPS = re.compile(r"tps = ([0-9.]+)")
_FAILED = re.compile(r"number of failed transactions: ([0-9]+)")


def run_pgbench(ground: Ground, script: Path, *, partner_id: UUID, clients: int, seconds: float) -> float:
    """Transactions a second of `pgbench -M prepared`, connecting not counted."""
    url = make_url(ground.url)
    words = [ground.bin_dir / "pgbench", "-n", "-M", "prepared", "-f", script, "-c", clients, "-j", clients]
    words += [
        "-T",
        max(1, round(seconds)),
        "-D",
        f"partner={partner_id}",
        "-D",
        f"members={ground.members_of(partner_id)}",
    ]
    names = {
        "PGHOST": url.query.get("host", url.host),
        "PGPORT": url.query.get("port", url.port),
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    env = os.environ | {name: str(value) for name, value in names.items() if value}
    answer = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, env=env)
    failed = _FAILED.search(answer.stdout)
    if answer.returncode or not failed or int(failed[1]):
        raise RuntimeError(f"pgbench failed:\n{answer.stdout}\n{answer.stderr}")
    return float(_TPS.search(answer.stdout)[1])

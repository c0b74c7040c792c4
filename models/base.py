"""The SQLAlchemy object all tables hang on, the naming convention of constraints, and the columns many tables share.

Tables that belong to a partner have the primary key ``(partner_id, id)``: every foreign key between two of them is
composite, so one partner's row can never point at another's, whatever the code above forgets.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, DateTime, Engine, ForeignKeyConstraint, MetaData, create_engine, event, func
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


db = SQLAlchemy(metadata=MetaData(naming_convention=NAMING_CONVENTION))

Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]
"""A point in time: always stored with its zone, always aware in Python."""

_ids = threading.Lock()
_last_tick = 0


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562 §5.7) with a 12-bit counter: ids made by one process sort in the order they were made."""
    global _last_tick
    with _ids:
        _last_tick = tick = max(time.time_ns() // 1_000_000 << 12, _last_tick + 1)
    noise = int.from_bytes(os.urandom(8)) >> 2
    return UUID(int=tick >> 12 << 80 | 0x7 << 76 | (tick & 0xFFF) << 64 | 0x2 << 62 | noise)


class Made:
    """When the row was made, by the database's clock."""

    created_at: Mapped[Moment] = mapped_column(server_default=func.now())


class HasId:
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


def within_partner(columns: str | tuple[str, ...], target: str, **options) -> ForeignKeyConstraint:
    """A foreign key between two tables of one partner: ``(partner_id, column) → target (partner_id, id)``."""
    names = (columns,) if isinstance(columns, str) else columns
    return ForeignKeyConstraint(
        ["partner_id", *names], [f"{target}.partner_id", *(f"{target}.id" for _ in names)], **options
    )


REST_SECONDS = 1.0
"""A pooled connection that rested longer is asked whether it still lives before it is used again."""


def ping_after_rest(engine: Engine) -> None:
    """Find connections that died while they rested, without a round trip before every transaction.

    SQLAlchemy's own `pool_pre_ping` asks each time, which a busy process pays for at every call (bench P1).
    """

    @event.listens_for(engine, "checkin")
    def rest(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def wake(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        since = record.info.get("rests_since")
        if since is None or time.monotonic() - since < REST_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error  # the pool takes a new one


@contextmanager
def transaction() -> Iterator[Session]:
    """The one place where a door commits: everything inside happens, or nothing does.

    A door opens it once around act and announce; functions of the core flush and never commit.
    """
    try:
        yield db.session
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


@contextmanager
def transaction_apart() -> Iterator[Connection]:
    """A short transaction on another connection, committed at its end whatever becomes of the caller's own.

    For what must stay when the request fails: a counted try, an ended session. It sees only what is committed, and must
    not touch a row that the caller's transaction has changed (it would wait for itself). Its connections are a pool of
    their own: requests that hold one connection each can never starve each other of the second.
    """
    with _engine_apart().begin() as connection:
        yield connection


_apart = threading.Lock()


def _engine_apart() -> Engine:
    extensions = current_app.extensions
    with _apart:
        if "kopilka_apart" not in extensions:
            options = current_app.config.get("SQLALCHEMY_ENGINE_OPTIONS", {})
            engine = create_engine(db.engine.url, **options | {"pool_size": 2, "max_overflow": 8})
            ping_after_rest(engine)
            os.register_at_fork(after_in_child=lambda: engine.dispose(close=False))
            extensions["kopilka_apart"] = engine
        return extensions["kopilka_apart"]

"""Statements that each database connection prepares once, and that go past the ORM.

On the posting path what costs is planning, building results and round trips (bench P1), so the few statements of every
credit are sent this way. They run in the session's transaction; the rest of the code asks the session as usual.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2.extras import NamedTupleCursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import PoolProxiedConnection

from models import db

Row = Any
"""A row of the result: columns by name."""


@dataclass(frozen=True)
class Prepared:
    """`sql` has its parameters as $1, $2 … of `types`; `name` is the connection's word for it."""

    name: str
    types: str
    sql: str

    def __call__(self, *parameters: Any) -> list[Row]:
        return execute_together((self, parameters))


def execute_together(*calls: tuple[Prepared, Sequence[Any]]) -> list[Row]:
    """Run the statements in order, in one round trip; the rows of the last one. Raises `sqlalchemy.exc.DBAPIError`.

    Each statement sees what the ones before it did and what others committed meanwhile, as if sent alone.
    """
    raw = _raw_connection()
    known = raw.info.setdefault("prepared", set())
    text, values = [], []
    try:
        with raw.dbapi_connection.cursor(cursor_factory=NamedTupleCursor) as cursor:
            for statement, parameters in calls:
                if statement.name not in known:
                    cursor.execute(f"PREPARE {statement.name} ({statement.types}) AS {statement.sql}")
                    known.add(statement.name)
                text.append(f"EXECUTE {statement.name} ({', '.join(['%s'] * len(parameters))})")
                values.extend(parameters)
            cursor.execute("; ".join(text), values)
            return cursor.fetchall() if cursor.description else []
    except psycopg2.Error as error:
        raise DBAPIError.instance(
            text[-1] if text else "PREPARE",
            None,
            error,
            psycopg2.Error,
            hide_parameters=True,
            dialect=db.engine.dialect,
        ) from error


def array_of(ids: Iterable[Any]) -> str:
    """Ids as PostgreSQL writes an array."""
    return "{" + ",".join(map(str, ids)) + "}"


def _raw_connection() -> PoolProxiedConnection:
    """The connection of the session's transaction, asked for once in it; what the session has not written goes first."""
    session = db.session()
    session.flush()
    transaction = session.get_transaction()
    kept = session.info.get("raw_connection")
    if transaction is not None and kept is not None and kept[0] is transaction:
        return kept[1]
    raw = session.connection().connection
    session.info["raw_connection"] = (session.get_transaction(), raw)
    return raw

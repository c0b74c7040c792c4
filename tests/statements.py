"""Counting what is asked of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from loyalty import prepared
from models import db


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """The SQL that runs inside, in order; of prepared statements their EXECUTE."""
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    class NotingCursor(prepared.NamedTupleCursor):
        def execute(self, query, values=None):
            if not query.startswith("PREPARE "):
                statements.append(query)
            return super().execute(query, values)

    usual, prepared.NamedTupleCursor = prepared.NamedTupleCursor, NotingCursor
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
        prepared.NamedTupleCursor = usual

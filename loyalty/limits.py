"""How often something may be tried. Exact across processes: PostgreSQL counts.

Windows stand still (the minute, the hour), so a caller may use one window's end and the next one's beginning together.
A try is counted in a transaction apart and stays counted when the caller's own is rolled back — a refused request is the
very thing to count.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from loyalty.errors import TooMany
from models import transaction_apart
from models.customer import Attempt

LONGEST_WINDOW = timedelta(days=1)
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


def check(bucket: str, *, limit: int, window: timedelta, now: datetime) -> None:
    """Count nothing, and raise `TooMany` where one more `hit` would.

    For what costs only when it fails: check, try, and hit on failure. As many as try at the same moment may go past.
    """
    name, start = _window(bucket, window, now)
    counted = select(Attempt.count).where(Attempt.bucket == name, Attempt.window_start == start)
    with transaction_apart() as connection:
        count = connection.scalar(counted)
    if (count or 0) >= limit:
        raise _too_many(start, window, now)


def hit(bucket: str, *, limit: int, window: timedelta, now: datetime, once: str | None = None) -> int:
    """Count one try and return how many there were in this window. Raises `TooMany` from try `limit` + 1 on.

    `bucket` says what is counted and for whom, at most 100 characters, a keyed hash in place of anything personal.
    `once` names the try: one that comes again, because what it was part of did not end, is not counted again.
    """
    name, start = _window(bucket, window, now)
    tried = insert(Attempt).values(bucket=name, window_start=start, count=1)
    counted = tried.on_conflict_do_update(
        index_elements=["bucket", "window_start"], set_={"count": Attempt.count + 1}
    ).returning(Attempt.count)
    with transaction_apart() as connection:
        if once is not None and is_counted(connection, mark := f"{name}:{once}", now):
            counted = select(Attempt.count).where(Attempt.bucket == name, Attempt.window_start == start)
        elif once is not None:
            note_counted(connection, mark, now)
        count = connection.scalar(counted) or 0
    if count > limit:
        raise _too_many(start, window, now)
    return count


def is_counted(connection: Connection, mark: str, now: datetime) -> bool:
    """Whether `note_counted` was called with this mark today."""
    name, start = _mark(mark, now)
    return (
        connection.scalar(select(Attempt.count).where(Attempt.bucket == name, Attempt.window_start == start))
        is not None
    )


def note_counted(connection: Connection, mark: str, now: datetime) -> None:
    """Remember, in the transaction that counts, that the try of this mark was counted."""
    name, start = _mark(mark, now)
    connection.execute(insert(Attempt).values(bucket=name, window_start=start, count=1).on_conflict_do_nothing())


def _mark(mark: str, now: datetime) -> tuple[str, datetime]:
    return _window(f"once:{sha256(mark.encode()).hexdigest()[:40]}", LONGEST_WINDOW, now)


def _window(bucket: str, window: timedelta, now: datetime) -> tuple[str, datetime]:
    """The counter's name and when its present window began."""
    assert timedelta(seconds=1) <= window <= LONGEST_WINDOW and len(bucket) <= 100
    return f"{bucket}/{window.total_seconds():.0f}", now - (now - _EPOCH) % window


def _too_many(start: datetime, window: timedelta, now: datetime) -> TooMany:
    return TooMany(math.ceil((start + window - now).total_seconds()))

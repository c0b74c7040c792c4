"""How often something may be tried. Exact across processes: PostgreSQL counts.

Windows stand still (the minute, the hour), so a caller may use one window's end and the next one's beginning together.
A try is counted in a transaction apart and stays counted when the caller's own is rolled back — a refused request is the
very thing to count.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from sqlalchemy.dialects.postgresql import insert

from loyalty.errors import TooMany
from models import transaction_apart
from models.customer import Attempt

LONGEST_WINDOW = timedelta(days=1)
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


def hit(bucket: str, *, limit: int, window: timedelta, now: datetime) -> int:
    """Count one try and return how many there were in this window. Raises `TooMany` from try `limit` + 1 on.

    `bucket` says what is counted and for whom, at most 100 characters, a keyed hash in place of anything personal.
    """
    assert timedelta(seconds=1) <= window <= LONGEST_WINDOW and len(bucket) <= 100
    start = now - (now - _EPOCH) % window
    tried = insert(Attempt).values(bucket=f"{bucket}/{window.total_seconds():.0f}", window_start=start, count=1)
    counted = tried.on_conflict_do_update(
        index_elements=["bucket", "window_start"], set_={"count": Attempt.count + 1}
    ).returning(Attempt.count)
    with transaction_apart() as connection:
        count = connection.scalar(counted)
    if count > limit:
        raise TooMany(math.ceil((start + window - now).total_seconds()))
    return count

"""What becomes of a partner's widget: it is seen, opened, signed in to, and people join or ask for points by it.

Seen, opened and signed in are counters of a day, with nobody in them: no visitor is known before the button is pressed, and
none is remembered for this after it. Joins and claims are counted where they are. Days are those of the partner's zone.
"""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError

from models import db, transaction_apart
from models.partner import Partner
from models.widget import WidgetDay

COUNTED = ("shown", "opened", "signed_in")
STEPS = (*COUNTED, "joined", "claimed")
"""In the order in which they follow one another."""
JOINED_BY = ("widget", "page:widget")
"""Places of consents: in the frame, and on our page that a link of the frame led to."""
A_MINUTE = 30
"""So many hits of one step that one address is believed in a minute: a browser makes one in five."""


class Sieve:
    """Lets so many through a minute for each key. Of this process and its memory alone: it keeps figures clean, no door shut."""

    def __init__(self, most: int = A_MINUTE, keys: int = 50_000):
        self._most, self._keys = most, keys
        self._minute, self._seen = None, {}
        self._lock = threading.Lock()

    def lets(self, key: object, now: datetime) -> bool:
        minute = now.replace(second=0, microsecond=0)
        with self._lock:
            if minute != self._minute:
                self._minute, self._seen = minute, {}
            count = self._seen.get(key, 0) + 1
            if count > self._most or len(self._seen) >= self._keys:
                return False
            self._seen[key] = count
            return True


_sieve = Sieve()


def note(partner: Partner, step: str, address: str, now: datetime) -> None:
    """Count one hit, whatever becomes of the request. Too many from one address are not believed.

    One small row a day; it is not waited for, neither its lock nor the disk: a figure is not worth a slow page.
    """
    if not _sieve.lets((partner.id, step, address), now):
        return
    try:
        with transaction_apart() as connection:
            connection.execute(text("SET LOCAL lock_timeout = '200ms'"))
            connection.execute(text("SET LOCAL synchronous_commit = off"))
            record(partner, step, now, connection=connection)
    except OperationalError:
        return


def record(partner: Partner, step: str, now: datetime, *, times: int = 1, connection: Connection | None = None) -> None:
    """Count in the caller's transaction (or on `connection`); as its last word, for others wait for the row."""
    assert step in COUNTED
    day = now.astimezone(ZoneInfo(partner.timezone)).date()
    written = insert(WidgetDay).values(partner_id=partner.id, day=day, **{step: times})
    column = WidgetDay.__table__.c[step]
    written = written.on_conflict_do_update(index_elements=["partner_id", "day"], set_={step: column + times})
    (connection or db.session).execute(written)


@dataclass(frozen=True)
class Day:
    day: date
    shown: int = 0
    opened: int = 0
    signed_in: int = 0
    joined: int = 0
    claimed: int = 0


@dataclass(frozen=True)
class Funnel:
    """`days` is each day of the period, the last one today; `before` sums up as many days before them."""

    since: date
    until: date
    days: list[Day]
    before: dict[str, int]
    total: dict[str, int] = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "total", sum_up(self.days))


_JOINED = text("""
    SELECT CAST(timezone(:zone, m.created_at) AS date) AS day, count(*) AS count
    FROM membership m
    WHERE m.partner_id = :partner AND m.created_at >= :since AND m.created_at < :until AND EXISTS (
        SELECT FROM consent c
        WHERE c.customer_id = m.customer_id AND c.kind = 'personal_data' AND c.partner_id = m.partner_id AND c.granted
          AND c.place = ANY(:places)
          AND c.at BETWEEN m.created_at - interval '1 hour' AND m.created_at + interval '1 hour')
    GROUP BY 1
""")
_CLAIMED = text("""
    SELECT CAST(timezone(:zone, created_at) AS date) AS day, count(*) AS count
    FROM claim
    WHERE partner_id = :partner AND source = 'web_widget' AND created_at >= :since AND created_at < :until
    GROUP BY 1
""")


def summarise(partner: Partner, *, days: int, now: datetime) -> Funnel:
    """The last `days` days, today included, beside as many before."""
    today = now.astimezone(ZoneInfo(partner.timezone)).date()
    first = today - timedelta(days=days - 1)
    found = _read(partner, first - timedelta(days=days), today)
    listed = [found.get(first + timedelta(days=n)) or Day(first + timedelta(days=n)) for n in range(days)]
    return Funnel(first, today, listed, sum_up(day for day in found.values() if day.day < first))


def sum_up(days: Iterable[Day]) -> dict[str, int]:
    listed = list(days)
    return {step: sum(getattr(day, step) for day in listed) for step in STEPS}


def write_csv(funnel: Funnel) -> str:
    """A line for each day; it begins with the mark by which spreadsheets know UTF-8."""
    buffer = io.StringIO()
    buffer.write("\ufeff")
    writer = csv.writer(buffer)
    writer.writerow(("day", *STEPS))
    for day in funnel.days:
        writer.writerow((day.day.isoformat(), *(getattr(day, step) for step in STEPS)))
    return buffer.getvalue()


def _read(partner: Partner, first: date, last: date) -> dict[date, Day]:
    rows: dict[date, dict[str, Any]] = {}
    counted = select(WidgetDay).where(WidgetDay.partner_id == partner.id, WidgetDay.day.between(first, last))
    for row in db.session.scalars(counted):
        rows[row.day] = {step: getattr(row, step) for step in COUNTED}
    zone = ZoneInfo(partner.timezone)
    asked = {
        "partner": partner.id,
        "zone": partner.timezone,
        "since": datetime.combine(first, time(), tzinfo=zone),
        "until": datetime.combine(last + timedelta(days=1), time(), tzinfo=zone),
    }
    for step, query, more in (("joined", _JOINED, {"places": list(JOINED_BY)}), ("claimed", _CLAIMED, {})):
        for row in db.session.execute(query, asked | more):
            rows.setdefault(row.day, {})[step] = row.count
    return {day: Day(day, **values) for day, values in rows.items()}

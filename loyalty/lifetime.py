"""When points become spendable and when they die (`ledger.md` rule 10). Pure: instants in, instants out."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from loyalty.types import Life


def available_at(sale_at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """When points of a sale leave the return window: 00:00 of (sale date + `days`) in the partner's zone, as UTC.

    With no window (`days` 0) it is the sale itself. Both dates are the partner's. Raises `ValueError` when `sale_at`
    has no offset or `days` is negative.
    """
    if days < 0:
        raise ValueError("a return window is never negative")
    if days == 0:
        return _require_offset(sale_at).astimezone(UTC)
    return _start_of_day(local_date(sale_at, zone) + timedelta(days=days), zone)


def expires_at(activated_at: datetime, life: Life | None, zone: ZoneInfo) -> datetime | None:
    """The first instant at which points are dead, as UTC; `None`: they never are.

    Life is counted from the activation date through the end of the last day: 31 January + 1 month lives through
    28 February, so the answer is 1 March 00:00 in the partner's zone.
    """
    if life is None:
        return None
    day = _add_months(local_date(activated_at, zone), life.months) + timedelta(days=life.days)
    return _start_of_day(day + timedelta(days=1), zone)


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar day of an instant in the partner's zone. Raises `ValueError` when the instant has no offset."""
    return _require_offset(instant).astimezone(zone).date()


def _require_offset(instant: datetime) -> datetime:
    if instant.utcoffset() is None:
        raise ValueError("an instant needs its UTC offset")
    return instant


def _start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The day's first instant. Where clocks jump over midnight, fold 0 reads 00:00 by the offset before the jump,
    which is the jump itself; where midnight comes twice, it is the first of the two (PEP 495)."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day when it is shorter."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))

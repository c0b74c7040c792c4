"""When points become spendable and when they die (`ledger.md` rule 10). Pure: instants in, instants out."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from loyalty.types import Life


def available_at(sale_at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """When points of a sale leave the return window: 00:00 of (sale date + `days`) in the partner's zone, as UTC.

    With no window (`days` 0) it is the sale itself. Both dates are the partner's. Raises `ValueError` without a zone.
    """
    raise NotImplementedError


def expires_at(activated_at: datetime, life: Life | None, zone: ZoneInfo) -> datetime | None:
    """The first instant at which points are dead, as UTC; `None`: they never are.

    Life is counted from the activation date through the end of the last day: 31 January + 1 month lives through
    28 February, so the answer is 1 March 00:00 in the partner's zone.
    """
    raise NotImplementedError

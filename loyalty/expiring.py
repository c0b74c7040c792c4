"""Points that are about to expire: what of them a person is told, and when.

Somebody whose points expire within `AHEAD` hears of everything that expires within `COVERED`, once: the next such message
is about points that this one did not cover, and never sooner than `APART` after it. So who earns a little every day,
and loses a little every day, hears of it once a week and each point at least once. Sums too small to come back for are
not told. Reserved points are told apart: they expire only if the till gives them back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from loyalty.prepared import Prepared
from loyalty.programmes import current_rules

AHEAD = timedelta(days=7)
COVERED = timedelta(days=14)
LEAST_WORTH = Decimal(10)
"""What points must pay at the partner's to be worth a message, in the partner's currency."""

_by_day = Prepared(
    "kopilka_expiring_by_day",
    "uuid, uuid, timestamptz, timestamptz",
    """
    SELECT timezone(p.timezone, l.expires_at - interval '1 microsecond')::date AS day,
           sum(l.remaining - l.held)::bigint AS points, sum(l.held)::bigint AS held, m.balance
    FROM lot l JOIN partner p ON p.id = l.partner_id
    JOIN membership m ON m.partner_id = l.partner_id AND m.id = l.membership_id
    WHERE l.partner_id = $1 AND l.membership_id = $2 AND l.remaining > 0 AND l.state = 'active'
          AND l.expires_at > $3 AND l.expires_at <= $4
    GROUP BY 1, m.balance ORDER BY 1
    """,
)


@dataclass(frozen=True)
class Expiring:
    """`first` of the points expire when `last_day` is over, all of them before `gone_by`; days are the partner's.

    `held` ones, with dates as near, are reserved. `balance` is the whole account's.
    """

    points: int
    first: int
    last_day: date
    gone_by: date
    held: int
    balance: int


def find_expiring(partner_id: UUID, membership_id: UUID, until: datetime, now: datetime) -> Expiring | None:
    """What of an account is about to expire by `until`; None when it is not worth telling."""
    days = _by_day(partner_id, membership_id, now, until)
    free = [one for one in days if one.points]
    points = sum(one.points for one in free)
    if points * current_rules(partner_id)[1].point_value < LEAST_WORTH:
        return None
    gone_by = free[-1].day + timedelta(days=1)
    held = sum(one.held for one in days)
    return Expiring(points, free[0].points, free[0].day, gone_by, held, days[0].balance)

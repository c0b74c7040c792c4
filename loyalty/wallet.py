"""What a person's points do next, over all partners: what waits, what a till holds, what expires; and how they moved.

Read after `accounts.list_accounts`, which lets time do what was due. Days are those of the partner's zone, as the
programme counts them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from loyalty.accounts import Account
from loyalty.prepared import Prepared

SHOWN = 50
"""How many rows of what waits and of what is held are listed."""


@dataclass(frozen=True)
class Expiring:
    """Free points that may be spent through `last_day`."""

    partner_id: UUID
    partner_name: str
    partner_code: str
    points: int
    last_day: date


@dataclass(frozen=True)
class Waiting:
    """Points credited that may be spent from `first_day` on."""

    partner_id: UUID
    partner_name: str
    partner_code: str
    points: int
    first_day: date


@dataclass(frozen=True)
class Held:
    """Points a till has reserved for a purchase that is not finished; free again after `until`."""

    partner_id: UUID
    partner_name: str
    partner_code: str
    points: int
    until: datetime


@dataclass(frozen=True)
class Month:
    """Points that came and went in one month, refunds taken off; all are zero or more but where refunds outweigh."""

    first_day: date
    earned: int
    spent: int
    expired: int


def list_expiring(accounts: Iterable[Account]) -> list[Expiring]:
    """What expires at which partner, the soonest first; each account gives its next dates only."""
    found = [
        Expiring(
            account.partner_id,
            account.partner_name,
            account.partner_code,
            dying["points"],
            _last_day(dying["at"], account.partner_timezone),
        )
        for account in accounts
        for dying in account.expiring
    ]
    return sorted(found, key=lambda one: (one.last_day, one.partner_name))


def _last_day(expires_at: datetime, timezone: str) -> date:
    """`expires_at` is exclusive: midnight after the last day."""
    return (expires_at - timedelta(microseconds=1)).astimezone(ZoneInfo(timezone)).date()


_waiting = Prepared(
    "kopilka_waiting",
    "uuid, bigint",
    """
    SELECT m.partner_id, p.name, p.code, p.timezone, l.available_at, sum(l.remaining) AS points
    FROM membership m
    JOIN partner p ON p.id = m.partner_id
    JOIN lot l ON l.partner_id = m.partner_id AND l.membership_id = m.id AND l.remaining > 0 AND l.state = 'pending'
    WHERE m.customer_id = $1 AND m.state = 'open' AND m.pending > 0
    GROUP BY 1, 2, 3, 4, 5 ORDER BY l.available_at, p.name LIMIT $2
    """,
)

_held = Prepared(
    "kopilka_held",
    "uuid, timestamptz, bigint",
    """
    SELECT m.partner_id, p.name, p.code, h.points, h.expires_at
    FROM membership m
    JOIN partner p ON p.id = m.partner_id
    JOIN hold h ON h.partner_id = m.partner_id AND h.membership_id = m.id AND h.state = 'open' AND h.points > 0
    WHERE m.customer_id = $1 AND m.state = 'open' AND m.held > 0 AND h.expires_at > $2
    ORDER BY h.expires_at, h.id LIMIT $3
    """,
)


def list_waiting(customer_id: UUID) -> list[Waiting]:
    """What becomes available at which partner, the soonest first."""
    return [
        Waiting(
            row.partner_id,
            row.name,
            row.code,
            int(row.points),
            row.available_at.astimezone(ZoneInfo(row.timezone)).date(),
        )
        for row in _waiting(customer_id, SHOWN)
    ]


def list_held(customer_id: UUID, now: datetime) -> list[Held]:
    """What tills hold at this moment, the soonest to be free again first."""
    return [
        Held(row.partner_id, row.name, row.code, row.points, row.expires_at) for row in _held(customer_id, now, SHOWN)
    ]


_by_month = Prepared(
    "kopilka_points_by_month",
    "uuid, varchar, timestamptz",
    """
    WITH RECURSIVE mine AS (
        SELECT partner_id, id FROM membership WHERE customer_id = $1 AND state <> 'merged'
        UNION
        SELECT m.partner_id, m.id FROM membership m
        JOIN mine ON m.partner_id = mine.partner_id AND m.merged_into = mine.id
    )
    SELECT date_trunc('month', timezone($2, e.occurred_at))::date AS first_day,
           coalesce(sum(e.points) FILTER (WHERE e.kind IN ('earn', 'bonus') OR (e.kind = 'manual' AND e.points > 0)
                                             OR (e.kind = 'reversal' AND e.points < 0)), 0)::bigint AS earned,
           coalesce(-sum(e.points) FILTER (WHERE e.kind = 'spend' OR (e.kind = 'manual' AND e.points < 0)
                                              OR (e.kind = 'reversal' AND e.points > 0)), 0)::bigint AS spent,
           coalesce(-sum(e.points) FILTER (WHERE e.kind = 'expire'), 0)::bigint AS expired
    FROM mine JOIN entry e ON e.partner_id = mine.partner_id AND e.membership_id = mine.id
    WHERE e.occurred_at >= $3 AND e.source_ref NOT LIKE 'merge:%'
    GROUP BY 1
    """,
)


def list_months(customer_id: UUID, *, months: int, timezone: str, now: datetime) -> list[Month]:
    """The last `months` months of the person's zone, the present one last, those without operations too.

    A correction by hand counts as earned or spent by its sign; what two accounts brought along when they became one
    counts once.
    """
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    first_days = [_month_before(today.replace(day=1), back) for back in reversed(range(months))]
    since = datetime.combine(first_days[0], datetime.min.time(), tzinfo=zone)
    found = {row.first_day: row for row in _by_month(customer_id, timezone, since)}
    return [
        Month(day, found[day].earned, found[day].spent, found[day].expired) if day in found else Month(day, 0, 0, 0)
        for day in first_days
    ]


def _month_before(first_day: date, back: int) -> date:
    months = first_day.year * 12 + first_day.month - 1 - back
    return date(months // 12, months % 12 + 1, 1)

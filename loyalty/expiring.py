"""Points that are about to expire: who is told, of what, and when.

Somebody whose points expire within `AHEAD` hears of everything that expires within `COVERED`: a wave. The next message is
about points that this one did not cover, or that came later, and not sooner than `APART` after it. So who earns a little
every day, and loses a little every day, hears of it once a week, and of each point some days before. Sums too small to
come back for are not told. Reserved points are told apart: they expire only if the till gives them back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from loyalty import outbox
from loyalty.prepared import Prepared
from loyalty.programmes import current_rules

AHEAD = timedelta(days=7)
COVERED = timedelta(days=14)
APART = timedelta(days=6, hours=12)
"""A little less than a week: what looks at one hour every day must not find each wave a day late."""
LEAST_WORTH = Decimal(10)
"""What points must pay at the partner's to be worth a message, in the partner's currency."""
SPREAD = timedelta(hours=6)
"""Over how long the messages of one day are spread, so that what just happened need not queue behind them."""
AT_ONCE = 500

_EVERYBODY = (datetime.min.replace(tzinfo=UTC), UUID(int=0), UUID(int=0))

# Whoever has a free point that expires by `ahead` has something due by then (`Membership.next_due_at`), so an index that
# is there anyway finds them in its order, some others among them; of these only the live lots are looked at.
_take_wave = Prepared(
    "kopilka_take_expiry_wave",
    "timestamptz, timestamptz, timestamptz, timestamptz, numeric, timestamptz, uuid, uuid, bigint",
    """
    WITH due AS (
        SELECT partner_id, id, next_due_at FROM membership
        WHERE next_due_at <= $2 AND (next_due_at, partner_id, id) > ($6, $7, $8) AND state = 'open'
        ORDER BY next_due_at, partner_id, id LIMIT $9
    ), taken AS (
        INSERT INTO expiry_notice (partner_id, membership_id, told_at, covered_until)
        SELECT due.partner_id, due.id, $1, $3
        FROM due
        JOIN partner p ON p.id = due.partner_id AND p.state = 'active' AND NOT 'expiring' = ANY (p.notices_off)
        LEFT JOIN expiry_notice told ON told.partner_id = due.partner_id AND told.membership_id = due.id
        CROSS JOIN LATERAL (
            SELECT sum(remaining - held) AS points,
                   bool_or(remaining > held AND expires_at <= $2
                           AND (told.told_at IS NULL OR expires_at > told.covered_until OR available_at > told.told_at))
                   AS is_news
            FROM lot
            WHERE lot.partner_id = due.partner_id AND lot.membership_id = due.id AND remaining > 0
                  AND lot.state = 'active' AND expires_at > $1 AND expires_at <= $3) soon
        WHERE soon.is_news AND (told.told_at IS NULL OR told.told_at <= $4)
              AND soon.points * coalesce((SELECT (rules ->> 'point_value')::numeric FROM programme g
                                          WHERE g.partner_id = due.partner_id ORDER BY version DESC LIMIT 1), 1) >= $5
        ORDER BY due.partner_id, due.id
        ON CONFLICT (partner_id, membership_id)
        DO UPDATE SET told_at = excluded.told_at, covered_until = excluded.covered_until
        WHERE expiry_notice.told_at <= $4
        RETURNING partner_id, membership_id
    )
    SELECT due.next_due_at, due.partner_id, due.id, taken.membership_id IS NOT NULL AS is_taken
    FROM due LEFT JOIN taken ON taken.partner_id = due.partner_id AND taken.membership_id = due.id
    ORDER BY due.next_due_at, due.partner_id, due.id
    """,
)

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


def announce_expiring(now: datetime, after: tuple | None = None, limit: int = AT_ONCE) -> tuple[int, tuple | None]:
    """Have the next members told what expires: how many, and what to go on `after`, None when nobody is left.

    A wave is taken, in the table of waves, in the transaction that announces it: whoever runs this again, at the same
    time or after a crash, finds it taken. The messages have no place among the member's others: one that waits for the
    morning must hold none of those up.
    """
    begin = after or _EVERYBODY
    seen = _take_wave(now, now + AHEAD, now + COVERED, now - APART, LEAST_WORTH, *begin, limit)
    taken = [(row.partner_id, row.id) for row in seen if row.is_taken]
    for partner_id, membership_id in taken:
        payload = {"membership_id": membership_id, "until": (now + COVERED).isoformat()}
        later = timedelta(seconds=membership_id.int % int(SPREAD.total_seconds()))
        outbox.announce("notify_expiring", payload, partner_id=partner_id, at=now + later)
    last = seen[-1] if len(seen) == limit else None
    return len(taken), (last.next_due_at, last.partner_id, last.id) if last else None


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

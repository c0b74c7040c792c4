"""What a person has, as their cabinet tells it: all partners at once, what happens to the points next, how they moved.

One query for the whole, however many partners there are. Days are those of the partner's zone, as the programme counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from loyalty import ledger
from loyalty.errors import CustomerNotFound
from loyalty.prepared import Prepared

SHOWN = 12
"""How many dates are listed for one account of each: what expires, what waits, what is held."""


@dataclass(frozen=True)
class Portion:
    """Points of one account to which something happens on a day (`day`) or at a moment (`at`)."""

    pocket: Pocket
    points: int
    day: date | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class Pocket:
    """One account. `accent` is the partner's colour, if it has chosen one, dark enough for white letters; `worth` is what the balance pays there; `segment` is the partner's word for the person, if it has one; where it `invites`, friends may be brought."""

    partner_id: UUID
    partner_name: str
    partner_code: str
    accent: str | None
    balance: int
    pending: int
    held: int
    worth: Decimal
    segment: str | None
    tier: str | None
    invites: bool
    _expiring: Any
    _waiting: Any
    _held: Any

    @property
    def expiring(self) -> list[Portion]:
        """Free points by the last day they may be spent on, the soonest first."""
        return [Portion(self, one["points"], day=date.fromisoformat(one["day"])) for one in self._expiring or ()]

    @property
    def waiting(self) -> list[Portion]:
        """Points credited by the first day they may be spent on, the soonest first."""
        return [Portion(self, one["points"], day=date.fromisoformat(one["day"])) for one in self._waiting or ()]

    @property
    def holds(self) -> list[Portion]:
        """What tills have reserved for purchases that are not finished, by the moment it is free again at the latest."""
        return [Portion(self, one["points"], at=datetime.fromisoformat(one["at"])) for one in self._held or ()]


@dataclass(frozen=True)
class Wallet:
    """Everything a person has; the account with the largest balance first."""

    timezone: str
    pockets: list[Pocket]

    @property
    def total(self) -> int:
        """The sum of the balances."""
        return sum(pocket.balance for pocket in self.pockets)

    @property
    def worth(self) -> Decimal:
        return sum((pocket.worth for pocket in self.pockets), Decimal(0))

    @property
    def pending(self) -> int:
        return sum(pocket.pending for pocket in self.pockets)

    @property
    def held(self) -> int:
        return sum(pocket.held for pocket in self.pockets)

    @property
    def expiring(self) -> list[Portion]:
        """What expires anywhere, the soonest first; of each account its next dates."""
        return _by_day(one for pocket in self.pockets for one in pocket.expiring)

    @property
    def waiting(self) -> list[Portion]:
        """What becomes available anywhere, the soonest first."""
        return _by_day(one for pocket in self.pockets for one in pocket.waiting)

    @property
    def holds(self) -> list[Portion]:
        """What is held anywhere, the soonest to be free again first."""
        return sorted((one for pocket in self.pockets for one in pocket.holds), key=lambda one: one.at)


def _by_day(portions: Any) -> list[Portion]:
    return sorted(portions, key=lambda one: (one.day, one.pocket.partner_name))


_pockets = Prepared(
    "kopilka_pockets",
    "uuid, timestamptz, bigint",
    """
    SELECT c.timezone, m.partner_id, m.id, m.balance, m.pending, m.held, m.next_due_at, m.segment, m.tier,
           coalesce((p.referral_terms ->> 'is_on')::boolean, false) AS invites, p.name, p.code, p.accent,
           coalesce((SELECT rules ->> 'point_value' FROM programme g WHERE g.partner_id = m.partner_id
                     ORDER BY version DESC LIMIT 1), '1') AS point_value,
           CASE WHEN m.next_due_at IS NOT NULL THEN (
               SELECT json_agg(x) FROM (
                   SELECT timezone(p.timezone, expires_at - interval '1 microsecond')::date AS day,
                          sum(remaining - lot.held) AS points
                   FROM lot WHERE lot.partner_id = m.partner_id AND lot.membership_id = m.id AND remaining > 0
                        AND lot.state = 'active' AND expires_at IS NOT NULL AND remaining > lot.held
                   GROUP BY 1 ORDER BY 1 LIMIT $3) x) END AS expiring,
           CASE WHEN m.pending > 0 THEN (
               SELECT json_agg(x) FROM (
                   SELECT timezone(p.timezone, available_at)::date AS day, sum(remaining) AS points
                   FROM lot WHERE lot.partner_id = m.partner_id AND lot.membership_id = m.id AND remaining > 0
                        AND lot.state = 'pending'
                   GROUP BY 1 ORDER BY 1 LIMIT $3) x) END AS waiting,
           CASE WHEN m.held > 0 THEN (
               SELECT json_agg(x) FROM (
                   SELECT h.expires_at AS at, h.points
                   FROM hold h WHERE h.partner_id = m.partner_id AND h.membership_id = m.id AND h.state = 'open'
                        AND h.points > 0 AND h.expires_at > $2
                   ORDER BY 1, h.id LIMIT $3) x) END AS holds
    FROM customer c
    LEFT JOIN membership m ON m.customer_id = c.id AND m.state = 'open'
    LEFT JOIN partner p ON p.id = m.partner_id
    WHERE c.id = $1
    ORDER BY m.balance DESC, p.name, m.id
    """,
)


def open_wallet(customer_id: UUID, now: datetime) -> Wallet:
    """Everything a person has, after time did what was due. Raises `CustomerNotFound`."""
    rows = _pockets(customer_id, now, SHOWN)
    due = [(row.partner_id, row.id) for row in rows if row.next_due_at is not None and row.next_due_at <= now]
    if due:
        ledger.bring_up_all(due, now)
        rows = _pockets(customer_id, now, SHOWN)
    if not rows:
        raise CustomerNotFound()
    pockets = [
        Pocket(
            row.partner_id,
            row.name,
            row.code,
            row.accent,
            row.balance,
            row.pending,
            row.held,
            (row.balance * Decimal(row.point_value)).quantize(Decimal("0.01")),
            row.segment,
            row.tier,
            row.invites,
            row.expiring,
            row.waiting,
            row.holds,
        )
        for row in rows
        if row.id is not None
    ]
    return Wallet(rows[0].timezone, pockets)


@dataclass(frozen=True)
class Month:
    """Points that came and went in one month, refunds taken off; all are zero or more but where refunds outweigh."""

    first_day: date
    earned: int
    spent: int
    expired: int


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

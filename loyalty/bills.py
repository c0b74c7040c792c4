"""What a partner's month comes to under its plans: the monthly sum by days, and a share of the turnover.

A day costs the dearest plan that was in force on it; a purchase pays the share of the plan it was bought under, and gives the
same back when it is returned, in the month in which that happens. Nothing is charged here: invoices are made from this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select, text

from loyalty.money import KOPECK
from loyalty.plans import Plan, find_plan
from models import db
from models.partner import Partner, PlanChange

_EVER = datetime.min.replace(tzinfo=UTC)
_NOTHING = Decimal("0.00")

History = list[tuple[datetime, Plan]]
"""Since when which plan is in force, the first since ever."""
Sums = Mapping[tuple[int, int, int], Decimal]
"""The turnover by year, month and place in the history."""


@dataclass(frozen=True)
class Stretch:
    """Days of a month under one plan: its part of the monthly sum, and of the turnover and the share what belongs to it."""

    plan: Plan
    since: datetime
    until: datetime
    monthly: Decimal
    turnover: Decimal
    share: Decimal

    @property
    def ends(self) -> datetime:
        """The last moment of it."""
        return self.until - timedelta(microseconds=1)

    @property
    def total(self) -> Decimal:
        return self.monthly + self.share


@dataclass(frozen=True)
class Bill:
    """What a month comes to so far: its stretches, the first first, and of the turnover never less than nothing.

    `turnover` is the checks of its purchases less what was returned in it; what was imported from before the programme
    does not count.
    """

    since: datetime
    until: datetime
    stretches: tuple[Stretch, ...]

    @property
    def plan(self) -> Plan:
        return self.stretches[-1].plan

    @property
    def turnover(self) -> Decimal:
        return max(sum((one.turnover for one in self.stretches), Decimal("0.00")), Decimal("0.00"))

    @property
    def monthly(self) -> Decimal:
        return sum((one.monthly for one in self.stretches), Decimal("0.00"))

    @property
    def share(self) -> Decimal:
        return max(sum((one.share for one in self.stretches), Decimal("0.00")), Decimal("0.00"))

    @property
    def total(self) -> Decimal:
        return self.monthly + self.share


_TURNOVER = text("""
    WITH place AS (
        SELECT p.id, p.timezone AS zone,
               coalesce(array_agg(c.at ORDER BY c.at, c.id) FILTER (WHERE c.id IS NOT NULL), '{}') AS moves,
               timezone(p.timezone, date_trunc('month', timezone(p.timezone, CAST(:at AS timestamptz)))
                        - make_interval(months => :back)) AS since,
               timezone(p.timezone, date_trunc('month', timezone(p.timezone, CAST(:at AS timestamptz)))
                        + make_interval(months => 1)) AS until
        FROM partner p LEFT JOIN plan_change c ON c.partner_id = p.id AND c.before <> c.after
        WHERE p.id = ANY(:partners) GROUP BY p.id
    ), moved AS (
        SELECT w.id, timezone(w.zone, b.occurred_at) AS at, width_bucket(b.occurred_at, w.moves) AS stretch, b.amount
        FROM place w JOIN purchase b ON b.partner_id = w.id AND b.occurred_at >= w.since AND b.occurred_at < w.until
        WHERE b.source <> 'import' AND b.kind <> 'history'
        UNION ALL
        SELECT w.id, timezone(w.zone, r.occurred_at), width_bucket(b.occurred_at, w.moves), -r.amount
        FROM place w JOIN refund r ON r.partner_id = w.id AND r.occurred_at >= w.since AND r.occurred_at < w.until
        JOIN purchase b ON b.partner_id = r.partner_id AND b.id = r.purchase_id
        WHERE b.source <> 'import' AND b.kind <> 'history'
    )
    SELECT id, CAST(extract(year FROM at) AS int) AS year, CAST(extract(month FROM at) AS int) AS month, stretch,
           sum(amount) AS amount
    FROM moved GROUP BY 1, 2, 3, 4
""")


def bill(partner: Partner, at: datetime) -> Bill:
    """The bill of the partner's month that `at` lies in, by its own clock, as far as it has come."""
    return list_bills(partner, at, 1)[0]


def bills_of(partners: Sequence[Partner], at: datetime) -> dict[UUID, Bill]:
    """The same of many partners, by their ids."""
    histories, sums = _histories(partners), _sum_turnover(partners, at, 0)
    return {
        one.id: _write_bill(_month_of(at, ZoneInfo(one.timezone)), histories[one.id], sums[one.id]) for one in partners
    }


def list_bills(partner: Partner, at: datetime, months: int) -> list[Bill]:
    """The bills of so many months up to the one that `at` lies in, the latest first; none from before the partner was."""
    zone = ZoneInfo(partner.timezone)
    begins, first = [_month_of(at, zone)], _month_of(partner.created_at, zone)
    while len(begins) < months and begins[-1] > first:
        begins.append(_month_of(begins[-1] - timedelta(days=1), zone))
    history, sums = _histories([partner])[partner.id], _sum_turnover([partner], at, len(begins) - 1)[partner.id]
    return [_write_bill(since, history, sums) for since in begins]


def estimate(plan: Plan, turnover: Decimal) -> Decimal:
    """What a whole month under a plan comes to at a turnover."""
    return plan.monthly + _share(plan, turnover)


@dataclass(frozen=True)
class PartnerLine:
    """A line of the platform's list of partners."""

    partner: Partner
    bill: Bill


def list_partners(query: str, at: datetime, *, after: UUID | None = None, limit: int = 20) -> list[PartnerLine]:
    """Partners with their running month, the newest first; of a query those with that code or with it in the name."""
    wanted = select(Partner).order_by(Partner.id.desc()).limit(limit)
    if query := query.strip():
        wanted = wanted.where(or_(Partner.code == query, Partner.name.icontains(query, autoescape=True)))
    if after is not None:
        wanted = wanted.where(Partner.id < after)
    found = db.session.scalars(wanted).all()
    bills = bills_of(found, at)
    return [PartnerLine(one, bills[one.id]) for one in found]


def _share(plan: Plan, turnover: Decimal) -> Decimal:
    return (turnover * plan.percent / 100).quantize(KOPECK, ROUND_HALF_UP)


def _month_of(at: datetime, zone: ZoneInfo) -> datetime:
    local = at.astimezone(zone)
    return datetime(local.year, local.month, 1, tzinfo=zone)


def _next_month(since: datetime) -> datetime:
    return since.replace(year=since.year + since.month // 12, month=since.month % 12 + 1)


def _histories(partners: Sequence[Partner]) -> dict[UUID, History]:
    moves = select(PlanChange).where(
        PlanChange.partner_id.in_([one.id for one in partners]), PlanChange.before != PlanChange.after
    )
    changes: dict[UUID, list[PlanChange]] = {one.id: [] for one in partners}
    for change in db.session.scalars(moves.order_by(PlanChange.at, PlanChange.id)):
        changes[change.partner_id].append(change)
    return {
        one.id: [
            (_EVER, find_plan(changes[one.id][0].before if changes[one.id] else one.plan)),
            *((change.at, find_plan(change.after)) for change in changes[one.id]),
        ]
        for one in partners
    }


def _sum_turnover(partners: Sequence[Partner], at: datetime, back: int) -> dict[UUID, Sums]:
    """Of the month that `at` lies in and so many before it."""
    found: dict[UUID, dict[tuple[int, int, int], Decimal]] = {one.id: {} for one in partners}
    for row in db.session.execute(_TURNOVER, {"partners": list(found), "at": at, "back": back}):
        found[row.id][row.year, row.month, row.stretch] = row.amount
    return found


def _write_bill(since: datetime, history: History, sums: Sums) -> Bill:
    until = _next_month(since)
    days = [since + timedelta(days=n) for n in range((until.date() - since.date()).days)]
    charged = [_find_dearest(day, history) for day in days]
    stretches = []
    for place, (begin, plan) in enumerate(history):
        end = history[place + 1][0] if place + 1 < len(history) else until
        turnover = sums.get((since.year, since.month, place), _NOTHING)
        if (begin < until and end > since) or turnover:
            monthly = (plan.monthly * charged.count(place) / len(days)).quantize(KOPECK, ROUND_HALF_UP)
            stretches.append(
                Stretch(plan, max(begin, since), min(end, until), monthly, turnover, _share(plan, turnover))
            )
    return Bill(since, until, tuple(stretches))


def _find_dearest(day: datetime, history: History) -> int:
    """The place in the history of the dearest plan that was in force on a day; of several the last."""
    ends = [*(begin for begin, _ in history[1:]), None]
    on = [
        place
        for place, ((begin, _), end) in enumerate(zip(history, ends, strict=True))
        if begin < day + timedelta(days=1) and (end is None or end > day)
    ]
    return max(on, key=lambda place: (history[place][1].monthly, place))

"""A partner's figures: what happened in the last days beside the days before, day by day and branch by branch.

Days are whole days of the partner's zone. Turnover is Σ checks net of refunds; `earned`, `spent`, `expired` are points of
entries dated in the period.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text

from loyalty import plans
from models import db
from models.ledger import Membership
from models.partner import Partner

BASIC_DAYS = 31
"""Of more days than these, and of one branch beside another, figures are the extended ones (`loyalty.plans`)."""

MORE_IS_BETTER: dict[str, bool | None] = {
    "turnover": True,
    "purchases": True,
    "average_check": True,
    "customers": True,
    "joined": True,
    "earned": None,
    "spent": None,
    "expired": None,
    "paid_with_points": None,
    "refunded": False,
}
"""The figures in the order in which they are told, and whether more of each is better; None: neither."""


def summarise_partner(
    partner: Partner, *, days: int, now: datetime, branch_id: UUID | None = None, to_this_hour: bool = False
) -> dict[str, Any]:
    """The last `days` days, today included, beside the equal period before.

    With `to_this_hour` that one ends on its last day at the time that it is now: a day that has just begun is not
    compared with a whole one. Raises `FeatureLocked` for more than a month, and for one branch alone.
    """
    if days > BASIC_DAYS or branch_id is not None:
        plans.require(partner, "extended_statistics")
    zone = ZoneInfo(partner.timezone)
    local = now.astimezone(zone)
    start, end = _bounds(local.date(), days, zone)
    before, before_end = _bounds(local.date() - timedelta(days=days), days, zone)
    if to_this_hour:
        before_end = datetime.combine(local.date() - timedelta(days=days), local.time(), tzinfo=zone)
    return {
        "period": {"from": start.date(), "to": local.date(), "days": days},
        "current": _figures(partner.id, start, end, branch_id),
        "previous": _figures(partner.id, before, before_end, branch_id),
        "members": _count_members(partner.id),
    }


@dataclass(frozen=True)
class Delta:
    """How a figure differs from the one before: in whole percents, and `times` more where it grew at least tenfold."""

    percent: int
    times: int | None


def compare(now: Decimal | int | None, before: Decimal | int | None) -> Delta | None:
    """None where there is nothing to compare. Only what is none at all has fallen by all of it."""
    if now is None or before is None or before <= 0:  # of less than nothing there is no share
        return None
    share = (Decimal(now) - Decimal(before)) / Decimal(before)
    whole = round(share, 2) if not now else max(round(share, 2), Decimal("-0.99"))
    return Delta(int(whole * 100), int(share) if whole >= 10 else None)


_BY_DAY = text("""
    SELECT CAST(timezone(:zone, occurred_at) AS date) AS day, sum(amount - refunded) AS turnover
    FROM purchase WHERE partner_id = :partner AND occurred_at >= :since AND occurred_at < :until
     AND (CAST(:branch AS uuid) IS NULL OR branch_id = :branch)
    GROUP BY 1
""")


def list_turnover(
    partner: Partner, *, days: int, now: datetime, branch_id: UUID | None = None
) -> list[tuple[date, Decimal]]:
    """The turnover of each of the last `days` days, today the last; it adds up to that of `summarise_partner`."""
    zone = ZoneInfo(partner.timezone)
    since, until = _bounds(now.astimezone(zone).date(), days, zone)
    parameters = {"partner": partner.id, "since": since, "until": until, "branch": branch_id, "zone": partner.timezone}
    found = {row.day: row.turnover for row in db.session.execute(_BY_DAY, parameters)}
    listed = [since.date() + timedelta(days=n) for n in range(days)]
    return [(day, found.get(day, Decimal(0))) for day in listed]


@dataclass(frozen=True)
class BranchFigures:
    """What one branch sold; without id and name: what was sold in none, as by an import."""

    branch_id: UUID | None
    name: str | None
    purchases: int
    turnover: Decimal


_BY_BRANCH = text("""
    SELECT b.id AS branch_id, b.name, coalesce(p.purchases, 0) AS purchases, coalesce(p.turnover, 0) AS turnover
    FROM (SELECT id, name, state FROM branch WHERE partner_id = :partner) b
    FULL JOIN (SELECT branch_id, count(*) FILTER (WHERE amount > refunded) AS purchases,
                      sum(amount - refunded) AS turnover
               FROM purchase WHERE partner_id = :partner AND occurred_at >= :since AND occurred_at < :until
               GROUP BY branch_id) p ON p.branch_id = b.id
    WHERE b.state = 'open' OR p.purchases IS NOT NULL
    ORDER BY turnover DESC, b.id
""")


def list_branch_figures(partner: Partner, *, days: int, now: datetime) -> list[BranchFigures]:
    """The open branches, and closed ones that sold something in these days, the largest turnover first.

    Raises `FeatureLocked`.
    """
    plans.require(partner, "extended_statistics")
    zone = ZoneInfo(partner.timezone)
    since, until = _bounds(now.astimezone(zone).date(), days, zone)
    rows = db.session.execute(_BY_BRANCH, {"partner": partner.id, "since": since, "until": until})
    return [BranchFigures(*row) for row in rows]


def _bounds(last: date, days: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When so many days up to `last` begin and end."""
    first, after = last - timedelta(days=days - 1), last + timedelta(days=1)
    return datetime.combine(first, time(), tzinfo=zone), datetime.combine(after, time(), tzinfo=zone)


_FIGURES = text("""
    SELECT p.purchases, p.turnover, p.customers, p.paid_with_points, p.refunded, e.earned, e.spent, e.expired, n.joined
    FROM (SELECT count(*) FILTER (WHERE amount > refunded) AS purchases,
                 coalesce(sum(amount - refunded), 0) AS turnover,
                 coalesce(sum(refunded), 0) AS refunded,
                 coalesce(sum(paid_with_points), 0) AS paid_with_points,
                 count(DISTINCT membership_id) FILTER (WHERE amount > refunded) AS customers
          FROM purchase WHERE partner_id = :partner AND occurred_at >= :since AND occurred_at < :until
           AND (CAST(:branch AS uuid) IS NULL OR branch_id = :branch)) p,
         (SELECT coalesce(sum(e.points) FILTER (WHERE e.kind IN ('earn', 'bonus')
                          OR (e.kind = 'reversal' AND e.points < 0)), 0) AS earned,
                 coalesce(-sum(e.points) FILTER (WHERE e.kind = 'spend'
                          OR (e.kind = 'reversal' AND e.points > 0)), 0) AS spent,
                 coalesce(-sum(e.points) FILTER (WHERE e.kind = 'expire'), 0) AS expired
          FROM entry e
          WHERE e.partner_id = :partner AND e.occurred_at >= :since AND e.occurred_at < :until
            AND (CAST(:branch AS uuid) IS NULL OR EXISTS (
                SELECT FROM purchase d
                WHERE d.partner_id = e.partner_id AND d.id = e.purchase_id AND d.branch_id = :branch))) e,
         (SELECT count(*) AS joined FROM membership
          WHERE partner_id = :partner AND created_at >= :since AND created_at < :until AND state = 'open') n
""")


def _figures(partner_id: UUID, since: datetime, until: datetime, branch_id: UUID | None) -> dict[str, Any]:
    parameters = {"partner": partner_id, "since": since, "until": until, "branch": branch_id}
    figures = db.session.execute(_FIGURES, parameters).one()._asdict()
    for name in ("earned", "spent", "expired"):
        figures[name] = int(figures[name])
    count = figures["purchases"]
    figures["average_check"] = (figures["turnover"] / count).quantize(Decimal("0.01")) if count else None
    return figures


def _count_members(partner_id: UUID) -> dict[str, int]:
    row = db.session.execute(
        select(
            func.count().label("total"),
            func.coalesce(func.sum(Membership.balance), 0).label("balance"),
            func.coalesce(func.sum(Membership.pending), 0).label("pending"),
        ).where(Membership.partner_id == partner_id, Membership.state == "open")
    ).one()
    return {"total": row.total, "balance": int(row.balance), "pending": int(row.pending)}

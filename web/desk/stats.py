"""The partner's figures: the last days beside the equal period before."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import Blueprint, g, render_template, request
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy

from loyalty import figures, partners
from loyalty.clock import utcnow
from web.access import staff
from web.desk.fields import branch_choices, read_branch
from web.formats import write_money, write_number, write_percent, write_signed

blueprint = Blueprint("desk_stats", __name__, url_prefix="/partner/stats")

PERIODS = (7, 30, 90)
FIGURES = {
    "turnover": (lazy("Turnover"), write_money),
    "purchases": (lazy("Purchases"), write_number),
    "average_check": (lazy("Average check"), write_money),
    "customers": (lazy("Customers who bought"), write_number),
    "joined": (lazy("New customers"), write_number),
    "earned": (lazy("Points earned"), write_number),
    "spent": (lazy("Points spent"), write_number),
    "expired": (lazy("Points expired"), write_number),
    "paid_with_points": (lazy("Paid with points"), write_money),
    "refunded": (lazy("Returned to customers"), write_money),
}
"""What each is called and how it is written."""


@dataclass(frozen=True)
class Figure:
    label: str
    value: str
    before: str
    delta: str | None
    change: str


@blueprint.get("")
@staff("stats:read")
def show_stats():
    """Figures of the last 7, 30 or 90 days, of all branches or of one.

    Raises `FeatureLocked` for what only the extended figures have.
    """
    days = request.args.get("days", 30, type=int)
    days = days if days in PERIODS else 30
    is_extended = "extended_statistics" in g.me.place.features
    branch_id = read_branch(request.args.get("branch_id"))
    if branch_id is not None:
        partners.get_branch(g.me.partner_id, branch_id)
    found = figures.summarise_partner(g.me.partner, days=days, now=utcnow(), branch_id=branch_id)
    return render_template(
        "partner/stats.html",
        days=days,
        periods=PERIODS,
        is_extended=is_extended,
        branches=branch_choices(g.me.partner_id, branch_id) if is_extended else [],
        branch_id=str(branch_id or ""),
        period=found["period"],
        members=found["members"],
        figures=[_compare(name, found["current"], found["previous"]) for name in FIGURES],
        is_empty=not any((found["current"][name] or found["previous"][name]) for name in FIGURES),
    )


def _compare(name: str, current: dict[str, Any], previous: dict[str, Any]) -> Figure:
    label, write = FIGURES[name]
    now, before = current[name], previous[name]
    delta, change = figures.compare(now, before), "plain"
    if delta is not None and delta.percent and figures.MORE_IS_BETTER[name] is not None:
        change = "good" if (delta.percent > 0) == figures.MORE_IS_BETTER[name] else "bad"
    return Figure(
        label=str(label),
        value="—" if now is None else write(now),
        before=gettext("before: %(value)s", value="—" if before is None else write(before)),
        delta=None if delta is None else _write_delta(delta),
        change=change,
    )


def _write_delta(delta: figures.Delta) -> str:
    if delta.times is not None:
        return gettext("%(times)s times", times=write_signed(delta.times))
    sign = "+" if delta.percent > 0 else ""
    return sign + write_percent(Decimal(delta.percent) / 100).replace("-", "\N{MINUS SIGN}")

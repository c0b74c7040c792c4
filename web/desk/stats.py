"""The partner's figures: the last days beside the equal period before."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import Blueprint, g, render_template, request
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy

from loyalty import accounts, partners
from loyalty.clock import utcnow
from web.access import staff
from web.desk.fields import branch_choices, read_branch
from web.formats import write_money, write_number, write_percent, write_signed

blueprint = Blueprint("desk_stats", __name__, url_prefix="/partner/stats")

PERIODS = (7, 30, 90)
FIGURES = {
    "turnover": (lazy("Turnover"), write_money, True),
    "purchases": (lazy("Purchases"), write_number, True),
    "average_check": (lazy("Average check"), write_money, True),
    "customers": (lazy("Customers who bought"), write_number, True),
    "joined": (lazy("New customers"), write_number, True),
    "earned": (lazy("Points earned"), write_number, None),
    "spent": (lazy("Points spent"), write_number, None),
    "expired": (lazy("Points expired"), write_number, None),
    "paid_with_points": (lazy("Paid with points"), write_money, None),
    "refunded": (lazy("Returned to customers"), write_money, False),
}
"""What each is called, how it is written, and whether more is better; None: neither."""


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
    """Figures of the last 7, 30 or 90 days, of all branches or of one."""
    days = request.args.get("days", 30, type=int)
    days = days if days in PERIODS else 30
    branch_id = read_branch(request.args.get("branch_id"))
    if branch_id is not None:
        partners.get_branch(g.me.partner_id, branch_id)
    found = accounts.summarise_partner(g.me.partner, days=days, now=utcnow(), branch_id=branch_id)
    return render_template(
        "partner/stats.html",
        days=days,
        periods=PERIODS,
        branches=branch_choices(g.me.partner_id, branch_id),
        branch_id=str(branch_id or ""),
        period=found["period"],
        members=found["members"],
        figures=[_compare(name, found["current"], found["previous"]) for name in FIGURES],
        is_empty=not any((found["current"][name] or found["previous"][name]) for name in FIGURES),
    )


def _compare(name: str, current: dict[str, Any], previous: dict[str, Any]) -> Figure:
    label, write, more_is_better = FIGURES[name]
    now, before = current[name], previous[name]
    delta, change = None, "plain"
    if now is not None and before:
        share = (Decimal(now) - Decimal(before)) / Decimal(before)
        delta = _write_delta(share, is_none=not now)
        if round(share, 2) and more_is_better is not None:
            change = "good" if (share > 0) == more_is_better else "bad"
    return Figure(
        label=str(label),
        value="—" if now is None else write(now),
        before=gettext("before: %(value)s", value="—" if before is None else write(before)),
        delta=delta,
        change=change,
    )


def _write_delta(share: Decimal, *, is_none: bool) -> str:
    """In whole percents; only what is none at all has fallen by all of it."""
    whole = round(share, 2) if is_none else max(round(share, 2), Decimal("-0.99"))
    if abs(whole) >= 10:
        return gettext("%(times)s times", times=write_signed(int(share)))
    return ("+" if whole > 0 else "") + write_percent(abs(whole) if whole == 0 else whole).replace(
        "-", "\N{MINUS SIGN}"
    )

"""What becomes of the widget, at the desk: from being seen to people who joined, with a picture, a table and a file."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from flask import Blueprint, Response, g, render_template, request
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy

from loyalty import widget, widget_funnel
from loyalty.clock import utcnow
from loyalty.widget_funnel import STEPS, Day, Funnel
from web.access import staff
from web.formats import write_day, write_number, write_percent
from web.pictures import Bar, draw_bars

blueprint = Blueprint("desk_widget_stats", __name__, url_prefix="/partner/widget/stats")

PERIODS = {7: 1, 30: 5, 90: 15}
"""The days that can be looked at, and how many of them are one group of the picture."""
TITLES = {
    "shown": lazy("Seen"),
    "opened": lazy("Opened"),
    "signed_in": lazy("Signed in"),
    "joined": lazy("Joined"),
    "claimed": lazy("Asked for points"),
}
DRAWN = ("opened", "signed_in", "joined")
"""Those that are of one size."""


@dataclass(frozen=True)
class Step:
    """`share` is of the step before; `bar` is of the largest of all, in hundredths."""

    title: str
    value: int
    before: int
    share: str | None
    bar: int


@blueprint.get("")
@staff("stats:read")
def show_funnel():
    """The last 7, 30 or 90 days beside as many before."""
    days = _days()
    found = widget_funnel.summarise(g.me.partner, days=days, now=utcnow())
    return render_template(
        "partner/widget_stats.html",
        days=days,
        periods=PERIODS,
        funnel=found,
        steps=list_steps(found),
        titles=TITLES,
        drawn=DRAWN,
        picture=_draw(found, PERIODS[days]),
        is_empty=not any(found.total.values()) and not any(found.before.values()),
        has_sites=bool(widget.list_sites(g.me.partner_id)),
    )


@blueprint.get("/export.csv")
@staff("export:read")
def export_funnel():
    """The same days as a table."""
    found = widget_funnel.summarise(g.me.partner, days=_days(), now=utcnow())
    name = f"widget-{found.since.isoformat()}-{found.until.isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(widget_funnel.write_csv(found), mimetype="text/csv", headers=headers)


def list_steps(funnel: Funnel) -> list[Step]:
    """Each step of the funnel. Of a step larger than the one before it no share is told: people sign in and join elsewhere."""
    most, listed, last = max(funnel.total.values()), [], None
    for step in STEPS:
        value = funnel.total[step]
        share = write_percent(round(Decimal(value) / last, 2)) if last and value <= last and step != "claimed" else None
        listed.append(Step(str(TITLES[step]), value, funnel.before[step], share, value * 100 // most if most else 0))
        last = value
    return listed


def _days() -> int:
    days = request.args.get("days", 30, type=int)
    return days if days in PERIODS else 30


def _draw(funnel: Funnel, size: int):
    groups = [_group(funnel.days[n : n + size]) for n in range(0, len(funnel.days), size)]
    told = {step: write_number(funnel.total[step]) for step in DRAWN}
    label = gettext("Opened %(opened)s times, signed in %(signed_in)s, joined %(joined)s", **told)
    return draw_bars(groups, label)


def _group(days: list[Day]) -> Bar:
    total = widget_funnel.sum_up(days)
    first, last = write_day(days[0].day), write_day(days[-1].day)
    when = first if len(days) == 1 else f"{first} – {last}"
    sentences = tuple(f"{when}: {TITLES[step]} {write_number(total[step])}" for step in DRAWN)
    return Bar(f"{days[0].day:%d.%m}", tuple(total[step] for step in DRAWN), sentences)

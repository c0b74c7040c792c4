"""Tiers at the desk: a table of levels, the window in which they are reached, and what a refund does."""

from __future__ import annotations

from decimal import Decimal
from itertools import zip_longest
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as lazy
from wtforms import BooleanField, RadioField, SelectChoice

from loyalty import tiers
from loyalty.clock import utcnow
from loyalty.errors import LoyaltyError
from loyalty.rules import plain_number
from loyalty.tiers import MEASURES, MOST_LEVELS, WINDOWS, read_scheme
from loyalty.types import TierScheme
from models.transactions import in_transaction
from web.access import staff
from web.desk.programme_form import Number, write
from web.forms import Form
from web.promotions import say_threshold
from web.terms import write_factor

blueprint = Blueprint("desk_tiers", __name__, url_prefix="/partner/tiers")

SPARE_ROWS = 3
MEASURE_NAMES = {"spent": lazy("Money spent"), "earned": lazy("Points earned by purchases")}
WINDOW_NAMES = {
    "year": lazy("The calendar year; what was reached lasts through the next one"),
    "days": lazy("The last days"),
    "ever": lazy("All the time; a tier is never lost"),
}
FIELDS = ("name", "threshold", "factor")


class TiersForm(Form):
    measure = RadioField(lazy("What counts"), choices=[SelectChoice(one, MEASURE_NAMES[one]) for one in MEASURES])
    window = RadioField(lazy("In what time"), choices=[SelectChoice(one, WINDOW_NAMES[one]) for one in WINDOWS])
    days = Number(lazy("How many last days"))
    falls_on_refund = BooleanField(lazy("A refund may lower a tier at once; otherwise it lasts to the end of its time"))


@blueprint.get("")
@staff("programme:read")
def show_tiers():
    """The tiers in words, and the table for who may change them."""
    scheme = read_scheme(g.me.partner.tier_scheme)
    data: dict[str, Any] = {"measure": "spent", "window": "days", "days": "365"}
    rows = []
    if scheme is not None:
        data = {
            "measure": scheme.measure,
            "window": scheme.window,
            "days": write(scheme.days),
            "falls_on_refund": scheme.falls_on_refund,
        }
        rows = [(one.name, write(one.threshold), write(one.factor)) for one in scheme.levels]
    return _show(TiersForm(formdata=None, data=data), rows)


@blueprint.post("")
@staff("programme:write")
def save_tiers():
    """Tiers are so from now on; rows without a name, sum and factor are left out, and without rows there are no tiers."""
    form = TiersForm()
    rows = list(zip_longest(*(request.form.getlist(name)[:MOST_LEVELS] for name in FIELDS), fillvalue=""))
    rows = [row for row in rows if any(text.strip() for text in row)]

    def put() -> None:
        scheme = read_scheme(_read(form, rows) if rows else {})
        tiers.set_scheme(g.me.partner, scheme, by=g.me.customer_id, now=utcnow())

    try:
        in_transaction(put)
    except LoyaltyError as refused:
        if refused.field == "days":
            form.days.errors = [*form.days.errors, gettext("Enter a whole number of days from 1 to 3650.")]
        else:
            form.refusals.append(
                gettext(
                    "Check the levels: each has a name of its own, a sum above zero and a factor from 1 to 100; every next "
                    "one begins at a larger sum and does not give less."
                )
            )
        return _show(form, rows), 422
    flash(gettext("The tiers are saved. Everybody's tier is looked at within minutes."), "success")
    return redirect(url_for(".show_tiers"), 303)


def _read(form: TiersForm, rows: list[tuple[str, str, str]]) -> dict[str, Any]:
    days = plain_number(form.days.data)
    return {
        "measure": form.measure.data,
        "window": form.window.data,
        "days": (int(days) if days.isascii() and days.isdecimal() and len(days) < 6 else days)
        if form.window.data == "days"
        else None,
        "falls_on_refund": bool(form.falls_on_refund.data),
        "levels": [
            {"name": name, "threshold": plain_number(threshold), "factor": plain_number(factor)}
            for name, threshold, factor in rows
        ],
    }


def _show(form: TiersForm, rows: list[tuple[str, str, str]]) -> str:
    scheme = read_scheme(g.me.partner.tier_scheme)
    spare = min(SPARE_ROWS, MOST_LEVELS - len(rows))
    return render_template(
        "partner/tiers.html", form=form, rows=[*rows, *[("", "", "")] * spare], told=_tell(scheme) if scheme else []
    )


def _tell(scheme: TierScheme) -> list[str]:
    """«Серебро: от 10 000 ₽ за 365 дней, ×1,2»."""
    return [
        gettext(
            "%(name)s: from %(sum)s %(window)s, %(factor)s",
            name=one.name,
            sum=say_threshold(one.threshold, scheme.measure),
            window=_say_window(scheme),
            factor=write_factor(Decimal(one.factor)),
        )
        for one in scheme.levels
    ]


def _say_window(scheme: TierScheme) -> str:
    if scheme.window == "days":
        return ngettext("in %(num)s day", "in %(num)s days", scheme.days)
    return gettext("in a calendar year") if scheme.window == "year" else gettext("in all the time")

"""A promotion as a form: each kind asks for what it needs, everything else waits under more conditions."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import get_day_names
from flask import g, request
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as lazy
from wtforms import DateField, RadioField, SelectChoice, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput

from loyalty import services
from loyalty.errors import InvalidPromotion
from loyalty.plans import plan_that_opens
from loyalty.promotions import CHOSEN
from loyalty.rules import plain_number
from models.promotion import PromotionRow
from web.audiences import read_rule
from web.desk.fields import strip
from web.desk.programme_form import Number, write
from web.forms import Deed, Form
from web.plans import name_plan
from web.promotions import AUDIENCES

EFFECTS = {
    "multiplier": ("factor",),
    "fixed": ("points",),
    "category": ("percent", "points"),
    "happy_hours": ("factor", "points"),
}
"""What a kind may give; others give points or a factor."""
OWN = {
    "category": ("catalogue", "categories"),
    "happy_hours": ("days", "since", "until"),
    "second_visit": ("within_days",),
    "birthday": ("before", "after"),
    "return": ("within_days",),
}
"""What a kind asks for beyond that."""
MORE = (
    "min_amount", "catalogue", "categories", "days", "since", "until", "audience", "tiers", "most_uses", "per_person", "per_day",
    "life_days",
)  # fmt: skip
DRAFTS = {
    "birthday": {"before": "3", "after": "3"},
    "second_visit": {"within_days": "30"},
    "return": {"within_days": "60"},
}
SHOWN = 200
"""So many services are there to tick; the names of others are typed."""
VISITS = {"welcome": "first", "second_visit": "second", "return": "return"}
FIELDS = {"rate": "percent", "hours": "days", "birthday": "before", "visit": "within_days"}
"""The core's words for what the form calls otherwise."""


class PromotionForm(Deed):
    name = StringField(lazy("Its name, as customers read it"), filters=[strip], render_kw={"maxlength": 200})
    factor = Number(lazy("How many times as many points"), decimal=True)
    points = Number(lazy("Points as a gift"))
    percent = Number(lazy("Percent of these lines in points"), decimal=True)
    catalogue = SelectMultipleField(lazy("Of the catalogue"), validate_choice=False, option_widget=CheckboxInput())
    categories = TextAreaField(lazy("Other categories"), render_kw={"rows": 3, "maxlength": 20_000})
    within_days = Number(lazy("Days since the last visit"))
    before = Number(lazy("Days before it"))
    after = Number(lazy("Days after it"))
    days = SelectMultipleField(lazy("On these days"), validate_choice=False, option_widget=CheckboxInput())
    since = StringField(lazy("From o'clock"), filters=[strip])
    until = StringField(lazy("To o'clock"), filters=[strip])
    starts_on = DateField(lazy("First day"), validators=[Optional()])
    ends_on = DateField(lazy("Last day"), validators=[Optional()])
    budget = Number(lazy("Budget, points in all"))
    min_amount = Number(lazy("Check from"), decimal=True)
    audience = RadioField(lazy("For whom"), validate_choice=False)
    tiers = TextAreaField(lazy("Tiers"), render_kw={"rows": 2, "maxlength": 500})
    most_uses = Number(lazy("Uses in all"))
    per_person = Number(lazy("Times a person"))
    per_day = Number(lazy("Times a person in a day"))
    life_days = Number(lazy("Its points live, days"))


def prepare(form: PromotionForm, partner_id: UUID) -> PromotionForm:
    """The form with its choices: categories and services of the catalogue as `category:…` and `service:…`."""
    form.audience.choices = [SelectChoice(name, _name_audience(name)) for name in AUDIENCES]
    sold = services.list_services(partner_id, limit=SHOWN)
    form.catalogue.choices = [
        SelectChoice(f"category:{name}", gettext("Category “%(name)s”", name=name))
        for name in dict.fromkeys(row.category for row in sold if row.category)
    ]
    form.catalogue.choices += [SelectChoice(f"service:{row.name}", row.name) for row in sold]
    names = get_day_names("wide", locale=get_locale())
    form.days.choices = [SelectChoice(str(day), names[day - 1]) for day in range(1, 8)]
    return form


def _name_audience(name: str) -> str:
    if name in CHOSEN and "targeting" not in g.me.place.features:
        plan = name_plan(plan_that_opens("targeting").code)
        return gettext("%(audience)s — opened by the plan %(plan)s", audience=AUDIENCES[name], plan=plan)
    return str(AUDIENCES[name])


def effects_of(kind: str) -> tuple[str, ...]:
    return EFFECTS.get(kind, ("points", "factor"))


def own_fields(kind: str) -> tuple[str, ...]:
    return OWN.get(kind, ())


def more_fields(kind: str) -> tuple[str, ...]:
    """What stays under more conditions: a factor is of the whole check, and lives as all earned points."""
    left_out = {*own_fields(kind)} | ({"catalogue", "categories", "life_days"} if kind == "multiplier" else set())
    return tuple(name for name in MORE if name not in left_out)


def begin(kind: str) -> dict[str, Any]:
    """What an empty form of a kind shows."""
    return {"audience": "all"} | DRAFTS.get(kind, {})


def fill(row: PromotionRow, zone: ZoneInfo, form: PromotionForm) -> dict[str, Any]:
    """What the form shows of a draft; of several hours of the week the first, and the others stay as they are."""
    terms = row.terms
    ours = {choice.value for choice in form.catalogue.choices}
    named = [*(f"category:{name}" for name in terms.get("categories", ()))]
    named += [f"service:{name}" for name in terms.get("services", ())]
    hours = (terms.get("hours") or [{}])[0]
    birthday = terms.get("birthday") or ("", "")
    plain = ("points", "within_days", "budget", "most_uses", "per_person", "per_day", "life_days")
    return {
        "name": row.name,
        "factor": _shown(terms.get("factor")),
        "percent": _shown(terms.get("rate"), 2),
        "min_amount": _shown(terms.get("min_amount")),
        "catalogue": named,
        "categories": "\n".join(name for name in terms.get("categories", ()) if f"category:{name}" not in ours),
        "tiers": "\n".join(terms.get("tiers", ())),
        "audience": terms["audience"],
        "days": [str(day) for day in hours.get("days", ())],
        "since": hours.get("since", ""),
        "until": hours.get("until", ""),
        "before": str(birthday[0]),
        "after": str(birthday[1]),
        "starts_on": row.starts_at.astimezone(zone).date(),
        "ends_on": (row.ends_at.astimezone(zone) - timedelta(microseconds=1)).date() if row.ends_at else None,
    } | {name: write(terms.get(name)) for name in plain}


def read_terms(form: PromotionForm, kind: str, row: PromotionRow | None = None) -> dict[str, Any]:
    """The terms as the core reads them; what is no number stays as it was typed, and the core refuses it."""
    visible = (*effects_of(kind), *own_fields(kind), *more_fields(kind), "budget")
    typed = {name: form[name].data for name in visible if form[name].data}
    terms: dict[str, Any] = {"audience": typed.get("audience", "all")}
    whole = ("points", "within_days", "budget", "most_uses", "per_person", "per_day", "life_days")
    terms |= {name: _whole(typed[name]) for name in whole if name in typed}
    terms |= {name: plain_number(typed[name]) for name in ("factor", "min_amount") if name in typed}
    terms |= {name: _lines(typed[name]) for name in ("categories", "tiers") if name in typed and _lines(typed[name])}
    if terms["audience"] != "tier":
        terms.pop("tiers", None)
    for chosen in typed.get("catalogue", ()):
        of, _, name = chosen.partition(":")
        named = terms.setdefault({"category": "categories"}.get(of, "services"), [])
        if name not in named:
            named.append(name)
    if row is not None:  # of services that are sold no more nothing can be ticked: they stay
        kept = {choice.value for choice in form.catalogue.choices}
        gone = [name for name in row.terms.get("services", ()) if f"service:{name}" not in kept]
        if gone and "catalogue" in visible:
            terms["services"] = [*terms.get("services", ()), *gone]
    if "percent" in typed:
        terms["rate"] = _share(typed["percent"])
    if typed.keys() & {"days", "since", "until"}:
        terms["hours"] = [
            {"days": [int(day) for day in typed.get("days", ()) if day in "1234567"]}
            | {name: typed.get(name, "").zfill(5) for name in ("since", "until")},
            *(row.terms.get("hours", ())[1:] if row is not None else ()),
        ]
    if kind in VISITS:
        terms["visit"] = VISITS[kind]
    if kind == "birthday":
        terms["birthday"] = [_whole(form.before.data or "0"), _whole(form.after.data or "0")]
    if terms["audience"] == "rule":
        terms["rule"] = read_rule(request.form) or (row.terms.get("rule") if row is not None else None)
    return terms


def read_dates(form: PromotionForm, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime | None]:
    """From the first day, or now, to the end of the last."""
    for field, name in ((form.starts_on, "starts_on"), (form.ends_on, "ends_on")):
        if field.raw_data and field.raw_data[0] and not _is_day(field.data):
            raise InvalidPromotion("must be a day", field=name)
    starts, ends = form.starts_on.data, form.ends_on.data
    begins = _midnight(starts, zone) if starts else now
    if starts == now.astimezone(zone).date():
        begins = min(now, begins + timedelta(days=1))
    return begins, _midnight(ends + timedelta(days=1), zone) if ends else None


def show_refusal(form: Form, refused: InvalidPromotion) -> None:
    """Say beside the field what it may be."""
    core = refused.field or ""
    name = {"ends_at": "ends_on"}.get(core, FIELDS.get(core, core))
    if name in form and name in ADVICE:
        form[name].errors = [*form[name].errors, str(ADVICE[name])]
    else:
        form.refusals.append(str(ADVICE.get(name, ADVICE[""])))


ADVICE = {
    "": lazy("Check the terms of the promotion."),
    "factor": lazy("Fill in one of what it gives: a number above 1 and up to 100 for how many times, or points."),
    "points": lazy("Enter a whole number from 1 to 1 000 000."),
    "percent": lazy("Enter a percent from 0.01 to 100."),
    "categories": lazy("Name at least one category, one a line; a factor goes without categories."),
    "within_days": lazy("Enter a whole number of days from 1 to 3650."),
    "before": lazy("Enter whole numbers of days from 0 to 30."),
    "days": lazy("Choose days and enter both hours, such as 14:00."),
    "ends_on": lazy("The last day must not be before the first one or in the past."),
    "starts_on": lazy("Enter a day."),
    "budget": lazy("Enter a whole number of points above zero."),
    "min_amount": lazy("Enter a sum above zero."),
    "tiers": lazy("Name the tiers, one a line."),
    "rule": lazy("Check the rule: every condition needs a field, a comparison that goes with it, and a value."),
    "most_uses": lazy("Enter a whole number above zero."),
    "per_person": lazy("Enter a whole number above zero."),
    "per_day": lazy("Enter a whole number from 1 to 1000."),
    "life_days": lazy("Enter a whole number of days from 1 to 3650; it goes with points, not with a factor."),
}


def _is_day(value: date | None) -> bool:
    return value is not None and 2000 <= value.year <= 2100


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _lines(text: str) -> list[str]:
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def _whole(text: str) -> int | str:
    typed = plain_number(text)
    return int(typed) if re.fullmatch(r"[0-9]{1,15}", typed) else typed


def _share(text: str) -> str:
    typed = plain_number(text)
    return f"{Decimal(typed).scaleb(-2):f}" if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,4})?", typed) else typed


def _shown(written: str | None, places: int = 0) -> str:
    return write(Decimal(written).scaleb(places)) if written is not None else ""

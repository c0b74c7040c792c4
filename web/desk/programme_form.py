"""The programme as a form: percents as percents, a comma or a point, an empty field for what there is not.

Which numbers a rule may be, and how they are typed, is the core's (`loyalty.rules`); here they are only named.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as lazy
from wtforms import BooleanField, HiddenField, RadioField, SelectChoice, SelectField, StringField, TextAreaField

from loyalty.errors import InvalidProgramme
from loyalty.rules import RANGES, Birthday, LargeCheck, Rules, range_to_type, read_typed
from web.forms import Form

FIELDS = {
    "rate": "rate",
    "welcome_bonus": "welcome_bonus",
    "vip_factor": "vip_factor",
    "large_check.factor": "large_factor",
    "large_check.above_percent": "large_percent",
    "large_check.min_purchases": "large_purchases",
    "birthday.factor": "birthday_factor",
    "birthday.days_before": "birthday_before",
    "birthday.days_after": "birthday_after",
    "point_value": "point_value",
    "min_spend": "min_spend",
    "max_share": "max_share",
    "points_step": "points_step",
    "pending_days": "pending_days",
    "base_life_months": "life",
    "base_life_days": "life",
    "bonus_life_days": "bonus_life",
    "grace_days": "grace_days",
    "hold_minutes": "hold_minutes",
    "eligible_categories": "categories",
    "combine": "combine",
    "clawback": "clawback",
}
"""Each setting of the core and the field that shows it."""


class Number(StringField):
    """A number as people write it."""

    def __init__(self, label: Any, *, decimal: bool = False, **options: Any):
        style = {"inputmode": "decimal" if decimal else "numeric", "autocomplete": "off", "maxlength": 20, "size": 8}
        super().__init__(label, render_kw=style, filters=[lambda text: (text or "").strip()], **options)


class ProgrammeForm(Form):
    version = HiddenField()

    rate = Number(lazy("Percent of the check given in points"), decimal=True)
    welcome_bonus = Number(lazy("Points for joining"))

    vip_factor = Number(lazy("VIP: how many times more"), decimal=True)
    birthday_factor = Number(lazy("Birthday: how many times"), decimal=True)
    birthday_before = Number(lazy("Days before it"))
    birthday_after = Number(lazy("Days after it"))
    large_factor = Number(lazy("Large check: how many times"), decimal=True)
    large_percent = Number(lazy("Above their usual check by, percent"), decimal=True)
    large_purchases = Number(lazy("After so many purchases"))
    combine = RadioField(
        lazy("When several multipliers apply"),
        choices=[
            SelectChoice("multiply", lazy("They multiply each other")),
            SelectChoice("best", lazy("Only the largest counts")),
        ],
    )

    point_value = Number(lazy("One point pays"), decimal=True)
    min_spend = Number(lazy("Fewest points to spend at once"))
    max_share = Number(lazy("Points pay at most, percent of the check"), decimal=True)

    life = Number(lazy("Points for purchases live"))
    life_unit = SelectField(
        lazy("Unit of their life"), choices=[SelectChoice("months", lazy("months")), SelectChoice("days", lazy("days"))]
    )
    bonus_life = Number(lazy("Bonus points live, days"))
    pending_days = Number(lazy("New points wait, days"))

    points_step = Number(lazy("Points are spent in steps of"))
    categories = TextAreaField(lazy("Only these categories earn points"), render_kw={"rows": 3, "maxlength": 100_000})
    clawback = RadioField(
        lazy("When a purchase is returned"),
        choices=[
            SelectChoice("debt", lazy("Take back all it earned; what is missing is taken from later points")),
            SelectChoice("within_balance", lazy("Take back what the balance has, forgive the rest")),
            SelectChoice("pending_only", lazy("Take back only points that still wait")),
        ],
    )
    grace_days = Number(lazy("Expired points that a return gives back live, days"))
    hold_minutes = Number(lazy("A till reserves points for, minutes"))


class TryForm(Form):
    """An imagined purchase."""

    amount = Number(lazy("Check"), decimal=True)
    is_vip = BooleanField(lazy("VIP customer"))
    on_birthday = BooleanField(lazy("Has a birthday"))
    points = Number(lazy("Pays with points"))
    average_check = Number(lazy("Usual check"), decimal=True)
    purchases = Number(lazy("Purchases so far"))


def fill(rules: Rules) -> dict[str, Any]:
    """What the form shows for these rules."""
    large = rules.large_check or LargeCheck(Decimal(0), Decimal(50), 3)
    birthday = rules.birthday or Birthday(Decimal(0), 3, 3)
    return {
        "rate": write(rules.rate.scaleb(2)),
        "welcome_bonus": write(rules.welcome_bonus),
        "vip_factor": write(rules.vip_factor),
        "birthday_factor": write(birthday.factor or None),
        "birthday_before": write(birthday.days_before),
        "birthday_after": write(birthday.days_after),
        "large_factor": write(large.factor or None),
        "large_percent": write(large.above_percent),
        "large_purchases": write(large.min_purchases),
        "combine": rules.combine,
        "point_value": write(rules.point_value),
        "min_spend": write(rules.min_spend),
        "max_share": write(rules.max_share),
        "life": write(rules.base_life_months or rules.base_life_days),
        "life_unit": "days" if rules.base_life_days else "months",
        "bonus_life": write(rules.bonus_life_days),
        "pending_days": write(rules.pending_days),
        "points_step": write(rules.points_step),
        "categories": "\n".join(rules.eligible_categories or ()),
        "clawback": rules.clawback,
        "grace_days": write(rules.grace_days),
        "hold_minutes": write(rules.hold_minutes),
    }


def read(form: ProgrammeForm) -> dict[str, Any]:
    """The rules as the core reads them; what is no number stays as it was typed, and the core refuses it."""
    months = form.life_unit.data != "days"
    names = list(dict.fromkeys(line.strip() for line in (form.categories.data or "").splitlines() if line.strip()))
    return {
        "rate": _number(form, "rate"),
        "welcome_bonus": _number(form, "welcome_bonus"),
        "vip_factor": _optional(form, "vip_factor"),
        "birthday": _record(form, "birthday", "factor", "days_before", "days_after"),
        "large_check": _record(form, "large_check", "factor", "above_percent", "min_purchases"),
        "combine": form.combine.data,
        "point_value": _number(form, "point_value"),
        "min_spend": _number(form, "min_spend"),
        "max_share": _number(form, "max_share"),
        "base_life_months": _optional(form, "base_life_months") if months else None,
        "base_life_days": None if months else _optional(form, "base_life_days"),
        "bonus_life_days": _optional(form, "bonus_life_days"),
        "pending_days": _number(form, "pending_days"),
        "points_step": _number(form, "points_step"),
        "eligible_categories": names or None,
        "clawback": form.clawback.data,
        "grace_days": _number(form, "grace_days"),
        "hold_minutes": _number(form, "hold_minutes"),
    }


def show_refusal(form: ProgrammeForm, refused: InvalidProgramme) -> None:
    """Say beside each field what it may be."""
    for name in refused.errors:
        field = form[FIELDS.get(name, "rate")]
        field.errors = [*field.errors, _say_rule(name)]


def write(value: Decimal | int | None) -> str:
    """As it stands in a field: no thousands, the decimal sign of the language, nothing for none."""
    return "" if value is None else format_decimal(value, "0.######", locale=get_locale())


def _number(form: ProgrammeForm, setting: str) -> int | str:
    return read_typed(setting, form[FIELDS[setting]].data)


def _optional(form: ProgrammeForm, setting: str) -> int | str | None:
    return _number(form, setting) if form[FIELDS[setting]].data else None


def _record(form: ProgrammeForm, setting: str, factor: str, *others: str) -> dict[str, Any] | None:
    """A multiplier with what belongs to it; none when its factor is empty."""
    if not form[FIELDS[f"{setting}.{factor}"]].data:
        return None
    return {name: _number(form, f"{setting}.{name}") for name in (factor, *others)}


def _say_rule(name: str) -> str:
    if name not in RANGES:
        return str(_OTHER[name])
    allowed = range_to_type(name)
    values = {"low": write(allowed.low), "high": write(allowed.high)}
    if not allowed.places:
        return gettext("Enter a whole number from %(low)s to %(high)s.", **values)
    places = allowed.places
    return gettext("Enter a number from %(low)s to %(high)s, at most %(n)s digits after the comma.", n=places, **values)


_OTHER = {
    "combine": lazy("Choose one of the two."),
    "eligible_categories": lazy("List up to 500 categories of up to 200 characters, one a line."),
    "clawback": lazy("Choose one; “only points that still wait” needs a waiting time of a day or more."),
}

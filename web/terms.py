"""A programme's terms, and how a purchase's points came about, in words. The facts are `loyalty.terms` and the breakdown."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal
from flask_babel import get_locale, gettext, ngettext
from flask_babel import lazy_gettext as lazy

from loyalty.terms import Change, Term
from web.formats import write_money, write_number, write_percent, write_points, write_signed

NAMES = {
    "rate": lazy("Points for a purchase"),
    "vip": lazy("VIP customers"),
    "large_check": lazy("Large check"),
    "birthday": lazy("Birthday"),
    "combine": lazy("Several multipliers"),
    "categories": lazy("What earns points"),
    "welcome_bonus": lazy("Points for joining"),
    "point_value": lazy("Worth of a point"),
    "min_spend": lazy("Least to spend"),
    "max_share": lazy("Share of the check"),
    "points_step": lazy("Step of spending"),
    "pending": lazy("Return window"),
    "life": lazy("Life of points"),
    "bonus_life": lazy("Life of bonus points"),
    "clawback": lazy("Returns"),
    "grace": lazy("Points given back late"),
    "hold": lazy("Reservation at the till"),
}
MOST_NAMES = 5
"""How many categories a sentence names."""
GROUPS = {
    "earning": lazy("How points are earned"),
    "spending": lazy("How points are spent"),
    "life": lazy("How long points live"),
    "returns": lazy("Returns and tills"),
}


def say_term(term: Term) -> str:
    """The term as a short sentence, also when it is off."""
    return _SAY[term.kind](**term.values)


def say_change(change: Change) -> str:
    """«Points for a purchase: 7 % of the check (was: 5 % of the check)»."""
    values = {"name": NAMES[change.kind], "after": say_term(change.after), "before": say_term(change.before)}
    return gettext("%(name)s: %(after)s (was: %(before)s)", **values)


def say_step(step: dict[str, str]) -> tuple[str, str]:
    """One step of a breakdown: what it is, and the sum or points it comes to."""
    return _STEPS[step["kind"]](step)


def write_factor(factor: Decimal | str) -> str:
    """«×1,5»."""
    return "×" + format_decimal(Decimal(factor), "#,##0.####", locale=get_locale())


def _say_rate(percent: Decimal) -> str:
    return gettext("%(percent)s of the check", percent=_percent(percent))


def _say_vip(factor: Decimal | None) -> str:
    return gettext("%(factor)s for VIP customers", factor=write_factor(factor)) if factor else gettext("no multiplier")


def _say_large_check(factor: Decimal | None, above_percent: Decimal | None, min_purchases: int | None) -> str:
    if not factor:
        return gettext("no multiplier")
    return ngettext(
        "%(factor)s when the check is %(percent)s above the customer's own average, after %(num)s purchase",
        "%(factor)s when the check is %(percent)s above the customer's own average, after %(num)s purchases",
        min_purchases,
        factor=write_factor(factor),
        percent=_percent(above_percent),
    )


def _say_birthday(factor: Decimal | None, days_before: int | None, days_after: int | None) -> str:
    if not factor:
        return gettext("no multiplier")
    written = write_factor(factor)
    if not days_before and not days_after:
        return gettext("%(factor)s on the birthday", factor=written)
    before = ngettext("%(num)s day before", "%(num)s days before", days_before)
    after = ngettext("%(num)s day after", "%(num)s days after", days_after)
    return gettext(
        "%(factor)s on the birthday, %(before)s and %(after)s it", factor=written, before=before, after=after
    )


def _say_combine(how: str) -> str:
    return gettext("multiply each other") if how == "multiply" else gettext("only the largest counts")


def _say_categories(names: tuple[str, ...] | None) -> str:
    if not names:
        return gettext("everything in the check")
    shown, rest = ", ".join(names[:MOST_NAMES]), len(names) - MOST_NAMES
    if rest <= 0:
        return gettext("only: %(names)s", names=shown)
    return ngettext("only: %(names)s and %(num)s more", "only: %(names)s and %(num)s more", rest, names=shown)


def _say_welcome_bonus(points: int) -> str:
    return gettext("%(points)s to a new customer", points=write_points(points)) if points else gettext("none")


def _say_point_value(money: Decimal) -> str:
    return gettext("1 point pays %(money)s", money=write_money(money))


def _say_min_spend(points: int) -> str:
    if points <= 1:
        return gettext("any number of points")
    return ngettext("from %(n)s point", "from %(n)s points", points, n=write_number(points))


def _say_max_share(percent: Decimal) -> str:
    if not percent:
        return gettext("points cannot be spent")
    return (
        gettext("points pay the whole check")
        if percent == 100
        else gettext("points pay up to %(percent)s of the check", percent=_percent(percent))
    )


def _say_points_step(points: int) -> str:
    return gettext("in steps of %(points)s", points=write_number(points)) if points > 1 else gettext("by single points")


def _say_pending(days: int) -> str:
    if not days:
        return gettext("points can be spent at once")
    return ngettext(
        "points can be spent %(num)s day after the purchase",
        "points can be spent %(num)s days after the purchase",
        days,
    )


def _say_life(months: int | None, days: int | None) -> str:
    if months:
        return ngettext("expire in %(num)s month", "expire in %(num)s months", months)
    return _say_days(days)


def _say_days(days: int | None) -> str:
    return ngettext("expire in %(num)s day", "expire in %(num)s days", days) if days else gettext("never expire")


def _say_clawback(how: str) -> str:
    return {
        "debt": gettext("what was earned is taken back in full, if need be from later points"),
        "within_balance": gettext("what was earned is taken back as far as the balance goes"),
        "pending_only": gettext("only points that still wait are taken back"),
    }[how]


def _say_grace(days: int) -> str:
    if not days:
        return gettext("they have expired already")
    return ngettext("live %(num)s day more", "live %(num)s days more", days)


def _say_hold(minutes: int) -> str:
    return ngettext("%(num)s minute", "%(num)s minutes", minutes)


_SAY: dict[str, Callable[..., str]] = {
    "rate": _say_rate,
    "vip": _say_vip,
    "large_check": _say_large_check,
    "birthday": _say_birthday,
    "combine": _say_combine,
    "categories": _say_categories,
    "welcome_bonus": _say_welcome_bonus,
    "point_value": _say_point_value,
    "min_spend": _say_min_spend,
    "max_share": _say_max_share,
    "points_step": _say_points_step,
    "pending": _say_pending,
    "life": _say_life,
    "bonus_life": _say_days,
    "clawback": _say_clawback,
    "grace": _say_grace,
    "hold": _say_hold,
}


def _percent(percent: Decimal) -> str:
    return write_percent(percent.scaleb(-2))


# How points came about


def _factor_step(name: Any) -> Callable[[dict[str, str]], tuple[str, str]]:
    return lambda step: (f"{name} {write_factor(step['factor'])}", _exact(step["points"]))


def _promoted(step: dict[str, str], what: str) -> str:
    return gettext("“%(name)s” %(what)s", name=step["name"], what=what)


_STEPS: dict[str, Callable[[dict[str, str]], tuple[str, str]]] = {
    "check": lambda step: (gettext("Check"), write_money(step["amount"])),
    "order_discount": lambda step: (gettext("Discount on the check"), _less(step["amount"])),
    "paid_with_points": lambda step: (gettext("Paid with points"), _less(step["amount"])),
    "not_eligible": lambda step: (gettext("Earns no points"), _less(step["amount"])),
    "base": lambda step: (
        gettext(
            "%(percent)s of %(money)s", percent=write_percent(Decimal(step["rate"])), money=write_money(step["amount"])
        ),
        _exact(step["points"]),
    ),
    "vip": _factor_step(lazy("VIP")),
    "tier": lambda step: (_promoted(step, write_factor(step["factor"])), _exact(step["points"])),
    "large_check": _factor_step(lazy("Large check")),
    "birthday": _factor_step(lazy("Birthday")),
    "promotion": lambda step: (_promoted(step, write_factor(step["factor"])), _exact(step["points"])),
    "promotion_bonus": lambda step: (_promoted(step, write_signed(int(step["bonus"]))), _exact(step["points"])),
    "rounding": lambda step: (gettext("Rounded down"), _exact(step["points"])),
}


def _less(amount: str) -> str:
    return write_money(-Decimal(amount))


def _exact(points: str) -> str:
    """Points before rounding may have a fraction: two places tell enough."""
    number = Decimal(points)
    if number == number.to_integral_value():
        return write_points(int(number))
    return gettext("%(n)s points", n=format_decimal(number, "#,##0.##", locale=get_locale()))

"""A promotion's terms, and where somebody stands among the tiers, in words."""

from __future__ import annotations

from decimal import Decimal

from babel.dates import get_day_names
from flask_babel import get_locale, gettext, ngettext
from flask_babel import lazy_gettext as lazy

from loyalty.offers import Hours, Terms
from loyalty.tiers import TierStanding
from web.audiences import say_rule
from web.formats import write_money, write_number, write_percent, write_points
from web.terms import write_factor

KINDS = {
    "multiplier": (lazy("More points"), lazy("Every purchase earns several times as many: “double points this week”.")),
    "fixed": (lazy("Points as a gift"), lazy("So many points for a check from a sum: “100 points from 1 000 ₽”.")),
    "category": (lazy("For a category"), lazy("More for certain goods or services: “10 % of colouring in points”.")),
    "happy_hours": (lazy("Happy hours"), lazy("At quiet hours: “double points on weekdays from 14:00 to 17:00”.")),
    "welcome": (lazy("First visit"), lazy("For the first purchase: “200 points to begin with”.")),
    "second_visit": (lazy("Second visit"), lazy("So that they come again: “300 points if you return within 30 days”.")),
    "birthday": (lazy("For a birthday"), lazy("Around the birthday, once: “500 points, three days before and after”.")),
    "return": (lazy("We have missed you"), lazy("Who has not come for long: “400 points after 60 days away”.")),
}
"""Each kind's name, and what it is with an example, in the order in which they are offered."""

STATES = {"draft": lazy("draft"), "on": lazy("is on"), "stopped": lazy("was stopped")}

AUDIENCES = {
    "all": lazy("Everybody"),
    "new": lazy("Who has not bought yet"),
    "tier": lazy("Who has a tier"),
    "list": lazy("Who is on its list"),
    "rule": lazy("Whom a rule chooses"),
}


def say_effect(terms: Terms) -> str:
    """«×2», «100 баллов», «10 % в баллах»."""
    if terms.factor is not None:
        return gettext("points %(factor)s", factor=write_factor(terms.factor))
    if terms.points is not None:
        return write_points(terms.points)
    return gettext("%(percent)s in points", percent=write_percent(terms.rate))


def list_conditions(terms: Terms) -> list[str]:
    """What must hold and how much there is of it, a short sentence each."""
    found = []
    if terms.is_for_lines:
        found.append(gettext("for: %(names)s", names=", ".join(terms.line_names)))
    if terms.min_amount is not None:
        found.append(gettext("check from %(amount)s", amount=write_money(terms.min_amount)))
    found += [_say_hours(one) for one in terms.hours]
    if (visit := _say_visit(terms)) is not None:
        found.append(visit)
    if terms.birthday is not None:
        found.append(
            gettext(
                "birthday: %(before)s days before and %(after)s after",
                before=terms.birthday[0],
                after=terms.birthday[1],
            )
        )
    if terms.audience == "tier":
        found.append(gettext("tiers: %(names)s", names=", ".join(terms.tiers)))
    elif terms.audience == "rule":
        found.append(gettext("for whom: %(who)s", who=say_rule(terms.rule)))
    elif terms.audience != "all":
        found.append(gettext("for whom: %(who)s", who=AUDIENCES[terms.audience]))
    found += _list_limits(terms)
    return found


def _list_limits(terms: Terms) -> list[str]:
    limits = (
        (terms.budget, lambda n: gettext("budget: %(points)s", points=write_points(n))),
        (terms.most_uses, lambda n: gettext("%(n)s uses in all", n=write_number(n))),
        (terms.per_person, lambda n: gettext("%(n)s a person", n=write_number(n))),
        (terms.per_day, lambda n: gettext("%(n)s a person in a day", n=write_number(n))),
        (terms.life_days, lambda n: ngettext("its points live %(num)s day", "its points live %(num)s days", n)),
    )
    return [say(value) for value, say in limits if value is not None]


def _say_hours(hours: Hours) -> str:
    names = get_day_names("abbreviated", locale=get_locale())
    days = ", ".join(names[day - 1] for day in hours.days)
    return gettext(
        "%(days)s %(since)s–%(until)s", days=days, since=f"{hours.since:%H:%M}", until=f"{hours.until:%H:%M}"
    )


def _say_visit(terms: Terms) -> str | None:
    days = terms.within_days
    if terms.visit == "first":
        return gettext("first purchase")
    if terms.visit == "second":
        if days is None:
            return gettext("second purchase")
        return ngettext("second purchase within %(num)s day", "second purchase within %(num)s days", days)
    if terms.visit == "return":
        return ngettext("after %(num)s day away", "after %(num)s days away", days)
    return None


def say_standing(standing: TierStanding) -> str:
    """«Серебро ×1,2; до уровня «Золото» осталось 4 000 ₽»."""
    parts = []
    if standing.tier is not None:
        parts.append(f"{standing.tier} {write_factor(standing.factor)}")
    if standing.following is not None:
        missing = say_threshold(standing.missing, standing.measure)
        parts.append(gettext("%(sum)s more to the tier “%(name)s”", sum=missing, name=standing.following))
    return "; ".join(parts)


def say_threshold(amount: Decimal, measure: str) -> str:
    """What a tier begins at: «10 000 ₽» spent, «500 баллов» earned."""
    return write_money(amount) if measure == "spent" else write_points(int(amount))

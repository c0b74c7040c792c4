"""The terms of a programme (`loyalty.terms`) as short sentences."""

from __future__ import annotations

from bot.texts import Words
from loyalty.terms import Term

_MOST_NAMES = 5
"""How many categories a sentence names."""


def say_term(term: Term, words: Words, currency: str) -> str:
    """The term in a few words, also when it is off."""
    form = _FORMS.get(term.kind, lambda _: "")(term.values)
    if term.kind == "min_spend":
        return words(f"term_{term.kind}{form}", points=words.of_points(term.values["points"]))
    values = {name: _write(name, value, words, currency) for name, value in term.values.items() if value is not None}
    return words(f"term_{term.kind}{form}", **values)


def _write(name: str, value: object, words: Words, currency: str) -> str:
    if name == "names":
        rest = len(value) - _MOST_NAMES
        return ", ".join(value[:_MOST_NAMES]) + (words("term_more_names", count=words.number(rest)) if rest > 0 else "")
    if name == "points":
        return words.points(value)
    if name == "money":
        return words.money(value, currency)
    if name == "factor":
        return words.factor(value)
    if name in ("percent", "above_percent"):
        return words.decimal(value)
    if name in ("days", "days_before", "days_after", "months", "minutes"):
        return words.count(f"count_{name.partition('_')[0]}", value)
    return words.number(value) if isinstance(value, int) else str(value)


_FORMS = {
    "vip": lambda values: "" if values["factor"] else "_off",
    "large_check": lambda values: "" if values["factor"] else "_off",
    "birthday": lambda values: "" if values["factor"] else "_off",
    "combine": lambda values: f"_{values['how']}",
    "categories": lambda values: "" if values["names"] else "_off",
    "welcome_bonus": lambda values: "" if values["points"] else "_off",
    "min_spend": lambda values: "" if values["points"] > 1 else "_off",
    "max_share": lambda values: {0: "_none", 100: "_off"}.get(values["percent"], ""),
    "points_step": lambda values: "" if values["points"] > 1 else "_off",
    "pending": lambda values: "" if values["days"] else "_off",
    "life": lambda values: "_months" if values["months"] else "_days" if values["days"] else "_off",
    "bonus_life": lambda values: "" if values["days"] else "_off",
    "clawback": lambda values: f"_{values['how']}",
    "grace": lambda values: "" if values["days"] else "_off",
}
"""Which of its texts a term is told by, where it has several."""

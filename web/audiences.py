"""A rule that chooses customers: as a sentence, and as rows of a form (field, comparison, value)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from itertools import zip_longest
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as lazy
from werkzeug.datastructures import MultiDict

from loyalty.rules import plain_number
from loyalty.targeting import FIELDS, Group, Leaf
from web.formats import write_number

ROWS = 5
"""So many conditions has the form; longer rules and nested ones come by the API."""
NAMES = {
    "visits": lazy("number of purchases"),
    "spent": lazy("spent, ₽"),
    "average_check": lazy("average check, ₽"),
    "last_purchase_days": lazy("days since the last purchase"),
    "balance": lazy("points on the account"),
    "birthday_in_days": lazy("days to the birthday"),
    "is_vip": lazy("VIP"),
    "tier": lazy("tier"),
}
OPERATORS = {
    ">=": lazy("at least"),
    "<=": lazy("at most"),
    "=": lazy("is"),
    "!=": lazy("is not"),
    ">": lazy("more than"),
    "<": lazy("less than"),
    "is_null": lazy("is not known"),
    "is_not_null": lazy("is known"),
}
_MORE = {"between": lazy("between"), "in": lazy("is one of"), "not_in": lazy("is none of")}


def say_rule(rule: Group | Leaf) -> str:
    """“number of purchases at least 3 and days since the last purchase more than 60”."""
    if isinstance(rule, Leaf):
        return _say_leaf(rule)
    word = gettext("and") if rule.combinator == "and" else gettext("or")
    parts = [f"({say_rule(one)})" if isinstance(one, Group) else say_rule(one) for one in rule.rules]
    said = f" {word} ".join(parts)
    return gettext("not (%(rule)s)", rule=said) if rule.is_negated else said


def is_simple(rule: Group) -> bool:
    """Whether the form's rows can show it."""
    plain = all(isinstance(one, Leaf) and one.operator in OPERATORS for one in rule.rules)
    return plain and not rule.is_negated and len(rule.rules) <= ROWS


def write_rows(rule: Group | None) -> list[tuple[str, str, str]]:
    """The rows that show a simple rule, and empty ones up to the form's number."""
    leaves = rule.rules if rule is not None and is_simple(rule) else ()
    rows = [(one.field, one.operator, _write_value(one.value)) for one in leaves]
    return [*rows, *[("", ">=", "")] * (ROWS - len(rows))]


def list_typed(form: MultiDict) -> list[tuple[str, str, str]]:
    """The rows as they were sent."""
    sent = (form.getlist(name)[:ROWS] for name in ("rule_field", "rule_operator", "rule_value"))
    return [tuple(text.strip() for text in row) for row in zip_longest(*sent, fillvalue="")]


def read_rule(form: MultiDict) -> dict[str, Any] | None:
    """The rule of the rows in the language of `loyalty.targeting`, which checks it; None where no field is chosen."""
    rules = [_read_row(*row) for row in list_typed(form) if row[0]]
    if not rules:
        return None
    combinator = "or" if form.get("rule_combinator") == "or" else "and"
    return {"version": 1, "where": {"combinator": combinator, "not": False, "rules": rules}}


def _read_row(field: str, operator: str, value: str) -> dict[str, Any]:
    if operator in ("is_null", "is_not_null"):
        return {"field": field, "operator": operator}
    kind = FIELDS[field].kind if field in FIELDS else "word"
    read: Any = plain_number(value) if kind == "number" else value
    if kind == "flag":
        folded = value.casefold()
        answers = {"yes": True, gettext("yes"): True, "no": False, gettext("no"): False}
        read = answers.get(folded, value)
    return {"field": field, "operator": operator, "value": read}


def _say_leaf(leaf: Leaf) -> str:
    name = NAMES[leaf.field]
    if isinstance(leaf.value, bool):
        return f"{name}: {_write_value(leaf.value)}"
    operator = (OPERATORS | _MORE)[leaf.operator]
    value = _write_value(leaf.value)
    return f"{name} {operator} {value}".rstrip()


def _write_value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, tuple):
        return ", ".join(_write_value(one) for one in value)
    try:
        return write_number(Decimal(value))
    except InvalidOperation:
        return str(value)

"""Rules that choose people, written in JSON: read strictly, explained, and asked of one member's facts.

`{"version": 1, "where": {"combinator": "and", "not": false, "rules": [{"field": "visits", "operator": ">=", "value": 3}]}}`,
the shape of react-querybuilder. A fact that is not there (nobody's average check, say) matches nothing but `is_null`, and
`not` turns a doubtful answer into a yes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from loyalty.errors import InvalidTargeting

DEEPEST, MOST_LEAVES, LONGEST_LIST = 5, 50, 1000
Facts = Mapping[str, Any]

_NUMBER = ("=", "!=", "<", "<=", ">", ">=", "between", "is_null", "is_not_null")
_WORD = ("=", "!=", "in", "not_in", "is_null", "is_not_null")
_FLAG = ("=",)


@dataclass(frozen=True)
class Field:
    """What may be asked: `kind` number, word or flag; whole numbers and sums are both numbers."""

    kind: str
    operators: tuple[str, ...]


FIELDS: dict[str, Field] = {
    "visits": Field("number", _NUMBER),
    "spent": Field("number", _NUMBER),
    "balance": Field("number", _NUMBER),
    "average_check": Field("number", _NUMBER),
    "last_purchase_days": Field("number", _NUMBER),
    "birthday_in_days": Field("number", _NUMBER),
    "is_vip": Field("flag", _FLAG),
    "tier": Field("word", _WORD),
}


@dataclass(frozen=True)
class Leaf:
    field: str
    operator: str
    value: Any = None


@dataclass(frozen=True)
class Group:
    combinator: str
    is_negated: bool
    rules: tuple[Leaf | Group, ...]


def read_targeting(data: object) -> Group:
    """Raises `InvalidTargeting` for anything but the language: an unknown field, a value of the wrong kind, too deep, too
    many leaves."""
    if not isinstance(data, Mapping) or data.keys() != {"version", "where"} or data["version"] != 1:
        raise InvalidTargeting('must be {"version": 1, "where": {…}}')
    count = [0]
    return _read_group(data["where"], 1, count)


def write_targeting(group: Group) -> dict[str, Any]:
    """`read_targeting` gives equal rules back."""
    return {"version": 1, "where": _write(group)}


def matches(rule: Leaf | Group, facts: Facts) -> bool:
    """Whether the rule holds of somebody with these facts (`FIELDS` by name; None: not known)."""
    if isinstance(rule, Leaf):
        return _holds(rule, facts.get(rule.field))
    answers = [matches(one, facts) for one in rule.rules]
    held = all(answers) if rule.combinator == "and" else any(answers)
    return held != rule.is_negated


def _holds(leaf: Leaf, fact: Any) -> bool:
    if leaf.operator in ("is_null", "is_not_null"):
        return (fact is None) == (leaf.operator == "is_null")
    return fact is not None and _COMPARE[leaf.operator](fact, leaf.value)


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda fact, value: fact == value,
    "!=": lambda fact, value: fact != value,
    "<": lambda fact, value: fact < value,
    "<=": lambda fact, value: fact <= value,
    ">": lambda fact, value: fact > value,
    ">=": lambda fact, value: fact >= value,
    "between": lambda fact, value: value[0] <= fact <= value[1],
    "in": lambda fact, value: fact in value,
    "not_in": lambda fact, value: fact not in value,
}


def _read_group(data: object, depth: int, count: list[int]) -> Group:
    if depth > DEEPEST:
        raise InvalidTargeting(f"is deeper than {DEEPEST} levels")
    if not isinstance(data, Mapping) or not data.keys() <= {"combinator", "not", "rules"}:
        raise InvalidTargeting("has a group that is none")
    rules, negated = data.get("rules"), data.get("not", False)
    if data.get("combinator") not in ("and", "or") or not isinstance(negated, bool):
        raise InvalidTargeting('combines by something other than "and" and "or"')
    if not isinstance(rules, list) or not rules:
        raise InvalidTargeting("has a group without rules")
    read = []
    for one in rules:
        if isinstance(one, Mapping) and "rules" in one:
            read.append(_read_group(one, depth + 1, count))
        else:
            count[0] += 1
            if count[0] > MOST_LEAVES:
                raise InvalidTargeting(f"has more than {MOST_LEAVES} conditions")
            read.append(_read_leaf(one))
    return Group(data["combinator"], negated, tuple(read))


def _read_leaf(data: object) -> Leaf:
    if not isinstance(data, Mapping) or not data.keys() <= {"field", "operator", "value"}:
        raise InvalidTargeting("has a condition that is none")
    name, operator = data.get("field"), data.get("operator")
    field = FIELDS.get(name) if isinstance(name, str) else None
    if field is None:
        raise InvalidTargeting(f"asks for an unknown field: {str(name)[:40]}")
    if operator not in field.operators:
        raise InvalidTargeting(f"compares {name} by something other than: {', '.join(field.operators)}")
    if operator in ("is_null", "is_not_null"):
        if data.get("value") is not None:
            raise InvalidTargeting(f"gives {name} a value that {operator} does not take")
        return Leaf(name, operator)
    value = data.get("value")
    if operator == "between":
        if not isinstance(value, list) or len(value) != 2:
            raise InvalidTargeting(f"asks for {name} between other than two numbers")
        low, high = (_read_value(field, name, one) for one in value)
        if low > high:
            raise InvalidTargeting(f"asks for {name} between two numbers in the wrong order")
        return Leaf(name, operator, (low, high))
    if operator in ("in", "not_in"):
        if not isinstance(value, list) or not 1 <= len(value) <= LONGEST_LIST:
            raise InvalidTargeting(f"asks for {name} among other than 1 to {LONGEST_LIST} values")
        return Leaf(name, operator, tuple(_read_value(field, name, one) for one in value))
    return Leaf(name, operator, _read_value(field, name, value))


def _read_value(field: Field, name: str, value: object) -> Any:
    if field.kind == "flag" and isinstance(value, bool):
        return value
    if field.kind == "word" and isinstance(value, str) and 0 < len(value) <= 200:
        return value
    if field.kind == "number" and isinstance(value, int | str) and not isinstance(value, bool):
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if number.is_finite() and abs(number) < 10**12 and number.as_tuple().exponent >= -2:
            return number
    raise InvalidTargeting(f"compares {name} with something that is no {field.kind}")


def _write(rule: Leaf | Group) -> dict[str, Any]:
    if isinstance(rule, Group):
        return {
            "combinator": rule.combinator,
            "not": rule.is_negated,
            "rules": [_write(one) for one in rule.rules],
        }
    written: dict[str, Any] = {"field": rule.field, "operator": rule.operator}
    if rule.value is not None:
        several = isinstance(rule.value, tuple)
        written["value"] = [_plain(one) for one in rule.value] if several else _plain(rule.value)
    return written


def _plain(value: Any) -> Any:
    return f"{value:f}" if isinstance(value, Decimal) else value

"""The rules of one partner's programme: what they are, how they are read, and the two presets."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from loyalty.errors import InvalidProgramme
from loyalty.money import format_money
from loyalty.types import Life, TierScheme

if TYPE_CHECKING:
    from loyalty.offers import Promotion


@dataclass(frozen=True)
class LargeCheck:
    """× `factor` when the check is at least `above_percent` % above the member's average over ≥ `min_purchases`."""

    factor: Decimal
    above_percent: Decimal
    min_purchases: int


@dataclass(frozen=True)
class Birthday:
    """× `factor` from `days_before` before the birthday to `days_after` after it, both days included."""

    factor: Decimal
    days_before: int
    days_after: int


@dataclass(frozen=True)
class Rules:
    """A programme (`design.md` §4, «How many points»); the defaults are those of a new partner.

    Points are integers and money is in the partner's currency. `from_json` is the only reader of rules from outside:
    it alone checks ranges.
    """

    rate: Decimal = Decimal("0.05")
    """Points per unit of money, a fraction: 0.05 is 5 %."""
    welcome_bonus: int = 100
    min_spend: int = 100
    """The fewest points one may spend at once."""
    max_share: Decimal = Decimal(100)
    """The share of a check that points may pay, percent 0..100."""
    points_step: int = 1
    point_value: Decimal = Decimal("1.00")
    """What one point pays, in money."""
    combine: str = "multiply"
    """`multiply`: all multipliers that apply; `best`: only the largest of them."""
    vip_factor: Decimal | None = None
    large_check: LargeCheck | None = None
    birthday: Birthday | None = None
    eligible_categories: tuple[str, ...] | None = None
    """Only lines of these categories earn; `None`: every line does. Spending is not limited by it."""
    pending_days: int = 0
    """N, the return window: earned points wait this many days."""
    base_life_months: int | None = None
    base_life_days: int | None = None
    bonus_life_days: int | None = None
    clawback: str = "debt"
    """`debt`, `within_balance` or `pending_only` (`ledger.md` rule 18)."""
    grace_days: int = 30
    hold_minutes: int = 15
    promotions: tuple[Promotion, ...] = ()
    """What is added for a while; no part of the programme's versions, and not in its JSON."""
    tiers: TierScheme | None = None
    """What regulars earn more; not in the JSON either."""

    @property
    def base_life(self) -> Life | None:
        """The life of points earned by a purchase; `None`: they never expire."""
        if self.base_life_months is None and self.base_life_days is None:
            return None
        return Life(months=self.base_life_months or 0, days=self.base_life_days or 0)

    @property
    def bonus_life(self) -> Life | None:
        """The life of bonus points that were granted without one of their own; `None`: they never expire."""
        return None if self.bonus_life_days is None else Life(days=self.bonus_life_days)

    @classmethod
    def from_json(cls, data: object) -> Rules:
        """Read rules strictly; a key left out has its default. Raises `InvalidProgramme` naming every bad field.

        Decimals are JSON strings or whole numbers (a `float` has already lost what was written, so it is refused).
        """
        values = _read_fields(data, _READERS)
        errors = _find_contradictions(values)
        if errors:
            raise InvalidProgramme(errors)
        return cls(**values)

    def to_json(self) -> dict[str, Any]:
        """Every field, decimals as strings; `from_json` gives equal rules back."""
        written = {name: _write(getattr(self, name)) for name in _READERS}
        return written | {"point_value": format_money(self.point_value)}


@dataclass(frozen=True)
class Range:
    """What a setting may be, both ends included, with at most so many decimal places; 0: a whole number."""

    low: Decimal
    high: Decimal
    places: int = 0


def _between(low: str | int, high: str | int, places: int = 0) -> Range:
    return Range(Decimal(low), Decimal(high), places)


_FACTORS = _between(1, 100, 4)

RANGES: dict[str, Range] = {
    "rate": _between(0, 1, 6),
    "welcome_bonus": _between(0, 1_000_000),
    "min_spend": _between(0, 1_000_000),
    "max_share": _between(0, 100, 2),
    "points_step": _between(1, 1_000_000),
    "point_value": _between("0.01", 1_000_000, 2),
    "vip_factor": _FACTORS,
    "large_check.factor": _FACTORS,
    "large_check.above_percent": _between(0, 1000, 2),
    "large_check.min_purchases": _between(1, 1000),
    "birthday.factor": _FACTORS,
    "birthday.days_before": _between(0, 30),
    "birthday.days_after": _between(0, 30),
    "pending_days": _between(0, 365),
    "base_life_months": _between(1, 120),
    "base_life_days": _between(1, 3650),
    "bonus_life_days": _between(1, 3650),
    "grace_days": _between(0, 365),
    "hold_minutes": _between(1, 1440),
}
"""The numbers of a programme and what each may be; a door tells people in its own words."""

AS_PERCENT = frozenset({"rate"})
"""Shares that people read and write as percents: 7, not 0.07."""


def plain_number(text: str | None) -> str:
    """A number as people type it, as it is read here: no spaces, no signs of percent or money, a point."""
    return re.sub(r"[\s%₽×]", "", text or "").replace(",", ".")


def read_typed(name: str, text: str | None) -> int | str:
    """One of `RANGES` as people type it; what is no number stays as it is, for `Rules.from_json` to refuse."""
    typed = plain_number(text)
    if RANGES[name].places == 0:
        return int(typed) if re.fullmatch(r"[0-9]{1,12}", typed) else typed
    if name in AS_PERCENT and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", typed):
        return f"{Decimal(typed).scaleb(-2):f}"
    return typed


def range_to_type(name: str) -> Range:
    """What may be typed for one of `RANGES`."""
    allowed, shift = RANGES[name], 2 if name in AS_PERCENT else 0
    return Range(allowed.low.scaleb(shift), allowed.high.scaleb(shift), max(allowed.places - shift, 0))


PRESETS: dict[str, Rules] = {
    "default": Rules(),
    "retail": Rules(
        rate=Decimal("0.01"),
        welcome_bonus=0,
        vip_factor=Decimal("1.5"),
        large_check=LargeCheck(factor=Decimal("1.2"), above_percent=Decimal(50), min_purchases=3),
        birthday=Birthday(factor=Decimal(2), days_before=3, days_after=3),
    ),
}


def write_decimal(value: Decimal) -> str:
    """A decimal as people write it: no exponent, no trailing zeros (``0.050`` → ``0.05``, ``1E+2`` → ``100``)."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


Reader = Callable[[Any], Any]
"""Gives the value of one field or raises `InvalidProgramme`, the field itself being named by an empty key."""


def _number(name: str) -> Reader:
    """The reader of one of `RANGES`."""
    allowed = RANGES[name]
    return _decimal(allowed) if allowed.places else _whole(allowed)


def _whole(allowed: Range) -> Reader:
    def read(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not allowed.low <= value <= allowed.high:
            raise InvalidProgramme({"": f"must be a whole number from {allowed.low} to {allowed.high}"})
        return value

    return read


def _decimal(allowed: Range) -> Reader:
    low, high, places = allowed.low, allowed.high, allowed.places

    def read(value: Any) -> Decimal:
        number = _read_decimal(value)
        if number is None or not low <= number <= high or number.as_tuple().exponent < -places:
            message = f'must be a decimal string from "{low}" to "{high}" with at most {places} decimal places'
            raise InvalidProgramme({"": message})
        return number

    return read


_WRITTEN = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")


def _read_decimal(value: Any) -> Decimal | None:
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str) and _WRITTEN.fullmatch(value):
        return Decimal(value)
    return None


def _one_of(*words: str) -> Reader:
    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise InvalidProgramme({"": f"must be one of: {', '.join(words)}"})
        return value

    return read


def _or_none(reader: Reader) -> Reader:
    return lambda value: None if value is None else reader(value)


def _record(kind: type, **readers: Reader) -> Reader:
    def read(value: Any) -> Any:
        fields = _read_fields(value, readers)
        missing = readers.keys() - fields.keys()
        if missing:
            raise InvalidProgramme(dict.fromkeys(missing, "is missing"))
        return kind(**fields)

    return read


def _categories(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= 500:
        raise InvalidProgramme({"": "must be a list of 1 to 500 categories, or null for all"})
    if not all(isinstance(name, str) and name.strip() and len(name) <= 200 for name in value):
        raise InvalidProgramme({"": "must hold names of 1 to 200 characters"})
    if len(set(value)) < len(value):
        raise InvalidProgramme({"": "must not name a category twice"})
    return tuple(value)


_READERS: dict[str, Reader] = {
    "rate": _number("rate"),
    "welcome_bonus": _number("welcome_bonus"),
    "min_spend": _number("min_spend"),
    "max_share": _number("max_share"),
    "points_step": _number("points_step"),
    "point_value": _number("point_value"),
    "combine": _one_of("multiply", "best"),
    "vip_factor": _or_none(_number("vip_factor")),
    "large_check": _or_none(
        _record(
            LargeCheck,
            factor=_number("large_check.factor"),
            above_percent=_number("large_check.above_percent"),
            min_purchases=_number("large_check.min_purchases"),
        )
    ),
    "birthday": _or_none(
        _record(
            Birthday,
            factor=_number("birthday.factor"),
            days_before=_number("birthday.days_before"),
            days_after=_number("birthday.days_after"),
        )
    ),
    "eligible_categories": _or_none(_categories),
    "pending_days": _number("pending_days"),
    "base_life_months": _or_none(_number("base_life_months")),
    "base_life_days": _or_none(_number("base_life_days")),
    "bonus_life_days": _or_none(_number("bonus_life_days")),
    "clawback": _one_of("debt", "within_balance", "pending_only"),
    "grace_days": _number("grace_days"),
    "hold_minutes": _number("hold_minutes"),
}


def _read_fields(data: Any, readers: dict[str, Reader]) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise InvalidProgramme({"": "must be an object"})
    errors = {str(name): "is not a known setting" for name in data.keys() - readers.keys()}
    values = {}
    for name in readers.keys() & data.keys():
        try:
            values[name] = readers[name](data[name])
        except InvalidProgramme as refused:
            errors |= {f"{name}.{inner}" if inner else name: text for inner, text in refused.errors.items()}
    if errors:
        raise InvalidProgramme(errors)
    return values


def _find_contradictions(values: dict[str, Any]) -> dict[str, str]:
    """What each field allows but the fields together do not."""
    errors = {}
    if values.get("clawback") == "pending_only" and not values.get("pending_days"):
        errors["clawback"] = "pending_only needs pending_days of at least 1"
    if values.get("base_life_months") and values.get("base_life_days"):
        errors["base_life_days"] = "give the life in months or in days, not both"
    return errors


def _write(value: Any) -> Any:
    if isinstance(value, Decimal):
        return write_decimal(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, LargeCheck | Birthday):
        return {name: _write(inner) for name, inner in vars(value).items()}
    return value

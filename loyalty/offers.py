"""What a promotion gives and to whom: its terms, and which promotions a purchase takes. No clock, no database.

A promotion has one effect, many conditions and limits. All conditions must hold, at the moment of the purchase by the clock
of the partner's zone. What a limit says of earlier uses is told by the caller (`Standing`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from loyalty.birthdays import find_birthday
from loyalty.errors import InvalidPromotion, InvalidTargeting
from loyalty.lifetime import local_date
from loyalty.names import fold
from loyalty.rules import Birthday, write_decimal
from loyalty.targeting import Group, matches, read_targeting, write_targeting
from loyalty.types import Line, Member, Standing

KINDS = (
    "multiplier",
    "fixed",
    "category",
    "second_visit",
    "birthday",
    "happy_hours",
    "welcome",
    "return",
)
"""What a promotion is called for people; each needs its own condition (see `_NEEDS`)."""

AUDIENCES = ("all", "new", "tier", "list", "rule")
VISITS = ("first", "second", "return")
SAME_BIRTHDAY = timedelta(days=300)
"""A birthday's promotion is taken once a birthday."""
MOST_HOURS = 14


@dataclass(frozen=True)
class Hours:
    """On these days of the week (1 Monday … 7 Sunday) from `since` until just before `until`; past midnight where
    `until` is not later."""

    days: tuple[int, ...]
    since: time
    until: time

    def hold(self, at: datetime) -> bool:
        """`at` is by the clock on the partner's wall."""
        clock = at.time()
        if self.since < self.until:
            return at.isoweekday() in self.days and self.since <= clock < self.until
        if clock >= self.since:
            return at.isoweekday() in self.days
        yesterday = (at - timedelta(days=1)).isoweekday()
        return clock < self.until and yesterday in self.days


@dataclass(frozen=True)
class Terms:
    """One effect: `factor` (the whole check earns so many times), `points` (so many more) or `rate` (this share of the
    money paid for lines of `categories` and `services`, in points per unit of money). `from_json` is the only reader from
    outside."""

    factor: Decimal | None = None
    points: int | None = None
    rate: Decimal | None = None

    audience: str = "all"
    tiers: tuple[str, ...] = ()
    rule: Group | None = None
    visit: str | None = None
    within_days: int | None = None
    """Of a second visit: at most so many days after the last one; of a return: at least."""
    birthday: tuple[int, int] | None = None
    """Days before and after the birthday."""
    hours: tuple[Hours, ...] = ()
    categories: tuple[str, ...] | None = None
    services: tuple[str, ...] | None = None
    """Names of categories and of services as purchases' lines carry them, whoever wrote those down."""
    min_amount: Decimal | None = None

    per_person: int | None = None
    per_day: int | None = None
    """So many times a person in a day of the partner's."""
    budget: int | None = None
    """Points in all."""
    most_uses: int | None = None
    life_days: int | None = None
    """How long bonus points of `points` and `rate` live; None: as the programme's bonuses."""

    @property
    def is_for_lines(self) -> bool:
        """Whether it is for some lines of a check and not for the whole of it."""
        return bool(self.line_names)

    @property
    def line_names(self) -> tuple[str, ...]:
        """What it is for, as people are told."""
        return (*(self.categories or ()), *(self.services or ()))

    def takes(self, line: Line) -> bool:
        return not self.is_for_lines or is_among(line, self.categories or (), self.services or ())

    @classmethod
    def from_json(cls, kind: str, data: object) -> Terms:
        """Raises `InvalidPromotion` naming the field."""
        if kind not in KINDS:
            raise InvalidPromotion(f"must be one of: {', '.join(KINDS)}", field="kind")
        if not isinstance(data, Mapping):
            raise InvalidPromotion("must be an object", field="terms")
        values = {}
        for name, value in data.items():
            if name not in _READERS:
                raise InvalidPromotion("is not a known term", field=str(name)[:40])
            if value is not None:
                values[name] = _READERS[name](value, name)
        terms = cls(**values)
        _check(kind, terms)
        return terms

    def to_json(self) -> dict[str, Any]:
        """Only what is set; `from_json` gives equal terms back."""
        written = {name: _write(getattr(self, name)) for name in _READERS}
        return {name: value for name, value in written.items() if value not in (None, [], ())}


@dataclass(frozen=True)
class Promotion:
    """A promotion that is switched on, as pricing sees it; `ends_at` is exclusive, None: open."""

    id: UUID
    name: str
    kind: str
    terms: Terms
    starts_at: datetime
    ends_at: datetime | None = None


def is_among(line: Line, categories: Sequence[str], services: Sequence[str]) -> bool:
    """Whether a line is of one of the categories or is one of the services, however the names are written."""
    return any(
        name is not None and fold(name) in map(fold, names)
        for name, names in ((line.category, categories), (line.name, services))
    )


def choose(
    promotions: Sequence[Promotion],
    lines: Sequence[Line],
    member: Member,
    *,
    check: Decimal,
    at: datetime,
    zone: ZoneInfo,
) -> tuple[Promotion, ...]:
    """Those whose conditions and limits allow this purchase, in the order they were made.

    Budgets of points are only looked at as "is anything left": what a promotion gives is known when it is priced.
    """
    return tuple(one for one in promotions if _applies(one, lines, member, check=check, at=at, zone=zone))


def is_open_to(one: Promotion, member: Member, *, at: datetime, zone: ZoneInfo) -> bool:
    """Whether it is meant for this member and has something left for them: what they may be told of, whatever the hour."""
    on = local_date(at, zone)
    standing = member.promotions.get(one.id, Standing())
    return (
        _is_right_visit(one.terms, member, on) and _is_meant(one, member, on) and _is_within_limits(one, standing, on)
    )


def facts_of_member(member: Member, *, on: date) -> dict[str, Any]:
    """What targeting may ask of a member on a day of the partner's."""
    average = member.average_check
    last, born = member.last_purchase_on, member.birth_date
    return {
        "visits": Decimal(member.earlier_purchases),
        "spent": average * member.earlier_purchases if average is not None else Decimal(0),
        "balance": Decimal(member.available),
        "average_check": average,
        "last_purchase_days": Decimal((on - last).days) if last is not None else None,
        "birthday_in_days": Decimal(_days_to_birthday(born, on)) if born is not None else None,
        "is_vip": member.is_vip,
        "tier": member.tier,
    }


def _applies(
    one: Promotion, lines: Sequence[Line], member: Member, *, check: Decimal, at: datetime, zone: ZoneInfo
) -> bool:
    terms = one.terms
    if at < one.starts_at or (one.ends_at is not None and at >= one.ends_at):
        return False
    on = local_date(at, zone)
    return (
        (terms.min_amount is None or check >= terms.min_amount)
        and any(terms.takes(line) for line in lines)
        and (not terms.hours or any(hours.hold(at.astimezone(zone)) for hours in terms.hours))
        and _is_right_visit(terms, member, on)
        and _is_birthday(terms, member, on)
        and _is_meant(one, member, on)
        and _is_within_limits(one, member.promotions.get(one.id, Standing()), on)
    )


def _is_right_visit(terms: Terms, member: Member, on: date) -> bool:
    days = (on - member.last_purchase_on).days if member.last_purchase_on is not None else None
    if terms.visit == "first":
        return member.earlier_purchases == 0
    if terms.visit == "second":
        return member.earlier_purchases == 1 and (
            terms.within_days is None or (days is not None and days <= terms.within_days)
        )
    if terms.visit == "return":
        return days is not None and terms.within_days is not None and days >= terms.within_days
    return True


def _is_birthday(terms: Terms, member: Member, on: date) -> bool:
    if terms.birthday is None:
        return True
    before, after = terms.birthday
    window = Birthday(Decimal(1), before, after)
    return member.birth_date is not None and find_birthday(member.birth_date, on, window) is not None


def _is_meant(one: Promotion, member: Member, on: date) -> bool:
    terms = one.terms
    if terms.audience == "new":
        return member.earlier_purchases == 0
    if terms.audience == "tier":
        return member.tier in terms.tiers
    if terms.audience == "list":
        return member.promotions.get(one.id, Standing()).is_listed
    if terms.audience == "rule":
        return matches(terms.rule, facts_of_member(member, on=on))
    return True


def _is_within_limits(one: Promotion, standing: Standing, on: date) -> bool:
    terms = one.terms
    if terms.birthday is not None and standing.last_used_on is not None and on - standing.last_used_on < SAME_BIRTHDAY:
        return False
    return (
        (terms.per_person is None or standing.uses < terms.per_person)
        and (terms.per_day is None or standing.uses_today < terms.per_day)
        and (terms.most_uses is None or standing.all_uses < terms.most_uses)
        and (terms.budget is None or standing.all_points < terms.budget)
    )


def _days_to_birthday(born: date, on: date) -> int:
    for year in (on.year, on.year + 1):
        try:
            birthday = born.replace(year=year)
        except ValueError:  # 29 February
            birthday = date(year, 2, 28)
        if birthday >= on:
            return (birthday - on).days
    raise AssertionError("one of two years has a birthday to come")


# Reading


def _fail(name: str, reason: str) -> InvalidPromotion:
    return InvalidPromotion(reason, field=name)


def _decimal(low: str, high: str, places: int) -> Callable[[Any, str], Decimal]:
    def read(value: Any, name: str) -> Decimal:
        written = str(value) if isinstance(value, int | str | Decimal) and not isinstance(value, bool) else ""
        if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", written, re.ASCII):
            raise _fail(name, f"must be a number from {low} to {high}")
        number = Decimal(written)
        if not Decimal(low) <= number <= Decimal(high) or number != round(number, places):
            raise _fail(name, f"must be a number from {low} to {high} with at most {places} places")
        return number

    return read


def _whole(low: int, high: int) -> Callable[[Any, str], int]:
    def read(value: Any, name: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise _fail(name, f"must be a whole number from {low} to {high}")
        return value

    return read


def _one_of(*words: str) -> Callable[[Any, str], str]:
    def read(value: Any, name: str) -> str:
        if value not in words:
            raise _fail(name, f"must be one of: {', '.join(words)}")
        return value

    return read


def _names(value: Any, name: str) -> tuple[str, ...]:
    is_list = isinstance(value, list | tuple) and 1 <= len(value) <= 100
    if not is_list or not all(isinstance(one, str) and one.strip() and len(one) <= 200 for one in value):
        raise _fail(name, "must be a list of 1 to 100 names")
    return tuple(dict.fromkeys(one.strip() for one in value))


def _read_hours(value: Any, name: str) -> tuple[Hours, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_HOURS:
        raise _fail(name, f"must be a list of 1 to {MOST_HOURS} times of a week")
    return tuple(_read_hour(one, name) for one in value)


def _read_hour(value: Any, name: str) -> Hours:
    if not isinstance(value, Mapping) or value.keys() != {"days", "since", "until"}:
        raise _fail(name, "must say days, since and until")
    days, clocks = value["days"], (value["since"], value["until"])
    if not isinstance(days, list) or not days or not all(type(day) is int and 1 <= day <= 7 for day in days):
        raise _fail(name, "has days other than 1 (Monday) to 7 (Sunday)")
    if not all(isinstance(clock, str) and re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", clock) for clock in clocks):
        raise _fail(name, "has times other than such as 14:00")
    return Hours(tuple(sorted(set(days))), time.fromisoformat(clocks[0]), time.fromisoformat(clocks[1]))


def _read_birthday(value: Any, name: str) -> tuple[int, int]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise _fail(name, "must be days before and days after, such as [3, 3]")
    read = _whole(0, 30)
    return read(value[0], name), read(value[1], name)


def _read_rule(value: Any, name: str) -> Group:
    try:
        return read_targeting(value)
    except InvalidTargeting as error:
        raise _fail(name, error.reason) from None


_READERS: dict[str, Callable[[Any, str], Any]] = {
    "factor": _decimal("1", "100", 4),
    "points": _whole(1, 1_000_000),
    "rate": _decimal("0.0001", "1", 6),
    "audience": _one_of(*AUDIENCES),
    "tiers": _names,
    "rule": _read_rule,
    "visit": _one_of(*VISITS),
    "within_days": _whole(1, 3650),
    "birthday": _read_birthday,
    "hours": _read_hours,
    "categories": _names,
    "services": _names,
    "min_amount": _decimal("0.01", "1000000000", 2),
    "per_person": _whole(1, 1_000_000),
    "per_day": _whole(1, 1000),
    "budget": _whole(1, 10**12),
    "most_uses": _whole(1, 10**9),
    "life_days": _whole(1, 3650),
}

_NEEDS: dict[str, Callable[[Terms], str | None]] = {
    "multiplier": lambda terms: None if terms.factor is not None else "factor",
    "fixed": lambda terms: None if terms.points is not None else "points",
    "category": lambda terms: None if terms.is_for_lines else "categories",
    "second_visit": lambda terms: None if terms.visit == "second" else "visit",
    "birthday": lambda terms: None if terms.birthday is not None else "birthday",
    "happy_hours": lambda terms: None if terms.hours else "hours",
    "welcome": lambda terms: None if terms.visit == "first" else "visit",
    "return": lambda terms: None if terms.visit == "return" else "visit",
}


def _check(kind: str, terms: Terms) -> None:
    effects = [name for name in ("factor", "points", "rate") if getattr(terms, name) is not None]
    if len(effects) != 1:
        raise _fail("factor", "give one of factor, points and rate")
    if (missing := _NEEDS[kind](terms)) is not None:
        raise _fail(missing, f"is what a promotion of the kind {kind} needs")
    if terms.rate is not None and not terms.is_for_lines:
        raise _fail("categories", "is what a rate needs: the rate of the whole check is a factor")
    if terms.factor is not None and terms.is_for_lines:
        raise _fail("categories", "goes with points or a rate; a factor is of the whole check")
    if terms.factor == 1:
        raise _fail("factor", "must be above 1")
    if terms.factor is not None and terms.life_days is not None:
        raise _fail("life_days", "goes with points or a rate: what a factor adds lives as all earned points")
    if (terms.audience == "tier") != bool(terms.tiers):
        raise _fail("tiers", "goes with the audience tier, which needs it")
    if (terms.audience == "rule") != (terms.rule is not None):
        raise _fail("rule", "goes with the audience rule, which needs it")
    if terms.visit == "return" and terms.within_days is None:
        raise _fail("within_days", "says after how many days somebody returns")
    if terms.visit not in ("second", "return") and terms.within_days is not None:
        raise _fail("within_days", "goes with a second visit or a return")


def _write(value: Any) -> Any:
    if isinstance(value, Decimal):
        return write_decimal(value)
    if isinstance(value, Group):
        return write_targeting(value)
    if isinstance(value, Hours):
        return {"days": list(value.days), "since": f"{value.since:%H:%M}", "until": f"{value.until:%H:%M}"}
    if isinstance(value, tuple):
        return [_write(one) for one in value]
    return value

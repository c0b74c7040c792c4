"""Where points came from and what became of them, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as lazy

from loyalty.trail import Link, Rest, Step
from web.formats import write_day, write_money, write_number, write_points
from web.operations import Told
from web.operations import tell as tell_operation

CREDITS = {
    "earn": lazy("the purchase of %(day)s, %(check)s"),
    "bonus": lazy("the bonus of %(day)s"),
    "manual": lazy("the correction of %(day)s"),
}
"""What a credit is called by a debit that took from it."""

DEBITS = {
    "spend": lazy("paid at the purchase of %(day)s, %(check)s"),
    "expire": lazy("expired on %(day)s"),
    "manual": lazy("taken by hand on %(day)s"),
    "reversal": lazy("taken back with the refund of %(day)s, %(check)s"),
}
"""What a debit is called by a credit that it took from."""

_PLAIN_REVERSAL = lazy("taken back on %(day)s")


@dataclass(frozen=True)
class Part:
    """Some points of an entry, in words; `anchor` is the entry they came from or went to."""

    points: int
    text: str
    note: str | None = None
    anchor: Any = None


@dataclass(frozen=True)
class StoryStep:
    """An entry with its words, and with its parts under a heading."""

    told: Told
    heading: str
    parts: list[Part]

    @property
    def entry(self) -> Any:
        return self.told.operation


def tell(step: Step) -> StoryStep:
    """The words of a step of `trail.follow_points`."""
    return StoryStep(tell_operation(step.entry), _heading(step), list(_parts(step)))


def _heading(step: Step) -> str:
    if step.moved:
        return gettext("Moved with the account")
    if step.is_credit:
        return gettext("What became of them")
    if step.entry.points > 0:
        return gettext("Where they went back to")
    return gettext("Which points these were")


def _parts(step: Step):
    zone = ZoneInfo(step.entry.timezone)
    words = DEBITS if step.is_credit else CREDITS
    for link in step.links:
        yield Part(
            link.kept if step.is_credit else link.points, _name(link, words, zone), _returned(link, step), link.entry_id
        )
    if step.more:
        text = ngettext("%(n)s more operation", "%(n)s more operations", step.more, n=write_number(step.more))
        yield Part(step.more_points, text)
    if step.rest:
        yield Part(step.rest.points, _left(step.rest, zone), _held(step.rest))
    if step.owed:
        yield Part(step.owed, gettext("owed: the next points credited pay it"))
    if step.cancelled:
        yield Part(step.cancelled, gettext("owed before, called off since"))
    if step.moved:
        came = step.entry.points > 0
        yield Part(
            step.moved,
            gettext("from the account that was joined to this one")
            if came
            else gettext("to the account this one was joined to"),
        )


def _name(link: Link, words: dict[str, Any], zone: ZoneInfo) -> str:
    text = words[link.kind]
    check = "" if link.check_amount is None else write_money(link.check_amount)
    if link.kind == "reversal" and not check:
        text = _PLAIN_REVERSAL
    return gettext(text._args[0], day=write_day(link.occurred_at.astimezone(zone).date()), check=check)


def _returned(link: Link, step: Step) -> str | None:
    if not link.returned:
        return None
    if step.is_credit:
        return gettext(
            "%(taken)s were taken, %(back)s came back",
            taken=write_number(link.points),
            back=write_number(link.returned),
        )
    return gettext("%(points)s of them came back later", points=write_number(link.returned))


def _left(rest: Rest, zone: ZoneInfo) -> str:
    if rest.is_pending:
        return gettext("wait until %(day)s", day=write_day(rest.available_at.astimezone(zone).date()))
    if rest.expires_at is None:
        return gettext("still there, for ever")
    last_day = (rest.expires_at - timedelta(microseconds=1)).astimezone(zone).date()
    return gettext("still there, to be spent by %(day)s", day=write_day(last_day))


def _held(rest: Rest) -> str | None:
    return gettext("of these a till holds %(points)s", points=write_points(rest.held)) if rest.held else None

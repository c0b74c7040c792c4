"""The one line a till can be worked with: `500 +79161234567` credits a check of 500, `-200 +79161234567` spends 200 points,
`500 -200 +79161234567` pays 200 points of a check of 500.

Read strictly: of a text that could be read in two ways nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from loyalty.errors import LoyaltyError
from loyalty.identities import Identifier, recognise
from loyalty.sums import read_points, read_sum
from models.partner import Partner

LONGEST = 200
LARGEST = Decimal(10_000_000)
"""A larger check than this is a phone that slipped into the sum; who really sells so much does it on the till's page."""
_GROUPED = r"(?:[0-9]{1,3}(?: [0-9]{3})+|[0-9]+)"
_SUM = rf"{_GROUPED}(?:[.,][0-9]+)?(?: ?(?:₽|р|р\.|руб|руб\.))?"
_WHAT = re.compile(rf"(?P<sum>{_SUM})?(?:(?:^|(?<=.) )[-−–—] ?(?P<points>{_GROUPED}))?", re.IGNORECASE)
_CODE = re.compile(r"[0-9]{3}[ -]?[0-9]{3}")
_NUMBER = re.compile(r"[+(]?[0-9][0-9 ().−–-]*")
_BEGINS_WITH_A_SUM = re.compile(r"[-−–—]? ?[0-9]")
_LOOKS_LIKE_SOMEBODY = re.compile(r"[0-9 ().−–-]{4,}|.*\+[0-9].*")


@dataclass(frozen=True)
class Line:
    """A check, points to spend on it, or both, and whose. Points alone pay for a whole check."""

    who: Identifier = field(repr=False)
    amount: Decimal | None = None
    points: int | None = None


@dataclass(frozen=True)
class Unread:
    """A text that was meant to be such a line. `trouble` is amount, large, who, space or order; `part` is where."""

    trouble: str
    part: str = field(default="", repr=False)


def read_line(text: str, partner: Partner | None) -> Line | Unread | None:
    """None: this is something else. Either order will do where only one can be meant."""
    text = _tidy(text)
    if len(text) > LONGEST:
        return None
    ways = _split(text, partner)
    if _read_who(text, partner):
        if text.startswith("+") or not any(line.who.kind == "code" for line in ways):
            return None  # «8 916 123-45-67» is a phone, not a check of 8
        if len(re.sub(r"[^0-9]", "", text)) > 10:
            return Unread("order")
    likely = [line for line in ways if line.amount is None or line.amount <= LARGEST]
    if len(likely) == 1:
        return likely[0]
    if likely:
        return Unread("order")
    return Unread("large", str(ways[0].amount)) if ways else _explain(text, partner)


def is_an_answer(text: str, partner: Partner | None) -> bool:
    """Whether the whole text is a sum or names somebody, for whoever was asked for it: «1 250 000», «9161 234567»; of
    somebody who was asked for nothing these are a check and a code."""
    text = _tidy(text)
    return re.fullmatch(_SUM, text) is not None or _read_who(text, partner) is not None


def _tidy(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _split(text: str, partner: Partner | None) -> list[Line]:
    """All ways to read the words as a sum and a customer, or the other way round; a code behind its sum is no sum behind
    a code."""
    forward = [line for left, right in _halves(text) if (line := _join(left, right, partner))]
    backward = [line for left, right in _halves(text) if (line := _join(right, left, partner))]
    return (forward + [line for line in backward if line.who.kind != "code"]) or backward


def _halves(text: str) -> Iterator[tuple[str, str]]:
    words = text.split(" ")
    return ((" ".join(words[:n]), " ".join(words[n:])) for n in range(1, len(words)))


def _join(what: str, whose: str, partner: Partner | None) -> Line | None:
    found = _WHAT.fullmatch(what)
    who = _read_who(whose, partner) if found else None
    if who is None:
        return None
    try:
        amount = read_sum(found["sum"]) if found["sum"] else None
        return Line(who, amount, read_points(found["points"]) if found["points"] else None)
    except LoyaltyError:
        return None


def _read_who(text: str, partner: Partner | None) -> Identifier | None:
    """A phone, a card, a code, a customer id, or the address behind a customer's QR."""
    is_address = text.startswith(("http://", "https://"))
    is_id = re.fullmatch(r"[0-9a-fA-F-]{36}", text)
    if not (is_address or is_id or _NUMBER.fullmatch(text)):
        return None
    try:
        who = recognise(text, partner)
    except LoyaltyError:
        return None
    # other six digits may be a date, or a part of a phone
    return who if who.kind != "code" or is_address or _CODE.fullmatch(text) else None


def _explain(text: str, partner: Partner | None) -> Unread | None:
    """What is wrong with a text in which a sum or a customer can be made out."""
    for left, right in _halves(text):
        for what, whose in ((left, right), (right, left)):
            if len(what) <= 40 and _read_who(whose, partner):
                return Unread("amount", what)
    if glued := re.fullmatch(r"(.{1,40}?)(\+[0-9 ().−–-]{8,})", text):
        return Unread("space", glued[1])
    what, _, whose = text.partition(" ")
    if _BEGINS_WITH_A_SUM.match(what) and _LOOKS_LIKE_SOMEBODY.fullmatch(whose):
        return Unread("who", whose)
    return None

"""The QR of a Russian fiscal receipt (54-ФЗ): what is written in it, read strictly.

The text proves nothing: it names no shop and carries no signature that we could check. It gives a number that is unique
in the country, the sum and the time, so that one receipt is used once and a made-up one has to fit many things.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from loyalty.errors import InvalidFiscalReceipt

LONGEST = 256
KINDS = {"1": "sale", "2": "sale_return", "3": "purchase", "4": "purchase_return"}

_FIELDS = {
    "t": re.compile(r"([0-9]{8})T([0-9]{4})([0-9]{2})?"),
    "s": re.compile(r"[0-9]{1,9}\.[0-9]{2}"),
    "fn": re.compile(r"[0-9]{16}"),
    "i": re.compile(r"[0-9]{1,10}"),
    "fp": re.compile(r"[0-9]{1,10}"),
    "n": re.compile(r"[1-4]"),
}


@dataclass(frozen=True)
class FiscalReceipt:
    """What the QR says. `at` is naive: the clock on the wall of the place of sale. `kind` is one of `KINDS`.

    `drive` (fn) is the number of the till's fiscal drive, `number` (i) grows by one with each document of that drive,
    `sign` (fp) is what the drive computed over it.
    """

    drive: str
    number: int
    sign: int
    at: datetime
    amount: Decimal
    kind: str


def read_receipt(text: str) -> FiscalReceipt:
    """Read `t=20180518T220500&s=975.88&fn=8710000101125654&i=99456&fp=1250448795&n=1`, fields in any order.

    Raises `InvalidFiscalReceipt` for anything else: a field missing, twice or unknown, other digits than 0–9, a date that
    is none, a sum of nothing.
    """
    text = text.strip()
    if not text.isascii() or not 0 < len(text) <= LONGEST:
        raise InvalidFiscalReceipt("is not the QR of a fiscal receipt")
    written: dict[str, str] = {}
    for part in text.split("&"):
        name, equals, value = part.partition("=")
        if not equals or name not in _FIELDS or name in written:
            raise InvalidFiscalReceipt("is not the QR of a fiscal receipt")
        if not _FIELDS[name].fullmatch(value):
            raise InvalidFiscalReceipt(f"has an unreadable field: {name}")
        written[name] = value
    if missing := sorted(_FIELDS.keys() - written.keys()):
        raise InvalidFiscalReceipt(f"lacks: {', '.join(missing)}")
    amount = Decimal(written["s"])
    if not amount:
        raise InvalidFiscalReceipt("has a sum of 0")
    return FiscalReceipt(
        drive=written["fn"],
        number=int(written["i"]),
        sign=int(written["fp"]),
        at=_read_moment(written["t"]),
        amount=amount,
        kind=KINDS[written["n"]],
    )


def _read_moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%S" if len(text) == 15 else "%Y%m%dT%H%M")  # noqa: DTZ007 no zone is written
    except ValueError:
        raise InvalidFiscalReceipt("has a date that is none") from None

"""Documents that the bot sends, written when they are sent: the row that asks for one holds ids alone.

To add a kind: write ``function(file, chat_id, now)`` and name it in `FILES`. It answers None where the person of the chat
may not have the document (any more).
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from loyalty import access, customers, exports, personal_data
from loyalty.identities import Identifier
from loyalty.partners import get_partner
from models.customer import Customer

LARGEST = 20 * 1024 * 1024
"""Telegram takes 50 MB; what is larger than this is not written and sent in the time that a job has."""


class TooLarge(Exception):
    """The document would be too large to be sent."""


@dataclass(frozen=True)
class File:
    """What is in it is personal data and stays out of `repr`."""

    name: str
    content: bytes = field(repr=False)


def write(file: dict[str, Any], chat_id: int, now: datetime) -> File | None:
    """The document that `file` asks for, for the person whose chat it is. Raises `TooLarge`."""
    return FILES[file["kind"]](file, chat_id, now)


def write_own_data(_file: dict[str, Any], chat_id: int, now: datetime) -> File | None:
    """`{"kind": "my_data"}`: everything about the person whose chat it is, and nobody else's."""
    customer = _owner(chat_id)
    if customer is None:
        return None
    written = json.dumps(personal_data.export_person(customer, now), ensure_ascii=False, indent=1)
    return File("kopilka.json", written.encode())


def write_export(file: dict[str, Any], chat_id: int, now: datetime) -> File | None:
    """`{"kind": "export", "export", "partner_id"}`: a partner's file, for who may export there still."""
    customer, partner = _owner(chat_id), get_partner(file["partner_id"])
    if customer is None or not access.is_allowed(customer.id, partner.id, "export:read"):
        return None
    export, content = exports.of_partner(exports.EXPORTS[file["export"]], partner), io.BytesIO()
    for piece in exports.write_csv(export, partner.id, nullcontext):
        content.write(piece.encode())
        if content.tell() > LARGEST:
            raise TooLarge
    day = now.astimezone(ZoneInfo(partner.timezone)).date()
    return File(f"{export.name}-{partner.code}-{day}.csv", content.getvalue())


FILES: dict[str, Callable[[dict[str, Any], int, datetime], File | None]] = {
    "my_data": write_own_data,
    "export": write_export,
}


def _owner(chat_id: int) -> Customer | None:
    """Whose chat it is, if we serve them."""
    customer = customers.find(Identifier("telegram", str(chat_id)))
    return customer if customer is not None and customer.state == "active" else None

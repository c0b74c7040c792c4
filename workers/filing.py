"""Documents that the bot sends, written when they are sent: the row that asks for one holds ids alone.

To add a kind: write ``function(file, chat_id, now)`` and name it in `FILES`. It answers None where the person of the chat
may not have the document (any more); then nothing is sent.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from loyalty import customers, personal_data
from loyalty.identities import Identifier


@dataclass(frozen=True)
class File:
    """What is in it is personal data and stays out of `repr`."""

    name: str
    content: bytes = field(repr=False)


def write(file: dict[str, Any], chat_id: int, now: datetime) -> File | None:
    """The document that `file` asks for, for the person whose chat it is."""
    return FILES[file["kind"]](file, chat_id, now)


def write_own_data(_file: dict[str, Any], chat_id: int, now: datetime) -> File | None:
    """`{"kind": "my_data"}`: everything about the person whose chat it is, and nobody else's."""
    customer = customers.find(Identifier("telegram", str(chat_id)))
    if customer is None or customer.state != "active":
        return None
    written = json.dumps(personal_data.export_person(customer, now), ensure_ascii=False, indent=1)
    return File("kopilka.json", written.encode())


FILES: dict[str, Callable[[dict[str, Any], int, datetime], File | None]] = {"my_data": write_own_data}

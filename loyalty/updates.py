"""Updates of a messenger: each is taken once, and one that cannot be taken does not hold up the others.

`take` is written in the transaction of the update's effect. A failure is recorded in a transaction of its own, after the
effect was rolled back. A process that dies cannot record any: what it had in hand is noted before, on a connection of its
own, and its successor counts the failure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from loyalty.phones import national_digits
from loyalty.sealing import SealBroken, seal, unseal
from models import db
from models.telegram import BrokenUpdate, TakenUpdate, UpdateInHand

TRIES = 3
"""After so many failures an update is set aside."""
KEPT = timedelta(days=9)
"""Telegram keeps what was not confirmed for a day, and numbers may begin anew after a week without any."""
BROKEN_KEPT = timedelta(days=30)
_PURPOSE = "broken_update"


@dataclass(frozen=True)
class SetAside:
    """An update that was given up, and `raw`, what the messenger sent: personal data."""

    bot_id: int
    update_id: int
    attempts: int
    error: str
    set_aside_at: datetime
    raw: Mapping[str, Any]


def take(bot_id: int, update_id: int, now: datetime) -> bool:
    """Whether the update is new; from this transaction's commit on it is not. A parallel taker is waited for."""
    taken = insert(TakenUpdate).values(bot_id=bot_id, update_id=update_id, taken_at=now)
    return db.session.scalar(taken.on_conflict_do_nothing().returning(TakenUpdate.update_id)) is not None


def is_taken(bot_id: int, update_id: int) -> bool:
    """Whether the update was dealt with."""
    return db.session.get(TakenUpdate, (bot_id, update_id)) is not None


def take_up(connection: Connection, bot_id: int, update_id: int) -> None:
    """Note that the bot's process has this update in hand from now on."""
    noted = insert(UpdateInHand).values(bot_id=bot_id, update_id=update_id)
    changed = {"update_id": noted.excluded.update_id}
    connection.execute(noted.on_conflict_do_update(index_elements=["bot_id"], set_=changed))


def put_down(connection: Connection, bot_id: int) -> None:
    """Note that the process ends in order, with nothing in hand."""
    connection.execute(delete(UpdateInHand).where(UpdateInHand.bot_id == bot_id))


def find_in_hand(connection: Connection, bot_id: int) -> int | None:
    """What the bot's process took up last, if it did not end in order."""
    return connection.scalar(select(UpdateInHand.update_id).where(UpdateInHand.bot_id == bot_id))


def record_failure(bot_id: int, update_id: int, error: str, raw: Mapping[str, Any], now: datetime) -> bool:
    """Count a failure; True when that was the last one allowed and the update is set aside, which takes it."""
    failed = insert(BrokenUpdate).values(
        bot_id=bot_id,
        update_id=update_id,
        attempts=1,
        error=error[:300],
        sealed=seal(_PURPOSE, dict(raw)),
        failed_at=now,
    )
    counted = failed.on_conflict_do_update(
        index_elements=["bot_id", "update_id"],
        set_={"attempts": BrokenUpdate.attempts + 1, "error": failed.excluded.error, "failed_at": now},
    )
    if db.session.scalar(counted.returning(BrokenUpdate.attempts)) < TRIES:
        return False
    key = (BrokenUpdate.bot_id == bot_id, BrokenUpdate.update_id == update_id)
    db.session.execute(update(BrokenUpdate).where(*key).values(set_aside_at=now))
    take(bot_id, update_id, now)
    return True


def list_set_aside(limit: int = 100) -> list[SetAside]:
    """Updates that were given up, the oldest first."""
    query = select(BrokenUpdate).where(BrokenUpdate.set_aside_at.is_not(None))
    rows = db.session.scalars(query.order_by(BrokenUpdate.set_aside_at, BrokenUpdate.update_id).limit(limit))
    return [
        SetAside(row.bot_id, row.update_id, row.attempts, row.error, row.set_aside_at, raw=unseal(_PURPOSE, row.sealed))
        for row in rows
    ]


def forget_about(chats: Collection[int], contacts: Collection[str]) -> None:
    """Delete the failed updates of these chats, and those in which one of these contacts was written."""
    words = [str(chat) for chat in chats] + [contact.lstrip("+") for contact in contacts]
    phones = [digits for digits in map(national_digits, contacts) if digits]
    for row in db.session.scalars(select(BrokenUpdate)).all():
        try:
            raw = json.dumps(unseal(_PURPOSE, row.sealed), ensure_ascii=False)
        except SealBroken:  # its key was thrown away: nobody reads it
            continue
        typed = re.sub(r"[^0-9]", "", raw)
        if any(word in raw for word in words) or any(phone in typed for phone in phones):
            db.session.delete(row)
    db.session.flush()


def forget_taken(now: datetime, chunk: int = 1000) -> int:
    """Delete the marks of updates that cannot come again; how many."""
    return _delete(TakenUpdate, TakenUpdate.taken_at < now - KEPT, chunk)


def forget_broken(now: datetime, chunk: int = 1000) -> int:
    """Delete what failed long ago; how many."""
    return _delete(BrokenUpdate, BrokenUpdate.failed_at < now - BROKEN_KEPT, chunk)


def _delete(table, condition, chunk: int) -> int:
    key = tuple_(table.bot_id, table.update_id)
    old = select(table.bot_id, table.update_id).where(condition).limit(chunk)
    return db.session.execute(
        delete(table).where(key.in_(old)), execution_options={"synchronize_session": False}
    ).rowcount

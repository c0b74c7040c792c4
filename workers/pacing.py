"""How fast the bot may write: thirty messages a second in all, one a second to a chat, whichever process sends.

PostgreSQL counts, in transactions apart: a turn that was taken stays taken when sending fails.
"""

from __future__ import annotations

import random
import time
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from connectors.telegram import TelegramError
from loyalty import replies
from loyalty.clock import utcnow
from models import db, transaction_apart
from models.telegram import ChatPace

A_CHAT = timedelta(seconds=1)
ALL = timedelta(seconds=1) / 30
LONGEST_NAP = timedelta(seconds=0.5)
"""A turn that comes this soon is waited for here."""
EVERYBODY = 0
LONG_SECONDS = 3
"""Who floods one chat is told a second or two; a longer wait is for the whole bot."""
GONE = ("blocked", "chat_not_found")
"""Refusals that mean: this person cannot be written to."""


class Later(Exception):
    """Raised by a job that must wait until `at`; it does not count as a failed try."""

    def __init__(self, at: datetime):
        super().__init__(at)
        self.at = at


def wait_turn(chat_id: int) -> None:
    """Take the next turn to write to the chat, napping if it comes soon. Raises `Later`, and then no turn is taken."""
    now = utcnow()
    with transaction_apart() as connection:
        free_at = _free_at(connection, chat_id)
        if free_at is not None and free_at > now:
            raise Later(free_at)
        turn = max(now, _free_at(connection, EVERYBODY) or now)
        if turn - now > LONGEST_NAP:
            raise Later(turn)
        _book(connection, EVERYBODY, turn + ALL)
        _book(connection, chat_id, turn + A_CHAT)
    time.sleep((turn - now).total_seconds())


def heed(error: TelegramError, chat_id: int, now: datetime) -> None:
    """Do what a refusal asks for: be silent until then, which raises `Later`, or write to this person no more."""
    with transaction_apart() as connection:
        if error.code in GONE:
            replies.note_unreachable(str(chat_id), now, connection)
        if error.retry_after is None:
            return
        until = now + timedelta(seconds=error.retry_after * random.uniform(1.0, 1.1))  # noqa: S311 — jitter
        _book(connection, EVERYBODY if error.retry_after > LONG_SECONDS else chat_id, until)
    raise Later(until)


def forget_paces(now: datetime, chunk: int = 1000) -> int:
    """Delete what says nothing any more; how many."""
    old = select(ChatPace.chat_id).where(ChatPace.free_at < now - timedelta(hours=1)).limit(chunk)
    return db.session.execute(
        delete(ChatPace).where(ChatPace.chat_id.in_(old)), execution_options={"synchronize_session": False}
    ).rowcount


def _free_at(connection, chat_id: int) -> datetime | None:
    """Under a lock of the chat's until the transaction ends, which is soon."""
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"chat_pace:{chat_id}", 0))))
    return connection.scalar(select(ChatPace.free_at).where(ChatPace.chat_id == chat_id))


def _book(connection, chat_id: int, free_at: datetime) -> None:
    booked = insert(ChatPace).values(chat_id=chat_id, free_at=free_at)
    later = {"free_at": func.greatest(ChatPace.free_at, booked.excluded.free_at)}
    connection.execute(booked.on_conflict_do_update(index_elements=["chat_id"], set_=later))

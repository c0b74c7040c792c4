"""How fast the bot may write: so many messages a second in all, one a second to a chat, whichever process sends.

PostgreSQL counts, in transactions apart: a turn that was taken stays taken when sending fails. Notices and replies take
their turns alike; which of them is next is the outbox's business.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from connectors.telegram import TelegramError
from loyalty import replies
from loyalty.clock import utcnow
from models import db, transaction_apart
from models.telegram import ChatPace

LONGEST_NAP = timedelta(seconds=0.5)
"""A turn that comes this soon is waited for here."""
EVERYBODY = 0
GONE = ("blocked", "chat_not_found")
"""Refusals that mean: this person cannot be written to."""
MOST_TRIES = 5
"""How often a message is sent that may have arrived each time."""


class Later(Exception):
    """Raised by a job that must wait until `at`; it does not count as a failed try."""

    def __init__(self, at: datetime):
        super().__init__(at)
        self.at = at


@contextmanager
def turn_to_write(chat_id: int, tries: int) -> Iterator[None]:
    """The next turn to write to the chat, napped for if it comes soon. Raises `Later`, and then no turn is taken.

    Inside, nobody else writes to the chat, and for a while after. What Telegram refuses there is heeded: who cannot be
    written to is written to no more; a silence that is asked for is kept by everybody, and raises `Later`; a message that
    may have arrived is given up after `MOST_TRIES`, of which `tries` were made before.
    """
    booked = _take_turn(chat_id)
    try:
        yield
    except TelegramError as error:
        _heed(error, chat_id)
        if error.may_have_arrived and tries + 1 >= MOST_TRIES:
            raise TelegramError(error.code, retryable=False, status=error.status) from None
        raise
    finally:
        _end_turn(chat_id, booked)


def forget_chat(chat_id: int) -> None:
    """Nobody is behind this chat any more."""
    db.session.execute(delete(ChatPace).where(ChatPace.chat_id == chat_id))


def forget_paces(now: datetime, chunk: int = 1000) -> int:
    """Delete what says nothing any more; how many."""
    old = select(ChatPace.chat_id).where(ChatPace.free_at < now - timedelta(hours=1)).limit(chunk)
    return db.session.execute(
        delete(ChatPace).where(ChatPace.chat_id.in_(old)), execution_options={"synchronize_session": False}
    ).rowcount


def _take_turn(chat_id: int) -> datetime:
    """Wait for the turn; until when the chat is booked, should nobody end the turn."""
    settings, now = current_app.config["SETTINGS"], utcnow()
    peace = timedelta(seconds=settings.telegram_chat_seconds)
    with transaction_apart() as connection:
        free_at = _free_at(connection, chat_id)
        if free_at is not None and free_at > now:
            raise Later(min(free_at, now + peace))
        turn = max(now, _free_at(connection, EVERYBODY) or now)
        if turn - now > LONGEST_NAP:
            raise Later(turn)
        _book(connection, EVERYBODY, turn + _step(settings))
        booked = turn + timedelta(seconds=3 * settings.telegram_send_seconds) + peace
        _book(connection, chat_id, booked)
    time.sleep((turn - now).total_seconds())
    return booked


def _step(settings) -> timedelta:
    """Messages that left in step arrive out of step: each sender has at most one on its way, and there is room for these."""
    return timedelta(seconds=1) / max(1, settings.telegram_per_second - 1 - settings.rq_workers)


def _end_turn(chat_id: int, booked: datetime) -> None:
    peace = timedelta(seconds=current_app.config["SETTINGS"].telegram_chat_seconds)
    ours = update(ChatPace).where(ChatPace.chat_id == chat_id, ChatPace.free_at == booked)
    with transaction_apart() as connection:
        connection.execute(ours.values(free_at=utcnow() + peace))


def _heed(error: TelegramError, chat_id: int) -> None:
    now = utcnow()
    with transaction_apart() as connection:
        if error.code in GONE:
            replies.note_unreachable(str(chat_id), now, connection)
        if error.retry_after is None:
            return
        until = now + timedelta(seconds=error.retry_after * random.uniform(1.0, 1.1))  # noqa: S311 — jitter
        _book(connection, EVERYBODY, until)
    raise Later(until)


def _free_at(connection, chat_id: int) -> datetime | None:
    """Under a lock of the chat's until the transaction ends, which is soon."""
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"chat_pace:{chat_id}", 0))))
    return connection.scalar(select(ChatPace.free_at).where(ChatPace.chat_id == chat_id))


def _book(connection, chat_id: int, free_at: datetime) -> None:
    booked = insert(ChatPace).values(chat_id=chat_id, free_at=free_at)
    later = {"free_at": func.greatest(ChatPace.free_at, booked.excluded.free_at)}
    connection.execute(booked.on_conflict_do_update(index_elements=["chat_id"], set_=later))

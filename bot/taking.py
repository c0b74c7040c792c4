"""Takes one update: its number, its effect and its answers in one transaction. Knows no loop, so a webhook could call it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask
from sqlalchemy.exc import InterfaceError, OperationalError

from bot.presses import Presses
from bot.reading import Incoming, chat_of, number_of, read_update
from bot.talk import Talk
from connectors.telegram import BotApi
from loyalty import updates
from loyalty.clock import utcnow
from loyalty.errors import LoyaltyError
from loyalty.failures import name_of, path_of
from models import db, transaction

log = structlog.get_logger("bot")

_ABOUT_THE_UPDATE = ("40", "54", "55", "57014")
"""What PostgreSQL says of one statement while it is well: a deadlock, a value beyond a limit, a lock not got in time. It
counts as any failure, or who holds a lock of one person's would hold up everybody."""

Respond = Callable[[Talk], None]
"""Answers what came; raises `LoyaltyError` for what a person may not or cannot do."""


class ProcessDied(Exception):
    """The process that dealt with an update died before it was done."""


class Taker:
    """Takes updates for one bot. `respond` finds the answer, `refuse` says why there is none, `apologise` what to say when
    an update could not be dealt with at all."""

    def __init__(
        self,
        app: Flask,
        api: BotApi,
        *,
        respond: Respond,
        refuse: Callable[[Talk, LoyaltyError], None],
        apologise: Callable[[Talk], None],
    ):
        self._app, self._api, self._presses = app, api, Presses(api)
        self._respond, self._refuse, self._apologise = respond, refuse, apologise

    def take(self, raw: dict[str, Any]) -> bool:
        """True when the update is dealt with: done, known, or set aside. Raises when PostgreSQL is lost."""
        update_id = number_of(raw)
        if update_id is None:
            log.error("update_without_number")
            return True
        with self._app.app_context():
            try:
                press = self._act(update_id, raw)
            except Exception as error:
                db.session.rollback()
                if _is_database_lost(error):
                    raise
                return self._note_failure(update_id, raw, error)
        if press is not None:
            self._presses.end(*press)
        return True

    def close(self) -> None:
        """Nothing more is taken."""
        self._presses.close()

    def blame(self, raw: dict[str, Any]) -> bool:
        """A process died with this update in hand, which counts as a failure. True when the update is dealt with."""
        with self._app.app_context():
            with transaction():
                if updates.is_taken(self._api.bot_id, raw["update_id"]):
                    return True
            return self._note_failure(raw["update_id"], raw, ProcessDied())

    def _act(self, update_id: int, raw: dict[str, Any]) -> tuple[str, str | None] | None:
        """The press to answer once it is committed, and the words for it."""
        now = utcnow()
        with transaction():
            if not updates.take(self._api.bot_id, update_id, now):
                return None
            incoming = read_update(raw)
            if incoming is None:
                return None
            talk = Talk(self._api.bot_id, incoming, now, update_id)
            self._answer(talk)
            talk.finish()
        return (incoming.press_id, talk.toast) if incoming.press_id is not None else None

    def _answer(self, talk: Talk) -> None:
        try:
            with db.session.begin_nested():
                self._respond(talk)
        except LoyaltyError as error:
            talk.forget_answers()
            db.session.expire_all()
            self._refuse(talk, error)

    def _note_failure(self, update_id: int, raw: dict[str, Any], error: Exception) -> bool:
        with transaction():
            is_set_aside = updates.record_failure(self._api.bot_id, update_id, name_of(error), raw, utcnow())
            if is_set_aside and (chat_id := chat_of(raw)) is not None:
                self._excuse(chat_id)
        log.error(
            "update_set_aside" if is_set_aside else "update_failed",
            update=update_id,
            error=name_of(error),
            at=path_of(error),
        )
        return is_set_aside

    def _excuse(self, chat_id: int) -> None:
        """Best effort: an update that cannot even be apologised for is set aside like any other, or it would come for ever."""
        try:
            with db.session.begin_nested():
                talk = Talk(self._api.bot_id, Incoming(chat_id=chat_id, user_id=chat_id), utcnow())
                self._apologise(talk)
                talk.finish()
        except Exception as error:
            if _is_database_lost(error):
                raise
            log.error("not_apologised", error=name_of(error), at=path_of(error))


def _is_database_lost(error: Exception) -> bool:
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.orig, "pgcode", None) or ""
    return error.connection_invalidated or not state.startswith(_ABOUT_THE_UPDATE)

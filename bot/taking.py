"""Takes one update: its number, its effect and its answers in one transaction. Knows no loop, so a webhook could call it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask
from sqlalchemy.exc import InterfaceError, OperationalError

from bot.reading import Incoming, chat_of, read_update
from bot.talk import Talk
from connectors.telegram import BotApi, TelegramError
from loyalty import updates
from loyalty.clock import utcnow
from loyalty.errors import LoyaltyError
from loyalty.failures import name_of, path_of
from models import db, transaction

log = structlog.get_logger("bot")

Respond = Callable[[Talk], None]
"""Answers what came; raises `LoyaltyError` for what a person may not or cannot do."""


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
        self._app, self._api = app, api
        self._respond, self._refuse, self._apologise = respond, refuse, apologise

    def take(self, raw: dict[str, Any]) -> bool:
        """True when the update is dealt with: done, known, or set aside. Raises when PostgreSQL is lost."""
        update_id = raw.get("update_id") if isinstance(raw, dict) else None
        if not isinstance(update_id, int) or isinstance(update_id, bool):
            log.error("update_without_number")
            return True
        with self._app.app_context():
            try:
                press = self._act(update_id, raw)
            except (OperationalError, InterfaceError):
                db.session.rollback()
                raise
            except Exception as error:
                db.session.rollback()
                return self._note_failure(update_id, raw, error)
        self._end_press(*press)
        return True

    def _act(self, update_id: int, raw: dict[str, Any]) -> tuple[str | None, str | None]:
        """The press to answer once it is committed, and the words for it."""
        now = utcnow()
        with transaction():
            if not updates.take(self._api.bot_id, update_id, now):
                return None, None
            incoming = read_update(raw)
            if incoming is None:
                return None, None
            talk = Talk(self._api.bot_id, incoming, now)
            self._answer(talk)
            talk.finish()
        return incoming.press_id, talk.toast

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
                talk = Talk(self._api.bot_id, Incoming(chat_id=chat_id, user_id=chat_id), utcnow())
                self._apologise(talk)
                talk.finish()
        log.error(
            "update_set_aside" if is_set_aside else "update_failed",
            update=update_id,
            error=name_of(error),
            at=path_of(error),
        )
        return is_set_aside

    def _end_press(self, press_id: str | None, toast: str | None) -> None:
        """Best effort: a button whose waiting does not end is a nuisance, not a loss."""
        if press_id is None:
            return
        try:
            self._api.answer_press(press_id, toast)
        except TelegramError as error:
            log.info("press_not_answered", error=name_of(error))

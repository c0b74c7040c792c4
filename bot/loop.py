"""Asks Telegram for updates and has each taken exactly once, in order, whatever dies in between.

The number of an update and its effect are one transaction, and Telegram is told to forget it only after the commit: an
update that comes again is known, one that was cut off comes again. One process a token asks; PostgreSQL holds the others
back until its connection is gone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.pool import NullPool

from connectors.telegram import BotApi, TelegramError
from loyalty.failures import name_of, path_of
from models import db

log = structlog.get_logger("bot")

AT_ONCE = 50
LONGEST_PAUSE = 30.0
RETRY_SECONDS = 0.2
LOCK_SECONDS = 1.0

Take = Callable[[dict[str, Any]], bool]
"""Deals with one update; False when it failed and is to be tried again. Raises only when PostgreSQL is lost."""


class TokenRefused(Exception):
    """Telegram does not know the token: it was revoked or mistyped."""


class _Stopped(BaseException):
    """Raised by the signal while we only wait."""


class Loop:
    """The loop of one bot. `take` deals with one update, `greet` is called once when asking begins."""

    def __init__(self, app: Flask, api: BotApi, take: Take, greet: Callable[[], None], poll_seconds: int = 25):
        self._app, self._api, self._take, self._greet = app, api, take, greet
        self._poll_seconds = poll_seconds
        self._is_stopped = False
        self._is_waiting = False
        self._offset: int | None = None
        self._failures = 0

    def stop(self) -> None:
        """End after the present update. From a signal: a wait, the question for updates too, is cut off at once."""
        self._is_stopped = True
        if self._is_waiting and threading.current_thread() is threading.main_thread():
            self._is_waiting = False
            raise _Stopped

    def run(self) -> None:
        """Run until `stop`. Raises `TokenRefused`; everything else that passes is waited for."""
        while not self._is_stopped:
            try:
                with _OnlyPoller(db_url(self._app), self._api.bot_id, self._pause) as lock:
                    if lock is not None:
                        self._run_alone(lock)
            except _Stopped:
                return
            except (OperationalError, InterfaceError) as error:
                self._forget_connections()
                self._wait_out("database_lost", error)

    def _run_alone(self, lock: _OnlyPoller) -> None:
        self._try_until_done(self._api.delete_webhook)
        self._greet()
        log.info("polling", bot=self._api.bot_id)
        while not self._is_stopped:
            updates = self._try_until_done(self._ask)
            lock.check()
            for update in updates or ():
                if not self._take_until_done(update):
                    return

    def _ask(self) -> list[dict[str, Any]]:
        self._is_waiting = True
        try:
            return self._api.get_updates(self._offset, limit=AT_ONCE, seconds=self._poll_seconds)
        finally:
            self._is_waiting = False

    def _take_until_done(self, update: dict[str, Any]) -> bool:
        """False when we were stopped before it was done; it will come again."""
        while not self._take(update):
            if self._is_stopped:
                return False
            self._pause(RETRY_SECONDS)
        update_id = update.get("update_id") if isinstance(update, dict) else None
        if isinstance(update_id, int):
            self._offset = update_id + 1
        return not self._is_stopped

    def _try_until_done(self, ask: Callable[[], Any]) -> Any:
        """What Telegram answers in the end; None when we are stopped before. Raises `TokenRefused`."""
        while not self._is_stopped:
            try:
                answer = ask()
            except TelegramError as error:
                if error.code == "token_refused":
                    raise TokenRefused from None
                self._wait_out("telegram_failed", error, error.retry_after)
                continue
            if self._failures:
                log.info("telegram_recovered", failures=self._failures)
            self._failures = 0
            return answer
        return None

    def _wait_out(self, event: str, error: Exception, seconds: float | None = None) -> None:
        if self._failures == 0:
            log.warning(event, error=name_of(error), at=path_of(error))
        self._failures += 1
        self._pause(min(0.25 * 2 ** min(self._failures, 10), LONGEST_PAUSE) if seconds is None else seconds)

    def _pause(self, seconds: float) -> bool:
        """Whether to go on afterwards."""
        self._is_waiting = True
        try:
            time.sleep(0 if self._is_stopped else seconds)
        finally:
            self._is_waiting = False
        return not self._is_stopped

    def _forget_connections(self) -> None:
        with self._app.app_context():
            db.session.remove()
            db.engine.dispose()


def db_url(app: Flask):
    with app.app_context():
        return db.engine.url


class _OnlyPoller:
    """A connection that holds the bot's advisory lock as long as it lives; None is entered when we are stopped first."""

    def __init__(self, url, bot_id: int, pause: Callable[[float], bool]):
        self._engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._bot_id, self._pause = bot_id, pause
        self._connection = None

    def __enter__(self) -> _OnlyPoller | None:
        self._connection = self._engine.connect()
        said = False
        while not self._is_ours():
            if not said:
                log.info("waiting_for_the_other_poller", bot=self._bot_id)
                said = True
            if not self._pause(LOCK_SECONDS):
                return None
        return self

    def __exit__(self, *_) -> None:
        self._connection.close()
        self._engine.dispose()

    def check(self) -> None:
        """Raises `OperationalError` when the connection, and with it the lock, is gone."""
        self._connection.execute(text("SELECT 1"))

    def _is_ours(self) -> bool:
        key = {"key": f"kopilka bot {self._bot_id}"}
        return self._connection.scalar(text("SELECT pg_try_advisory_lock(hashtextextended(:key, 0))"), key)

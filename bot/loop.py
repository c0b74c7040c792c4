"""Asks Telegram for updates and has each taken exactly once, in order, whatever dies in between.

The number of an update and its effect are one transaction, and Telegram is told to forget it only after the commit: an
update that comes again is known, one that was cut off comes again. One process a token asks; PostgreSQL holds the others
back until its connection is gone.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import structlog
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import NullPool

from bot.application import TO_SERVER
from bot.reading import number_of
from connectors.telegram import BotApi, TelegramError
from loyalty import updates
from loyalty.failures import name_of, path_of
from models import db

log = structlog.get_logger("bot")

AT_ONCE = 50
LONGEST_PAUSE = 30.0
RETRY_SECONDS = 0.2
LOCK_SECONDS = 1.0


class Takes(Protocol):
    """What the loop has its updates taken by. Both answer whether the update is dealt with; when not, it is to be tried
    again. They raise only when PostgreSQL is lost."""

    def take(self, raw: dict[str, Any]) -> bool:
        """Deal with an update."""

    def blame(self, raw: dict[str, Any]) -> bool:
        """A process has died of this update."""


class TokenRefused(Exception):
    """Telegram does not know the token: it was revoked or mistyped."""


class _Stopped(BaseException):
    """Raised by the signal while we only wait."""


class Loop:
    """The loop of one bot. `greet` is called once when asking begins."""

    def __init__(self, app: Flask, api: BotApi, taker: Takes, greet: Callable[[], None], poll_seconds: int = 25):
        self._app, self._api, self._taker, self._greet = app, api, taker, greet
        self._poll_seconds = poll_seconds
        self._is_stopped = False
        self._is_waiting = False
        self._is_greeted = False
        self._offset: int | None = None
        self._in_hand: int | None = None
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
                with _OnlyPoller(db_url(self._app), self._api.bot_id, self._pause) as poller:
                    if poller is not None:
                        self._run_alone(poller)
            except _Stopped:
                return
            except (OperationalError, InterfaceError) as error:
                self._forget_connections()
                self._wait_out("database_lost", error)

    def _run_alone(self, poller: _OnlyPoller) -> None:
        with self._waiting():
            self._try_until_done(self._api.delete_webhook)
            if not (self._is_greeted or self._is_stopped):
                self._greet()
                self._is_greeted = True
        log.info("polling", bot=self._api.bot_id)
        while not self._is_stopped:
            with self._waiting():
                found = self._try_until_done(self._ask)
            poller.check()
            # nothing came: all before is confirmed, and after a week of silence numbers may begin anew below the last
            self._offset = None
            for update in sorted(found or (), key=lambda update: number_of(update) or 0):
                if not self._take_until_done(update, poller):
                    return
            if found and self._offset is None:
                log.error("updates_without_number", updates=len(found))
                self._pause(RETRY_SECONDS)

    def _ask(self) -> list[dict[str, Any]]:
        try:
            return self._api.get_updates(self._offset, limit=AT_ONCE, seconds=self._poll_seconds)
        except TelegramError as error:
            if error.code != "webhook_set":
                raise
        log.warning("webhook_taken_away")
        self._api.delete_webhook()
        return []

    def _take_until_done(self, update: dict[str, Any], poller: _OnlyPoller) -> bool:
        """False when we were stopped before it was done; it will come again."""
        number = number_of(update)
        if number is None:
            return not self._is_stopped
        # what this process had in hand itself when it lost its connection has killed nobody
        is_deadly = number == poller.died_of and number != self._in_hand
        self._in_hand = number
        poller.take_up(number)
        is_done = is_deadly and self._taker.blame(update)
        while not is_done and not (is_done := self._taker.take(update)):
            if not self._pause(RETRY_SECONDS):
                return False
        self._offset = number + 1
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
        with self._waiting():
            time.sleep(0 if self._is_stopped else seconds)
        return not self._is_stopped

    @contextlib.contextmanager
    def _waiting(self) -> Iterator[None]:
        """What is done inside may be cut off at any point."""
        was_waiting, self._is_waiting = self._is_waiting, True
        try:
            yield
        finally:
            self._is_waiting = was_waiting

    def _forget_connections(self) -> None:
        with self._app.app_context():
            db.session.remove()
            db.engine.dispose()


def db_url(app: Flask):
    with app.app_context():
        return db.engine.url


class _OnlyPoller:
    """A connection that holds the bot's advisory lock as long as it lives; None is entered when we are stopped first.

    What is in hand is noted without waiting for the disk: it is to outlive this process, not PostgreSQL. `died_of` is what
    the process before us had in hand, if it did not end in order.
    """

    died_of: int | None = None

    def __init__(self, url, bot_id: int, pause: Callable[[float], bool]):
        options = TO_SERVER | {"options": "-c synchronous_commit=off"}
        self._engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=options)
        self._bot_id, self._pause = bot_id, pause
        self._connection = None
        self._is_held = False

    def __enter__(self) -> _OnlyPoller | None:
        self._connection = self._engine.connect()
        said = False
        while not self._is_ours():
            if not said:
                log.info("waiting_for_the_other_poller", bot=self._bot_id)
                said = True
            if not self._pause(LOCK_SECONDS):
                return None
        self._is_held = True
        self.died_of = updates.find_in_hand(self._connection, self._bot_id)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_) -> None:
        if self._is_held and kind in (None, _Stopped):
            with contextlib.suppress(DBAPIError):
                updates.put_down(self._connection, self._bot_id)
        self._connection.close()
        self._engine.dispose()

    def check(self) -> None:
        """Raises `OperationalError` when the connection, and with it the lock, is gone."""
        self._connection.execute(text("SELECT 1"))

    def take_up(self, number: int) -> None:
        """Note that this update is in hand. Raises as `check` does."""
        updates.take_up(self._connection, self._bot_id, number)

    def _is_ours(self) -> bool:
        key = {"key": f"kopilka bot {self._bot_id}"}
        return self._connection.scalar(text("SELECT pg_try_advisory_lock(hashtextextended(:key, 0))"), key)

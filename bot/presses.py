"""Ends the waiting of pressed buttons, beside the loop: Telegram may be slow, and nobody's next update waits for that.

Best effort: a button whose waiting does not end is a nuisance, not a loss.
"""

from __future__ import annotations

import queue
import threading

import structlog

from connectors.telegram import BotApi, TelegramError
from loyalty.failures import name_of

log = structlog.get_logger("bot")

MOST = 100
"""Presses that wait for their answer; a person who waits longer than these take has pressed again."""
PARTING_SECONDS = 2.0


class Presses:
    """Answers presses one after another in a thread of its own, which begins with the first."""

    def __init__(self, api: BotApi):
        self._api = api
        self._waiting: queue.Queue[tuple[str, str | None] | None] = queue.Queue(MOST)
        self._thread: threading.Thread | None = None

    def end(self, press_id: str, toast: str | None) -> None:
        """Have the waiting of a press ended, with some words for the person if there are any."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="presses", daemon=True)
            self._thread.start()
        try:
            self._waiting.put_nowait((press_id, toast))
        except queue.Full:
            log.info("press_not_answered", error="too many wait")

    def close(self) -> None:
        """Give those that wait a moment."""
        if self._thread is not None:
            try:
                self._waiting.put_nowait(None)
            except queue.Full:
                return
            self._thread.join(PARTING_SECONDS)

    def _run(self) -> None:
        while (press := self._waiting.get()) is not None:
            try:
                self._api.answer_press(*press)
            except TelegramError as error:
                log.info("press_not_answered", error=name_of(error))

"""Chatting with the real bot process in a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from api import create_app
from config import Settings
from models import db
from sandbox import world
from sandbox.application import add_sandbox
from tests.bot.chat import Telegram
from tests.support.databases import Databases

PATIENCE = 60_000
"""Milliseconds: the bot's answer goes through its process, the outbox and the stand-in, on a machine that is busy."""


class Bot(Telegram):
    """The real bot over the demo world, whose answers are sent while the browser waits."""

    def __init__(self, app, folder, monkeypatch):
        super().__init__(app, folder, monkeypatch)
        app.config["SETTINGS"] = replace(app.config["SETTINGS"], public_url=self.url)
        self._ended = threading.Event()
        self._sender = threading.Thread(target=self._send, daemon=True)
        self._sender.start()
        self.start_bot(PUBLIC_URL=self.url)

    def move(self) -> int:
        """Nothing is left to do for those who wait for an answer: the thread sends them all."""
        return 0

    def _send(self) -> None:
        while not self._ended.wait(0.1):
            super().move()

    def stop(self) -> None:
        self._ended.set()
        self._sender.join()
        super().stop()


@contextmanager
def running_bot(settings: Settings, databases: Databases, folder: Path) -> Iterator[Bot]:
    """A demo world of its own, served, with the bot."""
    url = databases.clone(settings)
    app = add_sandbox(create_app(replace(settings, database_url=url), url))
    world.build(app)
    with pytest.MonkeyPatch.context() as monkeypatch:
        bot = Bot(app, folder, monkeypatch)
        try:
            yield bot
        finally:
            bot.stop()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    databases.drop(url)


def open_chat(page: Page, bot: Bot, who: str, beside: str | None = None) -> None:
    """Show the Telegram of a person, and somebody else's beside it."""
    page.goto(f"{bot.url}/sandbox/telegram/{who}" + (f"?with={beside}" if beside else ""))
    expect(page.locator("[data-chat][data-ready]")).to_have_count(1)


def write(phone: Page | Locator, text: str) -> None:
    field = phone.get_by_label("Сообщение", exact=True)
    field.fill(text)
    field.press("Enter")


def said_by_bot(phone: Page | Locator, text: str) -> Locator:
    """The bot's messages with these words in them."""
    return phone.locator(".said:not(.is-mine)").filter(has_text=text)

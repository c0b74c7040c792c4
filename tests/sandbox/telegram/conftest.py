from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from io import BytesIO

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from api import create_app
from models import db
from sandbox.application import add_sandbox
from sandbox.telegram.people import Person, find_person


@dataclass
class Chat:
    """A chat of somebody new, and the bot that answers there by hand."""

    app: Flask
    person: Person

    @property
    def page(self) -> str:
        return f"/sandbox/telegram/{self.person.key}"

    def call(self, method: str, files: dict | None = None, **given) -> TestResponse:
        """One call of the Bot API, as the library sends it."""
        given = {"chat_id": self.person.telegram_id} | given
        sent = {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in given.items()}
        token = self.app.config["SETTINGS"].bot_token
        uploads = {name: (BytesIO(body), called) for name, (called, body) in (files or {}).items()}
        return self.app.test_client().post(f"/sandbox/telegram/api/bot{token}/{method}", data=sent | uploads)

    def bot_says(self, text: str, *rows: list[str], **given) -> int:
        """A message with buttons whose data are their labels; its number."""
        keyboard = [[{"text": label, "callback_data": label} for label in row] for row in rows]
        given |= {"reply_markup": {"inline_keyboard": keyboard}} if rows else {}
        answer = self.call("sendMessage", text=text, **given)
        assert answer.status_code == 200, answer.text
        return answer.json["result"]["message_id"]

    def say(self, **what) -> TestResponse:
        return self.app.test_client().post(f"{self.page}/messages", json=what)

    def items(self, after: int = 0) -> list[dict]:
        return self.app.test_client().get(f"{self.page}/messages.json", query_string={"after": after}).json["items"]

    def told(self) -> list[dict]:
        """What the bot is told now; it is not told again."""
        updates = self.call("getUpdates", timeout=0).json["result"]
        if updates:
            self.call("getUpdates", timeout=0, offset=updates[-1]["update_id"] + 1)
        return updates


@pytest.fixture(scope="module")
def stand_in(settings, databases):
    """An application whose bot is nobody but the tests of this module."""
    url = databases.clone(settings)
    app = add_sandbox(create_app(replace(settings, database_url=url), url))
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    databases.drop(url)


@pytest.fixture
def chat(stand_in) -> Chat:
    chat = Chat(stand_in, find_person(f"+7999{random.randrange(10**7):07}"))
    chat.told()
    yield chat
    assert stand_in.test_client().delete("/sandbox/telegram/faults").status_code == 200

"""The application as `make run` serves it: with the sandbox, the demo world and a socket, in the process of the test."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from playwright.sync_api import BrowserContext, Page

from api import create_app
from config import Settings
from loyalty import sessions
from loyalty.clock import utcnow
from models import db, transaction
from sandbox import messages, world
from sandbox.application import add_sandbox
from tests.support.databases import Databases
from tests.support.live_server import LiveServer
from tests.support.redis_server import free_port
from workers.relay import Relay


class Site:
    """`url` is the platform to a browser; `elsewhere` is the same server as another site, where partners' pages are.

    Messages and other work of the outbox wait until a test says `deliver()`.
    """

    def __init__(self, settings: Settings, databases: Databases):
        port = free_port()
        self.url, self.elsewhere = f"http://localhost:{port}", f"http://127.0.0.1:{port}"
        self._databases, self._database = databases, databases.clone(settings)
        settings = replace(settings, port=port, public_url=self.url, database_url=self._database)
        self.app = add_sandbox(create_app(settings, self._database))
        world.build(self.app)
        self._relay = Relay(self.app, None)
        self._server = LiveServer(self.app, port)

    def close(self) -> None:
        self._server.stop()
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        self._databases.drop(self._database)

    def sign_in(self, place: Page | BrowserContext, who: str | UUID) -> None:
        """Give the browser the cookie of a person: a key of the demo world (`ivan`, `espresso-cashier`) or a customer's id."""
        customer_id = world.fixed_id(who) if isinstance(who, str) else who
        with self.app.app_context(), transaction():
            value = sessions.open_page_session(customer_id, "Chromium", utcnow())
        name = self.app.config["PAGE_COOKIE_NAME"]
        context = place if isinstance(place, BrowserContext) else place.context
        context.add_cookies([{"name": name, "value": value, "url": self.url, "httpOnly": True, "sameSite": "Lax"}])

    def deliver(self, ahead: timedelta = timedelta()) -> None:
        """Do what the workers would do in a moment: all that is due, by a clock that is so far ahead."""
        with self.app.app_context():
            while self._relay.move(utcnow() + ahead):
                continue

    def read_messages(self, to: str) -> list[dict[str, str]]:
        """What was sent to the person who has this phone or e-mail, newest first; delivered now."""
        self.deliver()
        with self.app.app_context():
            return messages.latest(to)

    def read_code(self, to: str) -> str:
        """The newest one-time code that was sent there."""
        codes = (re.search(r"\b\d{6}\b", message["text"]) for message in self.read_messages(to))
        found = next((code for code in codes if code), None)
        assert found, f"no code was sent to {to}"
        return found[0]

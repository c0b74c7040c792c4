"""A Telegram that is served on a socket, the real bot process against it, and people who chat with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import requests
from flask import Flask

from config import ROOT
from loyalty.clock import utcnow
from models import db, transaction
from sandbox.telegram import store
from sandbox.telegram.people import find_person
from tests.support.live_server import LiveServer
from tests.support.redis_server import free_port
from workers import context
from workers.relay import Relay

PATIENCE = 40
NOT_FOR_CHILDREN = ("REDIS_URL", "SMTP_URL", "TELEGRAM_BOT_TOKEN")


class Telegram:
    """The stand-in of one application on a socket, bots that are started against it, and the relay of its replies."""

    def __init__(self, app: Flask, folder: Path, monkeypatch):
        self.app, self._folder = app, folder
        port = free_port()
        app.config["SETTINGS"] = replace(app.config["SETTINGS"], port=port, job_backoff=0.05)
        monkeypatch.setattr(context, "_app", app)
        self._server = LiveServer(app, port)
        self.url = self._server.url
        self.bots: list[subprocess.Popen] = []
        self._relay = Relay(app, None)
        with app.app_context():
            store.prepare()

    def start_bot(self, module: str = "bot", **variables: str) -> subprocess.Popen:
        """`python -m bot`, its log in a file of its own."""
        settings = self.app.config["SETTINGS"]
        env = {name: value for name, value in os.environ.items() if name not in NOT_FOR_CHILDREN}
        env |= {
            "SANDBOX": "1",
            "DATABASE_URL": settings.database_url,
            "PORT": str(settings.port),
            "SECRET_KEY": settings.secret_key,
            "ENCRYPTION_KEYS": ",".join(settings.encryption_keys),
            "KOPILKA_HOME": str(self._folder),
            "TELEGRAM_POLL_SECONDS": "2",
            **variables,
        }
        log = (self._folder / f"bot-{len(self.bots)}.log").open("w")
        bot = subprocess.Popen([sys.executable, "-m", module], cwd=ROOT, env=env, stdout=log, stderr=log)
        log.close()
        self.bots.append(bot)
        return bot

    @property
    def log(self) -> str:
        return "".join(path.read_text() for path in sorted(self._folder.glob("bot-*.log")))

    def stop(self) -> None:
        for bot in self.bots:
            if bot.poll() is None:
                bot.send_signal(signal.SIGTERM)
        try:
            for bot in self.bots:
                bot.wait(20)
        finally:
            self._server.stop()
        secret = self.app.config["SETTINGS"].bot_token.partition(":")[2]
        assert secret not in self.log, "the token stands in the log"

    def move(self) -> int:
        """Send the replies that are due."""
        with self.app.app_context():
            return self._relay.move(utcnow())

    def post(self, path: str, body: dict) -> requests.Response:
        return requests.post(f"{self.url}/sandbox/telegram/{path}", json=body, timeout=10)

    def fail(self, kind: str, **fault) -> None:
        assert self.post("faults", {"kind": kind, **fault}).status_code == 201

    def wait_for(self, condition, seconds: float = PATIENCE):
        """What `condition` answers once it is true; the replies are sent meanwhile."""
        return self.wait_silently_for(lambda: condition() or (self.move() and False), seconds)

    def wait_silently_for(self, condition, seconds: float = PATIENCE):
        """What `condition` answers once it is true; no reply is sent."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < deadline, self.log
            time.sleep(0.05)
        return found

    def settle(self) -> None:
        """Wait until the bot has taken, and confirmed, all that it was told."""
        self.wait_for(self._is_confirmed)

    def settle_silently(self) -> None:
        self.wait_silently_for(self._is_confirmed)

    def _is_confirmed(self) -> bool:
        return not self.scalar("SELECT count(*) FROM sandbox.tg_update WHERE NOT is_confirmed")

    def tell(self, update: dict) -> int:
        """Have the bot told of something that no demo person does; the number of the update."""
        with self.app.app_context(), transaction():
            return store.add_update(update)

    def scalar(self, statement: str):
        with self.app.app_context(), transaction():
            return db.session.execute(db.text(statement)).scalar()

    def person(self, key: str) -> Person:
        return Person(self, key)


class Person:
    """Somebody who chats."""

    def __init__(self, telegram: Telegram, key: str):
        self._telegram, self.key, self._seen = telegram, key, 0
        self.telegram_id = find_person(key).telegram_id

    def send(self, **what) -> int:
        answer = self._telegram.post(f"{self.key}/messages", what)
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    def items(self, after: int = 0) -> list[dict]:
        path = f"{self._telegram.url}/sandbox/telegram/{self.key}/messages.json"
        return requests.get(path, params={"after": after}, timeout=10).json()["items"]

    def hear(self, after: int, containing: str = "") -> dict:
        """The bot's next message after the item `after`, with these words in it."""

        def heard():
            found = [one for one in self.items(after) if one["from"] == "bot" and containing in one["text"]]
            return found[0] if found else None

        return self._telegram.wait_for(heard)

    def ask(self, containing: str = "", **what) -> dict:
        """Say something and hear the answer."""
        return self.hear(self.send(**what), containing)

"""`python -m bot`: takes updates until SIGTERM or Ctrl-C.

Exit codes: 0 stopped on request, 1 Telegram does not know the token, 2 the settings cannot be used.
"""

from __future__ import annotations

import contextlib
import signal
import sys

import structlog
from flask import Flask

from bot.application import create_bot_app
from bot.loop import Loop, TokenRefused
from bot.rooms import doors
from bot.taking import Taker
from bot.texts import COMMANDS, LANGUAGES, Words
from config import SettingsError, load_settings
from connectors.telegram import BotApi, TelegramError
from models.embedded import EmbeddedServer

log = structlog.get_logger("bot")


def main() -> int:
    try:
        settings = load_settings()
        if settings.bot_token is None:
            raise SettingsError("TELEGRAM_BOT_TOKEN is missing: @BotFather gives one")
    except SettingsError as error:
        print(f"Cannot start: {error}", file=sys.stderr)  # noqa: T201
        return 2
    if settings.database_url:
        return run(create_bot_app(settings, settings.database_url))
    server = EmbeddedServer(settings.home)
    server.start()
    try:
        return run(create_bot_app(settings, server.url))
    finally:
        server.stop()


def run(app: Flask) -> int:
    """Take updates until a signal says stop."""
    settings = app.config["SETTINGS"]
    api = BotApi(settings.bot_token, settings.bot_api_url)
    taker = Taker(app, api, respond=doors.respond, refuse=doors.refuse, apologise=doors.apologise)
    loop = Loop(app, api, taker, lambda: set_menu(api), settings.telegram_poll_seconds)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: loop.stop())
    try:
        loop.run()
    except TokenRefused:
        log.critical("token_refused", bot=api.bot_id)
        return 1
    finally:
        taker.close()
    log.info("bot_stopped")
    return 0


def set_menu(api: BotApi) -> None:
    """The menu of commands, in every language; without it the bot works all the same."""
    with contextlib.suppress(TelegramError):
        for language in (None, *LANGUAGES):
            words = Words(language or "ru")
            api.set_commands({name: words(f"command_{name}") for name in COMMANDS}, language)


if __name__ == "__main__":
    sys.exit(main())

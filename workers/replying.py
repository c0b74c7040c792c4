"""Sends the bot's replies, at the pace that Telegram bears."""

from __future__ import annotations

from datetime import datetime

from flask import current_app

from connectors.errors import ConnectorError
from connectors.telegram import BotApi, TelegramError
from loyalty import replies
from loyalty.qr import draw_png
from workers import filing
from workers.pacing import GONE, forget_chat, turn_to_write


def send_reply(payload: dict, row, now: datetime) -> None:
    """Sealed: what `loyalty.replies` describes. A person who has blocked the bot gets nothing, and that is the end of it."""
    settings = current_app.config["SETTINGS"]
    if settings.bot_token is None:
        raise ConnectorError("no_telegram_gateway", retryable=False)
    reply = replies.read_reply(row.sealed)
    api = BotApi(settings.bot_token, settings.bot_api_url, settings.telegram_send_seconds)
    try:
        with turn_to_write(reply["chat_id"], row.attempts):
            _send(api, reply, now)
    except TelegramError as error:
        if error.code not in GONE:
            raise
    if reply.get("last"):
        forget_chat(reply["chat_id"])


def _send(api: BotApi, reply: dict, now: datetime) -> None:
    chat_id, text, markup = reply["chat_id"], reply["text"], reply.get("markup")
    if "edit" in reply:
        _rewrite(api, reply)
    elif "qr" in reply:
        api.send_picture(chat_id, draw_png(reply["qr"]), text, markup)
    elif "file" in reply:
        _send_file(api, reply, now)
    else:
        api.send_text(chat_id, text, markup)


def _rewrite(api: BotApi, reply: dict) -> None:
    """A message that is gone, or cannot be changed, is written again below: what was done must not stay unsaid."""
    chat_id, text, markup = reply["chat_id"], reply["text"], reply.get("markup")
    try:
        api.edit_text(chat_id, reply["edit"], text, markup)
    except TelegramError as error:
        if error.code != "refused" or error.retryable:
            raise
        api.send_text(chat_id, text, markup)


def _send_file(api: BotApi, reply: dict, now: datetime) -> None:
    """The document, or the sentence for why there is none; nothing where the reply brings no such sentence."""
    chat_id, excuses = reply["chat_id"], reply.get("instead", {})
    try:
        file = filing.write(reply["file"], chat_id, now)
    except filing.TooLarge:
        excuse = excuses.get("too_large")
    else:
        if file is not None:
            api.send_document(chat_id, file.name, file.content, reply["text"])
            return
        excuse = excuses.get("not_allowed")
    if excuse:
        api.send_text(chat_id, excuse)

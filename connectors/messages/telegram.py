"""Notices and codes to Telegram, from the bot."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.errors import ConnectorError
from connectors.messages.gateway import Message
from connectors.telegram import BotApi

NUMBERS_A_ROW = 6


class TelegramGateway:
    """The address of a message is the person's Telegram id, which is their private chat with the bot too."""

    def __init__(self, api: BotApi):
        self._api = api

    def send(self, message: Message) -> None:
        """Hand the message over. Raises `ConnectorError`: `blocked` when the person does not want to hear from the bot."""
        self._api.send_text(self.chat_of(message), message.text, inline_keyboard(message.buttons))

    @staticmethod
    def chat_of(message: Message) -> int:
        """The chat that the message goes to. Raises `ConnectorError`."""
        try:
            return int(message.to)
        except ValueError:
            raise ConnectorError("bad_address", retryable=False) from None


def inline_keyboard(buttons: Sequence[Sequence[str]]) -> dict | None:
    """The buttons under a message as Telegram wants them, one a row, and numbers several a row; None for none."""
    rows: list[list[dict[str, str]]] = []
    for label, data in buttons:
        goes_on = rows and label.isdecimal() and rows[-1][0]["text"].isdecimal() and len(rows[-1]) < NUMBERS_A_ROW
        row = rows[-1] if goes_on else []
        row.append({"text": label, "callback_data": data})
        if not goes_on:
            rows.append(row)
    return {"inline_keyboard": rows} if rows else None

"""Notices and codes to Telegram, from the bot."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.errors import ConnectorError
from connectors.messages.gateway import Message
from connectors.telegram import BotApi


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
    """The buttons under a message as Telegram wants them, one a row; None for none."""
    rows = [[{"text": label, "callback_data": data}] for label, data in buttons]
    return {"inline_keyboard": rows} if rows else None

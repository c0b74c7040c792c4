"""Notices and codes to Telegram, from the bot."""

from __future__ import annotations

from connectors.errors import ConnectorError
from connectors.messages.gateway import Message
from connectors.telegram import BotApi


class TelegramGateway:
    """The address of a message is the person's Telegram id, which is their private chat with the bot too."""

    def __init__(self, api: BotApi):
        self._api = api

    def send(self, message: Message) -> None:
        """Hand the message over. Raises `ConnectorError`: `blocked` when the person does not want to hear from the bot."""
        try:
            chat_id = int(message.to)
        except ValueError:
            raise ConnectorError("bad_address", retryable=False) from None
        self._api.send_text(chat_id, message.text)

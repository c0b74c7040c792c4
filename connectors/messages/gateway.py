"""What a message is and what carries it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from connectors.errors import ConnectorError


@dataclass(frozen=True)
class Message:
    """One message to one person. `id` is the same at every try; the rest is personal and stays out of `repr`.

    `buttons` are labels and what the bot is told by a press; channels without buttons leave them out.
    """

    id: str
    channel: str
    to: str = field(repr=False)
    text: str = field(repr=False)
    subject: str = field(repr=False)
    buttons: tuple[tuple[str, str], ...] = field(default=(), repr=False)


class Gateway(Protocol):
    """Carries messages of one or more channels."""

    def send(self, message: Message) -> None:
        """Hand the message over. Raises `ConnectorError`; after a retryable one the same message may be sent again."""


class NoGateway:
    """Stands where nothing is set up for a channel."""

    def __init__(self, channel: str):
        self._channel = channel

    def send(self, message: Message) -> None:
        """Always raises `ConnectorError`: `no_sms_gateway`, `no_email_gateway`, `no_telegram_gateway`."""
        raise ConnectorError(f"no_{self._channel}_gateway", retryable=False)

"""The sandbox's stand-in for every gateway: it keeps messages instead of sending them, each id once."""

from __future__ import annotations

import hmac
from hashlib import sha256

from connectors.http import post_json
from connectors.messages.gateway import Message

SECRET_HEADER = "X-Sandbox-Secret"  # noqa: S105 — a header's name


class SandboxGateway:
    """Posts messages to the stand-in at `url`."""

    def __init__(self, url: str, secret: str):
        self._url, self._secret = url, secret

    def send(self, message: Message) -> None:
        """Hand the message over. Raises `ConnectorError`."""
        body = {
            "id": message.id,
            "channel": message.channel,
            "to": message.to,
            "subject": message.subject,
            "text": message.text,
            "buttons": message.buttons,
        }
        post_json(self._url, body, {SECRET_HEADER: self._secret})


def gateway_secret(secret_key: str) -> str:
    """What only processes of this installation know: others cannot put words into the feed."""
    return hmac.new(secret_key.encode(), b"sandbox gateway", sha256).hexdigest()

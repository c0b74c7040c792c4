"""E-mail over SMTP: `smtp://user:password@host:587?starttls=1`, or `smtps://user:password@host:465`."""

from __future__ import annotations

import smtplib
import ssl
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import parse_qs, unquote, urlsplit

from connectors.errors import ConnectorError
from connectors.messages.gateway import Message

TIMEOUT_SECONDS = 15


class SmtpGateway:
    """One connection a message. The `Message-ID` comes from ours, so a repeat is recognisable as one."""

    def __init__(self, url: str, mail_from: str):
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("SMTP_URL must look like smtp://user:password@host:port?starttls=1 or smtps://…")
        self._host, self._over_tls = parts.hostname, parts.scheme == "smtps"
        self._port = parts.port or (465 if self._over_tls else 25)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._starttls = parse_qs(parts.query).get("starttls", ["0"])[-1] in ("1", "true")
        self._from = mail_from

    def send(self, message: Message) -> None:
        """Hand the message over. A 5xx refusal raises a final `ConnectorError`, everything else one to try again."""
        letter = self._letter(message)
        try:
            with self._connect() as server:
                server.send_message(letter)
        except smtplib.SMTPRecipientsRefused as error:
            status = next(iter(error.recipients.values()))[0]
            raise ConnectorError("address_refused", retryable=status < 500, status=status) from None
        except smtplib.SMTPAuthenticationError as error:
            raise ConnectorError("login_refused", retryable=True, status=error.smtp_code) from None
        except smtplib.SMTPResponseException as error:
            raise ConnectorError("refused", retryable=error.smtp_code < 500, status=error.smtp_code) from None
        except (smtplib.SMTPException, OSError):
            raise ConnectorError("unreachable", retryable=True) from None

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._over_tls:
            server = smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_SECONDS)
        try:
            if self._starttls:
                server.starttls(context=context)
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server

    def _letter(self, message: Message) -> EmailMessage:
        letter = EmailMessage()
        try:
            letter["To"] = Address(addr_spec=message.to)
        except (MessageError, ValueError, IndexError):
            raise ConnectorError("bad_address", retryable=False) from None
        letter["From"] = self._from
        letter["Subject"] = " ".join(message.subject.split())
        letter["Date"] = formatdate()
        letter["Message-ID"] = f"<{message.id}@{self._from.rpartition('@')[2].strip('<> ')}>"
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(message.text)
        return letter

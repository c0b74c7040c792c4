"""Settings: the one place that reads the environment.

Every variable is described in `.env.example`. A setting that production cannot do without stops the start with its
name; on a developer's machine (``SANDBOX=1``, or no ``DATABASE_URL``) secrets are made once, kept in the data folder.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parent
SANDBOX_BOT = 7000000001
"""The Telegram id of the sandbox's bot."""
WEB_THREADS = 8
"""Calls one web process works on at once; it keeps a database connection for each (docs/adr/0005)."""


class SettingsError(RuntimeError):
    """A setting is missing or unusable; the message names it and says what to write."""


@dataclass(frozen=True)
class Settings:
    """What a process needs to know about where it runs. Secrets are left out of `repr`."""

    home: Path
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = "http://localhost:8000"
    database_url: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    sandbox: bool = False
    secret_key: str = field(default="", repr=False)
    encryption_keys: tuple[str, ...] = field(default=(), repr=False)
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str = "kopilka@localhost"
    telegram_bot_name: str = "kopilka_demo_bot"
    telegram_bot_token: str | None = field(default=None, repr=False)
    telegram_api_url: str = "https://api.telegram.org"
    telegram_send_seconds: float = 10.0
    """How long Telegram's answer to a message is waited for."""
    telegram_per_second: int = 30
    """How many messages a second Telegram bears, to all chats together."""
    telegram_chat_seconds: float = 1.0
    """How long a chat is left in peace between two messages."""
    telegram_poll_seconds: int = 25
    """How long the bot lets Telegram wait for the next update before it asks again."""
    web_workers: int = 2
    log_level: str = "INFO"
    trusted_proxies: int = 0
    codes_per_target: int = 5
    """How many one-time codes one phone, e-mail or card may ask for in an hour."""
    codes_per_address: int = 30
    """How many one-time codes one network address may ask for in a minute."""
    relay_interval: float = 0.2
    relay_requeue_after: float = 30.0
    relay_queue_limit: int = 200
    job_tries: int = 10
    job_backoff: float = 5.0
    job_backoff_cap: float = 14_400.0
    job_give_up_after: float = 172_800.0
    rq_workers: int = 2
    rq_monitoring_interval: int = 5
    rq_maintenance_interval: int = 15

    @property
    def sandbox_gateway_url(self) -> str:
        """Where the sandbox's message gateway listens (only meaningful with `sandbox`)."""
        return f"{self._own_url}/sandbox/gateway/messages"

    @property
    def bot_token(self) -> str | None:
        """The bot's token; in the sandbox one of its own, known to the processes of this installation."""
        if not self.sandbox:
            return self.telegram_bot_token
        digest = hmac.digest(self.secret_key.encode(), b"sandbox telegram", "sha256").hex()
        return f"{SANDBOX_BOT}:{digest[:35]}"

    @property
    def bot_api_url(self) -> str:
        """Where Telegram's Bot API listens; in the sandbox its stand-in."""
        return f"{self._own_url}/sandbox/telegram/api" if self.sandbox else self.telegram_api_url

    def bot_link(self, payload: str = "") -> str:
        """What opens the bot's chat; with a payload the bot is told it by the first press there. In the sandbox, where
        t.me cannot be reached, the page where one chooses whose Telegram it is."""
        base = f"{self.public_url}/sandbox/telegram" if self.sandbox else f"https://t.me/{self.telegram_bot_name}"
        return f"{base}?start={payload}" if payload else base

    @property
    def _own_url(self) -> str:
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::", "") else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def normalise_database_url(url: str) -> str:
    """Name the psycopg2 driver: SQLAlchemy 2.1 reads a bare ``postgresql://`` as another one."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in ("postgres", "postgresql", "postgresql+psycopg2"):
        raise SettingsError("DATABASE_URL must look like postgresql://user:password@host/database")
    return f"postgresql+psycopg2://{rest}"


def load_settings(environ: dict[str, str] | None = None) -> Settings:
    """Read the environment. Raises `SettingsError` naming the first setting that is missing or malformed."""
    env = _Environment(dict(os.environ) if environ is None else environ)
    sandbox = env.bool("SANDBOX", False)
    database_url = env.str("DATABASE_URL", None)
    home = Path(env.str("KOPILKA_HOME", None) or ROOT / ".kopilka").expanduser().resolve()
    port = env.int("PORT", 8000)
    if not 1 <= port <= 65535:
        raise SettingsError("PORT must be a number from 1 to 65535")
    on_own_machine = sandbox or not database_url
    secret_key, encryption_keys = env.str("SECRET_KEY", None), env.list("ENCRYPTION_KEYS")
    if on_own_machine:
        try:
            secret_key = secret_key or _kept_secret(home, "secret_key", lambda: secrets.token_urlsafe(48))
            encryption_keys = encryption_keys or [_kept_secret(home, "encryption_key", _new_encryption_key)]
        except OSError as error:
            raise SettingsError(f"KOPILKA_HOME={home} cannot be used: {error.strerror}") from error
    if not secret_key or len(secret_key) < 32:
        raise SettingsError("SECRET_KEY is missing or shorter than 32 characters")
    if not encryption_keys:
        raise SettingsError("ENCRYPTION_KEYS is missing: one or more Fernet keys, newest first, separated by commas")
    for key in encryption_keys:
        try:
            Fernet(key)
        except ValueError:
            raise SettingsError("ENCRYPTION_KEYS holds a value that is not a Fernet key") from None
    if sandbox and env.str("SMTP_URL", None):
        raise SettingsError("SANDBOX=1 refuses real credentials: unset SMTP_URL or SANDBOX")
    if sandbox and env.str("TELEGRAM_BOT_TOKEN", None):
        raise SettingsError("SANDBOX=1 refuses real credentials: unset TELEGRAM_BOT_TOKEN or SANDBOX")
    bot_token = env.str("TELEGRAM_BOT_TOKEN", None)
    if bot_token and not re.fullmatch(r"[0-9]{5,15}:[A-Za-z0-9_-]{20,80}", bot_token):
        raise SettingsError("TELEGRAM_BOT_TOKEN must look like 123456789:AAE…, as @BotFather gives it")
    api_url = env.str("TELEGRAM_API_URL", Settings.telegram_api_url).rstrip("/")
    if not api_url.startswith(("https://", "http://")):
        raise SettingsError("TELEGRAM_API_URL must begin with https:// or http://")
    per_second = env.int("TELEGRAM_PER_SECOND", Settings.telegram_per_second)
    if per_second < 1:
        raise SettingsError("TELEGRAM_PER_SECOND must be 1 or more")
    return Settings(
        home=home,
        host=env.str("HOST", "127.0.0.1"),
        port=port,
        public_url=(env.str("PUBLIC_URL", None) or f"http://localhost:{port}").rstrip("/"),
        database_url=normalise_database_url(database_url) if database_url else None,
        redis_url=env.str("REDIS_URL", None),
        sandbox=sandbox,
        secret_key=secret_key,
        encryption_keys=tuple(encryption_keys),
        smtp_url=env.str("SMTP_URL", None),
        mail_from=env.str("MAIL_FROM", "kopilka@localhost"),
        telegram_bot_name=env.str("TELEGRAM_BOT_NAME", "kopilka_demo_bot"),
        telegram_bot_token=bot_token,
        telegram_api_url=api_url,
        telegram_send_seconds=env.positive("TELEGRAM_SEND_SECONDS", Settings.telegram_send_seconds),
        telegram_per_second=per_second,
        telegram_chat_seconds=env.positive("TELEGRAM_CHAT_SECONDS", Settings.telegram_chat_seconds),
        telegram_poll_seconds=env.int("TELEGRAM_POLL_SECONDS", Settings.telegram_poll_seconds),
        web_workers=env.int("WEB_WORKERS", 2),
        log_level=env.str("LOG_LEVEL", "INFO").upper(),
        trusted_proxies=env.int("TRUSTED_PROXIES", 0),
        codes_per_target=env.int("CODES_PER_TARGET", 600 if sandbox else 5),
        codes_per_address=env.int("CODES_PER_ADDRESS", 600 if sandbox else 30),
        relay_interval=env.positive("RELAY_INTERVAL", Settings.relay_interval),
        relay_requeue_after=env.positive("RELAY_REQUEUE_AFTER", Settings.relay_requeue_after),
        relay_queue_limit=env.int("RELAY_QUEUE_LIMIT", Settings.relay_queue_limit),
        job_tries=env.int("JOB_TRIES", Settings.job_tries),
        job_backoff=env.positive("JOB_BACKOFF", Settings.job_backoff),
        job_backoff_cap=env.positive("JOB_BACKOFF_CAP", Settings.job_backoff_cap),
        job_give_up_after=env.positive("JOB_GIVE_UP_AFTER", Settings.job_give_up_after),
        rq_workers=env.int("RQ_WORKERS", Settings.rq_workers),
        rq_monitoring_interval=env.int("RQ_MONITORING_INTERVAL", Settings.rq_monitoring_interval),
        rq_maintenance_interval=env.int("RQ_MAINTENANCE_INTERVAL", Settings.rq_maintenance_interval),
    )


class _Environment:
    """Typed reading of a mapping: an empty variable counts as unset, a malformed one is named."""

    def __init__(self, values: dict[str, str]):
        self._values = {name: value.strip() for name, value in values.items() if value.strip()}

    def str(self, name: str, default: str | None) -> str | None:
        return self._values.get(name, default)

    def int(self, name: str, default: int) -> int:
        try:
            return int(self._values.get(name, default))
        except ValueError:
            raise SettingsError(f"{name} must be a whole number") from None

    def positive(self, name: str, default: float) -> float:
        try:
            value = float(self._values.get(name, default))
        except ValueError:
            value = 0.0
        if not 0 < value < float("inf"):
            raise SettingsError(f"{name} must be a number above zero")
        return value

    def bool(self, name: str, default: bool) -> bool:
        text = self._values.get(name, str(default)).lower()
        if text not in ("1", "true", "yes", "on", "0", "false", "no", "off"):
            raise SettingsError(f"{name} must be 1 or 0")
        return text in ("1", "true", "yes", "on")

    def list(self, name: str) -> list[str]:
        return [item.strip() for item in self._values.get(name, "").split(",") if item.strip()]


def _new_encryption_key() -> str:
    return Fernet.generate_key().decode()


def _kept_secret(home: Path, name: str, make) -> str:
    """A secret made once and kept in the data folder, readable by its owner only; safe when two start at once."""
    path = home / "secrets" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f"{name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(make())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text().strip()

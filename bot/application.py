"""What the bot needs of an application: the database, the keys, the settings. No routes."""

from __future__ import annotations

import logging
import sys

import structlog
from flask import Flask

from config import Settings
from loyalty import sealing
from models import db, ping_after_rest

TO_SERVER = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}
"""A PostgreSQL whose machine is gone without a word is lost after twenty seconds; the system alone would wait for hours."""
_CONNECTION = "-c lock_timeout=5000 -c idle_in_transaction_session_timeout=60000 -c timezone=UTC"


def create_bot_app(settings: Settings, database_url: str) -> Flask:
    """The bot's application over a database that is there and migrated."""
    _configure_logging(settings.log_level)
    app = Flask("kopilka_bot", static_folder=None)
    app.config.update(
        SETTINGS=settings,
        SQLALCHEMY_DATABASE_URI=database_url,
        SQLALCHEMY_ENGINE_OPTIONS={"pool_size": 2, "connect_args": TO_SERVER | {"options": _CONNECTION}},
    )
    sealing.configure(settings.secret_key, settings.encryption_keys)
    db.init_app(app)
    with app.app_context():
        ping_after_rest(db.engine)
    return app


def _configure_logging(level: str) -> None:
    """One JSON object a line on stderr, as the other processes write."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping().get(level, logging.INFO)),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )

"""The application for gunicorn (`wsgi:app`) and for the commands of `flask --app wsgi`."""

from __future__ import annotations

import atexit

from sqlalchemy import event

from api import create_app
from config import load_settings
from models import db
from models.embedded import EmbeddedServer


def _start_on_first_connection(server: EmbeddedServer) -> None:
    """Commands that need no database start none; those that do leave none behind."""

    def start(*_) -> None:
        if not server.is_held:
            server.start()
            atexit.register(server.stop)

    with app.app_context():
        event.listen(db.engine, "do_connect", start)


settings = load_settings()
if settings.database_url:
    app = create_app(settings, settings.database_url)
else:
    embedded = EmbeddedServer(settings.home)
    app = create_app(settings, embedded.url)
    _start_on_first_connection(embedded)

"""Builds the WSGI application from settings."""

from __future__ import annotations

from flask import Flask
from flask_migrate import Migrate

from api.commands.ledger import ledger_group
from api.commands.programme import programme_group
from config import ROOT, Settings
from loyalty import sealing
from models import db


def create_app(settings: Settings, database_url: str) -> Flask:
    """The application over a database that is already there (`models.embedded` finds or starts one)."""
    app = Flask("kopilka")
    app.config.update(SECRET_KEY=settings.secret_key, SQLALCHEMY_DATABASE_URI=database_url, SETTINGS=settings)
    sealing.configure(settings.secret_key, settings.encryption_keys)
    db.init_app(app)
    Migrate(app, db, directory=str(ROOT / "migrations"), compare_server_default=True)
    app.cli.add_command(ledger_group)
    app.cli.add_command(programme_group)

    @app.get("/healthz")
    def healthz():
        return {"status": "ok"}

    return app

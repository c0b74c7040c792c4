"""Builds the WSGI application from settings."""

from __future__ import annotations

from flask import Flask

from config import Settings
from models import db


def create_app(settings: Settings, database_url: str) -> Flask:
    """The application over a database that is already there (`models.embedded` finds or starts one)."""
    app = Flask("kopilka")
    app.config.update(SECRET_KEY=settings.secret_key, SQLALCHEMY_DATABASE_URI=database_url, SETTINGS=settings)
    db.init_app(app)

    @app.get("/healthz")
    def healthz():
        return {"status": "ok"}

    return app

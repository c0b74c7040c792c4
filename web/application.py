"""Puts the pages on the application: their languages, their files, their cookies and what a form must carry."""

from __future__ import annotations

from flask import Flask, Response, request
from flask_compress import Compress

from config import Settings
from web import (
    admin,
    cabinet,
    checkin,
    desk,
    errors,
    formats,
    home,
    joining,
    languages,
    nps,
    profile,
    referrals,
    sale_codes,
    sign_in,
    spending,
    till,
    widget,
)
from web.access import configure_forms
from web.assets import Assets
from web.policy import CONTENT_POLICY

BLUEPRINTS = (
    home.blueprint,
    sign_in.blueprint,
    cabinet.blueprint,
    profile.blueprint,
    checkin.blueprint,
    sale_codes.blueprint,
    nps.blueprint,
    spending.blueprint,
    joining.blueprint,
    referrals.blueprint,
    *desk.BLUEPRINTS,
    *till.BLUEPRINTS,
    *admin.BLUEPRINTS,
    widget.blueprint,
)


def add_pages(app: Flask, settings: Settings) -> None:
    secure = settings.public_url.startswith("https://")
    prefix = "__Host-" if secure else ""
    app.config.update(
        SESSION_COOKIE_NAME=f"{prefix}kopilka_form",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PAGE_COOKIE_NAME=f"{prefix}kopilka_page",
        PAGE_COOKIE_SECURE=secure,
        COMPRESS_MIMETYPES=["text/html", "text/css", "text/javascript", "image/svg+xml"],
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_STREAMS=False,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    configure_forms(app)
    languages.configure(app)
    formats.add_filters(app)
    app.extensions["assets"] = Assets()
    app.context_processor(lambda: {"asset": app.extensions["assets"].url, "settings": settings})
    app.extensions["widget"] = widget.Files()
    app.extensions["error_page"] = errors.show_error
    app.context_processor(lambda: {"desk_ways": desk.list_ways})
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.after_request(_restrain)
    Compress(app)


def _restrain(response: Response) -> Response:
    """A page may say its own policy, as the widget's frame does."""
    if response.mimetype == "text/html" and not request.path.startswith("/api/"):
        response.headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
    return response

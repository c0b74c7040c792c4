"""The application with the sandbox's own pages on it: what `make run` serves and tests drive. Production never does."""

from __future__ import annotations

from flask import Flask

from sandbox import messages, pages, sites, world
from sandbox.telegram import api as telegram_api
from sandbox.telegram import doors as telegram_doors
from sandbox.telegram import pages as telegram_pages


def add_sandbox(app: Flask) -> Flask:
    """Put the stand-ins and the demo's pages on the application and let readiness wait for the demo world."""
    if not app.config["SETTINGS"].sandbox:
        raise RuntimeError("the sandbox is only for SANDBOX=1")
    messages.register(app)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(sites.blueprint)
    app.register_blueprint(telegram_api.blueprint)
    app.register_blueprint(telegram_doors.blueprint)
    app.register_blueprint(telegram_pages.blueprint)
    app.extensions["readiness"]["demo world"] = lambda: None if world.is_complete() else "is being built"
    return app

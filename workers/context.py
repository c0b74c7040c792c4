"""Which application the jobs of this process work on."""

from __future__ import annotations

import os

from flask import Flask

from models import db

_app: Flask | None = None


def use(app: Flask) -> None:
    """Work on `app` from now on. A forked child forgets the connections of its parent rather than share them."""
    global _app
    _app = app
    os.register_at_fork(after_in_child=lambda: _forget_connections(app))


def application() -> Flask:
    """The application given to `use`, else the one that the environment describes."""
    if _app is None:
        from wsgi import app

        use(app)
    return _app


def _forget_connections(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose(close=False)

"""A random name of the browser in its own signed cookie: two friends who come in one browser may be one person."""

from __future__ import annotations

import secrets

from flask import session

_KEY = "browser"


def name_browser() -> str:
    """The browser's name, given now if it has none."""
    return session.setdefault(_KEY, secrets.token_urlsafe(12))


def name_of_browser() -> str | None:
    """The name that it was given before, if it was."""
    return session.get(_KEY)

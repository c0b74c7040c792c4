"""The page that says what went wrong and what to do next."""

from __future__ import annotations

import structlog
from flask import Response, current_app, g, render_template, request

from loyalty.errors import FeatureLocked
from web.plans import show_locked
from web.sentences import say

log = structlog.get_logger("kopilka.http")

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def show_error(status: int, code: str, headers: dict[str, str], more: dict[str, str | None]) -> Response | None:
    """The error as a page, for whoever asked for a page; None for everybody else, who gets a problem.

    `more` belongs to the code: what is locked explains itself to those who work there.
    """
    if not is_page_wanted():
        return None
    try:
        if code == FeatureLocked.code and (me := g.get("me")) is not None and me.place is not None:
            html = show_locked(**more)
        else:
            html = render_template("error.html", status=status, sentence=say(code, status))
    except Exception as error:  # whatever broke the page may break this one too: then it is told as a problem
        log.error("error_page_failed", error=type(error).__name__)
        return None
    return Response(html, status=status, mimetype="text/html", headers=headers)


def is_page_wanted() -> bool:
    """Whether this request is for a page: by its route, or, where there is none, by what the browser would rather have."""
    if request.path.startswith(("/api/", "/static/")):
        return False
    view = current_app.view_functions.get(request.endpoint or "")
    if view is not None:
        return getattr(view, "is_page", False) or (getattr(view, "takes_forms", False) and request.mimetype in FORMS)
    best = request.accept_mimetypes.best_match(["application/problem+json", "text/html"])
    return best == "text/html" and "text/html" in str(request.accept_mimetypes)

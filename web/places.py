"""Where a browser goes next: only ever a place of our own."""

from __future__ import annotations

from flask import request

from loyalty.sessions import Principal
from loyalty.staff import SCOPES


def safe_path(wanted: str | None) -> str | None:
    """The path and query if they name a page of ours; None for anything that could lead elsewhere."""
    if not wanted or len(wanted) > 500 or not wanted.isprintable() or "\\" in wanted:
        return None
    return wanted if wanted.startswith("/") and not wanted.startswith("//") else None


def read_next(otherwise: str) -> str:
    """Where the request's `next` leads, or `otherwise`."""
    return safe_path(request.values.get("next")) or otherwise


def home_of(principal: Principal) -> str:
    """The room a person works or lives in: a partner's staff at the till or the desk, an admin at theirs, everybody else in
    the cabinet."""
    places = [place for place in principal.staff if place.partner_state == "active"]
    if places:
        return "/partner" if "points:credit" in SCOPES[places[0].role] else "/partner/programme"
    if "admin" in principal.platform_roles:
        return "/admin"
    return "/customer"

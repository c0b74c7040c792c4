"""The front page, the choice of language, and the files that pages are dressed with."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, g, redirect, render_template, request, session

from web.access import anybody, staff
from web.languages import COOKIE, LANGUAGES
from web.places import read_next

blueprint = Blueprint("home", __name__, template_folder="templates")

_FOREVER = "public, max-age=31536000, immutable"
_YEAR = 365 * 24 * 3600


@blueprint.get("/")
@anybody
def show_home():
    """What this is, and where to go from here."""
    return render_template("home.html")


@blueprint.get("/static/<version>/<path:name>")
@anybody
def send_file(version: str, name: str):
    """A file of the pages; an outdated address gets today's file, which is then not kept."""
    assets = current_app.extensions["assets"]
    found = assets.find(name)
    if found is None:
        abort(404)
    response = Response(found[0], mimetype=found[1])
    response.headers["Cache-Control"] = _FOREVER if version == assets.version else "no-cache"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@blueprint.post("/language")
@anybody
def choose_language():
    """Remember the language on this browser."""
    chosen = request.form.get("language")
    response = redirect(read_next("/"), 303)
    if chosen in LANGUAGES:
        secure = current_app.config["SESSION_COOKIE_SECURE"]
        response.set_cookie(COOKIE, chosen, max_age=_YEAR, secure=secure, httponly=True, samesite="Lax")
    return response


@blueprint.post("/partner/switch")
@staff("branches:read")
def switch_partner():
    """Work for another of one's partners on this browser from now on."""
    session["partner"] = str(g.me.partner_id)
    return redirect("/partner" if g.me.may("points:credit") else "/partner/programme", 303)

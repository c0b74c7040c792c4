"""The front page, and the files pages are dressed with."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, render_template, send_from_directory

from config import ROOT

blueprint = Blueprint("pages", __name__, template_folder="templates")

STYLES = ROOT / "web" / "static"


@blueprint.get("/")
def show_home() -> Response:
    settings = current_app.config["SETTINGS"]
    return Response(render_template("home.html", sandbox=settings.sandbox), mimetype="text/html")


@blueprint.get("/static/<path:name>")
def send_file(name: str) -> Response:
    response = send_from_directory(STYLES, name, max_age=3600)
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response

"""The demo partners' own websites with the widget on them: the same server by its other name, another site to a browser."""

from __future__ import annotations

import secrets
from pathlib import Path
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)

from config import Settings
from loyalty.access import public
from sandbox import world

FILES = Path(__file__).parent / "static" / "sites"
CODES = {business.key: business.code for business in world.BUSINESSES}
STRICT = ("glame",)
"""Whose site says by a content security policy what may run on it; the others say nothing, as most sites do."""

blueprint = Blueprint("sandbox_sites", __name__, url_prefix="/sandbox/sites", template_folder="templates")


def list_sites(settings: Settings) -> dict[str, str]:
    """The address of each business's site."""
    return {key: f"{world.origin_of_sites(settings)}/sandbox/sites/{key}" for key in CODES}


@blueprint.get("/<business>")
@public
def show_site(business: str):
    """One partner's front page. By the platform's name it would be no stranger's site, so it is shown by the other."""
    if business not in CODES:
        abort(404)
    settings = current_app.config["SETTINGS"]
    site = list_sites(settings)[business]
    if request.host != urlsplit(site).netloc:
        return redirect(site)
    nonce = secrets.token_urlsafe(16)
    page = render_template(
        f"sites/{business}.html",
        business=business,
        code=CODES[business],
        platform=settings.public_url,
        nonce=nonce,
        file=lambda name: url_for("sandbox_sites.send_file", name=name),
    )
    response = Response(page, mimetype="text/html")
    response.headers["Content-Security-Policy"] = _policy(business, nonce, settings.public_url)
    return response


@blueprint.get("/files/<path:name>")
@public
def send_file(name: str):
    """A style or a picture of these sites."""
    return send_from_directory(FILES, name, max_age=0)


def _policy(business: str, nonce: str, platform: str) -> str:
    if business not in STRICT:
        return "frame-ancestors 'none'"
    return (
        f"default-src 'none'; style-src 'self'; img-src 'self'; script-src 'nonce-{nonce}'; frame-src {platform}; "
        f"connect-src {platform}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )

"""The QR that stands on the counter: as a file, and as a page to print for a wall or folded for a table."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, current_app, g, render_template, request

from loyalty import claims, partners, programmes
from loyalty.qr import draw_png, draw_svg
from models.partner import Branch
from web.access import staff
from web.desk.fields import read_branch

blueprint = Blueprint("desk_poster", __name__, url_prefix="/partner/poster")

PIXELS = 24
"""Of a module in the file: sharp on a poster of a metre."""
SIZES = ("a4", "tent")


@blueprint.get("")
@staff("branches:read", "qr_codes")
def show_poster():
    """The code, its files, and what to print; of one branch on request."""
    branches = partners.list_branches(g.me.partner_id)
    branch = _branch()
    return render_template(
        "partner/poster.html",
        partner=g.me.partner,
        branches=branches if len(branches) > 1 else [],
        branch=branch,
        link=_link(branch),
    )


@blueprint.get("/print")
@staff("branches:read", "qr_codes")
def show_print():
    """A sheet to print: A4 for a wall, or a tent, whose halves are read from both sides of the table."""
    size = request.args.get("size")
    branch = _branch()
    return render_template(
        "partner/poster_print.html",
        partner=g.me.partner,
        branch=branch,
        rules=programmes.current_rules(g.me.partner_id)[1],
        size=size if size in SIZES else SIZES[0],
        link=_link(branch),
    )


@blueprint.get("/qr.png")
@staff("branches:read", "qr_codes")
def send_png():
    """The code as pixels."""
    return _file(draw_png(_link(_branch()), PIXELS), "image/png", "png")


@blueprint.get("/qr.svg")
@staff("branches:read", "qr_codes")
def send_svg():
    """The code as lines, for a printer's shop."""
    return _file(draw_svg(_link(_branch())).encode(), "image/svg+xml", "svg")


def _branch() -> Branch | None:
    """Whose poster it is, if a branch is named. Raises `BranchNotFound`."""
    chosen: UUID | None = read_branch(request.args.get("branch"))
    return partners.get_branch(g.me.partner_id, chosen) if chosen else None


def _link(branch: Branch | None) -> str:
    return claims.link_of(g.me.partner, branch.id if branch else None, current_app.config["SETTINGS"].public_url)


def _file(content: bytes, mimetype: str, ending: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="qr-{g.me.partner.code}.{ending}"'}
    return Response(content, mimetype=mimetype, headers=headers)

"""A cashier's one-time code with the sum inside: made and shown by staff, taken by one customer."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from flask import Response, current_app, g, jsonify

from api.blueprint import Blueprint
from api.idempotency import idempotent
from api.purchases import caller_for_sales, current_partner
from api.schemas import sale_codes as schemas
from api.security import signed_in, staff
from loyalty import sale_codes
from loyalty.clock import utcnow
from loyalty.errors import SaleCodeGone
from loyalty.qr import draw_png, draw_svg
from models import db
from models.customer import Customer
from models.sale_code import SaleCode
from models.transactions import commits

own = Blueprint(
    "customer_sale_codes", __name__, url_prefix="/api/customer/sale-codes", description="A till's code I scanned"
)
desk = Blueprint(
    "partner_sale_codes", __name__, url_prefix="/api/partner/sale-codes", description="A QR with the sum inside"
)


def _with_link(view: Callable[..., Response]) -> Callable[..., Response]:
    """The link is written anew into each answer: what is kept of a call for its repeats is no key to anybody's points."""

    @wraps(view)
    def wrapper(*args, **kwargs):
        answer = view(*args, **kwargs)
        body = json.loads(answer.get_data())
        shown = jsonify(body | {"link": _link_of(_find(UUID(body["id"])))})
        shown.status_code = answer.status_code
        shown.headers.extend(
            (name, value) for name, value in answer.headers if name not in ("Content-Type", "Content-Length")
        )
        return shown

    return wrapper


# The partner's


@desk.post("")
@staff("points:credit")
@desk.arguments(schemas.SaleCodeIn)
@_with_link
@idempotent
@desk.response(201, schemas.SaleCode)
def make_code(body):
    """Make a code for a purchase; whoever opens its link within ten minutes gets the points, once."""
    made = sale_codes.offer(
        current_partner(), body["amount"], caller=caller_for_sales(), now=utcnow(), branch_id=body["branch_id"]
    )
    return _present(made, None)


@desk.get("/<uuid:code_id>")
@staff("points:credit")
@desk.response(200, schemas.SaleCode)
def show_code(code_id: UUID):
    """Whether it still works, and what became of it; a cashier sees those of the own branch."""
    found = _find(code_id)
    return _present(found, _link_of(found))


@desk.get("/<uuid:code_id>/qr.png")
@staff("points:credit")
@desk.response(200, {"type": "string", "format": "binary"}, content_type="image/png", description="The QR as pixels")
def send_png(code_id: UUID):
    """The QR while it works."""
    return Response(draw_png(_open_link(code_id)), mimetype="image/png")


@desk.get("/<uuid:code_id>/qr.svg")
@staff("points:credit")
@desk.response(200, {"type": "string"}, content_type="image/svg+xml", description="The QR as lines")
def send_svg(code_id: UUID):
    """The QR while it works."""
    return Response(draw_svg(_open_link(code_id)), mimetype="image/svg+xml")


@desk.post("/<uuid:code_id>/revoke")
@staff("points:credit")
@desk.response(200, schemas.SaleCode)
@commits
def revoke_code(code_id: UUID):
    """It works no more, unless somebody was quicker; twice is once."""
    found = sale_codes.revoke(g.caller.partner_id, code_id, caller=caller_for_sales(), now=utcnow())
    return _present(found, _link_of(found))


# The customer's


@own.get("/<token>")
@signed_in
@own.response(200, schemas.OfferedSale)
@commits
def show_offer(token: str):
    """What a code gives me; `token` is the end of its link."""
    return sale_codes.look(token, _me(), utcnow())


@own.post("/<token>/take")
@signed_in
@own.arguments(schemas.TakeIn)
@idempotent
@own.response(201, schemas.OfferedSale)
def take_offer(body, token: str):
    """Take the points I was shown; they are mine alone. I become a customer of the partner by this."""
    me, now = _me(), utcnow()
    sale_codes.redeem(token, me, body.get("consents", {}), earn=body["points"], place="api", now=now)
    return sale_codes.look(token, me, now)


def _me() -> Customer:
    return db.session.get_one(Customer, g.caller.customer_id)


def _find(code_id: UUID) -> SaleCode:
    return sale_codes.show(g.caller.partner_id, code_id, caller=caller_for_sales())


def _open_link(code_id: UUID) -> str:
    """Raises `SaleCodeGone` for one that works no more."""
    link = _link_of(_find(code_id))
    if link is None:
        raise SaleCodeGone()
    return link


def _present(code: SaleCode, link: str | None) -> dict[str, Any]:
    shown = ("id", "branch_id", "amount", "state", "expires_at", "purchase_id")
    return {name: getattr(code, name) for name in shown} | {"link": link}


def _link_of(code: SaleCode) -> str | None:
    site = current_app.config["SETTINGS"].public_url
    return sale_codes.link_of(code, site) if sale_codes.is_open(code, utcnow()) else None

"""A QR with the sum inside: the cashier shows it, whoever scans it gets the points, and the page says so."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, current_app, g, redirect, render_template, url_for

from loyalty import sale_codes
from loyalty.clock import utcnow
from loyalty.errors import PurchaseNotFound
from loyalty.purchases import PurchaseCard, show_purchase
from loyalty.sums import write_sum
from models.sale_code import SaleCode
from models.transactions import in_transaction
from web.access import staff
from web.till.fields import caller, may_see_contacts, partner

blueprint = Blueprint("till_sale_codes", __name__, url_prefix="/partner/sale-codes")


@blueprint.get("/<uuid:code_id>")
@staff("points:credit")
def show_code(code_id: UUID):
    """The QR while it is good, and then who took it or that nobody did."""
    shop, now = partner(), utcnow()
    code = sale_codes.show(shop.id, code_id, caller=caller())
    is_open = sale_codes.is_open(code, now)
    return render_template(
        "till/sale_code.html",
        code=code,
        is_open=is_open,
        link=sale_codes.link_of(code, current_app.config["SETTINGS"].public_url) if is_open else None,
        seconds=max(0, int((code.expires_at - now).total_seconds())),
        taken=_find_purchase(code),
        again=url_for("till.show_till", amount=write_sum(code.amount)),
    )


@blueprint.post("/<uuid:code_id>/revoke")
@staff("points:credit")
def revoke(code_id: UUID):
    """The sum was wrong: the code works no more, and the till has it typed in. Unless somebody was quicker."""
    code = in_transaction(lambda: sale_codes.revoke(g.me.partner_id, code_id, caller=caller(), now=utcnow()))
    if code.state == "used":
        return redirect(url_for(".show_code", code_id=code_id), 303)
    return redirect(url_for("till.show_till", amount=write_sum(code.amount)), 303)


def _find_purchase(code: SaleCode) -> PurchaseCard | None:
    if code.purchase_id is None:
        return None
    try:
        return show_purchase(partner(), code.purchase_id, caller=caller(), contacts=may_see_contacts(), now=utcnow())
    except PurchaseNotFound:
        return None

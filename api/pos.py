"""Tills: quote → hold → capture or void → refund. What was quoted is what is posted, or the till is told to ask again."""

from __future__ import annotations

from uuid import UUID

from api.blueprint import Blueprint
from api.idempotency import idempotent, read_key
from api.purchases import (
    caller_for_sales,
    current_partner,
    read_basket,
    refund,
)
from api.schemas import purchases as schemas
from api.security import machine
from loyalty import pos
from loyalty.clock import utcnow
from loyalty.identities import parse_identifier
from models.transactions import commits

blueprint = Blueprint("pos", __name__, url_prefix="/api/pos", description="Tills: quote, hold, capture or void, refund")


@blueprint.post("/quotes")
@machine("pos:quote")
@blueprint.arguments(schemas.QuoteIn)
@blueprint.response(200, schemas.QuoteOut)
@commits
def make_quote(body):
    """What a purchase would earn, and the most points it can take; good for a quarter of an hour.

    Moves nothing. `will_earn` is what the purchase earns when no points are spent.
    """
    now, partner = utcnow(), current_partner()
    return pos.quote(
        partner,
        parse_identifier(body["customer"], partner),
        read_basket(body),
        caller=caller_for_sales(),
        now=now,
        branch_id=body["branch_id"],
        receipt_id=body["receipt_id"],
        name=body["name"],
    )


@blueprint.post("/holds")
@machine("pos:hold")
@blueprint.arguments(schemas.HoldIn)
@idempotent
@blueprint.response(201, schemas.HoldOut)
def make_hold(body):
    """Reserve points for a quoted purchase. Refused for lack of points, the quote stays usable."""
    return pos.hold(current_partner(), body["quote_id"], body["points"], caller=caller_for_sales(), now=utcnow())


@blueprint.post("/holds/<uuid:hold_id>/capture")
@machine("pos:sale")
@blueprint.arguments(schemas.CaptureIn)
@idempotent
@blueprint.response(200, schemas.CaptureOut)
def capture_hold(body, hold_id: UUID):
    """Finish the sale: spend the held points or fewer, release the rest, credit what the check earns.

    409 `quote_changed` when the amount or the rules are no longer those of the quote, `hold_resolved` the second time.
    """
    sale = pos.capture(
        current_partner(), hold_id, body["amount"], caller=caller_for_sales(), now=utcnow(), points=body["points"]
    )
    return {
        "transaction_id": sale.purchase_id,
        "redeemed": sale.spent,
        "earned": sale.earned,
        "balance": sale.account.balance,
    }


@blueprint.post("/holds/<uuid:hold_id>/void")
@machine("pos:hold")
@idempotent
@blueprint.response(200, schemas.VoidOut)
def void_hold(hold_id: UUID):
    """Give a hold up: its points are free again."""
    balance = pos.void(current_partner(), hold_id, caller=caller_for_sales(), now=utcnow())
    return {"hold_id": hold_id, "released": True, "balance": balance.balance, "available": balance.available}


@blueprint.post("/refunds")
@machine("pos:refund")
@blueprint.arguments(schemas.TillRefundIn)
@idempotent
@blueprint.response(201, schemas.RefundOut)
def make_refund(body):
    """Return a sum or lines of a purchase: spent points are given back first, then earned ones are taken back."""
    partner, caller = current_partner(), caller_for_sales()
    purchase_id = body.get("transaction_id") or pos.find_by_receipt(partner, body["receipt_id"], caller=caller)
    return refund(partner, purchase_id, body, key=read_key(), now=utcnow())

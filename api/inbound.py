"""The door for a partner's own system, whichever it is: its clients and its purchases, in batches.

Every item is taken by itself, in a transaction of its own, so one that is refused holds up none, and a batch that was cut
off is sent again: what was taken is known by its number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from marshmallow import Schema, ValidationError

from api.blueprint import Blueprint
from api.errors import refuse_input
from api.json import flatten
from api.purchases import caller_for_sales, current_partner
from api.schemas import inbound as schemas
from api.schemas.inbound import LONGEST_NUMBER
from api.security import machine
from loyalty import inbound
from loyalty.clock import utcnow
from loyalty.errors import LoyaltyError
from loyalty.identities import parse_identifier
from loyalty.inbound import Client, Document
from loyalty.sales import Basket, lines_of
from models.partner import Partner
from models.transactions import in_transaction

blueprint = Blueprint(
    "inbound", __name__, url_prefix="/api/inbound", description="Any other system: its clients and purchases"
)


@blueprint.post("/clients")
@machine("inbound:clients")
@blueprint.arguments(schemas.ClientsIn)
@blueprint.response(200, schemas.ClientsOut)
def take_clients(body):
    """Know clients by their numbers in your system, up to 500 at a time. Sending one again changes nothing.

    No points move, and no consent is implied.
    """

    def take(partner: Partner, item: dict[str, Any]) -> dict[str, Any]:
        taken = inbound.take_client(partner, body["system"], Client(**item), now=utcnow())
        return {"status": taken.status, "customer_id": taken.customer_id}

    return _take_each(body["items"], schemas.ClientIn(), take, {"customer_id": None})


@blueprint.post("/purchases")
@machine("inbound:purchases")
@blueprint.arguments(schemas.InboundPurchasesIn)
@blueprint.response(200, schemas.InboundPurchasesOut)
def take_purchases(body):
    """Bring points to what your purchases say now, up to 500 at a time: paid, changed, cancelled, paid again.

    A purchase is known by system and number for ever. The first time it earns by the rules of that moment; when its sum
    changes, by the same rates.
    """

    def take(partner: Partner, item: dict[str, Any]) -> dict[str, Any]:
        caller, document = caller_for_sales(), _read_document(partner, body["system"], item)
        booked = inbound.take_purchase(partner, body["system"], document, caller=caller, now=utcnow())
        return {"status": booked.status, "transaction_id": booked.purchase_id, "points": booked.points}

    return _take_each(body["items"], schemas.InboundPurchaseIn(), take, {"transaction_id": None, "points": 0})


def _read_document(partner: Partner, system: str, item: dict[str, Any]) -> Document:
    client, amount = item["client"], item["amount"]
    named = client.get("external_id")
    return Document(
        external_id=item["external_id"],
        client=inbound.number_of(partner, system, named) if named else parse_identifier(client, partner),
        occurred_at=item["occurred_at"],
        basket=Basket(amount, lines_of(item["lines"])) if amount is not None else None,
        version=item["version"],
        is_paid=item["state"] == "paid",
        earns=item["earns"],
        branch_id=item["branch_id"],
    )


def _take_each(
    items: list[dict],
    schema: Schema,
    take: Callable[[Partner, dict[str, Any]], dict[str, Any]],
    nothing: dict[str, Any],
) -> dict[str, Any]:
    answers = []
    for n, written in enumerate(items):
        answer = {"n": n, "external_id": _name_of(written), "error": None}
        answers.append(answer | nothing | _take(written, schema, take))
    return {"items": answers, "counts": Counter(answer["status"] for answer in answers)}


def _take(written: dict, schema: Schema, take: Callable[[Partner, dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    try:
        item = schema.load(written)
    except ValidationError as error:
        refused = refuse_input(flatten(error.messages))
        return _refused(refused.code, refused.detail, refused.errors)
    try:
        return in_transaction(lambda: take(current_partner(), item))
    except LoyaltyError as error:
        field = getattr(error, "field", None)
        return _refused(error.code, str(error), {field: [str(error)]} if field else {})


def _name_of(written: dict) -> str | None:
    """The item's number as it was sent, if it is one that could be said again."""
    named = written.get("external_id")
    return named if isinstance(named, str) and len(named) <= LONGEST_NUMBER and named.isprintable() else None


def _refused(code: str, detail: str, errors: dict[str, list[str]]) -> dict[str, Any]:
    return {"status": "refused", "error": {"code": code, "detail": detail, "errors": errors}}

"""What cashiers' and tills' routes share: reading the call into the core's words, and presenting what came of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g

from api.security import Caller
from loyalty import ledger, sales, services
from models import db
from models.partner import Partner

SOURCES = {"person": "manual", "machine": "pos_api"}


def caller_for_sales() -> sales.Caller:
    caller: Caller = g.caller
    return sales.Caller(caller.name, SOURCES[caller.kind], actor=caller.customer_id, branch_id=caller.branch_id)


def current_partner() -> Partner:
    """The partner that the call is made for."""
    return db.session.get_one(Partner, g.caller.partner_id)


def read_basket(body: dict[str, Any]) -> sales.Basket:
    """The check as lines or as services of the partner's catalogue. Raises `ServiceNotFound`, `InvalidPurchase`."""
    if body.get("services"):
        return services.fill_basket(g.caller.partner_id, body["services"], body["amount"])
    return sales.Basket(body["amount"], sales.lines_of(body["lines"]))


def refund(partner: Partner, purchase_id: UUID, body: dict[str, Any], *, key: str, now) -> dict[str, Any]:
    lines = {line["n"]: line["amount"] for line in body["lines"]} if "lines" in body else None
    refunded = sales.post_refund(
        partner,
        purchase_id,
        caller=caller_for_sales(),
        key=key,
        now=now,
        amount=body.get("amount"),
        lines=lines,
        refund_id=body["refund_id"],
    )
    return present_refund(refunded)


def present_refund(refunded: ledger.Refunded) -> dict[str, Any]:
    return {
        "id": refunded.refund_id,
        "taken_back": refunded.taken,
        "given_back": refunded.given_back,
        "balance": refunded.account.balance,
        "money_back": refunded.money_back,
    }

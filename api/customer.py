"""The customer's own cabinet."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import g

from api.auth import client_address, code_accepted
from api.blueprint import Blueprint, refuses_with
from api.schemas import customer as schemas
from api.schemas.auth import CodeSent
from api.schemas.lists import page_of
from api.schemas.promotions import Offer, TierStanding
from api.security import signed_in
from loyalty import accounts, codes, offered, personal_data, profiles, sign_in
from loyalty.accounts import PurchaseFilter
from loyalty.clock import utcnow
from loyalty.identities import parse_identifier
from loyalty.rules import write_decimal
from models import db
from models.customer import Customer
from models.transactions import commits

blueprint = Blueprint("customer", __name__, url_prefix="/api/customer", description="The customer's own cabinet")


@blueprint.get("/profile")
@signed_in
@blueprint.response(200, schemas.Profile)
def show_profile():
    """What is known of me."""
    return profiles.show_profile(_me())


@blueprint.put("/profile")
@signed_in
@blueprint.arguments(schemas.ProfileIn)
@blueprint.response(200, schemas.Profile)
@commits
def change_profile(body):
    """Change what is left to me; what is left out stays. A phone or e-mail changes only by a code sent to it."""
    me = profiles.update_profile(_me(), read_profile_changes(body), utcnow())
    return profiles.show_profile(me)


@blueprint.post("/contacts/request-code")
@signed_in
@blueprint.arguments(schemas.Contact)
@blueprint.response(202, CodeSent)
@commits
def request_contact_code(body):
    """Send a code to a phone or an e-mail that is to become mine, whoever has it now."""
    sign_in.request_contact_code(_me(), parse_identifier(body), address=client_address(), now=utcnow())
    return code_accepted()


@blueprint.post("/contacts/verify-code")
@signed_in
@refuses_with(401)
@blueprint.arguments(schemas.ContactProof)
@blueprint.response(200, schemas.Profile)
@commits
def verify_contact_code(body):
    """Make the phone or e-mail mine by the code sent to it; my profile shows it from now on."""
    me, code = _me(), body.pop("code")
    sign_in.prove_contact(me, parse_identifier(body), code, now=utcnow(), address=client_address())
    return profiles.show_profile(me)


@blueprint.get("/consents")
@signed_in
@blueprint.response(200, page_of(schemas.GivenConsent))
def list_consents():
    """What I agreed to and what not: the newest answer of each kind to each partner and to the platform."""
    return {"items": profiles.show_consents(_me()), "next_cursor": None}


@blueprint.put("/consents")
@signed_in
@blueprint.arguments(schemas.ConsentsIn)
@blueprint.response(200, page_of(schemas.GivenConsent))
@commits
def change_consents(body):
    """Agree, or withdraw; a no to the platform reaches every partner, a no to one partner outlives a yes to the platform."""
    me, partner_id = _me(), body.pop("partner_id")
    profiles.change_consents(me, body, partner_id=partner_id, place="api", now=utcnow())
    return {"items": profiles.show_consents(me), "next_cursor": None}


@blueprint.get("/balance")
@signed_in
@blueprint.response(200, schemas.Balance)
@commits
def show_balance():
    """My points alone: what a screen asks for again and again. `total` is the sum of the balances."""
    return _balance()


@blueprint.get("/loyalty")
@signed_in
@blueprint.arguments(schemas.OperationQuery, location="query")
@blueprint.response(200, schemas.Loyalty)
@commits
def show_loyalty(page):
    """My points: the sum over all partners, each account, and the operations, the newest first.

    `total` is the sum of the balances.
    """
    balance = _balance()
    operations, next_cursor = accounts.list_operations(g.caller.customer_id, **page)
    return balance | {"transactions": {"items": operations, "next_cursor": next_cursor}}


@blueprint.get("/promotions")
@signed_in
@blueprint.response(200, page_of(Offer))
def list_promotions():
    """What runs at my partners and is meant for me."""
    items = [
        {
            "partner_id": one.partner.id,
            "partner_name": one.partner.name,
            "id": one.promotion.id,
            "name": one.promotion.name,
            "kind": one.promotion.kind,
            "terms": one.terms,
            "ends_at": one.promotion.ends_at,
        }
        for one in offered.list_offered(g.caller.customer_id, utcnow())
    ]
    return {"items": items, "next_cursor": None}


@blueprint.get("/tiers")
@signed_in
@blueprint.response(200, page_of(TierStanding))
def list_tiers():
    """My tier at each of my partners that has tiers, and what the next one needs."""
    items = [
        vars(standing)
        | {
            "partner_id": partner.id,
            "partner_name": partner.name,
            "factor": write_decimal(standing.factor) if standing.factor is not None else None,
        }
        for partner, standing in offered.list_standings(g.caller.customer_id, utcnow())
    ]
    return {"items": items, "next_cursor": None}


@blueprint.get("/purchase-history")
@signed_in
@blueprint.arguments(schemas.PurchaseQuery, location="query")
@blueprint.response(200, page_of(schemas.Purchase))
def list_purchases(wanted):
    """My purchases with their lines, the latest first; days are those of the partner's own zone."""
    found, next_cursor = accounts.list_purchases(
        g.caller.customer_id, _filter(wanted), cursor=wanted["cursor"], limit=wanted["limit"]
    )
    items = [
        {name: getattr(one["purchase"], name) for name in schemas.PURCHASE_COLUMNS}
        | {"partner_name": one["partner_name"], "lines": one["lines"]}
        for one in found
    ]
    return {"items": items, "next_cursor": next_cursor}


@blueprint.get("/purchase-stats")
@signed_in
@blueprint.arguments(schemas.StatsQuery, location="query")
@blueprint.response(200, schemas.PurchaseStats)
def show_purchase_stats(wanted):
    """How often and for how much I buy; money is net of refunds, the part paid with points included."""
    return accounts.summarise_purchases(g.caller.customer_id, _filter(wanted))


@blueprint.get("/code")
@signed_in
@blueprint.response(200, schemas.CustomerCode)
@commits
def show_code():
    """Six digits to show at the till instead of a card: two minutes, once; asked again meanwhile, the same ones."""
    code, expires_at = codes.show(g.caller.customer_id, utcnow())
    return {"code": code, "expires_at": expires_at}


@blueprint.get("/export")
@signed_in
@blueprint.response(200, schemas.PersonalData)
@commits
def export_person():
    """Everything about me in one file: profile, identities, consents, sessions, memberships, operations, purchases."""
    return personal_data.export_person(_me(), utcnow())


def read_profile_changes(body: dict[str, Any]) -> dict[str, Any]:
    """The changes in the core's words: preferences are plain JSON, whose fractions are floats."""
    if body.get("purchase_preferences") is None:
        return body
    return body | {"purchase_preferences": _with_floats(body["purchase_preferences"])}


def _with_floats(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {name: _with_floats(inner) for name, inner in value.items()}
    return [_with_floats(inner) for inner in value] if isinstance(value, list) else value


def _filter(wanted: dict[str, Any]) -> PurchaseFilter:
    return PurchaseFilter(partner_id=wanted["partner_id"], since=wanted["since"], until=wanted["until"])


def _balance() -> dict[str, Any]:
    memberships = accounts.list_accounts(g.caller.customer_id, utcnow())
    return {"total": sum(membership.balance for membership in memberships), "memberships": memberships}


def _me() -> Customer:
    return db.session.get_one(Customer, g.caller.customer_id)

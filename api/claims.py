"""Claims: a customer asks for the points of a purchase, staff decide, or the limits that the partner set."""

from __future__ import annotations

from uuid import UUID

from flask import g

from api.blueprint import Blueprint
from api.idempotency import idempotent
from api.purchases import caller_for_sales, current_partner
from api.schemas import claims as schemas
from api.schemas.fields import read_id
from api.schemas.lists import PageQuery, page_of
from api.security import signed_in, staff
from loyalty import claims, joining, partners
from loyalty.claims import ClaimPolicy
from loyalty.clock import utcnow
from loyalty.errors import InvalidCursor
from models import db
from models.customer import Customer
from models.transactions import commits

own = Blueprint("own_claims", __name__, url_prefix="/api/customer/claims", description="What I ask points for")
desk = Blueprint("claims", __name__, url_prefix="/api/partner/claims", description="What customers ask points for")


# The customer's


@own.post("")
@signed_in
@own.arguments(schemas.ClaimIn)
@idempotent
@own.response(201, schemas.OwnClaim)
def make_claim(body):
    """Ask for the points of a purchase; they come when staff approve, or at once within the partner's limits.

    I become a customer of the partner by this, which needs my consent the first time.
    """
    partner, me, now = partners.get_open_partner(body["partner_id"]), _me(), utcnow()
    joining.join(me, partner, body.get("consents", {}), place="api", now=now)
    made = claims.claim(
        partner, me, now=now, amount=body["amount"], receipt=body["receipt"], branch_id=body["branch_id"]
    )
    return claims.show_own(me.id, made.id)


@own.get("")
@signed_in
@own.arguments(PageQuery, location="query")
@own.response(200, page_of(schemas.OwnClaim))
def list_own_claims(wanted):
    """My claims at all partners, the latest first."""
    found = claims.list_own(g.caller.customer_id, after=_read_cursor(wanted), limit=wanted["limit"] + 1)
    return _page(found, wanted)


@own.get("/<uuid:claim_id>")
@signed_in
@own.response(200, schemas.OwnClaim)
def show_own_claim(claim_id: UUID):
    """One of my claims."""
    return claims.show_own(g.caller.customer_id, claim_id)


@own.post("/<uuid:claim_id>/withdraw")
@signed_in
@own.response(200, schemas.OwnClaim)
@commits
def withdraw_claim(claim_id: UUID):
    """Take back a claim that still waits; twice is once."""
    claims.withdraw(g.caller.customer_id, claim_id, utcnow())
    return claims.show_own(g.caller.customer_id, claim_id)


# The partner's


@desk.get("")
@staff("points:credit")
@desk.arguments(schemas.ClaimQuery, location="query")
@desk.response(200, page_of(schemas.Claim))
def list_claims(wanted):
    """Claims that wait, the oldest first, or that were decided, the latest first; a cashier sees those of the own branch."""
    found = claims.list_claims(
        g.caller.partner_id,
        caller=caller_for_sales(),
        contacts=g.caller.may("customers:contacts"),
        waiting=wanted["state"] == "waiting",
        after=_read_cursor(wanted),
        limit=wanted["limit"] + 1,
    )
    return _page(found, wanted)


@desk.post("/<uuid:claim_id>/approve")
@staff("points:credit")
@desk.arguments(schemas.ApprovalIn)
@idempotent
@desk.response(200, schemas.Claim)
def approve_claim(body, claim_id: UUID):
    """Credit the purchase; once, whoever else approves it at the same moment. A mistake is taken back by a refund."""
    claims.approve(current_partner(), claim_id, caller=caller_for_sales(), now=utcnow(), amount=body["amount"])
    return _show(claim_id)


@desk.post("/<uuid:claim_id>/refuse")
@staff("points:credit")
@desk.arguments(schemas.ClaimRefusalIn)
@desk.response(200, schemas.Claim)
@commits
def refuse_claim(body, claim_id: UUID):
    """Refuse with a reason, which the customer is told. Its receipt may be shown again."""
    claims.refuse(current_partner(), claim_id, body["reason"], caller=caller_for_sales(), now=utcnow())
    return _show(claim_id)


@desk.get("/policy")
@staff("programme:write")
@desk.response(200, schemas.ClaimPolicy)
def show_policy():
    """Within which limits claims are approved by themselves, and what looks odd."""
    return vars(claims.policy_of(current_partner()))


@desk.put("/policy")
@staff("programme:write")
@desk.arguments(schemas.ClaimPolicyIn)
@desk.response(200, schemas.ClaimPolicy)
@commits
def change_policy(body):
    """Set the limits; what is left out stays. What waits already is left to the staff."""
    partner = current_partner()
    policy = ClaimPolicy.from_json(vars(claims.policy_of(partner)) | body)
    claims.set_policy(partner, policy, by=g.caller.customer_id)
    return vars(policy)


@desk.get("/drives")
@staff("programme:write")
@desk.response(200, page_of(schemas.Drive))
def list_drives():
    """Which fiscal drives stand in which branches: a receipt of another one looks odd."""
    return {"items": claims.list_drives(g.caller.partner_id), "next_cursor": None}


@desk.post("/drives")
@staff("programme:write")
@desk.arguments(schemas.DriveIn)
@desk.response(201, schemas.Drive)
@commits
def add_drive(body):
    """Note in which branch a fiscal drive stands, also when it moved."""
    made = claims.register_drive(
        current_partner(), body["drive"], body["branch_id"], by=g.caller.customer_id, now=utcnow()
    )
    return {"drive": made.drive, "branch_id": made.branch_id, "created_at": made.created_at}


@desk.delete("/drives/<drive>")
@staff("programme:write")
@desk.response(204)
@commits
def remove_drive(drive: str):
    """The drive stands in no branch any more."""
    claims.remove_drive(current_partner(), drive, by=g.caller.customer_id)


def _show(claim_id: UUID):
    return claims.show_claim(
        g.caller.partner_id, claim_id, caller=caller_for_sales(), contacts=g.caller.may("customers:contacts")
    )


def _page(found: list, wanted: dict) -> dict:
    """`found` has one row more than is shown, where there are more."""
    shown = found[: wanted["limit"]]
    return {"items": shown, "next_cursor": str(shown[-1].claim_id) if len(found) > len(shown) else None}


def _read_cursor(wanted: dict) -> UUID | None:
    if wanted["cursor"] is None:
        return None
    if (cursor := read_id(wanted["cursor"])) is None:
        raise InvalidCursor()
    return cursor


def _me() -> Customer:
    return db.session.get_one(Customer, g.caller.customer_id)

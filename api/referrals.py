"""Invitations of friends: a customer's own codes and friends, and the partner's terms, decisions and results."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import current_app, g

from api.auth import client_address
from api.blueprint import Blueprint
from api.idempotency import idempotent
from api.purchases import current_partner
from api.schemas import referrals as schemas
from api.schemas.fields import read_id
from api.schemas.lists import page_of
from api.security import signed_in, staff
from loyalty import joining, referral_results, referral_rewards, referrals
from loyalty.clock import utcnow
from loyalty.errors import InvalidCursor
from loyalty.referral_results import CameBy, OwnInvitation
from loyalty.referral_terms import Terms
from models import db
from models.customer import Customer
from models.transactions import commits

own = Blueprint("own_referrals", __name__, url_prefix="/api/customer/referrals", description="Friends whom I invite")
desk = Blueprint(
    "referrals", __name__, url_prefix="/api/partner/referrals", description="Friends whom customers invite"
)


# The customer's


@own.get("")
@signed_in
@own.response(200, page_of(schemas.OwnInvitation))
@commits
def list_own():
    """My code, link and friends at each of my partners where friends are invited, or were."""
    return {"items": [_own(one) for one in referral_results.list_own(g.caller.customer_id)], "next_cursor": None}


@own.get("/came-by")
@signed_in
@own.response(200, page_of(schemas.CameBy))
def list_came_by():
    """To which partners I came by a friend, and what became of it."""
    found = referral_results.list_came_by(g.caller.customer_id)
    return {"items": [_came_by(one) for one in found], "next_cursor": None}


@own.post("")
@signed_in
@own.arguments(schemas.InvitationIn)
@own.response(200, schemas.CameBy)
@commits
def accept(body):
    """Come by a friend's code, also of a partner that is new to me; twice is once. A refusal says why."""
    me, now = db.session.get_one(Customer, g.caller.customer_id), utcnow()
    invitation = referrals.find_invitation(body["invitation"])
    referrals.check(invitation, me)
    joining.join(me, invitation.partner, body.get("consents", {}), place="api", now=now)
    referrals.accept(body["invitation"], me, came_by="code", now=now, address=client_address())
    found = referral_results.list_came_by(me.id)
    return _came_by(next(one for one in found if one.partner.id == invitation.partner.id))


# The partner's


@desk.get("/terms")
@staff("programme:read")
@desk.response(200, schemas.ReferralTerms)
def show_terms():
    """What inviting a friend gives."""
    return referrals.terms_of(current_partner())


@desk.put("/terms")
@staff("programme:write")
@desk.arguments(schemas.ReferralTermsIn)
@desk.response(200, schemas.ReferralTerms)
@commits
def change_terms(body):
    """Set the terms for friends who come from now on."""
    partner = current_partner()
    terms = Terms.from_json(vars(referrals.terms_of(partner)) | body)
    referrals.set_terms(partner, terms, by=g.caller.customer_id)
    return terms


@desk.get("")
@staff("customers:read")
@desk.arguments(schemas.ReferralQuery, location="query")
@desk.response(200, page_of(schemas.Referral))
def list_referrals(wanted):
    """Invited friends, the latest first; with `state=review` those that wait for a decision."""
    limit, after = wanted["limit"], _read_cursor(wanted)
    found = referral_results.list_referrals(g.caller.partner_id, state=wanted["state"], after=after, limit=limit + 1)
    following = str(found[limit - 1].referral_id) if len(found) > limit else None
    return {"items": found[:limit], "next_cursor": following}


@desk.post("/<uuid:referral_id>/approve")
@staff("customers:write")
@idempotent
@desk.response(200, schemas.Referral)
def approve(referral_id: UUID):
    """Both are rewarded for a friend who was in review, and told."""
    return _decide(referral_id, approve=True)


@desk.post("/<uuid:referral_id>/refuse")
@staff("customers:write")
@idempotent
@desk.response(200, schemas.Referral)
def refuse(referral_id: UUID):
    """Nobody is rewarded for a friend who was in review; both are told."""
    return _decide(referral_id, approve=False)


@desk.get("/results")
@staff("stats:read")
@desk.response(200, schemas.ReferralResults)
def show_results():
    """What came of it so far: a description, not an effect."""
    return referral_results.results(g.caller.partner_id)


def _decide(referral_id: UUID, *, approve: bool):
    partner = current_partner()
    referral_rewards.decide(partner, referral_id, approve=approve, by=g.caller.customer_id, now=utcnow())
    return referral_results.get_referral(partner.id, referral_id)


def _own(one: OwnInvitation) -> dict[str, Any]:
    settings = current_app.config["SETTINGS"]
    code = one.code
    return vars(one) | {
        "partner_id": one.partner.id,
        "partner_name": one.partner.name,
        "code": referrals.write_code(code) if code else None,
        "link": f"{settings.public_url}/i/{code}" if code else None,
        "telegram_link": settings.bot_link(f"i{code}") if code else None,
    }


def _came_by(one: CameBy) -> dict[str, Any]:
    return vars(one) | {"partner_id": one.partner.id, "partner_name": one.partner.name}


def _read_cursor(wanted: dict[str, Any]) -> UUID | None:
    if wanted["cursor"] is None:
        return None
    if (cursor := read_id(wanted["cursor"])) is None:
        raise InvalidCursor()
    return cursor

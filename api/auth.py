"""Signing in by a one-time code, registering, and one's sessions. No answer tells whether a person or a card exists."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, g, request

from api.blueprint import Blueprint, refuses_with
from api.schemas import auth as schemas
from api.schemas.lists import page_of
from api.security import identify_person, public, signed_in
from api.tokens import ACCESS_LIFE, make_access_token
from loyalty import customers, partners, referrals, sessions, sign_in, staff, welcome
from loyalty.cards import normalise_card
from loyalty.clock import utcnow
from loyalty.errors import InvalidCard
from loyalty.identities import Identifier, parse_identifier
from models import db
from models.customer import Customer
from models.transactions import commits

blueprint = Blueprint("auth", __name__, description="Signing in, registering, sessions")

_PLACE = "api"


@blueprint.post("/api/auth/request-code")
@public
@blueprint.arguments(schemas.RequestCode)
@blueprint.response(202, schemas.CodeSent)
@commits
def request_code(body):
    """Send a one-time code to a phone, an e-mail or the owner of a card.

    Known and unknown people get the same answer. Asked again within a minute, the answer is the same and nothing is sent.
    """
    sign_in.request_code(parse_identifier(body), address=client_address(), now=utcnow())
    return code_accepted()


@blueprint.post("/api/auth/verify-code")
@public
@refuses_with(401)
@blueprint.arguments(schemas.VerifyCode)
@blueprint.response(200, schemas.Tokens)
@commits
def verify_code(body):
    """Sign in with the code, and carry out a registration that it belongs to."""
    code, consents = body.pop("code"), body.pop("consents", None)
    return _sign_in(parse_identifier(body), code, consents)


@blueprint.post("/api/auth/verify-card")
@public
@refuses_with(401)
@blueprint.arguments(schemas.CardNumber)
@blueprint.response(200, schemas.CardVerified)
def verify_card(body):
    """Whether a card number is well-formed; whether it exists is told to staff only."""
    try:
        number = normalise_card(body["card_number"])
    except InvalidCard:
        return {"well_formed": False}
    if request.headers.get("Authorization") and identify_person().is_staff:
        return {"well_formed": True, "exists": customers.find_identity(Identifier("card", number)) is not None}
    return {"well_formed": True}


@blueprint.post("/api/auth/login-by-card")
@public
@refuses_with(401)
@blueprint.arguments(schemas.LoginByCard)
@blueprint.response(200, schemas.Tokens)
@commits
def login_by_card(body):
    """Sign in with a card number and the code sent to its owner."""
    return _sign_in(parse_identifier({"card_number": body["card_number"]}), body["code"], None)


@blueprint.post("/api/auth/refresh")
@public
@refuses_with(401)
@blueprint.arguments(schemas.RefreshToken)
@blueprint.response(200, schemas.Tokens)
def refresh(body):
    """Swap the refresh token for new tokens; a token used twice ends the session."""
    return _present(sessions.rotate(body["refresh_token"], utcnow()))


@blueprint.post("/api/auth/logout")
@signed_in
@blueprint.response(204)
@commits
def logout():
    """End this session."""
    sessions.end_session(g.caller.customer_id, g.caller.session_id, utcnow())


@blueprint.get("/api/auth/me")
@signed_in
@blueprint.response(200, schemas.Me)
def show_me():
    """Who I am, and for whom I work: the first is whom I act for when a call names no partner."""
    principal = g.caller.principal
    return {
        "customer_id": principal.customer_id,
        "session_id": principal.session_id,
        "name": db.session.get(Customer, principal.customer_id).name,
        "platform_roles": sorted(principal.platform_roles),
        "staff": [place for place in principal.staff if place.partner_state == "active"],
    }


@blueprint.delete("/api/auth/places/<uuid:partner_id>")
@signed_in
@blueprint.response(204)
@commits
def leave_partner(partner_id: UUID):
    """Stop working for a partner, at once and by my own wish; the last owner stays."""
    staff.leave(partner_id, g.caller.customer_id, utcnow())


@blueprint.get("/api/auth/sessions")
@signed_in
@blueprint.response(200, page_of(schemas.SessionView))
def list_sessions():
    """Where I am signed in, partners' widgets included; the most recently used first."""
    found = sessions.list_sessions(g.caller.customer_id, utcnow())
    items = [vars(session) | {"is_current": session.id == g.caller.session_id} for session in found]
    return {"items": items, "next_cursor": None}


@blueprint.delete("/api/auth/sessions")
@signed_in
@blueprint.response(204)
@commits
def end_other_sessions():
    """Sign out everywhere but here."""
    sessions.end_all(g.caller.customer_id, utcnow(), but=g.caller.session_id)


@blueprint.delete("/api/auth/sessions/<uuid:session_id>")
@signed_in
@blueprint.response(204)
@commits
def end_session(session_id: UUID):
    """Sign out one of my devices or widgets."""
    sessions.end_session(g.caller.customer_id, session_id, utcnow())


@blueprint.post("/register")
@blueprint.post("/api/register")
@public
@blueprint.arguments(schemas.Register)
@blueprint.response(202, schemas.Registered)
@commits
def register(body):
    """Register by phone, e-mail or both; a code goes to each, and the one that comes back proves that one only.

    With a friend's `invitation` one joins where the friend is; one that is not for the person is told of afterwards and
    fails nothing. The Telegram link is the partner's plain invitation: it links nobody's phone.
    """
    partner = partners.get_open_partner(body["partner_id"]) if body["partner_id"] is not None else None
    partner = partner or (referrals.find_invitation(body["invitation"]).partner if body["invitation"] else None)
    sign_in.register(
        phone=parse_identifier({"phone": body["phone"]}, partner) if "phone" in body else None,
        email=parse_identifier({"email": body["email"]}) if "email" in body else None,
        name=body["name"],
        partner=partner,
        consents=body.get("consents"),
        invitation=body["invitation"],
        place=_PLACE,
        address=client_address(),
        now=utcnow(),
        locale=partner.locale if partner else "ru",
    )
    return code_accepted() | {"telegram_link": _invitation(partner)}


def _sign_in(identifier: Identifier, code: str, consents: dict[str, bool] | None) -> dict:
    _, tokens = sign_in.verify_code(
        identifier,
        code,
        now=utcnow(),
        consents=consents,
        device=request.headers.get("User-Agent"),
        place=_PLACE,
        address=client_address(),
        welcome=lambda customer, partner, now: welcome.grant_if_due(customer.id, partner, now),
    )
    return _present(tokens)


def _present(tokens: sessions.Tokens) -> dict:
    return {
        "access_token": make_access_token(tokens.customer_id, tokens.session_id),
        "refresh_token": tokens.refresh_token,
        "token_type": "Bearer",
        "expires_in": int(ACCESS_LIFE.total_seconds()),
    }


def code_accepted() -> dict:
    """The answer to everybody who asks for a code."""
    return {
        "status": "accepted",
        "expires_in": int(sign_in.CODE_LIFE.total_seconds()),
        "repeat_after": int(sign_in.REPEAT_AFTER.total_seconds()),
    }


def _invitation(partner) -> str | None:
    if partner is None:
        return None
    return current_app.config["SETTINGS"].bot_link(f"p{partner.code}")


def client_address() -> str:
    """The caller's address as the trusted proxies tell it."""
    return request.remote_addr or "unknown"

"""The widget's own calls. They come from its frame, which is a page of ours, and show one person's points at one partner;
the one thing that is done there is to ask for the points of a purchase, which moves none.

The frame stands on a stranger's page. Its session is a cookie that browsers keep apart for each site (`Partitioned`) and
that only these routes read. Every call shows the token that the frame page was given and must come from our own origin.
A browser that keeps no such cookie gets the session's secret in the answer instead, for the memory of that one page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from flask import Response, after_this_request, current_app, g, request

from api.auth import client_address, code_accepted
from api.blueprint import Blueprint, refuses_with
from api.errors import RequestRefused
from api.idempotency import idempotent
from api.schemas import widget as schemas
from api.schemas.auth import CodeSent
from api.schemas.lists import page_of
from api.security import Caller, public
from api.tokens import unauthorized
from loyalty import accounts, claims, offered, partners, sign_in, surveys, widget, widget_funnel, widget_sessions
from loyalty.clock import utcnow
from loyalty.errors import InvalidOrigin, PartnerNotFound
from loyalty.identities import parse_identifier
from loyalty.rules import write_decimal
from loyalty.stories import story_of
from loyalty.tiers import TierStanding
from loyalty.widget_sessions import BROWSER_COOKIE, Visitor, session_cookie
from models.customer import Customer
from models.partner import Partner
from models.transactions import commits

blueprint = Blueprint("widget", __name__, url_prefix="/api/widget", description="The widget on a partner's site")

FRAME_HEADER = "X-Widget-Frame"
SESSION_HEADER = "X-Widget-Session"
CARD_SECONDS = 300
HISTORY = 10
"""So many operations a page: the frame is small."""
CLAIMS = 5


@dataclass(frozen=True)
class Call:
    """Which widget calls, in which browser, for whom (None: nobody is signed in there)."""

    partner: Partner
    browser: str
    keeps_cookies: bool
    visitor: Visitor | None


def from_frame(view: Callable) -> Callable:
    """Only the frame of a partner's widget may call this route; `g.call` says whose."""

    @wraps(view)
    def wrapper(*args, partner: str, **kwargs):
        g.call = _read_call(partners.get_partner(partner))
        return view(*args, **kwargs)

    return wrapper


def from_visitor(view: Callable) -> Callable:
    """As `from_frame`, and somebody must be signed in there: `g.caller` says who."""

    @wraps(view)
    def wrapper(*args, **kwargs):
        visitor = _visitor()
        g.caller = Caller("widget", f"widget:{visitor.session_id}", visitor.customer_id, visitor.session_id)
        return view(*args, **kwargs)

    return from_frame(wrapper)


@blueprint.get("/<partner>")
@public
@blueprint.response(200, schemas.Card)
def show_card(partner):
    """What a site may show before anybody opens the widget: for every site, without cookies.

    A browser keeps it a while, and a partner's own site that asks has shown the launcher: that is counted.
    """
    found = widget.find_partner(partner)
    if request.headers.get("Origin") in widget.list_sites(found.id):
        widget_funnel.note(found, "shown", client_address(), utcnow())
    return widget.show_card(found), {"Cache-Control": f"private, max-age={CARD_SECONDS}"}


@blueprint.after_request
def let_every_site_read(response: Response) -> Response:
    """The card is everybody's, its absence too; what the frame calls is the frame's alone."""
    is_card = request.endpoint == f"{blueprint.name}.show_card"
    if is_card:
        response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin" if is_card else "same-origin"
    return response


@blueprint.post("/<partner>/request-code")
@public
@from_frame
@refuses_with(403)
@blueprint.arguments(schemas.AskForCode)
@blueprint.response(202, CodeSent)
@commits
def request_code(body):
    """Send a code to look at one's points in this widget. Known and unknown people get the same answer."""
    site = body.pop("site")
    if site is not None and site not in widget.list_sites(g.call.partner.id):
        raise InvalidOrigin("is not one of the partner's sites", field="site")
    asked_for = parse_identifier(body, g.call.partner)
    sign_in.request_widget_code(asked_for, _widget(site), address=client_address(), now=utcnow())
    return code_accepted()


@blueprint.post("/<partner>/verify-code")
@public
@from_frame
@refuses_with(403)
@blueprint.arguments(schemas.ShowCode)
@blueprint.response(200, schemas.Opened)
@commits
def verify_code(body):
    """Sign in to this widget for a day with the code that was asked for in this browser. It opens nothing else."""
    code = body.pop("code")
    shown = parse_identifier(body, g.call.partner)
    customer = sign_in.verify_widget_code(shown, code, _widget(), now=utcnow(), address=client_address())
    return _open(customer)


@blueprint.post("/<partner>/arrive")
@public
@from_frame
@refuses_with(403)
@blueprint.arguments(schemas.ShownCode)
@blueprint.response(200, schemas.Opened)
@commits
def arrive(body):
    """Sign in to this widget with the code that our own page showed to whoever went there from this browser to join."""
    customer = sign_in.verify_shown_code(body["code"], _widget(), now=utcnow(), address=client_address())
    return _open(customer)


def _open(customer: Customer) -> dict:
    device = request.headers.get("User-Agent")
    secret = widget_sessions.open_session(g.call.partner.id, customer.id, device, utcnow())
    widget_funnel.record(g.call.partner, "signed_in", utcnow())
    if not g.call.keeps_cookies:
        return {"session": secret}
    _give_cookie(secret, int(widget_sessions.LIFE.total_seconds()))
    return {"session": None}


@blueprint.get("/<partner>/me")
@public
@from_frame
@refuses_with(401, 403)
@blueprint.arguments(schemas.HistoryQuery, location="query")
@blueprint.response(200, schemas.Standing)
@commits
def show_standing(asked):
    """My points at this partner, and what happened to them, the newest first."""
    visitor, partner_id = _visitor(), g.call.partner.id
    found = accounts.list_accounts(visitor.customer_id, utcnow(), partner_id=partner_id)
    operations, next_cursor = accounts.list_operations(
        visitor.customer_id, partner_id=partner_id, cursor=asked["cursor"], limit=HISTORY
    )
    standing = vars(found[0]) if found else _NO_ACCOUNT
    items = [operation._asdict() | {"story": story_of(operation)} for operation in operations]
    history = {"items": items, "next_cursor": next_cursor}
    place = offered.find_standing(visitor.customer_id, partner_id, utcnow())
    waiting = surveys.list_waiting(visitor.customer_id, utcnow(), partner_id=partner_id)
    return standing | {
        "is_member": bool(found),
        "tier": place.tier if place else None,
        "survey": f"/nps/{waiting[0].token}?from=widget" if waiting else None,
        "operations": history,
    }


@blueprint.get("/<partner>/claims")
@public
@from_visitor
@refuses_with(401, 403)
@blueprint.response(200, page_of(schemas.WidgetClaim))
def list_claims():
    """What I asked points for at this partner lately, the latest first."""
    found = claims.list_own(g.caller.customer_id, partner_id=g.call.partner.id, limit=CLAIMS)
    return {"items": found, "next_cursor": None}


@blueprint.get("/<partner>/offers")
@public
@from_visitor
@refuses_with(401, 403)
@blueprint.response(200, schemas.WidgetOffers)
@commits
def list_offers():
    """What runs at this partner and is meant for me, and my tier there with what the next one needs."""
    partner, now = g.call.partner, utcnow()
    found = offered.list_offered(g.caller.customer_id, now, partner_id=partner.id)
    standing = offered.find_standing(g.caller.customer_id, partner.id, now)
    items = [vars(one.promotion) | {"terms": one.terms} for one in found]
    return {"items": items, "tier": _write_tier(standing) if standing else None}


@blueprint.post("/<partner>/claims")
@public
@from_visitor
@refuses_with(403)
@blueprint.arguments(schemas.WidgetClaimIn)
@idempotent
@blueprint.response(201, schemas.WidgetClaim)
def make_claim(body):
    """Ask for the points of a purchase here. Staff approve it, or with a fiscal receipt the partner's limits may.

    Only for who has joined this partner: anybody else gets 422 `consent_required`.
    """
    made = widget.claim(g.call.partner, g.caller.customer_id, **body, now=utcnow())
    return claims.show_own(g.caller.customer_id, made.id)


@blueprint.post("/<partner>/sign-out")
@public
@from_frame
@refuses_with(403)
@blueprint.response(204)
@commits
def sign_out():
    """End this widget's session in this browser; nobody signed in is fine too."""
    if g.call.visitor is not None:
        widget_sessions.end(g.call.partner.id, g.call.visitor.session_id, utcnow())
    _give_cookie("", 0)


_NO_ACCOUNT = {"balance": 0, "available": 0, "pending": 0, "held": 0, "expiring": []}


def _write_tier(standing: TierStanding) -> dict:
    return vars(standing) | {"factor": write_decimal(standing.factor) if standing.factor is not None else None}


def _read_call(partner: Partner) -> Call:
    """Raises `PartnerNotFound` for a partner that has no widget now, and 403 `forbidden` for a call that is not our frame's."""
    kept = request.cookies.get(BROWSER_COOKIE)
    secret = request.headers.get(SESSION_HEADER) if kept is None else request.cookies.get(session_cookie(partner.code))
    visitor = widget_sessions.identify(partner.id, secret, utcnow())
    if not widget.has_widget(partner):
        raise PartnerNotFound()
    browser = widget_sessions.read_frame_token(request.headers.get(FRAME_HEADER), partner.id)
    if browser is None or kept not in (None, browser) or request.headers.get("Sec-Fetch-Site") != "same-origin":
        raise RequestRefused(403, "forbidden", "Only a frame of this widget may call this; load the frame again.")
    return Call(partner, browser, kept is not None, visitor)


def _visitor() -> Visitor:
    if g.call.visitor is None:
        raise unauthorized("session_ended", "Nobody is signed in to this widget here.")
    return g.call.visitor


def _widget(site: str | None = None) -> sign_in.Widget:
    return sign_in.Widget(g.call.partner, g.call.browser, site, current_app.config["SETTINGS"].public_url)


def _give_cookie(value: str, seconds: int) -> None:
    name = session_cookie(g.call.partner.code)

    @after_this_request
    def add(response: Response) -> Response:
        response.set_cookie(name, value, max_age=seconds, secure=True, httponly=True, samesite="None", partitioned=True)
        return response

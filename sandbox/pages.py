"""`/sandbox`, the door of the demo: who lives in it and how to be one of them, their sites, and every message sent."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, abort, current_app, flash, g, jsonify, redirect, render_template, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from loyalty import sessions
from loyalty.access import public
from loyalty.clock import utcnow
from models import db
from models.customer import Customer
from models.transactions import transaction
from sandbox import messages, sites, world
from web.access import anybody, give_cookie, take_cookie
from web.places import home_of

blueprint = Blueprint("sandbox", __name__, url_prefix="/sandbox", template_folder="templates")

FEW = 5
"""How many messages the door itself shows; their own page shows more."""

TIPS = {
    "ivan": _("750 points at two businesses: look where they come from, and show your code at a till."),
    "admin": _("A bakery has applied. Find Ivan and correct his points, with a reason."),
    "espresso-owner": _("Set the rate to 7 % and see what the calculator makes of it."),
    "espresso-cashier": _("Credit Ivan for 1 000 ₽, +7 916 123-45-67: his 250 points become 300."),
    "style-owner": _("See who comes back, and put the widget on a site."),
    "style-cashier": _("Let Ivan pay 500 ₽ with his points, and undo it within a minute."),
    "glame-owner": _("A programme with conditions: VIP, birthday, a large check."),
    "glame-cashier": _("Sell Maria a coat for 10 000 ₽: 1 %, and half as much again because she is a VIP."),
    "krasota-owner": _("Three branches, one account: hire somebody for one of them."),
    "krasota-cashier": _("Take back a part of what Lidia bought: the points go back with it."),
}
NOTES = {
    "espresso": _("Everything by hand, at the till."),
    "style": _("Visits come from YCLIENTS."),
    "glame": _("Receipts come from 1C."),
    "krasota": _("Three branches: by hand, YCLIENTS and Altegio."),
}
ROLES = {
    "customer": _("Customer"),
    "admin": _("Administrator"),
    "owner": _("Owner"),
    "cashier": _("Cashier"),
    "till": _("Till"),
}
CHANNELS = {"telegram": "Telegram", "sms": _("SMS"), "email": _("E-mail")}
CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")


@blueprint.get("")
@anybody
def show_sandbox():
    """The door of the demo for people."""
    people = world.list_people(_secret())
    businesses = [
        {
            "key": business.key,
            "name": business.name,
            "code": business.code,
            "note": NOTES[business.key],
            "site": sites.list_sites(current_app.config["SETTINGS"])[business.key],
            "people": [person for person in people if person["partner_code"] == business.code],
        }
        for business in world.BUSINESSES
    ]
    return render_template(
        "sandbox/door.html",
        alone=[person for person in people if person["partner_code"] is None],
        businesses=businesses,
        tips=TIPS,
        roles=ROLES,
        here=_find_present_key(people),
        home=home_of(g.me.principal) if g.me else None,
        **_feed("", FEW),
    )


@blueprint.get("/messages")
@anybody
def show_messages():
    """Every message that was sent, or one person's, as they arrive."""
    people = [person for person in world.list_people(_secret()) if person["role"] != "till"]
    return render_template("sandbox/messages.html", people=people, **_feed(_wanted(), messages.LATEST))


@blueprint.get("/messages/latest")
@public
def show_latest_messages():
    """The list alone, for a page that asks again and again."""
    few = "few" in request.args
    return render_template("sandbox/feed.html", **_feed("" if few else _wanted(), FEW if few else messages.LATEST))


@blueprint.get("/people.json")
@public
def list_people():
    """The same people for scripts."""
    return jsonify(items=world.list_people(_secret()))


@blueprint.post("/sign-in/<person_key>")
@public
def sign_in(person_key: str):
    """Be one of the demo people in this browser, whoever one was before. Takes no form token: a script may do it too."""
    person = next((one for one in world.list_people(_secret()) if one["key"] == person_key), None)
    if person is None or person["api_key"] or db.session.get(Customer, world.fixed_id(person_key)) is None:
        abort(404)
    now = utcnow()
    with transaction():
        _end_present_session()
        cookie = sessions.open_page_session(world.fixed_id(person_key), request.headers.get("User-Agent"), now)
        principal = sessions.identify_page(cookie, now)
    if principal is None:
        flash(gettext("This person was closed or blocked while somebody played, and cannot sign in."), "error")
        return redirect("/sandbox", 303)
    response = redirect(home_of(principal), 303)
    give_cookie(response, cookie)
    return response


@blueprint.post("/sign-out")
@public
def sign_out():
    """Be nobody again."""
    with transaction():
        _end_present_session()
    response = redirect("/sandbox", 303)
    take_cookie(response)
    return response


def _end_present_session() -> None:
    now = utcnow()
    principal = sessions.identify_page(request.cookies.get(current_app.config["PAGE_COOKIE_NAME"]), now)
    if principal is not None:
        sessions.end_session(principal.customer_id, principal.session_id, now)


def _find_present_key(people: list[dict[str, str | None]]) -> str | None:
    """The key of the demo person who is signed in on this browser."""
    if g.me is None:
        return None
    return next((one["key"] for one in people if world.fixed_id(one["key"]) == g.me.customer_id), None)


def _feed(to: str, limit: int) -> dict[str, Any]:
    found = [(message, CODE.search(message.text)) for message in messages.list_messages(to, limit)]
    return {"feed": [(message, code[0] if code else None) for message, code in found], "channels": CHANNELS, "to": to}


def _wanted() -> str:
    return request.args.get("to", "").strip()[:320]


def _secret() -> str:
    return current_app.config["SETTINGS"].secret_key

"""What a partner's site loads: the loader script, and the frame, which is a page of ours on a stranger's page.

The frame may stand on the partner's own sites only: browsers are told their exact origins. It looks at no sign-in of the
pages, and its own cookie is kept apart for each site. Everything it then asks and shows goes through `api.widget`.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from string import ascii_letters
from zoneinfo import ZoneInfo

import rjsmin
from flask import Blueprint, Response, abort, current_app, render_template, request
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from config import ROOT
from loyalty import claims, offered, programmes, services, spending, widget, widget_funnel, widget_sessions
from loyalty.access import public
from loyalty.clock import utcnow
from loyalty.errors import (
    ClaimNeedsSum,
    FiscalReceiptFuture,
    FiscalReceiptNotSale,
    FiscalReceiptOld,
    FiscalReceiptOtherSum,
    FiscalReceiptUsed,
    InvalidFiscalReceipt,
    TooManyClaims,
)
from loyalty.offers import Promotion
from loyalty.rules import Rules
from loyalty.widget_look import THEMES, show_look
from loyalty.widget_sessions import BROWSER_COOKIE, session_cookie
from models.partner import Partner
from web.formats import write_money, write_percent, write_points, write_short_day
from web.operations import TITLES
from web.promotions import list_conditions, say_effect
from web.sentences import say, say_error

blueprint = Blueprint("widget_pages", __name__, template_folder="templates")

FOLDER = ROOT / "widget"
LOADER_SECONDS = 600
"""Partners paste a fixed address: what changes in the loader has reached every site after so long."""
OFFERS, SERVICES = 5, 60
"""So many of them at most in a frame, which is to stay light."""
_FOREVER = "public, max-age=31536000, immutable"
_SCRIPT = "text/javascript; charset=utf-8"
_OFF = ("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer", "microphone", "midi",
        "payment", "usb")  # fmt: skip
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors {ancestors}"
)


class Files:
    """The loader as it goes out, and the frame's own files under an address that changes with them."""

    def __init__(self, folder: Path = FOLDER):
        self.loader = shrink((folder / "loader.js").read_text(encoding="utf-8")).encode()
        self._files = {
            "frame.js": ((folder / "frame.js").read_bytes(), _SCRIPT),
            "frame.css": ((folder / "frame.css").read_bytes(), "text/css; charset=utf-8"),
        }
        content = b"\0".join(data for data, _type in self._files.values())
        self.version = hashlib.sha256(content).hexdigest()[:12]

    def url(self, name: str) -> str:
        """Raises `KeyError` for a file that is not there."""
        assert self._files[name]
        return f"/widget/files/{self.version}/{name}"

    def find(self, name: str) -> tuple[bytes, str] | None:
        return self._files.get(name)


def shrink(source: str) -> str:
    """The loader as it goes out: without comments and blanks, what was broken into lines joined, its own names short."""
    text = rjsmin.jsmin(source).replace('"+"', "").replace("const ", "let ")
    names = [name for name, _uses in Counter(_OWN_NAME.findall(text)).most_common()]
    short = dict(zip(names, ascii_letters, strict=False))
    assert len(short) == len(names), "more names than letters"
    return _OWN_NAME.sub(lambda found: short[found[0]], text)


_OWN_NAME = re.compile(r"\$[A-Za-z]+")


def page(view: Callable) -> Callable:
    """Anybody may open it, and who is signed in to the pages is not looked at."""
    view.is_page = True
    return public(view)


@blueprint.get("/widget.js")
@blueprint.get("/widget/v1/widget.js")
@page
def send_loader():
    """The script of a partner's page. The second address keeps its meaning when a new version takes the first."""
    response = Response(_files().loader, content_type=_SCRIPT)
    response.headers["Cache-Control"] = f"public, max-age={LOADER_SECONDS}"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.add_etag()
    return response.make_conditional(request)


@blueprint.get("/widget/files/<version>/<name>")
@page
def send_frame_file(version: str, name: str):
    """A file of the frame; an outdated address gets today's file, which is then not kept."""
    found = _files().find(name)
    if found is None:
        abort(404)
    response = Response(found[0], content_type=found[1])
    response.headers["Cache-Control"] = _FOREVER if version == _files().version else "no-cache"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@blueprint.get("/widget/frame")
@page
def show_frame():
    """The frame of a partner's widget. A partner that is not there, or suspended, has none: 404."""
    partner = widget.find_partner(request.args.get("partner", ""))
    browser = request.cookies.get(BROWSER_COOKIE)
    is_new = not widget_sessions.is_browser(browser)
    browser = widget_sessions.new_browser() if is_new else browser
    sites = _sites(partner)
    if _is_opened_on(sites):
        widget_funnel.note(partner, "opened", request.remote_addr or "unknown", utcnow())
    theme = request.args.get("theme") if request.args.get("theme") in THEMES else show_look(partner).theme
    rules = programmes.current_rules(partner.id)[1]
    html = render_template(
        "widget/frame.html",
        card=widget.show_card(partner),
        theme=theme,
        given=_settings(partner, rules, sites, widget_sessions.frame_token(browser, partner.id)),
        terms=_earning(rules),
        offers=[_tell_offer(one, partner) for one in offered.list_public(partner.id, utcnow())[:OFFERS]],
        menu=services.by_category(services.visible(partner.id)[:SERVICES]),
        spending=_spending(rules),
        file=_files().url,
        links={
            "join": f"/join?partner={partner.code}&for={widget_sessions.mark_of(browser, partner.id)}",
            "cabinet": "/customer",
            "spend": f"/spend?partner={partner.code}" if spending.takes_wishes(partner) else None,
            "bot": current_app.config["SETTINGS"].bot_link(f"p{partner.code}"),
        },
    )
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = _POLICY.format(ancestors=" ".join(sites) or "'none'")
    response.headers["Permissions-Policy"] = ", ".join(f"{feature}=()" for feature in _OFF)
    if is_new:
        response.set_cookie(BROWSER_COOKIE, browser, secure=True, httponly=True, samesite="None", partitioned=True)
    return response


def _files() -> Files:
    return current_app.extensions["widget"]


def _sites(partner: Partner) -> list[str]:
    """Who may show the frame: the partner's sites, and the preview, which is a page of ours."""
    sites = widget.list_sites(partner.id)
    is_preview = request.headers.get("Sec-Fetch-Site") == "same-origin"
    return [*sites, request.host_url.rstrip("/")] if is_preview else sites


def _is_opened_on(sites: list[str]) -> bool:
    """Whether one of the partner's pages has just put the frame into itself."""
    if request.headers.get("Sec-Fetch-Dest") != "iframe" or request.headers.get("Sec-Fetch-Site") == "same-origin":
        return False
    return (request.referrer or "").rstrip("/") in sites


def _settings(partner: Partner, rules: Rules, sites: list[str], token: str) -> dict:
    """What the frame's script needs to know."""
    return {
        "partner": partner.code,
        "token": token,
        "sites": sites,
        "colour": widget.show_card(partner).colour,
        "has_session": session_cookie(partner.code) in request.cookies,
        "timezone": partner.timezone,
        "currency": partner.currency,
        "point_value": float(rules.point_value),
        "language": get_locale().language,
        "texts": _texts() | _texts_of_claims(partner) | {"offer": _texts_of_offers()},
    }


def _earning(rules: Rules) -> list[tuple[str, str]]:
    found = [("percent", _("%(share)s of each purchase comes back as points", share=write_percent(rules.rate)))]
    if rules.welcome_bonus:
        found.append(("gift", _("%(points)s as a gift when you join", points=write_points(rules.welcome_bonus))))
    return [*found, _worth(rules)]


def _spending(rules: Rules) -> list[tuple[str, str]]:
    found = [_worth(rules), ("till", _("At the till, name your phone or show the code from your cabinet"))]
    if rules.min_spend > 1:
        found.append(("check", _("At least %(points)s at once", points=write_points(rules.min_spend))))
    if rules.max_share < 100:
        share = write_percent(rules.max_share / 100)
        found.append(("check", _("Points pay at most %(share)s of a check", share=share)))
    return found


def _worth(rules: Rules) -> tuple[str, str]:
    return "star", f"{write_points(1)} = {write_money(rules.point_value)}"


def _tell_offer(promotion: Promotion, partner: Partner) -> tuple[str, str]:
    """Its name, and what it gives, to whom and until when."""
    terms = offered.told(promotion.terms)
    parts = [say_effect(terms), *list_conditions(terms)]
    if promotion.ends_at is not None:
        last = (promotion.ends_at - timedelta(microseconds=1)).astimezone(ZoneInfo(partner.timezone)).date()
        parts.append(_("until %(day)s", day=write_short_day(last)))
    return promotion.name, ", ".join(parts)


def _texts() -> dict:
    """What the frame's script says itself; it puts numbers and days where the braces are."""
    refusals = {
        "code_wrong": 401,
        "invalid_phone": 400,
        "invalid_email": 400,
        "invalid_origin": 400,
        "too_many_requests": 429,
    }
    return {code: say(code, status) for code, status in refusals.items()} | {
        "otherwise": _("That did not work. Try again."),
        "covered": _("Something of the page lies over this field. If you trust the page, press once more."),
        "signed_out": _("You are signed out."),
        "sent_again": _("A new code is on its way, if a minute has passed since the last one."),
        "points": {word: ngettext("%(n)s point", "%(n)s points", count, n="{n}") for word, count in _COUNTS.items()},
        "pending": _("%(points)s still wait", points="{points}"),
        "held": _("%(points)s are reserved at a till", points="{points}"),
        "expiring": _("%(points)s burn on %(day)s", points="{points}", day="{day}"),
        "stories": {story: str(title) for story, title in TITLES.items()},
    }


def _texts_of_claims(partner: Partner) -> dict:
    """What is said of requests for points, with this partner's limits in it."""
    hours = claims.policy_of(partner).receipt_hours
    refusals = (
        ClaimNeedsSum(),
        TooManyClaims(claims.MOST_WAITING),
        InvalidFiscalReceipt("cannot be read"),
        FiscalReceiptNotSale(),
        FiscalReceiptOld(hours),
        FiscalReceiptFuture(),
        FiscalReceiptOtherSum(),
        FiscalReceiptUsed(),
    )
    return {one.code: say_error(one) for one in refusals} | {
        "invalid_amount": say("invalid_amount", 400),
        "claimed": _("Sent. Points come when the staff confirm the purchase."),
        "claims": {
            "waiting": _("waits for confirmation"),
            "approved": _("approved"),
            "refused": _("refused"),
            "withdrawn": _("withdrawn"),
            "expired": _("not decided in time"),
        },
    }


def _texts_of_offers() -> dict:
    """Of what runs for the visitor and of their tier: the words of `web.promotions`, to be filled by the frame's script."""
    return {
        "factor": _("points %(factor)s", factor="×{n}"),
        "rate": _("%(percent)s in points", percent="{n}"),
        "categories": _("for: %(names)s", names="{n}"),
        "min_amount": _("check from %(amount)s", amount="{n}"),
        "birthday": _("birthday: %(before)s days before and %(after)s after", before="{n}", after="{m}"),
        "first": _("first purchase"),
        "second": _("second purchase"),
        "within": _forms(
            lambda n: ngettext("second purchase within %(num)s day", "second purchase within %(num)s days", n)
        ),
        "return": _forms(lambda n: ngettext("after %(num)s day away", "after %(num)s days away", n)),
        "life_days": _forms(lambda n: ngettext("its points live %(num)s day", "its points live %(num)s days", n)),
        "per_person": _("%(n)s a person", n="{n}"),
        "until": _("until %(day)s", day="{n}"),
        "next": _("%(sum)s more to the tier “%(name)s”", sum="{n}", name="{m}"),
    }


def _forms(say: Callable[[int], str]) -> dict[str, str]:
    """A sentence with a number in each of its plural forms, with braces for the number."""
    return {word: say(count).replace(str(count), "{n}") for word, count in _COUNTS.items()}


_COUNTS = {"one": 1, "few": 2, "many": 5, "other": 5}
"""A number for each of the words a browser knows plurals by."""

"""Who opens a page, and may they: the decorators that views wear, which also ask of every form where it came from.

The person's session is looked up at each request, so that a dismissed cashier is out at once. A thing of a partner one does
not work for looks like a thing that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import ClassVar
from uuid import UUID

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask_babel import lazy_gettext as _
from flask_wtf.csrf import CSRFError, CSRFProtect

from loyalty import plans, sessions
from loyalty.access import NotAllowed, Policy, bound_branch, choose_place
from loyalty.clock import utcnow
from loyalty.errors import LoyaltyError
from loyalty.sessions import Principal, StaffRole
from loyalty.staff import SCOPES
from models import db
from models.customer import Customer
from models.partner import Partner

PARTNER_FIELD = "partner"
"""The hidden field by which a form says for whom it was shown: with two tabs at two partners nothing goes to the wrong one."""


class FormExpired(LoyaltyError):
    """The form was shown before the last sign-in, or did not come from a page of ours."""

    code = "form_expired"
    status = 400

    def __init__(self) -> None:
        super().__init__("This form is out of date: open the page again.")


@dataclass(frozen=True)
class Me:
    """Who looks at the page. What belongs to staff is None on other pages.

    `name` is the caller's name for idempotency and quotes, `branch_id` the branch a cashier is bound to (None: anywhere).
    """

    principal: Principal
    place: StaffRole | None = None
    kind: ClassVar[str] = "person"

    @property
    def customer_id(self) -> UUID:
        return self.principal.customer_id

    @property
    def session_id(self) -> UUID:
        return self.principal.session_id

    @property
    def caller(self) -> str:
        return self.principal.caller

    @property
    def partner_id(self) -> UUID | None:
        return self.place.partner_id if self.place else None

    @property
    def branch_id(self) -> UUID | None:
        return bound_branch(self.place) if self.place else None

    @property
    def role(self) -> str | None:
        return self.place.role if self.place else None

    @property
    def is_staff(self) -> bool:
        return bool(self.places)

    @property
    def is_admin(self) -> bool:
        return "admin" in self.principal.platform_roles

    @property
    def places(self) -> tuple[StaffRole, ...]:
        """Every partner the person can act for."""
        return tuple(place for place in self.principal.staff if place.partner_state == "active")

    @property
    def partner(self) -> Partner:
        """The partner's row; one query, the first time in a transaction."""
        return db.session.get_one(Partner, self.partner_id)

    @property
    def customer(self) -> Customer:
        """The person's row; one query, the first time in a transaction."""
        return db.session.get_one(Customer, self.customer_id)

    def may(self, scope: str) -> bool:
        """Whether the role at this partner allows it."""
        return self.role is not None and scope in SCOPES[self.role]


_csrf = CSRFProtect()


def configure_forms(app: Flask) -> None:
    """Forms carry a token that lives as long as the sign-in. It is asked for by the decorators below, not by a hook that
    would also meet the API, which takes no cookies."""
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=False)
    _csrf.init_app(app)
    app.context_processor(lambda: {"me": g.get("me")})


def anybody(view: Callable) -> Callable:
    """Everybody may open this page; `g.me` is there if somebody is signed in."""

    @wraps(view)
    def wrapper(*args, **kwargs):
        _check_form()
        g.me = _read_me()
        return view(*args, **kwargs)

    return _mark(wrapper, Policy("public"))


def signed_in(view: Callable) -> Callable:
    """Any person who is signed in; others go to sign in first."""

    @wraps(view)
    def wrapper(*args, **kwargs):
        g.me = _read_me()
        if g.me is None:
            return _go_and_sign_in()
        _check_form()
        return view(*args, **kwargs)

    return _mark(wrapper, Policy("signed_in"))


def staff(scope: str, feature: str | None = None) -> Callable[[Callable], Callable]:
    """People who work for the partner the page is opened for, in a role that has the scope.

    Its plan must open `feature`; where it does not, a page that explains it stands in its place.
    """

    def decorator(view: Callable) -> Callable:
        @wraps(view)
        def wrapper(*args, **kwargs):
            me = _read_me()
            if me is None:
                return _go_and_sign_in()
            _check_form()
            g.me = me  # an error page is shown to somebody too
            g.me = replace(me, place=choose_place(me.principal.staff, _named_partner(me)))
            if not g.me.may(scope):
                raise NotAllowed()
            if feature is not None:
                plans.require(g.me.place, feature)
            return view(*args, **kwargs)

        return _mark(wrapper, Policy("staff", scope, feature))

    return decorator


def platform(*roles: str) -> Callable[[Callable], Callable]:
    """People with one of these roles over the whole platform."""

    def decorator(view: Callable) -> Callable:
        @wraps(view)
        def wrapper(*args, **kwargs):
            g.me = _read_me()
            if g.me is None:
                return _go_and_sign_in()
            _check_form()
            if not g.me.principal.platform_roles & set(roles):
                raise NotAllowed("This is for the platform's own staff.")
            return view(*args, **kwargs)

        return _mark(wrapper, Policy("platform", " ".join(roles)))

    return decorator


def give_cookie(response, cookie: str) -> None:
    """Put the cookie of a page's session on the answer; whatever the browser had in its forms is forgotten."""
    session.clear()
    config = current_app.config
    response.set_cookie(
        config["PAGE_COOKIE_NAME"],
        cookie,
        max_age=int(sessions.LONGEST.total_seconds()),
        secure=config["PAGE_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )


def take_cookie(response) -> None:
    """Take the cookie away again."""
    session.clear()
    config = current_app.config
    response.delete_cookie(
        config["PAGE_COOKIE_NAME"], secure=config["PAGE_COOKIE_SECURE"], httponly=True, samesite="Lax"
    )


def _mark(wrapper: Callable, policy: Policy) -> Callable:
    wrapper.policy, wrapper.is_page = policy, True
    return wrapper


def _read_me() -> Me | None:
    cookie = request.cookies.get(current_app.config["PAGE_COOKIE_NAME"])
    principal = sessions.identify_page(cookie, utcnow())
    g.caller = Me(principal) if principal else None
    return g.caller


def _go_and_sign_in():
    """To the sign-in page, and back here afterwards; what was about to be sent is not sent again by itself."""
    had_session = current_app.config["PAGE_COOKIE_NAME"] in request.cookies
    here = request.full_path.rstrip("?") if request.method == "GET" else request.form.get("next")
    where = {"next": here, "ended": 1 if had_session else None}
    return redirect(url_for("sign_in.show_sign_in", **{name: value for name, value in where.items() if value}), 303)


def _check_form() -> None:
    """Raises `FormExpired` for a form that no page of ours showed to this browser."""
    if request.method in ("GET", "HEAD"):
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise FormExpired()
    try:
        _csrf.protect()
    except CSRFError:
        raise FormExpired() from None


def _named_partner(me: Me) -> str | None:
    """The partner the form was shown for, else the one chosen on this browser while the person still works there."""
    if named := request.form.get(PARTNER_FIELD):
        return named
    chosen = session.get("partner")
    return chosen if any(str(place.partner_id) == chosen for place in me.places) else None


ROLE_NAMES = {
    "owner": _("Owner"),
    "manager": _("Manager"),
    "cashier": _("Cashier"),
    "ai_marketer": _("Marketer"),
    "content_manager": _("Content manager"),
}
"""What a partner's roles are called on pages."""

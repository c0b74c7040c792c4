"""Signing in and registering by a one-time code, in two steps; no page tells whether a person or a card exists.

Between the steps the browser keeps in its own signed cookie whom the code was sent to.
"""

from __future__ import annotations

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy
from wtforms import BooleanField, HiddenField, StringField

from loyalty import partners, referrals, sessions, sign_in, welcome
from loyalty.clock import utcnow
from loyalty.errors import LoyaltyError
from loyalty.identities import Identifier, recognise
from models.transactions import in_transaction
from web.access import anybody, give_cookie, signed_in, take_cookie
from web.browsers import name_of_browser
from web.forms import Form, carry_out, refuse
from web.languages import choose_language
from web.places import home_of, safe_path

blueprint = Blueprint("sign_in", __name__)

_PENDING = "sign_in"
_PLACE = "page"


class ContactForm(Form):
    contact = StringField(lazy("Phone, e-mail or card number"), filters=[lambda text: (text or "").strip()])
    next = HiddenField()


class StaffForm(ContactForm):
    contact = StringField(lazy("Work phone or e-mail"), filters=[lambda text: (text or "").strip()])


class CodeForm(Form):
    code = StringField(lazy("Code from the message"), filters=[lambda text: "".join((text or "").split())])


class RegistrationForm(Form):
    contact = StringField(lazy("Phone or e-mail"), filters=[lambda text: (text or "").strip()])
    name = StringField(lazy("What shall we call you?"), filters=[lambda text: (text or "").strip()])
    personal_data = BooleanField(lazy("I agree to the processing of my personal data"))
    advertising = BooleanField(lazy("Write to me about offers and news"))
    invitation = StringField(lazy("Code of a friend's invitation"), filters=[lambda text: (text or "").strip()])
    partner = HiddenField()
    next = HiddenField()
    via = HiddenField()


@blueprint.get("/login")
@anybody
def show_sign_in():
    """Where to send a code: tabs for customers and for staff."""
    if g.me is not None and "ended" not in request.args:
        return redirect(safe_path(request.args.get("next")) or home_of(g.me.principal), 303)
    return _show_sign_in(_contact_form(formdata=None, data={"next": safe_path(request.args.get("next"))}))


@blueprint.post("/login")
@anybody
def send_code():
    """Send the code and ask for it; a known and an unknown person see the same."""
    form = _contact_form()

    def send() -> Identifier:
        contact = recognise(form.contact.data, field="contact")
        sign_in.request_code(contact, address=_address(), now=utcnow())
        return contact

    done = carry_out(form, send)
    if done is None:
        return _show_sign_in(form), 422
    _remember(done.answer, form.contact.data, safe_path(form.next.data))
    return redirect(url_for("sign_in.show_code"), 303)


@blueprint.get("/login/code")
@anybody
def show_code():
    """Ask for the code that was sent."""
    if _PENDING not in session:
        return redirect(url_for("sign_in.show_sign_in"), 303)
    return _show_code(CodeForm(formdata=None))


@blueprint.post("/login/code")
@anybody
def take_code():
    """Sign in with the code, carrying out a registration that it belongs to."""
    pending = session.get(_PENDING)
    if pending is None:
        return redirect(url_for("sign_in.show_sign_in"), 303)
    form = CodeForm()

    def enter() -> tuple[str, str]:
        _, tokens = sign_in.verify_code(
            Identifier(pending["kind"], pending["value"]),
            form.code.data,
            now=utcnow(),
            device=request.headers.get("User-Agent"),
            place=_PLACE,
            address=_address(),
            welcome=lambda customer, partner, now: welcome.grant_if_due(customer.id, partner, now),
            session_kind="page",
        )
        if g.me is not None:  # the cookie that names it is about to be overwritten
            sessions.end_session(g.me.customer_id, g.me.session_id, utcnow())
        principal = sessions.identify_page(tokens.refresh_token, utcnow())
        return tokens.refresh_token, home_of(principal)

    done = carry_out(form, enter)
    if done is None:
        return _show_code(form), 422
    cookie, home = done.answer
    response = redirect(pending["next"] or home, 303)
    give_cookie(response, cookie)
    return response


@blueprint.post("/login/again")
@anybody
def send_again():
    """Send another code to the same contact; within a minute of the last one nothing new goes out."""
    pending = session.get(_PENDING)
    if pending is None:
        return redirect(url_for("sign_in.show_sign_in"), 303)
    form = CodeForm(formdata=None)
    contact = Identifier(pending["kind"], pending["value"])
    if carry_out(form, lambda: sign_in.request_code(contact, address=_address(), now=utcnow())) is None:
        return _show_code(form), 422
    _remember(contact, pending["shown"], pending["next"])
    flash(gettext("If a minute has passed, a new code is on its way."), "info")
    return redirect(url_for("sign_in.show_code"), 303)


@blueprint.post("/logout")
@signed_in
def sign_out():
    """End this browser's session."""
    in_transaction(lambda: sessions.end_session(g.me.customer_id, g.me.session_id, utcnow()))
    response = redirect(url_for("sign_in.show_sign_in"), 303)
    take_cookie(response)
    flash(gettext("You are signed out."), "info")
    return response


@blueprint.get("/register")
@anybody
def show_registration():
    """Become a customer, of the partner that `partner` names if it does."""
    following = safe_path(request.args.get("next"))
    asked = {name: request.args.get(name, "") for name in ("partner", "invitation")}
    form = RegistrationForm(formdata=None, data=asked | {"next": following})
    return _show_registration(form)


@anybody
def take_registration():
    """Send the code that makes the registration happen. Served at POST /register for forms; JSON goes to the API."""
    form = RegistrationForm()
    if not form.personal_data.data:
        form.personal_data.errors = [gettext("Without this consent we may not open an account for you.")]
        _check_contact(form)
        return _show_registration(form), 422

    def register() -> Identifier:
        partner, invitation, following = _find_partner(form.partner.data), form.invitation.data, form.next.data or ""
        if invitation and partner is None:
            partner = referrals.find_invitation(invitation).partner
        contact = recognise(form.contact.data, partner, field="contact")
        sign_in.register(
            phone=contact if contact.kind == "phone" else None,
            email=contact if contact.kind == "email" else None,
            name=form.name.data or None,
            partner=partner,
            consents={"personal_data": True, "advertising": bool(form.advertising.data)},
            invitation=invitation or None,
            came_by="link" if following.startswith("/i/") else "code",
            device=name_of_browser(),
            place=f"{_PLACE}:widget" if form.via.data == "widget" else _PLACE,
            address=_address(),
            now=utcnow(),
            locale=choose_language(),
        )
        return contact

    done = carry_out(form, register)
    if done is None:
        return _show_registration(form), 422
    _remember(done.answer, form.contact.data, safe_path(form.next.data))
    return redirect(url_for("sign_in.show_code"), 303)


def _check_contact(form: RegistrationForm) -> None:
    """Say what is wrong with the contact together with the rest."""
    try:
        recognise(form.contact.data, field="contact")
    except LoyaltyError as error:
        refuse(form, error)


def _contact_form(**options) -> ContactForm:
    return StaffForm(**options) if request.args.get("for") == "staff" else ContactForm(**options)


def _show_sign_in(form: ContactForm):
    return render_template("sign_in/contact.html", form=form, ended="ended" in request.args)


def _show_code(form: CodeForm):
    pending = session[_PENDING]
    wait = sign_in.REPEAT_AFTER.total_seconds() - (utcnow().timestamp() - pending["at"])
    return render_template("sign_in/code.html", form=form, shown=pending["shown"], wait=max(0, int(wait)))


def _show_registration(form: RegistrationForm):
    partner = _find_partner(form.partner.data)
    invitation = current_app.config["SETTINGS"].bot_link(f"p{partner.code}" if partner else "")
    return render_template("sign_in/register.html", form=form, partner=partner, invitation=invitation)


def _find_partner(reference: str | None):
    return partners.get_open_partner(reference) if reference else None


def _remember(contact: Identifier, shown: str, following: str | None) -> None:
    session[_PENDING] = {
        "kind": contact.kind,
        "value": contact.value,
        "shown": shown[:100],
        "next": following,
        "at": int(utcnow().timestamp()),
    }


def _address() -> str:
    return request.remote_addr or "unknown"

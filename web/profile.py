"""The customer's profile: who they are, how they are reached, what they agreed to, where they are signed in, their data."""

from __future__ import annotations

import json
from datetime import time
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy
from wtforms import DateField, RadioField, SelectChoice, SelectField, SelectMultipleField, StringField, TimeField
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget

from loyalty import consents, deep_links, personal_data, profiles, sessions, sign_in
from loyalty.clock import utcnow
from loyalty.errors import InvalidIdentifier, PartnerNotFound
from loyalty.identities import Identifier, recognise
from loyalty.notices import USUAL_QUIET
from models.transactions import commits, in_transaction
from web.access import signed_in, take_cookie
from web.devices import name_device
from web.formats import use_zone
from web.forms import Form, carry_out
from web.languages import LANGUAGES
from web.zones import zone_choices

blueprint = Blueprint("profile", __name__, url_prefix="/customer")

_PENDING = "contact"
_PLACE = "page"

NOTICES = {
    "credited": lazy("Points were credited"),
    "spent": lazy("Points were spent"),
    "returned": lazy("A purchase was returned"),
    "expiring": lazy("Points are about to expire"),
    "welcome": lazy("A welcome gift"),
    "referral": lazy("Something became of an invitation"),
    "survey": lazy("Somebody asks how my visit was"),
}
CHANNELS = {
    "": lazy("Whatever reaches me: Telegram, else SMS, else e-mail"),
    "telegram": lazy("Telegram"),
    "sms": lazy("SMS"),
    "email": lazy("E-mail"),
}
CONSENTS = {
    "personal_data": lazy("Processing of personal data"),
    "advertising": lazy("Offers and news"),
}


def _choices(names: dict[str, object]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in names.items()]


class ProfileForm(Form):
    name = StringField(lazy("Name"))
    birth_date = DateField(lazy("Birthday"), validators=[Optional()])
    locale = SelectField(lazy("Language of messages"), choices=_choices(LANGUAGES))
    timezone = SelectField(lazy("Time zone"), validate_choice=False)


class NoticesForm(Form):
    wanted = SelectMultipleField(
        lazy("Tell me when"), choices=_choices(NOTICES), option_widget=CheckboxInput(), widget=ListWidget()
    )
    channel = RadioField(lazy("Where"), choices=_choices(CHANNELS), default="")
    quiet_from = TimeField(lazy("Do not disturb from"), validators=[Optional()])
    quiet_until = TimeField(lazy("until"), validators=[Optional()])


class ContactForm(Form):
    contact = StringField(lazy("Phone or e-mail"), filters=[lambda text: (text or "").strip()])


class CodeForm(Form):
    code = StringField(lazy("Code from the message"), filters=[lambda text: "".join((text or "").split())])


@blueprint.get("/profile")
@signed_in
@commits
def show_profile():
    """Everything about me that I may see and change."""
    return _show()


@blueprint.post("/profile")
@signed_in
def change_profile():
    """Change name, birthday, language and time zone."""
    form = ProfileForm()
    if not form.validate():
        return in_transaction(lambda: _show(profile=form)), 422
    changes = {
        "name": form.name.data or None,
        "birth_date": form.birth_date.data,
        "locale": form.locale.data,
        "timezone": form.timezone.data,
    }
    if carry_out(form, lambda: profiles.update_profile(g.me.customer, changes, utcnow())) is None:
        return in_transaction(lambda: _show(profile=form)), 422
    flash(gettext("Saved."), "success")
    return _back("me")


@blueprint.post("/profile/notices")
@signed_in
def change_notices():
    """Change what I am told, where, and when not."""
    form = NoticesForm()
    is_good = form.validate()
    if is_good and bool(form.quiet_from.data) != bool(form.quiet_until.data):
        form.quiet_until.errors = [*form.quiet_until.errors, gettext("Give both times, or none for never quiet.")]
        is_good = False

    def change() -> None:
        me = g.me.customer
        profiles.update_profile(me, _notices(form, me.notices), utcnow())

    if not is_good or carry_out(form, change) is None:
        return in_transaction(lambda: _show(notices=form)), 422
    flash(gettext("Saved."), "success")
    return _back("notices")


@blueprint.post("/contacts")
@signed_in
def send_contact_code():
    """Send a code to a phone or an e-mail that is to become mine."""
    form = ContactForm()

    def send() -> Identifier:
        contact = recognise(form.contact.data, field="contact")
        if contact.kind not in ("phone", "email"):
            raise InvalidIdentifier("is not a phone or an e-mail", field="contact")
        sign_in.request_contact_code(g.me.customer, contact, address=_address(), now=utcnow())
        return contact

    done = carry_out(form, send)
    if done is None:
        return in_transaction(lambda: _show(contact=form)), 422
    session[_PENDING] = {"kind": done.answer.kind, "value": done.answer.value}
    return redirect(url_for("profile.show_contact_code"), 303)


@blueprint.get("/contacts/code")
@signed_in
def show_contact_code():
    """Ask for the code that was sent to the new contact."""
    if _PENDING not in session:
        return _back("contacts")
    return _show_contact_code(CodeForm(formdata=None))


@blueprint.post("/contacts/code")
@signed_in
def prove_contact():
    """Make the contact mine by the code that was sent to it."""
    pending = session.get(_PENDING)
    if pending is None:
        return _back("contacts")
    form = CodeForm()
    contact = Identifier(pending["kind"], pending["value"])

    def prove() -> None:
        sign_in.prove_contact(g.me.customer, contact, form.code.data, now=utcnow(), address=_address())

    if carry_out(form, prove) is None:
        return _show_contact_code(form), 422
    del session[_PENDING]
    flash(gettext("%(contact)s is yours now.", contact=contact.value), "success")
    return _back("contacts")


@blueprint.post("/telegram")
@signed_in
def link_telegram():
    """A link that makes the Telegram in which it is opened mine; shown this once and not kept by the browser."""
    form = Form()
    done = carry_out(form, lambda: deep_links.link_account(g.me.customer, utcnow()))
    if done is None:
        flash(form.refusals[0], "error")
        return _back("contacts")
    settings = current_app.config["SETTINGS"]
    minutes = int(deep_links.ACCOUNT_LINK_LIFE.total_seconds()) // 60
    page = render_template("customer/telegram.html", link=settings.bot_link(done.answer), minutes=minutes)
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/consents")
@signed_in
def change_consent():
    """Agree to something, or withdraw; to one partner, or to the platform and so to all."""
    answer = {request.form.get("kind", ""): (granted := request.form.get("granted") == "yes")}
    to = _read_partner(request.form.get("to"))
    in_transaction(lambda: profiles.change_consents(g.me.customer, answer, partner_id=to, place=_PLACE, now=utcnow()))
    flash(gettext("Noted: you agree.") if granted else gettext("Noted: you do not agree."), "success")
    return _back("consents")


@blueprint.post("/sessions/<uuid:session_id>/end")
@signed_in
def end_session(session_id: UUID):
    """Sign one of my devices out."""
    in_transaction(lambda: sessions.end_session(g.me.customer_id, session_id, utcnow()))
    if session_id == g.me.session_id:
        response = redirect(url_for("sign_in.show_sign_in"), 303)
        take_cookie(response)
        flash(gettext("You are signed out."), "info")
        return response
    flash(gettext("The device is signed out."), "success")
    return _back("sessions")


@blueprint.post("/sessions/end-others")
@signed_in
def end_other_sessions():
    """Sign every device out but this one."""
    in_transaction(lambda: sessions.end_all(g.me.customer_id, utcnow(), but=g.me.session_id))
    flash(gettext("Every other device is signed out."), "success")
    return _back("sessions")


@blueprint.get("/data.json")
@signed_in
@commits
def download_data():
    """Everything about me in one file."""
    file = json.dumps(personal_data.export_person(g.me.customer, utcnow()), ensure_ascii=False, indent=1)
    headers = {"Content-Disposition": 'attachment; filename="kopilka.json"'}
    return Response(file, mimetype="application/json", headers=headers)


def _show(profile: ProfileForm | None = None, notices: NoticesForm | None = None, contact: ContactForm | None = None):
    now, me = utcnow(), g.me.customer
    use_zone(me.timezone)
    profile = profile or ProfileForm(formdata=None, obj=me)
    profile.timezone.choices = zone_choices(now, me.timezone)
    return render_template(
        "customer/profile.html",
        profile=profile,
        notices=notices or _notices_form(me.notices),
        contact=contact or ContactForm(formdata=None),
        shown=profiles.show_profile(me),
        answers=consents.list_answers(me.id),
        consents=CONSENTS,
        sessions=[(one, _name_session(one)) for one in sessions.list_sessions(me.id, now)],
        bot=current_app.config["SETTINGS"].telegram_bot_name,
    )


def _name_session(line: sessions.SignedIn) -> str:
    device = name_device(line.device)
    if line.kind != "widget":
        return device
    return gettext("%(device)s, widget of “%(partner)s”", device=device, partner=line.partner_name)


def _show_contact_code(form: CodeForm):
    return render_template("customer/contact_code.html", form=form, contact=session[_PENDING])


def _notices_form(kept: dict) -> NoticesForm:
    quiet = kept.get("quiet", USUAL_QUIET) or (None, None)
    return NoticesForm(
        formdata=None,
        data={
            "wanted": [kind for kind in NOTICES if kind not in (kept.get("off") or [])],
            "channel": kept.get("channel") or "",
            "quiet_from": time.fromisoformat(quiet[0]) if quiet[0] else None,
            "quiet_until": time.fromisoformat(quiet[1]) if quiet[1] else None,
        },
    )


def _notices(form: NoticesForm, kept: dict) -> dict:
    """The answers in the core's words. Who leaves the usual quiet hours as they are has not asked for quiet: what happens
    with the person standing there is still told at once."""
    quiet = [f"{at:%H:%M}" for at in (form.quiet_from.data, form.quiet_until.data) if at] or None
    off = [kind for kind in NOTICES if kind not in (form.wanted.data or [])]
    answers = {"channel": form.channel.data or None, "off": off, "quiet": quiet}
    if "quiet" not in kept and quiet == list(USUAL_QUIET):
        del answers["quiet"]
    return {"notices": answers}


def _read_partner(text: str | None) -> UUID | None:
    """The partner a form names; None when it names none. Raises `PartnerNotFound` for what is no id."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise PartnerNotFound() from None


def _back(section: str):
    return redirect(url_for("profile.show_profile", _anchor=section), 303)


def _address() -> str:
    return request.remote_addr or "unknown"

"""Joining a partner from its widget: on a page of our own, and back to the site with six digits.

A frame on somebody's site takes no consents and proves no contact (docs/adr/0015-widget-door.md). Whoever has joined here is
shown a code that opens the widget in the browser they came from, and nothing else; `for` in the address names that browser.
"""

from __future__ import annotations

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy
from wtforms import BooleanField, HiddenField

from loyalty import consents, joining, partners, programmes, sign_in, widget_sessions
from loyalty.clock import utcnow
from loyalty.customers import membership_of
from models.partner import Partner
from models.transactions import commits
from web.access import anybody, signed_in
from web.forms import Form, carry_out
from web.sign_in import RegistrationForm

blueprint = Blueprint("joining", __name__, url_prefix="/join")

_PLACE = "page:widget"


class JoinForm(Form):
    at = HiddenField()
    browser = HiddenField()
    personal_data = BooleanField(lazy("I agree to the processing of my personal data"))
    advertising = BooleanField(lazy("Write to me about offers and news"))


@blueprint.get("")
@anybody
@commits
def show_joining():
    """Who are you; then the consents; then that it is done, with the code for the widget."""
    if "partner" not in request.args:
        return render_template("checkin/whose.html", problem=None)
    partner = partners.get_open_partner(request.args["partner"].strip())
    mark = _read_mark(request.args.get("for"))
    here = _address(partner, mark)
    if g.me is None:
        form = RegistrationForm(formdata=None, data={"partner": partner.code, "next": here, "via": "widget"})
        return _show("newcomer", partner, form=form, here=here)
    member = membership_of(g.me.customer_id, partner.id)
    if member is None or joining.must_be_asked(g.me.customer_id, partner.id):
        return _show_consents(partner, JoinForm(formdata=None, data={"at": partner.code, "browser": mark}))
    code = sign_in.show_widget_code(g.me.customer_id, partner, mark, utcnow()) if mark else None
    return _show("joined", partner, member=member, code=code)


@blueprint.post("")
@signed_in
def join():
    """Become a customer, with the answers that were given."""
    form = JoinForm()
    partner = partners.get_open_partner(form.at.data)
    if not form.personal_data.data:
        form.personal_data.errors = [gettext("Without this consent we may not open an account for you.")]
        return _show_consents(partner, form), 422
    answers = {consents.PERSONAL_DATA: True, consents.ADVERTISING: form.advertising.data}
    done = carry_out(form, lambda: joining.join(g.me.customer, partner, answers, place=_PLACE, now=utcnow()))
    if done is None:
        return _show_consents(partner, form), 422
    return redirect(_address(partner, _read_mark(form.browser.data)), 303)


def _show_consents(partner: Partner, form: JoinForm) -> str:
    is_member = membership_of(g.me.customer_id, partner.id) is not None
    shown = None if is_member else joining.shown_contact(g.me.customer_id)
    return _show("consents", partner, form=form, shown=shown, is_member=is_member)


def _show(page: str, partner: Partner, **values) -> str:
    return render_template(
        f"joining/{page}.html",
        partner=partner,
        rules=programmes.current_rules(partner.id)[1],
        invitation=current_app.config["SETTINGS"].bot_link(f"p{partner.code}"),
        **values,
    )


def _read_mark(text: str | None) -> str | None:
    return text if widget_sessions.is_mark(text) else None


def _address(partner: Partner, mark: str | None) -> str:
    return url_for("joining.show_joining", partner=partner.code, **{"for": mark} if mark else {})

"""What a cashier's QR opens on the customer's phone: the points of one purchase, for whoever takes them first."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, g, redirect, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy
from wtforms import BooleanField, HiddenField

from loyalty import consents, joining, sale_codes
from loyalty.clock import utcnow
from loyalty.customers import membership_of
from loyalty.errors import LoyaltyError, SaleCodeGone, SaleCodeUsed
from models import db
from models.partner import Partner
from models.sale_code import SaleCode
from models.transactions import in_transaction
from web.access import anybody
from web.formats import use_zone
from web.forms import Form, refuse
from web.sentences import say_error
from web.sign_in import RegistrationForm

blueprint = Blueprint("sale_codes", __name__, url_prefix="/r")

_PLACE = "page"


class TakeForm(Form):
    earn = HiddenField()
    personal_data = BooleanField(lazy("I agree to the processing of my personal data"))
    advertising = BooleanField(lazy("Write to me about offers and news"))


@blueprint.get("/<token>")
@anybody
def show_code(token: str):
    """What the code gives; to whoever took it, that they did. The token is the key: it needs no name of a partner."""
    try:
        code = sale_codes.find(token, utcnow(), g.me.customer_id if g.me else None)
    except (SaleCodeGone, SaleCodeUsed) as error:
        return _show_refused(error)
    return _show_taken(code) if code.state == "used" else _show_offer(code, TakeForm(formdata=None))


@blueprint.post("/<token>")
@anybody
def take(token: str):
    """Credit the purchase to whoever is signed in, at the price they were shown."""
    if g.me is None:
        return redirect(url_for(".show_code", token=token), 303)
    form, now = TakeForm(), utcnow()
    try:
        code = sale_codes.find(token, now, g.me.customer_id)
    except (SaleCodeGone, SaleCodeUsed) as error:
        return _show_refused(error)
    answers = {}
    if code.state == "open" and joining.must_be_asked(g.me.customer_id, code.partner_id):
        if not form.personal_data.data:
            form.personal_data.errors = [gettext("Without this consent we may not open an account for you.")]
            return _show_offer(code, form), 422
        answers = {consents.PERSONAL_DATA: True, consents.ADVERTISING: form.advertising.data}
    earn = int(form.earn.data) if (form.earn.data or "").isdecimal() else -1

    def act() -> UUID:
        return sale_codes.redeem(token, g.me.customer, answers, earn=earn, place=_PLACE, now=now)

    try:
        in_transaction(act)
    except (SaleCodeGone, SaleCodeUsed) as error:  # somebody was quicker
        return _show_refused(error)
    except LoyaltyError as error:
        refuse(form, error)
        return _show_offer(code, form), 422
    return redirect(url_for(".show_code", token=token), 303)


def _show_offer(code: SaleCode, form: TakeForm) -> str:
    partner, here = db.session.get_one(Partner, code.partner_id), url_for(".show_code", token=sale_codes.token_of(code))
    use_zone(partner.timezone)
    if g.me is None:
        register = RegistrationForm(formdata=None, data={"partner": partner.code, "next": here})
        return render_template("checkin/take_newcomer.html", partner=partner, code=code, form=register, here=here)
    seen = in_transaction(lambda: sale_codes.preview(code, g.me.customer, utcnow()))
    form.earn.data = str(seen.plain.total)
    return render_template(
        "checkin/take.html",
        partner=partner,
        code=code,
        points=seen.plain.total,
        form=form,
        asks=joining.must_be_asked(g.me.customer_id, partner.id),
        shown=None if seen.member else joining.shown_contact(g.me.customer_id),
    )


def _show_taken(code: SaleCode) -> str:
    points, amount = sale_codes.points_of_taken(code)
    member = membership_of(g.me.customer_id, code.partner_id)
    return render_template(
        "checkin/taken.html",
        partner=db.session.get_one(Partner, code.partner_id),
        amount=amount,
        points=points,
        balance=member.balance if member else None,
    )


def _show_refused(error: SaleCodeGone | SaleCodeUsed):
    return render_template("checkin/gone.html", sentence=say_error(error)), error.status

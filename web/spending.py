"""Spending points at a till: the customer chooses how many and shows the code; the till sees the wish and does the rest.

The widget opens this page in a tab of its own: in a frame on somebody's site nothing is spent (docs/adr/0015-widget-door.md).
"""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy
from wtforms import HiddenField, StringField

from loyalty import partners, spending, wallet
from loyalty.clock import utcnow
from loyalty.errors import CustomerNotFound, LoyaltyError
from loyalty.sums import read_points
from models.partner import Partner
from models.transactions import commits, in_transaction
from web.access import signed_in
from web.formats import write_number
from web.forms import Form, carry_out, refuse
from web.till_codes import show_code

blueprint = Blueprint("spending", __name__, url_prefix="/spend")


class WishForm(Form):
    at = HiddenField()
    points = StringField(lazy("How many points?"), filters=[lambda text: (text or "").strip()])


@blueprint.get("")
@signed_in
@commits
def show_spending():
    """Choose where, then how many points; then the code for the till, until the till has reserved or spent them."""
    if "partner" not in request.args:
        return render_template("customer/spend_where.html", wallet=wallet.open_wallet(g.me.customer_id, utcnow()))
    partner = partners.get_open_partner(request.args["partner"].strip())
    return _show(partner, WishForm(formdata=None, data={"at": partner.code}))


@blueprint.post("")
@signed_in
def choose():
    """Say how many; the till sees it for a quarter of an hour."""
    form = WishForm()
    partner = partners.get_open_partner(form.at.data)
    points = None
    try:
        points = read_points(form.points.data)
    except LoyaltyError as error:
        refuse(form, error)
    if points is not None and carry_out(form, lambda: spending.wish(g.me.customer_id, partner, points, utcnow())):
        return redirect(_address(partner), 303)
    return in_transaction(lambda: _show(partner, form)), 422


@blueprint.post("/cancel")
@signed_in
def cancel():
    """Think better of it, or begin anew."""
    form = WishForm()
    partner = partners.get_open_partner(form.at.data)
    if carry_out(form, lambda: spending.cancel(g.me.customer_id, partner.id, utcnow())) is None:
        return in_transaction(lambda: _show(partner, form)), 422
    if not request.form.get("anew"):
        flash(gettext("Nothing will be spent."), "info")
    return redirect(_address(partner), 303)


def _show(partner: Partner, form: WishForm) -> str:
    now = utcnow()
    if not spending.takes_wishes(partner):
        return render_template("customer/spend_not.html", partner=partner)
    try:
        choice = spending.choose(g.me.customer_id, partner, now)
    except CustomerNotFound:
        return render_template("customer/spend.html", partner=partner, choice=None)
    wish = spending.show(g.me.customer_id, partner.id, now)
    if choice.most:
        form.points.data = form.points.data or str(choice.most)
        form.points.label.text = gettext("How many points? Up to %(n)s", n=write_number(choice.most))
    return render_template(
        "customer/spend.html",
        partner=partner,
        choice=choice,
        wish=wish,
        form=form,
        here=_address(partner),
        shown=show_code() if wish and wish.state == "waiting" else None,
    )


def _address(partner: Partner) -> str:
    return url_for("spending.show_spending", partner=partner.code)

"""Points that are reserved while the customer pays the rest: take the money and finish, or give it up."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext

from loyalty import pos
from loyalty.clock import utcnow
from loyalty.errors import HoldResolved, LoyaltyError, QuoteChanged
from loyalty.pos import HeldSale
from loyalty.sums import write_sum
from models.transactions import in_transaction
from web.access import staff
from web.forms import Deed, refuse
from web.once import do_once
from web.till.fields import caller, partner

blueprint = Blueprint("till_holds", __name__, url_prefix="/partner/holds")


@blueprint.get("/<uuid:hold_id>")
@staff("points:spend")
def show_hold(hold_id: UUID):
    """What is reserved and what is left to pay; for one that has ended, how it ended."""
    held = in_transaction(lambda: _find(hold_id))
    if held.state == "captured":
        return redirect(url_for("till_purchases.show_done", purchase_id=held.purchase_id), 303)
    return _show(held, Deed(formdata=None))


@blueprint.post("/<uuid:hold_id>/capture")
@staff("points:spend")
def capture(hold_id: UUID):
    """The money was taken: spend the points and credit the rest."""
    form = Deed()

    def act() -> dict[str, Any]:
        held = _find(hold_id)
        if held.state == "captured":  # by another tab
            return {"purchase_id": str(held.purchase_id)}
        sale = pos.capture(partner(), hold_id, held.amount, caller=caller(), now=utcnow())
        return {"purchase_id": str(sale.purchase_id)}

    try:
        done, _repeated = do_once(form, act)
    except QuoteChanged as changed:
        return _ask_again(hold_id, changed)
    except HoldResolved as ended:
        return _lead_on(hold_id, ended)
    except LoyaltyError as error:
        return _show_refused(hold_id, error)
    return redirect(url_for("till_purchases.show_done", purchase_id=done["purchase_id"]), 303)


@blueprint.post("/<uuid:hold_id>/void")
@staff("points:spend")
def void(hold_id: UUID):
    """The customer does not pay with points after all: they are free again, and the till is as it was."""
    try:
        in_transaction(lambda: pos.void(partner(), hold_id, caller=caller(), now=utcnow()))
    except HoldResolved as ended:
        if ended.state == "captured":
            return _lead_on(hold_id, ended)
    held = in_transaction(lambda: _find(hold_id))
    flash(gettext("The points are free again, nothing was spent."), "info")
    return redirect(_till_with(held), 303)


def _ask_again(hold_id: UUID, changed: QuoteChanged):
    """Hold the same purchase at its new price, and say what is different."""
    before = in_transaction(lambda: _find(hold_id))
    try:
        renewed = in_transaction(lambda: pos.renew(partner(), hold_id, caller=caller(), now=utcnow()))
    except LoyaltyError as error:
        return _show_refused(hold_id, error)
    held = in_transaction(lambda: _find(renewed.hold_id))
    form = Deed(formdata=None)
    refuse(form, changed)
    return _show(held, form, before=before), 409


def _lead_on(hold_id: UUID, ended: HoldResolved):
    """Another tab was quicker: to what it posted, or the page that says how the reservation ended."""
    if ended.state == "captured":
        return redirect(url_for("till_holds.show_hold", hold_id=hold_id), 303)
    return _show_refused(hold_id, ended)


def _show_refused(hold_id: UUID, error: LoyaltyError):
    form = Deed(formdata=None)
    refuse(form, error)
    return _show(in_transaction(lambda: _find(hold_id)), form), 422


def _find(hold_id: UUID) -> HeldSale:
    return pos.show(partner(), hold_id, caller=caller(), now=utcnow())


def _show(held: HeldSale, form: Deed, before: HeldSale | None = None):
    return render_template("till/hold.html", held=held, form=form, before=before, again=_till_with(held))


def _till_with(held: HeldSale) -> str:
    """The till with the same purchase typed in."""
    return url_for(
        "till.show_till", customer=held.customer_id, amount=write_sum(held.amount), receipt=held.receipt_id or None
    )

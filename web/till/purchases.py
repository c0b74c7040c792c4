"""Purchases at the till: what was just done and its undo, the list, one of them and its refunds, the file of all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, redirect, render_template, request, stream_with_context, url_for
from flask_babel import lazy_gettext as _
from wtforms import HiddenField, StringField

from loyalty import exports, purchases, sales
from loyalty.clock import utcnow
from loyalty.errors import InvalidAmount, LoyaltyError
from loyalty.purchases import PurchaseCard
from loyalty.sums import read_sum, write_sum
from models import transaction
from models.transactions import in_transaction
from web.access import staff
from web.forms import Deed, Form
from web.sentences import say_error
from web.terms import say_step
from web.till.fields import (
    caller,
    may_see_contacts,
    partner,
    post_once,
    read_or_refuse,
    refuse_here,
    strip,
)

blueprint = Blueprint("till_purchases", __name__, url_prefix="/partner")

PAGE = 30


class RefundForm(Deed):
    by = HiddenField(default="sum")
    amount = StringField(_("Sum to return"), filters=[strip])


@blueprint.get("/purchases")
@staff("transactions:read")
def list_purchases():
    """The latest purchases, or those of a receipt or a customer."""
    query = strip(request.args.get("query"))
    rows, following = purchases.list_purchases(
        partner(),
        query,
        caller=caller(),
        contacts=may_see_contacts(),
        now=utcnow(),
        cursor=request.args.get("cursor"),
        limit=PAGE,
    )
    return render_template("till/purchases.html", rows=rows, query=query, following=following)


@blueprint.get("/purchases/export.csv")
@staff("export:read")
def export():
    """All operations as a file for a spreadsheet."""
    headers = {"Content-Disposition": 'attachment; filename="transactions.csv"'}
    written = exports.write_csv(exports.TRANSACTIONS, g.me.partner_id, transaction)
    return Response(stream_with_context(written), mimetype="text/csv", headers=headers)


@blueprint.get("/purchases/<uuid:purchase_id>")
@staff("transactions:read")
def show_purchase(purchase_id: UUID):
    """One purchase, what came back of it, and the forms to return more."""
    return _show(_find(purchase_id))


@blueprint.post("/purchases/<uuid:purchase_id>/refund")
@staff("points:refund")
def refund(purchase_id: UUID):
    """Return a sum, all that was left when the page was shown, or sums of lines."""
    form = RefundForm()
    form.amount.data = request.form.get("all") or form.amount.data
    card = _find(purchase_id)
    lines = _read_lines(form, card) if form.by.data == "lines" else None
    amount = None if lines is not None else read_or_refuse(form, lambda: read_sum(form.amount.data))
    if form.is_refused:
        return _show(card, form), 422

    def act() -> dict[str, Any]:
        refunded = sales.post_refund(
            partner(),
            purchase_id,
            caller=caller(),
            key=form.deed.data,
            now=utcnow(),
            amount=amount,
            lines=lines,
        )
        return {"refund_id": str(refunded.refund_id)}

    done = post_once(form, act)
    if done is None:
        return _show(_find(purchase_id), form), 422
    return redirect(url_for(".show_purchase", purchase_id=purchase_id, refund=done["refund_id"]), 303)


@blueprint.get("/done/<uuid:purchase_id>")
@staff("points:credit")
def show_done(purchase_id: UUID):
    """What was just posted, large, with a minute to undo it."""
    return _show_done(_find(purchase_id))


@blueprint.post("/done/<uuid:purchase_id>/undo")
@staff("points:refund")
def undo(purchase_id: UUID):
    """Take back a purchase that was a mistake."""
    form = Form()
    try:
        in_transaction(lambda: sales.undo(partner(), purchase_id, caller=caller(), now=utcnow()))
    except LoyaltyError as error:
        card = _find(purchase_id)
        refuse_here(form, error)
        return _show_done(card, form), 422
    return redirect(url_for(".show_done", purchase_id=purchase_id), 303)


def _find(purchase_id: UUID) -> PurchaseCard:
    return purchases.show_purchase(partner(), purchase_id, caller=caller(), contacts=may_see_contacts(), now=utcnow())


def _read_lines(form: RefundForm, card: PurchaseCard) -> dict[int, Decimal]:
    """What was typed beside each line; empty ones stay. What cannot be read is said on the form."""
    wanted = {}
    for line in card.row.lines:
        text = strip(request.form.get(f"line-{line.n}"))
        if text:
            try:
                wanted[line.n] = read_sum(text)
            except InvalidAmount as error:
                form.refusals.append(_("Line %(n)s: %(sentence)s", n=line.n, sentence=say_error(error)))
    if not wanted and not form.refusals:
        form.refusals.append(_("Write beside the lines how much of each is returned."))
    return wanted


def _show(card: PurchaseCard, form: RefundForm | None = None):
    made = next((one for one in card.refunds if str(one.id) == request.args.get("refund")), None)
    by_sum = form if form is not None and form.by.data != "lines" else RefundForm(formdata=None, data={"by": "sum"})
    by_lines = form if form is not None and form.by.data == "lines" else RefundForm(formdata=None, data={"by": "lines"})
    return render_template(
        "till/purchase.html",
        card=card,
        by_sum=by_sum,
        by_lines=by_lines,
        made=made,
        say_step=say_step,
        typed_sum=write_sum,
    )


def _show_done(card: PurchaseCard, form: Form | None = None):
    until = card.row.undo_until
    return render_template(
        "till/done.html",
        card=card,
        form=form or Form(formdata=None),
        seconds=max(0, int((until - utcnow()).total_seconds())) if until else 0,
        say_step=say_step,
        typed_sum=write_sum,
    )

"""What customers ask points for by the QR on the counter: approve, correct or refuse, and what was decided."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from wtforms import StringField

from loyalty import claims
from loyalty.claims import ClaimRow
from loyalty.clock import utcnow
from loyalty.errors import ClaimNotFound, InvalidCursor, LoyaltyError
from loyalty.sums import read_sum, write_sum
from models.transactions import in_transaction
from web.access import staff
from web.doubts import DOUBTS
from web.forms import Form
from web.till.fields import caller, may_see_contacts, partner, read_or_refuse, refuse_here, strip

blueprint = Blueprint("till_claims", __name__, url_prefix="/partner/claims")

PAGE = 20
REASONS = (
    _("There was no such purchase."),
    _("The sum is another one. Ask again with the sum of the check."),
    _("Points for this check were credited already."),
    _("The receipt is not ours."),
)
"""Ready reasons; the customer reads them."""


class ApprovalForm(Form):
    amount = StringField(_("Sum of the check"), filters=[strip])


class RefusalForm(Form):
    reason = StringField(_("Another reason"), filters=[strip])


@blueprint.get("")
@staff("points:credit")
def list_claims():
    """Those that wait, the oldest first, or with `decided` those that do not, the latest first."""
    return _show_list()


@blueprint.post("/<uuid:claim_id>/approve")
@staff("points:credit")
def approve(claim_id: UUID):
    """Credit the purchase, with another sum if it was changed."""
    form = ApprovalForm()
    amount = read_or_refuse(form, lambda: read_sum(form.amount.data)) if form.amount.data else None
    if form.is_refused:
        return _show_list(claim_id, form), 422

    def act() -> None:
        asked = claims.show_claim(g.me.partner_id, claim_id, caller=caller(), contacts=False)
        corrected = amount if amount != asked.amount else None
        claims.approve(partner(), claim_id, caller=caller(), now=utcnow(), amount=corrected)

    try:
        in_transaction(act)
    except ClaimNotFound:
        raise
    except LoyaltyError as error:
        refuse_here(form, error)
        return _show_list(claim_id, form), 422
    return redirect(url_for(".list_claims", done=claim_id), 303)


@blueprint.post("/<uuid:claim_id>/refuse")
@staff("points:credit")
def refuse(claim_id: UUID):
    """Refuse with a ready reason or another one; the customer is told."""
    form = RefusalForm()
    reason = form.reason.data or request.form.get("ready", "")
    try:
        in_transaction(lambda: claims.refuse(partner(), claim_id, reason, caller=caller(), now=utcnow()))
    except ClaimNotFound:
        raise
    except LoyaltyError as error:
        refuse_here(form, error)
        return _show_list(claim_id, form), 422
    flash(gettext("Refused. The customer is told why."), "info")
    return redirect(url_for(".list_claims"), 303)


@blueprint.post("/approve-all")
@staff("points:credit")
def approve_all():
    """Credit those that were shown and raise no doubt; what was decided meanwhile or looks odd by now is left."""
    shown = [claim_id for text in request.form.getlist("claim")[:PAGE] if (claim_id := _read_id(text))]
    approved = in_transaction(lambda: claims.approve_sure(partner(), shown, caller=caller(), now=utcnow()))
    n = len(approved)
    flash(ngettext("%(num)s request approved.", "%(num)s requests approved.", n), "success" if n else "info")
    return redirect(url_for(".list_claims"), 303)


def _show_list(claim_id: UUID | None = None, form: Form | None = None) -> str:
    """`form` is the one that was refused, of that claim."""
    partner()
    for name in ("amount", "reason"):
        if form is not None and name in form:
            form[name].id = f"{name}-{claim_id}"
    decided = request.method == "GET" and "decided" in request.args
    found = claims.list_claims(
        g.me.partner_id,
        caller=caller(),
        contacts=may_see_contacts(),
        waiting=not decided,
        after=_read_cursor(request.args.get("after")),
        limit=PAGE + 1,
    )
    rows = found[:PAGE]
    if claim_id is not None and all(row.claim_id != claim_id for row in rows):
        rows = [_find(claim_id), *rows]
    return render_template(
        "till/claims.html",
        rows=rows,
        following=rows[-1].claim_id if len(found) > PAGE else None,
        decided=decided,
        sure=[row for row in rows if not row.doubts],
        done=_find_done(),
        refused={claim_id: form},
        doubts=DOUBTS,
        reasons=REASONS,
        typed_sum=write_sum,
    )


def _find(claim_id: UUID) -> ClaimRow:
    return claims.show_claim(g.me.partner_id, claim_id, caller=caller(), contacts=may_see_contacts())


def _find_done() -> ClaimRow | None:
    """What was approved just now, with the way to take it back."""
    claim_id = _read_id(request.args.get("done")) if request.method == "GET" else None
    try:
        found = _find(claim_id) if claim_id else None
    except ClaimNotFound:
        return None
    return found if found is not None and found.state == "approved" else None


def _read_cursor(text: str | None) -> UUID | None:
    if text and (cursor := _read_id(text)) is None:
        raise InvalidCursor()
    return cursor if text else None


def _read_id(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None

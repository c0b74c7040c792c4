"""The QR that stands on a partner's counter: a customer says what they bought, and sees what became of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy
from wtforms import BooleanField, HiddenField, SelectChoice, SelectField, StringField

from loyalty import claims, consents, joining, partners, programmes
from loyalty.claims import OwnClaim
from loyalty.clock import utcnow
from loyalty.customers import membership_of
from loyalty.errors import BranchNotFound, InvalidCursor, LoyaltyError, PartnerNotFound
from loyalty.sums import read_sum
from models.partner import Partner
from web.access import anybody, signed_in
from web.formats import use_zone
from web.forms import Deed, Form, carry_out, refuse
from web.once import do_once
from web.sentences import say_error
from web.sign_in import RegistrationForm

blueprint = Blueprint("checkin", __name__)

PAGE = 20
_PLACE = "page"
_FIELDS = {"branch_id": "branch"}


def strip(text: str | None) -> str:
    return (text or "").strip()


class ClaimForm(Deed):
    partner = HiddenField()
    next = HiddenField()
    amount = StringField(lazy("Sum of the check"), filters=[strip])
    receipt = StringField(lazy("Text of the receipt's QR"), filters=[strip])
    branch = SelectField(lazy("Branch"), validate_choice=False)
    personal_data = BooleanField(lazy("I agree to the processing of my personal data"))
    advertising = BooleanField(lazy("Write to me about offers and news"))


@blueprint.get("/checkin")
@anybody
def show_checkin():
    """For whom the QR stands and what it gives; whoever is signed in says what they bought."""
    reference = request.args.get("partner", "").strip()
    if not reference:
        return render_template("checkin/whose.html", problem=None)
    try:
        partner = partners.get_open_partner(reference)
    except PartnerNotFound as error:
        return render_template("checkin/whose.html", problem=say_error(error)), 404
    if not claims.takes_claims(partner):
        return render_template("checkin/not_taken.html", partner=partner), 403
    here = url_for(".show_checkin", partner=partner.code, branch=request.args.get("branch") or None)
    if g.me is None:
        form = RegistrationForm(formdata=None, data={"partner": partner.code, "next": here})
        return render_template(
            "checkin/newcomer.html",
            partner=partner,
            rules=_rules(partner),
            form=form,
            here=here,
            bot=current_app.config["SETTINGS"].bot_link(_payload(partner, request.args.get("branch"))),
        )
    form = ClaimForm(
        formdata=None, data={"partner": partner.code, "next": here, "branch": request.args.get("branch", "")}
    )
    return _show_form(partner, form)


@blueprint.post("/checkin")
@signed_in
def make_claim():
    """Ask for the points; the first time the person becomes a customer by it."""
    form = ClaimForm()
    try:
        partner = partners.get_open_partner(form.partner.data)
    except PartnerNotFound as error:
        return render_template("checkin/whose.html", problem=say_error(error)), 404
    if not claims.takes_claims(partner):
        return render_template("checkin/not_taken.html", partner=partner), 403
    answers = _read_answers(form, partner)
    amount, branch_id = _read_amount(form), _read_branch(form)
    if form.is_refused:
        return _show_form(partner, form), 422

    def act() -> dict[str, Any]:
        now = utcnow()
        joining.join(g.me.customer, partner, answers, place=_PLACE, now=now)
        made = claims.claim(
            partner, g.me.customer, now=now, amount=amount, receipt=form.receipt.data or None, branch_id=branch_id
        )
        return {"claim_id": str(made.id)}

    try:
        done, _repeated = do_once(form, act)
    except LoyaltyError as error:
        refuse(form, error, _FIELDS)
        form.deed.data = str(uuid4())
        return _show_form(partner, form), 422
    return redirect(url_for(".show_claim", claim_id=done["claim_id"]), 303)


# What became of it


@blueprint.get("/customer/claims")
@signed_in
def list_claims():
    """The person's own claims everywhere, the latest first."""
    use_zone(g.me.customer.timezone)
    found = claims.list_own(g.me.customer_id, after=_read_cursor(request.args.get("after")), limit=PAGE + 1)
    following = found[PAGE - 1].claim_id if len(found) > PAGE else None
    return render_template("checkin/claims.html", claims=found[:PAGE], following=following)


@blueprint.get("/customer/claims/<uuid:claim_id>")
@signed_in
def show_claim(claim_id: UUID):
    """One of them: it waits and the page looks again by itself, or how it ended."""
    return _show_claim(claims.show_own(g.me.customer_id, claim_id), Form(formdata=None))


@blueprint.post("/customer/claims/<uuid:claim_id>/withdraw")
@signed_in
def withdraw_claim(claim_id: UUID):
    """The person thinks better of it."""
    form = Form()
    if carry_out(form, lambda: claims.withdraw(g.me.customer_id, claim_id, utcnow())) is None:
        return _show_claim(claims.show_own(g.me.customer_id, claim_id), form), 422
    flash(gettext("The request is withdrawn."), "info")
    return redirect(url_for(".list_claims"), 303)


def _payload(partner: Partner, branch: str | None) -> str:
    """What the bot is told by whoever goes on there."""
    try:
        return f"c{partner.code}-{UUID(branch).hex}" if branch else f"c{partner.code}"
    except ValueError:
        return f"c{partner.code}"


def _show_claim(claim: OwnClaim, form: Form) -> str:
    use_zone(g.me.customer.timezone)
    member = membership_of(g.me.customer_id, claim.partner_id)
    return render_template("checkin/claim.html", claim=claim, balance=member.balance if member else None, form=form)


def _show_form(partner: Partner, form: ClaimForm) -> str:
    branches = partners.list_branches(partner.id)
    form.branch.choices = [SelectChoice("", lazy("Choose a branch"))]
    form.branch.choices += [SelectChoice(str(branch.id), branch.name) for branch in branches]
    member = membership_of(g.me.customer_id, partner.id)
    return render_template(
        "checkin/form.html",
        partner=partner,
        rules=_rules(partner),
        form=form,
        has_branches=len(branches) > 1,
        member=member,
        asks=joining.must_be_asked(g.me.customer_id, partner.id),
        shown=None if member else joining.shown_contact(g.me.customer_id),
    )


def _read_answers(form: ClaimForm, partner: Partner) -> dict[str, bool]:
    """What was ticked, where it was asked at all."""
    if not joining.must_be_asked(g.me.customer_id, partner.id):
        return {}
    if not form.personal_data.data:
        form.personal_data.errors = [gettext("Without this consent we may not open an account for you.")]
    return {consents.PERSONAL_DATA: form.personal_data.data, consents.ADVERTISING: form.advertising.data}


def _read_amount(form: ClaimForm) -> Decimal | None:
    if not form.amount.data:
        return None
    try:
        return read_sum(form.amount.data)
    except LoyaltyError as error:
        refuse(form, error)
        return None


def _read_branch(form: ClaimForm) -> UUID | None:
    """Where it was bought; nobody has to know that."""
    try:
        return UUID(form.branch.data) if form.branch.data else None
    except ValueError:
        refuse(form, BranchNotFound(), _FIELDS)
        return None


def _read_cursor(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidCursor() from None


def _rules(partner: Partner):
    return programmes.current_rules(partner.id)[1]

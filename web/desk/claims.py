"""When customers' requests for points are approved by themselves, and which tills are the partner's own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as lazy
from wtforms import BooleanField, IntegerField, SelectChoice, SelectField, StringField

from loyalty import claims, partners
from loyalty.claims import ClaimPolicy
from loyalty.clock import utcnow
from loyalty.errors import LoyaltyError
from loyalty.sums import read_sum, write_sum
from models.transactions import in_transaction
from web.access import staff
from web.desk.fields import read_branch, strip
from web.formats import write_money
from web.forms import Form, carry_out, refuse

blueprint = Blueprint("desk_claims", __name__, url_prefix="/partner/claims/settings")

_SUMS = ("most_amount", "large_amount")


class PolicyForm(Form):
    is_automatic = BooleanField(lazy("Approve requests within the limits by themselves"))
    most_amount = StringField(lazy("Up to this check"), filters=[strip])
    a_day = IntegerField(lazy("Times a day for one customer"))
    known_only = BooleanField(lazy("Only customers who have bought here before"))
    receipt_only = BooleanField(lazy("Only with the receipt scanned"))
    receipt_hours = IntegerField(lazy("How many hours a receipt counts"))
    large_amount = StringField(lazy("A check above this is unusually large"), filters=[strip])


class DriveForm(Form):
    drive = StringField(lazy("Number of the fiscal drive (FN)"), filters=[strip])
    branch = SelectField(lazy("Branch"), validate_choice=False)


@blueprint.get("")
@staff("programme:write", "qr_codes")
def show_settings():
    """The limits in words with examples, and the tills by branch."""
    return _show(_policy_form(), DriveForm(formdata=None))


@blueprint.post("")
@staff("programme:write", "qr_codes")
def change_limits():
    """Set the limits."""
    form = PolicyForm()
    wanted = _read_limits(form)

    def act() -> None:
        partner = g.me.partner
        kept = vars(claims.policy_of(partner))
        claims.set_policy(partner, ClaimPolicy.from_json(kept | wanted), by=g.me.customer_id)

    if form.is_refused or carry_out(form, act) is None:
        return _show(form, DriveForm(formdata=None)), 422
    flash(gettext("Saved."), "success")
    return redirect(url_for(".show_settings"), 303)


@blueprint.post("/drives")
@staff("programme:write", "qr_codes")
def add_drive():
    """Note in which branch a till stands."""
    form = DriveForm()

    def act() -> None:
        branches = partners.list_branches(g.me.partner_id)
        branch_id = branches[0].id if len(branches) == 1 else read_branch(form.branch.data or "-")
        claims.register_drive(g.me.partner, form.drive.data, branch_id, by=g.me.customer_id, now=utcnow())

    try:
        in_transaction(act)
    except LoyaltyError as error:
        refuse(form, error, {"branch_id": "branch"} if error.field else None)
        return _show(_policy_form(), form), 422
    flash(gettext("The till is on the list."), "success")
    return redirect(url_for(".show_settings"), 303)


@blueprint.post("/drives/remove")
@staff("programme:write", "qr_codes")
def remove_drive():
    """The till stands nowhere any more."""
    drive = request.form.get("drive", "")
    in_transaction(lambda: claims.remove_drive(g.me.partner, drive, by=g.me.customer_id))
    flash(gettext("The till is taken off the list."), "success")
    return redirect(url_for(".show_settings"), 303)


def _policy_form() -> PolicyForm:
    written = vars(claims.policy_of(g.me.partner))
    return PolicyForm(formdata=None, data=written | {name: write_sum(written[name]) for name in _SUMS})


def _read_limits(form: PolicyForm) -> dict[str, Any]:
    wanted: dict[str, Any] = {name: form[name].data for name in ("is_automatic", "known_only", "receipt_only")}
    for name in _SUMS:
        try:
            wanted[name] = read_sum(form[name].data, field=name)
        except LoyaltyError as error:
            refuse(form, error)
    for name in ("a_day", "receipt_hours"):
        wanted[name] = form[name].data
        if form[name].data is None:
            form[name].errors = [gettext("Enter a whole number.")]
    return wanted


def _show(policy_form: PolicyForm, drive_form: DriveForm) -> str:
    branches = partners.list_branches(g.me.partner_id, closed=True)
    names = {branch.id: branch.name for branch in branches}
    still_open = [branch for branch in branches if branch.state == "open"]
    drive_form.branch.choices = [SelectChoice("", lazy("Choose a branch"))]
    drive_form.branch.choices += [SelectChoice(str(branch.id), branch.name) for branch in still_open]
    policy = claims.policy_of(g.me.partner)
    return render_template(
        "partner/claims.html",
        form=policy_form,
        drive_form=drive_form,
        has_branches=len(still_open) > 1,
        drives=[(drive.drive, names.get(drive.branch_id)) for drive in claims.list_drives(g.me.partner_id)],
        limits=say_policy(policy),
        examples=list_examples(policy),
    )


def say_policy(policy: ClaimPolicy) -> str:
    """The limits in a sentence."""
    if not policy.is_automatic:
        return gettext("Every request waits for the staff.")
    conditions = [gettext("checks up to %(sum)s", sum=write_money(policy.most_amount))]
    if policy.receipt_only:
        conditions.append(gettext("with a receipt of your till"))
    if policy.known_only:
        conditions.append(gettext("of customers who have bought here before"))
    conditions.append(ngettext("%(num)s time a day for each", "%(num)s times a day for each", policy.a_day))
    return gettext("By themselves: %(conditions)s. The rest waits for the staff.", conditions=", ".join(conditions))


def list_examples(policy: ClaimPolicy) -> list[tuple[str, bool]]:
    """What would happen to some requests: the story, and whether points come at once."""
    fits, is_on = policy.most_amount, policy.is_automatic
    more = fits + Decimal(1)
    anonymous = is_on and not policy.receipt_only
    return [
        (gettext("A regular: %(sum)s, receipt scanned", sum=write_money(fits)), is_on),
        (gettext("A regular: %(sum)s, no receipt", sum=write_money(fits)), anonymous),
        (gettext("A newcomer: %(sum)s, receipt scanned", sum=write_money(fits)), is_on and not policy.known_only),
        (gettext("A regular: %(sum)s, receipt scanned", sum=write_money(more)), False),
        (gettext("A receipt of another shop's till, whatever the sum"), False),
    ]

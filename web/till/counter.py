"""The till: one field for the customer, the sum, what it comes to, and one button."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, g, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import SelectChoice, SelectField, SelectMultipleField, StringField

from loyalty import customers, partners, pos, purchases, sale_codes, sales, services
from loyalty.access import NotAllowed
from loyalty.clock import utcnow
from loyalty.errors import (
    BranchRequired,
    CustomerNotFound,
    InvalidAmount,
    InvalidPurchase,
    LoyaltyError,
    ServiceNotFound,
)
from loyalty.identities import Identifier, recognise
from loyalty.sales import Basket, Preview
from loyalty.sums import read_points, read_sum
from models.partner import Branch
from models.transactions import in_transaction
from web.access import staff
from web.formats import write_number
from web.forms import Deed
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

blueprint = Blueprint("till", __name__, url_prefix="/partner")

RECENT = 5
SHOWN = 200
"""So many services are there to tick; a larger catalogue is one of a shop, whose till sends its lines itself."""
_BRANCH = "till_branch"
_HOMES = {"customers:read": "/partner/customers", "programme:read": "/partner/programme"}
"""Where people of a partner begin who take no money."""


class NewCustomer(LoyaltyError):
    """The purchase would make somebody a customer, and the cashier has not seen that yet."""

    code = "new_customer"
    status = 409
    field = "customer"

    def __init__(self) -> None:
        super().__init__("Nobody here has this number yet: send again to make them a customer.")


class SaleForm(Deed):
    customer = StringField(_("Phone, card or code"), filters=[strip])
    amount = StringField(_("Sum of the check"), filters=[strip])
    service = SelectMultipleField(_("Services"), validate_choice=False)
    receipt = StringField(_("Receipt number"), filters=[strip])
    branch = SelectField(_("Branch"), validate_choice=False)
    name = StringField(_("Name of the new customer"), filters=[strip])
    points = StringField(_("Points to spend"), filters=[strip])
    met = StringField()
    """Of whom the page has said that they are new; drawn where it says so."""


@dataclass(frozen=True)
class Typed:
    """A sale as it was typed, all of it readable."""

    identifier: Identifier
    basket: Basket
    branch_id: UUID | None
    receipt_id: str | None


@dataclass(frozen=True)
class Seen:
    """What the till knows of the purchase that is being typed: nothing yet, why it cannot be, or what it comes to."""

    preview: Preview | None = None
    problem: str | None = None


@blueprint.get("")
@staff("branches:read")
def show_till():
    """An empty till, or one with what the address names: the code in a customer's QR, a customer of the list."""
    if not g.me.may("points:credit"):
        return redirect(next(home for scope, home in _HOMES.items() if g.me.may(scope)), 303)
    given = {name: request.args.get(name, "") for name in ("customer", "amount", "receipt")}
    given["customer"] = request.args.get("code") or given["customer"]
    form = SaleForm(formdata=None, data=given | {"branch": session.get(_BRANCH)})
    if given["customer"]:
        seen = _look(form)
        if (member := seen.preview.member if seen.preview else None) and not request.args.get("code"):
            form.customer.data = member.phone or member.email or member.card or given["customer"]
        return _show(form, seen)
    rows, _cursor = purchases.list_purchases(
        partner(), caller=caller(), contacts=may_see_contacts(), now=utcnow(), limit=RECENT
    )
    return _show(form, Seen(), recent=rows)


@blueprint.post("")
@staff("points:credit")
def use_till():
    """Calculate, credit, reserve points, or show a QR with the sum: the button says which."""
    form = SaleForm()
    acts = {"live": _show_live, "credit": _credit, "hold": _hold, "offer": _offer}
    return acts.get(request.form.get("act", ""), _calculate)(form)


def _show_live(form: SaleForm):
    """What it comes to so far, while somebody types: nothing is wrong yet."""
    form.points.data = ""  # the most that may be spent has changed
    return _show(form, _look(form), is_live=True)


def _calculate(form: SaleForm):
    read_or_refuse(form, lambda: recognise(form.customer.data, partner()))
    if form.amount.data or form.service.data:
        read_or_refuse(form, lambda: _basket(form))
    seen = _look(form)
    if seen.problem:
        form.customer.errors = [seen.problem]
    return _show(form, seen), 422 if form.is_refused else 200


def _credit(form: SaleForm):
    typed = _read(form)
    if typed is None:
        return _show(form, _look(form)), 422

    def act() -> dict[str, Any]:
        now, shop = utcnow(), partner()
        if form.met.data != form.customer.data and customers.look_up(shop, typed.identifier, now=now) is None:
            raise NewCustomer()
        sale = sales.post_transaction(
            shop,
            typed.identifier,
            typed.basket,
            kind="accrual",
            caller=caller(),
            key=form.deed.data,
            now=now,
            branch_id=typed.branch_id,
            receipt_id=typed.receipt_id,
            name=form.name.data or None,
        )
        return {"purchase_id": str(sale.purchase_id)}

    done = post_once(form, act)
    if done is None:
        return _show(form, _look(form)), 422
    return redirect(url_for("till_purchases.show_done", purchase_id=done["purchase_id"]), 303)


def _hold(form: SaleForm):
    """Reserve points; the cashier takes the money for the rest and says so on the next page."""
    if not g.me.may("points:spend"):
        raise NotAllowed()
    typed, points = _read(form), read_or_refuse(form, lambda: read_points(form.points.data))
    if typed is None or points is None:
        return _show(form, _look(form)), 422

    def act() -> dict[str, Any]:
        now, shop = utcnow(), partner()
        if customers.look_up(shop, typed.identifier, now=now) is None:
            raise CustomerNotFound()
        quoted = pos.quote(
            shop,
            typed.identifier,
            typed.basket,
            caller=caller(),
            now=now,
            branch_id=typed.branch_id,
            receipt_id=typed.receipt_id,
        )
        return {"hold_id": str(pos.hold(shop, quoted.quote_id, points, caller=caller(), now=now).hold_id)}

    done = post_once(form, act)
    if done is None:
        return _show(form, _look(form)), 422
    return redirect(url_for("till_holds.show_hold", hold_id=done["hold_id"]), 303)


def _offer(form: SaleForm):
    """Whoever scans the QR is the customer; the sum is enough."""
    amount, branch_id = read_or_refuse(form, lambda: read_sum(form.amount.data)), None
    try:
        branch_id = _chosen_branch(form)
    except LoyaltyError as error:
        refuse_here(form, error)
    if form.is_refused:
        return _show(form, _look(form)), 422

    def act() -> dict[str, Any]:
        made = sale_codes.offer(partner(), amount, caller=caller(), now=utcnow(), branch_id=branch_id)
        return {"code_id": str(made.id)}

    done = post_once(form, act)
    if done is None:
        return _show(form, _look(form)), 422
    return redirect(url_for("till_sale_codes.show_code", code_id=done["code_id"]), 303)


def _read(form: SaleForm) -> Typed | None:
    """The sale that was typed; None when a field cannot be read, and then the form says which."""
    identifier = read_or_refuse(form, lambda: recognise(form.customer.data, partner()))
    basket = read_or_refuse(form, lambda: _basket(form))
    branch_id = None
    try:
        branch_id = _chosen_branch(form)
    except LoyaltyError as error:
        refuse_here(form, error)
    if form.is_refused:
        return None
    return Typed(identifier, basket, branch_id, form.receipt.data or None)


def _basket(form: SaleForm) -> Basket:
    """The services that were chosen, at the sum that was typed or at theirs. Raises `InvalidAmount`, `ServiceNotFound`."""
    try:
        chosen = [UUID(one) for one in form.service.data or ()]
    except ValueError:
        raise ServiceNotFound() from None
    amount = read_sum(form.amount.data) if form.amount.data or not chosen else None
    return services.fill_basket(g.me.partner_id, chosen, amount)


def _look(form: SaleForm) -> Seen:
    """What the purchase comes to; what cannot be read is still being typed."""
    try:
        identifier = recognise(form.customer.data, partner())
    except LoyaltyError:
        return Seen()
    try:
        basket = _basket(form)
    except (InvalidAmount, InvalidPurchase):
        basket = None
    except LoyaltyError as error:
        return Seen(problem=say_error(error))
    try:
        return Seen(
            in_transaction(
                lambda: sales.preview(
                    partner(), identifier, basket, caller=caller(), now=utcnow(), contacts=may_see_contacts()
                )
            )
        )
    except LoyaltyError as error:
        return Seen(problem=say_error(error))


def _branches() -> list[Branch]:
    """Where the person may sell; nothing to choose from for a cashier, who is bound to one."""
    return [] if g.me.branch_id else partners.list_branches(g.me.partner_id)


def _chosen_branch(form: SaleForm) -> UUID | None:
    """The branch of the sale, remembered on this browser. Raises `BranchRequired` where none of several was chosen."""
    branches = _branches()
    if len(branches) == 1:
        return branches[0].id
    chosen = next((branch.id for branch in branches if str(branch.id) == form.branch.data), None)
    if branches and chosen is None:
        raise BranchRequired()
    if chosen is not None:
        session[_BRANCH] = str(chosen)
    return chosen


def _show(form: SaleForm, seen: Seen, recent=(), *, is_live: bool = False):
    """The whole page; of a live answer only what the purchase comes to is looked at."""
    if seen.preview and seen.preview.plain:
        most = seen.preview.plain.max_redeemable
        form.points.label.text = gettext("Spend up to %(n)s", n=write_number(most))
    branches = _branches()
    form.branch.choices = [SelectChoice("", _("Choose a branch"))]
    form.branch.choices += [SelectChoice(str(branch.id), branch.name) for branch in branches]
    return render_template(
        "till/till.html",
        form=form,
        seen=seen,
        recent=recent,
        has_branches=len(branches) > 1,
        catalogue=() if is_live else services.by_category(services.list_services(g.me.partner_id, limit=SHOWN)),
        say_step=say_step,
    )

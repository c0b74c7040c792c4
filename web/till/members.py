"""The partner's own customers: the list, the card of one, and the file of all."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, g, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, StringField

from loyalty import accounts, customers, exports, members, offered, programmes, purchases, referrals
from loyalty.clock import utcnow
from loyalty.identities import Identifier
from loyalty.members import MemberCard
from models import transaction
from models.transactions import in_transaction
from web.access import staff
from web.forms import Form, carry_out
from web.operations import tell
from web.promotions import say_standing
from web.till.fields import caller, may_see_contacts, partner, strip

blueprint = Blueprint("till_members", __name__, url_prefix="/partner/customers")

PAGE = 30
SHOWN = 20
BOUGHT = 5
"""How many operations and purchases the card shows at once."""


class NoteForm(Form):
    name = StringField(_("Name with us"), filters=[strip])
    is_vip = BooleanField(_("VIP customer"))


class InvitationForm(Form):
    invitation = StringField(_("Code of a friend's invitation"), filters=[strip])


@blueprint.get("")
@staff("customers:read")
def list_customers():
    """The partner's customers, the newest first, or those that were searched for."""
    query = strip(request.args.get("query"))
    rows, following = customers.search_members(
        g.me.partner_id,
        query,
        request.args.get("cursor"),
        PAGE,
        region=partner().region,
        contacts=may_see_contacts(),
    )
    return render_template("till/customers.html", rows=rows, query=query, following=following)


@blueprint.get("/<uuid:customer_id>")
@staff("customers:read")
def show_customer(customer_id: UUID):
    """A customer's card as this partner knows them, with the history of their points."""
    return _show(customer_id)


@blueprint.post("/<uuid:customer_id>")
@staff("customers:write")
def change_customer(customer_id: UUID):
    """Note the partner's own name for the customer, or that they are VIP."""
    form = NoteForm()
    changes = {"name": form.name.data or None, "is_vip": form.is_vip.data}

    def change() -> MemberCard:
        return members.change_member(
            g.me.partner_id, customer_id, changes, by=g.me.customer_id, now=utcnow(), contacts=may_see_contacts()
        )

    if carry_out(form, change) is None:
        return _show(customer_id, form), 422
    flash(gettext("Saved."), "success")
    return redirect(url_for(".show_customer", customer_id=customer_id), 303)


@blueprint.post("/<uuid:customer_id>/invitation")
@staff("points:credit")
def note_invitation(customer_id: UUID):
    """The customer at the counter has named the code of the friend who sent them; on the day of their first purchase."""
    form = InvitationForm()

    def note() -> None:
        customer, _member = customers.find_member(partner(), Identifier("customer_id", str(customer_id)))
        how = {"came_by": "till", "partner_id": g.me.partner_id, "by": g.me.customer_id}
        referrals.accept(form.invitation.data, customer, now=utcnow(), **how)

    if carry_out(form, note) is None:
        return _show(customer_id, invitation=form), 422
    flash(gettext("Noted: both get their points when the first purchase has stood."), "success")
    return redirect(url_for(".show_customer", customer_id=customer_id), 303)


@blueprint.get("/export.csv")
@staff("export:read")
def export():
    """All customers as a file for a spreadsheet."""
    headers = {"Content-Disposition": 'attachment; filename="customers.csv"'}
    allowed = exports.of_partner(exports.CUSTOMERS, partner())
    written = exports.write_csv(allowed, g.me.partner_id, transaction)
    return Response(stream_with_context(written), mimetype="text/csv", headers=headers)


def _show(customer_id: UUID, form: NoteForm | None = None, *, invitation: InvitationForm | None = None):
    card = in_transaction(
        lambda: members.show_member(g.me.partner_id, customer_id, utcnow(), contacts=may_see_contacts())
    )
    may_read = g.me.may("transactions:read")
    operations, following = (
        accounts.list_operations(
            customer_id, partner_id=g.me.partner_id, cursor=request.args.get("cursor"), limit=SHOWN
        )
        if may_read
        else ([], None)
    )
    bought, more = (
        purchases.list_purchases(
            partner(),
            caller=caller(),
            contacts=False,
            now=utcnow(),
            limit=BOUGHT,
            customer_id=customer_id,
        )
        if may_read
        else ([], None)
    )
    standing = offered.find_standing(customer_id, g.me.partner_id, utcnow())
    return render_template(
        "till/customer.html",
        card=card,
        standing=say_standing(standing) if standing else None,
        point_value=programmes.current_rules(g.me.partner_id)[1].point_value,
        bought=bought,
        more_bought=more is not None,
        invitation=invitation or InvitationForm(formdata=None),
        may_be_invited=g.me.may("points:credit") and referrals.terms_of(partner()).is_on,
        form=form or NoteForm(formdata=None, data={"name": card.name or "", "is_vip": card.is_vip}),
        operations=[tell(operation) for operation in operations],
        following=following,
    )

"""A partner's members one by one: the card, and their operations here."""

from __future__ import annotations

from uuid import UUID

from flask import g

from api.blueprint import Blueprint
from api.purchases import current_partner
from api.schemas import members as schemas
from api.schemas.customer import EntryPage
from api.schemas.lists import PageQuery
from api.schemas.referrals import Referral, ReferralNoteIn
from api.security import staff
from loyalty import accounts, customers, members, referral_results, referrals
from loyalty.clock import utcnow
from loyalty.identities import Identifier
from models.transactions import commits

blueprint = Blueprint("members", __name__, url_prefix="/api/partner/customers", description="A partner's desk")


@blueprint.get("/<uuid:customer_id>")
@staff("customers:read")
@blueprint.response(200, schemas.MemberCard)
@commits
def show_member(customer_id: UUID):
    """A customer's card as this partner knows them."""
    may_see = g.caller.may("customers:contacts")
    return members.show_member(g.caller.partner_id, customer_id, utcnow(), contacts=may_see)


@blueprint.put("/<uuid:customer_id>")
@staff("customers:write")
@blueprint.arguments(schemas.MemberChange)
@blueprint.response(200, schemas.MemberCard)
@commits
def change_member(body, customer_id: UUID):
    """Note this partner's own name for the customer, or that they are VIP; what is left out stays."""
    return members.change_member(
        g.caller.partner_id,
        customer_id,
        body,
        by=g.caller.customer_id,
        now=utcnow(),
        contacts=g.caller.may("customers:contacts"),
    )


@blueprint.post("/<uuid:customer_id>/invitation")
@staff("points:credit")
@blueprint.arguments(ReferralNoteIn)
@blueprint.response(200, Referral)
@commits
def note_invitation(body, customer_id: UUID):
    """A customer at the counter names the code of the friend who sent them, at the latest on the day of their first
    purchase; twice is once. A refusal says why."""
    partner = current_partner()
    customer, _member = customers.find_member(partner, Identifier("customer_id", str(customer_id)))
    how = {"partner_id": partner.id, "came_by": "till", "by": g.caller.customer_id}
    made = referrals.accept(body["invitation"], customer, now=utcnow(), **how)
    return referral_results.get_referral(partner.id, made.id)


@blueprint.get("/<uuid:customer_id>/transactions")
@staff("transactions:read")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, EntryPage)
@commits
def list_member_operations(wanted, customer_id: UUID):
    """The customer's operations at this partner, the newest first."""
    members.bring_up(g.caller.partner_id, customer_id, utcnow())
    items, next_cursor = accounts.list_operations(
        customer_id, partner_id=g.caller.partner_id, cursor=wanted["cursor"], limit=wanted["limit"]
    )
    return {"items": items, "next_cursor": next_cursor}

"""The platform's admins: who becomes a partner, and people over all partners."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g

from api.blueprint import Blueprint
from api.customer import read_profile_changes
from api.idempotency import idempotent, read_key
from api.schemas import admin as schemas
from api.schemas import customer as customer_schemas
from api.schemas import partner as partner_schemas
from api.schemas.lists import page_of
from api.security import platform
from loyalty import accounts, corrections, directory, partners, people, profiles, sales
from loyalty.clock import utcnow
from models.customer import Customer
from models.transactions import commits

blueprint = Blueprint("admin", __name__, url_prefix="/api/admin", description="The platform's admins")


@blueprint.get("/applications")
@platform("admin")
@blueprint.arguments(schemas.ApplicationQuery, location="query")
@blueprint.response(200, page_of(partner_schemas.Application))
def list_applications(wanted):
    """Who wants to become a partner, the oldest first."""
    return {"items": partners.list_applications(state=wanted["state"]), "next_cursor": None}


@blueprint.post("/applications/<uuid:application_id>/approve")
@platform("admin")
@blueprint.response(200, partner_schemas.Partner)
@commits
def approve_application(application_id: UUID):
    """Make the partner, its first branch, its owner and its programme."""
    partner = partners.approve(application_id, by=g.caller.customer_id, now=utcnow())
    return {name: getattr(partner, name) for name in partner_schemas.Partner._declared_fields}


@blueprint.post("/applications/<uuid:application_id>/refuse")
@platform("admin")
@blueprint.arguments(schemas.RefusalIn)
@blueprint.response(200, partner_schemas.Application)
@commits
def refuse_application(body, application_id: UUID):
    """Refuse with a reason that the applicant will read."""
    refused = partners.refuse(application_id, body["reason"], by=g.caller.customer_id, now=utcnow())
    return {name: getattr(refused, name) for name in partner_schemas.Application._declared_fields}


@blueprint.get("/customers")
@platform("admin")
@blueprint.arguments(schemas.CustomerQuery, location="query")
@blueprint.response(200, page_of(schemas.CustomerLine))
@commits
def list_customers(wanted):
    """People over all partners, the newest first or those with most points or spend, or those that `query` finds."""
    sort, cursor, limit = (wanted.pop(name) for name in ("sort", "cursor", "limit"))
    found, next_cursor = directory.list_people(
        directory.PeopleFilter(**wanted), sort=sort, cursor=cursor, limit=limit, now=utcnow()
    )
    return {"items": found, "next_cursor": next_cursor}


@blueprint.get("/customers/<uuid:customer_id>")
@platform("admin")
@blueprint.response(200, schemas.CustomerCard)
@commits
def show_customer(customer_id: UUID):
    """A person's card with the accounts at every partner."""
    return _present_card(people.find_person(customer_id))


@blueprint.put("/customers/<uuid:customer_id>")
@platform("admin")
@blueprint.arguments(customer_schemas.ProfileIn)
@blueprint.response(200, schemas.CustomerCard)
@commits
def change_customer(body, customer_id: UUID):
    """Change what is not proven by the person: name, birth date, language, preferences. Contacts need a proof."""
    customer = people.find_person(customer_id)
    people.change_person(customer, read_profile_changes(body), by=g.caller.customer_id, now=utcnow())
    return _present_card(customer)


@blueprint.post("/customers/<uuid:customer_id>/loyalty/adjust")
@platform("admin")
@blueprint.arguments(schemas.AdjustIn)
@idempotent
@blueprint.response(201, schemas.AdjustOut)
def adjust_points(body, customer_id: UUID):
    """Correct a customer's points at a partner, up or down, with a reason that stays apart from the ledger."""
    person = people.find_person(customer_id)
    posted = corrections.correct_points(
        partners.get_partner(body["partner_id"]),
        person.id,
        body["points"],
        body["reason"],
        caller=sales.Caller(g.caller.name, "admin", actor=g.caller.customer_id),
        key=read_key(),
        now=utcnow(),
    )
    return {
        "id": posted.entry_id,
        "points": posted.points,
        "balance": posted.account.balance,
        "available": posted.account.available,
        "pending": posted.account.pending,
    }


def _present_card(customer: Customer) -> dict[str, Any]:
    return profiles.show_profile(customer) | {"memberships": accounts.list_accounts(customer.id, utcnow())}

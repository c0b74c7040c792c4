"""A partner's desk: becoming one, the programme, branches, staff, keys, customers, points, figures and files."""

from __future__ import annotations

from uuid import UUID

from flask import Response, g, stream_with_context

from api.blueprint import Blueprint
from api.idempotency import idempotent, read_key
from api.purchases import (
    caller_for_sales,
    current_partner,
    read_basket,
    refund,
)
from api.schemas import partner as schemas
from api.schemas import purchases as purchase_schemas
from api.schemas.lists import page_of
from api.security import require_scope, signed_in, staff
from loyalty import api_keys, customers, exports, figures, partners, programmes, referral_results, sales, what_if
from loyalty import staff as staff_book
from loyalty.clock import utcnow
from loyalty.identities import parse_identifier
from loyalty.types import Member
from models import db, transaction
from models.customer import Customer
from models.transactions import commits

blueprint = Blueprint("partner", __name__, url_prefix="/api/partner", description="A partner's desk")


# Becoming a partner


@blueprint.post("/applications")
@signed_in
@blueprint.arguments(schemas.ApplicationIn)
@blueprint.response(201, schemas.Application)
@commits
def apply(body):
    """Ask to become a partner; an admin decides."""
    applicant = db.session.get_one(Customer, g.caller.customer_id)
    return schemas.Application.plain(partners.apply(applicant, body, utcnow()))


@blueprint.get("/applications")
@signed_in
@blueprint.response(200, page_of(schemas.Application))
def list_my_applications():
    """What I have asked for, and what became of it."""
    return {"items": partners.list_applications(applicant_id=g.caller.customer_id), "next_cursor": None}


@blueprint.get("")
@staff("branches:read")
@blueprint.response(200, schemas.Partner)
def show_partner():
    """The partner I work for."""
    return current_partner()


@blueprint.put("")
@staff("partner:write")
@blueprint.arguments(schemas.PartnerIn)
@blueprint.response(200, schemas.Partner)
@commits
def change_partner(body):
    """Change the partner's name, time zone or the notices its customers get; what is left out stays."""
    changed = partners.update_partner(current_partner(), body, by=g.caller.customer_id, now=utcnow())
    return schemas.Partner.plain(changed)


# The programme


@blueprint.get("/programme")
@staff("programme:read")
@blueprint.response(200, schemas.Programme)
def show_programme():
    """The rules in force."""
    version, rules = programmes.current_rules(g.caller.partner_id)
    return {"version": version, "rules": rules.to_json()}


@blueprint.put("/programme")
@staff("programme:write")
@blueprint.arguments(schemas.ProgrammeIn)
@blueprint.response(200, schemas.Programme)
@commits
def change_programme(body):
    """Put rules in force from now on, as a new version; what is left out stays as it is."""
    version, rules = programmes.set_rules(g.caller.partner_id, body, by=g.caller.customer_id, now=utcnow())
    return {"version": version, "rules": rules.to_json()}


@blueprint.post("/programme/quote")
@staff("programme:read")
@blueprint.arguments(schemas.WhatIfIn)
@blueprint.response(200, schemas.WhatIfOut)
def try_programme(body):
    """What a purchase would earn and take, by the rules in force or by others; nothing is stored."""
    return what_if.try_purchase(
        current_partner(),
        read_basket(body),
        Member(**body["member"]),
        at=body["at"] or utcnow(),
        changes=body["rules"],
        points=body["points"],
    )


# Branches


@blueprint.get("/branches")
@staff("branches:read")
@blueprint.arguments(schemas.ListQuery, location="query")
@blueprint.response(200, page_of(schemas.Branch))
def list_branches(wanted):
    """The partner's branches."""
    found = partners.list_branches(g.caller.partner_id, closed=wanted["all"] == "true")
    return {"items": found, "next_cursor": None}


@blueprint.post("/branches")
@staff("branches:write")
@blueprint.arguments(schemas.BranchIn)
@blueprint.response(201, schemas.Branch)
@commits
def open_branch(body):
    """Open a branch."""
    made = partners.open_branch(
        g.caller.partner_id, body["name"], body["address"], by=g.caller.customer_id, now=utcnow()
    )
    return schemas.Branch.plain(made)


@blueprint.get("/branches/<uuid:branch_id>")
@staff("branches:read")
@blueprint.response(200, schemas.Branch)
def show_branch(branch_id: UUID):
    """One branch."""
    return partners.get_branch(g.caller.partner_id, branch_id)


@blueprint.put("/branches/<uuid:branch_id>")
@staff("branches:write")
@blueprint.arguments(schemas.BranchChange)
@blueprint.response(200, schemas.Branch)
@commits
def change_branch(body, branch_id: UUID):
    """Change a branch, close it or open it again; what is left out stays."""
    changed = partners.update_branch(g.caller.partner_id, branch_id, body, by=g.caller.customer_id, now=utcnow())
    return schemas.Branch.plain(changed)


@blueprint.delete("/branches/<uuid:branch_id>")
@staff("branches:write")
@blueprint.response(204)
@commits
def close_branch(branch_id: UUID):
    """Close a branch; its history stays."""
    closed = {"state": "closed"}
    partners.update_branch(g.caller.partner_id, branch_id, closed, by=g.caller.customer_id, now=utcnow())


# Staff


@blueprint.get("/staff")
@staff("staff:read")
@blueprint.arguments(schemas.ListQuery, location="query")
@blueprint.response(200, page_of(schemas.Staff))
def list_staff(wanted):
    """Who works here, and as what."""
    found = staff_book.list_staff(g.caller.partner_id, dismissed=wanted["all"] == "true")
    return {"items": [vars(row) | {"id": row.staff_id} for row in found], "next_cursor": None}


@blueprint.post("/staff")
@staff("staff:write")
@blueprint.arguments(schemas.StaffIn)
@blueprint.response(201, schemas.Staff)
@commits
def hire(body):
    """Give a person a role here; they sign in by a code to the phone or e-mail given."""
    partner = current_partner()
    named = {name: body[name] for name in ("phone", "email", "customer_id") if name in body}
    hired = staff_book.hire(
        partner,
        parse_identifier(named, partner),
        body["role"],
        body["branch_id"],
        by=g.caller.customer_id,
        now=utcnow(),
        name=body["name"],
    )
    return _present_staff(hired)


@blueprint.put("/staff/<uuid:staff_id>")
@staff("staff:write")
@blueprint.arguments(schemas.StaffChange)
@blueprint.response(200, schemas.Staff)
@commits
def change_staff(body, staff_id: UUID):
    """Give another role or branch, or another name; without a name the old one stays."""
    changed = staff_book.change(
        g.caller.partner_id,
        staff_id,
        role=body["role"],
        branch_id=body["branch_id"],
        by=g.caller.customer_id,
        now=utcnow(),
        name=body["name"],
    )
    return _present_staff(changed)


@blueprint.delete("/staff/<uuid:staff_id>")
@staff("staff:write")
@blueprint.response(204)
@commits
def dismiss(staff_id: UUID):
    """Dismiss at once: the next request of that person is refused."""
    staff_book.dismiss(g.caller.partner_id, staff_id, by=g.caller.customer_id, now=utcnow())


# Keys of tills


@blueprint.get("/api-keys")
@staff("keys:read")
@blueprint.response(200, page_of(schemas.ApiKey))
def list_api_keys():
    """The keys of tills and other machines; what they are is shown to nobody again."""
    return {"items": api_keys.list_keys(g.caller.partner_id), "next_cursor": None}


@blueprint.post("/api-keys")
@staff("keys:write")
@blueprint.arguments(schemas.ApiKeyIn)
@blueprint.response(201, schemas.NewApiKey)
@commits
def make_api_key(body):
    """Make a key; `api_key` is shown this once."""
    key, plain = api_keys.create(
        g.caller.partner_id,
        body["name"],
        body["scopes"],
        body["branch_id"],
        by=g.caller.customer_id,
        now=utcnow(),
        replaces=body["replaces"],
    )
    return schemas.ApiKey.plain(key) | {"api_key": plain}


@blueprint.delete("/api-keys/<uuid:key_id>")
@staff("keys:write")
@blueprint.response(204)
@commits
def revoke_api_key(key_id: UUID):
    """Revoke a key at once."""
    api_keys.revoke(g.caller.partner_id, key_id, by=g.caller.customer_id, now=utcnow())


# Customers and points


@blueprint.get("/customers")
@staff("customers:read")
@blueprint.arguments(schemas.CustomerQuery, location="query")
@blueprint.response(200, page_of(schemas.Customer))
def list_customers(wanted):
    """The partner's customers, the newest first, or those that `query` finds.

    Phones, e-mails and cards are null for roles that work without them, and nobody is found by them.
    """
    partner = current_partner()
    found, next_cursor = customers.search_members(
        partner.id,
        wanted["query"],
        wanted["cursor"],
        wanted["limit"],
        region=partner.region,
        contacts=g.caller.may("customers:contacts"),
    )
    return {"items": [vars(row) for row in found], "next_cursor": next_cursor}


@blueprint.post("/transactions")
@staff("points:credit")
@blueprint.arguments(purchase_schemas.TransactionIn)
@idempotent
@blueprint.response(201, purchase_schemas.TransactionOut)
def post_transaction(body):
    """Credit a purchase, or spend points on one.

    An accrual with `points` spends them first and earns on the rest; a redemption only spends. Crediting a phone or
    e-mail that nobody has yet makes the person a customer; a card must have been issued.
    """
    if body["type"] == "redemption" or body["points"]:
        require_scope("points:spend")
    now, partner, caller = utcnow(), current_partner(), caller_for_sales()
    identifier, basket = parse_identifier(body["customer"], partner), read_basket(body)
    sale = sales.post_transaction(
        partner,
        identifier,
        basket,
        kind=body["type"],
        caller=caller,
        key=read_key(),
        now=now,
        points=body["points"],
        branch_id=body["branch_id"],
        receipt_id=body["receipt_id"],
        occurred_at=body["occurred_at"],
        name=body["name"],
    )
    known = sales.find_purchase(partner.id, sale.purchase_id, caller) if sale.repeated else None
    return {
        "id": sale.purchase_id,
        "type": body["type"],
        "points": sale.spent if body["type"] == "redemption" else sale.earned,
        "balance": sale.account.balance,
        "available": sale.account.available,
        "pending": sale.account.pending,
        "check_amount": basket.amount,
        "breakdown": sale.breakdown,
        "occurred_at": known.occurred_at if known else body["occurred_at"] or now,
    }


@blueprint.post("/transactions/<uuid:purchase_id>/refunds")
@staff("points:refund")
@blueprint.arguments(purchase_schemas.RefundIn)
@idempotent
@blueprint.response(201, purchase_schemas.RefundOut)
def post_refund(body, purchase_id: UUID):
    """Return a sum or lines of a purchase: spent points are given back first, then earned ones are taken back."""
    return refund(current_partner(), purchase_id, body, key=read_key(), now=utcnow())


# Figures and files


@blueprint.get("/stats")
@staff("stats:read")
@blueprint.arguments(schemas.StatsQuery, location="query")
@blueprint.response(200, schemas.Stats)
def show_stats(wanted):
    """The last days, today included, beside the equal period before; turnover is net of refunds."""
    partner = current_partner()
    if wanted["branch_id"] is not None:
        partners.get_branch(partner.id, wanted["branch_id"])
    return figures.summarise_partner(partner, days=wanted["days"], now=utcnow(), branch_id=wanted["branch_id"])


@blueprint.get("/export/customers.csv")
@staff("export:read")
@blueprint.response(200, {"type": "string"}, content_type="text/csv", description="UTF-8, comma, header line")
def export_customers():
    """All customers as CSV; phones and e-mails where the plan opens `contact_base`."""
    return _send_csv(exports.CUSTOMERS)


@blueprint.get("/export/transactions.csv")
@staff("export:read")
@blueprint.response(200, {"type": "string"}, content_type="text/csv", description="UTF-8, comma, header line")
def export_transactions():
    """All operations as CSV."""
    return _send_csv(exports.TRANSACTIONS)


@blueprint.get("/export/nps.csv")
@staff("export:read")
@blueprint.response(200, {"type": "string"}, content_type="text/csv", description="UTF-8, comma, header line")
def export_answers():
    """All answers after visits as CSV."""
    return _send_csv(exports.ANSWERS)


@blueprint.get("/export/referrals.csv")
@staff("export:read")
@blueprint.response(200, {"type": "string"}, content_type="text/csv", description="UTF-8, comma, header line")
def export_referrals():
    """Every invited friend, the first one first: who invited whom, what became of it, and what it gave."""
    return _send_csv(referral_results.EXPORT)


def _send_csv(export: exports.Export) -> Response:
    """A file that grows while it is sent."""
    headers = {"Content-Disposition": f'attachment; filename="{export.name}.csv"'}
    allowed = exports.of_partner(export, current_partner())
    written = exports.write_csv(allowed, g.caller.partner_id, transaction)
    return Response(stream_with_context(written), mimetype="text/csv", headers=headers)


def _present_staff(row) -> dict:
    return {
        "id": row.id,
        "customer_id": row.customer_id,
        "name": row.name,
        "role": row.role,
        "branch_id": row.branch_id,
        "state": row.state,
    }

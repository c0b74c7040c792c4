"""Plans: the owner's own, and the platform's list of partners with what they come to."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import g

from api.blueprint import Blueprint
from api.purchases import current_partner
from api.schemas import plans as schemas
from api.schemas.fields import read_id
from api.schemas.lists import SearchQuery, page_of
from api.security import platform, staff
from loyalty import bills, partners, plans
from loyalty.clock import utcnow
from loyalty.errors import InvalidCursor
from models.partner import Partner
from models.transactions import commits

desk = Blueprint("plans", __name__, url_prefix="/api/partner/plan", description="The partner's plan")
blueprint = Blueprint("partners", __name__, url_prefix="/api/admin/partners", description="Partners, for the platform")

MONTHS = 12


@desk.get("")
@staff("partner:write")
@desk.response(200, schemas.PlanOut)
def show_plan():
    """My plan, what is open, the running month, the months before, and the other plans at this turnover."""
    return _present(current_partner(), utcnow())


@desk.put("")
@staff("partner:write")
@desk.arguments(schemas.PlanIn)
@desk.response(200, schemas.PlanOut)
@commits
def change_plan(body):
    """Move up or down, at once. Nothing is deleted; the month's sum is counted by days."""
    partner, now = current_partner(), utcnow()
    plans.change_plan(partner, body["plan"], by=g.caller.customer_id, now=now)
    return _present(partner, now)


@blueprint.get("")
@platform("admin")
@blueprint.arguments(SearchQuery, location="query")
@blueprint.response(200, page_of(schemas.PartnerLine))
def list_partners(wanted):
    """Partners with plan, turnover and fee of the running month, the newest first; by code or a part of the name."""
    after, limit = _read_cursor(wanted["cursor"]), wanted["limit"]
    found = bills.list_partners(wanted["query"], utcnow(), after=after, limit=limit + 1)
    shown = found[:limit]
    following = str(shown[-1].partner.id) if len(found) > limit else None
    return {"items": [schemas.present_line(one.partner, one.bill) for one in shown], "next_cursor": following}


@blueprint.get("/<uuid:partner_id>/plan")
@platform("admin")
@blueprint.response(200, schemas.PlanOut)
def show_partners_plan(partner_id: UUID):
    """A partner's plan as its owner sees it."""
    return _present(partners.get_partner(partner_id), utcnow())


@blueprint.put("/<uuid:partner_id>/plan")
@platform("admin")
@blueprint.arguments(schemas.DecidedPlanIn)
@blueprint.response(200, schemas.PlanOut)
@commits
def change_partners_plan(body, partner_id: UUID):
    """Move a partner to another plan, at once, with a reason that is kept."""
    partner, now = partners.get_partner(partner_id), utcnow()
    reason = plans.read_reason(body["reason"])
    plans.change_plan(partner, body["plan"], by=g.caller.customer_id, now=now, reason=reason)
    return _present(partner, now)


@blueprint.put("/<uuid:partner_id>/features")
@platform("admin")
@blueprint.arguments(schemas.FeaturesIn)
@blueprint.response(200, schemas.PlanOut)
@commits
def switch_features(body, partner_id: UUID):
    """Open or close single features for a partner whatever its plan, with a reason that is kept."""
    partner, now = partners.get_partner(partner_id), utcnow()
    reason = plans.read_reason(body["reason"])
    plans.switch_features(partner, body["features"], by=g.caller.customer_id, now=now, reason=reason)
    return _present(partner, now)


def _present(partner: Partner, now: datetime) -> dict[str, Any]:
    return schemas.present_plan(partner, bills.list_bills(partner, now, MONTHS))


def _read_cursor(text: str | None) -> UUID | None:
    if text is None:
        return None
    if (cursor := read_id(text)) is None:
        raise InvalidCursor()
    return cursor

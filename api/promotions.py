"""A partner's promotions and tiers: made, tried on the past, switched on, stopped, and what came of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g

from api.blueprint import Blueprint
from api.purchases import current_partner
from api.schemas import promotions as schemas
from api.schemas.lists import page_of
from api.security import staff
from loyalty import promotion_costs, promotions, tiers
from loyalty.clock import utcnow
from models.transactions import commits

blueprint = Blueprint("promotions", __name__, url_prefix="/api/partner", description="Promotions and tiers")


@blueprint.get("/promotions")
@staff("programme:read")
@blueprint.arguments(schemas.PromotionQuery, location="query")
@blueprint.response(200, page_of(schemas.Promotion))
def list_promotions(wanted):
    """The partner's promotions, the latest made first; of one state on request."""
    limit = wanted["limit"]
    found = promotions.list_promotions(
        g.caller.partner_id, state=wanted["state"], after=wanted["cursor"], limit=limit + 1
    )
    return {"items": found[:limit], "next_cursor": str(found[limit - 1].id) if len(found) > limit else None}


@blueprint.post("/promotions")
@staff("promotions:write")
@blueprint.arguments(schemas.PromotionIn)
@blueprint.response(201, schemas.Promotion)
@commits
def make_promotion(body):
    """Make a draft: it gives nothing until it is switched on."""
    now = utcnow()
    made = promotions.make(current_partner(), **_dated(body, now), by=g.caller.customer_id, now=now)
    return schemas.Promotion.plain(made)


@blueprint.post("/promotions/try")
@staff("promotions:write")
@blueprint.arguments(schemas.TrialIn)
@blueprint.response(200, schemas.Cost)
def try_promotion(body):
    """What it would have cost on the partner's own last 90 days; nothing is stored."""
    promotion_id = body["promotion_id"]
    if promotion_id is not None:
        promotions.get_promotion(g.caller.partner_id, promotion_id)
    return promotion_costs.try_on_past(
        current_partner(), body["kind"], body["terms"], now=utcnow(), promotion_id=promotion_id
    )


@blueprint.get("/promotions/<uuid:promotion_id>")
@staff("programme:read")
@blueprint.response(200, schemas.Promotion)
def show_promotion(promotion_id: UUID):
    """One promotion."""
    return promotions.get_promotion(g.caller.partner_id, promotion_id)


@blueprint.put("/promotions/<uuid:promotion_id>")
@staff("promotions:write")
@blueprint.arguments(schemas.PromotionIn)
@blueprint.response(200, schemas.Promotion)
@commits
def change_promotion(body, promotion_id: UUID):
    """Another draft in its place; what was switched on stays as it was told to people."""
    now = utcnow()
    changed = promotions.change(current_partner(), promotion_id, **_dated(body, now), by=g.caller.customer_id, now=now)
    return schemas.Promotion.plain(changed)


@blueprint.post("/promotions/<uuid:promotion_id>/on")
@staff("promotions:write")
@blueprint.response(200, schemas.Promotion)
@commits
def switch_on(promotion_id: UUID):
    """From its beginning on it is part of every price; twice is once."""
    return schemas.Promotion.plain(
        promotions.switch_on(current_partner(), promotion_id, by=g.caller.customer_id, now=utcnow())
    )


@blueprint.post("/promotions/<uuid:promotion_id>/stop")
@staff("promotions:write")
@blueprint.response(200, schemas.Promotion)
@commits
def stop(promotion_id: UUID):
    """From now on it gives nothing; what it gave stays. Twice is once."""
    return schemas.Promotion.plain(
        promotions.stop(current_partner(), promotion_id, by=g.caller.customer_id, now=utcnow())
    )


@blueprint.post("/promotions/<uuid:promotion_id>/list")
@staff("promotions:write")
@blueprint.arguments(schemas.ListIn)
@blueprint.response(200, schemas.Listed)
@commits
def put_on_list(body, promotion_id: UUID):
    """Put customers on its list, all or nobody."""
    return {"added": promotions.put_on_list(current_partner(), promotion_id, body["customer_ids"])}


@blueprint.get("/promotions/<uuid:promotion_id>/results")
@staff("promotions:write")
@blueprint.response(200, schemas.Results)
def show_results(promotion_id: UUID):
    """What happened with it so far: a description, not an effect."""
    return promotions.results(g.caller.partner_id, promotion_id)


@blueprint.get("/tiers")
@staff("programme:read")
@blueprint.response(200, schemas.Tiers)
def show_tiers():
    """The partner's tiers, the lowest first."""
    return _scheme(current_partner().tier_scheme)


@blueprint.put("/tiers")
@staff("programme:write")
@blueprint.arguments(schemas.TiersIn)
@blueprint.response(200, schemas.Tiers)
@commits
def change_tiers(body):
    """Tiers are so from now on; everybody's is looked at anew within minutes."""
    partner = current_partner()
    scheme = tiers.read_scheme(body if body["levels"] else {})
    tiers.set_scheme(partner, scheme, by=g.caller.customer_id, now=utcnow())
    return _scheme(partner.tier_scheme)


def _dated(body: dict[str, Any], now) -> dict[str, Any]:
    return body | {"starts_at": body["starts_at"] or now}


def _scheme(written: dict[str, Any]) -> dict[str, Any]:
    nothing = {"measure": "spent", "window": "year", "days": None, "falls_on_refund": False, "levels": []}
    return nothing | written

"""A partner's catalogue: kept by its staff, read by anybody."""

from __future__ import annotations

from uuid import UUID

from flask import g

from api.blueprint import Blueprint
from api.purchases import current_partner
from api.schemas import services as schemas
from api.schemas.lists import page_of
from api.security import public, staff
from loyalty import partners, services
from loyalty.clock import utcnow
from models.transactions import commits

blueprint = Blueprint("services", __name__, url_prefix="/api", description="What a partner sells")


@blueprint.get("/partners/<partner>/services")
@public
@blueprint.response(200, page_of(schemas.ServiceShown))
def list_shown(partner: str):
    """What a partner, by its public number, shows its customers, in its order; those of one category stand together."""
    partner = partners.get_open_partner(partner)
    return {"items": services.visible(partner.id), "next_cursor": None}


@blueprint.get("/partner/services")
@staff("programme:read")
@blueprint.arguments(schemas.ServiceQuery, location="query")
@blueprint.response(200, page_of(schemas.Service))
def list_services(wanted):
    """The catalogue in its order, hidden ones too; on request what was archived, the latest first."""
    limit = wanted["limit"]
    found = services.list_services(
        g.caller.partner_id,
        wanted["query"],
        category=wanted["category"],
        state=wanted["state"],
        after=wanted["cursor"],
        limit=limit + 1,
    )
    return {"items": found[:limit], "next_cursor": str(found[limit - 1].id) if len(found) > limit else None}


@blueprint.post("/partner/services")
@staff("content:write")
@blueprint.arguments(schemas.ServiceIn)
@blueprint.response(201, schemas.Service)
@commits
def make_service(body):
    """Put one more into the catalogue, after the last of its category."""
    made = services.make(current_partner(), services.read_draft(**body), by=g.caller.customer_id, now=utcnow())
    return schemas.Service.plain(made)


@blueprint.get("/partner/services/<uuid:service_id>")
@staff("programme:read")
@blueprint.response(200, schemas.Service)
def show_service(service_id: UUID):
    """One service."""
    return services.get_service(g.caller.partner_id, service_id)


@blueprint.put("/partner/services/<uuid:service_id>")
@staff("content:write")
@blueprint.arguments(schemas.ServiceIn)
@blueprint.response(200, schemas.Service)
@commits
def change_service(body, service_id: UUID):
    """Write it anew; purchases keep what they were made with."""
    draft = services.read_draft(**body)
    return schemas.Service.plain(services.change(current_partner(), service_id, draft, by=g.caller.customer_id))


@blueprint.delete("/partner/services/<uuid:service_id>")
@staff("content:write")
@blueprint.response(200, schemas.Service)
@commits
def archive_service(service_id: UUID):
    """Sell it no more; it can come back. Twice is once."""
    archived = services.archive(current_partner(), service_id, by=g.caller.customer_id, now=utcnow())
    return schemas.Service.plain(archived)


@blueprint.post("/partner/services/<uuid:service_id>/restore")
@staff("content:write")
@blueprint.response(200, schemas.Service)
@commits
def restore_service(service_id: UUID):
    """Bring back what was archived, as it was; twice is once."""
    return schemas.Service.plain(services.restore(current_partner(), service_id, by=g.caller.customer_id))


@blueprint.post("/partner/services/<uuid:service_id>/move")
@staff("content:write")
@blueprint.arguments(schemas.MoveIn)
@blueprint.response(200, schemas.Service)
@commits
def move_service(body, service_id: UUID):
    """One place up or down within its category."""
    return schemas.Service.plain(services.move(current_partner(), service_id, up=body["to"] == "up"))

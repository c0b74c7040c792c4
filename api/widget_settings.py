"""A partner's widget as its owner sets it: how it looks, and on which sites it may stand."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, g

from api.blueprint import Blueprint
from api.purchases import current_partner
from api.schemas import widget_settings as schemas
from api.schemas.lists import page_of
from api.security import staff
from loyalty import widget, widget_look
from loyalty.clock import utcnow
from models.partner import Partner
from models.transactions import commits
from models.widget import WidgetSite

blueprint = Blueprint("widget_settings", __name__, url_prefix="/api/partner/widget", description="A partner's widget")


@blueprint.get("")
@staff("partner:write")
@blueprint.response(200, schemas.Look)
def show_look():
    """How my widget looks, and whether what stands on its colour can be read."""
    return _look(current_partner(), widget_look.show_look(current_partner()))


@blueprint.put("")
@staff("partner:write")
@blueprint.arguments(schemas.LookIn)
@blueprint.response(200, schemas.Look)
@commits
def change_look(body):
    """Change how it looks; what is left out stays. A colour too light for white letters is kept darker."""
    return _look(
        current_partner(), widget_look.set_look(current_partner(), body, by=g.caller.customer_id, now=utcnow())
    )


@blueprint.get("/sites")
@staff("partner:write")
@blueprint.response(200, page_of(schemas.Site))
def list_sites():
    """The sites that may show it, in the order they were added."""
    return {"items": widget.list_site_rows(g.caller.partner_id), "next_cursor": None}


@blueprint.post("/sites")
@staff("partner:write")
@blueprint.arguments(schemas.SiteIn)
@blueprint.response(201, schemas.Site)
@commits
def add_site(body):
    """Let one more site show it; any spelling of its address will do. Adding it again changes nothing."""
    is_loopback = current_app.config["SETTINGS"].sandbox
    site = widget.add_site(
        g.caller.partner_id, body["origin"], by=g.caller.customer_id, now=utcnow(), loopback=is_loopback
    )
    return _site(site)


@blueprint.delete("/sites/<uuid:site_id>")
@staff("partner:write")
@blueprint.response(204)
@commits
def remove_site(site_id: UUID):
    """Let a site show it no longer."""
    site = widget.get_site(g.caller.partner_id, site_id)
    widget.remove_site(g.caller.partner_id, site.origin, by=g.caller.customer_id)


def _site(row: WidgetSite) -> dict:
    """A row's columns, read before the commit that would expire them."""
    return {name: getattr(row, name) for name in schemas.Site._declared_fields}


def _look(partner: Partner, look: widget_look.Look) -> dict:
    return vars(look) | {
        "partner_code": partner.code,
        "colour": look.colour,
        "contrast": widget_look.measure(look.colour),
    }

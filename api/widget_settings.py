"""A partner's widget as its owner sets it: how it looks, and on which sites it may stand."""

from __future__ import annotations

from uuid import UUID

from flask import current_app, g

from api.blueprint import Blueprint
from api.purchases import current_partner
from api.schemas import widget_settings as schemas
from api.schemas.lists import page_of
from api.security import staff
from loyalty import widget, widget_funnel, widget_look, widget_proof
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
@staff("partner:write", "web_widget")
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
    """The sites I named, in the order they were added, and whether each is proved to be mine."""
    partner = current_partner()
    return {"items": [_site(partner, row) for row in widget.list_site_rows(partner.id)], "next_cursor": None}


@blueprint.post("/sites")
@staff("partner:write", "web_widget")
@blueprint.arguments(schemas.SiteIn)
@blueprint.response(201, schemas.Site)
@commits
def add_site(body):
    """Name one more site; any spelling of its address will do. It shows the widget once it is proved. Twice is once."""
    is_loopback = current_app.config["SETTINGS"].sandbox
    site = widget.add_site(
        g.caller.partner_id, body["origin"], by=g.caller.customer_id, now=utcnow(), loopback=is_loopback
    )
    return _site(current_partner(), site)


@blueprint.post("/sites/<uuid:site_id>/check")
@staff("partner:write", "web_widget")
@blueprint.response(200, schemas.Site)
@commits
def check_site(site_id: UUID):
    """Have the site looked at for its proof now; what was found stands in the list a little later."""
    site = widget.get_site(g.caller.partner_id, site_id)
    widget_proof.ask(site, utcnow())
    return _site(current_partner(), site)


@blueprint.delete("/sites/<uuid:site_id>")
@staff("partner:write")
@blueprint.response(204)
@commits
def remove_site(site_id: UUID):
    """Let a site show it no longer."""
    site = widget.get_site(g.caller.partner_id, site_id)
    widget.remove_site(g.caller.partner_id, site.origin, by=g.caller.customer_id)


def _site(partner: Partner, row: WidgetSite) -> dict:
    """What is known of a site, read before the commit that would expire it."""
    kept = {name: getattr(row, name) for name in ("id", "origin", "failure", "proved_at", "checked_at")}
    proof = {
        "address": f"{row.origin}{widget_proof.file_of(partner.code)}",
        "text": widget_proof.proof_of(partner.id),
        "meta": widget_proof.meta_of(partner.id),
    }
    return kept | {
        "state": widget_proof.state_of(row),
        "is_being_checked": widget_proof.is_being_checked(row, utcnow()),
        "shown_until": widget_proof.shown_until(row),
        "proof": proof,
    }


@blueprint.get("/stats")
@staff("stats:read")
@blueprint.arguments(schemas.FunnelQuery, location="query")
@blueprint.response(200, schemas.Funnel)
def show_funnel(wanted):
    """How often it was seen, opened and signed in to, and who came of it, day by day; today is the last of the days."""
    return widget_funnel.summarise(current_partner(), days=wanted["days"], now=utcnow())


def _look(partner: Partner, look: widget_look.Look) -> dict:
    return vars(look) | {
        "partner_code": partner.code,
        "colour": look.colour,
        "contrast": widget_look.measure(look.colour),
    }

from uuid import uuid4

from loyalty import partners
from loyalty.clock import utcnow
from models import transaction
from tests.factories import make_customer, make_member
from tests.web.visits import Visit


def an_application(cast, house):
    with cast.nobody.app.test_request_context(), transaction():
        return {"application_id": partners.apply(make_customer(), {"name": "Пекарня"}, utcnow()).id}


def the_member(cast, house):
    return {"customer_id": house.member.customer_id}


def somebody(cast, house):
    """A member whom a visit may change."""
    with cast.nobody.app.test_request_context(), transaction():
        partner = partners.get_partner(house.partner_id)
        return {"customer_id": make_member(partner).customer_id}


def correction(**more):
    return lambda cast, house: {
        "partner": house.partner_code,
        "direction": "credit",
        "points": "50",
        "reason": "за ожидание",
        "deed": str(uuid4()),
        **more,
    }


def our_partner(cast, house):
    return {"partner_id": house.partner_id}


def decided(**more):
    return lambda cast, house: {"reason": "по договору", **more}


VISITS = [
    Visit("GET /admin/partners/<uuid:partner_id>", own=our_partner),
    Visit("POST /admin/partners/<uuid:partner_id>/plan", own=our_partner, form=decided(plan="enterprise")),
    Visit("POST /admin/partners/<uuid:partner_id>/features", own=our_partner, form=decided(ai_analytics="")),
    Visit("GET /admin/applications/<uuid:application_id>", own=an_application),
    Visit("POST /admin/applications/<uuid:application_id>/approve", own=an_application),
    Visit(
        "POST /admin/applications/<uuid:application_id>/refuse",
        own=an_application,
        form=lambda cast, house: {"reason": "нет адреса"},
    ),
    Visit("GET /admin/customers/<uuid:customer_id>", own=the_member),
    Visit("GET /admin/customers/<uuid:customer_id>/correction", own=the_member),
    Visit("POST /admin/customers/<uuid:customer_id>/correction", own=somebody, form=correction(step="do")),
    Visit("GET /admin/customers/<uuid:customer_id>/block", own=the_member),
    Visit("POST /admin/customers/<uuid:customer_id>/block", own=somebody),
    Visit("POST /admin/customers/<uuid:customer_id>/unblock", own=somebody),
]

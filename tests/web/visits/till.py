from decimal import Decimal

from loyalty import pos, sales
from loyalty.clock import utcnow
from loyalty.identities import Identifier
from models import transaction
from models.partner import Partner
from tests.api.samples import make_purchase
from tests.web.visits import Visit

COUNTER = sales.Caller("counter", "manual")
"""As the till's pages name who stands there."""


def a_purchase(cast, house):
    return {"purchase_id": make_purchase(house)}


def a_hold(cast, house):
    with cast.nobody.app.test_request_context(), transaction() as session:
        shop, now = session.get_one(Partner, house.partner_id), utcnow()
        basket = sales.Basket(Decimal("1000.00"))
        quoted = pos.quote(shop, Identifier("phone", house.phone), basket, caller=COUNTER, now=now)
        return {"hold_id": pos.hold(shop, quoted.quote_id, 0, caller=COUNTER, now=now).hold_id}


def the_member(cast, house):
    return {"customer_id": house.member.customer_id}


def form(**fields):
    return lambda cast, house: fields


VISITS = [
    Visit("POST /partner", form=lambda cast, house: {"customer": house.phone, "amount": "1000", "act": "credit"}),
    Visit("GET /partner/holds/<uuid:hold_id>", own=a_hold),
    Visit("POST /partner/holds/<uuid:hold_id>/capture", own=a_hold),
    Visit("POST /partner/holds/<uuid:hold_id>/void", own=a_hold),
    Visit("GET /partner/done/<uuid:purchase_id>", own=a_purchase),
    Visit("POST /partner/done/<uuid:purchase_id>/undo", own=a_purchase),
    Visit("GET /partner/purchases/<uuid:purchase_id>", own=a_purchase),
    Visit("POST /partner/purchases/<uuid:purchase_id>/refund", own=a_purchase, form=form(amount="100")),
    Visit("GET /partner/customers/<uuid:customer_id>", own=the_member),
    Visit("POST /partner/customers/<uuid:customer_id>", own=the_member, form=form(name="Иван", is_vip="y")),
]

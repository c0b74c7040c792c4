from decimal import Decimal

from loyalty import sale_codes
from loyalty.clock import utcnow
from loyalty.sales import Caller
from models import transaction
from models.partner import Partner
from tests.web.visits import Visit


def offer(cast, house):
    """A code of 700 roubles that the house's cashier shows."""
    with cast.nobody.app.test_request_context(), transaction() as session:
        caller = Caller("counter", "manual", actor=house.staff["cashier"].customer_id)
        made = sale_codes.offer(
            session.get_one(Partner, house.partner_id), Decimal("700.00"), caller=caller, now=utcnow()
        )
        return made.id, sale_codes.token_of(made)


def a_code(cast, house):
    return {"code_id": offer(cast, house)[0]}


def a_token(cast, house):
    return {"token": offer(cast, house)[1]}


VISITS = [
    Visit("GET /partner/sale-codes/<uuid:code_id>", own=a_code),
    Visit("POST /partner/sale-codes/<uuid:code_id>/revoke", own=a_code),
    Visit("GET /r/<token>", own=a_token),
    Visit("POST /r/<token>", own=a_token, form=lambda cast, house: {"earn": "35", "personal_data": "y"}),
]

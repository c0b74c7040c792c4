from decimal import Decimal
from random import randrange
from uuid import uuid4

from loyalty import claims
from loyalty.clock import utcnow
from models import transaction
from models.customer import Customer
from models.partner import Partner
from tests.factories import make_customer
from tests.web.visits import Visit


def ask(cast, house, *, person=None, amount="700.00"):
    with cast.nobody.app.test_request_context(), transaction() as session:
        asking = session.get_one(Customer, person) if person else make_customer(name="Нина")
        partner = session.get_one(Partner, house.partner_id)
        return {"claim_id": claims.claim(partner, asking, amount=Decimal(amount), now=utcnow()).id}


def a_claim(cast, house):
    return ask(cast, house)


def the_members_claim(cast, house):
    """Made anew each time; so many do not wait beside each other."""
    with cast.nobody.app.test_request_context(), transaction():
        for one in claims.list_own(house.member.customer_id):
            if one.state == "waiting":
                claims.withdraw(house.member.customer_id, one.claim_id, utcnow())
    return ask(cast, house, person=house.member.customer_id)


def a_drive(cast, house):
    with cast.nobody.app.test_request_context(), transaction() as session:
        drive = f"{randrange(10**16):016}"
        partner = session.get_one(Partner, house.partner_id)
        claims.register_drive(partner, drive, house.branch_id, by=house.member.customer_id, now=utcnow())
        return drive


def form(**fields):
    return lambda cast, house: fields


LIMITS = {"most_amount": "3000", "a_day": "1", "receipt_hours": "72", "large_amount": "10000"}

VISITS = [
    Visit("GET /checkin", own=lambda cast, house: {"partner": house.partner_code}),
    Visit(
        "POST /checkin",
        form=lambda cast, house: {
            "partner": house.partner_code,
            "amount": "700",
            "personal_data": "y",
            "deed": str(uuid4()),
        },
    ),
    Visit("GET /customer/claims/<uuid:claim_id>", own=the_members_claim, done=(200, 404)),  # another's is not there
    Visit("POST /customer/claims/<uuid:claim_id>/withdraw", own=the_members_claim, done=(303, 404)),
    Visit("POST /partner/claims/<uuid:claim_id>/approve", own=a_claim, form=form(amount="500")),
    Visit("POST /partner/claims/<uuid:claim_id>/refuse", own=a_claim, form=form(reason="нет такой покупки")),
    Visit("POST /partner/claims/approve-all"),
    Visit("POST /partner/claims/settings", form=form(**LIMITS)),
    Visit(
        "POST /partner/claims/settings/drives",
        form=lambda cast, house: {"drive": f"{randrange(10**16):016}", "branch": str(house.branch_id)},
    ),
    Visit("POST /partner/claims/settings/drives/remove", form=lambda cast, house: {"drive": a_drive(cast, house)}),
]

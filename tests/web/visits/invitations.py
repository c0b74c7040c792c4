from loyalty import referrals
from loyalty.clock import utcnow
from models import transaction
from models.partner import Partner
from tests.factories import make_customer, make_member
from tests.loyalty.friends import TERMS, bring
from tests.web.visits import Visit


def a_code(cast, house):
    """The code of somebody who invites to the house."""
    with cast.nobody.app.test_request_context(), transaction() as session:
        partner = session.get_one(Partner, house.partner_id)
        referrals.set_terms(partner, TERMS, by=None)
        return {"code": referrals.code_of(make_member(partner, make_customer(name="Анна")))}


def a_doubted_friend(cast, house):
    with cast.nobody.app.test_request_context(), transaction() as session:
        return {"referral_id": bring(session.get_one(Partner, house.partner_id), utcnow(), doubts=("address",)).id}


def a_newcomer(cast, house):
    with cast.nobody.app.test_request_context(), transaction() as session:
        return {"customer_id": make_member(session.get_one(Partner, house.partner_id)).customer_id}


def a_code_to_type(cast, house):
    return {"invitation": a_code(cast, house)["code"]}


def form(**fields):
    return lambda cast, house: fields


NUMBERS = {"inviter_points": "200", "friend_points": "100", "return_days": "14", "most_a_month": "10"}

VISITS = [
    Visit("GET /customer/invite"),
    Visit("GET /i/<code>", own=a_code),
    Visit("POST /i/<code>", own=a_code, form=form(personal_data="y")),
    Visit("POST /partner/customers/<uuid:customer_id>/invitation", own=a_newcomer, form=a_code_to_type),
    Visit("GET /partner/referrals"),
    Visit("GET /partner/referrals/export.csv"),
    Visit("GET /partner/referrals/terms"),
    Visit("POST /partner/referrals/terms", form=form(is_on="y", minimum="500", life_days="90", **NUMBERS)),
    Visit("POST /partner/referrals/<uuid:referral_id>/approve", own=a_doubted_friend),
    Visit("POST /partner/referrals/<uuid:referral_id>/refuse", own=a_doubted_friend),
]

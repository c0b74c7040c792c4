from loyalty import api_keys, partners, promotions, services
from loyalty.clock import utcnow
from models import transaction
from models.partner import Partner
from tests.factories import make_phone, make_staff
from tests.web.visits import Visit


def someone(cast, house):
    """A cashier who works there, made anew."""
    with cast.nobody.app.test_request_context(), transaction() as session:
        return {"staff_id": make_staff(session.get_one(Partner, house.partner_id)).id}


def a_key(cast, house):
    with cast.nobody.app.test_request_context(), transaction():
        return {"key_id": api_keys.create(house.partner_id, "Касса", ("pos:quote",), None, None, utcnow())[0].id}


def a_branch(cast, house):
    with cast.nobody.app.test_request_context(), transaction():
        return {"branch_id": partners.open_branch(house.partner_id, "Новый", by=None, now=utcnow()).id}


def form(**fields):
    return lambda cast, house: fields


VISITS = [
    Visit("POST /partner/applications", form=form(name="Пекарня", timezone="Europe/Moscow", preset="default")),
    Visit("POST /partner/programme", form=form(rate="5")),
    Visit("POST /partner/programme/try", form=form(amount="1000")),
    Visit(
        "POST /partner/staff/new", form=lambda cast, house: {"contact": make_phone(), "name": "Оля", "role": "cashier"}
    ),
    Visit("GET /partner/staff/<uuid:staff_id>", own=someone),
    Visit("POST /partner/staff/<uuid:staff_id>", own=someone, form=form(name="Оля", role="cashier")),
    Visit("GET /partner/staff/<uuid:staff_id>/dismiss", own=someone),
    Visit("POST /partner/staff/<uuid:staff_id>/dismiss", own=someone),
    Visit("POST /partner/keys/new", form=form(name="Касса", scopes="pos:quote")),
    Visit("GET /partner/keys/<uuid:key_id>/revoke", own=a_key),
    Visit("POST /partner/keys/<uuid:key_id>/revoke", own=a_key),
    Visit("POST /partner/branches/new", form=form(name="Новый")),
    Visit("GET /partner/branches/<uuid:branch_id>", own=a_branch),
    Visit("POST /partner/branches/<uuid:branch_id>", own=a_branch, form=form(name="Другой")),
    Visit("GET /partner/branches/<uuid:branch_id>/close", own=a_branch),
    Visit("POST /partner/branches/<uuid:branch_id>/close", own=a_branch),
    Visit("POST /partner/branches/<uuid:branch_id>/open", own=a_branch),
    Visit("POST /partner/leave"),  # names no partner, so nobody leaves
    Visit("POST /partner/settings", form=form(name="Кофейня", timezone="Europe/Moscow")),
    Visit("POST /partner/settings/notices", form=form(told=["credited", "spent", "returned", "expiring", "welcome"])),
]


def a_promotion(cast, house):
    with cast.nobody.app.test_request_context(), transaction() as session:
        now = utcnow()
        partner = session.get_one(Partner, house.partner_id)
        made = promotions.make(
            partner, name="Акция", kind="fixed", terms={"points": 10}, starts_at=now, ends_at=None, by=None, now=now
        )
        return {"promotion_id": made.id}


ONE = "/partner/promotions/<uuid:promotion_id>"
VISITS += [
    Visit("POST /partner/promotions/new", form=form(name="Акция")),
    Visit("POST /partner/promotions/try", form=form(points="10")),
    Visit(f"GET {ONE}", own=a_promotion),
    Visit(f"GET {ONE}/edit", own=a_promotion),
    Visit(f"POST {ONE}/edit", own=a_promotion, form=form(name="Другая", points="20")),
    Visit(f"POST {ONE}/on", own=a_promotion),
    Visit(f"GET {ONE}/stop", own=a_promotion),
    Visit(f"POST {ONE}/stop", own=a_promotion),
    Visit(f"POST {ONE}/list", own=a_promotion, form=form(act="empty")),
    Visit(
        "POST /partner/tiers",
        form=form(name="Серебро", threshold="10000", factor="1.2", measure="spent", window="ever"),
    ),
]


def a_service(cast, house):
    with cast.nobody.app.test_request_context(), transaction() as session:
        draft = services.read_draft(name=f"Услуга {make_phone()}", price="100")
        made = services.make(session.get_one(Partner, house.partner_id), draft, by=None, now=utcnow())
        return {"service_id": made.id}


SERVICE = "/partner/services/<uuid:service_id>"
VISITS += [
    Visit("POST /partner/services/new", form=lambda cast, house: {"name": f"Услуга {make_phone()}", "price": "100"}),
    Visit("POST /partner/services/import", form=form(text="name;price\nСтрижка;1500", act="take")),
    Visit(f"GET {SERVICE}", own=a_service),
    Visit(f"POST {SERVICE}", own=a_service, form=lambda cast, house: {"name": f"Иная {make_phone()}", "price": "1"}),
    Visit(f"POST {SERVICE}/act", own=a_service, form=form(act="hide")),
]
VISITS += [Visit("POST /partner/plan/change", form=form(plan="enterprise"))]

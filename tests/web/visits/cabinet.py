from loyalty import sessions
from loyalty.clock import utcnow
from models import transaction
from tests.factories import make_email
from tests.web.visits import Visit


def a_session(cast, house):
    """Another device of the house's owner."""
    with cast.nobody.app.test_request_context(), transaction():
        return {"session_id": sessions.open_session(house.staff["owner"].customer_id, "phone", utcnow()).session_id}


def form(**fields):
    return lambda cast, house: fields


VISITS = [
    Visit("POST /customer/code"),
    Visit("POST /customer/profile", form=form(name="Иван", locale="ru", timezone="Europe/Moscow")),
    Visit("POST /customer/profile/notices", form=form(wanted="credited", channel="")),
    Visit("POST /customer/contacts", form=lambda cast, house: {"contact": make_email()}),
    Visit("POST /customer/contacts/code", form=form(code="123456")),
    Visit("POST /customer/consents", form=form(kind="advertising", granted="yes")),
    Visit("POST /customer/sessions/<uuid:session_id>/end", own=a_session, done=(303, 404)),  # another's is not there
    Visit("POST /customer/telegram"),
    Visit("POST /customer/sessions/end-others", ends_session=True),
]

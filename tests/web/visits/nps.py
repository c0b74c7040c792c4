from loyalty import surveys
from tests.api.samples import ask_member
from tests.web.visits import Visit


def an_unhappy_answer(cast, house):
    return {"survey_id": ask_member(house, 3).id}


def a_token(cast, house):
    return {"token": surveys.token_of(ask_member(house))}


def form(**fields):
    return lambda cast, house: fields


VISITS = [
    Visit("GET /nps/<token>", own=a_token),
    Visit("POST /nps/<token>", own=a_token, form=form(score="9", comment="")),
    Visit("POST /nps/<token>/stop", own=a_token),
    Visit("POST /partner/nps/tasks/<uuid:survey_id>", own=an_unhappy_answer, form=form(state="done", note="Позвонили")),
    Visit("POST /partner/nps/settings", form=form(delay_hours="2")),
]

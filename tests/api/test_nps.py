"""NPS through the API: switched on, answered signed in and by the link, added up, and dealt with."""

from __future__ import annotations

from loyalty import surveys
from models import db, transaction
from models.survey import Survey
from tests.api.roles import make_cast
from tests.api.samples import ask_member

RULE = "/api/partner/nps"


def test_settings_are_changed_one_by_one_and_only_by_the_owner(app):
    house = make_cast(app).ours
    owner = house.staff["owner"]
    usual = {"is_on": False, "delay_hours": 2, "reminds": True, "sms": False}
    assert owner.get(f"{RULE}/settings").json == usual
    assert owner.put(f"{RULE}/settings", {"is_on": True, "delay_hours": 24}).json == usual | {
        "is_on": True,
        "delay_hours": 24,
    }
    assert owner.put(f"{RULE}/settings", {"sms": True}).json["delay_hours"] == 24
    for wrong in ({"delay_hours": 73}, {"delay_hours": "2"}, {"is_on": 1}, {"hours": 2}):
        assert owner.put(f"{RULE}/settings", wrong).status_code == 400
    assert house.staff["manager"].put(f"{RULE}/settings", {"is_on": False}).status_code == 403


def test_answers_add_up_are_paged_and_an_unhappy_one_is_closed(app):
    house = make_cast(app).ours
    manager, member = house.staff["manager"], house.member
    promoted, unhappy, silent = (ask_member(house) for _ in range(3))
    waiting = member.get("/api/customer/surveys").json["items"]
    assert {one["id"] for one in waiting} == {str(one.id) for one in (promoted, unhappy, silent)}
    own = f"/api/customer/surveys/{promoted.id}"
    assert member.put(own, {"score": 10}).json == {
        "partner_name": waiting[0]["partner_name"],
        "score": 10,
        "comment": None,
        "may_change": True,
    }
    link = next(one["link"] for one in waiting if one["id"] == str(unhappy.id))
    assert link.endswith(f"/nps/{surveys.token_of(unhappy)}")
    nobody = make_cast(app).nobody
    by_link = f"/api/surveys/{surveys.token_of(unhappy)}"
    assert nobody.put(by_link, {"score": 1, "comment": "Холодный кофе"}).json["score"] == 1
    assert nobody.put(by_link, {"score": 1}).json["comment"] == "Холодный кофе"
    found = manager.get(RULE).json
    assert (found["asked"], found["answered"], found["nps"]["n"], found["nps"]["value"]) == (3, 2, 2, 0.0)
    assert found["nps"]["is_few"] and sum(step["nps"]["n"] for step in found["trend"]) == 2
    page = manager.get(f"{RULE}/answers?limit=1").json
    rest = manager.get(f"{RULE}/answers?limit=1&cursor={page['next_cursor']}").json
    assert [one["score"] for one in (*page["items"], *rest["items"])] == [1, 10] and rest["next_cursor"] is None
    (task,) = manager.get(f"{RULE}/tasks").json["items"]
    assert (task["comment"], task["task_state"]) == ("Холодный кофе", "open")
    closed = manager.put(f"{RULE}/tasks/{task['id']}", {"state": "done", "note": "Позвонили"}).json
    assert (closed["task_state"], closed["task_note"]) == ("done", "Позвонили")
    assert manager.get(f"{RULE}/tasks").json["items"] == []
    assert len(manager.get(f"{RULE}/tasks?state=done").json["items"]) == 1
    assert house.staff["ai_marketer"].get(f"{RULE}/answers").json["items"][0]["customer_phone"] is None


def test_what_is_no_answer_changes_nothing(app):
    cast = make_cast(app)
    survey = ask_member(cast.ours)
    url = f"/api/surveys/{surveys.token_of(survey)}"
    for wrong in (
        {},
        {"score": 11},
        {"score": -1},
        {"score": "9"},
        {"score": 9.5},
        {"score": 9, "comment": "я" * 1001},
    ):
        assert cast.nobody.put(url, wrong).status_code == 400
    assert cast.nobody.get(url).json["score"] is None
    assert cast.nobody.get(url[:-1] + "?").status_code == 404
    assert cast.theirs.member.put(f"/api/customer/surveys/{survey.id}", {"score": 9}).json["code"] == "survey_gone"
    with app.app_context(), transaction():
        db.session.get_one(Survey, (survey.partner_id, survey.id)).expires_at = survey.asked_at
    assert cast.nobody.put(url, {"score": 9}).json["code"] == "survey_gone"

"""Surveys at the desk: the score with how sure it is, the answers, whom to talk to, and when customers are asked."""

from __future__ import annotations

import pytest

from loyalty import nps
from models import db
from models.partner import Partner
from models.survey import SurveyTask
from tests.api.roles import make_cast
from tests.api.samples import ask_member
from web.desk.nps import group_of, say_nps

PAGE = "/partner/nps"


@pytest.fixture(scope="module")
def cast(app):
    return make_cast(app)


def test_the_owner_switches_it_on_and_the_manager_only_looks(app, cast, desk, words):
    owner, manager = desk("owner"), desk("manager")
    assert "Сейчас клиентов не спрашивают" in words(owner.get(PAGE))
    assert owner.post(f"{PAGE}/settings", is_on="y", delay_hours="5", reminds="y").status_code == 303
    with app.app_context():
        kept = nps.settings_of(db.session.get_one(Partner, cast.ours.partner_id))
        assert kept == nps.NpsSettings(is_on=True, delay_hours=5, reminds=True, sms=False)
    assert "через 5 часов" in words(manager.get(f"{PAGE}/settings"))
    for wrong in ("", "-1", "73", "два"):
        refused = owner.post(f"{PAGE}/settings", is_on="y", delay_hours=wrong)
        assert refused.status_code == 422 and "Целое число часов от 0 до 72" in words(refused)
    assert manager.post(f"{PAGE}/settings", delay_hours="1").status_code == 403


def test_the_score_is_shown_with_its_interval_and_the_words(cast, desk, words):
    manager = desk("manager")
    for score in (10, 9, 3):
        ask_member(cast.ours, score)
    page = manager.get(PAGE)
    said = words(page)
    assert "33" in said and "с вероятностью 95 %" in said and "мало ответов" in said
    assert "NPS 33, 3 ответа" in page.text and "<svg" in page.text
    assert manager.get(f"{PAGE}?group=detractors&days=7").text.count("nps-answer") == 1
    year = manager.get(f"{PAGE}?days=365")
    assert year.status_code == 200 and "NPS по месяцам" in year.text
    staff = manager.get(f"{PAGE}?staff_id={'0' * 8}-0000-7000-8000-{'0' * 12}")
    assert staff.status_code == 404 and manager.get(f"{PAGE}?branch_id=x").status_code == 404
    table = manager.get(f"{PAGE}/export.csv").text
    assert table.count("\n") == 4 and "answered_at" in table


def test_an_unhappy_customer_is_taken_talked_to_and_closed(app, cast, desk, words):
    survey = ask_member(cast.ours, 2)
    manager, one = desk("manager"), f"{PAGE}/tasks/{survey.id}"
    assert f"task-{survey.id}" in manager.get(f"{PAGE}/tasks").text
    assert manager.post(one, state="in_work", note="").status_code == 303
    too_long = manager.post(one, state="done", note="я" * 1001)
    assert too_long.status_code == 422 and "до 1000" in words(too_long)
    assert manager.post(one, state="done", note="Позвонили, извинились").status_code == 303
    closed = manager.get(f"{PAGE}/tasks?done=1")
    assert "Позвонили, извинились" in words(closed) and f"task-{survey.id}" not in manager.get(f"{PAGE}/tasks").text
    with app.app_context():
        assert db.session.get_one(SurveyTask, (cast.ours.partner_id, survey.id)).state == "done"
    assert manager.post(one, state="open", note="").status_code == 303
    assert manager.post(one, state="withdrawn", note="").status_code == 422


def test_a_score_belongs_to_one_group_and_nothing_is_said_of_no_answers(app):
    assert [group_of(score) for score in (0, 6, 7, 8, 9, 10)] == [
        "detractors", "detractors", "passives", "passives", "promoters", "promoters",
    ]  # fmt: skip
    with app.test_request_context(headers={"Accept-Language": "ru"}):
        assert say_nps(nps.Nps(0, 0, 0)) == "ответов нет"

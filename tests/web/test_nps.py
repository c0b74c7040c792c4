"""What a survey's link opens: answered without signing in and without scripts, by whoever holds the token."""

from __future__ import annotations

from datetime import timedelta

import pytest

from loyalty import surveys
from loyalty.clock import utcnow
from models import db, transaction
from models.customer import Customer
from models.survey import Survey
from tests.api.roles import make_cast
from tests.api.samples import ask_member
from tests.web.browser import Browser


@pytest.fixture(scope="module")
def cast(app):
    return make_cast(app)


@pytest.fixture
def asked(app, cast):
    """A survey of the house's member: (its page, what is kept of it)."""
    survey = ask_member(cast.ours)
    key = (survey.partner_id, survey.id)

    def read(**changes):
        with app.app_context(), transaction():
            kept = db.session.get_one(Survey, key)
            for name, value in changes.items():
                setattr(kept, name, value)
            return kept.score, kept.comment, kept.way, kept.state

    return f"/nps/{surveys.token_of(survey)}", read


def test_a_stranger_with_the_link_answers_and_changes_the_answer(app, asked):
    page, read = asked
    browser = Browser(app)
    shown = browser.get(page)
    assert shown.status_code == 200 and "Порекомендуете ли вы нас друзьям?" in shown.text
    assert shown.text.count('type="radio"') == 11
    assert browser.post(page, score="3", comment="Долго ждал").status_code == 303
    assert read() == (3, "Долго ждал", "link", "answered")
    again = browser.get(page)
    assert "Ваша оценка: 3 из 10" in again.text and "Изменить ответ" in again.text
    assert browser.post(page, score="9", comment="", way="widget").status_code == 303
    assert read() == (9, None, "widget", "answered")


def test_a_day_later_the_answer_stands(app, asked):
    page, read = asked
    browser = Browser(app)
    browser.post(page, score="3", comment="")
    read(answered_at=utcnow() - timedelta(days=1))
    refused = browser.post(page, score="10", comment="")
    assert refused.status_code == 422 and "в течение суток" in refused.text
    assert "Изменить ответ" not in refused.text and read()[0] == 3


def test_what_is_no_score_is_asked_again_and_keeps_the_words(app, asked):
    page, read = asked
    for score in ("", "11", "-1", "5.5", "десять", "٣", None):
        answer = Browser(app).post(page, score=score, comment="Хорошо")
        assert answer.status_code == 422 and "Выберите оценку от 0 до 10" in answer.text and "Хорошо" in answer.text
    assert "до 1000" in Browser(app).post(page, score="5", comment="я" * 1001).text
    assert read()[3] == "asked"


def test_a_tampered_an_expired_and_an_unknown_link_look_alike(app, asked):
    page, read = asked
    swapped = page[:-1] + ("A" if page[-1] != "A" else "B")
    gone = [Browser(app).get(one) for one in (swapped, "/nps/" + "A" * 22, "/nps/x", f"{page}A")]
    read(expires_at=utcnow() - timedelta(seconds=1))
    gone += [Browser(app).get(page), Browser(app).post(page, score="9", comment="")]
    assert {one.status_code for one in gone} == {404}
    assert all("Опрос закончился" in one.text for one in gone)


def test_whoever_wants_no_questions_says_so_by_the_link(app, cast, asked):
    page, _ = asked
    browser = Browser(app)
    assert browser.post(f"{page}/stop").status_code == 303
    assert "Больше не будем спрашивать" in browser.get(page).text
    with app.app_context(), transaction():
        customer = db.session.get_one(Customer, cast.ours.member.customer_id)
        assert "survey" in customer.notices["off"]
        customer.notices = {}


def test_the_cabinet_shows_what_waits(app, cast, asked):
    page, read = asked
    home = Browser(app).sign_in(cast.ours.member.customer_id)
    assert f"{page}?from=page" in home.get("/customer").text
    home.post(page, score="10", comment="", way="page")
    assert page not in home.get("/customer").text and read()[2] == "page"

"""Joining a partner from its widget: on our own page, with consents, and back to the site with six digits."""

from __future__ import annotations

import re

import pytest

from loyalty import consents, partners, widget_funnel, widget_sessions
from loyalty.clock import utcnow
from loyalty.customers import membership_of
from loyalty.rules import Rules
from models import transaction
from tests.factories import make_customer, make_email, make_member, make_partner
from tests.web.browser import Browser
from tests.web.test_sign_in import code_sent

MARK = "0123456789abcdef0123456789abcdef"
DIGITS = re.compile(r'code-large">(\d{3}) (\d{3})<')


@pytest.fixture
def cafe(app):
    """Of the test's own: (id, code). Whoever joins gets 70 points."""
    with app.app_context(), transaction():
        partner = make_partner(Rules(welcome_bonus=70), name="Пекарня «У дома»")
        return partner.id, partner.code


@pytest.fixture
def guest(app):
    """Somebody who has an account with us and none there."""
    with app.app_context(), transaction():
        person = make_customer(name="Нина").id
    browser = Browser(app).sign_in(person)
    browser.person = person
    return browser


def address(cafe):
    return f"/join?partner={cafe[1]}&for={MARK}"


def count_joined(app, cafe) -> int:
    """How many the partner's figures say have joined by its widget."""
    with app.app_context():
        return widget_funnel.summarise(partners.get_partner(cafe[1]), days=2, now=utcnow()).total["joined"]


def test_a_newcomer_registers_by_e_mail_and_sees_the_code_for_the_widget(app, cafe, words):
    browser, email = Browser(app), make_email()
    page = browser.get(address(cafe))
    assert "Вступите и копите баллы" in words(page) and "70 баллов в подарок" in words(page)
    assert "Подписаться на бот" in words(page)
    via = re.search(r'name="via" type="hidden" value="(\w+)"', page.text)[1]
    sent = {"contact": email, "partner": cafe[1], "next": address(cafe), "via": via, "personal_data": "y"}
    assert browser.post("/register", **sent).status_code == 303
    done = browser.post("/login/code", code=code_sent(app))
    assert done.headers["Location"] == address(cafe)
    page = browser.get(address(cafe))
    assert "Вы в программе Баланс теперь 70 баллов Вернитесь на сайт" in words(page)
    code = "".join(DIGITS.search(page.text).groups())
    assert code == "".join(DIGITS.search(browser.get(address(cafe)).text).groups())
    assert not DIGITS.search(browser.get(f"/join?partner={cafe[1]}").text)
    assert count_joined(app, cafe) == 1


def test_who_has_an_account_agrees_and_joins(app, cafe, guest, words):
    page = guest.get(address(cafe))
    assert "Пекарня «У дома» увидит ваше имя" in words(page)
    refused = guest.post("/join", at=cafe[1], browser=MARK)
    assert refused.status_code == 422 and "Без этого согласия" in words(refused)
    with app.app_context():
        assert membership_of(guest.person, cafe[0]) is None
    joined = guest.post("/join", at=cafe[1], browser=MARK, personal_data="y")
    assert joined.headers["Location"] == address(cafe)
    assert DIGITS.search(guest.get(address(cafe)).text)
    with app.app_context():
        assert membership_of(guest.person, cafe[0]).balance == 70
        assert count_joined(app, cafe) == 1
        assert consents.has_consent(guest.person, consents.PERSONAL_DATA, cafe[0])
        assert not consents.has_consent(guest.person, consents.ADVERTISING, cafe[0])


def test_who_was_made_a_member_at_a_till_is_asked_for_the_consent_all_the_same(app, cafe):
    with app.app_context(), transaction():
        person = make_customer()
        make_member(partners.get_partner(cafe[1]), person)
        person_id = person.id
    page = Browser(app).sign_in(person_id).get(address(cafe))
    assert 'name="personal_data"' in page.text and not DIGITS.search(page.text)


@pytest.mark.parametrize("mark", ["", "x", "0" * 31, "0" * 33, "../../etc", "<script>", "F" * 32])
def test_what_names_no_browser_gets_no_code(cafe, guest, mark):
    guest.post("/join", at=cafe[1], browser=mark, personal_data="y")
    page = guest.get(f"/join?partner={cafe[1]}&for={mark}")
    assert page.status_code == 200
    assert not DIGITS.search(page.text) and "<script>" not in page.text


def test_a_partner_that_is_not_there_is_404(guest):
    assert guest.get("/join?partner=999999999999").status_code == 404
    assert "Номер заведения" in guest.get("/join").text
    assert guest.post("/join", at="999999999999", personal_data="y").status_code == 404


def test_the_mark_of_a_browser_does_not_give_its_name_away(app, cafe):
    with app.app_context():
        browser = widget_sessions.new_browser()
        mark = widget_sessions.mark_of(browser, cafe[0])
    assert widget_sessions.is_mark(mark)
    assert mark not in browser and browser[:8] not in mark

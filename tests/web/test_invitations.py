"""Inviting friends on pages: the member's link, what it opens, and who may not come by it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from loyalty import referral_results, referral_rewards, referrals
from loyalty.clock import utcnow
from loyalty.customers import membership_of
from models import db, transaction
from models.partner import Partner
from models.referral import Referral
from tests.factories import make_customer, make_email, make_member, make_partner, make_staff
from tests.loyalty.friends import TERMS, buy
from tests.web.browser import Browser
from tests.web.test_sign_in import code_sent


@pytest.fixture
def cafe(app):
    with app.app_context(), transaction():
        partner = make_partner(name="Пекарня «У дома»")
        referrals.set_terms(partner, TERMS, by=None)
        return partner.id


@pytest.fixture
def anna(app, cafe):
    """A member, with a browser of her own."""
    with app.app_context(), transaction():
        person = make_customer(name="Анна Петрова")
        make_member(db.session.get_one(Partner, cafe), person)
        customer_id = person.id
    browser = Browser(app).sign_in(customer_id)
    browser.person = customer_id
    return browser


@pytest.fixture
def link(anna):
    """What the cabinet shows to pass on, without the host."""
    return re.search(r'id="invite-link">[^<]*(/i/[2-9A-Z]{8})<', anna.get("/customer/invite").text)[1]


@pytest.fixture
def guest(app):
    with app.app_context(), transaction():
        person = make_customer(name="Нина").id
    browser = Browser(app).sign_in(person)
    browser.person = person
    return browser


def referral_of(app, cafe, customer_id) -> Referral:
    with app.app_context():
        member = membership_of(customer_id, cafe)
        return db.session.scalar(db.select(Referral).where(Referral.friend_id == member.id))


def test_the_cabinet_shows_the_link_the_code_and_the_terms(anna, link):
    page = anna.get("/customer/invite").text
    code = link.rpartition("/")[2]
    assert f"{code[:4]}-{code[4:]}" in page and "<svg" in page
    assert "Вам — 200 баллов за каждого друга." in page.replace("\N{NO-BREAK SPACE}", " ")
    assert "первая покупка от 500 ₽, которую не вернут 14 дней" in page.replace("\N{NO-BREAK SPACE}", " ")
    assert "Пригласить друга" in anna.get("/customer").text


def test_whoever_has_no_partner_that_invites_is_told_so(guest):
    page = guest.get("/customer/invite")
    assert page.status_code == 200 and "Приглашать пока некуда" in page.text


def test_a_stranger_sees_a_first_name_registers_and_comes_by_the_invitation(app, cafe, link):
    browser, email = Browser(app), make_email()
    page = browser.get(link)
    assert "Вас приглашает Анна" in page.text and "Петрова" not in page.text
    fields = dict(re.findall(r'name="(partner|next|invitation)"[^>]*value="([^"]*)"', page.text))
    assert fields["next"] == link and fields["invitation"] == link.rpartition("/")[2]
    assert browser.post("/register", contact=email, name="Борис", personal_data="y", **fields).status_code == 303
    done = browser.post("/login/code", code=code_sent(app))
    assert done.headers["Location"] == link
    page = browser.get(link).text
    assert "Вы пришли по этому приглашению" in page
    with app.app_context():
        friend = db.session.scalar(db.select(Referral).order_by(Referral.id.desc()).limit(1))
        assert (friend.partner_id, friend.came_by, friend.state) == (cafe, "link", "waiting")
        assert friend.address_hash and friend.device_hash


def test_a_code_typed_at_registration_joins_the_partner_of_the_friend(app, cafe, link):
    browser, email, code = Browser(app), make_email(), link.rpartition("/")[2]
    wrong = browser.post("/register", contact=email, personal_data="y", invitation="22222222")
    assert wrong.status_code == 422 and "Это приглашение не действует" in wrong.text
    typed = f"{code[:4]}-{code[4:]}".lower()
    assert browser.post("/register", contact=email, personal_data="y", invitation=typed).status_code == 303
    browser.post("/login/code", code=code_sent(app))
    with app.app_context():
        friend = db.session.scalar(db.select(Referral).order_by(Referral.id.desc()).limit(1))
        assert (friend.partner_id, friend.came_by) == (cafe, "code")


def test_somebody_signed_in_agrees_and_comes(app, cafe, guest, link):
    page = guest.get(link).text
    assert "Принять приглашение" in page
    refused = guest.post(link)
    assert refused.status_code == 422 and "Без этого согласия" in refused.text
    assert guest.post(link, personal_data="y").status_code == 303
    assert guest.post(link, personal_data="y").status_code == 303
    assert "Вы пришли по этому приглашению" in guest.get(link).text
    assert referral_of(app, cafe, guest.person).state == "waiting"


def test_who_may_not_come_is_told_why_and_does_not_join(app, cafe, anna, guest, link):
    assert "Пригласить самого себя нельзя" in anna.get(link).text
    assert anna.post(link).status_code == 422
    with app.app_context(), transaction():
        make_staff(db.session.get_one(Partner, cafe), customer=db.session.get_one(referrals.Customer, guest.person))
    answer = guest.post(link, personal_data="y")
    assert answer.status_code == 422 and "Сотрудники заведения в приглашениях не участвуют" in answer.text
    with app.app_context():
        assert membership_of(guest.person, cafe) is None


def test_a_link_that_leads_nowhere_says_so(app, cafe, guest, link):
    assert guest.get("/i/22222222").status_code == guest.post("/i/nothing", personal_data="y").status_code == 404
    with app.app_context(), transaction():
        referrals.set_terms(db.session.get_one(Partner, cafe), replace(TERMS, is_on=False), by=None)
    page = guest.get(link)
    assert page.status_code == 404 and "Приглашение не действует" in page.text


def test_a_member_sees_what_became_of_friends_by_first_names(app, cafe, anna, guest, link):
    guest.post(link, personal_data="y")
    with app.app_context(), transaction():
        partner = db.session.get_one(Partner, cafe)
        referrals.set_terms(partner, replace(TERMS, is_on=False), by=None)
        buy(partner, membership_of(guest.person, cafe), utcnow(), "600.00")
        referral_rewards.settle(cafe, referral_of(app, cafe, guest.person).id, utcnow())
    page = anna.get("/customer/invite").text
    assert "Нина" in page and "купил, ждём" in page and "Новых друзей сюда сейчас не приглашают" in page
    with app.app_context():
        assert referral_results.list_came_by(guest.person)[0].state == "bought"


def test_a_cashier_notes_the_code_that_a_customer_names(app, cafe, link):
    with app.app_context(), transaction():
        partner = db.session.get_one(Partner, cafe)
        cashier, friend = make_staff(partner).customer_id, make_member(partner).customer_id
    till, url = Browser(app).sign_in(cashier), f"/partner/customers/{friend}"
    assert "Пришёл от друга?" in till.get(url).text
    wrong = till.post(f"{url}/invitation", invitation="нет")
    assert wrong.status_code == 422 and "Это приглашение не действует" in wrong.text
    assert till.post(f"{url}/invitation", invitation=link.rpartition("/")[2].lower()).status_code == 303
    assert referral_of(app, cafe, friend).came_by == "till"

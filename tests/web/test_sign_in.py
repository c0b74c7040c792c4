"""Signing in and registering on pages, without scripts: two forms, a cookie, and nothing told to strangers."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from loyalty import sign_in
from loyalty.clock import utcnow
from loyalty.identities import Identifier
from loyalty.sealing import unseal
from models import db, transaction
from models.customer import Consent, Customer, Session, SignInCode
from models.ledger import Membership
from models.work import Outbox
from tests.api.roles import make_cast
from tests.api.roles import sign_in as sign_in_by_token
from tests.factories import make_customer, make_email, make_partner, make_phone, make_staff
from tests.web.browser import Browser


@pytest.fixture
def browser(app):
    return Browser(app)


@pytest.fixture
def person(app):
    """Somebody with a phone: (customer id, phone)."""
    phone = make_phone()
    with app.test_request_context(), transaction():
        return make_customer(phone, name="Анна").id, phone


def code_sent(app) -> str:
    """The newest code on its way."""
    with app.test_request_context(), transaction():
        row = db.session.scalars(
            db.select(Outbox).where(Outbox.job == "send_code").order_by(Outbox.created_at.desc(), Outbox.id.desc())
        ).first()
        return unseal(sign_in.SEAL, row.sealed)["code"]


def enter(app, browser, phone, following=None):
    browser.post("/login", contact=phone, next=following)
    return browser.post("/login/code", code=code_sent(app))


def test_the_code_signs_in_and_leads_home(app, browser, person):
    sent = browser.post("/login", contact=person[1])
    assert (sent.status_code, sent.headers["Location"]) == (303, "/login/code")
    assert person[1] in browser.get("/login/code").text
    entered = browser.post("/login/code", code=code_sent(app))
    assert (entered.status_code, entered.headers["Location"]) == (303, "/customer")
    cookie = next(value for value in entered.headers.getlist("Set-Cookie") if "kopilka_page" in value)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert browser.get("/login").headers["Location"] == "/customer"


def test_staff_are_led_to_the_till_and_others_where_they_wanted(app, browser, person):
    with app.test_request_context(), transaction():
        make_staff(make_partner(), "cashier", db.session.get_one(Customer, person[0]))
    assert enter(app, browser, person[1]).headers["Location"] == "/partner"
    assert (
        enter(app, Browser(app), person[1], "/customer/loyalty?kind=spend")
        .headers["Location"]
        .startswith("/customer/l")
    )


@pytest.mark.parametrize(
    "hostile", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "evil", "/a\nb"]
)
def test_nobody_is_led_to_another_site(app, browser, person, hostile):
    assert enter(app, browser, person[1], hostile).headers["Location"] == "/customer"


def test_a_known_and_an_unknown_person_see_the_same(app, person):
    def walk(phone):
        browser = Browser(app)
        pages = [browser.post("/login", contact=phone), browser.get("/login/code")]
        pages.append(browser.post("/login/code", code="000000"))
        return [
            (page.status_code, re.sub(r'value="[^"]{60,}"|data-seconds="\d+"', "", page.text).replace(phone, ""))
            for page in pages
        ]

    known, unknown = walk(person[1]), walk(make_phone())
    assert known == unknown
    assert known[2][0] == 422
    assert "Код неверный или истёк" in known[2][1]


def test_what_was_typed_stays_when_it_is_wrong(browser):
    page = browser.post("/login", contact="12")
    assert page.status_code == 422
    assert 'value="12"' in page.text
    assert "не похоже на номер телефона" in page.text


def test_a_code_works_once_and_not_after_five_minutes(app, browser, person, monkeypatch):
    browser.post("/login", contact=person[1])
    code = code_sent(app)
    later = utcnow() + timedelta(minutes=6)
    monkeypatch.setattr("web.sign_in.utcnow", lambda: later)
    assert browser.post("/login/code", code=code).status_code == 422
    monkeypatch.undo()
    assert browser.post("/login/code", code=code).status_code == 303
    other = Browser(app)
    other.post("/login", contact=person[1])
    assert other.post("/login/code", code=code).status_code == 422


def test_the_code_page_without_a_sent_code_leads_back(browser):
    assert browser.get("/login/code").headers["Location"] == "/login"
    assert browser.post("/login/code", code="123456").headers["Location"] == "/login"


def test_signing_out_ends_the_session_and_a_page_then_says_so(app, browser, person):
    enter(app, browser, person[1])
    copy = Browser(app)
    copy.client.set_cookie("kopilka_page", browser.client.get_cookie("kopilka_page").value)
    assert browser.post("/logout").status_code == 303
    refused = copy.post("/logout")
    assert refused.headers["Location"] == "/login?ended=1"
    assert "Вы вышли: сеанс закончился" in copy.get("/login?ended=1").text


def test_signing_in_anew_ends_what_this_browser_was_signed_in_to(app, browser, person):
    enter(app, browser, person[1])
    former = Browser(app)
    former.client.set_cookie("kopilka_page", browser.client.get_cookie("kopilka_page").value)
    enter(app, browser, person[1])
    assert browser.get("/login").status_code == 303
    assert former.get("/login").status_code == 200


def test_a_cookie_is_no_token_and_a_token_no_cookie(app, browser, person):
    enter(app, browser, person[1])
    cookie = browser.client.get_cookie("kopilka_page").value
    assert app.test_client().get("/api/auth/me", headers={"Authorization": f"Bearer {cookie}"}).status_code == 401
    assert app.test_client().post("/api/auth/refresh", json={"refresh_token": cookie}).status_code == 401
    assert browser.get("/login").status_code == 303, "trying it as a token has not ended it"
    assert browser.client.get("/api/auth/me").status_code == 401, "the API takes no cookies"
    with app.test_request_context(), transaction():
        actor = sign_in_by_token(app, "customer", person[0])
    for stolen in (actor.headers["Authorization"].split()[1], f"{actor.session_id}.{'x' * 43}"):
        thief = Browser(app)
        thief.client.set_cookie("kopilka_page", stolen)
        assert thief.post("/logout").headers["Location"].startswith("/login")


def test_a_wrong_secret_ends_nobodys_session(app, browser, person):
    enter(app, browser, person[1])
    session_id, _, secret = browser.client.get_cookie("kopilka_page").value.partition(".")
    thief = Browser(app)
    thief.client.set_cookie("kopilka_page", f"{session_id}.{secret[::-1]}")
    assert thief.get("/login").status_code == 200
    assert browser.get("/login").status_code == 303


def test_a_session_is_kept_alive_by_use(app, browser, person, monkeypatch):
    enter(app, browser, person[1])
    start = utcnow()
    for days in (25, 50):
        monkeypatch.setattr("web.access.utcnow", lambda: start + timedelta(days=days))
        assert browser.get("/login").status_code == 303
    monkeypatch.setattr("web.access.utcnow", lambda: start + timedelta(days=81))
    assert browser.get("/login").status_code == 200
    with app.test_request_context(), transaction():
        session = db.session.scalars(db.select(Session).where(Session.customer_id == person[0])).one()
        assert session.kind == "page"


def test_a_stale_form_says_so_and_does_nothing(app, browser, person):
    stale = browser.token()
    enter(app, browser, person[1])
    answer = browser.post("/logout", token=stale)
    assert answer.status_code == 400
    assert "Страница устарела" in answer.text
    assert browser.get("/login").status_code == 303


def test_a_form_from_another_site_is_refused_even_with_the_token(app, browser, person):
    enter(app, browser, person[1])
    sent = {"csrf_token": browser.token()}
    answer = browser.client.post("/logout", data=sent, headers={"Sec-Fetch-Site": "cross-site", "Accept": "text/html"})
    assert answer.status_code == 400


def test_a_stale_or_misled_registration_is_answered_by_a_page(browser):
    fields = {"contact": make_email(), "personal_data": "y"}
    stale = browser.post("/register", token="of another browser", **fields)
    assert (stale.status_code, stale.mimetype) == (400, "text/html") and "Страница устарела" in stale.text
    nobodys = browser.post("/register", partner="000000", **fields)
    assert (nobodys.status_code, nobodys.mimetype) == (404, "text/html")
    wrong = browser.client.post("/register", json={"contact": "x"}, headers={"Accept": "text/html"})
    assert wrong.mimetype == "application/problem+json", "whoever sends JSON is answered in JSON"


def test_registering_by_email_makes_a_customer_of_the_partner(app, browser):
    with app.test_request_context(), transaction():
        partner = make_partner()
        code, partner_id = partner.code, partner.id
    assert f'value="{code}"' in browser.get(f"/register?partner={code}").text
    email = make_email()
    fields = {"contact": email, "name": "Вера", "partner": code, "personal_data": "y"}
    assert browser.post("/register", **fields).headers["Location"] == "/login/code"
    assert browser.post("/login/code", code=code_sent(app)).headers["Location"] == "/customer"
    with app.test_request_context(), transaction():
        found = db.session.execute(
            db.select(Customer.name, Membership.active, Consent.kind, Consent.granted, Consent.place)
            .join(Membership, Membership.customer_id == Customer.id)
            .join(Consent, Consent.customer_id == Customer.id)
            .where(Membership.partner_id == partner_id)
            .order_by(Consent.kind)
        ).all()
    assert found == [("Вера", 100, "advertising", False, "page"), ("Вера", 100, "personal_data", True, "page")]


def test_nobody_is_registered_without_consent(app, browser):
    email = make_email()
    page = browser.post("/register", contact=email, name="Вера", advertising="y")
    assert page.status_code == 422
    assert "Без этого согласия" in page.text
    assert f'value="{email}"' in page.text
    with app.test_request_context(), transaction():
        target = sign_in._Target.of(Identifier("email", email)).hash
        assert db.session.scalar(db.select(SignInCode.id).where(SignInCode.target_hash == target)) is None


def test_everything_wrong_with_a_registration_is_said_at_once(browser):
    page = browser.post("/register", contact="12").text
    assert "Без этого согласия" in page
    assert "не похоже на номер телефона" in page


def test_one_address_takes_forms_and_json(client, browser):
    refused = client.post("/register", json={"email": "nonsense", "partner_id": None})
    assert refused.mimetype == "application/problem+json"
    assert browser.post("/register", contact="nonsense@", personal_data="y").mimetype == "text/html"


def test_a_form_cannot_use_the_json_door_to_pass_the_token(client):
    answer = client.post("/register", data={"contact": make_email(), "personal_data": "y"})
    assert answer.status_code == 400


def test_an_unknown_partner_is_a_page(browser):
    page = browser.get("/register?partner=999999999999")
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "Такого партнёра нет" in page.text


def test_a_dismissed_cashier_is_out_at_the_next_click(app, browser):
    cast = make_cast(app)
    cashier = cast.ours.staff["cashier"]
    browser.sign_in(cashier.customer_id)
    assert browser.get("/login").headers["Location"] == "/partner"
    owner = cast.ours.staff["owner"]
    staff = owner.get("/api/partner/staff").json["items"]
    staff_id = next(row["id"] for row in staff if row["customer_id"] == str(cashier.customer_id))
    assert owner.delete(f"/api/partner/staff/{staff_id}").status_code == 204
    assert browser.get("/login").headers["Location"] == "/customer"

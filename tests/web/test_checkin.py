"""The QR on the counter: a stranger registers and comes back, says what they bought, and sees what became of it."""

from __future__ import annotations

import itertools
import random
import re
import uuid
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from loyalty import claims, partners, sales, widget_look
from loyalty.clock import utcnow
from loyalty.customers import known_contacts, membership_of
from models import db, transaction
from models.partner import Partner
from tests.factories import make_branch, make_customer, make_email, make_partner
from tests.web.browser import Browser
from tests.web.test_sign_in import code_sent

_numbers = itertools.count(random.randrange(10**6))


def receipt(amount="700.00", *, ago=timedelta(), kind=1, number=None):
    at = (utcnow() - ago).astimezone(ZoneInfo("Europe/Moscow"))
    number = number or next(_numbers)
    return f"t={at:%Y%m%dT%H%M}&s={amount}&fn=9960440300000999&i={number}&fp=1234567890&n={kind}"


@pytest.fixture
def cafe(app):
    """Of the test's own: (id, code)."""
    with app.app_context(), transaction():
        partner = make_partner(name="Пекарня «У дома»")
        return partner.id, partner.code


@pytest.fixture
def guest(app):
    """Somebody who has never been there, with a browser of their own."""
    with app.app_context(), transaction():
        person = make_customer(name="Нина").id
    browser = Browser(app).sign_in(person)
    browser.person = person
    return browser


@pytest.fixture
def ask(cafe, guest):
    def ask(browser=guest, **fields):
        sent = {"partner": cafe[1], "amount": "", "receipt": "", "personal_data": "y", "deed": str(uuid.uuid4())}
        return browser.post("/checkin", **sent | fields)

    return ask


@pytest.fixture
def own(app, guest):
    def own(person=None):
        with app.app_context():
            return claims.list_own(person or guest.person)

    return own


@pytest.fixture
def decide(app, cafe):
    """`decide("approve")` does that to the first claim that waits."""

    def decide(verb, **more):
        caller = sales.Caller("counter", "manual")
        with app.app_context(), transaction() as session:
            partner = session.get_one(Partner, cafe[0])
            (first, *_) = claims.list_claims(partner.id, caller=caller, contacts=False)
            getattr(claims, verb)(partner, first.claim_id, caller=caller, now=utcnow(), **more)

    return decide


def test_a_stranger_registers_there_and_comes_back_to_the_counter(app, cafe, words, values):
    browser, email = Browser(app), make_email()
    page = browser.get(f"/checkin?partner={cafe[1]}")
    assert page.status_code == 200 and "Пекарня «У дома»" in words(page) and "5 % от каждой покупки" in words(page)
    assert values(page)["next"] == f"/checkin?partner={cafe[1]}"
    browser.post("/register", contact=email, name="Нина", personal_data="y", partner=cafe[1], next=values(page)["next"])
    entered = browser.post("/login/code", code=code_sent(app))
    assert entered.headers["Location"] == f"/checkin?partner={cafe[1]}"
    page = browser.get(entered.headers["Location"])
    assert "Сумма чека" in words(page) and "Согласен" not in words(page), "the consent was just given"


@pytest.mark.parametrize("hostile", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_a_registration_leads_to_no_other_site(app, hostile):
    browser = Browser(app)
    browser.post("/register", contact=make_email(), personal_data="y", next=hostile)
    assert browser.post("/login/code", code=code_sent(app)).headers["Location"] == "/customer"


def test_a_known_person_asks_and_the_page_waits_for_the_cashier(app, cafe, guest, ask, own, decide, words):
    answer = ask(amount="1 000,00")
    assert answer.status_code == 303
    page = guest.get(answer.headers["Location"])
    assert "Заявка отправлена. Покажите кассиру" in words(page) and 'data-module="poll"' in page.text
    with app.app_context():
        membership = membership_of(guest.person, cafe[0])
        assert (membership.name, membership.balance) == ("Нина", 100), "the welcome bonus alone"
        assert list(known_contacts(membership)) == ["phone"]
    decide("approve")
    page = guest.get(answer.headers["Location"])
    assert "+50 баллов" in words(page) and "Баланс теперь 150 баллов" in words(page)
    assert 'data-module="poll"' not in page.text, "nothing is waited for any more"
    assert [one.state for one in own()] == ["approved"]


def test_nobody_joins_without_the_consent(app, cafe, guest, ask, own, words):
    page = guest.get(f"/checkin?partner={cafe[1]}")
    assert "Согласен на обработку" in words(page) and "увидит ваше имя и +7" in words(page)
    refused = ask(amount="100", personal_data=None)
    assert refused.status_code == 422 and "Без этого согласия" in words(refused)
    assert own() == []
    with app.app_context():
        assert membership_of(guest.person, cafe[0]) is None


def test_what_was_typed_stays_when_it_is_wrong(ask, values, words):
    refused = ask(amount="много", receipt="t=1")
    assert refused.status_code == 422 and "Введите сумму в рублях" in words(refused)
    assert (values(refused)["amount"], values(refused)["receipt"]) == ("много", "t=1")
    assert "Введите сумму чека или отсканируйте чек" in words(ask())


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"receipt": receipt(), "amount": "700,01"}, "В чеке другая сумма"),
        ({"receipt": receipt(ago=timedelta(hours=-6))}, "Время этого чека ещё не наступило"),
        ({"receipt": receipt(ago=timedelta(days=731))}, "Этот чек слишком старый: баллы дают в течение 72 ч."),
        ({"receipt": receipt(kind=2)}, "Это не чек продажи"),
        ({"receipt": "https://example.com/<script>"}, "Это не код кассового чека"),
        ({"amount": "100", "branch": str(uuid.uuid4())}, "Такого филиала нет"),
        ({"amount": "100", "branch": "x"}, "Такого филиала нет"),
    ],
)
def test_what_is_wrong_with_a_receipt_is_said(ask, own, words, fields, sentence):
    refused = ask(**fields)
    assert refused.status_code == 422 and sentence in words(refused)
    assert "<script>" not in refused.text
    assert own() == []


def test_a_receipt_shown_again_leads_to_the_same_request_and_is_nobody_elses(app, ask, own, cafe, words):
    text = receipt()
    first = ask(receipt=text)
    assert ask(receipt=text).headers["Location"] == first.headers["Location"]
    with app.app_context(), transaction():
        other = make_customer().id
    refused = ask(Browser(app).sign_in(other), receipt=text)
    assert refused.status_code == 422 and "баллы уже запрашивали" in words(refused)
    (mine,) = own()
    assert mine.has_receipt and mine.amount == 700


def test_a_form_sent_twice_asks_once(ask, own):
    deed = str(uuid.uuid4())
    assert ask(amount="100", deed=deed).headers["Location"] == ask(amount="100", deed=deed).headers["Location"]
    assert len(own()) == 1


def test_the_branch_of_the_poster_is_chosen_already(app, cafe, ask, own, guest, values):
    with app.app_context(), transaction() as session:
        branch_id = str(make_branch(session.get_one(Partner, cafe[0]), "На углу").id)
    page = guest.get(f"/checkin?partner={cafe[1]}&branch={branch_id}")
    assert values(page)["branch"] == branch_id
    ask(amount="100", branch=branch_id)
    assert own()[0].branch_name == "На углу"


def test_a_refusal_is_read_as_it_was_written(guest, ask, decide, words):
    answer = ask(amount="100")
    decide("refuse", reason="<img src=x onerror=alert(1)> не нашли")
    page = guest.get(answer.headers["Location"])
    assert "<img src=x" not in page.text and "&lt;img src=x onerror=alert(1)&gt; не нашли" in page.text
    assert "Отправить ещё раз" in words(page)
    assert "&lt;img src=x" in guest.get("/customer/claims").text


def test_the_history_shows_requests_that_gave_nothing_yet_and_why(guest, ask, decide, words):
    ask(amount="600")
    assert "Заявки без баллов" in words(guest.get("/customer/loyalty"))
    decide("refuse", reason="Это не наш чек.")
    told = words(guest.get("/customer/loyalty"))
    assert "Заявки без баллов" in told and "600" in told and "Это не наш чек." in told


def test_a_stranger_may_go_on_in_the_bot_with_the_branch_of_the_poster(app, cafe):
    branch = uuid.uuid4()
    for named, payload in ((branch, f"c{cafe[1]}-{branch.hex}"), ("zz", f"c{cafe[1]}"), ("", f"c{cafe[1]}")):
        page = Browser(app).get(f"/checkin?partner={cafe[1]}&branch={named}").text
        assert f'start={payload}"' in page


def test_a_request_is_withdrawn_while_it_waits(guest, ask, own, decide, words):
    answer = ask(amount="100")
    assert guest.post(answer.headers["Location"] + "/withdraw").status_code == 303
    assert "отозвана" in words(guest.get("/customer/claims"))
    answer = ask(amount="100")
    decide("approve")
    refused = guest.post(answer.headers["Location"] + "/withdraw")
    assert (refused.status_code == 422 and "уже решили" in words(refused)) or "рассмотрена" in words(refused)
    assert {one.state for one in own()} == {"withdrawn", "approved"}


def test_the_colour_is_the_partners_own(app, cafe, guest):
    with app.app_context(), transaction() as session:
        widget_look.set_look(session.get_one(Partner, cafe[0]), {"accent": "#7a3b12"}, by=None, now=utcnow())
    page = guest.get(f"/checkin?partner={cafe[1]}")
    assert 'fill="#7a3b12"' in page.text and "style=" not in re.sub(r"stylesheet|data-style", "", page.text)


@pytest.mark.parametrize("reference", ["000000", "x", "406631153' OR 1=1"])
def test_a_qr_of_nobody_says_so(guest, words, reference):
    answer = guest.get(f"/checkin?partner={reference}")
    assert answer.status_code == 404 and "Такого партнёра нет" in words(answer)


def test_a_suspended_partner_takes_no_requests(app, cafe, guest, ask, own):
    with app.app_context(), transaction() as session:
        session.get_one(Partner, cafe[0]).state = "suspended"
    assert guest.get(f"/checkin?partner={cafe[1]}").status_code == 404
    assert ask(amount="100").status_code == 404 and own() == []


def test_a_number_can_be_typed_instead(guest, cafe, words):
    assert "Номер заведения" in words(guest.get("/checkin"))
    with guest.app.app_context():
        assert partners.get_open_partner(cafe[1]).id == cafe[0]


def test_many_requests_do_not_wait_beside_each_other(ask, own, words):
    for n in range(claims.MOST_WAITING):
        ask(amount=str(n + 1))
    refused = ask(amount="77")
    assert refused.status_code == 422 and "ждут 10 ваших заявок" in words(refused)
    assert len(own()) == claims.MOST_WAITING


def test_the_list_goes_on_where_it_ended(app, cafe, guest, monkeypatch):
    monkeypatch.setattr("web.checkin.PAGE", 2)
    with app.app_context(), transaction() as session:
        person, partner = session.get_one(type(make_customer()), guest.person), session.get_one(Partner, cafe[0])
        for n in range(3):
            claims.claim(partner, person, amount=n + 1, now=utcnow())
    page = guest.get("/customer/claims")
    following = re.search(r'/customer/claims\?after=[^"]+', page.text)[0]
    assert page.text.count("row-link") == 2 and guest.get(following).text.count("row-link") == 1
    assert guest.get("/customer/claims?after=x").status_code == 400


def test_whoever_is_signed_out_meanwhile_signs_in_and_comes_back(app, cafe):
    answer = Browser(app).post("/checkin", partner=cafe[1], amount="100", next=f"/checkin?partner={cafe[1]}")
    assert answer.status_code == 303 and answer.headers["Location"].startswith("/login?next=/checkin")
    with app.app_context():
        assert db.session.scalar(db.text("SELECT count(*) FROM claim WHERE partner_id = :id"), {"id": cafe[0]}) == 0

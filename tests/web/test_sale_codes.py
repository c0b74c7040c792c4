"""What a cashier's QR opens: the points of one purchase, for whoever takes them first, and a clear word to everybody else."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from loyalty import programmes, sale_codes
from loyalty.clock import utcnow
from loyalty.customers import membership_of
from models import db, transaction
from models.ledger import Purchase
from models.partner import Partner
from models.sale_code import SaleCode
from tests.factories import make_customer, make_email
from tests.support.qr import read_svg
from tests.web.browser import Browser
from tests.web.test_sign_in import code_sent


@pytest.fixture
def guest(app):
    """`guest()` is somebody new, with a browser of their own."""

    def guest():
        with app.app_context(), transaction():
            person = make_customer(name="Нина").id
        browser = Browser(app).sign_in(person)
        browser.person = person
        return browser

    return guest


@pytest.fixture
def offer(desk, settings):
    """What the cashier's QR says, as a path, and the page that shows it."""

    def offer(amount="700", browser=None):
        cashier = browser or desk("cashier")
        answer = cashier.post("/partner", act="offer", amount=amount, deed=str(uuid.uuid4()))
        assert answer.status_code == 303, answer.text
        page = cashier.get(answer.headers["Location"]).text
        return read_svg(page[page.index('<svg class="qr"') :]).removeprefix(settings.public_url), answer.headers[
            "Location"
        ]

    return offer


@pytest.fixture
def purchases(app, cast):
    def count():
        with app.app_context():
            query = db.select(db.func.count()).select_from(Purchase)
            return db.session.scalar(query.where(Purchase.partner_id == cast.ours.partner_id))

    return count


def take(browser, path, values, **fields):
    """Press the button that the page showed."""
    shown = values(browser.get(path))
    return browser.post(path, **{"earn": shown["earn"], "personal_data": "y"} | fields)


def test_a_customer_scans_it_and_has_the_points(app, cast, desk, guest, offer, values, words):
    (path, shown), nina = offer(), guest()
    page = nina.get(path)
    assert "Получить 35 баллов" in words(page) and "700 ₽" in words(page)
    taken = take(nina, path, values)
    assert taken.status_code == 303
    page = words(nina.get(path))
    assert "+35 баллов" in page and "за чек на 700 ₽" in page and "Баланс теперь 35 баллов" in page
    with app.app_context():
        purchase = db.session.scalar(db.select(Purchase).where(Purchase.partner_id == cast.ours.partner_id))
        cashier = cast.ours.staff["cashier"].customer_id
        assert (purchase.source, purchase.actor) == ("qr_code", cashier)
    assert "+35 баллов" in words(desk("cashier").get(shown)) and "Нина" in words(desk("cashier").get(shown))
    assert 'data-module="poll"' not in desk("cashier").get(shown).text


def test_it_is_taken_once_and_the_second_is_told(guest, offer, values, words, purchases):
    (path, _), first, second = offer(), guest(), guest()
    seen = values(second.get(path))
    take(first, path, values)
    late = second.post(path, earn=seen["earn"], personal_data="y")
    assert late.status_code == 409 and "уже получили" in words(late)
    assert second.get(path).status_code == 409 and Browser(second.app).get(path).status_code == 409
    assert first.post(path, earn=seen["earn"]).status_code == 303, "again by the same person: the same"
    assert purchases() == 1


def test_a_stranger_registers_and_comes_back_to_it(app, offer, values, words, purchases):
    (path, _), browser = offer(), Browser(app)
    shown = values(browser.get(path))
    assert shown["next"] == path
    browser.post("/register", contact=make_email(), personal_data="y", partner=shown["partner"], next=path)
    entered = browser.post("/login/code", code=code_sent(app))
    assert entered.headers["Location"] == path
    assert "Согласен" not in words(browser.get(path)), "it was asked a moment ago"
    assert take(browser, path, values).status_code == 303 and purchases() == 1


def test_nobody_takes_it_without_signing_in_or_without_the_consent(app, guest, offer, values, words, purchases):
    path, _ = offer()
    sent = Browser(app).post(path, earn="35", personal_data="y")
    assert (sent.status_code, sent.headers["Location"]) == (303, path)
    refused = take(guest(), path, values, personal_data=None)
    assert refused.status_code == 422 and "Без этого согласия" in words(refused)
    assert purchases() == 0


def test_an_expired_one_says_so(app, guest, offer, values, words, purchases, monkeypatch):
    (path, _), nina = offer(), guest()
    seen = values(nina.get(path))
    later = utcnow() + sale_codes.LIFE + timedelta(seconds=1)
    monkeypatch.setattr("web.sale_codes.utcnow", lambda: later)
    for answer in (nina.get(path), nina.post(path, earn=seen["earn"], personal_data="y")):
        assert answer.status_code == 404 and "больше не действует" in words(answer)
    assert purchases() == 0


@pytest.mark.parametrize("tampered", ["/r/x", "/r/" + "A" * 22, "/r/" + "%00" * 22, "/r/<script>alert(1)</script>"])
def test_a_made_up_one_says_the_same(guest, words, tampered):
    answer = guest().get(tampered)
    assert answer.status_code in (400, 404) and "<script>alert" not in answer.text


def test_one_changed_letter_is_another_code(guest, offer, purchases):
    path, _ = offer()
    changed = path[:-2] + ("A" if path[-2] != "A" else "B") + path[-1]
    assert guest().get(changed).status_code == 404
    assert guest().post(changed, earn="35", personal_data="y").status_code == 404 and purchases() == 0


def test_another_price_is_shown_before_anything_is_posted(app, cast, guest, offer, values, words, purchases):
    (path, _), nina = offer(), guest()
    seen = values(nina.get(path))
    with app.app_context(), transaction():
        programmes.set_rules(cast.ours.partner_id, {"rate": "0.10"}, by=None, now=utcnow())
    for earn in (seen["earn"], "-5", "x", ""):
        refused = nina.post(path, earn=earn, personal_data="y")
        assert refused.status_code == 422 and "изменились" in words(refused)
        assert "Получить 70 баллов" in words(refused) and purchases() == 0
    assert take(nina, path, values).status_code == 303 and purchases() == 1


def test_a_cashier_takes_it_back_and_types_another_sum(desk, guest, offer, values, words):
    cashier = desk("cashier")
    path, shown = offer("7000", cashier)
    back = cashier.post(f"{shown}/revoke")
    assert values(cashier.get(back.headers["Location"]))["amount"] == "7000"
    assert "Код отменён" in words(cashier.get(shown)) and guest().get(path).status_code == 404
    path, shown = offer("700", cashier)
    take(guest(), path, values)
    assert cashier.post(f"{shown}/revoke").headers["Location"] == shown, "somebody was quicker"


def test_a_code_needs_a_sum_and_a_form_makes_one(app, cast, desk, words):
    cashier, deed = desk("cashier"), str(uuid.uuid4())
    refused = cashier.post("/partner", act="offer", amount="", deed=deed)
    assert refused.status_code == 422 and "Введите сумму в рублях" in words(refused)
    again = {cashier.post("/partner", act="offer", amount="5", deed=deed).headers["Location"] for _ in range(2)}
    assert len(again) == 1
    with app.app_context():
        query = db.select(db.func.count()).select_from(SaleCode).where(SaleCode.partner_id == cast.ours.partner_id)
        assert db.session.scalar(query) == 1


def test_a_suspended_partners_codes_do_not_work(app, cast, guest, offer, purchases):
    path, _ = offer()
    nina = guest()
    with app.app_context(), transaction() as session:
        session.get_one(Partner, cast.ours.partner_id).state = "suspended"
    assert nina.get(path).status_code == 404 and purchases() == 0
    with app.app_context():
        assert membership_of(nina.person, cast.ours.partner_id) is None

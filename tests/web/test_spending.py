"""The page on which a customer chooses how many points to spend and shows the code for the till."""

from __future__ import annotations

import re
import uuid
from decimal import Decimal

import pytest

from loyalty import codes
from loyalty.clock import utcnow
from models import transaction
from tests.web.browser import Browser
from tests.web.shopper import Shopper


@pytest.fixture
def anna(app):
    return Shopper(app)


@pytest.fixture
def phone(app, anna):
    return Browser(app).sign_in(anna.customer_id)


@pytest.fixture
def cafe(anna):
    """(id, code): she has 250 points there, and half of a check may be paid with points."""
    made = anna.join("Эспрессо", max_share=Decimal(50), min_spend=50)
    anna.give(made, 250)
    return made


def choose(phone, cafe, points="120"):
    return phone.post("/spend", at=cafe[1], points=points)


def test_the_page_says_the_rules_then_shows_the_code(phone, cafe, words):
    page = phone.get(f"/spend?partner={cafe[1]}")
    assert 'value="250"' in page.text
    said = words(page)
    assert "250 баллов оплатят 250 ₽. Чтобы потратить столько, нужен чек от 500 ₽." in said
    assert "Не меньше 50 баллов за раз" in said and "Баллами можно оплатить не больше 50 % чека" in said
    assert choose(phone, cafe).headers["Location"] == f"/spend?partner={cafe[1]}"
    shown = phone.get(f"/spend?partner={cafe[1]}")
    assert "Вы тратите 120 баллов = 120 ₽" in words(shown)
    assert re.search(r'data-code="[0-9]{6}"', shown.text)
    assert phone.post("/spend/cancel", at=cafe[1]).status_code == 303
    assert "Баллы списаны не будут." in words(phone.get(f"/spend?partner={cafe[1]}"))


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ("251", "Доступно только баллов: 250"),
        ("10", "не меньше 50"),
        ("-5", "целое число баллов"),
        ("", "целое число баллов"),
        ("1e9", "целое число баллов"),
    ],
)
def test_what_cannot_be_spent_is_said_on_the_field(phone, cafe, words, points, said):
    answer = choose(phone, cafe, points)
    assert answer.status_code == 422
    assert said.casefold() in words(answer).casefold()
    assert "data-code" not in phone.get(f"/spend?partner={cafe[1]}").text


def test_who_has_nothing_there_is_told_how_to_get_some(app, phone, anna, words):
    empty = anna.join("Чайная", min_spend=100)
    assert "Пока нечего тратить" in words(phone.get(f"/spend?partner={empty[1]}"))
    stranger = Shopper(app)
    elsewhere = stranger.join("Булочная")
    assert "У вас ещё нет счёта в «Булочная»" in words(phone.get(f"/spend?partner={elsewhere[1]}"))
    assert choose(phone, elsewhere).status_code == 422
    assert phone.get("/spend?partner=999999999999").status_code == 404
    assert words(phone.get("/spend")).count("Пока нечего тратить") == 1


def test_whoever_is_not_signed_in_comes_back_here(app, cafe):
    answer = Browser(app).get(f"/spend?partner={cafe[1]}")
    assert answer.headers["Location"] == f"/login?next=/spend?partner%3D{cafe[1]}"


def test_the_till_sees_the_wish_with_the_code_and_takes_the_points(app, cast, desk, words, values):
    person = Browser(app).sign_in(cast.ours.member.customer_id)
    cashier = desk("cashier")
    cashier.post("/partner", act="credit", customer=cast.ours.phone, amount="10000", deed=str(uuid.uuid4()))
    code = cast.ours.partner_code
    assert person.post("/spend", at=code, points="200").status_code == 303
    with app.app_context(), transaction():
        digits = codes.show(cast.ours.member.customer_id, utcnow())[0]
    seen = cashier.get(f"/partner?customer={digits}&amount=1000")
    assert "Хочет потратить 200 баллов" in words(seen)
    assert values(seen)["points"] == "200"
    assert "Хочет потратить" not in words(cashier.get(f"/partner?customer={cast.ours.phone}&amount=1000"))
    deed = {"act": "hold", "customer": digits, "amount": "1000", "points": "200", "deed": str(uuid.uuid4())}
    hold = cashier.post("/partner", **deed).headers["Location"]
    here = f"/spend?partner={code}"
    assert "Кассир отложил 200 баллов" in words(person.get(here))
    assert "Кассир уже отложил ваши баллы" in words(person.post("/spend/cancel", at=code))
    cashier.post(f"{hold}/capture", deed=str(uuid.uuid4()))
    done = words(person.get(here))
    assert "−200 баллов" in done and "Оплачено баллами: 200 ₽" in done

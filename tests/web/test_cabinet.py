from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update

from loyalty import codes
from loyalty.clock import utcnow
from loyalty.types import Line
from models import transaction
from models.ledger import Membership
from tests.statements import counted_statements
from tests.web.browser import Browser
from tests.web.shopper import Shopper, days_ago

DIGITS = re.compile(r'data-code="([0-9]{6})"')


@pytest.fixture
def anna(app):
    return Shopper(app)


@pytest.fixture
def cabinet(app, anna):
    return Browser(app).sign_in(anna.customer_id)


def code_on(answer) -> str:
    return DIGITS.search(answer.text)[1]


def test_the_first_page_tells_the_total_what_it_is_worth_and_where_it_is(anna, cabinet, words):
    cafe, salon = anna.join("Эспрессо"), anna.join("Стиль", point_value=Decimal("2.00"))
    anna.give(cafe, 250)
    anna.give(salon, 500)
    page = words(cabinet.get("/customer"))
    assert "Мои баллы 750 баллов = 1 250 ₽ · у 2 партнёров" in page
    assert "Стиль 500 баллов = 1 000 ₽" in page
    assert "Эспрессо 250 баллов = 250 ₽" in page


def test_the_first_page_tells_what_waits_is_held_and_expires(anna, cabinet, words):
    shop = anna.join("Магазин", pending_days=14)
    cafe = anna.join("Кофейня", base_life_days=30)
    anna.buy(shop, "2000.00")
    anna.buy(cafe, "1000.00")
    anna.hold(cafe, 20)
    page = words(cabinet.get("/customer"))
    assert "ожидают: 100 баллов" in page
    assert "в резерве: 20 баллов" in page
    assert re.search(r"Что скоро сгорит К 30 баллов Кофейня: последний день — \d+ \w+ 20\d\d", page)


def test_the_first_page_counts_purchases_beside_the_period_before(anna, cabinet, words):
    cafe = anna.join("Кофейня")
    anna.buy(cafe, "1000.00", at=days_ago(3))
    anna.buy(cafe, "500.00", at=days_ago(4), back="500.00")
    anna.buy(cafe, "2000.00", at=days_ago(40))
    page = words(cabinet.get("/customer"))
    assert "За 30 дней Визиты 1 было 1 Потрачено 1 000 ₽ было 2 000 ₽ Средний чек 1 000 ₽ было 2 000 ₽" in page
    assert "За 12 месяцев Визиты 2 было 0 Потрачено 3 000 ₽ было 0 ₽ Средний чек 1 500 ₽ было —" in page


def test_a_segment_is_shown_where_there_is_one(app, anna, cabinet, words):
    partner_id, _ = anna.join("Кофейня")
    assert "Завсегдатай" not in words(cabinet.get("/customer"))
    with app.app_context(), transaction() as session:
        session.execute(update(Membership).where(Membership.partner_id == partner_id).values(segment="Завсегдатай"))
    assert "Кофейня Завсегдатай" in words(cabinet.get("/customer"))


def test_a_newcomer_is_told_what_to_do_next(cabinet, words):
    assert "Баллов пока нет Покажите код выше на кассе" in words(cabinet.get("/customer"))
    assert "Баллы появятся здесь с первой покупкой" in words(cabinet.get("/customer/loyalty"))
    assert "Покупок пока нет" in words(cabinet.get("/customer/purchases"))


def test_what_is_due_makes_no_page_of_the_cabinet_ask_without_end(app, anna, cabinet, monkeypatch):
    for number in range(5):
        partner = anna.join(f"Кофейня {number}", base_life_days=20, pending_days=1, hold_minutes=number + 1)
        anna.buy(partner, "1000.00", at=days_ago(10))
        anna.give(partner, 50)
        anna.hold(partner, 20)
    later = utcnow() + timedelta(days=30)
    for page in ("/customer", "/customer/loyalty", "/customer/purchases", "/customer/profile"):
        cookie = Browser(app).sign_in(anna.customer_id)
        monkeypatch.setattr("web.cabinet.utcnow", lambda: later)
        with app.app_context(), counted_statements() as statements:
            assert cookie.get(page).status_code == 200
        assert len(statements) <= 13, f"{page}: {len(statements)}"


# The code for the till


def test_looking_again_shows_the_same_code_and_another_is_shown_on_wish(app, anna, cabinet):
    shown = code_on(cabinet.get("/customer"))
    assert code_on(cabinet.get("/customer")) == code_on(cabinet.get("/customer/code")) == shown
    assert code_on(Browser(app).sign_in(anna.customer_id).get("/customer")) == shown, "another device"
    assert cabinet.post("/customer/code").headers["Location"] == "/customer"
    another = code_on(cabinet.get("/customer"))
    with app.app_context():
        assert codes.redeem_code(another, utcnow(), consume=False) == anna.customer_id
        assert another == shown or not _is_good(shown)


def test_a_used_code_gives_way_to_the_next_one(app, anna, cabinet):
    shown = code_on(cabinet.get("/customer"))
    with app.app_context(), transaction():
        codes.redeem_code(shown, utcnow())
    assert _is_someones(app, code_on(cabinet.get("/customer")), anna)


def test_the_picture_leads_to_the_till_with_the_code(app, cabinet):
    page = cabinet.get("/customer")
    address = f"{app.config['SETTINGS'].public_url}/partner?code={code_on(page)}"
    with app.test_request_context():
        assert str(app.jinja_env.globals["qr"](address, "QR-код для кассы")) in page.text
    assert cabinet.get(f"/partner?code={code_on(page)}").status_code in (303, 403, 404)


# The history


def test_the_history_tells_each_operation_in_words(anna, cabinet, words):
    cafe = anna.join("Кофейня")
    anna.buy(cafe, "1000.00", back="400.00")
    anna.give(cafe, -5, "Ошибка кассы")
    page = words(cabinet.get("/customer/loyalty"))
    assert re.search(r"Покупка Кофейня, [^+]*, \d\d:\d\d 5 % от 1 000 ₽ \+50", page)
    assert re.search(r"Возврат покупки Кофейня, [^−]*, \d\d:\d\d 400 ₽ из чека на 1 000 ₽ −20", page)
    assert re.search(r"Исправлено вручную Кофейня, [^−]* Ошибка кассы −5", page)


def test_the_history_narrows_to_a_partner_and_a_kind_in_its_address(anna, cabinet, words):
    cafe, salon = anna.join("Кофейня"), anna.join("Салон")
    anna.buy(cafe, "1000.00")
    anna.buy(cafe, "100.00", points=10)
    anna.buy(salon, "3000.00")
    page = words(cabinet.get(f"/customer/loyalty?partner={cafe[1]}&kind=earned"))
    assert "+50" in page and "+4" in page
    assert "−10" not in page and "+150" not in page
    only_spent = words(cabinet.get("/customer/loyalty?kind=spent"))
    assert "−10" in only_spent and "+50" not in only_spent
    page = cabinet.get(f"/customer/loyalty?partner={cafe[1]}&kind=earned").text
    assert f'href="/customer/loyalty?kind=spent&amp;partner={cafe[1]}"' in page
    assert re.search(r'kind=earned[^"]*" aria-current="true"', page)


def test_a_partner_one_is_no_member_of_has_no_operations_here(app, anna, cabinet, words):
    cafe, other = anna.join("Кофейня"), Shopper(app).join("Чужая")
    anna.buy(cafe, "1000.00")
    foreign = words(cabinet.get(f"/customer/loyalty?partner={other[1]}"))
    assert "Таких операций нет" in foreign and "Чужая" not in foreign
    assert foreign.replace(other[1], "x") == words(cabinet.get("/customer/loyalty?partner=999999")).replace(
        "999999", "x"
    )


def test_a_long_history_is_read_page_by_page(anna, cabinet):
    cafe = anna.join("Кофейня")
    for number in range(25):
        anna.give(cafe, number + 1)
    first = cabinet.get("/customer/loyalty")
    rows = re.findall(r'class="points is-good">\+(\d+)<', first.text)
    following = re.search(r'href="(/customer/loyalty\?[^"]*cursor=[^"]*)"', first.text)[1].replace("&amp;", "&")
    second = cabinet.get(following)
    rows += re.findall(r'class="points is-good">\+(\d+)<', second.text)
    assert rows == [str(number) for number in range(25, 0, -1)]
    assert "cursor=" not in second.text.split('class="pager"')[1].split("</nav>")[0]


def test_a_made_up_cursor_is_refused_in_words(cabinet, words):
    answer = cabinet.get("/customer/loyalty?cursor=nonsense")
    assert answer.status_code == 400
    assert "Начните с начала" in words(answer)


# The purchases


def test_a_purchase_shows_its_lines_and_what_was_returned(anna, cabinet, words):
    cafe = anna.join("Кофейня")
    lines = (Line(Decimal("400.00"), name="Капучино", quantity=Decimal(2)), Line(Decimal("600.00"), name="Торт"))
    anna.buy(cafe, "1000.00", lines=lines, back="500.00")
    page = words(cabinet.get("/customer/purchases"))
    assert "возвращено 500 ₽ 1 000 ₽ +25" in page
    assert "Капучино × 2 возвращено 200 ₽ 400 ₽" in page
    assert re.search(r"Возврат \d+ \w+ 20\d\d г. 500 ₽, снято 25 баллов", page)
    assert "Покупки 1 Потрачено 500 ₽ без возвратов Средний чек 500 ₽ Оплачено баллами 0 ₽" in page


def test_purchases_narrow_to_days_and_a_partner(anna, cabinet, words):
    cafe, salon = anna.join("Кофейня"), anna.join("Салон")
    anna.buy(cafe, "111.00", at=days_ago(2))
    anna.buy(salon, "222.00", at=days_ago(50))
    anna.buy(cafe, "333.00", at=days_ago(200))
    for query, expected in (
        ("", {"111 ₽", "222 ₽", "333 ₽"}),
        ("?period=30", {"111 ₽"}),
        (f"?period=365&partner={salon[1]}", {"222 ₽"}),
        (f"?since={days_ago(60).date()}&until={days_ago(40).date()}", {"222 ₽"}),
        (f"?until={days_ago(100).date()}", {"333 ₽"}),
    ):
        page = words(cabinet.get("/customer/purchases" + query))
        listed = page[page.index("Оплачено баллами") :]
        assert set(re.findall(r"(?:111|222|333) ₽", listed)) == expected, query
    assert "За эти дни покупок нет" in words(cabinet.get("/customer/purchases?since=2020-01-01&until=2020-01-31"))


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("since=2026-03-02&until=2026-03-01", "По: Последний день раньше первого."),
        ("since=yesterday", "С:"),
        ("since=2026-02-31", "С:"),
    ],
)
def test_impossible_days_are_said_beside_their_field(cabinet, words, query, sentence):
    answer = cabinet.get(f"/customer/purchases?{query}")
    assert answer.status_code == 422
    assert f"Проверьте {sentence}" in words(answer)


def _is_good(code: str) -> bool:
    try:
        return bool(codes.redeem_code(code, utcnow(), consume=False))
    except codes.CodeUnknown:
        return False


def _is_someones(app, code: str, person: Shopper) -> bool:
    with app.app_context():
        return codes.redeem_code(code, utcnow(), consume=False) == person.customer_id


def test_a_partners_page_tells_what_runs_there_and_what_is_sold(app, cast, desk, words):
    manager = desk("manager")
    manager.post("/partner/services/new", name="Стрижка", price="1500", category="Волосы", minutes="45", deed="")
    manager.post("/partner/services/new", name="Тайная", price="1", is_hidden="y", deed="")
    form = {"name": "Сто баллов", "points": "100", "min_amount": "500", "budget": "7777", "audience": "all", "deed": ""}
    made = manager.post("/partner/promotions/new?kind=fixed", **form)
    manager.post(made.headers["Location"].split("?")[0] + "/on")
    browser = Browser(app).sign_in(cast.ours.member.customer_id)
    page = words(browser.get(f"/customer/loyalty?partner={cast.ours.partner_code}")).replace("\xa0", " ")
    assert "Сто баллов 100 баллов, чек от 500 ₽" in page and "7 777" not in page
    assert "Стрижка 45 мин 1 500 ₽" in page and "Тайная" not in page
    assert "Сто баллов" not in words(browser.get("/customer/loyalty"))

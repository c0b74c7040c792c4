"""The cabinet as a customer lives with it: at a till with the phone held out, in two tabs, on the sofa, without scripts."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from loyalty import codes, sales, sessions
from loyalty.clock import utcnow
from loyalty.identities import Identifier
from models import db, transaction
from models.customer import CustomerCode
from models.partner import Partner
from tests.browser.checks import check_page
from tests.factories import make_email
from tests.web.shopper import CASHIER, Shopper

PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture
def anna(site) -> Shopper:
    return Shopper(site.app)


@pytest.fixture
def open_page(site, anna, new_context):
    """`open_page(path, …)` is Анна's cabinet on a phone; another call is another device of hers."""

    def open_page(path: str = "/customer", **wishes) -> Page:
        context = new_context(**PHONE | wishes)
        site.sign_in(context, anna.customer_id)
        page = context.new_page()
        page.goto(site.url + path)
        return page

    return open_page


@pytest.fixture
def credit_by(site):
    """`credit_by(code, partner, amount)`: a cashier types the code and credits a purchase."""

    def credit(code: str, partner, amount: str) -> None:
        with site.app.app_context(), transaction():
            sales.post_transaction(
                db.session.get_one(Partner, partner[0]),
                Identifier("code", code),
                sales.Basket(Decimal(amount)),
                kind="accrual",
                caller=CASHIER,
                key=code,
                now=utcnow(),
            )

    return credit


def shown_code(page: Page) -> str:
    return re.sub(r"\D", "", page.locator("#till-code .digits").inner_text())


@pytest.mark.parametrize("text", ["100%", "200%"])
def test_a_large_total_is_cut_off_nowhere(anna, open_page, text):
    anna.give(anna.join("Эспрессо"), 125_000)
    page = open_page()
    expect(page.locator("#total")).to_have_text("125 000 баллов")
    page.evaluate("size => { document.documentElement.style.fontSize = size }", text)
    for width in (320, 390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("(box => box.scrollWidth - box.clientWidth)(document.querySelector('#pass'))") == 0


def test_the_phone_shows_the_total_the_split_and_the_code_on_its_first_screen(anna, open_page):
    anna.give(anna.join("Эспрессо"), 250)
    anna.give(anna.join("Салон Стиль"), 500)
    page = open_page()
    expect(page.locator("#total")).to_have_text("750 баллов")
    expect(page.locator(".pocket")).to_have_text([re.compile("Стиль.*500.баллов", re.S), re.compile("Эспр.*250", re.S)])
    bottom = page.locator("#till-code .qr").bounding_box()
    tabs = page.locator(".ways").bounding_box()
    assert bottom["y"] + bottom["height"] <= tabs["y"], "nobody scrolls with a cashier waiting"
    assert re.fullmatch(r"\d{6}", shown_code(page))


def test_points_appear_on_the_phone_as_the_cashier_credits_them(anna, open_page, credit_by):
    cafe = anna.join("Кофейня")
    anna.give(cafe, 250)
    page = open_page()
    expect(page.locator("#total")).to_have_text("250 баллов")
    used = shown_code(page)
    credit_by(used, cafe, "1000.00")
    expect(page.locator("#total")).to_have_text("300 баллов", timeout=10_000)
    expect(page.locator("[data-announcer]")).to_have_text("Баллы изменились: 300 баллов")
    expect(page.locator("#latest")).to_contain_text("5 % от 1 000 ₽")
    assert shown_code(page) != used
    check_page(page)


def test_a_code_that_is_about_to_end_gives_way_to_the_next_by_itself(site, anna, open_page):
    page = open_page()
    first = shown_code(page)
    expect(page.locator("[data-timer]")).to_have_text(re.compile(r"действует ещё (2:00|1:5\d)"))
    with site.app.app_context(), transaction():
        theirs = CustomerCode.customer_id == anna.customer_id
        ends = {"expires_at": utcnow() + timedelta(seconds=5)}
        db.session.execute(update(CustomerCode).where(theirs).values(ends))
    expect(page.locator("#till-code")).not_to_have_attribute("data-code", first, timeout=10_000)
    with site.app.app_context():
        assert codes.redeem_code(shown_code(page), utcnow(), consume=False) == anna.customer_id


def test_a_page_that_nobody_looks_at_asks_for_no_codes(site, anna, open_page):
    page = open_page()
    asked = []
    page.on("request", lambda request: "/static/" in request.url or asked.append(request.url))
    page.evaluate("Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true})")
    page.wait_for_timeout(5000)
    assert asked == []
    page.evaluate(
        "Object.defineProperty(document, 'visibilityState', {value: 'visible', configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.wait_for_timeout(500)
    assert asked == [f"{site.url}/customer/code"]


def test_a_reload_and_a_second_tab_take_no_code_from_the_cashier(site, anna, open_page):
    page = open_page()
    first = shown_code(page)
    page.reload()
    tab = page.context.new_page()
    tab.goto(f"{site.url}/customer/code")
    assert shown_code(page) == shown_code(tab) == shown_code(open_page()) == first
    tab.get_by_role("button", name="Другой код").click()
    expect(tab.locator("#till-code")).not_to_have_attribute("data-code", first)
    expect(page.locator("#till-code")).to_have_attribute("data-code", shown_code(tab), timeout=10_000)


def test_without_scripts_a_button_shows_the_next_code_and_how_long_it_is_good(anna, open_page):
    page = open_page(java_script_enabled=False)
    first = shown_code(page)
    expect(page.locator("#till-code")).to_contain_text(re.compile(r"действует до \d\d:\d\d"))
    page.get_by_role("button", name="Другой код").click()
    assert shown_code(page) != first
    page.get_by_role("link", name="Крупно").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Покажите на кассе")


# The history


def test_filters_stand_in_the_address_and_survive_a_reload(anna, open_page):
    cafe, salon = anna.join("Кофейня"), anna.join("Салон")
    anna.buy(cafe, "1000.00")
    anna.buy(cafe, "500.00", points=10)
    anna.buy(salon, "3000.00")
    page = open_page("/customer/loyalty")
    page.get_by_role("link", name="Начислено").click()
    page.get_by_role("link", name="Кофейня").click()
    asked = parse_qs(urlsplit(page.url).query)
    assert asked == {"kind": ["earned"], "partner": [cafe[1]]}
    expect(page.locator("#operations .row-figure")).to_have_text(["+24", "+50"])
    page.reload()
    expect(page.locator("#operations .row-figure")).to_have_text(["+24", "+50"])
    expect(page.locator(".chips a[aria-current]")).to_have_text(["Начислено", "Кофейня"])


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_long_history_goes_on(anna, open_page, scripts):
    cafe = anna.join("Кофейня")
    for number in range(45):
        anna.give(cafe, number + 1)
    page = open_page("/customer/loyalty", java_script_enabled=scripts)
    seen = page.locator("#operations .row-figure").all_inner_texts()
    more = page.get_by_role("link", name="Показать ещё")
    for step in (1, 2):
        more.click()
        if scripts:
            expect(page.locator("#operations > li")).to_have_count(min(20 * (step + 1), 45))
        else:
            page.wait_for_load_state()
            seen += page.locator("#operations .row-figure").all_inner_texts()
    if scripts:
        seen = page.locator("#operations .row-figure").all_inner_texts()
        check_page(page)
    expect(more).to_have_count(0)
    assert seen == [f"+{number}" for number in range(45, 0, -1)]


# Purchases


def test_a_purchase_opens_to_its_lines_by_the_keyboard(anna, open_page):
    anna.buy(anna.join("Кофейня"), "1000.00", back="400.00")
    page = open_page("/customer/purchases")
    receipt = page.locator(".receipt summary")
    expect(receipt).to_contain_text("возвращено 400 ₽")
    expect(page.locator(".receipt-inside")).to_be_hidden()
    receipt.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".receipt-inside")).to_contain_text("снято 20 баллов")
    check_page(page)


def test_a_quick_period_and_days_of_ones_own_narrow_the_purchases(anna, open_page):
    cafe = anna.join("Кофейня")
    anna.buy(cafe, "111.00", at=utcnow() - timedelta(days=2))
    anna.buy(cafe, "222.00", at=utcnow() - timedelta(days=90))
    page = open_page("/customer/purchases")
    expect(page.locator(".receipt")).to_have_count(2)
    page.get_by_role("link", name="30 дней").click()
    expect(page.locator(".receipt .row-figure")).to_contain_text(["111 ₽"])
    page.get_by_label("По", exact=True).fill(f"{utcnow() - timedelta(days=60):%Y-%m-%d}")
    page.get_by_role("button", name="Показать").click()
    expect(page.locator(".receipt .row-figure")).to_contain_text(["222 ₽"])
    assert "until=" in page.url


# The profile


def test_an_e_mail_is_added_by_the_code_sent_to_it(site, open_page):
    page, email = open_page("/customer/profile"), make_email()
    page.get_by_label("Телефон или почта").fill(email)
    page.get_by_role("button", name="Отправить код").click()
    page.wait_for_url("**/customer/contacts/code")
    check_page(page)
    page.get_by_label("Код из сообщения").fill(site.read_code(email))
    page.wait_for_url("**/customer/profile*")
    expect(page.get_by_role("status").filter(has_text="Подтверждено")).to_contain_text(email)
    expect(page.locator("#contacts")).to_contain_text(email)


def test_a_session_ended_elsewhere_leads_to_the_door_and_says_why(site, anna, open_page):
    page = open_page()
    other = open_page("/customer/profile")
    other.get_by_role("button", name="Выйти везде, кроме этого").click()
    expect(other.locator(".notice-success")).to_contain_text("На всех остальных устройствах вы вышли")
    page.wait_for_url(
        f"{site.url}/login?next=/customer&ended=1", timeout=10_000
    )  # the page looks by itself and finds out
    expect(page.get_by_role("status").filter(has_text="Вы вышли")).to_contain_text("закрыли с другого устройства")
    with site.app.app_context():
        assert len(sessions.list_sessions(anna.customer_id, utcnow())) == 1


def test_data_are_downloaded_as_a_file(anna, open_page):
    page = open_page("/customer/profile")
    with page.expect_download() as download:
        page.get_by_role("link", name="Скачать мои данные").click()
    assert download.value.suggested_filename == "kopilka.json"
    assert str(anna.customer_id) in download.value.path().read_text(encoding="utf-8")

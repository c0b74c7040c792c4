"""A cashier at the till in a real browser: quick, on a phone, and nothing twice."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from loyalty import codes, sessions, verify
from loyalty.clock import utcnow
from models import db, transaction
from models.customer import Identity
from models.ledger import Membership, Purchase
from sandbox import world
from tests.browser.checks import check_keyboard, check_large_text, check_page
from tests.factories import make_phone
from tests.support.site import Site

ESPRESSO = world.fixed_id("espresso")
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def shop(settings, databases):
    """The demo world of these tests: they post at «Эспрессо»."""
    shop = Site(settings, databases)
    yield shop
    with shop.app.app_context(), db.engine.connect() as connection:
        assert list(verify.breaches(connection)) == []
    shop.close()


@pytest.fixture
def open_till(shop, new_context):
    """`open_till()` is the till as the cashier of «Эспрессо» has it, on a phone."""

    def open_till(**wishes) -> Page:
        context = new_context(**{"viewport": PHONE} | wishes)
        shop.sign_in(context, "espresso-cashier")
        page = context.new_page()
        page.goto(f"{shop.url}/partner")
        return page

    return open_till


@pytest.fixture
def sales_to(shop):
    """How many purchases whoever has a phone has made here, and their balance."""

    def read(phone: str) -> tuple[int, int]:
        with shop.app.app_context():
            owner = db.select(Identity.customer_id).where(Identity.kind == "phone", Identity.value == phone)
            mine = (Membership.partner_id == ESPRESSO, Membership.customer_id.in_(owner))
            bought = (
                db.select(db.func.count())
                .select_from(Purchase)
                .join(
                    Membership,
                    (Membership.partner_id == Purchase.partner_id) & (Membership.id == Purchase.membership_id),
                )
            )
            balance = db.session.scalar(db.select(Membership.balance).where(*mine))
            return db.session.scalar(bought.where(*mine)), balance or 0

    return read


def type_in(page: Page, customer: str, amount: str) -> None:
    page.get_by_label("Телефон, карта или код").fill(customer)
    page.get_by_label("Сумма чека").fill(amount)


def press(page: Page, name: str | re.Pattern) -> None:
    page.get_by_role("button", name=name).click()


def credit(page: Page, customer: str, amount: str) -> None:
    """Post a purchase and wait for its result."""
    page.goto(page.url.split("/partner")[0] + "/partner")
    type_in(page, customer, amount)
    press(page, re.compile(r"Начислить \d"))
    expect(page.get_by_role("link", name="Следующий клиент")).to_be_visible()


def test_a_thousand_roubles_to_a_new_phone(open_till, sales_to):
    page, phone = open_till(), make_phone()
    check_keyboard(page)
    type_in(page, f"8{phone[2:]}", "1 000,00")
    expect(page.locator("#till-seen").get_by_text("Новый клиент")).to_be_visible()
    page.get_by_label("Имя нового клиента").fill("Пётр")
    check_page(page)
    check_large_text(page)
    press(page, "Начислить 50 баллов")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"\+50\s+баллов"))
    expect(page.get_by_text("Баланс теперь 50 баллов")).to_be_visible()
    expect(page.get_by_text("Пётр")).to_be_visible()
    check_page(page)
    check_large_text(page)
    assert sales_to(phone) == (1, 50)


def test_what_it_comes_to_follows_the_typing(open_till):
    page = open_till()
    type_in(page, "+7 916 123-45-67", "1000")
    expect(page.locator("#till-seen").get_by_text("Иван Петров")).to_be_visible()
    expect(page.get_by_role("button", name="Начислить 50 баллов")).to_be_visible()
    expect(page.get_by_label("Списать до")).to_have_value("250")
    page.get_by_label("Сумма чека").fill("120,50")
    expect(page.get_by_role("button", name="Начислить 6 баллов")).to_be_visible()
    expect(page.get_by_label("Списать до")).to_have_value("120")
    page.get_by_label("Телефон, карта или код").fill("+7 916")
    expect(page.get_by_text("Введите или отсканируйте клиента")).to_be_visible()
    check_page(page)


def test_what_was_typed_before_the_scripts_arrived_is_looked_at_too(fresh_site, new_context):
    context = new_context()
    fresh_site.sign_in(context, "espresso-cashier")
    page, held = context.new_page(), []
    page.route("**/js/till.js", lambda route: held.append(route))
    page.goto(f"{fresh_site.url}/partner")
    type_in(page, "+7 916 123-45-67", "1000")
    for route in held:
        route.continue_()
    expect(page.get_by_role("button", name="Начислить 50 баллов")).to_be_visible()
    assert held


def test_a_keyboard_and_a_scanner_that_types_are_enough(open_till, shop):
    page = open_till(viewport={"width": 1280, "height": 800})
    with shop.app.app_context(), transaction():
        code, _ = codes.issue(world.fixed_id("ivan"), utcnow())
    expect(page.get_by_label("Телефон, карта или код")).to_be_focused()
    page.keyboard.type(f"{shop.url}/partner?code={code}")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Сумма чека")).to_be_focused()
    expect(page.locator("#till-seen").get_by_text("Иван Петров")).to_be_visible()
    page.keyboard.type("20,00")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Начислить 1 балл")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Следующий клиент")).to_be_focused()
    press(page, re.compile("Отменить"))  # the other tests count on his points
    expect(page.get_by_role("heading", name="Отменено")).to_be_visible()


def test_points_pay_a_part_of_the_check(open_till, sales_to):
    page, phone = open_till(), make_phone()
    credit(page, phone, "4000")
    page.get_by_role("link", name="Следующий клиент").click()
    type_in(page, phone, "1000")
    press(page, "Списать")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"К оплате\s+800\s₽"))
    check_page(page)
    press(page, "Оплачено, провести")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"−200\s+\+40\s+баллов"))
    assert sales_to(phone) == (2, 40)


def test_points_are_not_spent_when_the_customer_changes_their_mind(open_till, sales_to):
    page, phone = open_till(), make_phone()
    credit(page, phone, "4000")
    page.get_by_role("link", name="Следующий клиент").click()
    type_in(page, phone, "1000")
    press(page, "Списать")
    press(page, "Не списывать баллы")
    expect(page.get_by_label("Сумма чека")).to_have_value("1000")
    assert sales_to(phone) == (1, 200)
    press(page, "Начислить 50 баллов")
    expect(page.get_by_role("link", name="Следующий клиент")).to_be_visible()
    assert sales_to(phone) == (2, 250)


def test_a_mistake_is_undone_and_typed_again(open_till, sales_to):
    page, phone = open_till(), make_phone()
    credit(page, phone, "10000")
    undo = page.get_by_role("button", name=re.compile(r"Отменить \(\d+\)"))
    expect(undo).to_be_visible()
    undo.click()
    expect(page.get_by_role("heading", name="Отменено")).to_be_visible()
    check_page(page)
    assert sales_to(phone) == (1, 0)
    page.get_by_role("link", name="Ввести заново").click()
    expect(page.get_by_label("Сумма чека")).to_have_value("10000")
    page.get_by_label("Сумма чека").fill("1000")
    press(page, "Начислить 50 баллов")
    expect(page.get_by_text("Баланс теперь 50 баллов")).to_be_visible()


def test_the_undo_goes_away_when_its_minute_is_over(open_till):
    page, phone = open_till(), make_phone()
    page.clock.install()
    credit(page, phone, "1000")
    expect(page.get_by_role("button", name=re.compile("Отменить"))).to_be_visible()
    page.clock.fast_forward("01:01")
    expect(page.get_by_role("button", name=re.compile("Отменить"))).to_have_count(0)
    expect(page.get_by_role("link", name="Чек и возврат")).to_be_visible()


def test_going_back_after_a_credit_posts_nothing_again(open_till, sales_to):
    page, phone = open_till(), make_phone()
    credit(page, phone, "1000")
    page.go_back()
    expect(page.get_by_label("Сумма чека")).to_be_visible()
    press(page, re.compile("Начислить"))
    page.wait_for_load_state()
    assert sales_to(phone) == (1, 50)


@pytest.mark.parametrize("with_scripts", [True, False])
def test_a_double_click_posts_once(open_till, sales_to, with_scripts):
    page, phone = open_till(java_script_enabled=with_scripts), make_phone()
    type_in(page, phone, "1000")
    if with_scripts:
        expect(page.locator("#till-seen").get_by_text("Новый клиент")).to_be_visible()
    else:
        press(page, "Посчитать")
    page.get_by_role("button", name="Начислить 50 баллов").dblclick()
    expect(page.get_by_role("link", name="Следующий клиент")).to_be_visible()
    assert sales_to(phone) == (1, 50)


def test_everything_works_without_scripts(open_till, sales_to):
    page, phone = open_till(java_script_enabled=False), make_phone()
    expect(page.get_by_role("button", name="Сканировать")).to_be_hidden()
    type_in(page, phone, "4000")
    press(page, "Начислить")
    expect(page.get_by_text("нажмите ещё раз").first).to_be_visible()
    press(page, "Начислить 200 баллов")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"\+200\s+баллов"))
    page.get_by_role("link", name="Следующий клиент").click()
    type_in(page, phone, "1000")
    press(page, "Посчитать")
    expect(page.get_by_text("Баланс 200 баллов")).to_be_visible()
    press(page, "Списать")
    press(page, "Оплачено, провести")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"−200\s+\+40"))
    press(page, "Отменить")
    expect(page.get_by_role("heading", name="Отменено")).to_be_visible()
    assert sales_to(phone) == (2, 200)


def test_two_tabs_post_each_its_own_purchase_and_a_reservation_once(open_till, sales_to):
    first, phone = open_till(), make_phone()
    second = first.context.new_page()
    second.goto(first.url)
    for page, amount in ((first, "4000"), (second, "2000")):
        type_in(page, phone, amount)
        expect(page.get_by_role("button", name=re.compile(r"Начислить \d"))).to_be_visible()
    press(first, re.compile("Начислить"))
    expect(first.get_by_role("link", name="Следующий клиент")).to_be_visible()
    press(second, re.compile("Начислить"))
    expect(second.get_by_text("Баланс теперь 300 баллов")).to_be_visible()
    first.get_by_role("link", name="Следующий клиент").click()
    type_in(first, phone, "1000")
    press(first, "Списать")
    expect(first.get_by_role("button", name="Оплачено, провести")).to_be_visible()
    second.goto(first.url)
    for page in (first, second):
        press(page, "Оплачено, провести")
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"−300\s+\+35"))
    assert sales_to(phone) == (3, 35)


def test_a_session_that_ended_elsewhere_leads_to_sign_in_and_posts_nothing(open_till, shop, sales_to):
    page, phone = open_till(), make_phone()
    type_in(page, phone, "1000")
    expect(page.locator("#till-seen").get_by_text("Новый клиент")).to_be_visible()
    with shop.app.app_context(), transaction():
        sessions.end_all(world.fixed_id("espresso-cashier"), utcnow())
    press(page, re.compile("Начислить"))
    expect(page.get_by_role("heading", name="Войти")).to_be_visible()
    assert sales_to(phone) == (0, 0)


CAMERA = """
window.BarcodeDetector = class {
  static async getSupportedFormats() { return ["qr_code"] }
  async detect() { return [{ rawValue: "http://localhost/partner?code=%s" }] }
}
navigator.mediaDevices.getUserMedia = async () => {
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d")
  setInterval(() => pen.fillRect(0, 0, Math.random() * 99, 99), 50)
  return canvas.captureStream()
}
"""


def test_a_camera_reads_the_customers_code_where_the_browser_can(open_till, shop):
    page = open_till()
    expect(page.get_by_role("button", name="Сканировать")).to_be_hidden()
    with shop.app.app_context(), transaction():
        code, _ = codes.issue(world.fixed_id("ivan"), utcnow())
    page.add_init_script(CAMERA % code)
    page.reload()
    press(page, "Сканировать")
    expect(page.locator("#till-seen").get_by_text("Иван Петров")).to_be_visible()
    expect(page.get_by_label("Сумма чека")).to_be_focused()


def test_a_refund_says_what_to_hand_back(open_till, sales_to):
    page, phone = open_till(), make_phone()
    credit(page, phone, "1000")
    page.get_by_role("link", name="Чек и возврат").click()
    page.get_by_label("Сумма возврата").fill("300")
    press(page, re.compile("^Вернуть$"))
    expect(page.get_by_text("Выдайте клиенту")).to_be_visible()
    check_page(page)
    assert sales_to(phone) == (1, 35)

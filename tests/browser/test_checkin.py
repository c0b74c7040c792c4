"""The QR on the counter, on a phone: from the poster to the points, with the cashier at the other screen."""

from __future__ import annotations

import itertools
import re
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from loyalty.clock import utcnow
from sandbox import world
from tests.browser.checks import check_keyboard, check_page, wait_for_scripts
from tests.factories import make_email
from tests.support.qr import read_png, read_svg
from tests.support.site import Site

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
IVAN = world.IVAN[1]
SLOWLY = 30_000
"""Milliseconds: what a page that looks again by itself may take on a busy machine."""
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def shop(settings, databases):
    """The demo world of these tests."""
    shop = Site(settings, databases)
    yield shop
    shop.close()


@pytest.fixture
def open_as(shop, new_context):
    """`open_as("espresso-cashier", "/partner/claims", …)` is a page of a demo person in a browser of their own; None: nobody's."""

    def open_as(who: str | None, address: str, **wishes) -> Page:
        context = new_context(**wishes)
        if who:
            shop.sign_in(context, who)
        page = context.new_page()
        page.goto(address if "://" in address else shop.url + address)
        return page

    return open_as


@pytest.fixture
def address(shop, open_as) -> str:
    """What a phone reads on the poster of «Эспрессо»."""
    desk = open_as("espresso-owner", "/partner/poster")
    with desk.expect_download() as download:
        desk.get_by_role("link", name="PNG").click()
    return read_png(download.value.path().read_bytes())


def receipt(amount: str, drive: str = "9960440300000321") -> str:
    at = utcnow().astimezone(ZoneInfo("Europe/Moscow"))
    return f"t={at:%Y%m%dT%H%M}&s={amount}&fn={drive}&i={next(_numbers)}&fp=1234567890&n=1"


def sign_in(shop: Site, page: Page, contact: str, scripts: bool = True) -> None:
    page.get_by_label("Телефон, почта или номер карты").fill(contact)
    page.get_by_role("button", name="Получить код").click()
    page.wait_for_url("**/login/code")
    page.get_by_label("Код из сообщения").fill(shop.read_code(contact))
    if not scripts:
        page.get_by_role("button", name="Войти").click()


def ask(page: Page, amount: str = "", text: str = "") -> None:
    page.get_by_label("Сумма чека").fill(amount)
    page.get_by_label("Текст QR-кода чека").fill(text)
    page.get_by_role("button", name="Запросить баллы").click()
    page.wait_for_url(re.compile("/customer/claims/"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def points(page: Page) -> int:
    """What the cabinet's first page says of all points."""
    page.goto(page.url.split("/customer")[0] + "/customer")
    return int(re.sub(r"\D", "", page.locator("#total").inner_text()))


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_from_the_poster_to_the_points(shop, open_as, address, scripts):
    assert address == f"{shop.url}/checkin?partner=406631153"
    before = points(open_as("ivan", "/customer"))
    phone = open_as(None, address, java_script_enabled=scripts, **PHONE)
    expect(phone.locator("main")).to_contain_text("Кофейня Эспрессо")
    phone.locator("main").get_by_role("link", name="Войти").click()
    sign_in(shop, phone, IVAN, scripts)
    phone.wait_for_url(re.compile(r"/checkin\?partner=406631153"))
    if phone.get_by_label("Согласен на обработку").count():
        phone.get_by_label("Согласен на обработку").check()

    desk = open_as("espresso-cashier", "/partner/claims", java_script_enabled=scripts)
    amount = "700" if scripts else "680"
    ask(phone, amount)
    expect(phone.get_by_role("heading", level=1)).to_have_text("Заявка отправлена. Покажите кассиру")
    if not scripts:
        desk.reload()
    card = desk.locator(".claim", has=desk.locator(f'input[value="{amount}"]'))
    expect(card).to_be_visible(timeout=SLOWLY)
    expect(card).to_contain_text("Иван Петров")
    expect(desk.locator(".ways .count").first).to_have_text("1")
    card.get_by_role("button", name="Одобрить").click()
    earned = int(amount) // 20
    expect(desk.get_by_role("status").first).to_contain_text(f"{earned} балл")

    if not scripts:
        phone.get_by_role("link", name="Обновить").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text(f"+{earned} балл", timeout=SLOWLY)
    if scripts:
        check_page(phone)
    expected = before + earned
    phone.goto(f"{shop.url}/customer")
    expect(phone.locator("#total")).to_contain_text(f"{expected} балл")


def test_a_newcomer_registers_at_the_counter(shop, open_as, address):
    phone, email = open_as(None, address, **PHONE), make_email()
    phone.get_by_label("Телефон или почта").fill(email)
    phone.get_by_label("Как к вам обращаться?").fill("Нина")
    phone.get_by_label("Согласен на обработку персональных данных").check()
    phone.get_by_role("button", name="Получить код").tap()
    phone.wait_for_url("**/login/code")
    phone.get_by_label("Код из сообщения").fill(shop.read_code(email))
    phone.wait_for_url(re.compile(r"/checkin\?partner="))
    expect(phone.get_by_text("Сейчас у вас здесь 100 баллов")).to_be_visible()
    ask(phone, "350")
    phone.get_by_role("button", name="Отозвать заявку").tap()
    expect(phone.locator(".row", has_text="отозвана")).to_be_visible()


def show_qr(desk: Page, amount: str) -> str:
    """What a phone reads on the till's screen."""
    desk.get_by_label("Сумма чека").fill(amount)
    desk.get_by_role("button", name="QR с суммой").click()
    desk.wait_for_url(re.compile("/partner/sale-codes/"))
    return read_svg(desk.locator(".sale-code svg").first.evaluate("drawing => drawing.outerHTML"))


def test_the_cashiers_qr_is_taken_by_one_phone_and_the_till_says_who(shop, open_as):
    desk = open_as("espresso-cashier", "/partner", **PHONE)
    wait_for_scripts(desk)
    link = show_qr(desk, "600")
    assert link.startswith(f"{shop.url}/r/")
    check_page(desk)
    phone, late = open_as("ivan", link, **PHONE), open_as("style-owner", link, **PHONE)
    expect(late.get_by_role("button", name=re.compile("Получить"))).to_be_visible()
    if phone.get_by_label("Согласен на обработку").count():
        phone.get_by_label("Согласен на обработку").check()
    phone.get_by_role("button", name="Получить 30 баллов").tap()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("+30 баллов")
    check_page(phone)
    late.reload()
    expect(late.get_by_role("heading", level=1)).to_have_text("Код не действует")
    expect(late.locator("main")).to_contain_text("уже получили")
    expect(desk.get_by_role("heading", level=1)).to_contain_text("+30", timeout=SLOWLY)
    expect(desk.locator("main")).to_contain_text("Иван Петров")


def test_a_receipt_that_was_pasted_is_looked_at_and_refused_with_a_reason(shop, open_as):
    phone = open_as("ivan", "/checkin?partner=406631153", **PHONE)
    text = receipt("987.50")
    ask(phone, text=text)
    expect(phone.locator("main")).to_contain_text("987,50")
    desk = open_as("espresso-cashier", "/partner/claims", **PHONE)
    card = desk.locator(".claim", has_text="987,50")
    expect(card).to_contain_text("Кассы из этого чека нет в вашем списке.")
    wait_for_scripts(desk)
    card.locator("summary").tap()
    check_page(desk)
    card.get_by_role("button", name="Это не наш чек.").tap()
    expect(desk.get_by_text("Отказано. Клиенту сообщим причину.")).to_be_visible()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Заявку не подтвердили", timeout=SLOWLY)
    expect(phone.locator("main")).to_contain_text("Это не наш чек.")
    check_page(phone)


def test_what_is_wrong_with_a_receipt_is_said_and_can_be_mended(open_as):
    phone = open_as("ivan", "/checkin?partner=406631153", **PHONE)
    phone.get_by_label("Сумма чека").fill("500,01")
    phone.get_by_label("Текст QR-кода чека").fill(receipt("500.00"))
    phone.get_by_role("button", name="Запросить баллы").tap()
    expect(phone.get_by_role("alert")).to_contain_text("В чеке другая сумма")
    check_page(phone)
    check_keyboard(phone)
    phone.get_by_label("Сумма чека").fill("")
    phone.get_by_role("button", name="Запросить баллы").tap()
    phone.wait_for_url(re.compile("/customer/claims/"))
    expect(phone.locator("main")).to_contain_text("500")


DETECTOR = """
window.BarcodeDetector = class {
  static async getSupportedFormats() { return ["qr_code"] }
  async detect(what) { return what instanceof ImageBitmap ? [{ rawValue: "%s" }] : %s }
}
"""
CAMERA = """
navigator.mediaDevices.getUserMedia = async () => {
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d")
  setInterval(() => pen.fillRect(0, 0, Math.random() * 99, 99), 50)
  return canvas.captureStream()
}
"""
NO_CAMERA = 'navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("no", "NotAllowedError") }'
DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010100000000376ef9240000000a49444154789c6360000000020001"
    "48afa4710000000049454e44ae426082"
)


def test_a_receipt_is_scanned_with_the_camera_or_out_of_a_photo(open_as):
    phone = open_as("ivan", "/checkin?partner=406631153", **PHONE)
    expect(phone.get_by_role("button", name="Сканировать чек")).to_be_hidden()
    text = receipt("123.00")
    phone.add_init_script(DETECTOR % (text, f'[{{ rawValue: "{text}" }}]') + CAMERA)
    phone.reload()
    phone.get_by_role("button", name="Сканировать чек").tap()
    expect(phone.get_by_label("Текст QR-кода чека")).to_have_value(text)
    expect(phone.get_by_role("button", name="Запросить баллы")).to_be_focused()

    other = receipt("124.00")
    phone.add_init_script(DETECTOR % (other, "[]") + NO_CAMERA)
    phone.reload()
    phone.get_by_role("button", name="Сканировать чек").tap()
    expect(phone.get_by_role("dialog")).to_contain_text("Камеру открыть не удалось")
    check_page(phone)
    phone.locator("dialog input[type=file]").set_input_files(
        {"name": "receipt.png", "mimeType": "image/png", "buffer": DOT}
    )
    expect(phone.get_by_label("Текст QR-кода чека")).to_have_value(other)


def test_what_the_cashier_is_typing_is_left_alone_until_it_is_sent(shop, open_as):
    for amount in ("41", "42"):
        ask(open_as("ivan", "/checkin?partner=406631153", **PHONE), amount)
    desk = open_as("espresso-cashier", "/partner/claims")
    wait_for_scripts(desk)
    card = desk.locator(".claim", has=desk.locator('input[value="41"]'))
    card.get_by_label("Сумма чека").fill("40")
    desk.clock.install()
    ask(open_as("ivan", "/checkin?partner=406631153", **PHONE), "43")
    with desk.expect_response(re.compile("/partner/claims$")):
        desk.clock.run_for(6000)
    expect(card.get_by_label("Сумма чека")).to_have_value("40")
    card.get_by_role("button", name="Одобрить").click()
    expect(desk.get_by_role("status").first).to_contain_text("2 балла за 40")
    expect(desk.locator(".claim", has=desk.locator('input[value="43"]'))).to_be_visible()


@pytest.mark.parametrize("size", ["a4", "tent"])
def test_a_poster_is_one_sheet_of_paper(open_as, size):
    page = open_as("espresso-owner", f"/partner/poster/print?size={size}")
    expect(page.get_by_role("button", name="Напечатать")).to_be_visible()
    sheets = re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(prefer_css_page_size=True, print_background=True))
    assert len(sheets) == 1
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Напечатать")).to_be_hidden()

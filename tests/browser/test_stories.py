"""What customers and staff tell each other, over several rooms; each story begins with a demo world of its own."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from sandbox import world
from tests.browser.test_widget import ask_for_code, launch, show_code
from tests.factories import make_email
from tests.support.site import Site

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
IVAN = world.IVAN[1]


@pytest.fixture
def open_as(fresh_site, new_context):
    """`open_as("ivan", "/customer", …)` is a page of a demo person in a browser of their own."""

    def open_as(who: str, address: str, **wishes) -> Page:
        context = new_context(**wishes)
        fresh_site.sign_in(context, who)
        page = context.new_page()
        page.goto(fresh_site.url + address)
        return page

    return open_as


def type_a_sale(till: Page, customer: str, amount: str) -> None:
    till.get_by_label("Телефон, карта или код").fill(customer)
    till.get_by_label("Сумма чека").fill(amount)


def points_at_espresso(site: Site, page: Page) -> str:
    """What the widget on the business's own site shows after signing in by phone."""
    page.goto(f"{site.elsewhere}/sandbox/sites/espresso")
    frame = launch(page)
    ask_for_code(frame, IVAN)
    show_code(frame, site.read_code(IVAN))
    balance = frame.locator("#balance")
    expect(balance).to_contain_text("балл")
    return " ".join(balance.inner_text().split())


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_thousand_roubles_at_the_till_are_fifty_points_in_the_cabinet_and_the_widget(
    fresh_site, open_as, new_context, scripts
):
    cabinet = open_as("ivan", "/customer", java_script_enabled=scripts, **PHONE)
    expect(cabinet.locator("#total")).to_have_text("750 баллов")

    till = open_as("espresso-cashier", "/partner", java_script_enabled=scripts)
    type_a_sale(till, "8 (916) 123-45-67", "1 000")
    if not scripts:
        till.get_by_role("button", name="Посчитать").click()
    expect(till.locator("#till-seen")).to_contain_text("Иван")
    expect(till.locator("#till-seen")).to_contain_text("50 баллов")
    till.get_by_role("button", name="Начислить 50 баллов").click()
    till.wait_for_url(re.compile("/partner/done/"))
    expect(till.locator("h1")).to_contain_text("+50")
    expect(till.locator("main")).to_contain_text("300 баллов")

    cabinet.reload()
    expect(cabinet.locator("#total")).to_have_text("800 баллов")
    expect(cabinet.locator(".pocket", has_text="Кофейня Эспрессо")).to_contain_text("300 баллов")
    expect(cabinet.locator(".pocket", has_text="Салон Стиль")).to_contain_text("500 баллов")
    assert points_at_espresso(fresh_site, new_context(**PHONE).new_page()) == "300 баллов"


def test_the_code_on_the_phone_is_typed_at_the_till_once(open_as):
    cabinet = open_as("ivan", "/customer", **PHONE)
    code = "".join(cabinet.locator(".digits").first.inner_text().split())
    till = open_as("espresso-cashier", "/partner")
    type_a_sale(till, code, "1000")
    till.get_by_role("button", name="Начислить 50 баллов").click()
    till.wait_for_url(re.compile("/partner/done/"))

    till.goto(till.url.split("/partner/")[0] + "/partner")
    type_a_sale(till, code, "1000")
    expect(till.locator("#till-seen")).to_contain_text("Код уже использован или истёк")
    cabinet.reload()
    expect(cabinet.locator("#total")).to_have_text("800 баллов")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_newcomer_registers_by_email_on_a_phone_and_has_the_welcome_gift(fresh_site, new_context, scripts):
    page, email = new_context(java_script_enabled=scripts, **PHONE).new_page(), make_email()
    page.goto(f"{fresh_site.url}/register?partner=406631153")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Кофейня Эспрессо")
    page.get_by_label("Телефон или почта").fill(email)
    page.get_by_label("Как к вам обращаться?").fill("Нина")
    page.get_by_role("button", name="Получить код").tap()
    expect(page.get_by_role("alert")).to_contain_text("Без этого согласия")
    expect(page.get_by_label("Телефон или почта")).to_have_value(email)
    page.get_by_label("Согласен на обработку персональных данных").check()
    page.get_by_role("button", name="Получить код").tap()
    page.wait_for_url("**/login/code")

    sandbox = new_context().new_page()
    fresh_site.deliver()
    sandbox.goto(f"{fresh_site.url}/sandbox/messages?to={email}")
    code = re.search(r"\b\d{6}\b", sandbox.locator("main").inner_text())[0]
    page.get_by_label("Код из сообщения").fill(code)
    if not scripts:
        page.get_by_role("button", name="Войти").tap()
    page.wait_for_url(re.compile("/customer$"))
    expect(page.locator("#total")).to_have_text("100 баллов")
    expect(page.locator(".pocket")).to_contain_text("Кофейня Эспрессо")


def test_a_session_that_ended_elsewhere_is_said_and_leads_back(fresh_site, open_as):
    phone = open_as("ivan", "/customer/loyalty", **PHONE)
    desk = open_as("ivan", "/customer/profile")
    desk.get_by_role("button", name="Выйти везде, кроме этого").click()
    phone.get_by_role("link", name="Покупки").click()
    phone.wait_for_url(re.compile("/login"))
    expect(phone.get_by_role("status").first).to_contain_text("сеанс закончился")
    phone.get_by_label("Телефон, почта или номер карты").fill(IVAN)
    phone.get_by_role("button", name="Получить код").tap()
    phone.wait_for_url("**/login/code")
    phone.get_by_label("Код из сообщения").fill(fresh_site.read_code(IVAN))
    phone.wait_for_url(re.compile("/customer/purchases$"))

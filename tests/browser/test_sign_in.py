"""Signing in and registering as people do it: in haste, with the keyboard, with two tabs, with scripts switched off."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from models import transaction
from tests.browser.checks import check_page
from tests.factories import make_customer, make_phone

PHONE_SCREEN = {"width": 390, "height": 844}


@pytest.fixture
def phone(site) -> str:
    """The phone of somebody who has never signed in."""
    number = make_phone()
    with site.app.app_context(), transaction():
        make_customer(number)
    return number


def ask_for_a_code(page, site, contact: str) -> str:
    page.goto(f"{site.url}/login?next=/register")
    page.get_by_label("Телефон, почта или номер карты").fill(contact)
    page.get_by_role("button", name="Получить код").click()
    page.wait_for_url("**/login/code")
    return site.read_code(contact)


def is_signed_in(page, site) -> bool:
    return site.app.config["PAGE_COOKIE_NAME"] in {cookie["name"] for cookie in page.context.cookies()}


def test_the_sixth_digit_signs_in_also_when_enter_follows_at_once(page, site, phone):
    code = ask_for_a_code(page, site, phone)
    page.get_by_label("Код из сообщения").press_sequentially(code)
    page.keyboard.press("Enter")
    page.wait_for_url("**/register")
    assert is_signed_in(page, site)


def test_a_code_is_pasted_with_its_spaces(page, site, phone):
    code = ask_for_a_code(page, site, phone)
    page.get_by_label("Код из сообщения").evaluate(
        """(input, text) => { input.value = text; input.dispatchEvent(new InputEvent("input", {bubbles: true})) }""",
        f" {code[:3]} {code[3:]} ",
    )
    page.wait_for_url("**/register")
    assert is_signed_in(page, site)


def test_a_wrong_code_is_said_where_the_eye_is_and_the_right_one_still_works(page, site, phone):
    code = ask_for_a_code(page, site, phone)
    page.get_by_label("Код из сообщения").fill(f"{(int(code) + 1) % 10**6:06}")
    refusal = page.get_by_role("alert")
    expect(refusal).to_contain_text("Код неверный или истёк")
    expect(refusal).to_be_focused()
    check_page(page)
    page.get_by_label("Код из сообщения").fill(code)
    page.wait_for_url("**/register")
    assert is_signed_in(page, site)


def test_five_wrong_codes_spoil_the_right_one(page, site, phone):
    code = ask_for_a_code(page, site, phone)
    for step in range(1, 6):
        with page.expect_navigation():
            page.get_by_label("Код из сообщения").fill(f"{(int(code) + step) % 10**6:06}")
    with page.expect_navigation():
        page.get_by_label("Код из сообщения").fill(code)
    expect(page.get_by_role("alert")).to_be_visible()
    assert not is_signed_in(page, site)


def test_the_back_button_after_signing_in_leads_on(page, site, phone):
    code = ask_for_a_code(page, site, phone)
    page.get_by_label("Код из сообщения").fill(code)
    page.wait_for_url("**/register")
    page.go_back()
    assert not page.url.endswith("/login/code"), "the form that was used is shown again"
    assert is_signed_in(page, site)


def test_a_code_filled_in_before_the_scripts_arrive_is_sent_too(page, site, phone):
    held = []
    page.route("**/js/otp.js", lambda route: held.append(route))
    code = ask_for_a_code(page, site, phone)
    page.get_by_label("Код из сообщения").fill(code)
    expect(page.get_by_label("Код из сообщения")).to_have_value(code)
    for route in held:
        route.continue_()
    page.wait_for_url("**/register")
    assert held
    assert is_signed_in(page, site)


def test_everything_works_with_scripts_switched_off(new_context, site, phone):
    page = new_context(java_script_enabled=False, viewport=PHONE_SCREEN).new_page()
    code = ask_for_a_code(page, site, phone)
    page.get_by_label("Код из сообщения").fill(code)
    page.get_by_role("button", name="Войти").click()
    page.wait_for_url("**/register")
    assert is_signed_in(page, site)


def test_the_code_of_one_tab_does_not_sign_in_the_person_of_another(page, site, phone):
    first = ask_for_a_code(page, site, phone)
    other = page.context.new_page()
    ask_for_a_code(other, site, "+79161234567")
    with page.expect_navigation():
        page.get_by_label("Код из сообщения").fill(first)
    assert not is_signed_in(page, site)
    expect(page.get_by_role("alert")).to_be_visible()


def test_the_language_is_switched_and_kept(page, site):
    page.goto(f"{site.url}/login")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto(f"{site.url}/register")
    assert page.locator("html").get_attribute("lang") == "en"

"""The demo as a visitor meets it: people, messages and partners' sites."""

from __future__ import annotations

import re

import pytest
import requests
from playwright.sync_api import expect

from sandbox import world
from tests.browser.checks import check_large_text, check_page

IVAN = world.IVAN[1]
BUSINESSES = [business.key for business in world.BUSINESSES]


def ask_for_a_code(site, phone: str) -> None:
    assert requests.post(f"{site.url}/api/auth/request-code", json={"phone": phone}, timeout=5).status_code == 202


@pytest.mark.parametrize("path", ["/sandbox", "/sandbox/messages", f"/sandbox/messages?to={IVAN}"])
def test_the_sandbox_is_for_everybody(page, site, path):
    ask_for_a_code(site, IVAN)
    site.deliver()
    page.goto(site.url + path)
    check_page(page)
    check_large_text(page)


def test_a_message_appears_while_one_looks_and_its_code_can_be_copied(new_context, fresh_site):
    context = new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{fresh_site.url}/sandbox")
    expect(page.get_by_text("Пока тихо")).to_be_visible()
    ask_for_a_code(fresh_site, IVAN)
    code = fresh_site.read_code(IVAN)
    expect(page.locator("#feed")).to_contain_text(f"{code} — код для входа", timeout=10_000)
    expect(page.get_by_role("status").filter(has_text="Пришло новое сообщение")).to_have_count(1)
    button = page.get_by_role("button", name="Скопировать код")
    button.click()
    expect(page.get_by_role("button", name="Скопировано")).to_be_focused()
    assert page.evaluate("navigator.clipboard.readText()") == code
    # the next message moves this one down, and the press that is about to come still meets it
    ask_for_a_code(fresh_site, world.ADMIN[1])
    fresh_site.deliver()
    expect(page.locator("#feed li")).to_have_count(2, timeout=10_000)
    expect(page.get_by_role("button", name="Скопировать код").nth(1)).to_be_focused()


def test_nobody_asks_for_messages_while_nobody_looks(page, site):
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/messages/latest" in request.url else None)
    with page.expect_request(re.compile("/messages/latest"), timeout=5000):
        page.goto(f"{site.url}/sandbox/messages")
    page.evaluate("""() => {
        Object.defineProperty(document, "hidden", {configurable: true, get: () => true})
        document.dispatchEvent(new Event("visibilitychange"))
    }""")
    page.wait_for_load_state("networkidle")
    asked.clear()
    page.wait_for_timeout(4000)
    assert asked == []
    with page.expect_request(re.compile("/messages/latest"), timeout=1500):
        page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")


def test_without_scripts_one_looks_again(new_context, site):
    ask_for_a_code(site, world.BUSINESSES[2].owner[1])
    site.deliver()
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{site.url}/sandbox")
    page.get_by_role("link", name="Обновить").click()
    page.get_by_role("link", name="Алина Громова").first.click()
    expect(page).to_have_url(re.compile(r"/sandbox/messages\?to="))
    expect(page.locator("#feed li")).to_have_count(1)
    page.get_by_role("link", name="Показать все").click()
    assert page.locator("#feed li").count() >= 1


@pytest.mark.parametrize(
    ("name", "room"),
    [
        ("Иван Петров", "/customer"),
        ("Артём Клюев", "/partner"),
        ("Ольга Белова", "/partner"),
        ("Анна Сергеева", "/admin"),
    ],
)
def test_one_press_opens_a_persons_room(page, site, name, room):
    page.goto(f"{site.url}/sandbox")
    page.get_by_role("button", name=f"Войти: {name}").click()
    expect(page).to_have_url(re.compile(rf"{re.escape(site.url + room)}(/\w+)?$"))
    expect(page.get_by_role("navigation", name="Разделы")).to_be_visible()
    page.goto(f"{site.url}/sandbox")
    card = page.get_by_role("listitem").filter(has_text=name)
    expect(card.get_by_text("Вы здесь")).to_be_visible()
    card.get_by_role("button", name="Выйти").click()
    expect(page.get_by_role("button", name=f"Войти: {name}")).to_be_visible()


@pytest.mark.parametrize("business", BUSINESSES)
def test_a_partners_site_shows_its_own_widget(new_context, site, business):
    page = new_context(viewport={"width": 390, "height": 844}).new_page()
    page.goto(f"{site.elsewhere}/sandbox/sites/{business}")
    (name,) = (one.name for one in world.BUSINESSES if one.key == business)
    frame = open_widget(page)
    expect(frame.get_by_text(name).first).to_be_visible()
    page.keyboard.press("Escape")
    check_page(page)
    check_large_text(page)


def test_ivan_sees_on_a_partners_site_what_he_has_there(new_context, fresh_site):
    context = new_context()
    page = context.new_page()
    page.goto(f"{fresh_site.url}/sandbox")
    page.get_by_role("link", name="Сайт с виджетом: Кофейня Эспрессо").click()
    expect(page).to_have_url(f"{fresh_site.elsewhere}/sandbox/sites/espresso")
    frame = open_widget(page)
    frame.get_by_role("button", name="Посмотреть мои баллы").click()
    frame.get_by_label("Телефон или почта").fill("8 916 123-45-67")
    frame.get_by_role("button", name="Получить код").click()
    expect(frame.get_by_role("heading", name="Введите код")).to_be_visible()
    fresh_site.deliver()

    messages = context.new_page()
    messages.goto(f"{fresh_site.url}/sandbox/messages")
    code = messages.locator("#feed code").first.inner_text()
    frame.get_by_label("Код из сообщения").fill(code)
    frame.get_by_role("button", name="Показать мои баллы").click()
    expect(frame.locator("#balance")).to_have_text(re.compile("^250.баллов$"))
    assert "750" not in frame.locator("body").inner_text() and "Стиль" not in frame.locator("body").inner_text()


def open_widget(page):
    page.locator("#loyalty-widget").click()
    for _ in range(100):
        for frame in page.frames:
            if "/widget/frame" in frame.url:
                expect(frame.locator("[data-state=waiting]")).to_be_hidden()
                return frame
        page.wait_for_timeout(50)
    raise AssertionError("no frame was opened")

"""The chat page with the real bot process behind it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.checks import check_keyboard, check_large_text, check_page
from tests.browser.phones import PATIENCE, open_chat, running_bot, said_by_bot, write
from tests.factories import make_phone


@pytest.fixture(scope="module")
def bot(settings, databases, tmp_path_factory):
    """One for all tests here, which chat as different people."""
    with running_bot(settings, databases, tmp_path_factory.mktemp("bot")) as bot:
        yield bot


def test_ivan_chats_with_the_bot(page, bot):
    page.set_viewport_size({"width": 390, "height": 844})
    open_chat(page, bot, "ivan")
    write(page, "/start")
    expect(said_by_bot(page, "Кофейня Эспрессо: 250").last).to_contain_text("750", timeout=PATIENCE)

    page.get_by_role("button", name="Мой код").click()
    picture = said_by_bot(page, "Ваш код").last.get_by_role("img")
    expect(picture).to_be_in_viewport(timeout=PATIENCE)
    assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") > 100

    field = page.get_by_label("Сообщение", exact=True)
    field.fill("две")
    field.press("Shift+Enter")
    field.press_sequentially("строки")
    field.press("Enter")
    expect(page.locator(".is-mine .said-text").last).to_have_text("две\nстроки", use_inner_text=True)
    expect(field).to_have_value("")
    page.get_by_text("Меню", exact=True).click()
    page.get_by_role("button", name="/help").click()
    expect(said_by_bot(page, "Вот что я умею").last).to_be_visible(timeout=PATIENCE)
    check_page(page)
    check_large_text(page)
    check_keyboard(page)


def test_what_the_bot_edits_is_replaced_where_it_stands(page, bot):
    open_chat(page, bot, make_phone())
    expect(page.get_by_text("Напишите /start")).to_be_visible()
    write(page, "/start")
    agree = page.get_by_role("button", name="Согласен на обработку данных")
    expect(agree).to_be_visible(timeout=PATIENCE)
    asked = page.locator(".said", has=agree).get_attribute("id")
    agree.click()
    expect(page.get_by_text("нажата кнопка «Согласен")).to_be_visible()
    expect(page.locator(f"[id='{asked}']")).to_contain_text("изменено", timeout=PATIENCE)
    expect(agree).to_have_count(0)
    expect(page.get_by_text("Напишите /start")).to_be_hidden()


def test_who_reads_what_was_said_before_is_told_of_something_new(page, bot):
    number = make_phone()
    bot.person(number).send(block=True)  # so that no answer comes in between
    for n in range(6):
        bot.person(number).send(text=f"строка {n}\n" * 8)
    open_chat(page, bot, number)
    expect(page.get_by_text("строка 5")).to_be_in_viewport()
    log, news = page.get_by_role("log"), page.get_by_role("button", name="Новое сообщение")
    expect(news).to_be_hidden()
    log.evaluate("one => (one.scrollTop = -600)")
    bot.person(number).send(text="с другого телефона")
    expect(news).to_be_visible(timeout=PATIENCE)
    assert log.evaluate("one => one.scrollTop") < -80, "what was being read has moved away"
    news.click()
    expect(page.get_by_text("с другого телефона")).to_be_in_viewport()
    expect(news).to_be_hidden()


def test_a_cashier_and_a_customer_are_watched_side_by_side(page, bot):
    page.set_viewport_size({"width": 1280, "height": 900})
    open_chat(page, bot, "espresso-cashier", beside="ivan")
    cashier, ivan = (page.get_by_role("region", name=name) for name in ("Артём Клюев", "Иван Петров"))
    write(ivan, "/start")
    expect(said_by_bot(ivan, "750 баллов").last).to_be_visible(timeout=PATIENCE)
    write(cashier, "/start")
    expect(cashier.get_by_role("group", name="Клавиатура бота")).to_be_visible(timeout=PATIENCE)

    page.get_by_label("пока не выключу").check()
    page.get_by_role("button", name="Включить Сообщение не принято").click()
    page.get_by_role("button", name="Выключить Сообщение не принято").click()
    expect(page.get_by_role("button", name="Включить Сообщение не принято")).to_be_visible()
    ivan.get_by_label("Контакт и другое").click()
    ivan.get_by_role("button", name="Заблокировать бота").click()
    ivan.get_by_role("button", name="Вернуться к боту").first.click()
    expect(ivan.get_by_text("(вернулся к боту)").last).to_be_visible()
    page.context.clear_cookies()  # somebody signs in on this browser in another tab: the page's token is no good any more
    write(ivan, "пришёл ли я")
    expect(ivan.locator(".is-mine").last).to_contain_text("пришёл ли я")
    check_page(page)


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_without_scripts_a_link_is_followed_and_the_bot_answers(page, bot):
    page.goto(bot.app.config["SETTINGS"].bot_link("p406631201"))
    number = make_phone()
    page.get_by_label("Новый человек по номеру телефона").fill(number)
    page.get_by_role("button", name="Открыть его Telegram").click()
    page.get_by_role("button", name="Старт").click()
    expect(page.locator(".is-mine")).to_contain_text("/start p406631201")
    bot.person(number).hear(0, "Салон Стиль")
    page.get_by_role("link", name="Обновить").click()
    page.get_by_role("button", name="Согласен на обработку данных").click()
    expect(page.get_by_text("нажата кнопка «Согласен")).to_be_visible()

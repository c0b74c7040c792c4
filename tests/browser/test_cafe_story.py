"""A café with nothing but Telegram: from the application to the first points spent, on the chat page with the real bot."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.phones import PATIENCE, open_chat, running_bot, said_by_bot, write
from tests.factories import make_phone

START_WORK = "🏪 Начать работу"
PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture
def bot(settings, databases, tmp_path):
    with running_bot(settings, databases, tmp_path) as bot:
        yield bot


@pytest.fixture
def phone(new_context, bot):
    """`phone(number)` is the Telegram of whoever has it, in a browser of their own."""

    def phone(number: str):
        page = new_context(**PHONE).new_page()
        open_chat(page, bot, number)
        return page

    return phone


def press(page, label: str) -> None:
    """The newest button of this name, once it is there."""
    button = page.get_by_role("button", name=label, exact=True).last
    expect(button).to_be_visible(timeout=PATIENCE)
    button.click()


def hear(page, words: str):
    said = said_by_bot(page, words).last
    expect(said).to_be_visible(timeout=PATIENCE)
    return said


def meet(page) -> None:
    """Agree, and go on with one's own number."""
    press(page, "Согласен на обработку данных")
    press(page, "📱 Поделиться номером")
    hear(page, "привязан")


def test_a_cafe_lives_in_telegram(bot, phone, new_context):
    owner, cashier, guests_number = phone(make_phone()), phone(make_phone()), make_phone()

    # the owner applies
    write(owner, "/start")
    meet(owner)
    write(owner, "/partner")
    hear(owner, "Как называется")
    write(owner, "Кофейня «Зерно»")
    hear(owner, "городе")
    write(owner, "Казань")
    press(owner, "☕ Кафе, салон, услуги")
    press(owner, "⏭ Пропустить")
    press(owner, "✅ Отправить заявку")
    hear(owner, "на рассмотрении")

    # the platform approves on its desk
    admin = new_context().new_page()
    admin.request.post(f"{bot.url}/sandbox/sign-in/admin")
    admin.goto(f"{bot.url}/admin/applications")
    admin.get_by_role("link", name="Зерно").click()
    admin.get_by_role("button", name=re.compile("Одобрить")).first.click()
    hear(owner, "одобрена")

    # the owner invites a cashier
    press(owner, START_WORK)
    press(owner, "⚙️ Управление")
    press(owner, "👥 Сотрудники")
    press(owner, "➕ Пригласить")
    press(owner, "Кассир")
    press(owner, "🔗 Сделать ссылку")
    hear(owner, "Готово")
    link = owner.get_by_role("link", name=re.compile("start=s")).last
    expect(link).to_be_visible(timeout=PATIENCE)
    payload = re.search(r"start=(s[\w-]+)", link.get_attribute("href"))[1]
    write(cashier, f"/start {payload}")
    meet(cashier)
    press(cashier, "✅ Принять")
    hear(cashier, "Вы приняли приглашение")

    # the cashier credits somebody nobody has met
    write(cashier, f"4000 {guests_number}")
    expect(hear(cashier, "Чек: 4")).to_contain_text("200")
    press(cashier, "✅ Начислить 200\N{NO-BREAK SPACE}баллов")
    hear(cashier, "Начислено 200\N{NO-BREAK SPACE}баллов")

    # who opens the bot, and sees them
    guest = phone(guests_number)
    write(guest, "/start")
    meet(guest)
    hear(guest, "Кофейня «Зерно»: 300")  # and a hundred to welcome them

    # and spends a hundred by the code on the screen
    press(guest, "🔢 Мой код")
    digits = re.search(r"(\d{3}) (\d{3})", hear(guest, "Ваш код").inner_text())
    write(cashier, f"-100 {digits[1]}{digits[2]}")
    hear(cashier, "100")
    press(cashier, "✅ Списать 100\N{NO-BREAK SPACE}баллов")
    hear(guest, "−100")
    write(guest, "/balance")
    hear(guest, "У вас 200\N{NO-BREAK SPACE}баллов")

    # which the owner finds among the figures
    press(owner, "📊 Статистика")
    said = hear(owner, "Оборот")
    expect(said).to_contain_text("4")
    expect(said).to_contain_text("100")

"""The owner's desk in a browser: what the owner sets, the calculator says and the till credits are one thing."""

from __future__ import annotations

import re

import pytest
import requests
from playwright.sync_api import expect

from loyalty import partners
from loyalty.clock import utcnow
from models import transaction
from sandbox import world
from tests.browser.checks import check_large_text, check_page, wait_for_scripts
from tests.factories import make_phone
from tests.support.site import Site

PHONE = {"viewport": {"width": 390, "height": 844}}
KEY = re.compile(r"kp_[A-Za-z0-9_-]{8}_[A-Za-z0-9_-]{43}")


def sell(site: Site, key: str, amount: str) -> dict:
    """A sale at a till that calls with this key: quote, hold, capture."""

    def call(path: str, body: dict) -> requests.Response:
        headers = {"X-API-Key": key, "Idempotency-Key": f"{path} {amount} {key[:11]}".replace(" ", "-")}
        return requests.post(f"{site.url}/api/pos/{path}", json=body, headers=headers, timeout=10)

    quoted = call("quotes", {"customer": {"phone": world.IVAN[1]}, "amount": amount})
    if quoted.status_code >= 400:
        return quoted.json()
    held = call("holds", {"quote_id": quoted.json()["quote_id"], "points": 0}).json()
    return call(f"holds/{held['hold_id']}/capture", {"amount": amount}).json()


@pytest.fixture
def owner(fresh_site, new_context):
    """`owner(business, …)` is a page of that business's owner."""

    def open_page(business: str = "espresso", **wishes):
        context = new_context(**wishes)
        fresh_site.sign_in(context, f"{business}-owner")
        return context.new_page()

    return open_page


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_owner_sets_seven_percent_and_the_calculator_and_the_till_agree(fresh_site, owner, new_context, scripts):
    page = owner(java_script_enabled=scripts)
    page.goto(f"{fresh_site.url}/partner/programme")
    expect(page.locator("#earn")).to_have_text("500 баллов")
    page.get_by_label("Процент от чека баллами").fill("7")
    if not scripts:
        page.get_by_role("button", name="Посчитать").click()
    expect(page.locator("#earn")).to_have_text("700 баллов")
    expect(page.locator("#calculation")).to_contain_text("Начисление за покупку: 7 % от чека (было: 5 % от чека)")
    page.get_by_role("button", name="Сохранить правила").click()
    expect(page.locator(".notice-success")).to_contain_text("7 % от чека (было: 5 % от чека)")
    expect(page.get_by_label("Процент от чека баллами")).to_have_value("7")
    expect(page.locator(".desk-history > li").first).to_contain_text("Ольга Белова")
    fresh_site.sign_in(cashier := new_context(java_script_enabled=scripts, **PHONE), "espresso-cashier")
    till = cashier.new_page()
    till.goto(f"{fresh_site.url}/partner")
    till.locator("#customer").fill(world.IVAN[1])
    till.locator("#amount").fill("10000")
    if not scripts:
        till.get_by_role("button", name="Посчитать").click()
    till.get_by_role("button", name="Начислить 700 баллов").click()
    expect(till.locator("h1")).to_have_text("+700 баллов")


def test_ten_thousand_for_a_vip_on_the_birthday_is_three_hundred_in_a_shop(fresh_site, owner):
    page = owner("glame", **PHONE)
    page.goto(f"{fresh_site.url}/partner/programme")
    expect(page.locator("#earn")).to_have_text("100 баллов")
    page.get_by_label("VIP-клиент", exact=True).check()
    expect(page.locator("#earn")).to_have_text("150 баллов")
    page.get_by_label("День рождения", exact=True).check()
    expect(page.locator("#earn")).to_have_text("300 баллов")
    for words in ("VIP ×1,5150 баллов", "День рождения ×2300 баллов"):
        expect(page.locator(".desk-steps")).to_contain_text(words)
    expect(page.locator(".desk-strip")).to_contain_text("300 баллов")
    page.get_by_text("Списание и прошлые покупки").click()
    page.get_by_label("Обычный чек клиента").fill("5000")
    page.get_by_label("Покупок до этого").fill("3")
    expect(page.locator("#earn")).to_have_text("360 баллов")


def test_typing_keeps_the_cursor_and_a_wrong_rule_is_named_in_the_calculator(fresh_site, owner):
    page = owner()
    page.goto(f"{fresh_site.url}/partner/programme")
    page.get_by_label("Процент от чека баллами").fill("")
    page.keyboard.type("107")
    expect(page.locator("#calculation")).to_contain_text("Введите число от 0 до 100")
    expect(page.get_by_label("Процент от чека баллами")).to_be_focused()
    page.keyboard.press("Backspace")
    expect(page.locator("#earn")).to_have_text("1 000 баллов")
    page.get_by_label("Процент от чека баллами").fill("107")
    page.get_by_role("button", name="Сохранить правила").click()
    expect(page.locator("form .refusals").first).to_be_focused()
    expect(page.locator("#rate-error")).to_contain_text("Введите число от 0 до 100")


def test_two_tabs_do_not_overwrite_each_other_unseen(fresh_site, owner):
    first = owner()
    second = first.context.new_page()
    for tab in (first, second):
        tab.goto(f"{fresh_site.url}/partner/programme")
    first.get_by_label("Баллы за вступление").fill("50")
    first.get_by_role("button", name="Сохранить правила").click()
    expect(first.locator(".notice-success")).to_be_visible()
    second.get_by_label("Процент от чека баллами").fill("3")
    second.get_by_role("button", name="Сохранить правила").click()
    expect(second.locator("form .refusals").first).to_contain_text("вступила в силу версия 2")
    expect(second.locator("#calculation")).to_contain_text("Баллы за вступление: 100 баллов новому клиенту (было: 50")
    second.get_by_label("Баллы за вступление").fill("50")
    second.get_by_role("button", name="Сохранить правила").click()
    expect(second.locator(".notice-success")).to_contain_text("3 % от чека")
    expect(second.locator(".desk-history > li").first).not_to_contain_text("вступление")


def test_a_rule_that_was_typed_before_the_scripts_arrived_is_calculated_too(fresh_site, owner):
    page, held = owner(), []
    page.route("**/js/swap.js", lambda route: held.append(route))
    page.goto(f"{fresh_site.url}/partner/programme")
    page.get_by_label("Процент от чека баллами").fill("7")
    for route in held:
        route.continue_()
    expect(page.locator("#earn")).to_have_text("700 баллов")
    assert held


def test_an_earlier_version_comes_back_and_the_back_button_saves_nothing_twice(fresh_site, owner):
    page = owner()
    page.goto(f"{fresh_site.url}/partner/programme")
    page.get_by_label("Процент от чека баллами").fill("9")
    page.get_by_role("button", name="Сохранить правила").click()
    page.get_by_role("link", name="Вернуть версию 1").click()
    expect(page.locator(".notice")).to_contain_text("Это правила версии 1")
    page.get_by_role("button", name="Сохранить правила").click()
    expect(page.locator(".desk-history > li").first).to_contain_text("Версия 3")
    page.go_back()
    page.reload()
    page.goto(f"{fresh_site.url}/partner/programme")
    expect(page.locator(".desk-history > li")).to_have_count(3)
    expect(page.locator("#earn")).to_have_text("500 баллов")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_cashier_is_hired_signs_in_and_is_out_when_dismissed(fresh_site, owner, new_context, scripts):
    contact = make_phone()
    page = owner(java_script_enabled=scripts)
    page.goto(f"{fresh_site.url}/partner/staff")
    page.get_by_role("link", name="Нанять").click()
    page.get_by_label("Телефон или почта для входа").fill(contact)
    page.get_by_label("Имя").fill("Дарья Котова")
    page.get_by_role("button", name="Нанять").click()
    expect(page.locator(".notice-success")).to_contain_text("Дарья Котова теперь работает у вас")

    cashier = new_context(**PHONE).new_page()
    cashier.goto(f"{fresh_site.url}/login?for=staff")
    cashier.get_by_label("Рабочий телефон или почта").fill(contact)
    cashier.get_by_role("button", name="Получить код").click()
    cashier.get_by_label("Код из сообщения").fill(fresh_site.read_code(contact))
    cashier.wait_for_url(re.compile(r"/partner$"))
    cashier.goto(f"{fresh_site.url}/partner/programme")
    expect(cashier.get_by_role("heading", name="Программа")).to_be_visible()

    page.get_by_role("link", name="Дарья Котова").click()
    wait_for_scripts(page)
    page.get_by_text("Уволить", exact=True).first.click()
    if scripts:
        expect(page.get_by_role("dialog")).to_contain_text("Уволить сотрудника «Дарья Котова»?")
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Уволить").first).to_be_focused()
        page.get_by_role("button", name="Уволить").first.click()
    page.get_by_role("button", name="Уволить").last.click()
    expect(page.locator(".notice-success")).to_contain_text("Дарья Котова больше не работает у вас")
    answer = cashier.reload()
    assert answer.status == 403
    page.get_by_role("link", name="Вместе с уволенными").click()
    expect(page.locator(".row", has_text="Дарья Котова")).to_contain_text("уволен")


def test_the_last_owner_cannot_leave(fresh_site, owner):
    page = owner()
    page.goto(f"{fresh_site.url}/partner/leave")
    page.get_by_role("button", name="Уйти").click()
    expect(page.locator(".refusals")).to_contain_text("Последнего владельца не убрать")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_key_is_shown_once_works_and_is_revoked(fresh_site, owner, scripts):
    page = owner(java_script_enabled=scripts, permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"{fresh_site.url}/partner/keys/new")
    page.get_by_label("Для чего ключ").fill("Касса у окна")
    page.get_by_role("button", name="Создать ключ").click()
    plain = page.locator("#api-key").inner_text()
    assert KEY.fullmatch(plain)
    if scripts:
        page.get_by_role("button", name="Скопировать").click()
        expect(page.get_by_role("button", name="Скопировано")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == plain
    assert sell(fresh_site, plain, "1000.00")["earned"] == 50
    page.get_by_role("link", name="Я скопировал").click()
    expect(page.get_by_role("heading", name="Касса у окна")).to_be_visible()
    assert not KEY.search(page.content())
    card = page.locator("li.card", has_text="Касса у окна")
    wait_for_scripts(page)
    card.get_by_text("Отозвать", exact=True).first.click()
    (page.get_by_role("dialog") if scripts else page).get_by_role("button", name="Отозвать").click()
    expect(page.locator(".notice-success")).to_contain_text("больше не действует")
    assert sell(fresh_site, plain, "2000.00")["code"] == "api_key_invalid"


def test_who_may_not_change_sees_the_rules_and_no_form(fresh_site, new_context):
    context = new_context()
    fresh_site.sign_in(context, "espresso-cashier")
    page = context.new_page()
    page.goto(f"{fresh_site.url}/partner/programme")
    expect(page.get_by_text("5 % от чека").first).to_be_visible()
    expect(page.get_by_role("button", name="Сохранить правила")).to_have_count(0)
    page.get_by_label("Чек", exact=True).fill("2000")
    expect(page.locator("#earn")).to_have_text("100 баллов")
    for address in ("staff", "keys", "settings", "stats"):
        assert page.goto(f"{fresh_site.url}/partner/{address}").status == 403


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_newcomer_becomes_a_partner(fresh_site, new_context, scripts):
    context = new_context(java_script_enabled=scripts, **PHONE)
    fresh_site.sign_in(context, "ivan")
    page = context.new_page()
    page.goto(f"{fresh_site.url}/partner/applications")
    page.get_by_role("button", name="Отправить заявку").click()
    expect(page.locator(".refusals")).to_contain_text("Название")
    page.get_by_label("Название").fill("Пекарня Ивана")
    page.get_by_label("Город и адрес").fill("Самара, Мира, 5")
    page.get_by_label("Часовой пояс").select_option("Europe/Samara")
    page.get_by_label("Магазин: 1 %").check()
    page.get_by_role("button", name="Отправить заявку").click()
    expect(page.get_by_text("на рассмотрении")).to_be_visible()
    expect(page.get_by_role("button", name="Отправить заявку")).to_have_count(0)
    with fresh_site.app.app_context(), transaction():
        (asked,) = partners.list_applications(applicant_id=world.fixed_id("ivan"))
        partners.approve(asked.id, by=world.fixed_id("admin"), now=utcnow())
    page.reload()
    page.get_by_role("button", name="Открыть кассу").click()
    page.wait_for_url(f"{fresh_site.url}/partner")
    expect(page.locator(".whose, .menu-partner").first).to_contain_text("Пекарня Ивана")
    page.goto(f"{fresh_site.url}/partner/programme")
    expect(page.locator("#earn")).to_have_text("100 баллов")


def test_the_desk_stays_usable_in_its_rarer_states(fresh_site, owner):
    """What `test_every_page` does not meet: refusals, open dialogs and folds, a key just made, a draft of an old version."""
    page = owner()

    def check() -> None:
        check_page(page)
        check_large_text(page)

    page.goto(f"{fresh_site.url}/partner/programme")
    page.get_by_text("Ещё настройки").click()
    page.get_by_text("Списание и прошлые покупки").click()
    check()
    page.get_by_label("Процент от чека баллами").fill("107")
    page.get_by_role("button", name="Сохранить правила").click()
    check()
    page.goto(f"{fresh_site.url}/partner/programme")
    page.get_by_role("button", name="Магазин: 1 % и надбавки").click()
    page.get_by_role("button", name="Сохранить правила").click()
    check()
    page.goto(f"{fresh_site.url}/partner/programme?version=1")
    check()
    page.goto(f"{fresh_site.url}/partner/staff/new")
    page.get_by_role("button", name="Нанять").click()
    check()
    page.goto(f"{fresh_site.url}/partner/staff")
    page.get_by_role("link", name="Артём Клюев").click()
    page.get_by_role("button", name="Уволить").click()
    check()
    page.goto(f"{fresh_site.url}/partner/keys/new")
    page.get_by_label("Для чего ключ").fill("Касса")
    page.get_by_role("button", name="Создать ключ").click()
    check()
    for address in ("keys?all=1", "staff?all=1", "branches?all=1", "stats?days=90"):
        page.goto(f"{fresh_site.url}/partner/{address}")
        check()


def test_who_uses_a_screen_reader_hears_the_result_while_typing(fresh_site, owner):
    page = owner()
    page.goto(f"{fresh_site.url}/partner/programme")
    page.get_by_label("Процент от чека баллами").fill("8")
    expect(page.locator("[data-announcer]")).to_have_text("Клиент получит 800 баллов")
    page.get_by_role("button", name="Посчитать").click()
    expect(page.get_by_role("heading", name="Клиент получит")).to_be_focused()

"""The admin's rooms in a browser: a person is found, corrected once, and told where the points went; who applies is let in."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from sandbox import guests, world
from tests.browser.checks import check_large_text, check_page, wait_for_scripts

PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture
def admin(fresh_site, new_context):
    """`admin(…)` is a page of the platform's admin."""

    def open_page(**wishes) -> Page:
        context = new_context(**wishes)
        fresh_site.sign_in(context, "admin")
        return context.new_page()

    return open_page


def find_ivan(page: Page, url: str) -> None:
    page.goto(f"{url}/admin/customers")
    page.get_by_role("searchbox").fill("8 916 123-45-67")
    page.get_by_role("button", name="Найти").click()
    expect(page.locator("#people")).to_contain_text("«8 916 123-45-67»")
    expect(page.locator(".admin-people > li")).to_have_count(1)
    page.get_by_role("link", name="Иван Петров").click()


def ask_correction(page: Page, points: str, reason: str) -> None:
    page.get_by_label("У какого партнёра").select_option("Кофейня Эспрессо")
    page.get_by_label("Списать").check()
    page.get_by_label("Сколько баллов").fill(points)
    page.get_by_label("Причина").fill(reason)
    page.get_by_role("button", name="Проверить").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_fifty_points_are_taken_with_a_reason_and_the_history_tells_which(fresh_site, admin, scripts):
    page = admin(java_script_enabled=scripts)
    find_ivan(page, fresh_site.url)
    ask_correction(page, "50", "начислено по ошибке")
    expect(page.locator(".admin-change")).to_have_text(re.compile(r"250\s*станет\s*200\s*−50"))
    page.get_by_role("button", name="Списать 50 баллов").click()
    expect(page.locator(".notice-success")).to_contain_text("−50 в «Кофейня Эспрессо»: теперь 200 баллов")

    taken = page.locator(".admin-trail > li").first
    expect(taken).to_contain_text("начислено по ошибке")
    taken.locator("summary").click()
    expect(taken.locator(".admin-parts")).to_contain_text("Какие это были баллы")
    source = taken.locator(".admin-parts li")
    expect(source).to_have_count(1)
    expect(source).to_contain_text(re.compile(r"50\s*покупка .*, чек 1\s800"))

    source.get_by_role("link").click()  # to the purchase they came from, which tells the same from its side
    earned = page.locator(".admin-trail > li:target")
    earned.locator("summary").click()
    expect(earned.locator(".admin-parts")).to_contain_text(re.compile(r"50\s*списаны вручную"))
    expect(earned.locator(".admin-parts")).to_contain_text(re.compile(r"40\s*остались, бессрочно"))
    expect(page.get_by_role("region", name="Что делали с этим клиентом")).to_contain_text("Баллы исправлены: −50")


def test_going_back_after_a_correction_does_not_repeat_it(fresh_site, admin):
    page = admin()
    find_ivan(page, fresh_site.url)
    card = page.url
    ask_correction(page, "50", "один раз")
    page.get_by_role("button", name="Списать 50 баллов").click()
    expect(page.locator(".notice-success")).to_contain_text("теперь 200 баллов")
    page.go_back()
    expect(page).to_have_url(card)
    page.reload()
    page.goto(f"{card}?kind=corrected#history")
    expect(page.locator(".admin-trail > li")).to_have_count(1)


def test_a_double_press_corrects_once(fresh_site, admin):
    page = admin()
    find_ivan(page, fresh_site.url)
    ask_correction(page, "50", "дважды")
    page.get_by_role("button", name="Списать 50 баллов").dblclick()
    expect(page.locator(".notice-success").first).to_contain_text("теперь 200 баллов")
    page.get_by_role("link", name="Исправления").click()
    expect(page.locator(".admin-trail > li")).to_have_count(1)


def test_filters_stay_in_the_address_and_are_taken_away_one_by_one(fresh_site, admin):
    page = admin()
    page.goto(f"{fresh_site.url}/admin/customers")
    page.get_by_text("Фильтры и порядок").click()
    page.get_by_label("Партнёр").select_option("Кофейня Эспрессо")
    page.get_by_label("VIP").select_option("VIP")
    page.get_by_label("Порядок").select_option("По баллам")
    page.get_by_role("button", name="Показать").click()
    expect(page.locator(".admin-chips")).to_contain_text("VIP: VIP")
    assert "partner=406631153" in page.url
    vips = page.locator(".admin-people > li").count()
    page.reload()
    expect(page.locator(".admin-people > li")).to_have_count(vips)
    page.locator(".admin-chips").get_by_role("link", name="VIP: VIP").click()
    expect(page.locator(".admin-chips")).not_to_contain_text("VIP: VIP")
    assert page.locator(".admin-people > li").count() > vips
    assert "sort=points" in page.url


def test_an_approved_applicant_sees_it_and_opens_the_till(fresh_site, admin, new_context):
    page = admin(**PHONE)
    page.goto(f"{fresh_site.url}/admin")
    page.get_by_role("link", name=guests.APPLICATION["name"]).click()
    expect(page.get_by_role("region", name="О чём просят")).to_contain_text(guests.APPLICANT.name)
    page.get_by_role("button", name="Одобрить").click()
    expect(page.locator(".notice-success")).to_contain_text("теперь партнёр")
    expect(page.get_by_role("region", name="Решённые")).to_contain_text(world.ADMIN[0])

    context = new_context(**PHONE)
    fresh_site.sign_in(context, "applicant")
    theirs = context.new_page()
    theirs.goto(f"{fresh_site.url}/partner/applications")
    expect(theirs.get_by_role("region", name="Заявка", exact=True)).to_contain_text("одобрена")
    theirs.get_by_role("button", name="Открыть кассу").click()
    expect(theirs).to_have_url(f"{fresh_site.url}/partner")


def test_a_refused_applicant_reads_the_reason(fresh_site, admin, new_context):
    page = admin()
    page.goto(f"{fresh_site.url}/admin/applications")
    page.get_by_role("link", name=guests.APPLICATION["name"]).click()
    page.get_by_role("button", name="Отклонить").click()
    expect(page.get_by_role("alert")).to_contain_text("Напишите причину")
    check_page(page)
    page.get_by_label("Причина").fill("Нет адреса")
    page.get_by_role("button", name="Отклонить").click()
    expect(page.locator(".notice-success")).to_be_visible()

    context = new_context()
    fresh_site.sign_in(context, "applicant")
    theirs = context.new_page()
    theirs.goto(f"{fresh_site.url}/partner/applications")
    expect(theirs.get_by_text("Причина: Нет адреса")).to_be_visible()


def test_a_person_who_is_blocked_while_looking_at_a_page_is_signed_out(fresh_site, admin, new_context):
    context = new_context()
    fresh_site.sign_in(context, "ivan")
    theirs = context.new_page()
    theirs.goto(f"{fresh_site.url}/customer")
    page = admin()
    find_ivan(page, fresh_site.url)
    wait_for_scripts(page)
    page.get_by_role("button", name="Заблокировать").click()  # the link asks in a dialog where scripts run
    page.get_by_role("dialog").get_by_role("button", name="Заблокировать").click()
    expect(page.locator(".notice-success")).to_contain_text("войти больше не сможет")
    theirs.reload()
    expect(theirs).to_have_url(re.compile(r"/login\?"))


def test_the_steps_that_no_address_leads_to_are_as_usable_as_the_pages(fresh_site, admin):
    page = admin(**PHONE)
    find_ivan(page, fresh_site.url)
    ask_correction(page, "", "")
    expect(page.get_by_role("alert")).to_contain_text("Сколько баллов")
    expect(page.get_by_role("alert")).to_contain_text("Причина")
    check_page(page)
    ask_correction(page, "999", "проверка большого долга")
    expect(page.get_by_text("Баланс станет отрицательным")).to_be_visible()
    check_page(page)
    check_large_text(page)
    page.get_by_role("button", name="Изменить").click()
    expect(page.get_by_label("Сколько баллов")).to_have_value("999")

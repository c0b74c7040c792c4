"""Happy hours on a phone: the owner sees what they would have cost, the till shows them, and the page tells what came of it."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from loyalty import services
from loyalty.clock import utcnow
from models import db, transaction
from models.partner import Partner
from sandbox import world
from tests.browser.checks import check_page, wait_for_scripts

PHONE = {"width": 390, "height": 844}


def test_happy_hours_are_tried_switched_on_shown_at_the_till_and_told_of(fresh_site, new_context):
    site = fresh_site
    with site.app.app_context(), transaction():
        cafe = db.session.get_one(Partner, world.fixed_id("espresso"))
        draft = services.read_draft(name="Торт на заказ", price="3200", category="Торты")
        services.make(cafe, draft, by=None, now=utcnow())
    context = new_context(viewport=PHONE)
    site.sign_in(context, "espresso-owner")
    owner = context.new_page()
    owner.goto(f"{site.url}/partner/promotions/new?kind=happy_hours")
    wait_for_scripts(owner)
    owner.get_by_label("Название, как его увидят").fill("Счастливые часы")
    owner.get_by_label("Во сколько раз").fill("2")
    for box in owner.locator('input[name="days"]').all():
        box.check()
    owner.get_by_label("С какого часа").fill("00:00")
    owner.get_by_label("До какого часа").fill("00:00")
    owner.get_by_role("button", name="Сколько бы это стоило").click()
    expect(owner.locator("#cost")).to_contain_text("это цена, а не эффект")
    check_page(owner)
    owner.get_by_role("button", name="Сохранить черновик").click()
    owner.get_by_role("button", name="Включить").click()
    expect(owner.locator(".notice-success")).to_be_visible()
    page = owner.url

    counter = new_context(viewport=PHONE)
    site.sign_in(counter, "espresso-cashier")
    till = counter.new_page()
    till.goto(f"{site.url}/partner")
    wait_for_scripts(till)
    till.get_by_text("Услуги", exact=True).click()
    till.get_by_label("Торт на заказ").check()
    expect(till.get_by_label("Сумма чека")).to_have_value("3200")
    till.get_by_label("Телефон, карта или код").fill(world.IVAN[1])
    credit = till.locator('button[value="credit"]')
    expect(credit).to_contain_text("320")
    till.get_by_text("Как посчитано").first.click()
    expect(till.locator("#till-seen .till-steps")).to_contain_text("Счастливые часы")
    credit.click()
    expect(till.locator(".till-figure")).to_contain_text("+320")

    owner.goto(page)
    expect(owner.locator("#results")).to_be_visible()
    expect(owner.locator(".kpis").last).to_have_text(re.compile(r"160"))
    expect(owner.locator("main")).to_contain_text("Это описание, а не эффект")

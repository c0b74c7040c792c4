"""A visit on phones: asked hours later, answered by the link without signing in, dealt with by the manager."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from loyalty import sales, surveys
from loyalty.clock import utcnow
from loyalty.identities import Identifier
from loyalty.sales import Basket, Caller
from models import db, transaction
from models.partner import Partner
from sandbox import messages, world
from tests.browser.checks import check_page, wait_for_scripts
from tests.factories import make_customer, make_email, make_member
from tests.support.site import Site

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
LATER = timedelta(hours=3)


@pytest.fixture
def shop(settings, databases):
    shop = Site(settings, databases)
    yield shop
    shop.close()


def visit(shop: Site, email: str) -> None:
    """Somebody whose phone is never quiet buys a coffee."""
    with shop.app.app_context(), transaction():
        partner = db.session.get_one(Partner, world.fixed_id("espresso"))
        customer = make_customer(phone=False, email=email, name="Вера Ильина")
        customer.notices = {"quiet": None}
        make_member(partner, customer)
        who = Identifier("customer_id", str(customer.id))
        caller = Caller("counter", "manual", actor=world.fixed_id("espresso-cashier"))
        basket = Basket(Decimal("380.00"))
        sales.post_transaction(partner, who, basket, kind="accrual", caller=caller, key=str(uuid4()), now=utcnow())


def test_an_unhappy_visit_is_asked_about_told_of_and_dealt_with(shop, new_context):
    email = make_email()
    visit(shop, email)
    with shop.app.app_context(), transaction():
        assert surveys.invite(utcnow()) == 0, "not before the partner's delay"
    with shop.app.app_context(), transaction():
        assert surveys.invite(utcnow() + LATER) == 1
    shop.deliver(LATER)
    with shop.app.app_context():
        asked = messages.latest(email)[0]["text"]
    link = re.search(r"https?://\S+/nps/\S+", asked)[0]

    phone = new_context(**PHONE).new_page()
    phone.goto(link)
    wait_for_scripts(phone)
    expect(phone.get_by_role("heading", level=1)).to_have_text("Как прошёл визит?")
    check_page(phone)
    phone.get_by_role("radio", name="3", exact=True).check()
    phone.get_by_label("Пара слов, если хотите").fill("Кофе принесли холодным")
    phone.get_by_role("button", name="Отправить").tap()
    expect(phone.get_by_text("Спасибо! Ваш ответ сохранён.")).to_be_visible()
    expect(phone.get_by_role("heading", name="Ваша оценка: 3 из 10")).to_be_visible()

    context = new_context(**PHONE)
    shop.sign_in(context, "espresso-owner")
    desk = context.new_page()
    desk.goto(f"{shop.url}/partner/nps/tasks")
    wait_for_scripts(desk)
    card = desk.locator("li.card", has_text="Вера Ильина")
    expect(card).to_contain_text("Кофе принесли холодным")
    expect(card).to_contain_text("новая")
    card.get_by_label("Что сделали").fill("Позвонили, пригласили на кофе")
    card.get_by_role("button", name="Закрыть").tap()
    expect(desk.get_by_text("Закрыта.", exact=True)).to_be_visible()
    expect(desk.locator("li.card", has_text="Вера Ильина")).to_have_count(0)
    desk.goto(f"{shop.url}/partner/nps/tasks?done=1")
    expect(desk.locator("li.card", has_text="Вера Ильина")).to_contain_text("Позвонили, пригласили на кофе")
    desk.goto(f"{shop.url}/partner/nps")
    expect(desk.locator(".nps-answer").first).to_contain_text("Кофе принесли холодным")
    expect(desk.get_by_text("мало ответов")).to_be_visible()
    check_page(desk)

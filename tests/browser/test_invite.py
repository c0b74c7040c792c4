"""A friend brought from phone to phone: the link is copied, the friend registers by it, buys, and both see what came of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from loyalty import referral_rewards, referrals
from loyalty.clock import utcnow
from loyalty.customers import find, membership_of
from loyalty.identities import Identifier
from models import transaction
from models.partner import Partner
from sandbox import world
from tests.browser.checks import check_page, wait_for_scripts
from tests.factories import make_email
from tests.loyalty.friends import buy
from tests.support.site import Site

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def shop(settings, databases):
    """The demo world of these tests."""
    shop = Site(settings, databases)
    yield shop
    shop.close()


@pytest.fixture
def open_as(shop, new_context):
    def open_as(who: str | None, address: str, **wishes) -> Page:
        context = new_context(**PHONE, **wishes)
        if who:
            shop.sign_in(context, who)
        page = context.new_page()
        page.goto(address if "://" in address else shop.url + address)
        return page

    return open_as


def test_a_friend_comes_by_the_link_buys_and_both_are_rewarded(shop, open_as):
    ivan = open_as("ivan", "/customer", permissions=["clipboard-read", "clipboard-write"])
    ivan.get_by_role("link", name="Пригласить друга").first.click()
    wait_for_scripts(ivan)
    check_page(ivan)
    ivan.get_by_role("button", name="Скопировать").click()
    expect(ivan.get_by_role("button", name="Скопировано")).to_be_visible()
    link = ivan.evaluate("navigator.clipboard.readText()")

    email, friend = make_email(), open_as(None, link)
    expect(friend.get_by_role("heading", name="Вас приглашает Иван")).to_be_visible()
    check_page(friend)
    friend.get_by_label("Телефон или почта").fill(email)
    friend.get_by_label("Как к вам обращаться?").fill("Ольга")
    friend.get_by_label("Согласен на обработку персональных данных").check()
    friend.get_by_role("button", name="Получить код").click()
    friend.get_by_label("Код из сообщения").fill(shop.read_code(email))
    expect(friend.get_by_text("Вы пришли по этому приглашению")).to_be_visible()

    now = utcnow()
    with shop.app.app_context(), transaction() as session:
        espresso = session.get_one(Partner, world.fixed_id("espresso"))
        member = membership_of(find(Identifier("email", email)).id, espresso.id)
        buy(espresso, member, now, "700.00")
        referral = referrals.accept(link.rpartition("/")[2], find(Identifier("email", email)), came_by="link", now=now)
        assert referral_rewards.settle(espresso.id, referral.id, now) == "bought"
        assert referral_rewards.settle(espresso.id, referral.id, now + timedelta(days=15)) == "rewarded"
    friend.reload()
    expect(friend.get_by_text("Ваш подарок пришёл: 100 баллов")).to_be_visible()
    ivan.reload()
    expect(ivan.get_by_role("listitem").filter(has_text="Ольга")).to_contain_text("награждён")


def test_an_owner_decides_on_a_doubted_friend_on_a_phone(shop, open_as):
    owner = open_as("espresso-owner", "/partner/referrals")
    review = owner.get_by_role("region", name="Нужно решить")
    expect(review).to_contain_text("Полина Власова")
    check_page(owner)
    review.get_by_role("button", name="Не награждать").click()
    expect(owner.get_by_text("Награды не будет")).to_be_visible()
    expect(owner.get_by_role("region", name="Нужно решить")).to_have_count(0)

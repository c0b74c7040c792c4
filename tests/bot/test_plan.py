"""The owner's plan in the bot, and a partner whose staff do not work there."""

from __future__ import annotations

import pytest

from loyalty import plans
from loyalty.clock import utcnow
from models import db, transaction
from models.partner import Partner
from tests.bot.rooms import make_cashier, make_known
from tests.factories import make_staff


@pytest.fixture
def change(app, cafe):
    """`change(act)` does something to the partner, committed."""

    def change(act):
        with app.app_context(), transaction():
            act(db.session.get_one(Partner, cafe.id))

    return change


def plain(said):
    return said.replace("\N{NO-BREAK SPACE}", " ")


def test_the_owner_sees_the_plan_and_what_the_month_comes_to(app, chat, cafe):
    make_known(app, chat)
    with app.app_context(), transaction():
        make_staff(db.session.get_one(Partner, cafe.id), "owner", chat.owner)
    chat.say("Работа")
    chat.press("office")
    assert "plan" in chat.data()
    said = plain(chat.press("plan"))
    assert "Тариф «Enterprise»: 4 990" in said and "= 4 990" in said
    assert "«Базовый» — 0" in said and "/partner/plan" in said


def test_only_an_owner_is_told_of_the_plan(app, chat, cafe):
    make_cashier(app, chat, cafe)
    chat.press("office")
    assert "plan" not in chat.data()
    assert "роль этого не позволяет" in chat.press("plan")


def test_staff_of_a_partner_without_the_bot_are_told_and_customers_still_see_their_points(app, chat, cafe, change):
    make_cashier(app, chat, cafe)
    change(lambda partner: plans.switch_features(partner, {"telegram_bot": False}, by=None, now=utcnow()))
    assert "отключено" in chat.say("/credit")
    assert "➕ Начислить" not in chat.labels()
    assert "баллов" in plain(chat.say("/balance"))
    change(lambda partner: plans.switch_features(partner, {"telegram_bot": None}, by=None, now=utcnow()))
    assert "отключено" not in chat.say("/credit")


def test_branches_beside_each_other_are_locked_below_the_plan_that_opens_them(app, chat, cafe, change):
    make_known(app, chat)
    with app.app_context(), transaction():
        make_staff(db.session.get_one(Partner, cafe.id), "owner", chat.owner)
    change(lambda partner: plans.change_plan(partner, "basic", by=None, now=utcnow()))
    assert "открывается на тарифе «Advanced»" in chat.press("stats_branches:7:1")
    change(lambda partner: plans.change_plan(partner, "advanced", by=None, now=utcnow()))
    assert "открывается на тарифе" not in chat.press("stats_branches:7:1")

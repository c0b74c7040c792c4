"""Tiers in the bot: a customer's level and what the next one needs, and the same on the card that staff see."""

from __future__ import annotations

import pytest

from loyalty import tiers
from loyalty.clock import utcnow
from models import db, transaction
from models.partner import Partner
from tests.bot.rooms import Chat, make_cashier, make_known
from tests.bot.test_promotions import buy


def set_tiers(app, cafe, measure="spent"):
    levels = [
        {"name": "Серебро", "threshold": "1000.00", "factor": "1.2"},
        {"name": "Золото", "threshold": "5000.00", "factor": "1.5"},
    ]
    with app.app_context(), transaction():
        scheme = tiers.read_scheme({"measure": measure, "window": "ever", "levels": levels})
        tiers.set_scheme(db.session.get_one(Partner, cafe.id), scheme, by=None, now=utcnow())


@pytest.mark.parametrize(("measure", "missing"), [("spent", "1 000,00 ₽"), ("earned", "1 000 баллов")])
def test_a_customer_reads_how_far_the_first_level_is(app, cafe, chat, measure, missing):
    make_known(app, chat, cafe)
    assert "🏅" not in chat.say("💰 Баланс")
    set_tiers(app, cafe, measure)
    assert f"🏅 до уровня «Серебро» осталось {missing}" in chat.say("💰 Баланс").replace("\xa0", " ")


def test_customer_and_staff_see_the_level_that_was_reached(app, taker, cafe, chat):
    person = make_known(app, chat, cafe)
    set_tiers(app, cafe)
    buy(app, cafe, person, "1500.00")
    wanted = "🏅 Серебро ×1,2 · до уровня «Золото» осталось 3 500,00 ₽"
    assert wanted in chat.say("💰 Баланс").replace("\xa0", " ")
    desk = Chat(app, taker)
    make_cashier(app, desk, cafe)
    assert wanted in desk.press(f"customer:{person.hex}").replace("\xa0", " ")
    buy(app, cafe, person, "9000.00")
    assert "🏅 Золото ×1,5\n" in chat.say("💰 Баланс").replace("\xa0", " ") + "\n"

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest

from bot.rooms import doors
from bot.taking import Taker
from loyalty import ledger
from loyalty.clock import utcnow
from loyalty.customers import issue_card
from loyalty.rules import Rules
from models import db, transaction
from models.partner import Partner
from sandbox import world
from tests.bot.chat import Telegram
from tests.bot.rooms import Chat, make_cashier
from tests.factories import identity_of, make_customer, make_member, make_partner, noise


@pytest.fixture
def telegram(fresh_app, tmp_path, monkeypatch):
    """The stand-in over an empty database, no bot yet."""
    telegram = Telegram(fresh_app, tmp_path, monkeypatch)
    yield telegram
    telegram.stop()


@pytest.fixture
def demo(fresh_app, tmp_path, monkeypatch):
    """The stand-in over the demo world, with the real bot process."""
    world.build(fresh_app)
    telegram = Telegram(fresh_app, tmp_path, monkeypatch)
    telegram.start_bot()
    yield telegram
    telegram.stop()


@pytest.fixture
def taker(app):
    api = SimpleNamespace(bot_id=random.randrange(10**9), answer_press=lambda press_id, text: None)
    return Taker(app, api, respond=doors.respond, refuse=doors.refuse, apologise=doors.apologise)


@pytest.fixture
def chat(app, taker):
    return Chat(app, taker)


@pytest.fixture
def cafe(app):
    """A partner with the usual welcome of 100 points, beside one that must not be seen."""
    with app.app_context(), transaction():
        noise()
        partner = make_partner(Rules(welcome_bonus=100), name="Эспрессо")
        return SimpleNamespace(id=partner.id, code=partner.code)


@pytest.fixture
def shop(app, cafe):
    """The partner's customer Иван with 250 points, who has a card."""
    with app.app_context(), transaction():
        customer = make_customer()
        member = make_member(db.session.get_one(Partner, cafe.id), customer, name="Иван")
        ledger.grant(cafe.id, member.id, 250, source="manual", source_ref="1", now=utcnow())
        return SimpleNamespace(
            id=cafe.id,
            code=cafe.code,
            customer=customer.id,
            phone=identity_of(customer, "phone").value,
            card=issue_card(customer),
        )


@pytest.fixture
def cashier(app, chat, cafe):
    chat.staff_id = make_cashier(app, chat, cafe)
    return chat

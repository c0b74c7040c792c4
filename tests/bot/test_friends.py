"""Invitations in the bot: one's own link as a picture, coming by a friend's, and what staff see and decide."""

from __future__ import annotations

import re

import pytest

from loyalty import referrals
from loyalty.clock import utcnow
from loyalty.customers import find, membership_of
from loyalty.identities import Identifier
from models import db, transaction
from models.customer import Customer
from models.partner import Partner
from models.referral import Referral
from tests.bot.rooms import Chat, make_cashier, make_known
from tests.factories import make_phone
from tests.loyalty.friends import TERMS, bring, buy


@pytest.fixture
def inviting(app, cafe):
    with app.app_context(), transaction():
        referrals.set_terms(db.session.get_one(Partner, cafe.id), TERMS, by=None)


@pytest.fixture
def anna(app, taker, cafe, inviting):
    chat = Chat(app, taker)
    chat.customer_id = make_known(app, chat, cafe)
    with app.app_context(), transaction():
        db.session.get_one(Customer, chat.customer_id).name = "Анна Петрова"
    return chat


@pytest.fixture
def code(app, cafe, anna):
    with app.app_context(), transaction():
        return referrals.code_of(membership_of(anna.customer_id, cafe.id))


def friend_of(app, cafe, chat) -> Referral:
    with app.app_context():
        person = find(Identifier("telegram", str(chat.id)))
        member = membership_of(person.id, cafe.id)
        return db.session.scalar(db.select(Referral).where(Referral.friend_id == member.id))


def plain(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_a_member_gets_the_link_as_text_and_picture_and_sees_who_came(app, cafe, anna, code):
    said = plain(anna.say("🤝 Пригласить друга"))
    assert f"/i/{code}" in said and f"?start=i{code}" in said and referrals.write_code(code) in said
    assert "Вам — 200 баллов за друга. Другу — 100 баллов. Нужна первая покупка от 500,00 ₽" in said
    assert any(reply.get("qr", "").endswith(f"/i/{code}") for reply in anna.replies)
    assert "Пока никто" in anna.press(f"brought:{cafe.code}")
    with app.app_context(), transaction():
        bring(db.session.get_one(Partner, cafe.id), utcnow())
    assert "Пока никто" in anna.press(f"brought:{cafe.code}"), "somebody else's friend"


def test_whoever_has_no_partner_that_invites_is_told_so(app, taker, cafe):
    chat = Chat(app, taker)
    make_known(app, chat, cafe)
    assert "нигде из ваших мест не дают" in chat.say("/invite")


def test_a_newcomer_comes_by_a_friends_link_in_telegram(app, taker, cafe, code):
    chat, phone = Chat(app, taker), make_phone()
    said = plain(chat.say(f"/start i{code}"))
    assert "Анна приглашает вас" in said and "Петрова" not in said and "Вам — 100 баллов" in said
    chat.press(f"agree:i{code}")
    said = chat.share(phone)
    assert "по приглашению" in "".join(reply.get("text", "") for reply in chat.replies) or "по приглашению" in said
    came = friend_of(app, cafe, chat)
    assert (came.came_by, came.state) == ("bot", "waiting")
    chat.say(f"/start i{code}")
    assert friend_of(app, cafe, chat).id == came.id


def test_somebody_known_types_the_code(app, taker, cafe, code):
    chat = Chat(app, taker)
    make_known(app, chat, cafe)
    assert "Анна приглашает вас" in chat.say(referrals.write_code(code).lower())
    chat.press(f"agree:i{code}")
    assert friend_of(app, cafe, chat).state == "waiting"


def test_who_may_not_come_is_told_why(app, taker, cafe, anna, code):
    assert "Пригласить самого себя нельзя" in anna.say(f"/start i{code}")
    old = Chat(app, taker)
    customer_id = make_known(app, old, cafe)
    with app.app_context(), transaction():
        buy(db.session.get_one(Partner, cafe.id), membership_of(customer_id, cafe.id), utcnow(), "10.00")
    assert "кто здесь ещё не покупал" in old.say(f"/start i{code}")
    assert "больше не действует" in old.say("/start i22222222")


def test_a_manager_sees_the_results_and_decides_on_a_doubted_friend_once(app, chat, cafe, inviting):
    make_cashier(app, chat, cafe, "manager")
    with app.app_context(), transaction():
        doubted = bring(db.session.get_one(Partner, cafe.id), utcnow(), doubts=("device",)).id.hex
    chat.say("⚙️ Управление")
    assert "friends:1" in chat.data()
    said = plain(chat.press("friends:1"))
    assert "Нужно решить: 1" in said and "Пришли: 1" in said and f"friend:{doubted}" in chat.data()
    assert "В одном браузере пришло несколько друзей" in chat.press(f"friend:{doubted}")
    assert "Оба получили баллы" in chat.press(f"reward:yes:{doubted}")
    assert "уже решили" in chat.press(f"reward:no:{doubted}")
    assert "награждён" in chat.press(f"friend:{doubted}")
    assert "300 баллов" in plain(chat.press("friends:1"))


def test_a_cashier_sees_friends_and_decides_nothing(app, chat, cafe, inviting):
    make_cashier(app, chat, cafe)
    with app.app_context(), transaction():
        doubted = bring(db.session.get_one(Partner, cafe.id), utcnow(), doubts=("device",)).id.hex
    said = chat.press("friends:1")
    assert "Борис" in said and not re.search("Стоило", said) and f"friend:{doubted}" not in chat.data()
    assert "роль этого не позволяет" in chat.press(f"reward:yes:{doubted}")

"""What becomes of a notice when Telegram refuses it, asks for silence, breaks down or does not answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from connectors.messages import gateways
from connectors.messages.gateway import NoGateway
from connectors.messages.telegram import TelegramGateway
from connectors.telegram import BotApi
from loyalty import ledger, notices, replies
from loyalty.clock import utcnow
from loyalty.customers import attach_identity
from models import db, new_id, transaction
from models.customer import Customer
from models.partner import Partner
from sandbox.telegram import store
from tests.factories import make_customer, make_email, make_member, make_partner
from tests.workers.troupe import wait_for
from workers import context, telling
from workers.relay import Relay

CHAT = 777_000


@pytest.fixture
def telegram(fresh_app, live_server, monkeypatch):
    """The stand-in on a socket; notices go through it, other channels into the feed; failures are tried again soon."""
    port = urlsplit(live_server(fresh_app)).port
    settings = replace(
        fresh_app.config["SETTINGS"], port=port, job_backoff=0.02, job_backoff_cap=0.05, telegram_chat_seconds=0.05,
        telegram_send_seconds=1.0,
    )  # fmt: skip
    fresh_app.config["SETTINGS"] = settings
    monkeypatch.setattr(context, "_app", fresh_app)
    bot = TelegramGateway(BotApi(settings.bot_token, settings.bot_api_url, settings.telegram_send_seconds))
    monkeypatch.setattr(telling, "gateways", lambda settings: gateways(settings) | {"telegram": bot})
    with fresh_app.app_context():
        store.prepare()
        yield fresh_app


@pytest.fixture
def member(telegram):
    """Somebody who is reached by Telegram alone."""
    with transaction():
        customer = make_customer(phone=False)
        attach_identity(customer, "telegram", str(CHAT), proven_at=utcnow())
        return make_member(make_partner(name="Эспрессо"), customer)


def notify(member, times=1):
    for _ in range(times):
        with transaction():
            posted = ledger.grant(
                member.partner_id, member.id, 100, source="system", source_ref=str(new_id()), now=utcnow()
            )
            notices.announce_welcome(member.partner_id, posted.entry_id, membership_id=member.id)


def settle(app):
    """Work until nothing is left to do."""

    def is_settled():
        Relay(app, None).move(utcnow())
        with transaction():
            return not db.session.scalar(
                text("SELECT count(*) FROM outbox WHERE done_at IS NULL AND parked_at IS NULL")
            )

    wait_for(is_settled, 120, "an end of all work")


def rows(columns="attempts, last_error, parked_at IS NOT NULL"):
    with transaction():
        return [tuple(row) for row in db.session.execute(text(f"SELECT {columns} FROM outbox ORDER BY id"))]


def calls():
    with transaction():
        return store.list_calls("sendMessage")


def heard(chat=CHAT):
    with transaction():
        return [item.text for item in store.list_items(chat, 0)]


def fail(kind, times=1, seconds=1.0):
    with transaction():
        store.add_fault("sendMessage", kind, times, seconds)


def feed():
    with transaction():
        return [tuple(row) for row in db.session.execute(text("SELECT channel, text FROM sandbox.message ORDER BY n"))]


def test_a_notice_to_somebody_who_has_blocked_the_bot_ends_and_the_next_is_not_even_tried(telegram, member):
    with transaction():
        store.block(CHAT, True)
    notify(member, 3)
    settle(telegram)
    assert len(calls()) == 1 and heard() == []
    assert rows() == [(0, None, False)] * 3
    with transaction():
        store.block(CHAT, False)
        replies.note_reachable(str(CHAT))
    notify(member)
    settle(telegram)
    assert [said[-11:] for said in heard()] == ["Баланс 400."]


def test_a_chat_that_is_gone_is_like_one_that_blocks(telegram, member):
    fail("chat_not_found")
    notify(member, 2)
    settle(telegram)
    assert len(calls()) == 1 and rows() == [(0, None, False)] * 2


def test_who_has_blocked_the_bot_is_told_by_the_next_way_at_once(telegram, member):
    with transaction():
        attach_identity(customer_of(member), "email", make_email(), proven_at=utcnow())
        store.block(CHAT, True)
    notify(member, 2)
    settle(telegram)
    assert len(calls()) == 1
    assert [channel for channel, _ in feed()] == ["email", "email"]
    assert rows() == [(0, None, False)] * 2


def test_after_a_429_nobody_is_written_to_until_the_silence_is_over_and_nothing_counts_as_a_failure(telegram, member):
    with transaction():
        other = make_customer(phone=False)
        attach_identity(other, "telegram", str(CHAT + 1), proven_at=utcnow())
        neighbour = make_member(make_partner(), other)
    fail("flooded", seconds=0.8)
    notify(member)
    notify(neighbour)
    settle(telegram)
    first, *later = calls()
    assert [call.fault for call in (first, *later)] == ["flooded", None, None]
    assert all(call.at - first.at >= timedelta(seconds=0.8) for call in later)
    assert rows() == [(0, None, False)] * 2
    assert len(heard()) == len(heard(CHAT + 1)) == 1


@pytest.mark.parametrize("kind", ["bad_gateway", "broken_json"])
def test_a_breakdown_is_tried_five_times_and_then_stands_in_the_list_of_what_was_given_up(telegram, member, kind):
    fail(kind, times=4)
    notify(member)
    settle(telegram)
    assert len(calls()) == 5 and len(heard()) == 1
    fail(kind, times=50)
    notify(member)
    settle(telegram)
    assert len(calls()) == 10 and len(heard()) == 1
    assert rows()[1] == (5, "TelegramError: broken_answer", True)


def test_a_call_that_was_cut_off_after_it_was_carried_out_is_the_only_reason_for_a_second_message(telegram, member):
    fail("cut")
    notify(member, 2)
    settle(telegram)
    assert [said[-11:] for said in heard()] == ["Баланс 100.", "Баланс 100.", "Баланс 200."]


def test_a_way_without_a_gateway_does_not_end_the_tries_of_one_that_has_broken_down(telegram, member, monkeypatch):
    """A person with a phone, where nobody has set up text messages."""
    with transaction():
        attach_identity(customer_of(member), "phone", "+79160000000", proven_at=utcnow())
    ours = telling.gateways
    monkeypatch.setattr(telling, "gateways", lambda settings: ours(settings) | {"sms": NoGateway("sms")})
    fail("bad_gateway", times=3)
    notify(member)
    settle(telegram)
    assert len(heard()) == 1 and rows() == [(3, None, False)]


def test_the_second_breakdown_of_the_best_way_leads_to_the_next(telegram, member):
    with transaction():
        attach_identity(customer_of(member), "email", make_email(), proven_at=utcnow())
    fail("bad_gateway", times=2)
    notify(member)
    settle(telegram)
    assert heard() == [] and [channel for channel, _ in feed()] == ["email"]


def test_a_reply_overtakes_any_number_of_notices(telegram, member):
    with transaction():
        for n in range(60):
            customer = make_customer(phone=False)
            attach_identity(customer, "telegram", str(CHAT + 1 + n), proven_at=utcnow())
            someone = make_member(db.session.get(Partner, member.partner_id), customer)
            posted = ledger.grant(
                someone.partner_id, someone.id, 100, source="system", source_ref="welcome", now=utcnow()
            )
            notices.announce_welcome(someone.partner_id, posted.entry_id, membership_id=someone.id)
    Relay(telegram, None).move(utcnow())
    sent = len(calls())
    with transaction():
        replies.announce_reply(CHAT, {"text": "Ответ"})
    settle(telegram)
    in_turn = [call.chat_id for call in calls()]
    assert sent < 60 < len(in_turn) and in_turn.index(CHAT) <= sent


def test_a_reply_and_a_notice_to_one_chat_keep_its_pace(telegram, member):
    with transaction():
        telegram.config["SETTINGS"] = replace(telegram.config["SETTINGS"], telegram_chat_seconds=0.4)
        replies.announce_reply(CHAT, {"text": "Ответ"})
    notify(member)
    settle(telegram)
    first, second = calls()
    assert second.at - first.at >= timedelta(seconds=0.4)
    assert heard()[0] == "Ответ"


def customer_of(member):
    return db.session.get(Customer, member.customer_id)

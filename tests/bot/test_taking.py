"""One update: what counts as a failure of its own, and what is waited for because it is nobody's."""

from __future__ import annotations

import itertools
import random
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import OperationalError

from bot.reading import number_of
from bot.taking import Taker
from loyalty import updates
from models import db

_numbers = itertools.count(random.randrange(10**6, 10**12))


@pytest.fixture
def take(app):
    """`take(act, raw)` takes an update, which `act` answers; `take.blame(act, raw)` blames one."""
    api = SimpleNamespace(bot_id=random.randrange(10**9))

    def taker(act):
        return Taker(app, api, respond=act, refuse=act, apologise=lambda talk: take.apologies.append(talk.incoming))

    def take(act, raw):
        return taker(act).take(raw)

    def is_known(raw):
        with app.app_context():
            return updates.is_taken(api.bot_id, raw["update_id"])

    take.blame = lambda act, raw: taker(act).blame(raw)
    take.apologies = []
    take.is_known = is_known
    return take


def message() -> dict:
    person = {"id": random.randrange(10**9, 10**12), "is_bot": False, "first_name": "Аня"}
    chat = {"id": person["id"], "type": "private"}
    content = {"message_id": 1, "from": person, "chat": chat, "date": 1_700_000_000, "text": "🦊"}
    return {"update_id": next(_numbers), "message": content}


def wait_for_a_lock(talk):
    with db.engine.connect() as other:
        other.execute(db.text("SELECT pg_advisory_xact_lock(8)"))
        db.session.execute(db.text("SET LOCAL lock_timeout = '20ms'"))
        db.session.execute(db.text("SELECT pg_advisory_xact_lock(8)"))


def lose_the_connection(talk):
    db.session.execute(db.text("SELECT pg_terminate_backend(pg_backend_pid())"))


def test_a_lock_that_is_never_got_holds_up_nobody_else(take):
    raw = message()
    assert [take(wait_for_a_lock, raw) for _ in range(3)] == [False, False, True]
    assert len(take.apologies) == 1 and take.is_known(raw)


def test_a_lost_connection_is_no_failure_of_the_update(take):
    raw = message()
    for _ in range(4):
        with pytest.raises(OperationalError):
            take(lose_the_connection, raw)
    assert take(lambda talk: None, raw) and take.apologies == []


def test_an_update_is_blamed_for_three_deaths_and_none_that_was_dealt_with(take):
    raw, done = message(), message()
    assert [take.blame(None, raw) for _ in range(3)] == [False, False, True]
    assert take.is_known(raw) and len(take.apologies) == 1
    take(lambda talk: None, done)
    assert take.blame(None, done) and len(take.apologies) == 1


def test_deaths_and_failures_count_together(take):
    raw = message()
    assert not take.blame(None, raw)
    assert not take(lambda talk: 1 / 0, raw)
    assert take(lambda talk: 1 / 0, raw) and take.is_known(raw)


@pytest.mark.parametrize(
    "raw", [None, [], {}, {"update_id": "5"}, {"update_id": True}, {"update_id": -1}, {"update_id": 2**63}]
)
def test_an_update_without_a_number_that_could_be_kept_is_left(take, raw):
    assert number_of(raw) is None
    assert take(None, raw)


@pytest.mark.parametrize("spoil", [lambda raw: raw["message"].update(text="\ud83e"), lambda raw: None])
def test_what_cannot_be_apologised_for_is_set_aside_too(take, monkeypatch, spoil):
    raw = message()
    spoil(raw)
    monkeypatch.setattr(take, "apologies", None)

    def fail(talk):
        raise ValueError("no")

    assert [take(fail, raw) for _ in range(3)] == [False, False, True]
    assert take.is_known(raw)


def test_a_chat_whose_number_cannot_be_kept_ends_the_update_and_not_the_process(taker):
    broken = {"update_id": next(_numbers), "message": {"message_id": 1, "chat": {"id": 2**63}}}
    assert [taker.take(broken) for _ in range(3)] == [False, False, True]

"""Updates of a messenger are taken once; broken ones are set aside; both are forgotten in time."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from loyalty import updates
from models import db
from tests.factories import NOW


@pytest.fixture
def bot(db_session):
    return random.randrange(10**9)


def test_an_update_is_new_once_for_each_bot(bot):
    assert [updates.take(bot, 5, NOW), updates.take(bot, 5, NOW), updates.take(bot, 4, NOW)] == [True, False, True]
    assert updates.take(bot + 1, 5, NOW)


def test_the_third_failure_sets_an_update_aside_and_takes_it(bot):
    raw = {"update_id": 5, "message": {"text": "тайна\u0000"}}
    assert [updates.record_failure(bot, 5, "KeyError", raw, NOW) for _ in range(3)] == [False, False, True]
    updates.record_failure(bot, 6, "KeyError", raw, NOW)
    (found,) = [one for one in updates.list_set_aside(10_000) if one.bot_id == bot]
    assert (found.update_id, found.attempts, found.error, found.raw) == (5, 3, "KeyError", raw)
    assert not updates.take(bot, 5, NOW) and updates.take(bot, 6, NOW)


def test_what_a_process_has_in_hand_is_found_by_the_next_unless_it_ended_in_order(bot):
    connection = db.session.connection()
    assert updates.find_in_hand(connection, bot) is None
    for update_id in (5, 6):
        updates.take_up(connection, bot, update_id)
    updates.take_up(connection, bot + 1, 7)
    assert updates.find_in_hand(connection, bot) == 6
    updates.put_down(connection, bot)
    assert [updates.find_in_hand(connection, one) for one in (bot, bot + 1)] == [None, 7]


def test_marks_live_longer_than_telegram_remembers(bot):
    updates.take(bot, 5, NOW)
    assert timedelta(days=8) <= updates.KEPT
    updates.forget_taken(NOW + timedelta(days=8))
    assert not updates.take(bot, 5, NOW)
    while updates.forget_taken(NOW + timedelta(days=10)):
        db.session.flush()
    assert updates.take(bot, 5, NOW)


def test_what_failed_is_forgotten_after_a_month(bot):
    for _ in range(3):
        updates.record_failure(bot, 5, "KeyError", {}, NOW)
    while updates.forget_broken(NOW + timedelta(days=31)):
        db.session.flush()
    assert not [one for one in updates.list_set_aside(10_000) if one.bot_id == bot]

"""How fast the bot may write, whoever sends."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from connectors.telegram import TelegramError
from loyalty.clock import utcnow
from models import db, transaction
from workers import pacing
from workers.pacing import Later, heed, wait_turn


@pytest.fixture
def chats(fresh_app):
    """Chats nobody has written to yet."""
    with fresh_app.app_context():
        yield [random.randrange(10**9) for _ in range(50)]


def test_a_chat_is_written_to_once_a_second(chats):
    before = utcnow()
    wait_turn(chats[0])
    with pytest.raises(Later) as wait:
        wait_turn(chats[0])
    assert before + timedelta(seconds=1) <= wait.value.at <= utcnow() + timedelta(seconds=1)
    wait_turn(chats[1])


def test_all_together_get_thirty_turns_a_second_and_who_must_wait_long_takes_none(chats, monkeypatch):
    naps = []
    monkeypatch.setattr(pacing.time, "sleep", naps.append)
    now = utcnow()
    monkeypatch.setattr(pacing, "utcnow", lambda: now)
    taken, refused = [], []
    for chat in chats:
        try:
            wait_turn(chat)
            taken.append(chat)
        except Later:
            refused.append(chat)
    assert len(taken) == 16 and naps[:3] == pytest.approx([0, 1 / 30, 2 / 30], abs=0.001)
    monkeypatch.setattr(pacing, "utcnow", lambda: now + timedelta(seconds=1))
    wait_turn(refused[0])


def test_a_long_silence_asked_for_is_kept_by_everybody_and_a_short_one_by_the_chat(chats):
    now = utcnow()
    with pytest.raises(Later) as wait:
        heed(TelegramError("flooded", retryable=True, retry_after=1), chats[0], now)
    assert timedelta(seconds=1) <= wait.value.at - now <= timedelta(seconds=1.2)
    wait_turn(chats[1])
    with pytest.raises(Later):
        heed(TelegramError("flooded", retryable=True, retry_after=20), chats[2], now)
    with pytest.raises(Later) as wait:
        wait_turn(chats[3])
    assert wait.value.at - now >= timedelta(seconds=20)


def test_paces_of_chats_that_rest_are_forgotten(chats):
    wait_turn(chats[0])
    with transaction():
        assert pacing.forget_paces(utcnow()) == 0
    with transaction():
        assert pacing.forget_paces(utcnow() + timedelta(hours=2)) == 2
        assert db.session.scalar(db.text("SELECT count(*) FROM chat_pace")) == 0

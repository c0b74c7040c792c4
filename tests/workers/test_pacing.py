"""How fast the bot may write, whoever sends."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from connectors.telegram import TelegramError
from loyalty.clock import utcnow
from models import db, transaction
from workers import pacing
from workers.pacing import Later, turn_to_write


@pytest.fixture
def chats(fresh_app):
    """Chats nobody has written to yet."""
    with fresh_app.app_context():
        yield [random.randrange(1, 10**9) for _ in range(50)]


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still: `clock(9)` sets it to nine seconds after `clock.begin`. Naps take no time."""
    begin = utcnow()

    def set_clock(seconds):
        monkeypatch.setattr(pacing, "utcnow", lambda: begin + timedelta(seconds=seconds))

    set_clock.begin, set_clock.naps = begin, []
    monkeypatch.setattr(pacing.time, "sleep", set_clock.naps.append)
    set_clock(0)
    return set_clock


def write(chat, tries=0, error=None):
    with turn_to_write(chat, tries):
        if error is not None:
            raise error


def flooded(seconds):
    return TelegramError("flooded", retryable=True, status=429, retry_after=seconds)


def test_a_chat_is_left_in_peace_for_a_second_after_a_message_was_answered(chats, clock):
    with turn_to_write(chats[0], 0):
        clock(4)
    clock(4.9)
    with pytest.raises(Later) as wait:
        write(chats[0])
    assert wait.value.at == clock.begin + timedelta(seconds=5)
    write(chats[1])
    clock(5)
    write(chats[0])


def test_nobody_writes_to_a_chat_while_another_message_is_on_its_way(chats, clock):
    with turn_to_write(chats[0], 0):
        clock(9)
        with pytest.raises(Later) as wait:
            write(chats[0])
        assert wait.value.at == clock.begin + timedelta(seconds=10), "it is looked at again soon"
        write(chats[1])


def test_a_turn_that_nobody_ended_ends_by_itself(chats, clock):
    dead = turn_to_write(chats[0], 0)
    dead.__enter__()
    clock(30)
    with pytest.raises(Later):
        write(chats[0])
    clock(31)
    write(chats[0])


def test_all_together_send_a_little_less_than_telegram_bears_and_who_must_wait_long_takes_no_turn(chats, clock):
    taken, refused = [], []
    for chat in chats:
        try:
            write(chat)
            taken.append(chat)
        except Later:
            refused.append(chat)
    assert len(taken) == 14 and clock.naps[:3] == pytest.approx([0, 1 / 27, 2 / 27], abs=0.001)
    clock(1)
    write(refused[0])


@pytest.mark.parametrize("seconds", [1, 20])
def test_a_silence_that_telegram_asks_for_is_kept_by_everybody_from_the_moment_it_asks(chats, clock, seconds):
    """However long the message waited for its turn and its answer."""
    with pytest.raises(Later) as wait, turn_to_write(chats[0], 0):
        clock(9)
        raise flooded(seconds)
    asked = clock.begin + timedelta(seconds=9)
    assert seconds <= (wait.value.at - asked).total_seconds() <= seconds * 1.1
    clock(9 + seconds - 0.6)
    for chat in chats[:2]:
        with pytest.raises(Later):
            write(chat)
    clock(9 + seconds * 1.1 + 1)
    write(chats[1])


def test_a_message_that_may_have_arrived_is_given_up_after_five_tries_and_another_is_not(chats):
    codes = {"timed_out": True, "unreachable": False}
    for n, (code, is_given_up) in enumerate(codes.items()):
        error = TelegramError(code, retryable=True)
        with pytest.raises(TelegramError) as fourth:
            write(chats[2 * n], 3, error)
        with pytest.raises(TelegramError) as fifth:
            write(chats[2 * n + 1], 4, error)
        assert fourth.value.retryable and fifth.value.code == code
        assert fifth.value.retryable is not is_given_up


def test_paces_of_chats_that_rest_are_forgotten(chats):
    write(chats[0])
    with transaction():
        assert pacing.forget_paces(utcnow()) == 0
    with transaction():
        assert pacing.forget_paces(utcnow() + timedelta(hours=2)) == 2
        assert db.session.scalar(db.text("SELECT count(*) FROM chat_pace")) == 0

"""One key, one effect, whoever comes at the same moment."""

import threading
import uuid

import pytest
from sqlalchemy import text

from loyalty.idempotency import IdempotencyConflict, once
from models import db, transaction

PRINT, OTHER_PRINT = "a" * 64, "b" * 64


def row(key):
    return db.session.execute(text("SELECT status, answer FROM idempotency WHERE key = :key"), {"key": key}).first()


@pytest.fixture
def key():
    return uuid.uuid4().hex


def test_the_first_call_acts_and_a_repeat_gets_its_answer(db_session, key):
    once("person:noise", key, PRINT, lambda: (200, {"noise": True}))
    acted = []
    for _ in range(3):
        status, answer, replayed = once("person:1", key, PRINT, lambda: acted.append(1) or (201, {"points": 50}))
        assert (status, answer) == (201, {"points": 50})
    assert (acted, replayed) == ([1], True)


def test_another_request_under_the_same_key_is_a_conflict(db_session, key):
    once("person:1", key, PRINT, lambda: (201, {}))
    with pytest.raises(IdempotencyConflict):
        once("person:1", key, OTHER_PRINT, lambda: (201, {}))


def test_a_refused_call_leaves_no_key(app, key):
    def refuse():
        raise ValueError("no")

    with app.app_context():
        with pytest.raises(ValueError), transaction():
            once("person:1", key, PRINT, refuse)
        assert row(key) is None
        with transaction():
            assert once("person:1", key, OTHER_PRINT, lambda: (201, {"again": 1}))[2] is False


def test_twenty_at_once_have_one_effect_and_one_answer(app, key):
    start, answers = threading.Barrier(20), []

    def act():
        db.session.execute(text("SELECT pg_sleep(0.05)"))
        return 201, {"id": uuid.uuid4().hex}

    def call():
        with app.app_context():
            start.wait()
            with transaction():
                answers.append(once("person:1", key, PRINT, act))

    threads = [threading.Thread(target=call) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer["id"] for _, answer, _ in answers}) == 1
    assert sorted(replayed for _, _, replayed in answers) == [False] + [True] * 19


def test_whoever_waited_for_a_refused_call_acts_itself(app, key):
    inside, acted = threading.Event(), []

    def refuse():
        inside.set()
        db.session.execute(text("SELECT pg_sleep(0.2)"))
        raise ValueError("no")

    def first():
        with app.app_context(), pytest.raises(ValueError), transaction():
            once("person:1", key, PRINT, refuse)

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait()
    with app.app_context(), transaction():
        once("person:1", key, PRINT, lambda: acted.append(1) or (201, {}))
    thread.join()
    assert acted == [1]

"""How one row is carried out, and how it fails."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from rq.timeouts import JobTimeoutException
from sqlalchemy import text

from loyalty import outbox
from loyalty.clock import utcnow
from loyalty.failures import name_of
from models import db, transaction
from tests.workers.stage import SETTINGS
from tests.workers.test_relay import rows
from tests.workers.troupe import announce_events, effects
from workers import jobs
from workers.jobs import backoff, run_outbox_row
from workers.telling import Later


def run_at(app, row_id, now):
    with app.app_context():
        return jobs.carry_out(row_id, now)


def only_id(app):
    return rows(app, "id")[0].id


def test_done_is_done_once(staged_app):
    announce_events(staged_app, [1, 7], row={"sealed": "a secret"})
    row_id = only_id(staged_app)
    assert [run_outbox_row(row_id), run_outbox_row(row_id)] == ["done", "taken"]
    assert effects(staged_app) == {1: 1}
    done, noise = rows(staged_app, "sealed, done_at")
    assert done.sealed is None and done.done_at is not None
    assert noise == ("a secret", None)


def test_a_row_that_another_worker_has_is_left_alone(staged_app):
    announce_events(staged_app, [1])
    row_id = only_id(staged_app)
    with staged_app.app_context(), db.engine.begin() as other:
        other.execute(text("SELECT 1 FROM outbox WHERE id = :id FOR UPDATE"), {"id": row_id})
        assert run_outbox_row(row_id) == "taken"
    assert run_outbox_row(row_id) == "done"


def test_one_row_carried_out_by_many_at_once_has_one_effect(staged_app):
    announce_events(staged_app, [1], payload={"seconds": 0.1})
    row_id, outcomes = only_id(staged_app), []
    threads = [threading.Thread(target=lambda: outcomes.append(run_outbox_row(row_id))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done"] + ["taken"] * 5
    assert effects(staged_app) == {1: 1}


def test_a_failed_try_leaves_no_effect_and_no_words(staged_app):
    announce_events(staged_app, [1], job="break_down")
    assert run_outbox_row(only_id(staged_app)) == "failed"
    assert effects(staged_app) == {}
    (row,) = rows(staged_app)
    assert (row.attempts, row.last_error, row.enqueued_at) == (1, "BrokenOnPurpose", None)
    assert row.next_try_at > utcnow() - timedelta(seconds=1)


def test_what_fails_ten_times_is_parked_visible_and_can_be_sent_again(staged_app):
    announce_events(staged_app, [1], job="break_down")
    row_id, now, outcomes = only_id(staged_app), utcnow(), []
    for _ in range(10):
        now += timedelta(seconds=1)
        outcomes.append(run_at(staged_app, row_id, now))
    assert outcomes == ["failed"] * 9 + ["parked"]
    assert run_at(staged_app, row_id, now + timedelta(hours=1)) == "taken"
    with staged_app.app_context(), transaction():
        assert [row.id for row in outbox.parked()] == [row_id]
        db.session.execute(text("INSERT INTO mended DEFAULT VALUES"))
        assert outbox.retry(row_id, utcnow())
        assert not outbox.retry(row_id, utcnow())
    assert run_outbox_row(row_id) == "done"
    assert effects(staged_app) == {1: 1}


def test_what_fails_for_two_days_is_parked_before_its_tries_are_over(staged_app):
    announce_events(staged_app, [1], job="break_down")
    row_id, now = only_id(staged_app), utcnow()
    assert run_at(staged_app, row_id, now) == "failed"
    assert run_at(staged_app, row_id, now + timedelta(hours=47)) == "failed"
    assert run_at(staged_app, row_id, now + timedelta(hours=48, seconds=1)) == "parked"


def test_a_dismissed_row_is_never_done(staged_app):
    announce_events(staged_app, [1], row={"sealed": "a secret"})
    row_id = only_id(staged_app)
    with staged_app.app_context(), transaction():
        assert not outbox.dismiss(row_id, utcnow()), "only what was given up can be let go"
        db.session.execute(text("UPDATE outbox SET parked_at = now()"))
        assert outbox.dismiss(row_id, utcnow())
    assert run_outbox_row(row_id) == "taken"
    assert effects(staged_app) == {}
    assert rows(staged_app, "sealed")[0].sealed is None


def test_a_row_that_waits_for_its_next_try_is_not_tried_by_a_late_repeat_from_the_queue(staged_app):
    announce_events(staged_app, [1], job="break_down")
    row_id, now = only_id(staged_app), utcnow()
    run_at(staged_app, row_id, now)
    assert run_at(staged_app, row_id, now) == "taken"
    assert rows(staged_app)[0].attempts == 1


def test_an_interrupted_job_counts_as_a_try_and_rq_sees_its_exception(staged_app, monkeypatch):
    def hang(payload, row, now):
        raise JobTimeoutException("60 s are over")

    monkeypatch.setitem(jobs.JOBS, "hang", hang)
    announce_events(staged_app, [1], job="hang")
    with pytest.raises(JobTimeoutException):
        run_outbox_row(only_id(staged_app))
    (row,) = rows(staged_app)
    assert (row.attempts, row.last_error, row.done_at) == (1, "JobTimeoutException", None)


def test_a_job_may_ask_for_later_without_losing_a_try(staged_app, monkeypatch):
    morning = utcnow() + timedelta(hours=9)

    def sleep(payload, row, now):
        raise Later(morning)

    monkeypatch.setitem(jobs.JOBS, "sleep", sleep)
    announce_events(staged_app, [1], job="sleep")
    assert run_outbox_row(only_id(staged_app)) == "later"
    (row,) = rows(staged_app)
    assert (row.attempts, row.next_try_at, row.parked_at) == (0, morning, None)


def test_a_failure_for_good_is_parked_at_once(staged_app, monkeypatch):
    class Refused(Exception):
        code, retryable = "no_sms_gateway", False

    def refuse(payload, row, now):
        raise Refused("+79161234567")

    monkeypatch.setitem(jobs.JOBS, "refuse", refuse)
    announce_events(staged_app, [1], job="refuse")
    assert run_outbox_row(only_id(staged_app)) == "parked"
    assert rows(staged_app)[0].last_error == "Refused: no_sms_gateway"


def test_a_job_of_a_newer_version_is_tried_again_later(staged_app):
    announce_events(staged_app, [1], job="invented_tomorrow")
    assert run_outbox_row(only_id(staged_app)) == "failed"
    assert rows(staged_app)[0].last_error == "UnknownJob"


def test_a_row_waits_for_the_earlier_one_of_its_subject_but_not_for_a_parked_one(staged_app):
    announce_events(staged_app, [1, 2, 3], row={"ordering_key": "membership:1"})
    announce_events(staged_app, [9], row={"ordering_key": "membership:2"})
    first, second, third, noise = (row.id for row in rows(staged_app, "id"))
    assert [run_outbox_row(second), run_outbox_row(noise)] == ["waits", "done"]
    with staged_app.app_context(), transaction():
        db.session.execute(text("UPDATE outbox SET parked_at = now() WHERE id = :id"), {"id": first})
    assert [run_outbox_row(third), run_outbox_row(second), run_outbox_row(third)] == ["waits", "done", "done"]
    assert effects(staged_app) == {9: 1, 2: 1, 3: 1}


def test_waits_grow_fourfold_up_to_their_limit_and_differ():
    settings = replace(SETTINGS, job_backoff=5, job_backoff_cap=14_400)
    for attempts, longest in ((1, 5), (2, 20), (3, 80), (7, 14_400), (100, 14_400)):
        waits = {backoff(attempts, settings).total_seconds() for _ in range(50)}
        assert len(waits) > 1
        assert longest / 2 <= min(waits) and max(waits) <= longest


def test_done_rows_are_forgotten_in_chunks_and_others_kept(staged_app):
    announce_events(staged_app, range(5))
    with staged_app.app_context(), transaction():
        db.session.execute(text("UPDATE outbox SET done_at = now() - interval '31 days' WHERE payload->>'event' < '3'"))
        db.session.execute(text("UPDATE outbox SET done_at = now() WHERE payload->>'event' = '3'"))
        old = utcnow() - timedelta(days=30)
        assert [outbox.forget_done(old, chunk=2) for _ in range(3)] == [2, 1, 0]
    assert len(rows(staged_app)) == 2


def test_a_failure_is_named_by_class_and_code_only():
    error = ValueError("+79161234567")
    assert name_of(error) == "ValueError"
    error.code = "bad_phone"
    assert name_of(error) == "ValueError: bad_phone"

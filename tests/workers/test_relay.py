"""The relay by itself: with no Redis it does the work, with one it only hands over ids."""

from __future__ import annotations

import json
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import redis
from rq import Queue
from sqlalchemy import text

from loyalty import heartbeats, outbox
from loyalty.clock import utcnow
from models import db, transaction
from tests.workers.troupe import announce_events, effects, order_of_effects, unfinished, wait_for
from workers.jobs import run_outbox_row
from workers.relay import Relay


def rows(app, columns="id, enqueued_at, next_try_at, attempts, last_error, done_at, parked_at"):
    with app.app_context(), db.engine.connect() as connection:
        return connection.execute(text(f"SELECT {columns} FROM outbox ORDER BY id")).all()


def test_without_redis_the_relay_does_the_rows_itself_in_under_a_second(staged_app):
    stop = threading.Event()
    thread = threading.Thread(target=Relay(staged_app, None).run, args=(stop,))
    thread.start()
    try:
        announce_events(staged_app, [0])
        wait_for(lambda: unfinished(staged_app) == 0, 10, "the first row")  # the first may wait for a connection
        announce_events(staged_app, range(1, 4))
        assert wait_for(lambda: unfinished(staged_app) == 0, 5, "the rows") < 1
    finally:
        stop.set()
        thread.join()
    assert effects(staged_app) == dict.fromkeys(range(4), 1)
    with staged_app.app_context():
        assert heartbeats.is_alive("relay", utcnow())


def test_rows_that_are_not_due_wait(staged_app):
    now = utcnow()
    announce_events(staged_app, [1], row={"at": now + timedelta(hours=1)})
    announce_events(staged_app, [2])
    relay = Relay(staged_app, None)
    with staged_app.app_context():
        assert relay.move(utcnow()) == 1
    assert effects(staged_app) == {2: 1}


def test_urgent_rows_overtake(staged_app):
    announce_events(staged_app, range(5))
    announce_events(staged_app, [99], row={"urgent": True})
    with staged_app.app_context():
        Relay(staged_app, None).move(utcnow())
    assert order_of_effects(staged_app) == [99, 0, 1, 2, 3, 4]


def test_a_row_of_a_caller_that_rolled_back_never_happened(staged_app):
    with staged_app.app_context():
        outbox.announce("count", {"event": 1})
        db.session.rollback()
    announce_events(staged_app, [2])
    with staged_app.app_context():
        Relay(staged_app, None).move(utcnow())
    assert effects(staged_app) == {2: 1}


def test_redis_is_given_ids_as_json_and_nothing_else(staged_app, own_redis):
    announce_events(staged_app, [123456], row={"sealed": "sealed-value", "urgent": True})
    connection = redis.Redis.from_url(own_redis.url)
    with staged_app.app_context():
        assert Relay(staged_app, connection).move(utcnow()) == 1
    ((row_id, enqueued_at, *_),) = rows(staged_app)
    assert enqueued_at is not None
    job = connection.hgetall(f"rq:job:outbox-{row_id}")
    assert json.loads(zlib.decompress(job[b"data"]))[2] == [row_id]
    everything = b"".join(connection.dump(key) for key in list(connection.scan_iter()))
    assert b"123456" not in everything and b"sealed-value" not in everything
    assert Queue("urgent", connection=connection).count == 1


def test_a_worker_quicker_than_the_relay_finds_the_row_free(staged_app, own_redis, monkeypatch):
    enqueue, answers = Queue.enqueue_many, []

    def enqueue_and_work(queue, jobs, **options):
        enqueue(queue, jobs, **options)
        for job in jobs:
            with ThreadPoolExecutor(1) as worker:  # a connection of its own, as in another process
                answers.append(worker.submit(run_outbox_row, *job.args).result())

    monkeypatch.setattr(Queue, "enqueue_many", enqueue_and_work)
    announce_events(staged_app, [1], row={"urgent": True})
    announce_events(staged_app, [2])
    with staged_app.app_context():
        assert Relay(staged_app, redis.Redis.from_url(own_redis.url)).move(utcnow()) == 2
    assert answers == ["done", "done"]
    assert order_of_effects(staged_app) == [1, 2]


def test_rows_that_redis_did_not_take_stay_due(staged_app, own_redis, monkeypatch):
    enqueue = Queue.enqueue_many

    def die_on_default(queue, jobs, **options):
        if queue.name == "default":
            own_redis.kill()
        enqueue(queue, jobs, **options)

    monkeypatch.setattr(Queue, "enqueue_many", die_on_default)
    announce_events(staged_app, [1], row={"urgent": True})
    announce_events(staged_app, [2])
    now = utcnow()
    with staged_app.app_context(), pytest.raises(redis.RedisError):
        Relay(staged_app, redis.Redis.from_url(own_redis.url)).move(now)
    assert [row.next_try_at for row in rows(staged_app)] == [now, now]


def test_two_relays_hand_a_row_over_once(staged_app, own_redis):
    staged_app.config["SETTINGS"] = replace(staged_app.config["SETTINGS"], relay_queue_limit=1000)
    announce_events(staged_app, range(60))
    connection = redis.Redis.from_url(own_redis.url)
    moved = []

    def move():
        with staged_app.app_context():
            relay = Relay(staged_app, connection)
            while count := relay.move(utcnow()):
                moved.append(count)

    threads = [threading.Thread(target=move) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(moved) == 60
    assert Queue("default", connection=connection).count == 60


def test_a_row_that_is_not_done_is_handed_over_again_and_keeps_its_age(staged_app, own_redis):
    connection = redis.Redis.from_url(own_redis.url)
    relay, begin = Relay(staged_app, connection), utcnow() + timedelta(seconds=1)
    announce_events(staged_app, [1])
    with staged_app.app_context():
        assert [relay.move(begin + timedelta(seconds=second)) for second in (0, 1, 1.9, 2, 3, 4)] == [1, 0, 0, 1, 0, 1]
        assert outbox.oldest_age(begin + timedelta(seconds=90)) == timedelta(seconds=90)


def test_the_relay_keeps_most_of_a_long_list_in_the_database(staged_app, own_redis):
    staged_app.config["SETTINGS"] = replace(staged_app.config["SETTINGS"], relay_queue_limit=5)
    announce_events(staged_app, range(12))
    connection = redis.Redis.from_url(own_redis.url)
    with staged_app.app_context():
        relay = Relay(staged_app, connection)
        assert [relay.move(utcnow()), relay.move(utcnow())] == [5, 0]


def test_the_relay_lives_through_the_loss_of_redis_and_of_its_connections(staged_app, own_redis):
    connection = redis.Redis.from_url(own_redis.url)
    stop = threading.Event()
    thread = threading.Thread(target=Relay(staged_app, connection).run, args=(stop,))
    thread.start()
    try:
        own_redis.kill()
        announce_events(staged_app, [1])
        time.sleep(0.5)
        assert thread.is_alive()
        with staged_app.app_context(), transaction():
            db.session.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        time.sleep(0.2)
        own_redis.start()
        wait_for(lambda: Queue("default", connection=connection).count == 1, 15, "the row in Redis")
        assert thread.is_alive()
    finally:
        stop.set()
        thread.join()

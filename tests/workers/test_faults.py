"""What the measured failures of RQ and Redis cost us: nothing. Each event is done exactly once, whatever is killed."""

from __future__ import annotations

import random
import threading
import time

import pytest
from sqlalchemy import text

from models import db
from tests.workers.troupe import (
    announce_events,
    effects,
    kill,
    order_of_effects,
    unfinished,
    wait_for,
)


@pytest.mark.parametrize(
    ("events", "kills"), [(120, 6), pytest.param(1500, 24, marks=pytest.mark.slow)], ids=["short", "long"]
)
def test_nothing_is_lost_or_doubled_when_redis_relays_workers_and_horses_are_killed(
    staged_app, troupe, own_redis, events, kills
):
    chance = random.Random(20261120)
    troupe.start()
    troupe.start()
    wait_for(lambda: len(troupe.workers()) == 2, 40, "two workers")
    writer = threading.Thread(target=_write, args=(staged_app, events))
    writer.start()
    for n in range(kills):
        time.sleep(chance.uniform(0.1, 0.5))
        _kill_something(("redis", "worker", "horse", "main")[n % 4], troupe, own_redis, chance)
    writer.join()
    wait_for(lambda: unfinished(staged_app) == 0, 60 + events / 5, "an empty outbox")
    seen = effects(staged_app)
    assert sorted(seen) == list(range(events)), "events were lost"
    assert set(seen.values()) == {1}, "events were done twice"


def _write(app, events):
    for event in range(events):
        announce_events(app, [event], payload={"seconds": 0.01})
        time.sleep(0.01)


def _kill_something(what, troupe, redis, chance):
    if what == "redis":
        redis.kill()
        time.sleep(chance.uniform(0.05, 0.3))
        redis.start()
    elif what == "main":
        troupe.kill_main(chance.randrange(2))
    else:
        find = troupe.workers if what == "worker" else troupe.horses
        # a horse lives for some milliseconds: take aim until one was hit
        wait_for(lambda: any(kill(process) for process in find()[:1]), 20, f"the death of a {what}", every=0.002)


def test_a_worker_killed_with_its_horse_costs_seconds_not_rqs_minute(staged_app, troupe):
    troupe.start()
    announce_events(staged_app, [1], payload={"seconds": 1})
    wait_for(troupe.horses, 40, "a horse at work")
    (worker,), (horse,) = troupe.workers(), troupe.horses()
    assert kill(worker)
    assert kill(horse)
    wait_for(lambda: effects(staged_app) == {1: 1}, 45, "the event")
    wait_for(lambda: unfinished(staged_app) == 0, 10, "its end")


def test_rows_that_died_with_redis_are_queued_again_as_soon_as_it_is_back(staged_app, troupe, own_redis):
    troupe.environment["RELAY_REQUEUE_AFTER"] = "600"  # so that waiting does not help
    troupe.start()
    wait_for(troupe.workers, 60, "a worker")
    announce_events(staged_app, [0], payload={"seconds": 1.5})
    wait_for(troupe.horses, 40, "a horse at work")
    announce_events(staged_app, range(1, 20))
    time.sleep(0.3)  # they are in Redis' memory now, and nowhere else in it
    own_redis.kill()
    own_redis.start()
    wait_for(lambda: len(effects(staged_app)) == 20, 45, "all events")
    assert set(effects(staged_app).values()) == {1}


def test_a_job_that_kills_its_process_is_parked_after_its_tries(staged_app, troupe):
    troupe.start()
    announce_events(staged_app, [1], job="die")
    announce_events(staged_app, [2])
    wait_for(lambda: unfinished(staged_app) == 0, 60, "an end of both")
    with staged_app.app_context():
        ends = db.session.execute(
            text("SELECT job, attempts, last_error FROM outbox WHERE parked_at IS NOT NULL")
        ).all()
    assert [tuple(end) for end in ends] == [("die", 10, "WorkHorseKilled")]
    assert effects(staged_app) == {2: 1}


def test_rows_of_one_subject_are_done_in_order_by_many_workers(staged_app, troupe):
    announce_events(staged_app, range(20), row={"ordering_key": "membership:1"})
    announce_events(staged_app, range(100, 120), row={"ordering_key": "membership:2"})
    troupe.start()
    troupe.start()
    wait_for(lambda: unfinished(staged_app) == 0, 60, "an empty outbox")
    order = order_of_effects(staged_app)
    assert [event for event in order if event < 100] == list(range(20))
    assert [event for event in order if event >= 100] == list(range(100, 120))


def test_the_workers_stop_cleanly_when_told_to(staged_app, troupe):
    troupe.start()
    announce_events(staged_app, [1], payload={"seconds": 1})
    wait_for(troupe.horses, 40, "a horse at work")
    workers = troupe.workers()
    assert troupe.close() == [0]
    assert effects(staged_app) == {1: 1}
    assert not any(worker.is_running() for worker in workers)

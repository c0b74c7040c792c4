"""Periodic work: once a period, whoever is there to do it, and not forgotten when nobody was."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from config import ROOT
from loyalty import heartbeats
from loyalty.clock import utcnow
from models import db, transaction
from tests.workers.troupe import wait_for
from workers import schedule
from workers.schedule import LostClaim, Schedule, Task, claim

HOUR = timedelta(hours=1)
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


class Diary:
    """A task's function that notes the periods it ran for."""

    def __init__(self):
        self.periods = []

    def __call__(self, run):
        self.periods.append(run.period)
        return {"ran": 1}


@pytest.fixture
def diary():
    return Diary()


def run_at(app, now, *tasks):
    with app.app_context():
        return Schedule(app, tasks).run_due(now)


def claims(app, task):
    with app.app_context(), db.engine.connect() as connection:
        query = text("SELECT period, claimed_at, done_at, result FROM period_claim WHERE task = :task ORDER BY period")
        return connection.execute(query, {"task": task}).all()


def test_a_period_runs_once(fresh_app, diary):
    task, noise = Task("count", HOUR, diary), Task("noise", HOUR, Diary())
    minutes = (0, 1, 59, 60, 61)
    assert [run_at(fresh_app, NOON + timedelta(minutes=at), task, noise) for at in minutes] == [2, 0, 0, 2, 0]
    assert diary.periods == [NOON, NOON + HOUR]
    assert [row.result for row in claims(fresh_app, "count")] == [{"ran": 1}] * 2


def test_periods_begin_at_the_offset(fresh_app, diary):
    task = Task("daily", timedelta(days=1), diary, offset=timedelta(minutes=30))
    assert task.period_at(NOON) == datetime(2026, 3, 10, 0, 30, tzinfo=UTC)
    assert task.period_at(datetime(2026, 3, 10, 0, 29, tzinfo=UTC)) == datetime(2026, 3, 9, 0, 30, tzinfo=UTC)


def test_missed_periods_are_caught_up_one_by_one_or_by_one_run_for_all(fresh_app):
    each, once = Diary(), Diary()
    tasks = (Task("each", HOUR, each, each=True), Task("once", HOUR, once))
    run_at(fresh_app, NOON, *tasks)
    run_at(fresh_app, NOON + 4 * HOUR, *tasks)
    assert each.periods == [NOON + n * HOUR for n in range(5)]
    assert once.periods == [NOON, NOON + 4 * HOUR]


def test_after_a_very_long_time_only_the_last_hundred_periods_are_caught_up(fresh_app, diary):
    task = Task("each", HOUR, diary, each=True)
    run_at(fresh_app, NOON, task)
    run_at(fresh_app, NOON + 1000 * HOUR, task)
    assert diary.periods == [NOON] + [NOON + n * HOUR for n in range(901, 1001)]


def test_two_schedules_at_once_have_one_effect_a_period(fresh_app):
    barrier, diaries = threading.Barrier(4), [Diary() for _ in range(4)]

    def work(diary):
        barrier.wait()
        run_at(fresh_app, NOON, Task("count", HOUR, diary, each=True))
        run_at(fresh_app, NOON + 5 * HOUR, Task("count", HOUR, diary, each=True))

    threads = [threading.Thread(target=work, args=(diary,)) for diary in diaries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run_at(fresh_app, NOON + 5 * HOUR, Task("count", HOUR, diaries[0], each=True))
    ran = sorted(period for diary in diaries for period in diary.periods)
    assert ran == [NOON + n * HOUR for n in range(6)]


def test_a_run_that_fails_is_taken_again_after_its_lease_and_spoils_no_other_task(fresh_app, diary):
    healthy, fails = Diary(), [True]

    def fail_first(run):
        diary(run)
        if fails.pop() if fails else False:
            raise ValueError("+79161234567")
        return {}

    tasks = (Task("ill", HOUR, fail_first, lease=timedelta(minutes=10)), Task("healthy", HOUR, healthy))
    assert [run_at(fresh_app, NOON + timedelta(minutes=at), *tasks) for at in (0, 9, 10, 20)] == [1, 0, 1, 0]
    assert diary.periods == [NOON, NOON]
    assert healthy.periods == [NOON]


def test_a_task_that_another_schedule_runs_is_not_started_for_its_next_period(fresh_app, diary):
    task = Task("long", HOUR, diary, lease=2 * HOUR)
    with fresh_app.app_context():
        assert claim(task, NOON) == NOON
        assert claim(task, NOON + HOUR) is None
        assert claim(task, NOON + 2 * HOUR) == NOON + 2 * HOUR


def test_a_process_that_dies_in_the_middle_leaves_its_period_to_another(fresh_app, diary):
    script = (
        "import os\n"
        "from datetime import datetime\n"
        "from tests.workers.stage import SETTINGS\n"
        "from api import create_app\n"
        "from workers.schedule import Schedule, Task\n"
        "from datetime import timedelta\n"
        f"app = create_app(SETTINGS, {fresh_app.config['SQLALCHEMY_DATABASE_URI']!r})\n"
        "task = Task('deadly', timedelta(hours=1), lambda run: os._exit(9))\n"
        "with app.app_context():\n"
        f"    Schedule(app, (task,)).run_due(datetime.fromisoformat({NOON.isoformat()!r}))\n"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT).returncode == 9
    (row,) = claims(fresh_app, "deadly")
    assert row.done_at is None
    task = Task("deadly", HOUR, diary)
    assert [run_at(fresh_app, NOON + timedelta(minutes=at), task) for at in (5, 11)] == [0, 1]
    assert diary.periods == [NOON]


def test_a_long_run_keeps_its_period_and_one_that_lost_it_stops(fresh_app):
    lost = []

    def lose(run):
        run.beat()
        with transaction():
            db.session.execute(text("UPDATE period_claim SET claimed_at = now() + interval '1 day'"))
        try:
            run.beat()
        except LostClaim:
            lost.append(True)
            raise
        return {}

    assert run_at(fresh_app, NOON, Task("slow", HOUR, lose)) == 0
    assert lost == [True]
    assert claims(fresh_app, "slow")[0].done_at is None


def test_the_schedule_lives_through_the_loss_of_its_connections_and_says_that_it_lives(fresh_app, diary):
    stop = threading.Event()
    task = Task("second", timedelta(seconds=1), diary)
    thread = threading.Thread(target=Schedule(fresh_app, (task,), look_every=0.05).run, args=(stop,))
    thread.start()
    try:
        wait_for(lambda: diary.periods, 10, "a run")
        with fresh_app.app_context(), transaction():
            db.session.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        seen = len(diary.periods)
        wait_for(lambda: len(diary.periods) > seen, 10, "another run")
        with fresh_app.app_context():
            assert heartbeats.is_alive("schedule", utcnow())
            assert not heartbeats.is_alive("schedule", utcnow() + timedelta(seconds=31))
            assert not heartbeats.is_alive("relay", utcnow())
    finally:
        stop.set()
        thread.join()


def test_the_names_of_the_tasks_differ_and_their_leases_are_shorter_than_forever():
    names = [task.name for task in schedule.TASKS]
    assert len(set(names)) == len(names) > 3
    assert all(timedelta() < task.lease <= HOUR for task in schedule.TASKS)

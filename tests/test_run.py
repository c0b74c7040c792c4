"""The supervisor behind `make run`: it starts everything, keeps it alive, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg2
import pytest
import requests

from config import ROOT
from models import db, transaction
from models.embedded import EmbeddedServer
from sandbox.processes import port_is_free
from tests.factories import make_customer
from tests.support import run_folder
from tests.support.redis_server import free_port

NOT_FOR_CHILDREN = ("DATABASE_URL", "REDIS_URL", "SMTP_URL", "TELEGRAM_BOT_TOKEN", "SECRET_KEY", "ENCRYPTION_KEYS")


class Run:
    """One `python -m sandbox.run` in a data folder."""

    def __init__(self, home: Path, port: int, **variables: str):
        env = {name: value for name, value in os.environ.items() if name not in NOT_FOR_CHILDREN}
        env |= {"KOPILKA_HOME": str(home), "PORT": str(port), "WEB_WORKERS": "1", **variables}
        self.url, self.port, self.home = f"http://127.0.0.1:{port}", port, home
        self.output = home.parent / f"output-{time.time_ns()}"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sandbox.run"], cwd=ROOT, env=env, stdout=output, stderr=output
            )

    def wait_until_ready(self) -> str:
        """What it has printed once it says that it is ready."""
        wait_for(lambda: "Kopilka is ready" in self.said or self.process.poll() is not None, self)
        assert self.process.poll() is None, self.said
        assert requests.get(f"{self.url}/readyz", timeout=10).status_code == 200
        return self.said

    def answers(self) -> bool:
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"{self.url}/readyz", timeout=5).status_code == 200
        return False

    @property
    def said(self) -> str:
        return self.output.read_text()

    def child(self, word: str) -> psutil.Process:
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if word in child.cmdline())

    def everything(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@pytest.fixture
def home(databases, tmp_path):
    """A data folder, where PostgreSQL can run at all."""
    yield tmp_path / "home"
    run_folder.remove_home(tmp_path / "home")


@pytest.fixture
def start(home):
    runs: list[Run] = []

    def start(port: int | None = None, **variables: str) -> Run:
        runs.append(Run(home, port or free_port(), **variables))
        return runs[-1]

    yield start
    for run in runs:
        run.process.terminate()
        run.process.wait(30)


def wait_for(condition, run: Run, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, run.said
        time.sleep(0.1)


def rows(home: Path, statement: str):
    connection = psycopg2.connect(EmbeddedServer(home).url.replace("+psycopg2", ""))
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None


@pytest.mark.parametrize("request_to_stop", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_asked_to_stop_and_goes_on_with_the_same_data(home, start, request_to_stop):
    first = start()
    said = first.wait_until_ready()
    for path in ("/", "/sandbox", "/customer", "/partner", "/admin", "/api/docs"):
        assert f"http://localhost:{first.port}{path} " in said
    for business in ("espresso", "style", "glame", "krasota"):
        assert f"http://127.0.0.1:{first.port}/sandbox/sites/{business} " in said
    rows(home, "CREATE TABLE kept AS SELECT 7 AS value")
    started = first.everything()
    asked_at = time.monotonic()
    first.process.send_signal(request_to_stop)
    assert first.process.wait(30) == 0, first.said
    assert time.monotonic() - asked_at < 12
    assert not [process for process in started if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    assert not EmbeddedServer(home).is_running()

    start(first.port).wait_until_ready()
    assert rows(home, "SELECT value FROM kept") == [(7,)]


def test_what_dies_is_started_again(home, start):
    run = start()
    run.wait_until_ready()
    web = run.child("gunicorn")
    web.kill()
    wait_for(lambda: not web.is_running() and run.answers(), run)
    assert run.child("gunicorn").pid != web.pid

    pid_file = EmbeddedServer(home).data_dir / "postmaster.pid"
    killed = psutil.Process(int(pid_file.read_text().split()[0]))
    killed.kill()
    wait_for(lambda: not killed.is_running() and EmbeddedServer(home).is_running(), run)
    wait_for(run.answers, run)
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(30) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.2 is nobody's address")
def test_the_partners_sites_are_there_whatever_the_host(start):
    run = start(HOST="127.0.0.2")
    run.wait_until_ready()
    for address in ("http://127.0.0.2", "http://127.0.0.1"):
        assert requests.get(f"{address}:{run.port}/readyz", timeout=10).status_code == 200
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(30) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent was killed")
def test_nothing_keeps_the_port_after_a_kill_and_the_next_start_takes_over(home, start):
    killed = start()
    killed.wait_until_ready()
    killed.process.kill()
    killed.process.wait()
    wait_for(lambda: port_is_free("127.0.0.1", killed.port), killed, seconds=15)
    second = start(killed.port)
    second.wait_until_ready()
    second.process.send_signal(signal.SIGINT)
    assert second.process.wait(30) == 0
    assert not EmbeddedServer(home).is_running()


def test_a_port_in_use_is_one_sentence(home, start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        run = start(taken.getsockname()[1])
        assert run.process.wait(60) == 2
        assert run.said.count("\n") == 1 and f"port {taken.getsockname()[1]} is in use" in run.said


def test_an_address_of_another_machine_is_refused(home, start):
    run = start(HOST="192.0.2.1")
    assert run.process.wait(60) == 2
    assert "HOST=192.0.2.1" in run.said


def test_real_credentials_are_refused(home, start):
    run = start(SMTP_URL="smtp://somewhere")
    assert run.process.wait(60) == 2
    assert "SMTP_URL" in run.said


def test_a_named_database_that_does_not_answer_is_said(home, start):
    run = start(DATABASE_URL=f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    assert run.process.wait(60) == 1
    assert "the database does not answer" in run.said


def test_a_database_with_customers_of_its_own_gets_no_demo_world(fresh_app, start):
    with fresh_app.app_context(), transaction():
        make_customer()
    url = fresh_app.config["SETTINGS"].database_url
    run = start(DATABASE_URL=url)
    assert run.process.wait(60) == 2
    assert run.said.count("\n") == 1 and "customers of its own" in run.said
    with fresh_app.app_context():
        assert db.session.scalar(db.text("SELECT count(*) FROM customer")) == 1
        assert db.session.scalar(db.text("SELECT count(*) FROM platform_role")) == 0

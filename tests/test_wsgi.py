"""Commands on a machine with nothing but the checkout: a database runs while it is needed and no longer."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from config import ROOT
from models.embedded import EmbeddedServer, ensure_running
from tests.support import run_folder


@pytest.fixture
def home(databases, tmp_path):
    yield tmp_path / "home"
    run_folder.remove_home(tmp_path / "home")


def flask(home, *words: str) -> subprocess.CompletedProcess:
    env = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "SANDBOX")}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *words]
    return subprocess.run(
        command, env=env | {"KOPILKA_HOME": str(home)}, cwd=ROOT, capture_output=True, text=True, check=True
    )


def test_a_command_that_needs_no_database_starts_none(home):
    assert "/readyz" in flask(home, "routes").stdout
    assert not EmbeddedServer(home).data_dir.exists()


def test_a_command_that_needs_a_database_starts_one_and_stops_it(home):
    flask(home, "db", "upgrade")
    assert EmbeddedServer(home).data_dir.exists()
    assert not EmbeddedServer(home).is_running()


def test_a_command_leaves_a_running_database_running(home):
    server = ensure_running(home)
    flask(home, "db", "upgrade")
    assert server.is_running()

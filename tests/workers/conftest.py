"""A database with the stage's tables and a troupe of worker processes on it."""

from __future__ import annotations

import pytest

from models import db
from tests.workers import stage
from tests.workers.troupe import Troupe
from workers import context


@pytest.fixture
def staged_app(fresh_app):
    """A database of its own with the test's jobs and their tables; in-process jobs use it too."""
    fresh_app.config["SETTINGS"] = stage.SETTINGS
    stage.prepare(fresh_app)
    before = context._app
    context._app = fresh_app
    yield fresh_app
    context._app = before


@pytest.fixture
def troupe(staged_app, own_redis, tmp_path):
    """Worker processes over a Redis that a test may kill."""
    with (tmp_path / "workers.log").open("w") as log:
        processes = Troupe(staged_app, own_redis.url, log)
        processes.log_path = tmp_path / "workers.log"
        yield processes
        processes.close()


@pytest.fixture
def staged_session(staged_app):
    with staged_app.app_context():
        yield db.session
        db.session.rollback()

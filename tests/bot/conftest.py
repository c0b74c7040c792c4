from __future__ import annotations

import pytest

from sandbox import world
from tests.bot.chat import Telegram


@pytest.fixture
def telegram(fresh_app, tmp_path, monkeypatch):
    """The stand-in over an empty database, no bot yet."""
    telegram = Telegram(fresh_app, tmp_path, monkeypatch)
    yield telegram
    telegram.stop()


@pytest.fixture
def demo(fresh_app, tmp_path, monkeypatch):
    """The stand-in over the demo world, with the real bot process."""
    world.build(fresh_app)
    telegram = Telegram(fresh_app, tmp_path, monkeypatch)
    telegram.start_bot()
    yield telegram
    telegram.stop()

"""Many callers at the same moment, each on a connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from flask import Flask

from models import transaction


def at_once(app: Flask, act: Callable[[int], Any], times: int = 20) -> list:
    """Run `act(n)` in that many threads that start together, each in its own committed transaction.

    Gives the results in the order of `n`; where an act raised, what it raised.
    """
    barrier = Barrier(times)

    def run(n: int):
        with app.app_context():
            barrier.wait()
            try:
                with transaction():
                    return act(n)
            except Exception as error:
                return error

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))

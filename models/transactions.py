"""Opens the transaction of a call, and opens it again when PostgreSQL chose it as the victim of a deadlock."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from models.base import transaction

Answer = TypeVar("Answer")

ATTEMPTS = 3
_PASSING = {"40001", "40P01"}  # serialization_failure, deadlock_detected


def in_transaction(act: Callable[[], Answer]) -> Answer:
    """What `act` answers, committed. `act` may be run up to three times, so it does nothing outside the database."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction():
                return act()
        except DBAPIError as error:
            if getattr(error.orig, "pgcode", None) not in _PASSING or attempt == ATTEMPTS:
                raise
            time.sleep(random.uniform(0.005, 0.03) * attempt)  # noqa: S311
    raise AssertionError("unreachable")


def commits(view: Callable[..., Answer]) -> Callable[..., Answer]:
    """The view runs in one transaction that ends with it."""

    @wraps(view)
    def wrapper(*args, **kwargs):
        return in_transaction(lambda: view(*args, **kwargs))

    return wrapper

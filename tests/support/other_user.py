"""Do something as another operating-system user, for tests that run as root."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from typing import Any

import pytest

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

NOBODY = 65534


def run_as(uid: int, act: Callable[[], Any]) -> Any:
    """The result of `act` in a forked process of that user. What it raises comes back as `repr` in a RuntimeError.

    A fork and not a new interpreter: the interpreter may lie where the other user cannot go.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            os.chdir("/")
            answer = (True, act())
        except BaseException as error:
            answer = (False, repr(error))
        with os.fdopen(writer, "wb") as pipe:
            pickle.dump(answer, pipe)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        succeeded, answer = pickle.load(pipe)
    os.waitpid(child, 0)
    if not succeeded:
        raise RuntimeError(answer)
    return answer

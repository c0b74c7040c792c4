"""Several processes doing the same thing for a while, started together: how many a second."""

from __future__ import annotations

import multiprocessing
import queue
import time
from collections.abc import Callable
from typing import Any

STARTS_WITHIN = 60
Worker = Callable[..., Callable[[], None]]
"""A module's function, called in each process with its number and the arguments; what it returns is done repeatedly."""


def measure(worker: Worker, *arguments: Any, processes: int, seconds: float) -> float:
    """Deeds a second of all processes together. Raises `RuntimeError` when one of them fails."""
    context = multiprocessing.get_context("spawn")
    start, rates = context.Barrier(processes), context.Queue()
    crowd = [
        context.Process(target=_work, args=(worker, number, arguments, start, rates, seconds), daemon=True)
        for number in range(processes)
    ]
    for process in crowd:
        process.start()
    try:
        found = [rates.get(timeout=STARTS_WITHIN + 2 * seconds) for _ in crowd]
    except queue.Empty:
        raise RuntimeError("a measuring process did not answer") from None
    finally:
        for process in crowd:
            process.join(1)
            process.terminate()
    failures = [rate for rate in found if not isinstance(rate, float)]
    if failures:
        raise RuntimeError(f"a measuring process failed: {failures[0]}")
    return sum(found)


def _work(worker: Worker, number: int, arguments: tuple, start: Any, rates: Any, seconds: float) -> None:
    try:
        deed = worker(number, *arguments)
        for _ in range(5):
            deed()  # connections and caches are there when the time begins
        start.wait(STARTS_WITHIN)
        done, begin = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - begin) < seconds:
            deed()
            done += 1
        rates.put(done / elapsed)
    except BaseException as error:
        rates.put(repr(error))
        start.abort()
        raise

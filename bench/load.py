"""Calls over connections that stay open, all of them busy all the time, from one process that waits on many sockets."""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)

Request = Callable[[], bytes]
"""The bytes of the next call, head and body."""


@dataclass
class Load:
    """How a run ended: answers a second, and how many of each status there were."""

    rate: float
    statuses: Counter[int] = field(default_factory=Counter)

    def expect(self, status: int) -> float:
        """The rate, when every answer had this status. Raises `RuntimeError` otherwise."""
        if set(self.statuses) != {status}:
            raise RuntimeError(f"expected only {status}, got {dict(self.statuses)}")
        return self.rate


class _Connection:
    def __init__(self, address: tuple[str, int], make: Request):
        self._address, self._make = address, make
        self.socket = self._open()
        self._seen = b""

    def _open(self) -> socket.socket:
        opened = socket.create_connection(self._address, timeout=30)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return opened

    def send(self) -> None:
        self._seen = b""
        self.socket.sendall(self._make())

    def receive(self) -> int | None:
        """The status once the answer is complete, else None. A closed connection is an error."""
        part = self.socket.recv(65536)
        if not part:
            raise RuntimeError("the server closed a connection that should stay open")
        self._seen += part
        head, gap, body = self._seen.partition(b"\r\n\r\n")
        if not gap:
            return None
        length = _LENGTH.search(head)
        if length is None:
            raise RuntimeError("an answer without Content-Length")
        return int(head[9:12]) if len(body) >= int(length[1]) else None


def run(port: int, make: Request, *, connections: int, seconds: float, warm_up: int = 100) -> Load:
    """`warm_up` answers are not counted, so that every worker has its caches and its database connections."""
    statuses: Counter[int] = Counter()
    with selectors.DefaultSelector() as selector:
        crowd = [_Connection(("127.0.0.1", port), make) for _ in range(connections)]
        for one in crowd:
            selector.register(one.socket, selectors.EVENT_READ, one)
            one.send()
        seen, begin = 0, time.perf_counter()
        end = float("inf") if warm_up else begin + seconds
        while (now := time.perf_counter()) < end:
            ready = selector.select(timeout=30)
            if not ready:
                raise RuntimeError("the server does not answer")
            for key, _ in ready:
                status = key.data.receive()
                if status is None:
                    continue
                seen += 1
                if seen == warm_up:
                    begin = time.perf_counter()
                    end = begin + seconds
                elif seen > warm_up:
                    statuses[status] += 1
                key.data.send()
        for one in crowd:
            one.socket.close()
    return Load(statuses.total() / (now - begin), statuses)


def time_answers(port: int, make: Request, *, seconds: float, at_least: int, warm_up: int = 20) -> list[float]:
    """How long each answer took, in seconds, one call after another over one connection; all of them 200."""
    connection = _Connection(("127.0.0.1", port), make)
    waits: list[float] = []
    end = float("inf")
    while len(waits) < warm_up + at_least or time.perf_counter() < end:
        begin = time.perf_counter()
        connection.send()
        while (status := connection.receive()) is None:
            continue
        waits.append(time.perf_counter() - begin)
        if status != 200:
            raise RuntimeError(f"expected only 200, got {status}")
        if len(waits) == warm_up:
            end = time.perf_counter() + seconds
    connection.socket.close()
    return waits[warm_up:]

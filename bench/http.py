"""P3: a credit over HTTP against pgbench. P7: a balance over HTTP against Flask's "hello" on the same server."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import random
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from uuid import UUID

from api import create_app
from api.tokens import make_access_token
from bench import load
from bench.credit import SCRIPT, credit, read_partner
from bench.figure import Figure, alternate
from bench.ground import FIRST_MEMBER, MANY, Ground, run_pgbench
from config import ROOT
from loyalty import sessions
from loyalty.clock import utcnow
from models import db, new_id, transaction
from models.partner import Staff

WORKERS = 2
CONNECTIONS = 16
STARTS_WITHIN = 60


@contextlib.contextmanager
def serve(ground: Ground, application: str, *, workers: int, command: Sequence[str] = ()) -> Iterator[int]:
    """The application as `make run` and the image serve it, or by another command; gives the port."""
    port = _free_port()
    settings = ground.settings
    env = os.environ | {
        "DATABASE_URL": ground.url,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WEB_WORKERS": str(workers),
        "LOG_LEVEL": "WARNING",
        "SANDBOX": "1",
        "SECRET_KEY": settings.secret_key,
        "ENCRYPTION_KEYS": ",".join(settings.encryption_keys),
        "KOPILKA_HOME": str(settings.home),
    }
    words = [word.format(port=port) for word in command] or ["gunicorn", "--config", "api/gunicorn_conf.py"]
    server = subprocess.Popen([sys.executable, "-m", *words, application], env=env, cwd=ROOT)
    try:
        _wait_for(server, port)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def measure_p3(ground: Ground, *, rounds: int, seconds: float) -> Iterator[Figure]:
    """`seconds` below one means one worker."""
    with serve(ground, "wsgi:app", workers=_workers(seconds)) as port:
        token = _cashier(ground)

        def call() -> float:
            ground.checkpoint()
            ask = partial(_credit_request, token, ground.members)
            before = ground.count("entry")
            answered = load.run(port, ask, connections=CONNECTIONS, seconds=seconds)
            assert ground.count("entry") - before >= answered.statuses.total(), "an answer without an entry"
            return answered.expect(201)

        def pgbench() -> float:
            ground.checkpoint()
            return run_pgbench(ground, SCRIPT, partner_id=MANY, clients=8, seconds=seconds)

        ours, theirs = alternate(rounds, call, pgbench)
    yield Figure(
        "P3",
        f"credit over HTTP, {WORKERS} workers, {CONNECTIONS} connections",
        "P1's statements by pgbench, 8 clients",
        ours,
        theirs,
        goal=0.20,
        why="HTTP, the session, the person's identities and the validation stand before the same statements",
    )


def measure_p7(ground: Ground, *, rounds: int, seconds: float) -> Iterator[Figure]:
    """`seconds` below one means one worker a side."""
    workers = _workers(seconds)
    with (
        serve(ground, "wsgi:app", workers=workers) as ours_port,
        serve(ground, "bench.hello:app", workers=workers) as hello_port,
    ):
        tokens = _customers(ground, 50)
        turn = itertools.cycle(tokens)

        def balance() -> float:
            ask = partial(_balance_request, turn)
            return load.run(ours_port, ask, connections=CONNECTIONS, seconds=seconds).expect(200)

        def hello() -> float:
            request = write_request("GET", "/", {})
            return load.run(hello_port, lambda: request, connections=CONNECTIONS, seconds=seconds).expect(200)

        ours, theirs = alternate(rounds, balance, hello)
    yield Figure(
        "P7",
        "balance over HTTP, signed in",
        'Flask "hello", same server',
        ours,
        theirs,
        goal=0.25,
        why="two queries, a transaction and the checked answer against no query at all",
    )


def _workers(seconds: float) -> int:
    return WORKERS if seconds >= 1 else 1


def _cashier(ground: Ground) -> str:
    """The access token of a cashier of the partner with many members; good for a quarter of an hour."""
    with create_app(ground.settings, ground.url).app_context(), transaction():
        customer_id = next(_member_ids(ground))
        db.session.add(Staff(partner_id=MANY, id=new_id(), customer_id=customer_id, role="cashier", branch_id=MANY))
        db.session.flush()
        return _sign_in(customer_id)


def _customers(ground: Ground, count: int) -> list[str]:
    """Access tokens of customers who have three operations each."""
    with create_app(ground.settings, ground.url).app_context():
        partner, rules = read_partner(MANY)
        tokens = []
        for customer_id in itertools.islice(_member_ids(ground), count):
            for _ in range(3):
                credit(partner, customer_id.int - FIRST_MEMBER, secrets.token_hex(16), rules)
            with transaction():
                tokens.append(_sign_in(customer_id))
        return tokens


def _member_ids(ground: Ground) -> Iterator[UUID]:
    while True:
        yield UUID(int=FIRST_MEMBER + random.randint(1, ground.members))


def _sign_in(customer_id: UUID) -> str:
    tokens = sessions.open_session(customer_id, "bench", utcnow())
    return make_access_token(customer_id, tokens.session_id)


def _credit_request(token: str, members: int) -> bytes:
    phone = f"+7916{random.randint(1, members):07}"
    body = {"type": "accrual", "customer": {"phone": phone}, "amount": "1000.00"}
    return write_request(
        "POST",
        "/api/partner/transactions",
        {"Authorization": f"Bearer {token}", "Idempotency-Key": secrets.token_hex(16)},
        json.dumps(body).encode(),
    )


def _balance_request(turn: Iterator[str]) -> bytes:
    return write_request("GET", "/api/customer/balance", {"Authorization": f"Bearer {next(turn)}"})


def write_request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _wait_for(server: subprocess.Popen, port: int) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with {server.returncode}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/")
            connection.getresponse().read()
            return
        time.sleep(0.1)
    raise RuntimeError("the server does not answer")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

"""P13: what the widget's loader weighs. P14: pages against the JSON call of the same data: waits, bytes, queries."""

from __future__ import annotations

import gzip
import http.client
import itertools
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from statistics import quantiles
from uuid import UUID

from api import create_app
from api.tokens import make_access_token
from bench import load
from bench.credit import credit, read_partner
from bench.figure import Figure, alternate
from bench.ground import FIRST_MEMBER, MANY, Ground
from bench.http import WORKERS, serve, write_request
from loyalty import sessions
from loyalty.clock import utcnow
from loyalty.platform_roles import grant_role
from models import db, new_id, transaction
from models.partner import Staff
from tests.statements import counted_statements

MOST_LOADER_BYTES = 2_500
LOADERS = {"giscus": 1_564, "utterances": 1_081}
"""Bytes of theirs after gzip -9, as quoted in our goals: read from what they serve, not measured here."""
MOST_BYTES = 60 * 1024
MOST_QUERIES = 12
BROWSER = {"Accept": "text/html", "Accept-Encoding": "gzip, deflate, br, zstd"}
"""What a browser sends; a JSON call is asked for as our clients do, without compression."""
_PART = re.compile(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"')
_MODULES = re.compile(r'data-module="([a-z -]+)"')


@dataclass(frozen=True)
class Pair:
    """A page and the calls that give its data to a program, one after another, as the same person sees them."""

    page: str
    calls: tuple[str, ...]
    role: str


PAIRS = (
    Pair("/customer", tuple(f"/api/customer/{name}" for name in ("loyalty", "code", "purchase-stats")), "customer"),
    Pair("/customer/loyalty", ("/api/customer/loyalty",), "customer"),
    Pair("/partner/customers", ("/api/partner/customers",), "owner"),
    Pair("/admin/customers", ("/api/admin/customers",), "admin"),
)


def measure_p13(ground: Ground, *, rounds: int, seconds: float) -> Iterator[Figure]:
    """Bytes do not change from round to round: one look."""
    client = create_app(ground.settings, ground.url).test_client()
    answer = client.get("/widget.js")
    assert answer.status_code == 200
    weight = float(len(gzip.compress(answer.get_data(), 9, mtime=0)))
    for name, theirs in LOADERS.items():
        yield Figure(
            "P13",
            "widget loader, gzip -9",
            name,
            (weight,),
            (float(theirs),),
            goal=MOST_LOADER_BYTES / theirs,
            unit="B",
            why=f"the loader is larger than {MOST_LOADER_BYTES} bytes",
            less_is_better=True,
        )


def measure_p14(ground: Ground, *, rounds: int, seconds: float) -> Iterator[Figure]:
    """`seconds` below one means one worker and few answers."""
    people = _people(ground)
    with serve(ground, "wsgi:app", workers=WORKERS if seconds >= 1 else 1) as port:
        for pair in PAIRS:
            person = people[pair.role]
            page = [write_request("GET", pair.page, BROWSER | {"Cookie": person.cookie})]
            calls = [write_request("GET", call, {"Authorization": person.bearer}) for call in pair.calls]
            ours, theirs = alternate(rounds, *(partial(_wait, port, requests, seconds) for requests in (page, calls)))
            against = " + ".join(pair.calls)
            yield _figure(f"{pair.page}, p95", against, ours, theirs, 2.0, "µs", "it also draws what it shows")
            weight = float(_weigh(port, pair.page, person))
            yield _figure(f"{pair.page}, on the wire", "60 KB", (weight,), (float(MOST_BYTES),), 1.0, "B", "too heavy")
            asked = float(_count_queries(ground, pair.page, person))
            yield _figure(f"{pair.page}, queries", "12", (asked,), (float(MOST_QUERIES),), 1.0, "", "asks too much")


@dataclass(frozen=True)
class Person:
    """Somebody signed in both ways: a browser's cookie, a program's token."""

    customer_id: UUID
    cookie: str
    bearer: str


def _figure(what: str, against: str, ours, theirs, goal: float, unit: str, why: str) -> Figure:
    return Figure("P14", what, against, ours, theirs, goal=goal, unit=unit, why=why, less_is_better=True)


def _people(ground: Ground) -> dict[str, Person]:
    """A customer with 50 purchases, an owner of the partner with many members, and an admin."""
    app = create_app(ground.settings, ground.url)
    with app.app_context():
        partner, rules = read_partner(MANY)
        for _ in range(50):
            credit(partner, 1, secrets.token_hex(16), rules)
        ids = {role: UUID(int=FIRST_MEMBER + number) for number, role in enumerate(("customer", "owner", "admin"), 1)}
        with transaction():
            db.session.add(Staff(partner_id=MANY, id=new_id(), customer_id=ids["owner"], role="owner", branch_id=MANY))
            grant_role(ids["admin"], "admin", by=None, now=utcnow())
            return {role: _sign_in(customer_id, app.config["PAGE_COOKIE_NAME"]) for role, customer_id in ids.items()}


def _sign_in(customer_id: UUID, cookie_name: str) -> Person:
    tokens = sessions.open_session(customer_id, "bench", utcnow())
    cookie = sessions.open_page_session(customer_id, "bench", utcnow())
    token = make_access_token(customer_id, tokens.session_id)
    return Person(customer_id, f"{cookie_name}={cookie}", f"Bearer {token}")


def _wait(port: int, requests: list[bytes], seconds: float) -> float:
    """The 95th percentile of the waits for all the requests, one after another, in microseconds."""
    turn, together = itertools.cycle(requests), len(requests)
    waits = load.time_answers(port, lambda: next(turn), seconds=seconds, at_least=40 * together)
    whole = [sum(waits[n : n + together]) for n in range(0, len(waits) - together + 1, together)]
    return quantiles(whole, n=20)[-1] * 1e6


def _weigh(port: int, path: str, person: Person) -> int:
    """Bytes on the wire at a first visit: the page, its styles and its scripts, each compressed as a browser asks."""
    page, _ = _fetch(port, path, person, {})
    addresses = [path, *_PART.findall(page)]
    home = next(address for address in addresses if address.endswith("/main.js")).removesuffix("main.js")
    addresses += [f"{home}{name}.js" for names in _MODULES.findall(page) for name in names.split()]
    return sum(_fetch(port, address, person, BROWSER)[1] for address in set(addresses))


def _fetch(port: int, path: str, person: Person, headers: dict[str, str]) -> tuple[str, int]:
    """The answer as text, if it was not compressed, and its bytes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers=headers | {"Cookie": person.cookie})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 200, f"{path}: {answer.status}"
    return "" if answer.getheader("Content-Encoding") else body.decode(), len(body)


def _count_queries(ground: Ground, path: str, person: Person) -> int:
    app = create_app(ground.settings, ground.url)
    client = app.test_client()
    client.set_cookie(*person.cookie.split("=", 1))
    with app.app_context(), counted_statements() as statements:
        assert client.get(path).status_code == 200
    return len(statements)

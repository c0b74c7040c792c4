"""P1: a credit through `loyalty` against the same statements through pgbench. P6: a replay against a first credit."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from uuid import UUID

from api import create_app
from bench import crowd
from bench.figure import Figure, alternate
from bench.ground import FIRST_MEMBER, MANY, ONE, Ground, run_pgbench
from loyalty import idempotency, ledger, sales
from loyalty.clock import utcnow
from loyalty.programmes import current_rules
from loyalty.rules import Rules
from models import db, transaction
from models.partner import Partner

SCRIPT = Path(__file__).with_name("sql") / "credit.sql"
CALLER = sales.Caller("bench", "manual")
BASKET = sales.Basket(Decimal("1000.00"))


def credit(partner: Partner, member: int, key: str, rules: Rules) -> None:
    """1 000 roubles at 5 %, as a door posts them: the key, the purchase, who is told, the answer; one transaction."""
    now = utcnow()

    def act() -> tuple[int, idempotency.Answer]:
        sale = sales.post(
            partner,
            UUID(int=FIRST_MEMBER + member),
            BASKET,
            rules,
            document=ledger.Document("manual", CALLER.reference(key), now, origin="call", content=BASKET.content()),
            points=0,
            caller=CALLER,
            now=now,
        )
        return 201, {
            "id": str(sale.purchase_id),
            "type": "accrual",
            "points": sale.earned,
            "balance": sale.account.balance,
            "available": sale.account.available,
            "pending": sale.account.pending,
            "check_amount": "1000.00",
            "breakdown": sale.breakdown,
            "occurred_at": now.isoformat(),
        }

    with transaction():
        idempotency.once(CALLER.name, key, "f" * 64, act)


def crediting(_number: int, ground: Ground, partner_id: UUID) -> Callable[[], None]:
    """A process that credits random members, each time under a new key."""
    partner, rules = _enter(ground, partner_id)
    members = ground.members_of(partner_id)
    return lambda: credit(partner, random.randint(1, members), secrets.token_hex(16), rules)


def replaying(_number: int, ground: Ground, partner_id: UUID, keys: list[tuple[int, str]]) -> Callable[[], None]:
    """A process that repeats calls that were made before."""
    partner, rules = _enter(ground, partner_id)
    return lambda: credit(partner, *random.choice(keys), rules)


def measure_p1(ground: Ground, *, rounds: int, seconds: float) -> Iterator[Figure]:
    """`seconds` below one means one process and the many members."""
    for partner_id in (ONE, MANY) if seconds >= 1 else (MANY,):
        for processes in (1, 4) if seconds >= 1 else (1,):
            members = ground.members_of(partner_id)
            ours, theirs = alternate(
                rounds,
                partial(
                    _settled, ground, crowd.measure, crediting, ground, partner_id, processes=processes, seconds=seconds
                ),
                partial(
                    _settled,
                    ground,
                    run_pgbench,
                    ground,
                    SCRIPT,
                    partner_id=partner_id,
                    clients=processes,
                    seconds=seconds,
                ),
            )
            yield Figure(
                "P1",
                f"credit, {members} membership{'s'[: members > 1]}, {processes} process{'es'[: 2 * (processes > 1)]}",
                "the same statements by pgbench",
                ours,
                theirs,
                goal=0.50,
                why="what Python adds to the statements: pricing, building rows, one JSON document a write",
            )


def measure_p6(ground: Ground, *, rounds: int, seconds: float) -> Iterator[Figure]:
    """Raises `AssertionError` when a replay has written anything."""
    keys = [(random.randint(1, ground.members), secrets.token_hex(16)) for _ in range(500)]
    with create_app(ground.settings, ground.url).app_context():
        partner, rules = read_partner(MANY)
        for member, key in keys:
            credit(partner, member, key, rules)
        db.engine.dispose()

    def replay() -> float:
        before = _rows(ground)
        rate = crowd.measure(replaying, ground, MANY, keys, processes=1, seconds=seconds)
        assert _rows(ground) == before, "a replay wrote rows"
        return rate

    ours, theirs = alternate(
        rounds, replay, partial(crowd.measure, crediting, ground, MANY, processes=1, seconds=seconds)
    )
    yield Figure(
        "P6",
        "replay of a known key, 0 new rows",
        "a first credit",
        ours,
        theirs,
        goal=1.50,
        why="a replay still opens a transaction, tries the key and reads the answer",
    )


def _rows(ground: Ground) -> dict[str, int]:
    tables = ("idempotency", "purchase", "purchase_line", "entry", "lot", "lot_use", "award", "outbox")
    return {table: ground.count(table) for table in tables}


def _settled(ground: Ground, side: Callable[..., float], *arguments, **options) -> float:
    ground.checkpoint()
    return side(*arguments, **options)


def _enter(ground: Ground, partner_id: UUID) -> tuple[Partner, Rules]:
    create_app(ground.settings, ground.url).app_context().push()
    return read_partner(partner_id)


def read_partner(partner_id: UUID) -> tuple[Partner, Rules]:
    """The partner as a record of its own, so that reading it costs nothing, and its rules."""
    partner = db.session.get_one(Partner, partner_id)
    _, rules = current_rules(partner_id)
    db.session.expunge(partner)
    db.session.rollback()
    return partner, rules

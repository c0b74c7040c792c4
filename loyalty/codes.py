"""The six digits a customer shows at the till instead of a card: two minutes, once, valid at any partner.

The digits are made from the row's random id under a key of ours, so that the living code can be shown again although only
its hash is stored: a page read anew, a second tab or a browser that reads ahead shows the same code and retires none.

A till may *look* at a code when it asks for a quote, as often as the check changes; the first hold for such a quote, or the
posting that is given the code itself, *takes* it, in its own transaction. A code is taken once: whatever else was quoted
with it is refused then. If the posting fails, the code stays good, and if it succeeds, a repeat with the same
Idempotency-Key is answered before the code is looked at again.
Looking and consuming tell a guesser the same, so wrong codes are counted by the partner that shows them, whichever of
its tills, keys and people does: who was wrong too often is told nothing any more, and right ones cost nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from loyalty import limits
from loyalty.errors import CodeUnknown, CustomerNotFound
from loyalty.prepared import Prepared, Row, execute_together
from loyalty.sealing import keyed_hash
from models import db, new_id
from models.customer import CustomerCode

LIFE = timedelta(minutes=2)
TRIES_A_MINUTE = 30
"""How many wrong codes one partner may show."""
SEEN_FOR = timedelta(minutes=15)
"""How long after its end a code may be taken by a purchase for which it was looked at in time."""
SHOWN_WHILE = timedelta(seconds=15)
"""A code with less left is not shown again: the cashier would still be typing when it ends."""
_PURPOSE = "customer_code"


def show(customer_id: UUID, now: datetime) -> tuple[str, datetime]:
    """The person's code and when it ends: the living one, or a new one when it has little left; retires nothing.

    However often it is asked and from however many places, there is one code to show. Raises `CustomerNotFound`.
    """
    least = now + SHOWN_WHILE
    if (shown := _readable(_living(customer_id, least))) is not None:
        return shown
    # each statement sees what others committed meanwhile: who waited for the lock finds the code made by the other
    rows = execute_together((_lock_person, (customer_id,)), (_living, (customer_id, least)))
    return _readable(rows) or _make(customer_id, now)


def issue(customer_id: UUID, now: datetime) -> tuple[str, datetime]:
    """A new code and when it ends; the person's former code stops working. Raises `CustomerNotFound`."""
    if not _lock_person(customer_id):
        raise CustomerNotFound()
    _retire(CustomerCode.customer_id == customer_id, now)
    return _make(customer_id, now)


def look(partner_id: UUID, code: str, now: datetime) -> CustomerCode:
    """The open code that a partner was shown; it stays open. Raises `CodeUnknown`, and `TooMany` after many of those."""
    budget = {"limit": TRIES_A_MINUTE, "window": timedelta(minutes=1), "now": now}
    limits.check(f"till_code:{partner_id}", **budget)
    found = db.session.scalar(select(CustomerCode).where(*_is_open(code, now)))
    if found is None:
        limits.hit(f"till_code:{partner_id}", **budget)
        raise CodeUnknown()
    return found


def look_again(code_id: UUID, now: datetime) -> CustomerCode:
    """The code that was looked at for a purchase that is still being entered, also when its two minutes are over by now.

    Raises `CodeUnknown` when a sale has taken it, or too long ago.
    """
    found = db.session.get(CustomerCode, code_id, populate_existing=True)
    if found is None or found.taken_by is not None or found.expires_at + SEEN_FOR <= now:
        raise CodeUnknown()
    return found


def redeem_code(code: str, now: datetime, consume: bool = True) -> UUID:
    """Whose code it is. With `consume` it works once, also under parallel calls. Raises `CodeUnknown`."""
    if consume:
        used = update(CustomerCode).where(*_is_open(code, now)).values(used_at=now, taken_by=CustomerCode.id)
        used = used.returning(CustomerCode.customer_id)
        customer_id = db.session.scalar(used, execution_options={"synchronize_session": False})
    else:
        customer_id = db.session.scalar(select(CustomerCode.customer_id).where(*_is_open(code, now)))
    if customer_id is None:
        raise CodeUnknown()
    return customer_id


def take(code_id: UUID, taker_id: UUID, now: datetime) -> None:
    """Take a code for a quote or a purchase that has looked at it, also when its two minutes are over by now; for the same
    taker again, too. Raises `CodeUnknown` when another sale has taken it."""
    taken = (
        update(CustomerCode)
        .where(CustomerCode.id == code_id, func.coalesce(CustomerCode.taken_by, taker_id) == taker_id)
        .values(used_at=func.coalesce(CustomerCode.used_at, now), taken_by=taker_id)
        .returning(CustomerCode.id)
    )
    if db.session.scalar(taken, execution_options={"synchronize_session": False}) is None:
        raise CodeUnknown()


def _is_open(code: str, now: datetime) -> tuple:
    return (
        CustomerCode.code_hash == keyed_hash(_PURPOSE, code),
        CustomerCode.used_at.is_(None),
        CustomerCode.expires_at > now,
    )


# two devices of one person take turns; postings do not wait for it
_lock_person = Prepared(
    "kopilka_lock_person",
    "uuid",
    "SELECT id FROM customer WHERE id = $1 AND state = 'active' FOR NO KEY UPDATE",
)

_living = Prepared(
    "kopilka_living_code",
    "uuid, timestamptz",
    """
    SELECT k.id, k.code_hash, k.expires_at
    FROM customer c LEFT JOIN LATERAL (
        SELECT id, code_hash, expires_at FROM customer_code
        WHERE customer_id = c.id AND used_at IS NULL AND expires_at >= $2
        ORDER BY expires_at DESC LIMIT 1
    ) k ON true
    WHERE c.id = $1 AND c.state = 'active'
    """,
)


def _readable(rows: list[Row]) -> tuple[str, datetime] | None:
    """The code of `_living`; None when there is none, or one made under a key that was changed since.

    Raises `CustomerNotFound` when there is no such person.
    """
    if not rows:
        raise CustomerNotFound()
    if rows[0].id is None or keyed_hash(_PURPOSE, code := _digits(rows[0].id)) != rows[0].code_hash:
        return None
    return code, rows[0].expires_at


def _make(customer_id: UUID, now: datetime) -> tuple[str, datetime]:
    while True:
        code_id = new_id()
        code_hash = keyed_hash(_PURPOSE, code := _digits(code_id))
        made = (
            insert(CustomerCode)
            .values(id=code_id, customer_id=customer_id, code_hash=code_hash, created_at=now, expires_at=now + LIFE)
            .on_conflict_do_nothing()
            .returning(CustomerCode.expires_at)
        )
        expires_at = db.session.scalar(made)
        # an expired code that nobody used still stands in the unique index of open codes
        if expires_at is None and _retire(
            (CustomerCode.code_hash == code_hash) & (CustomerCode.expires_at <= now), now
        ):
            expires_at = db.session.scalar(made)
        if expires_at is not None:
            return code, expires_at


def _digits(code_id: UUID) -> str:
    return f"{int(keyed_hash('customer_code_digits', str(code_id)), 16) % 1_000_000:06}"


def _retire(which, now: datetime) -> int:
    retired = update(CustomerCode).where(which, CustomerCode.used_at.is_(None))
    return db.session.execute(
        retired.values(used_at=func.least(now, CustomerCode.expires_at)),
        execution_options={"synchronize_session": False},
    ).rowcount

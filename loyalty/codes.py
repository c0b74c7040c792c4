"""The six digits a customer shows at the till instead of a card: two minutes, once, valid at any partner.

A till may *look* at a code when it asks for a quote (`redeem_code(…, consume=False)`) and the posting that follows names
the quote; a posting that is given the code itself *consumes* it, in its own transaction: if the posting fails, the code
stays good, and if it succeeds, a repeat with the same Idempotency-Key is answered before the code is looked at again.
Looking and consuming tell a guesser the same, so what a partner shows is counted (`count_try`), whichever of its tills,
keys and people shows it.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from loyalty import limits
from loyalty.errors import CodeUnknown, CustomerNotFound
from loyalty.sealing import keyed_hash
from models import db, new_id
from models.customer import Customer, CustomerCode

LIFE = timedelta(minutes=2)
TRIES_A_MINUTE = 30
"""How many codes one partner may show, right and wrong ones together."""
_PURPOSE = "customer_code"


def issue(customer_id: UUID, now: datetime) -> tuple[str, datetime]:
    """A new code and when it ends; the person's former code stops working. Raises `CustomerNotFound`."""
    # the lock makes two devices of one person take turns; postings do not wait for it
    person = select(Customer.id).where(Customer.id == customer_id, Customer.state == "active")
    if db.session.scalar(person.with_for_update(key_share=True)) is None:
        raise CustomerNotFound()
    _retire(CustomerCode.customer_id == customer_id, now)
    while True:
        code = f"{secrets.randbelow(1_000_000):06}"
        code_hash = keyed_hash(_PURPOSE, code)
        # an expired code that nobody used still stands in the unique index of open codes
        _retire((CustomerCode.code_hash == code_hash) & (CustomerCode.expires_at <= now), now)
        made = (
            insert(CustomerCode)
            .values(id=new_id(), customer_id=customer_id, code_hash=code_hash, created_at=now, expires_at=now + LIFE)
            .on_conflict_do_nothing()
            .returning(CustomerCode.expires_at)
        )
        if (expires_at := db.session.scalar(made)) is not None:
            return code, expires_at


def count_try(partner_id: UUID, now: datetime) -> None:
    """Count a code that a partner is about to look at. Raises `TooMany`."""
    limits.hit(f"till_code:{partner_id}", limit=TRIES_A_MINUTE, window=timedelta(minutes=1), now=now)


def redeem_code(code: str, now: datetime, consume: bool = True) -> UUID:
    """Whose code it is. With `consume` it works once, also under parallel calls. Raises `CodeUnknown`."""
    open_code = (
        CustomerCode.code_hash == keyed_hash(_PURPOSE, code),
        CustomerCode.used_at.is_(None),
        CustomerCode.expires_at > now,
    )
    if consume:
        used = update(CustomerCode).where(*open_code).values(used_at=now).returning(CustomerCode.customer_id)
        customer_id = db.session.scalar(used, execution_options={"synchronize_session": False})
    else:
        customer_id = db.session.scalar(select(CustomerCode.customer_id).where(*open_code))
    if customer_id is None:
        raise CodeUnknown()
    return customer_id


def _retire(which, now: datetime) -> None:
    retired = update(CustomerCode).where(which, CustomerCode.used_at.is_(None))
    db.session.execute(
        retired.values(used_at=func.least(now, CustomerCode.expires_at)),
        execution_options={"synchronize_session": False},
    )

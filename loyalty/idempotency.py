"""One key, one effect: the answer to a call is kept in the transaction of what it did (rule 8 of the ledger)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import text

from loyalty.errors import LoyaltyError
from models import db

Answer = dict[str, Any]

_CLAIM = text(
    "INSERT INTO idempotency (caller, key, fingerprint) VALUES (:caller, :key, :fingerprint)"
    " ON CONFLICT DO NOTHING RETURNING 1"
)
_FIND = text("SELECT fingerprint, status, answer FROM idempotency WHERE caller = :caller AND key = :key")
_KEEP = text(
    "UPDATE idempotency SET status = :status, answer = CAST(:answer AS jsonb) WHERE caller = :caller AND key = :key"
)


class IdempotencyConflict(LoyaltyError):
    """The caller has used this key for another request."""

    code = "idempotency_conflict"
    status = 409

    def __init__(self):
        super().__init__("This Idempotency-Key was used for another request.")


def once(caller: str, key: str, fingerprint: str, act: Callable[[], tuple[int, Answer]]) -> tuple[int, Answer, bool]:
    """What `act` answers, done once: ``(status, answer, replayed)``. Runs inside the caller's open transaction.

    `caller` (≤ 80 characters) names who calls, `fingerprint` (64 hex digits) what for; another fingerprint under the
    same key raises `IdempotencyConflict`. The key's row is inserted first, so a second caller with the same key waits
    until the first has committed (then the stored answer is given) or rolled back (then it acts itself). When `act`
    raises, the caller's transaction must roll back: refused calls leave no key behind.
    """
    names = {"caller": caller, "key": key}
    while True:
        if db.session.execute(_CLAIM, names | {"fingerprint": fingerprint}).first():
            status, answer = act()
            db.session.execute(_KEEP, names | {"status": status, "answer": json.dumps(answer)})
            return status, answer, False
        kept = db.session.execute(_FIND, names).first()
        if kept is not None:  # None: the keeper of old keys has just removed it
            if kept.fingerprint != fingerprint:
                raise IdempotencyConflict
            return kept.status, kept.answer, True

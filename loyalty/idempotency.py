"""One key, one effect: the answer to a call is kept in the transaction of what it did (rule 8 of the ledger)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from loyalty.errors import LoyaltyError
from loyalty.prepared import Prepared

Answer = dict[str, Any]

_claim = Prepared(
    "kopilka_key_claim",
    "varchar, varchar, varchar",
    "INSERT INTO idempotency (caller, key, fingerprint) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING key",
)
_find = Prepared(
    "kopilka_key_find",
    "varchar, varchar",
    "SELECT fingerprint, status, answer FROM idempotency WHERE caller = $1 AND key = $2",
)
_keep = Prepared(
    "kopilka_key_keep",
    "varchar, varchar, smallint, jsonb",
    "UPDATE idempotency SET status = $3, answer = $4 WHERE caller = $1 AND key = $2",
)


class IdempotencyConflict(LoyaltyError):
    """The caller has used this key for another request."""

    code = "idempotency_conflict"
    status = 409

    def __init__(self):
        super().__init__("This Idempotency-Key was used for another request.")


def fingerprint_of(request: object) -> str:
    """SHA-256 of what was asked for, as validated: spelling a number or a phone otherwise changes nothing."""
    canonical = json.dumps(request, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def once(caller: str, key: str, fingerprint: str, act: Callable[[], tuple[int, Answer]]) -> tuple[int, Answer, bool]:
    """What `act` answers, done once: ``(status, answer, replayed)``. Runs inside the caller's open transaction.

    `caller` (≤ 80 characters) names who calls, `fingerprint` (64 hex digits) what for; another fingerprint under the
    same key raises `IdempotencyConflict`. The key's row is inserted first, so a second caller with the same key waits
    until the first has committed (then the stored answer is given) or rolled back (then it acts itself). When `act`
    raises, the caller's transaction must roll back: refused calls leave no key behind.
    """
    while True:
        if _claim(caller, key, fingerprint):
            status, answer = act()
            _keep(caller, key, status, json.dumps(answer))
            return status, answer, False
        for kept in _find(caller, key):  # none: the keeper of old keys has just removed it
            if kept.fingerprint != fingerprint:
                raise IdempotencyConflict
            return kept.status, kept.answer, True

"""Keys of tills and other machines: bound to a partner, perhaps to a branch, and to what they may do. Shown once."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import or_, select, update

from loyalty import audit, plans
from loyalty.errors import ApiKeyNotFound, BranchNotFound, InvalidScope
from loyalty.names import require_name
from models import db, new_id, transaction_apart
from models.partner import ApiKey, Branch, Partner

KEY_SCOPES: dict[str, str] = {
    "pos:quote": "ask what a purchase would earn and could spend",
    "pos:hold": "reserve points for a purchase and release them",
    "pos:sale": "post a sale: capture a hold, credit a purchase",
    "pos:refund": "post a refund",
    "inbound:clients": "send clients of a CRM",
    "inbound:purchases": "send purchases of a CRM",
}
SCOPE_FEATURES = {"pos": "till_integration", "inbound": "crm_sync"}
"""By the first word of a scope, what a partner's plan must open for it."""
TILL_SCOPES = ("pos:quote", "pos:hold", "pos:sale", "pos:refund")

_WRITTEN = re.compile(r"kp_[A-Za-z0-9_-]{8}_[A-Za-z0-9_-]{43}")
_SEEN_AGAIN_AFTER = timedelta(minutes=1)


@dataclass(frozen=True)
class MachinePrincipal:
    """A machine that may call: whose it is, where it stands and what it may do."""

    key_id: UUID
    till_id: UUID
    partner_id: UUID
    partner_code: str
    partner_name: str
    branch_id: UUID | None
    scopes: frozenset[str]
    plan: str
    features: frozenset[str]
    """What is open to the partner."""

    @property
    def caller(self) -> str:
        """How idempotency, quotes and receipts name this machine, whatever key it uses today."""
        return f"till:{self.till_id}"


def feature_of(scope: str) -> str:
    """What a partner's plan must open for a key to do this."""
    return SCOPE_FEATURES[scope.partition(":")[0]]


def create(
    partner_id: UUID,
    name: str,
    scopes: Collection[str],
    branch_id: UUID | None,
    by: UUID | None,
    now: datetime,
    *,
    replaces: UUID | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its text, which nobody can read again. With `replaces` it is the same machine as that key's.

    The replaced key works on until it is revoked. Raises `InvalidScope`, `FeatureLocked`, `InvalidName`,
    `BranchNotFound`, `ApiKeyNotFound`.
    """
    if not scopes or not set(scopes) <= KEY_SCOPES.keys():
        raise InvalidScope(KEY_SCOPES)
    for feature in sorted({feature_of(scope) for scope in scopes}):
        plans.require(db.session.get_one(Partner, partner_id), feature)
    name = require_name(name)
    if branch_id is not None and db.session.get(Branch, (partner_id, branch_id)) is None:
        raise BranchNotFound()
    key_id = new_id()
    till_id = get_key(partner_id, replaces).till_id if replaces is not None else key_id
    prefix = f"kp_{secrets.token_urlsafe(6)}"
    plain = f"{prefix}_{secrets.token_urlsafe(32)}"
    key = ApiKey(
        partner_id=partner_id,
        id=key_id,
        branch_id=branch_id,
        till_id=till_id,
        name=name,
        prefix=prefix,
        key_hash=_hash(plain),
        scopes=sorted(set(scopes)),
        created_by=by,
        created_at=now,
    )
    db.session.add(key)
    db.session.flush()
    audit.record("api_key.create", actor=by, partner_id=partner_id, subject=key.id, details={"scopes": key.scopes})
    return key, plain


def identify_key(plain: str, now: datetime) -> MachinePrincipal | None:
    """Who calls with this key; None for an unknown or revoked one and for a suspended partner. One query.

    The index compares hashes of 256 random bits: the time it takes tells nothing a caller could use.
    """
    if not isinstance(plain, str) or not _WRITTEN.fullmatch(plain):
        return None
    query = (
        select(ApiKey, Partner.code, Partner.name, Partner.plan, Partner.features)
        .join(Partner, Partner.id == ApiKey.partner_id)
        .where(ApiKey.key_hash == _hash(plain), ApiKey.revoked_at.is_(None), Partner.state == "active")
    )
    found = db.session.execute(query).one_or_none()
    if found is None:
        return None
    key, partner_code, partner_name, plan, switches = found
    if key.last_used_at is None or key.last_used_at <= now - _SEEN_AGAIN_AFTER:
        _note_use(key, now)
    return MachinePrincipal(
        key_id=key.id,
        till_id=key.till_id,
        partner_id=key.partner_id,
        partner_code=partner_code,
        partner_name=partner_name,
        branch_id=key.branch_id,
        scopes=frozenset(key.scopes),
        plan=plan,
        features=plans.open_features(plan, switches),
    )


def list_keys(
    partner_id: UUID, *, revoked: bool = True, after: UUID | None = None, limit: int | None = None
) -> list[ApiKey]:
    """The partner's keys, the newest first; `after` is the last of the page before."""
    query = select(ApiKey).where(ApiKey.partner_id == partner_id).order_by(ApiKey.id.desc()).limit(limit)
    if not revoked:
        query = query.where(ApiKey.revoked_at.is_(None))
    if after is not None:
        query = query.where(ApiKey.id < after)
    return list(db.session.scalars(query))


def get_key(partner_id: UUID, key_id: UUID) -> ApiKey:
    """One of the partner's keys, revoked or not. Raises `ApiKeyNotFound`, for another partner's too."""
    key = db.session.get(ApiKey, (partner_id, key_id))
    if key is None:
        raise ApiKeyNotFound()
    return key


def revoke(partner_id: UUID, key_id: UUID, by: UUID | None, now: datetime) -> ApiKey:
    """The key stops working at once; revoking again changes nothing. Raises `ApiKeyNotFound`."""
    key = get_key(partner_id, key_id)
    if key.revoked_at is None:
        key.revoked_at = now
        audit.record("api_key.revoke", actor=by, partner_id=partner_id, subject=key.id)
    return key


def _hash(plain: str) -> str:
    """A plain hash: a key is random enough for one, and outlives SECRET_KEY."""
    return sha256(plain.encode()).hexdigest()


def _note_use(key: ApiKey, now: datetime) -> None:
    """Apart from the caller's transaction, so that a till's calls do not queue on the row of its key."""
    stale = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at <= now - _SEEN_AGAIN_AFTER)
    with transaction_apart() as connection:
        connection.execute(
            update(ApiKey)
            .where(ApiKey.partner_id == key.partner_id, ApiKey.id == key.id, stale)
            .values(last_used_at=now)
        )

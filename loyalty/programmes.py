"""A partner's programme in force: versions are added, never changed, so old purchases stay explained."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import select

from loyalty import audit
from loyalty.errors import PartnerNotFound
from loyalty.prepared import Prepared
from loyalty.rules import PRESETS, Rules
from models import db
from models.partner import Partner, Programme

_in_force = Prepared(
    "kopilka_programme",
    "uuid",
    "SELECT version, rules::text AS rules FROM programme WHERE partner_id = $1 ORDER BY version DESC LIMIT 1",
)


def current_rules(partner_id: UUID) -> tuple[int, Rules]:
    """The version in force and its rules. Raises `PartnerNotFound` when the partner has none."""
    for programme in _in_force(partner_id):
        return programme.version, _read_rules(programme.rules)
    raise PartnerNotFound()


@lru_cache(maxsize=1000)
def _read_rules(written: str) -> Rules:
    return Rules.from_json(json.loads(written))


def set_rules(partner_id: UUID, rules: dict[str, Any] | Rules, *, by: UUID | None, now: datetime) -> tuple[int, Rules]:
    """Put rules in force from now on as a new version; equal rules make none. Raises `InvalidProgramme`.

    A mapping names what changes; the rest stays as it is. The partner's row is the lock that keeps versions in order.
    """
    locked = select(Partner.id).where(Partner.id == partner_id).with_for_update(key_share=True)
    if db.session.scalar(locked) is None:
        raise PartnerNotFound()
    last = db.session.scalar(
        select(Programme).where(Programme.partner_id == partner_id).order_by(Programme.version.desc()).limit(1)
    )
    before = Rules.from_json(last.rules) if last else PRESETS["default"]
    after = rules if isinstance(rules, Rules) else Rules.from_json(before.to_json() | rules)
    if last is not None and after == before:
        return last.version, before
    version = last.version + 1 if last else 1
    db.session.add(
        Programme(partner_id=partner_id, version=version, rules=after.to_json(), created_by=by, created_at=now)
    )
    db.session.flush()
    audit.record("programme.change", actor=by, partner_id=partner_id, subject=str(version))
    return version, after

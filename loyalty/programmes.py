"""A partner's programme in force: versions are added, never changed, so old purchases stay explained."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import select

from loyalty import audit
from loyalty.errors import PartnerNotFound, ProgrammeChanged, ProgrammeVersionNotFound
from loyalty.offers import Promotion, Terms
from loyalty.prepared import Prepared
from loyalty.rules import PRESETS, Rules
from loyalty.terms import Change, compare_rules
from loyalty.tiers import read_scheme
from loyalty.types import TierScheme
from models import db
from models.partner import Partner, Programme, Staff

_in_force = Prepared(
    "kopilka_programme",
    "uuid",
    "SELECT version, rules::text AS rules FROM programme WHERE partner_id = $1 ORDER BY version DESC LIMIT 1",
)


_in_force_with_promotions = Prepared(
    "kopilka_rules_in_force",
    "uuid",
    """SELECT version, rules::text AS rules,
        (SELECT json_agg(json_build_array(id, name, kind, terms, starts_at, ends_at) ORDER BY id)::text
         FROM promotion WHERE partner_id = $1 AND state = 'on') AS promotions,
        (SELECT tier_scheme::text FROM partner WHERE id = $1) AS tiers
    FROM programme WHERE partner_id = $1 ORDER BY version DESC LIMIT 1""",
)


def rules_in_force(partner_id: UUID) -> tuple[int, Rules]:
    """The version in force, and its rules with tiers and the promotions that are on: what a purchase is priced with now.

    Raises `PartnerNotFound` when the partner has no programme.
    """
    for found in _in_force_with_promotions(partner_id):
        rules = _read_rules(found.rules)
        if found.promotions or found.tiers != "{}":
            rules = replace(
                rules, promotions=_read_promotions(found.promotions or "[]"), tiers=_read_tiers(found.tiers)
            )
        return found.version, rules
    raise PartnerNotFound()


@lru_cache(maxsize=1000)
def _read_promotions(written: str) -> tuple[Promotion, ...]:
    return tuple(
        Promotion(
            UUID(promotion_id),
            name,
            kind,
            Terms.from_json(kind, terms),
            datetime.fromisoformat(starts_at),
            datetime.fromisoformat(ends_at) if ends_at else None,
        )
        for promotion_id, name, kind, terms, starts_at, ends_at in json.loads(written)
    )


@lru_cache(maxsize=1000)
def _read_tiers(written: str) -> TierScheme | None:
    return read_scheme(json.loads(written))


def current_rules(partner_id: UUID) -> tuple[int, Rules]:
    """The version in force and its rules, without promotions and tiers. Raises `PartnerNotFound` when the partner has none."""
    for programme in _in_force(partner_id):
        return programme.version, _read_rules(programme.rules)
    raise PartnerNotFound()


@lru_cache(maxsize=1000)
def _read_rules(written: str) -> Rules:
    return Rules.from_json(json.loads(written))


def set_rules(
    partner_id: UUID, rules: dict[str, Any] | Rules, *, by: UUID | None, now: datetime, based_on: int | None = None
) -> tuple[int, Rules]:
    """Put rules in force from now on as a new version; equal rules make none. Raises `InvalidProgramme`.

    A mapping names what changes; the rest stays as it is. `based_on` is the version that the caller saw when writing
    them: another one in force meanwhile raises `ProgrammeChanged`, and nobody's change is lost unseen.
    The partner's row is the lock that keeps versions in order.
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
    if last is not None and based_on not in (None, last.version):
        raise ProgrammeChanged(last.version)
    version = last.version + 1 if last else 1
    db.session.add(
        Programme(partner_id=partner_id, version=version, rules=after.to_json(), created_by=by, created_at=now)
    )
    db.session.flush()
    audit.record("programme.change", actor=by, partner_id=partner_id, subject=str(version))
    return version, after


@dataclass(frozen=True)
class Version:
    """One version of a programme: who put it in force (the partner's own word for them) and what it changed."""

    version: int
    rules: Rules
    since: datetime
    by: UUID | None
    by_name: str | None
    changes: list[Change]


def list_versions(partner_id: UUID, *, before: int | None = None, limit: int = 20) -> tuple[list[Version], int | None]:
    """The programme's versions, the latest first, and where the next page begins (`before`), None at the end.

    Each is compared with the one before it; the first has nothing to differ from.
    """
    query = (
        select(Programme, Staff.name)
        .outerjoin(Staff, (Staff.partner_id == Programme.partner_id) & (Staff.customer_id == Programme.created_by))
        .where(Programme.partner_id == partner_id)
        .order_by(Programme.version.desc())
        .limit(limit + 1)
    )
    if before is not None:
        query = query.where(Programme.version < before)
    rows = [(row.Programme, row.name, Rules.from_json(row.Programme.rules)) for row in db.session.execute(query)]
    earlier = [*(rules for _, _, rules in rows[1:]), None]
    found = [
        Version(
            version=made.version,
            rules=rules,
            since=made.created_at,
            by=made.created_by,
            by_name=name,
            changes=compare_rules(former, rules) if former else [],
        )
        for (made, name, rules), former in zip(rows, earlier, strict=False)
    ]
    return found[:limit], found[limit - 1].version if len(found) > limit else None


def rules_of_version(partner_id: UUID, version: int) -> Rules:
    """The rules of one version, in force or not. Raises `ProgrammeVersionNotFound`."""
    made = db.session.get(Programme, (partner_id, version))
    if made is None:
        raise ProgrammeVersionNotFound()
    return Rules.from_json(made.rules)

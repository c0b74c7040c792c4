"""Partners: the wish to become one, the decision, and the branches. Their programmes are `loyalty.programmes`."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from loyalty import audit, outbox, programmes
from loyalty.errors import (
    ApplicationDecided,
    ApplicationNotFound,
    ApplicationPending,
    BranchNotFound,
    InvalidApplication,
    LastBranch,
    PartnerNotFound,
)
from loyalty.names import is_text, require_name, tidy_name
from loyalty.notices import KINDS
from loyalty.rules import PRESETS, Rules
from models import db, new_id
from models.customer import Customer
from models.partner import Branch, Partner, PartnerApplication, Staff

ANSWERS = ("name", "city", "timezone", "preset", "comment")
"""What an application says."""
_LONGEST_COMMENT = 2000


def apply(applicant: Customer, data: Mapping[str, object], now: datetime) -> PartnerApplication:
    """Ask to become a partner. `data`: name, and perhaps city, timezone, preset, comment.

    Raises `InvalidApplication`, `InvalidName`, and `ApplicationPending` while an earlier one waits.
    """
    values = {field: read_answer(field, data.get(field)) for field in ANSWERS}
    made = insert(PartnerApplication).values(id=new_id(), applicant_id=applicant.id, created_at=now, **values)
    application_id = db.session.scalar(made.on_conflict_do_nothing().returning(PartnerApplication.id))
    if application_id is None:
        raise ApplicationPending()
    return db.session.get(PartnerApplication, application_id)


def read_answer(field: str, value: object) -> str | None:
    """One of the `ANSWERS` of an application as it is kept. Raises `InvalidApplication`, `InvalidName`."""
    if field == "name":
        return require_name(value)
    if field == "city":
        return tidy_name(value, field="city")
    if field == "timezone":
        return check_timezone(value or "Europe/Moscow")
    if field == "preset":
        return _check_preset(value or "default")
    return _check_comment(value)


def list_applications(*, state: str | None = None, applicant_id: UUID | None = None) -> list[PartnerApplication]:
    """Applications, the oldest first: all, those in a state, or one person's."""
    query = select(PartnerApplication).order_by(PartnerApplication.id)
    if state is not None:
        query = query.where(PartnerApplication.state == state)
    if applicant_id is not None:
        query = query.where(PartnerApplication.applicant_id == applicant_id)
    return list(db.session.scalars(query))


def approve(application_id: UUID, by: UUID | None, now: datetime) -> Partner:
    """Make the partner, its first branch, its owner and its programme; the applicant is told. Raises `ApplicationDecided`, `ApplicationNotFound`."""
    application = _lock_undecided(application_id)
    partner = create_partner(
        application.name,
        owner_id=application.applicant_id,
        timezone=application.timezone,
        rules=PRESETS[application.preset],
        branch_address=application.city,
        now=now,
    )
    _decide(application, "approved", by, now, partner_id=partner.id)
    audit.record("application.approve", actor=by, partner_id=partner.id, subject=application.id)
    return partner


def refuse(application_id: UUID, reason: str, by: UUID | None, now: datetime) -> PartnerApplication:
    """Refuse with a reason; the applicant is told. Raises `ApplicationDecided`, `ApplicationNotFound`."""
    application = _lock_undecided(application_id)
    application.reason = _check_comment(reason, field="reason")
    _decide(application, "refused", by, now)
    audit.record("application.refuse", actor=by, subject=application.id)
    return application


def create_partner(
    name: str,
    *,
    owner_id: UUID,
    timezone: str = "Europe/Moscow",
    rules: Rules | None = None,
    branch_name: str | None = None,
    branch_address: str | None = None,
    now: datetime,
) -> Partner:
    """A partner that can work at once: a free public code, an owner, an open branch, version 1 of the programme."""
    partner = _insert_partner(name, timezone, now)
    branch = open_branch(partner.id, branch_name or name, branch_address, by=None, now=now)
    owner = Staff(
        partner_id=partner.id,
        id=new_id(),
        customer_id=owner_id,
        name=db.session.get_one(Customer, owner_id).name,
        role="owner",
        branch_id=branch.id,
        created_at=now,
    )
    db.session.add(owner)
    db.session.flush()
    programmes.set_rules(partner.id, rules or Rules(), by=owner_id, now=now)
    return partner


def get_partner(reference: object) -> Partner:
    """A partner by its UUID or its public code of 6 to 12 digits. Raises `PartnerNotFound`; a suspended one is found."""
    text = str(reference)
    if re.fullmatch(r"[0-9]{6,12}", text):
        partner = db.session.scalar(select(Partner).where(Partner.code == text))
    elif re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text):
        partner = db.session.get(Partner, UUID(text))
    else:
        partner = None
    if partner is None:
        raise PartnerNotFound()
    return partner


def list_partners(limit: int) -> list[Any]:
    """The first partners by name: id, code and name."""
    query = select(Partner.id, Partner.code, Partner.name).order_by(Partner.name, Partner.id)
    return list(db.session.execute(query.limit(limit)))


def get_open_partner(reference: object) -> Partner:
    """A partner that takes new customers now. Raises `PartnerNotFound` for a suspended one too."""
    partner = get_partner(reference)
    if partner.state != "active":
        raise PartnerNotFound()
    return partner


def update_partner(partner: Partner, changes: Mapping[str, object], by: UUID | None, now: datetime) -> Partner:
    """Change the partner's `name`, `timezone` or `notices_off`: the kinds of notices that its customers are not sent.

    Raises `InvalidName`, `InvalidApplication`.
    """
    if "name" in changes:
        partner.name = require_name(changes["name"])
    if "timezone" in changes:
        partner.timezone = check_timezone(changes["timezone"])
    details: dict[str, Any] = {"fields": sorted(changes)}
    if "notices_off" in changes:
        partner.notices_off = details["notices_off"] = _check_kinds(changes["notices_off"])
    db.session.flush()
    audit.record("partner.change", actor=by, partner_id=partner.id, details=details)
    return partner


def open_branch(partner_id: UUID, name: str, address: str | None = None, *, by: UUID | None, now: datetime) -> Branch:
    """A new open branch. Raises `InvalidName`."""
    branch = Branch(
        partner_id=partner_id,
        id=new_id(),
        name=require_name(name),
        address=_check_comment(address, field="address", longest=500),
        created_at=now,
    )
    db.session.add(branch)
    db.session.flush()
    audit.record("branch.open", actor=by, partner_id=partner_id, subject=branch.id)
    return branch


def get_branch(partner_id: UUID, branch_id: UUID) -> Branch:
    """The partner's branch, open or closed. Raises `BranchNotFound`, for another partner's too."""
    branch = db.session.get(Branch, (partner_id, branch_id))
    if branch is None:
        raise BranchNotFound()
    return branch


def list_branches(
    partner_id: UUID, *, closed: bool = False, after: UUID | None = None, limit: int | None = None
) -> list[Branch]:
    """The partner's branches, the oldest first; on request with the closed ones. `after` is the last of the page before."""
    query = select(Branch).where(Branch.partner_id == partner_id).order_by(Branch.id).limit(limit)
    if not closed:
        query = query.where(Branch.state == "open")
    if after is not None:
        query = query.where(Branch.id > after)
    return list(db.session.scalars(query))


def update_branch(
    partner_id: UUID, branch_id: UUID, changes: Mapping[str, object], by: UUID | None, now: datetime
) -> Branch:
    """Change `name`, `address` or `state` (`open`, `closed`). Raises `BranchNotFound`, `LastBranch`, `InvalidName`."""
    # all branches in one order: two of them cannot be closed at once
    locked = select(Branch).where(Branch.partner_id == partner_id).order_by(Branch.id).with_for_update()
    branches = {branch.id: branch for branch in db.session.scalars(locked)}
    branch = branches.get(branch_id)
    if branch is None:
        raise BranchNotFound()
    if "name" in changes:
        branch.name = require_name(changes["name"])
    if "address" in changes:
        branch.address = _check_comment(changes["address"], field="address", longest=500)
    if changes.get("state") == "closed" and branch.state == "open":
        if sum(other.state == "open" for other in branches.values()) == 1:
            raise LastBranch()
        branch.state = "closed"
    elif changes.get("state") == "open":
        branch.state = "open"
    db.session.flush()
    audit.record(
        "branch.change", actor=by, partner_id=partner_id, subject=branch.id, details={"fields": sorted(changes)}
    )
    return branch


def check_timezone(name: object, *, field: str = "timezone") -> str:
    """The name of an IANA time zone. Raises `InvalidApplication`."""
    if not isinstance(name, str) or name not in _known_timezones():
        raise InvalidApplication("is not a known time zone", field=field)
    return name


def _check_kinds(given: object) -> list[str]:
    """Kinds of notices, each once and in the usual order."""
    if not isinstance(given, list | tuple | set) or not all(kind in KINDS for kind in given):
        raise InvalidApplication(f"switches off something other than: {', '.join(KINDS)}", field="notices_off")
    return [kind for kind in KINDS if kind in given]


@cache
def _known_timezones() -> frozenset[str]:
    """Without the names that mean something on one machine only: PostgreSQL must know the same zones."""
    return frozenset(available_timezones() - {"localtime", "posixrules", "Factory"})


def _check_preset(name: object) -> str:
    if not isinstance(name, str) or name not in PRESETS:
        raise InvalidApplication(f"must be one of: {', '.join(PRESETS)}", field="preset")
    return name


def _check_comment(text: object, *, field: str = "comment", longest: int = _LONGEST_COMMENT) -> str | None:
    if text is None:
        return None
    if not isinstance(text, str) or len(text) > longest or not is_text(text, allowed="\r\n\t"):
        raise InvalidApplication(f"must be text of at most {longest} characters", field=field)
    return text.strip() or None


def _lock_undecided(application_id: UUID) -> PartnerApplication:
    application = db.session.scalar(
        select(PartnerApplication).where(PartnerApplication.id == application_id).with_for_update(),
        execution_options={"populate_existing": True},
    )
    if application is None:
        raise ApplicationNotFound()
    if application.state != "pending":
        raise ApplicationDecided(application.state)
    return application


def _decide(
    application: PartnerApplication, state: str, by: UUID | None, now: datetime, partner_id: UUID | None = None
) -> None:
    application.state, application.partner_id = state, partner_id
    application.decided_by, application.decided_at = by, now
    db.session.flush()
    outbox.announce("notify_application", {"application_id": application.id})


def _insert_partner(name: str, timezone: str, now: datetime) -> Partner:
    """With a random free code: nobody counts partners by their codes."""
    while True:
        code = str(secrets.randbelow(900_000) + 100_000)
        made = insert(Partner).values(id=new_id(), code=code, name=name, timezone=timezone, created_at=now)
        partner_id = db.session.scalar(made.on_conflict_do_nothing(index_elements=["code"]).returning(Partner.id))
        if partner_id is not None:
            return db.session.get(Partner, partner_id)

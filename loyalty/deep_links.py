"""Links into the bot that work once: to become staff of a partner, or to make this Telegram one's account's own.

What stands in a link is a letter for its purpose and 128 random bits; only their keyed hash is kept, so nobody who reads the
database can use it. Whoever holds the link may use it: it lives shortly, once, and its maker can revoke it. Every link
that does not work is refused alike (`LinkGone`).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update

from loyalty import audit, customers, limits, outbox, staff
from loyalty.errors import AlreadyStaff, BranchNotFound, InvalidRole, LinkGone
from loyalty.identities import Identifier
from loyalty.sealing import keyed_hash
from models import db
from models.customer import Customer, PlatformRole
from models.partner import Branch, Partner, Staff
from models.telegram import DeepLink

INVITATION_LIFE = timedelta(days=3)
"""From Friday evening to Monday's shift, and not much longer: the link opens a till to whoever holds it."""
ACCOUNT_LINK_LIFE = timedelta(minutes=15)
KEPT = timedelta(days=7)
"""How long an ended link is remembered, so that who used it and comes again is told the same."""
INVITATIONS_AN_HOUR = 30
ACCOUNT_LINKS_AN_HOUR = 10

ROLES = tuple(role for role in staff.ROLES if role != "owner")
"""What one can be invited as. A link is passed on easily, so nobody becomes an owner by one: staff are made owners by
name, when they are there."""

_LETTERS = {"staff": "s", "account": "l"}
_PAYLOAD = re.compile(r"[sl][A-Za-z0-9_-]{22}", re.ASCII)


@dataclass(frozen=True)
class Invitation:
    """An invitation to become staff, with the names of everything in it."""

    id: UUID
    partner: Partner
    role: str
    branch_name: str | None
    made_by: UUID
    expires_at: datetime


def invite_staff(
    partner_id: UUID, role: str, branch_id: UUID | None, *, by: UUID, now: datetime
) -> tuple[Invitation, str]:
    """A new invitation and the payload of its link, which is shown this once.

    Raises `InvalidRole`, also for an owner, `BranchNotFound` for one that is closed too, `TooMany`.
    """
    if role not in ROLES:
        raise InvalidRole(ROLES)
    branch = db.session.get(Branch, (partner_id, branch_id)) if branch_id is not None else None
    if branch_id is not None and (branch is None or branch.state != "open"):
        raise BranchNotFound()
    limits.hit(f"invite:{partner_id}", limit=INVITATIONS_AN_HOUR, window=timedelta(hours=1), now=now)
    link, payload = _make("staff", by, INVITATION_LIFE, now, partner_id=partner_id, role=role, branch_id=branch_id)
    audit.record("staff.invite", actor=by, partner_id=partner_id, subject=link.id, details={"role": role})
    return _read(link), payload


def find_invitation(payload: str, reader: UUID | None, now: datetime) -> Invitation:
    """The invitation in a link, for the person who reads it (None: nobody we know). Raises `LinkGone`, `AlreadyStaff`."""
    link = _find("staff", payload)
    _check_invitation(link, reader, now)
    if reader is not None and _works_for(link.partner_id, reader) is not None:
        raise AlreadyStaff()
    return _read(link)


def accept(payload: str, customer: Customer, name: str | None, now: datetime) -> Staff:
    """The person becomes staff, at once, and the inviter is told. `name` is what they are called where the link was opened.

    A second time by the same person is the first, while they work there. Raises `LinkGone`, and `AlreadyStaff` for
    somebody who works there by another way; the link stays as it was then.
    """
    link = _lock(_find("staff", payload).id)
    _check_invitation(link, customer.id, now)
    if link.state == "used":
        return _works_for(link.partner_id, customer.id)
    partner = db.session.get_one(Partner, link.partner_id)
    hired = staff.take_on(
        partner,
        customer,
        link.role,
        link.branch_id,
        by=link.made_by,
        now=now,
        name=name,
        details={"link": str(link.id)},
    )
    _end(link, "used", now, customer.id)
    outbox.announce("notify_invitation", {"link_id": link.id}, partner_id=link.partner_id, urgent=True)
    return hired


def decline(payload: str, reader: UUID | None, now: datetime) -> None:
    """Whoever holds the link does not want it: it ends, and the inviter is told. Raises `LinkGone`."""
    link = _lock(_find("staff", payload).id)
    _check_invitation(link, reader, now)
    if link.state == "used":
        raise LinkGone()
    _end(link, "declined", now)
    outbox.announce("notify_invitation", {"link_id": link.id}, partner_id=link.partner_id, urgent=True)


def list_invitations(partner_id: UUID, now: datetime, *, limit: int | None = None, offset: int = 0) -> list[Invitation]:
    """The partner's open invitations, the newest first."""
    query = select(DeepLink).where(*_open_at(partner_id, now)).order_by(DeepLink.id.desc()).limit(limit).offset(offset)
    return [_read(link) for link in db.session.scalars(query)]


def count_invitations(partner_id: UUID, now: datetime) -> int:
    """How many invitations of the partner are open."""
    return db.session.scalar(select(func.count()).select_from(DeepLink).where(*_open_at(partner_id, now)))


def revoke(partner_id: UUID, link_id: UUID, *, by: UUID, now: datetime) -> None:
    """The invitation works no more; revoking it again changes nothing.

    Raises `LinkGone` for one that was used meanwhile, and for another partner's.
    """
    link = _lock(link_id, DeepLink.partner_id == partner_id)
    if link.state == "used":
        raise LinkGone()
    if link.state == "open":
        _end(link, "revoked", now)
        audit.record("staff.revoke_invitation", actor=by, partner_id=partner_id, subject=link.id)


def link_account(customer: Customer, now: datetime) -> str:
    """The payload of a link that makes the Telegram in which it is opened the person's own; an earlier one works no more.

    Only for a person who is signed in. Raises `TooMany`.
    """
    bucket = f"link:{customer.id}"
    limits.hit(bucket, limit=ACCOUNT_LINKS_AN_HOUR, window=timedelta(hours=1), now=now)
    earlier = update(DeepLink).where(
        DeepLink.made_by == customer.id, DeepLink.purpose == "account", DeepLink.state == "open"
    )
    db.session.execute(earlier.values(state="revoked", ended_at=now), execution_options={"synchronize_session": False})
    _, payload = _make("account", customer.id, ACCOUNT_LINK_LIFE, now)
    return payload


def find_account(payload: str, telegram_id: str, now: datetime) -> Customer:
    """Whose account a link is of; the Telegram it was used by may look again. Raises `LinkGone`."""
    link = _find("account", payload)
    _check_account_link(link, telegram_id, now)
    return _account_of(link)


def link_telegram(payload: str, telegram_id: str, now: datetime) -> Customer:
    """Make the Telegram the account's own; a second time by the same Telegram is the first.

    A Telegram that is somebody else's stays theirs, and the link as it was. Raises `IdentityTaken`, `LinkGone`.
    """
    link = _lock(_find("account", payload).id)
    _check_account_link(link, telegram_id, now)
    customer = _account_of(link)
    customers.attach_identity(customer, "telegram", telegram_id, proven_at=now)
    if link.state == "open":
        _end(link, "used", now, customer.id)
        audit.record("customer.link_telegram", actor=customer.id, subject=customer.id)
    return customer


def needs_own_link(customer: Customer) -> bool:
    """Whether a Telegram becomes the person's own by `link_telegram` alone: of people who act for others.

    That Telegram knows a number says whose it was when they signed up there; it may have another holder by now. For one's
    own points that will do, for a till and a platform it will not.
    """
    works = select(Staff.id).where(Staff.customer_id == customer.id, Staff.state == "active")
    administers = select(PlatformRole.role).where(PlatformRole.customer_id == customer.id)
    return db.session.scalar(select(works.exists() | administers.exists()))


def forget_made_by(people: Collection[UUID]) -> None:
    """Delete the links that these people made or used."""
    theirs = DeepLink.made_by.in_(people) | DeepLink.used_by.in_(people)
    db.session.execute(delete(DeepLink).where(theirs), execution_options={"synchronize_session": False})


def forget(now: datetime, chunk: int = 1000) -> int:
    """Delete links that ended a week ago; how many."""
    old = select(DeepLink.id).where(DeepLink.expires_at < now - KEPT).limit(chunk).with_for_update(skip_locked=True)
    return db.session.execute(
        delete(DeepLink).where(DeepLink.id.in_(old)), execution_options={"synchronize_session": False}
    ).rowcount


def _make(purpose: str, by: UUID, life: timedelta, now: datetime, **details) -> tuple[DeepLink, str]:
    payload = _LETTERS[purpose] + secrets.token_urlsafe(16)
    link = DeepLink(
        purpose=purpose, token_hash=_hash(payload), made_by=by, expires_at=now + life, created_at=now, **details
    )
    db.session.add(link)
    db.session.flush()
    return link, payload


def _hash(payload: str) -> str:
    return keyed_hash("deep_link", payload)


def _find(purpose: str, payload: str) -> DeepLink:
    if not _PAYLOAD.fullmatch(payload):
        raise LinkGone()
    link = db.session.scalar(select(DeepLink).where(DeepLink.token_hash == _hash(payload), DeepLink.purpose == purpose))
    if link is None:
        raise LinkGone()
    return link


def _lock(link_id: UUID, *conditions) -> DeepLink:
    query = select(DeepLink).where(DeepLink.id == link_id, *conditions).with_for_update()
    link = db.session.scalar(query, execution_options={"populate_existing": True})
    if link is None:
        raise LinkGone()
    return link


def _check_invitation(link: DeepLink, reader: UUID | None, now: datetime) -> None:
    """Open, or used by this very reader who still works there. Whoever invited must still be one who may: who was dismissed
    leaves no doors behind."""
    if link.state == "used":
        if reader is None or link.used_by != reader or _works_for(link.partner_id, reader) is None:
            raise LinkGone()
        return
    _check_open(link, now)
    inviter = _works_for(link.partner_id, link.made_by)
    if inviter is None or "staff:write" not in staff.SCOPES[inviter.role]:
        raise LinkGone()
    if db.session.get_one(Partner, link.partner_id).state != "active":
        raise LinkGone()


def _check_account_link(link: DeepLink, telegram_id: str, now: datetime) -> None:
    if link.state == "used":
        owner = customers.find(Identifier("telegram", telegram_id))
        if owner is None or owner.id != _account_of(link).id:
            raise LinkGone()
        return
    _check_open(link, now)


def _check_open(link: DeepLink, now: datetime) -> None:
    if link.state != "open" or link.expires_at <= now:
        raise LinkGone()


def _account_of(link: DeepLink) -> Customer:
    customer = customers.living(db.session.get(Customer, link.made_by))
    if customer is None or customer.state != "active":
        raise LinkGone()
    return customer


def _works_for(partner_id: UUID, customer_id: UUID) -> Staff | None:
    query = select(Staff).where(
        Staff.partner_id == partner_id, Staff.customer_id == customer_id, Staff.state == "active"
    )
    return db.session.scalar(query)


def _end(link: DeepLink, state: str, now: datetime, used_by: UUID | None = None) -> None:
    link.state, link.ended_at, link.used_by = state, now, used_by
    db.session.flush()


def _open_at(partner_id: UUID, now: datetime) -> tuple:
    return (
        DeepLink.partner_id == partner_id,
        DeepLink.purpose == "staff",
        DeepLink.state == "open",
        DeepLink.expires_at > now,
    )


def _read(link: DeepLink) -> Invitation:
    branch = db.session.get(Branch, (link.partner_id, link.branch_id)) if link.branch_id is not None else None
    return Invitation(
        id=link.id,
        partner=db.session.get_one(Partner, link.partner_id),
        role=link.role,
        branch_name=branch.name if branch else None,
        made_by=link.made_by,
        expires_at=link.expires_at,
    )

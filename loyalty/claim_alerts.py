"""Alerts: staff who may decide are told in Telegram that claims wait, once until they have looked.

A message tells how many wait when it is sent, so one that was not read yet needs no second beside it. Whoever opened the
list, or decided on any claim, has looked; so has everybody once nothing waited any more. Two to one person are at least
a minute apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from loyalty import outbox
from loyalty.staff import SCOPES
from models import db
from models.claim import Claim, ClaimAlert
from models.customer import Identity
from models.partner import Staff

APART = timedelta(minutes=1)
BOUND = "cashier"
"""The role that is bound to a branch, if it has one."""
_DECIDERS = tuple(role for role, scopes in SCOPES.items() if "points:credit" in scopes)


def raise_for(made: Claim, now: datetime) -> None:
    """Have everybody told who may decide on this claim, except those who have an alert that they have not looked at."""
    others = set(
        db.session.scalars(
            select(Claim.branch_id)
            .where(Claim.partner_id == made.partner_id, Claim.state == "waiting", Claim.id != made.id)
            .distinct()
        )
    )
    told: dict[bool, list[UUID]] = {True: [], False: []}
    for staff_id, branch_id in _deciders(made):
        told[bool(others if branch_id is None else others & {None, branch_id})].append(staff_id)
    for has_others, staff_ids in told.items():
        for staff_id, raised_at in _raise(made.partner_id, staff_ids, now, may_be_unread=not has_others):
            payload = {"staff_id": staff_id, "raised_at": raised_at.isoformat()}
            outbox.announce("notify_waiting_claims", payload, partner_id=made.partner_id, at=raised_at)


def note_look(partner_id: UUID, customer_id: UUID | None, now: datetime) -> None:
    """This person of the staff knows what waits: the next claim is worth an alert again.

    To be called last: whoever makes a claim takes the account's lock before that of the alerts.
    """
    if customer_id is None:
        return
    theirs = select(Staff.id).where(Staff.partner_id == partner_id, Staff.customer_id == customer_id)
    looked = update(ClaimAlert).where(
        ClaimAlert.partner_id == partner_id, ClaimAlert.staff_id.in_(theirs), ClaimAlert.seen_at.is_(None)
    )
    db.session.execute(looked.values(seen_at=now), execution_options={"synchronize_session": False})


def is_unread(partner_id: UUID, staff_id: UUID, raised_at: datetime) -> bool:
    """Whether this very alert is still worth sending."""
    alert = db.session.get(ClaimAlert, (partner_id, staff_id), populate_existing=True)
    return alert is not None and alert.seen_at is None and alert.raised_at == raised_at


def _deciders(made: Claim) -> list[tuple[UUID, UUID | None]]:
    """Who may decide and can be told, with the branch they are bound to; always in one order, as they are locked in it."""
    has_telegram = exists().where(
        Identity.customer_id == Staff.customer_id,
        Identity.kind == "telegram",
        Identity.proven_at.is_not(None),
        Identity.unreachable_since.is_(None),
    )
    wanted = select(Staff.id, Staff.role, Staff.branch_id).where(
        Staff.partner_id == made.partner_id, Staff.state == "active", Staff.role.in_(_DECIDERS), has_telegram
    )
    if made.branch_id is not None:
        sees_it = (Staff.role != BOUND, Staff.branch_id.is_(None), Staff.branch_id == made.branch_id)
        wanted = wanted.where(or_(*sees_it))
    found = db.session.execute(wanted.order_by(Staff.id)).all()
    return [(row.id, row.branch_id if row.role == BOUND else None) for row in found]


def _raise(
    partner_id: UUID, staff_ids: Iterable[UUID], now: datetime, *, may_be_unread: bool
) -> list[tuple[UUID, datetime]]:
    rows = [{"partner_id": partner_id, "staff_id": one, "raised_at": now} for one in staff_ids]
    if not rows:
        return []
    raised = insert(ClaimAlert).values(rows)
    raised = raised.on_conflict_do_update(
        index_elements=["partner_id", "staff_id"],
        set_={"raised_at": func.greatest(now, ClaimAlert.raised_at + APART), "seen_at": None},
        where=None if may_be_unread else ClaimAlert.seen_at.is_not(None),
    ).returning(ClaimAlert.staff_id, ClaimAlert.raised_at)
    found = db.session.execute(raised, execution_options={"synchronize_session": False}).all()
    return [(row.staff_id, row.raised_at) for row in found]

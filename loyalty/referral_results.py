"""What people and partners see of invitations: a customer their own code and friends, a partner everybody's and the cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, func, or_, select, text
from sqlalchemy.orm import aliased

from loyalty import referrals
from loyalty.customers import membership_of
from loyalty.errors import ReferralNotFound
from loyalty.exports import PAGE, Export
from loyalty.names import first_name
from loyalty.referral_terms import Terms
from models import db
from models.customer import Customer
from models.ledger import Entry, Membership, Purchase
from models.partner import Partner
from models.referral import STATES, Referral

FRIENDS_SHOWN = 50

_Inviter, _Friend = aliased(Membership, name="inviter"), aliased(Membership, name="friend")


@dataclass(frozen=True)
class Friend:
    """A friend as the inviter sees them: a first name, and what became of it. `points` are what the inviter has of it."""

    first_name: str | None
    came_at: datetime
    state: str
    reason: str | None
    due_at: datetime | None
    points: int


@dataclass(frozen=True)
class OwnInvitation:
    """A person's invitation at one of their partners; `code` is None where nobody is invited (now). `friends` are the latest."""

    partner: Partner
    code: str | None
    terms: Terms
    invited: int
    bought: int
    rewarded: int
    points: int
    friends: list[Friend]


@dataclass(frozen=True)
class CameBy:
    """A person's own way to a partner, by a friend's invitation. `due_at`: when the gift comes, if the check stands."""

    partner: Partner
    came_at: datetime
    state: str
    reason: str | None
    points: int
    minimum: Decimal
    due_at: datetime | None


@dataclass(frozen=True)
class Results:
    """What came of a partner's invitations: a description, not an effect.

    `points` are those given less those that were taken back; `turnover` is the friends' checks net of refunds.
    """

    invited: int
    bought: int
    rewarded: int
    waiting_for_review: int
    refused: int
    returned: int
    points: int
    turnover: Decimal


@dataclass(frozen=True)
class ReferralRow:
    """One friend as the partner sees them, under the names that the partner knows."""

    referral_id: UUID
    inviter_id: UUID
    inviter_name: str | None
    friend_id: UUID
    friend_name: str | None
    came_by: str
    came_at: datetime
    state: str
    reason: str | None
    doubts: list[str]
    amount: Decimal | None
    due_at: datetime | None
    inviter_points: int
    friend_points: int


def list_places(customer_id: UUID) -> list[Partner]:
    """Where the person may invite friends now, or has invited some."""
    mine = select(Referral.id).where(Referral.partner_id == Membership.partner_id, Referral.inviter_id == Membership.id)
    query = (
        select(Partner)
        .join(Membership, Membership.partner_id == Partner.id)
        .where(
            Membership.customer_id == customer_id,
            Membership.state == "open",
            Partner.state == "active",
            or_(Partner.referral_terms["is_on"].as_boolean(), mine.exists()),
        )
        .order_by(Partner.name, Partner.id)
    )
    return list(db.session.scalars(query))


def list_own(customer_id: UUID) -> list[OwnInvitation]:
    """The person's invitation at each of these places; codes are made here at the first look."""
    return [_own(membership_of(customer_id, partner.id), partner) for partner in list_places(customer_id)]


def show_own(customer_id: UUID, partner: Partner) -> OwnInvitation | None:
    """The person's invitation at one partner; None for who is no member there."""
    member = membership_of(customer_id, partner.id)
    return _own(member, partner) if member is not None else None


def list_came_by(customer_id: UUID) -> list[CameBy]:
    """To which partners the person came by a friend, and what became of it."""
    query = (
        select(Referral, Partner)
        .join(_Friend, and_(_Friend.partner_id == Referral.partner_id, _Friend.id == Referral.friend_id))
        .join(Partner, Partner.id == Referral.partner_id)
        .where(_Friend.customer_id == customer_id, _Friend.state == "open")
        .order_by(Referral.id.desc())
    )
    return [_came_by(row, partner) for row, partner in db.session.execute(query)]


def results(partner_id: UUID) -> Results:
    """What came of it so far."""
    counted = (
        select(Referral.state, func.count(), func.count(Referral.purchase_id))
        .where(Referral.partner_id == partner_id)
        .group_by(Referral.state)
    )
    rows = {state: (count, bought) for state, count, bought in db.session.execute(counted)}
    count = {state: rows.get(state, (0, 0))[0] for state in STATES}
    given = select(func.coalesce(func.sum(Entry.points), 0)).where(
        Entry.partner_id == partner_id, Entry.source == "referral"
    )
    friends = select(Referral.friend_id).where(Referral.partner_id == partner_id, Referral.state != "refused")
    turnover = select(func.coalesce(func.sum(Purchase.amount - Purchase.refunded), 0)).where(
        Purchase.partner_id == partner_id, Purchase.membership_id.in_(friends)
    )
    return Results(
        invited=sum(count.values()),
        bought=sum(bought for _, bought in rows.values()),
        rewarded=count["rewarded"],
        waiting_for_review=count["review"],
        refused=count["refused"],
        returned=count["returned"],
        points=int(db.session.scalar(given)),
        turnover=Decimal(db.session.scalar(turnover)),
    )


def list_referrals(
    partner_id: UUID, *, state: str | None = None, after: UUID | None = None, limit: int = 20
) -> list[ReferralRow]:
    """The partner's invited friends, the latest first; of one state on request."""
    query = _rows(partner_id)
    if state is not None:
        query = query.where(Referral.state == state)
    if after is not None:
        query = query.where(Referral.id < after)
    return [_row(row) for row in db.session.execute(query.order_by(Referral.id.desc()).limit(limit))]


def get_referral(partner_id: UUID, referral_id: UUID) -> ReferralRow:
    """One of them. Raises `ReferralNotFound`."""
    row = db.session.execute(_rows(partner_id).where(Referral.id == referral_id)).one_or_none()
    if row is None:
        raise ReferralNotFound()
    return _row(row)


def count_in_review(partner_id: UUID) -> int:
    """How many friends the partner has to decide on."""
    waiting = select(func.count()).where(Referral.partner_id == partner_id, Referral.state == "review")
    return db.session.scalar(waiting)


def _own(member: Membership, partner: Partner) -> OwnInvitation:
    terms = referrals.terms_of(partner)
    mine = (Referral.partner_id == partner.id, Referral.inviter_id == member.id)
    counted = select(
        func.count(),
        func.count(Referral.purchase_id),
        func.count(Referral.inviter_entry_id).filter(Referral.state == "rewarded"),
        func.coalesce(func.sum(_inviters_points()), 0),
    ).where(*mine)
    invited, bought, rewarded, points = db.session.execute(counted).one()
    latest = (
        select(Referral, Customer.name, Customer.state.label("person"), _inviters_points().label("points"))
        .join(_Friend, and_(_Friend.partner_id == Referral.partner_id, _Friend.id == Referral.friend_id))
        .join(Customer, Customer.id == _Friend.customer_id)
        .where(*mine)
        .order_by(Referral.id.desc())
        .limit(FRIENDS_SHOWN)
    )
    friends = [
        Friend(
            first_name=first_name(row.name) if row.person == "active" else None,
            came_at=row.Referral.created_at,
            state=row.Referral.state,
            reason=row.Referral.reason,
            due_at=row.Referral.due_at,
            points=row.points,
        )
        for row in db.session.execute(latest)
    ]
    code = referrals.code_of(member) if terms.is_on else None
    return OwnInvitation(partner, code, terms, invited, bought, rewarded, int(points), friends)


def _inviters_points():
    is_paid = and_(Referral.state == "rewarded", Referral.inviter_entry_id.is_not(None))
    return case((is_paid, Referral.inviter_points), else_=0)


def _came_by(row: Referral, partner: Partner) -> CameBy:
    return CameBy(partner, row.created_at, row.state, row.reason, row.friend_points, row.minimum, row.due_at)


def _rows(partner_id: UUID):
    return (
        select(
            Referral,
            _Inviter.customer_id.label("inviter_id"),
            _Inviter.name.label("inviter_name"),
            _Friend.customer_id.label("friend_id"),
            _Friend.name.label("friend_name"),
            Purchase.amount,
        )
        .join(_Inviter, and_(_Inviter.partner_id == Referral.partner_id, _Inviter.id == Referral.inviter_id))
        .join(_Friend, and_(_Friend.partner_id == Referral.partner_id, _Friend.id == Referral.friend_id))
        .outerjoin(Purchase, and_(Purchase.partner_id == Referral.partner_id, Purchase.id == Referral.purchase_id))
        .where(Referral.partner_id == partner_id)
    )


def _row(row: Any) -> ReferralRow:
    one = row.Referral
    has_reward = one.state == "rewarded"
    return ReferralRow(
        referral_id=one.id,
        inviter_id=row.inviter_id,
        inviter_name=row.inviter_name,
        friend_id=row.friend_id,
        friend_name=row.friend_name,
        came_by=one.came_by,
        came_at=one.created_at,
        state=one.state,
        reason=one.reason,
        doubts=list(one.doubts),
        amount=row.amount,
        due_at=one.due_at,
        inviter_points=one.inviter_points if has_reward and one.inviter_entry_id else 0,
        friend_points=one.friend_points if has_reward and one.friend_entry_id else 0,
    )


_EXPORTED = text(
    "SELECT r.id AS place, r.id AS referral_id, r.created_at AS came_at, r.came_by, i.customer_id AS inviter_id,"
    " i.name AS inviter_name, f.customer_id AS friend_id, f.name AS friend_name, r.state, r.reason, p.occurred_at AS bought_at,"
    " p.amount AS check_amount, r.rewarded_at,"
    " CASE WHEN r.state = 'rewarded' AND r.inviter_entry_id IS NOT NULL THEN r.inviter_points ELSE 0 END AS inviter_points,"
    " CASE WHEN r.state = 'rewarded' AND r.friend_entry_id IS NOT NULL THEN r.friend_points ELSE 0 END AS friend_points"
    " FROM referral r JOIN membership i ON i.partner_id = r.partner_id AND i.id = r.inviter_id"
    " JOIN membership f ON f.partner_id = r.partner_id AND f.id = r.friend_id"
    " LEFT JOIN purchase p ON p.partner_id = r.partner_id AND p.id = r.purchase_id"
    " WHERE r.partner_id = :partner AND r.id > :after ORDER BY r.id LIMIT :page"
)


def _list_exported(partner_id: UUID, after: UUID) -> list[Any]:
    return db.session.execute(_EXPORTED, {"partner": partner_id, "after": after, "page": PAGE}).all()


EXPORT = Export(
    "referrals",
    (
        "referral_id", "came_at", "came_by", "inviter_id", "inviter_name", "friend_id", "friend_name", "state", "reason",
        "bought_at", "check_amount", "rewarded_at", "inviter_points", "friend_points",
    ),
    _list_exported,
)  # fmt: skip
"""The partner's invited friends as a file, the oldest first."""

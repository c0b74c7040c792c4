"""What invitations give: both get their points once the friend's first check has stood, and lose them when it is returned.

Purchases come through many doors, so none of them is asked: `list_unsettled` finds by one query what has to be looked at,
and `settle` brings one referral to where the facts say, under its lock, in a transaction of its own. Run again, or by many
at once, it finds nothing left to do.

Locks are taken in this order: the referral, then the two memberships by their ids.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text

from loyalty import audit, ledger, programmes, referrals
from loyalty.errors import ReferralDecided, ReferralNotFound
from loyalty.lifetime import available_at
from loyalty.types import Life
from models import db
from models.customer import Customer
from models.ledger import Membership, Purchase
from models.partner import Partner
from models.referral import Referral

LABEL = "referral"
"""What the entries of rewards are marked with."""

_UNSETTLED = text(
    """
    SELECT r.partner_id, r.id FROM referral r
    JOIN membership i ON i.partner_id = r.partner_id AND i.id = r.inviter_id
    JOIN membership f ON f.partner_id = r.partner_id AND f.id = r.friend_id
    LEFT JOIN purchase p ON p.partner_id = r.partner_id AND p.id = r.purchase_id
    WHERE r.state IN ('waiting', 'bought', 'review', 'rewarded') AND (r.partner_id, r.id) > (:after_partner, :after_id)
      AND (i.state = 'merged' OR f.state = 'merged'
           OR r.state = 'waiting' AND EXISTS (
               SELECT FROM purchase q WHERE q.partner_id = r.partner_id AND q.membership_id = r.friend_id
               AND q.amount > q.refunded AND (q.amount - q.refunded >= r.minimum OR q.occurred_at < r.created_at))
           OR r.state = 'bought' AND r.due_at <= :now
           OR p.amount - p.refunded < greatest(r.minimum, 0.01) OR p.membership_id <> r.friend_id)
    ORDER BY r.partner_id, r.id LIMIT :chunk
    """
)


def list_unsettled(now: datetime, after: tuple[UUID, UUID] | None = None, chunk: int = 200) -> list[tuple[UUID, UUID]]:
    """Keys of referrals about which something has happened, in their order after a key: a purchase came, its return
    window is over, it was returned or moved, or one of the two was merged."""
    partner_id, referral_id = after or (UUID(int=0), UUID(int=0))
    given = {"now": now, "after_partner": partner_id, "after_id": referral_id, "chunk": chunk}
    return [tuple(row) for row in db.session.execute(_UNSETTLED, given)]


def settle(partner_id: UUID, referral_id: UUID, now: datetime) -> str | None:
    """Bring one referral to where the facts say; the state it has then, None for one that is not there."""
    referral = _lock(partner_id, referral_id)
    if referral is None or referral.state in ("refused", "returned"):
        return referral.state if referral is not None else None
    partner = db.session.get_one(Partner, partner_id)
    inviter, friend = (referrals.follow(partner_id, one) for one in (referral.inviter_id, referral.friend_id))
    if referral.state == "rewarded":
        _look_again(referral, partner, inviter, friend, now)
    else:
        _go_on(referral, partner, inviter, friend, now)
    referral.inviter_id, referral.friend_id = inviter.id, friend.id
    db.session.flush()
    return referral.state


def decide(partner: Partner, referral_id: UUID, *, approve: bool, by: UUID, now: datetime) -> Referral:
    """The partner has looked at a friend who was doubted: they are rewarded, or not, and both are told.

    Raises `ReferralNotFound`, `ReferralDecided` for one that needs no decision (any more).
    """
    referral = _lock(partner.id, referral_id)
    if referral is None:
        raise ReferralNotFound()
    if referral.state != "review":
        raise ReferralDecided(referral.state)
    referral.decided_by, referral.decided_at = by, now
    action = "referrals.approve" if approve else "referrals.refuse"
    audit.record(action, actor=by, partner_id=partner.id, subject=referral.id, details={"doubts": referral.doubts})
    if approve:
        settle(partner.id, referral_id, now)
    else:
        _refuse(referral, "declined", now)
    return referral


def _lock(partner_id: UUID, referral_id: UUID) -> Referral | None:
    query = select(Referral).where(Referral.partner_id == partner_id, Referral.id == referral_id).with_for_update()
    return db.session.scalar(query, execution_options={"populate_existing": True})


def _go_on(referral: Referral, partner: Partner, inviter: Membership, friend: Membership, now: datetime) -> None:
    reason = _why_not(referral, partner, inviter, friend)
    if reason is not None:
        _refuse(referral, reason, now)
        return
    purchase = _first_purchase(referral, partner, friend)
    if purchase is None:  # none yet, or what there was has been returned
        referral.state, referral.purchase_id, referral.due_at = "waiting", None, None
        return
    referral.purchase_id = purchase.id
    referral.due_at = available_at(purchase.occurred_at, referral.return_days, ZoneInfo(partner.timezone))
    referral.state = "bought"
    if referral.due_at <= now and referral.doubts and referral.decided_at is None:
        referral.state = "review"
    elif referral.due_at <= now:
        _reward(referral, partner, inviter, friend, now)


def _why_not(referral: Referral, partner: Partner, inviter: Membership, friend: Membership) -> str | None:
    """Why the two get nothing for each other, as it is known by now; None when they do."""
    if friend.state != "open":
        return "gone"
    if inviter.id == friend.id:
        return "own"
    if inviter.state == "open":  # of an inviter who is forgotten nothing is known, and the friend was promised
        person, customer = (db.session.get_one(Customer, one.customer_id) for one in (inviter, friend))
        reason = referrals.why_not(partner, inviter.id, person, friend, customer)
        if reason is not None:
            return reason
    began_at = referrals.became_friend_at(referral, ZoneInfo(partner.timezone))
    if referrals.has_bought(partner.id, friend.id, before=began_at):
        return "customer"
    return "repeat" if _is_brought_otherwise(referral, friend) else None


def _is_brought_otherwise(referral: Referral, friend: Membership) -> bool:
    """Whether the friend was merged into a record that had come by an invitation of its own, which counts then."""
    if referral.friend_id == friend.id:
        return False
    query = select(Referral.id).where(
        Referral.partner_id == referral.partner_id,
        Referral.friend_id == friend.id,
        Referral.id != referral.id,
        Referral.state != "refused",
    )
    return db.session.scalar(query.limit(1)) is not None


def _first_purchase(referral: Referral, partner: Partner, friend: Membership) -> Purchase | None:
    """The first check of the friend that is large enough without what was returned of it."""
    began_at = referrals.became_friend_at(referral, ZoneInfo(partner.timezone))
    query = select(Purchase).where(
        Purchase.partner_id == partner.id,
        Purchase.membership_id == friend.id,
        Purchase.amount > Purchase.refunded,
        Purchase.amount - Purchase.refunded >= referral.minimum,
        Purchase.occurred_at >= began_at,
    )
    found = query.order_by(Purchase.occurred_at, Purchase.id).limit(1)
    return db.session.scalar(found, execution_options={"populate_existing": True})


def _reward(referral: Referral, partner: Partner, inviter: Membership, friend: Membership, now: datetime) -> None:
    _lock_accounts(partner.id, inviter.id, friend.id)
    life = Life(days=referral.life_days) if referral.life_days is not None else None

    def grant(account: Membership, points: int, whose: str) -> UUID | None:
        if not points:
            return None
        posted = ledger.grant(
            partner.id,
            account.id,
            points,
            source="referral",
            source_ref=f"referral:{referral.id}/{whose}",
            now=now,
            life=life,
            rules={"label": LABEL},
        )
        return posted.entry_id

    is_within = inviter.state == "open" and _count_rewarded(partner, inviter.id, now) < _most_a_month(partner)
    inviters = grant(inviter, referral.inviter_points, "inviter") if is_within else None
    friends = grant(friend, referral.friend_points, "friend")
    referral.state, referral.rewarded_at = "rewarded", now
    referral.inviter_entry_id, referral.friend_entry_id = inviters, friends
    if inviter.state == "open" and referral.inviter_points:
        referrals.announce(referral, "rewarded" if is_within else "limit", "inviter")
    if referral.friend_points:
        referrals.announce(referral, "rewarded", "friend")


def _look_again(referral: Referral, partner: Partner, inviter: Membership, friend: Membership, now: datetime) -> None:
    """What was rewarded is taken back when the check was returned, or moved to somebody else; and when two accounts turned
    out to be one."""
    purchase = db.session.get_one(Purchase, (partner.id, referral.purchase_id), populate_existing=True)
    left = purchase.amount - purchase.refunded
    if inviter.id == friend.id:
        reason = "own"
    elif left <= 0 or left < referral.minimum or purchase.membership_id != friend.id:
        reason = "refund"
    elif _is_brought_otherwise(referral, friend):
        reason = "repeat"
    else:
        return
    _lock_accounts(partner.id, inviter.id, friend.id)
    _, rules = programmes.current_rules(partner.id)
    for account, entry_id, to in (
        (inviter, referral.inviter_entry_id, "inviter"),
        (friend, referral.friend_entry_id, "friend"),
    ):
        if entry_id is None or account.state != "open":
            continue
        ledger.reverse(partner.id, entry_id, now=now, mode=rules.clawback, source="referral")
        referrals.announce(referral, "returned", to)
    referral.state, referral.reason, referral.ended_at = "returned", reason, now


def _refuse(referral: Referral, reason: str, now: datetime) -> None:
    referral.state, referral.reason, referral.ended_at = "refused", reason, now
    db.session.flush()
    for to in ("inviter", "friend"):
        referrals.announce(referral, "refused", to)


def _lock_accounts(partner_id: UUID, *membership_ids: UUID) -> None:
    wanted = select(Membership.id).where(Membership.partner_id == partner_id, Membership.id.in_(membership_ids))
    db.session.execute(wanted.order_by(Membership.id).with_for_update(key_share=True)).all()


def _count_rewarded(partner: Partner, inviter_id: UUID, now: datetime) -> int:
    """For how many friends the inviter has points of this calendar month, under the lock of their account."""
    local = now.astimezone(ZoneInfo(partner.timezone))
    begins = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    counted = select(func.count()).where(
        Referral.partner_id == partner.id,
        Referral.inviter_id == inviter_id,
        Referral.state == "rewarded",
        Referral.inviter_entry_id.is_not(None),
        Referral.rewarded_at >= begins,
    )
    return db.session.scalar(counted)


def _most_a_month(partner: Partner) -> int:
    return referrals.terms_of(partner).most_a_month

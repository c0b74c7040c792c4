"""Who invited whom to a partner: the codes people pass on, and what became of those who came by them."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Made, Moment, db, within_partner
from models.ledger import Money

STATES = ("waiting", "bought", "review", "rewarded", "refused", "returned")
WAYS = ("link", "code", "bot", "till")


class ReferralCode(Made, db.Model):
    """The code by which a member invites others, unique on the platform. Not a secret: it is made to be passed on.

    `device_hash` is of the browser in which the member last looked at it, kept for as long as those of `Referral`.
    """

    __tablename__ = "referral_code"
    __table_args__ = (
        within_partner("membership_id", "membership"),
        UniqueConstraint("code"),
        CheckConstraint("code ~ '^[2-9B-DF-HJ-NP-TV-Z]{8}$'", name="code"),
        Index("ix_referral_code_seen_at", "seen_at", postgresql_where=text("seen_at IS NOT NULL")),
    )

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    membership_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(8))
    device_hash: Mapped[str | None] = mapped_column(String(64))
    seen_at: Mapped[Moment | None]


class Referral(Made, db.Model):
    """A friend who came by a member's invitation, with the terms as they were told then.

    waiting → bought (a purchase qualifies, its return window runs) → rewarded, or review first where it is doubted; refused
    with a reason; returned when the purchase was taken back after the reward. The last two are the end.
    """

    __tablename__ = "referral"
    __table_args__ = (
        within_partner("inviter_id", "membership"),
        within_partner("friend_id", "membership"),
        within_partner("purchase_id", "purchase"),
        within_partner("inviter_entry_id", "entry"),
        within_partner("friend_entry_id", "entry"),
        CheckConstraint(f"state IN ({', '.join(repr(state) for state in STATES)})", name="state"),
        CheckConstraint(f"came_by IN ({', '.join(repr(way) for way in WAYS)})", name="came_by"),
        CheckConstraint("(state IN ('refused', 'returned')) = (reason IS NOT NULL)", name="reason"),
        CheckConstraint("(state IN ('rewarded', 'returned')) = (rewarded_at IS NOT NULL)", name="rewarded"),
        CheckConstraint("(purchase_id IS NULL) = (due_at IS NULL)", name="due"),
        CheckConstraint(
            "CASE state WHEN 'waiting' THEN purchase_id IS NULL WHEN 'refused' THEN true ELSE purchase_id IS NOT NULL END",
            name="purchase",
        ),
        CheckConstraint(
            "rewarded_at IS NOT NULL OR (inviter_entry_id IS NULL AND friend_entry_id IS NULL)", name="entries"
        ),
        CheckConstraint(
            "inviter_points >= 0 AND friend_points >= 0 AND minimum >= 0 AND return_days >= 0 AND life_days > 0",
            name="terms",
        ),
        # whoever comes by two invitations at once comes by one
        Index(
            "uq_referral_friend",
            "partner_id",
            "friend_id",
            unique=True,
            postgresql_where=text("state NOT IN ('refused', 'returned')"),
        ),
        Index("ix_referral_partner_id_inviter_id", "partner_id", "inviter_id"),
        Index("ix_referral_partner_id_friend_id", "partner_id", "friend_id"),
        Index("ix_referral_partner_id_purchase_id", "partner_id", "purchase_id"),
        Index("ix_referral_due_at", "due_at", postgresql_where=text("state = 'bought'")),
        Index("ix_referral_review", "partner_id", "id", postgresql_where=text("state = 'review'")),
        Index("ix_referral_address", "partner_id", "address_hash", postgresql_where=text("address_hash IS NOT NULL")),
        Index("ix_referral_device", "partner_id", "device_hash", postgresql_where=text("device_hash IS NOT NULL")),
        Index(
            "ix_referral_traced",
            "created_at",
            postgresql_where=text("address_hash IS NOT NULL OR device_hash IS NOT NULL"),
        ),
    )

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    inviter_id: Mapped[UUID]
    friend_id: Mapped[UUID]
    came_by: Mapped[str] = mapped_column(String(10))
    inviter_points: Mapped[int] = mapped_column(BigInteger)
    friend_points: Mapped[int] = mapped_column(BigInteger)
    minimum: Mapped[Decimal] = mapped_column(Money)
    return_days: Mapped[int] = mapped_column(SmallInteger)
    life_days: Mapped[int | None] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(String(10), server_default="waiting")
    reason: Mapped[str | None] = mapped_column(String(20))
    doubts: Mapped[list] = mapped_column(JSONB, server_default="[]")
    # keyed, and wiped after a while (`loyalty.referrals.TRACED_FOR`)
    address_hash: Mapped[str | None] = mapped_column(String(64))
    device_hash: Mapped[str | None] = mapped_column(String(64))
    purchase_id: Mapped[UUID | None]
    due_at: Mapped[Moment | None]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[Moment | None]
    inviter_entry_id: Mapped[UUID | None]
    friend_entry_id: Mapped[UUID | None]
    rewarded_at: Mapped[Moment | None]
    ended_at: Mapped[Moment | None]

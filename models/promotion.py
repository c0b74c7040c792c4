"""Promotions: what a partner adds to its programme for a while, and who took of it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Made, Moment, db, within_partner


class PromotionRow(Made, db.Model):
    """A promotion. `terms` are read by `loyalty.offers.Terms`; they never change once it was switched on.

    `uses` and `points` count what was given; an undone purchase is taken off, a refunded one is not.
    """

    __tablename__ = "promotion"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'on', 'stopped')", name="state"),
        CheckConstraint("ends_at > starts_at", name="dates"),
        CheckConstraint("uses >= 0 AND points >= 0", name="counts"),
        Index("ix_promotion_on", "partner_id", "id", postgresql_where=text("state = 'on'")),
    )

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    terms: Mapped[dict] = mapped_column(JSONB)
    starts_at: Mapped[Moment]
    ends_at: Mapped[Moment | None]
    state: Mapped[str] = mapped_column(String(10), server_default="draft")
    uses: Mapped[int] = mapped_column(Integer, server_default="0")
    points: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))


class PromotionUse(db.Model):
    """What one purchase took of a promotion; `day` is the partner's."""

    __tablename__ = "promotion_use"
    __table_args__ = (
        within_partner("promotion_id", "promotion"),
        within_partner("purchase_id", "purchase"),
        within_partner("membership_id", "membership"),
        Index("ix_promotion_use_membership", "partner_id", "promotion_id", "membership_id"),
        Index("ix_promotion_use_purchase", "partner_id", "purchase_id"),
        CheckConstraint("points > 0", name="points"),
    )

    partner_id: Mapped[UUID] = mapped_column(primary_key=True)
    promotion_id: Mapped[UUID] = mapped_column(primary_key=True)
    purchase_id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID]
    points: Mapped[int] = mapped_column(BigInteger)
    day: Mapped[date]
    is_undone: Mapped[bool] = mapped_column(server_default=text("false"))


class PromotionListed(db.Model):
    """A member on a promotion's list."""

    __tablename__ = "promotion_listed"
    __table_args__ = (within_partner("promotion_id", "promotion"), within_partner("membership_id", "membership"))

    partner_id: Mapped[UUID] = mapped_column(primary_key=True)
    promotion_id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID] = mapped_column(primary_key=True)

"""How members came by their tiers."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Moment, db, within_partner


class TierChange(db.Model):
    """A purchase moved its member's tier; what stood before, for the case that the purchase is undone."""

    __tablename__ = "tier_change"
    __table_args__ = (
        within_partner("purchase_id", "purchase"),
        within_partner("membership_id", "membership"),
        Index("ix_tier_change_membership", "partner_id", "membership_id"),
    )

    partner_id: Mapped[UUID] = mapped_column(primary_key=True)
    purchase_id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID]
    tier_before: Mapped[str | None] = mapped_column(String(40))
    until_before: Mapped[Moment | None]

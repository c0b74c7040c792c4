"""How many points somebody at the till wants to spend."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Made, Moment, db, within_partner


class SpendWish(Made, db.Model):
    """What a member has chosen to spend; it reserves nothing. One at a partner: a new one takes the place of the old.

    `hold_id` and `purchase_id` say what the till made of it.
    """

    __tablename__ = "spend_wish"
    __table_args__ = (
        within_partner("membership_id", "membership"),
        within_partner("hold_id", "hold"),
        within_partner("purchase_id", "purchase"),
        CheckConstraint("points > 0", name="points"),
    )

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    membership_id: Mapped[UUID] = mapped_column(primary_key=True)
    points: Mapped[int]
    expires_at: Mapped[Moment]
    hold_id: Mapped[UUID | None]
    purchase_id: Mapped[UUID | None]

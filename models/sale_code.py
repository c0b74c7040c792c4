"""Codes with a sum inside: what a cashier shows and one customer takes."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Made, Moment, db, within_partner
from models.ledger import Money

STATES = ("open", "used", "revoked")


class SaleCode(Made, db.Model):
    """A purchase that waits for whoever scans it. Only the keyed hash of what stands in the QR is kept."""

    __tablename__ = "sale_code"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        within_partner("branch_id", "branch"),
        within_partner("purchase_id", "purchase"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint(f"state IN ({', '.join(repr(state) for state in STATES)})", name="state"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(state = 'used') = (purchase_id IS NOT NULL AND used_by IS NOT NULL)", name="used_by_whom"),
        Index("ix_sale_code_expires_at", "expires_at"),
    )

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64))
    branch_id: Mapped[UUID | None]
    amount: Mapped[Decimal] = mapped_column(Money)
    made_by: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    expires_at: Mapped[Moment]
    state: Mapped[str] = mapped_column(String(10), server_default="open")
    ended_at: Mapped[Moment | None]
    used_by: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    purchase_id: Mapped[UUID | None]

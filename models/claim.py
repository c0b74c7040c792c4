"""What customers ask points for, and the fiscal receipts they show."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Made, Moment, db, within_partner
from models.ledger import Money

STATES = ("waiting", "approved", "refused", "withdrawn", "expired")
SOURCES = ("qr_code", "web_widget")


class Claim(Made, db.Model):
    """A customer's word that they bought something; points come when it is approved, by staff or within the partner's limits.

    `amount` is what was asked, `approved_amount` what was credited. `doubts` are the codes of what looked odd.
    """

    __tablename__ = "claim"
    __table_args__ = (
        within_partner("membership_id", "membership"),
        within_partner("branch_id", "branch"),
        within_partner("purchase_id", "purchase"),
        CheckConstraint("amount > 0 AND approved_amount > 0", name="amounts"),
        CheckConstraint(f"state IN ({', '.join(repr(state) for state in STATES)})", name="state"),
        CheckConstraint("(state = 'approved') = (purchase_id IS NOT NULL)", name="approved_has_purchase"),
        CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided"),
        CheckConstraint(f"source IN ({', '.join(repr(source) for source in SOURCES)})", name="source"),
        Index("ix_claim_waiting", "partner_id", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_claim_partner_id_membership_id_created_at", "partner_id", "membership_id", "created_at"),
        Index("ix_claim_decided", "partner_id", "id", postgresql_where=text("state <> 'waiting'")),
        Index("ix_claim_waiting_since", "created_at", postgresql_where=text("state = 'waiting'")),
    )

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID]
    branch_id: Mapped[UUID | None]
    source: Mapped[str] = mapped_column(String(20))
    amount: Mapped[Decimal] = mapped_column(Money)
    occurred_at: Mapped[Moment]
    has_receipt: Mapped[bool]
    doubts: Mapped[list] = mapped_column(JSONB, server_default="[]")
    state: Mapped[str] = mapped_column(String(10), server_default="waiting")
    approved_amount: Mapped[Decimal | None] = mapped_column(Money)
    reason: Mapped[str | None] = mapped_column(String(500))
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[Moment | None]
    purchase_id: Mapped[UUID | None]


class FiscalReceiptUse(Made, db.Model):
    """A fiscal receipt that somebody has shown: once on the whole platform, for ever (drive, number and sign).

    It is nobody's row but the platform's; the claim it was shown for is named by bare ids. `state` follows the claim: of a
    refused one the receipt may be shown again.
    """

    __tablename__ = "fiscal_receipt_use"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'approved', 'refused')", name="state"),
        Index("ix_fiscal_receipt_use_claim", "partner_id", "claim_id"),
    )

    drive: Mapped[str] = mapped_column(String(16), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sign: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[Moment]
    amount: Mapped[Decimal] = mapped_column(Money)
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"))
    claim_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(String(10), server_default="waiting")


class FiscalDrive(Made, db.Model):
    """A fiscal drive (fn) that stands in one of the partner's branches; a new one comes every 13 to 36 months."""

    __tablename__ = "fiscal_drive"
    __table_args__ = (within_partner("branch_id", "branch"), Index("ix_fiscal_drive_drive", "drive"))

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    drive: Mapped[str] = mapped_column(String(16), primary_key=True)
    branch_id: Mapped[UUID]


class ClaimAlert(db.Model):
    """That somebody of the staff was told that claims wait; until `seen_at` they are not told again."""

    __tablename__ = "claim_alert"
    __table_args__ = (within_partner("staff_id", "staff", ondelete="CASCADE"),)

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(primary_key=True)
    raised_at: Mapped[Moment]
    seen_at: Mapped[Moment | None]

"""Partners, their branches, staff, programme and till keys."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import HasId, Made, Moment, db, within_partner


class Partner(HasId, Made, db.Model):
    """A business with a programme. `code` is its short public number (widget, check-in, registration)."""

    __tablename__ = "partner"
    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("state IN ('active', 'suspended')", name="state"),
        CheckConstraint("code ~ '^[0-9]{6,12}$'", name="code"),
        CheckConstraint("accent ~ '^#[0-9a-f]{6}$'", name="accent"),
    )

    code: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(20), server_default="active")
    timezone: Mapped[str] = mapped_column(String(64), server_default="Europe/Moscow")
    currency: Mapped[str] = mapped_column(String(3), server_default="RUB")
    region: Mapped[str] = mapped_column(String(2), server_default="RU")
    locale: Mapped[str] = mapped_column(String(5), server_default="ru")
    plan: Mapped[str] = mapped_column(String(20), server_default="basic")
    # features that are open (true) or closed (false) whatever the plan says (`loyalty.plans`)
    features: Mapped[dict] = mapped_column(JSONB, server_default="{}")
    # which claims of customers are approved by themselves (`loyalty.claims.ClaimPolicy`)
    claim_policy: Mapped[dict] = mapped_column(JSONB, server_default="{}")
    # whether and when customers are asked after a visit (`loyalty.nps.NpsSettings`)
    nps: Mapped[dict] = mapped_column(JSONB, server_default="{}")
    # tiers of its regulars (`loyalty.tiers`); empty: none
    tier_scheme: Mapped[dict] = mapped_column(JSONB, server_default="{}")
    # what inviting a friend gives (`loyalty.referral_terms.Terms`); empty: it is off
    referral_terms: Mapped[dict] = mapped_column(JSONB, server_default="{}")
    # what the partner's own colour is, dark enough for white letters
    accent: Mapped[str | None] = mapped_column(String(7))
    # the kinds of notices (loyalty.notices.KINDS) that its customers are not sent
    notices_off: Mapped[list[str]] = mapped_column(ARRAY(String(20)), server_default="{}")


class PlanChange(db.Model):
    """A move of a partner from one plan to another, or a switch of single features under the same plan. Only added: bills are
    made from it. `reason` is the platform's, where it was the platform."""

    __tablename__ = "plan_change"
    __table_args__ = (Index("ix_plan_change_partner_id_at", "partner_id", "at"),)

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    before: Mapped[str] = mapped_column(String(20))
    after: Mapped[str] = mapped_column(String(20))
    # the partner's switches from then on
    features: Mapped[dict] = mapped_column(JSONB)
    reason: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    at: Mapped[Moment]


class PartnerApplication(HasId, Made, db.Model):
    """A person's wish to become a partner; approval makes the partner, its first branch and its owner."""

    __tablename__ = "partner_application"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'approved', 'refused')", name="state"),
        CheckConstraint("(state = 'approved') = (partner_id IS NOT NULL)", name="approved_has_partner"),
        Index(
            "uq_partner_application_one_pending",
            "applicant_id",
            unique=True,
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_partner_application_state_id", "state", "id"),
    )

    applicant_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    name: Mapped[str] = mapped_column(String(200))
    city: Mapped[str | None] = mapped_column(String(200))
    timezone: Mapped[str] = mapped_column(String(64), server_default="Europe/Moscow")
    preset: Mapped[str] = mapped_column(String(20), server_default="default")
    comment: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(20), server_default="pending")
    reason: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    decided_at: Mapped[Moment | None]
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partner.id"))


class Branch(Made, db.Model):
    """A place of a partner. Closed, never deleted: its history stays readable."""

    __tablename__ = "branch"
    __table_args__ = (CheckConstraint("state IN ('open', 'closed')", name="state"),)

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    address: Mapped[str | None] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(20), server_default="open")


class Staff(Made, db.Model):
    """A person who works for a partner, and as what. `name` is the partner's own word for them, not the person's profile."""

    __tablename__ = "staff"
    __table_args__ = (
        UniqueConstraint("partner_id", "customer_id"),
        within_partner("branch_id", "branch"),
        CheckConstraint("role IN ('owner', 'manager', 'cashier', 'ai_marketer', 'content_manager')", name="role"),
        CheckConstraint("state IN ('active', 'dismissed')", name="state"),
        Index("ix_staff_customer_id", "customer_id"),
    )

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    name: Mapped[str | None] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    branch_id: Mapped[UUID | None]
    state: Mapped[str] = mapped_column(String(20), server_default="active")


class Programme(Made, db.Model):
    """One version of a partner's rules; the highest version is in force, the earlier ones explain old entries."""

    __tablename__ = "programme"
    __table_args__ = (CheckConstraint("version >= 1", name="version"),)

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    rules: Mapped[dict] = mapped_column(JSONB)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))


class ApiKey(Made, db.Model):
    """A till's or another machine's key: only its hash is kept. `prefix` lets people tell keys apart.

    `till_id` is the machine: a key made to replace another keeps it, so that receipts, holds and callers' keys stay the
    same machine's.
    """

    __tablename__ = "api_key"
    __table_args__ = (
        UniqueConstraint("key_hash"),  # platform-wide: a key is looked up before its partner is known
        within_partner("branch_id", "branch"),
    )

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    branch_id: Mapped[UUID | None]
    till_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(String(200))
    prefix: Mapped[str] = mapped_column(String(16))
    key_hash: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    last_used_at: Mapped[Moment | None]
    revoked_at: Mapped[Moment | None]

"""People: one row a person across all partners, with identities, consents, sessions and one-time codes.

These tables are platform-wide on purpose: a person belongs to no partner. A partner reaches people only through its own
memberships.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import HasId, Made, Moment, db


class Customer(HasId, Made, db.Model):
    """A person. Staff and admins are people too, with a role beside this row."""

    __tablename__ = "customer"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'merged', 'erased', 'blocked')", name="state"),
        CheckConstraint("(state = 'merged') = (merged_into IS NOT NULL)", name="merged_into"),
        CheckConstraint("state <> 'erased' OR (name IS NULL AND birth_date IS NULL)", name="erased_is_empty"),
        Index("ix_customer_created_at_id", "created_at", "id"),
        Index("ix_customer_blocked", "created_at", "id", postgresql_where=text("state = 'blocked'")),
        Index("ix_customer_name_words", text("to_tsvector('simple', coalesce(name, ''))"), postgresql_using="gin"),
    )

    name: Mapped[str | None] = mapped_column(String(200))
    birth_date: Mapped[date | None]
    locale: Mapped[str] = mapped_column(String(5), server_default="ru")
    timezone: Mapped[str] = mapped_column(String(64), server_default="Europe/Moscow")
    purchase_preferences: Mapped[dict | None] = mapped_column(JSONB)
    notices: Mapped[dict] = mapped_column(JSONB, server_default="{}")
    state: Mapped[str] = mapped_column(String(20), server_default="active")
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))


class Standing(db.Model):
    """What a person has over all partners, summed up now and then so that lists can be ordered by it.

    The memberships are the truth: nothing is decided by these numbers. Only people with an open membership have a row.
    """

    __tablename__ = "standing"
    __table_args__ = (
        Index("ix_standing_points", "points", "customer_id"),
        Index("ix_standing_spent", "spent", "customer_id"),
        Index("ix_standing_vip", "customer_id", postgresql_where=text("is_vip")),
    )

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    memberships: Mapped[int]
    points: Mapped[int] = mapped_column(BigInteger)
    pending: Mapped[int] = mapped_column(BigInteger)
    spent: Mapped[Decimal] = mapped_column(Numeric(16, 2))
    last_purchase_at: Mapped[Moment | None]
    is_vip: Mapped[bool]


class PlatformFigures(db.Model):
    """The figures of the whole platform as they were at `at`, one row: counting a million people takes too long to wait for."""

    __tablename__ = "platform_figures"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    at: Mapped[Moment]
    people: Mapped[int] = mapped_column(BigInteger)
    members: Mapped[int] = mapped_column(BigInteger)
    memberships: Mapped[int] = mapped_column(BigInteger)
    new_people: Mapped[int] = mapped_column(BigInteger)
    active_people: Mapped[int] = mapped_column(BigInteger)
    points: Mapped[int] = mapped_column(BigInteger)
    pending: Mapped[int] = mapped_column(BigInteger)


class PlatformRole(Made, db.Model):
    """A role over the whole platform; the same roles within one partner are `Staff` rows."""

    __tablename__ = "platform_role"
    __table_args__ = (CheckConstraint("role IN ('admin', 'ai_marketer', 'content_manager')", name="role"),)

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)


class Identity(HasId, Made, db.Model):
    """A way to find a person. `value` is normalised (E.164 phone, lower-case e-mail …), so equal means the same.

    `partner_id` is set for numbers that mean something only inside one partner's system. `unreachable_since` is set while
    nothing can be sent there: the person has blocked the bot.
    """

    __tablename__ = "identity"
    __table_args__ = (
        # platform-wide on purpose: one phone is one person, whoever asks
        UniqueConstraint("kind", "value", "partner_id", postgresql_nulls_not_distinct=True),
        Index("ix_identity_customer_id", "customer_id"),
        CheckConstraint("kind IN ('phone', 'email', 'telegram', 'card', 'crm', 'onec', 'import')", name="kind"),
        CheckConstraint("(kind IN ('crm', 'onec', 'import')) = (partner_id IS NOT NULL)", name="scope"),
    )

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    kind: Mapped[str] = mapped_column(String(20))
    value: Mapped[str] = mapped_column(String(320))
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partner.id"))
    proven_at: Mapped[Moment | None]
    unreachable_since: Mapped[Moment | None]


class Consent(HasId, db.Model):
    """One answer of a person to one text; the newest for (customer, kind, partner) holds. Added, never changed."""

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint("kind IN ('personal_data', 'advertising')", name="kind"),
        Index("ix_consent_customer_id_kind_partner_id_at", "customer_id", "kind", "partner_id", "at"),
    )

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partner.id"))
    kind: Mapped[str] = mapped_column(String(20))
    granted: Mapped[bool]
    text_version: Mapped[str] = mapped_column(String(40))
    place: Mapped[str] = mapped_column(String(40))
    at: Mapped[Moment]


class SignInCode(HasId, db.Model):
    """A one-time code on its way to a person. The code is kept as a keyed hash, the target too."""

    __tablename__ = "sign_in_code"
    __table_args__ = (
        Index("ix_sign_in_code_target_hash_created_at", "target_hash", "created_at"),
        CheckConstraint("tries BETWEEN 0 AND 5", name="tries"),
    )

    target_hash: Mapped[str] = mapped_column(String(64))
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    code_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    tries: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    used_at: Mapped[Moment | None]
    # what registration asked for and does when the code proves the identity; wiped with the use
    registration: Mapped[dict | None] = mapped_column(JSONB)


class Session(HasId, Made, db.Model):
    """One signed-in device. An app's refresh secret (`api`) rotates at each use, and an old one used again ends the
    session; a browser's (`page`) stays, because its tabs share one cookie."""

    __tablename__ = "session"
    __table_args__ = (
        Index("ix_session_customer_id", "customer_id"),
        CheckConstraint("kind IN ('api', 'page')", name="kind"),
    )

    kind: Mapped[str] = mapped_column(String(10), server_default="api")

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    refresh_hash: Mapped[str] = mapped_column(String(64))
    rotated_at: Mapped[Moment]
    last_seen_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    device: Mapped[str | None] = mapped_column(String(200))
    ended_at: Mapped[Moment | None]
    end_reason: Mapped[str | None] = mapped_column(String(40))


class CustomerCode(HasId, db.Model):
    """The six digits a customer shows at the till instead of a card: two minutes, once."""

    __tablename__ = "customer_code"
    __table_args__ = (
        # platform-wide: the till does not know whose code it reads
        Index("uq_customer_code_open", "code_hash", unique=True, postgresql_where=text("used_at IS NULL")),
        Index("ix_customer_code_customer_id", "customer_id"),
    )

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    code_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    used_at: Mapped[Moment | None]
    # the quote whose hold took it, the purchase that had looked at it, or of a posting that was given the digits the code
    # itself; one that only ended was not taken
    taken_by: Mapped[UUID | None]


class Attempt(db.Model):
    """How often something was tried in a window: the counter behind every limit that must hold across processes."""

    __tablename__ = "attempt"

    bucket: Mapped[str] = mapped_column(String(120), primary_key=True)
    window_start: Mapped[Moment] = mapped_column(primary_key=True)
    count: Mapped[int]


class AuditRecord(HasId, Made, db.Model):
    """Who of the staff did what. Ids only: no names, phones or texts."""

    __tablename__ = "audit_record"
    __table_args__ = (
        Index("ix_audit_record_partner_id_id", "partner_id", "id"),
        Index("ix_audit_record_subject_id", "subject", "id"),
    )

    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partner.id"))
    actor_id: Mapped[UUID | None]
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str | None] = mapped_column(String(120))
    details: Mapped[dict] = mapped_column(JSONB, server_default="{}")

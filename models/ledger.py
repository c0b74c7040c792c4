"""The ledger's tables. PostgreSQL itself keeps the chain of entries: see the foreign keys of `Membership` and `Entry`.

Rules are numbered as in the ledger's contract (docs/adr/0002). Rows of `entry` and `lot_use` are added, never changed:
triggers refuse UPDATE, DELETE and TRUNCATE.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Made, Moment, db, within_partner

Money = Numeric(14, 2)

SOURCES = (
    "manual", "qr_code", "web_widget", "pos_api", "yclients", "altegio", "arnica", "dikidi", "onec", "inbound",
    "import", "referral", "promotion", "survey", "campaign", "admin", "system",
)  # fmt: skip
KINDS = ("earn", "spend", "expire", "bonus", "manual", "reversal")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Membership(Made, db.Model):
    """A customer at a partner: the account of points, with kept totals that the chain of entries proves.

    total = Σ entries; balance = active − debt; available = active − debt − held. `next_due_at` is the earliest moment at
    which time alone changes the account (a hold ends, a lot becomes active or expires); NULL when none will.
    """

    __tablename__ = "membership"
    __table_args__ = (
        ForeignKeyConstraint(
            ["partner_id", "id", "last_seq", "total"],
            ["entry.partner_id", "entry.membership_id", "entry.seq", "entry.total_after"],
            name="fk_membership_chain",
            deferrable=True,
            initially="DEFERRED",
            use_alter=True,
        ),
        within_partner("merged_into", "membership"),
        Index(
            "uq_membership_partner_id_customer_id",
            "partner_id",
            "customer_id",
            unique=True,
            postgresql_where=text("state <> 'merged'"),
        ),
        Index("ix_membership_customer_id", "customer_id"),
        Index(
            "ix_membership_merged_into", "partner_id", "merged_into", postgresql_where=text("merged_into IS NOT NULL")
        ),
        Index("ix_membership_tier_until", "tier_until", postgresql_where=text("tier_until IS NOT NULL")),
        Index("ix_membership_next_due_at", "next_due_at", postgresql_where=text("next_due_at IS NOT NULL")),
        CheckConstraint("state IN ('open', 'merged', 'erased')", name="state"),
        CheckConstraint("active >= 0 AND pending >= 0 AND debt >= 0 AND seq >= 0", name="not_negative"),
        CheckConstraint("held BETWEEN 0 AND active", name="held_within_active"),
        CheckConstraint("debt = 0 OR held = active", name="debt_pays_first"),
        CheckConstraint("seq > 0 OR active + pending - debt = 0", name="empty_before_first"),
        CheckConstraint(
            "state <> 'merged' OR (active = 0 AND pending = 0 AND held = 0 AND debt = 0 AND merged_into IS NOT NULL)",
            name="merged_is_empty",
        ),
    )

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    state: Mapped[str] = mapped_column(String(10), server_default="open")
    merged_into: Mapped[UUID | None]

    active: Mapped[int] = mapped_column(BigInteger, server_default="0")
    pending: Mapped[int] = mapped_column(BigInteger, server_default="0")
    held: Mapped[int] = mapped_column(BigInteger, server_default="0")
    debt: Mapped[int] = mapped_column(BigInteger, server_default="0")
    seq: Mapped[int] = mapped_column(BigInteger, server_default="0")
    last_seq: Mapped[int | None] = mapped_column(BigInteger, Computed("NULLIF(seq, 0)", persisted=True))
    balance: Mapped[int] = mapped_column(BigInteger, Computed("active - debt", persisted=True))
    total: Mapped[int] = mapped_column(BigInteger, Computed("active + pending - debt", persisted=True))
    next_due_at: Mapped[Moment | None]

    visits: Mapped[int] = mapped_column(Integer, server_default="0")
    spent: Mapped[Decimal] = mapped_column(Money, server_default="0")
    first_purchase_at: Mapped[Moment | None]
    last_purchase_at: Mapped[Moment | None]

    name: Mapped[str | None] = mapped_column(String(200))
    is_vip: Mapped[bool] = mapped_column(server_default=text("false"))
    tier: Mapped[str | None] = mapped_column(String(40))
    tier_until: Mapped[Moment | None]
    segment: Mapped[str | None] = mapped_column(String(40))
    birthday_used_on: Mapped[date | None]
    welcomed_at: Mapped[Moment | None]


class MembershipIdentity(db.Model):
    """Which identities of a person this partner knows: it sees and searches these, and no others."""

    __tablename__ = "membership_identity"
    __table_args__ = (
        within_partner("membership_id", "membership"),
        Index("ix_membership_identity_identity_id", "identity_id"),
    )

    partner_id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID] = mapped_column(primary_key=True)
    identity_id: Mapped[UUID] = mapped_column(ForeignKey("identity.id", ondelete="CASCADE"), primary_key=True)


class Purchase(db.Model):
    """The document points are given for. Unique for ever by (partner, source, origin, source_ref): rule 6.

    `revision` grows at each change; `rules` are the rates frozen with the first accrual; `remaining` of its lines is what
    refunds have left.
    """

    __tablename__ = "purchase"
    __table_args__ = (
        UniqueConstraint("partner_id", "source", "origin", "source_ref", postgresql_nulls_not_distinct=True),
        within_partner("membership_id", "membership"),
        within_partner("branch_id", "branch"),
        Index("ix_purchase_partner_id_membership_id_occurred_at", "partner_id", "membership_id", "occurred_at"),
        Index("ix_purchase_partner_id_occurred_at", "partner_id", "occurred_at"),
        CheckConstraint("amount >= 0 AND paid_with_points >= 0 AND paid_with_points <= amount", name="amounts"),
        CheckConstraint("refunded BETWEEN 0 AND amount AND money_back BETWEEN 0 AND amount", name="refunded"),
        CheckConstraint("revision >= 1", name="revision"),
        CheckConstraint(_one_of("source", SOURCES), name="source"),
    )

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID]
    branch_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(String(12), server_default="accrual")
    source: Mapped[str] = mapped_column(String(20))
    origin: Mapped[str | None] = mapped_column(String(80))
    source_ref: Mapped[str] = mapped_column(String(200))
    version: Mapped[int] = mapped_column(BigInteger, server_default="0")
    revision: Mapped[int] = mapped_column(Integer, server_default="1")
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    occurred_at: Mapped[Moment]
    amount: Mapped[Decimal] = mapped_column(Money)
    paid_with_points: Mapped[Decimal] = mapped_column(Money, server_default="0")
    refunded: Mapped[Decimal] = mapped_column(Money, server_default="0")
    money_back: Mapped[Decimal] = mapped_column(Money, server_default="0")
    rules: Mapped[dict] = mapped_column(JSONB, server_default="{}")
    breakdown: Mapped[list] = mapped_column(JSONB, server_default="[]")
    actor: Mapped[UUID | None]
    created_at: Mapped[Moment] = mapped_column(server_default=func.now())


class PurchaseLine(db.Model):
    """One line of a check. `weight` is its exact points before rounding, `spent` its kopecks paid with points."""

    __tablename__ = "purchase_line"
    __table_args__ = (
        within_partner("purchase_id", "purchase"),
        CheckConstraint("amount >= 0 AND remaining BETWEEN 0 AND amount", name="remaining"),
        CheckConstraint("weight >= 0 AND spent BETWEEN 0 AND amount", name="weights"),
    )

    partner_id: Mapped[UUID] = mapped_column(primary_key=True)
    purchase_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    name: Mapped[str | None] = mapped_column(String(300))
    sku: Mapped[str | None] = mapped_column(String(100))
    category: Mapped[str | None] = mapped_column(String(100))
    quantity: Mapped[Decimal] = mapped_column(Numeric(14, 3), server_default="1")
    amount: Mapped[Decimal] = mapped_column(Money)
    remaining: Mapped[Decimal] = mapped_column(Money)
    weight: Mapped[Decimal] = mapped_column(Numeric, server_default="0")
    spent: Mapped[Decimal] = mapped_column(Money, server_default="0")
    no_accrual: Mapped[bool] = mapped_column(server_default=text("false"))
    no_spending: Mapped[bool] = mapped_column(server_default=text("false"))


class Entry(db.Model):
    """One line of the ledger, never changed. The chain (rule 3) is kept by the two foreign keys on (seq, total)."""

    __tablename__ = "entry"
    __table_args__ = (
        within_partner("membership_id", "membership"),
        within_partner("purchase_id", "purchase"),
        within_partner("reverses_id", "entry"),
        UniqueConstraint("partner_id", "membership_id", "seq"),
        UniqueConstraint("partner_id", "membership_id", "seq", "total_after", name="uq_entry_chain"),
        UniqueConstraint(
            "partner_id", "membership_id", "kind", "source", "source_ref", "reverses_id",
            name="uq_entry_source_ref", postgresql_nulls_not_distinct=True,
        ),
        ForeignKeyConstraint(
            ["partner_id", "membership_id", "prev_seq", "total_before"],
            ["entry.partner_id", "entry.membership_id", "entry.seq", "entry.total_after"],
            name="fk_entry_chain",
        ),
        Index(
            "ix_entry_reverses_id", "partner_id", "reverses_id", postgresql_where=text("reverses_id IS NOT NULL")
        ),
        Index("ix_entry_partner_id_occurred_at", "partner_id", "occurred_at"),
        Index("ix_entry_purchase_id", "partner_id", "purchase_id", postgresql_where=text("purchase_id IS NOT NULL")),
        CheckConstraint("points <> 0", name="points"),
        CheckConstraint("total_after = total_before + points", name="total_after"),
        CheckConstraint("seq >= 1 AND (seq > 1 OR total_before = 0)", name="begins_at_zero"),
        CheckConstraint("(kind = 'reversal') = (reverses_id IS NOT NULL)", name="reversal_names_entry"),
        CheckConstraint(
            "CASE kind WHEN 'earn' THEN points > 0 WHEN 'bonus' THEN points > 0 WHEN 'spend' THEN points < 0 "
            "WHEN 'expire' THEN points < 0 ELSE true END",
            name="sign",
        ),
        CheckConstraint(_one_of("kind", KINDS), name="kind"),
        CheckConstraint(_one_of("source", SOURCES), name="source"),
    )  # fmt: skip

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID]
    seq: Mapped[int] = mapped_column(BigInteger)
    prev_seq: Mapped[int | None] = mapped_column(BigInteger, Computed("NULLIF(seq - 1, 0)", persisted=True))
    kind: Mapped[str] = mapped_column(String(10))
    points: Mapped[int] = mapped_column(BigInteger)
    total_before: Mapped[int] = mapped_column(BigInteger)
    total_after: Mapped[int] = mapped_column(BigInteger)
    balance_after: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(String(20))
    source_ref: Mapped[str] = mapped_column(String(240))
    purchase_id: Mapped[UUID | None]
    reverses_id: Mapped[UUID | None]
    rules: Mapped[dict | None] = mapped_column(JSONB)
    actor: Mapped[UUID | None]
    occurred_at: Mapped[Moment]
    created_at: Mapped[Moment] = mapped_column(server_default=func.now())


class EntryReason(db.Model):
    """Free text about an entry, apart from the ledger so that it can be wiped (rule 5)."""

    __tablename__ = "entry_reason"
    __table_args__ = (within_partner("entry_id", "entry"),)

    partner_id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)


class Lot(db.Model):
    """Points credited together, with their own dates. `expires_at` is exclusive; NULL is never. `expiries` counts the
    times its date has passed, so that each expire entry has a reference of its own (rule 12)."""

    __tablename__ = "lot"
    __table_args__ = (
        within_partner("membership_id", "membership"),
        within_partner("entry_id", "entry"),
        within_partner("purchase_id", "purchase"),
        Index(
            "ix_lot_live",
            "partner_id",
            "membership_id",
            "expires_at",
            "available_at",
            "id",
            postgresql_where=text("remaining > 0"),
        ),
        Index("ix_lot_entry_id", "partner_id", "entry_id"),
        CheckConstraint("points > 0 AND 0 <= held AND held <= remaining AND remaining <= points", name="remaining"),
        CheckConstraint("state IN ('pending', 'active')", name="state"),
        CheckConstraint("state <> 'pending' OR held = 0", name="pending_is_free"),
        CheckConstraint("expires_at > available_at", name="dates"),
    )

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID]
    entry_id: Mapped[UUID]
    purchase_id: Mapped[UUID | None]
    points: Mapped[int] = mapped_column(BigInteger)
    remaining: Mapped[int] = mapped_column(BigInteger)
    held: Mapped[int] = mapped_column(BigInteger, server_default="0")
    state: Mapped[str] = mapped_column(String(10))
    available_at: Mapped[Moment]
    expires_at: Mapped[Moment | None]
    expiries: Mapped[int] = mapped_column(SmallInteger, server_default="0")


class LotUse(db.Model):
    """Each taking (+) from a lot and each return (−) to it, by the entry that caused it; `id` is the order."""

    __tablename__ = "lot_use"
    __table_args__ = (
        within_partner("lot_id", "lot"),
        within_partner("entry_id", "entry"),
        Index("ix_lot_use_entry_id", "partner_id", "entry_id"),
        Index("ix_lot_use_lot_id", "partner_id", "lot_id"),
        CheckConstraint("points <> 0", name="points"),
    )

    partner_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    lot_id: Mapped[UUID]
    entry_id: Mapped[UUID]
    points: Mapped[int] = mapped_column(BigInteger)


class Debt(db.Model):
    """What an entry took that no lot could give (rule 19); paid, oldest first, by whatever becomes free."""

    __tablename__ = "debt"
    __table_args__ = (
        within_partner("entry_id", "entry"),
        within_partner("membership_id", "membership"),
        Index("ix_debt_open", "partner_id", "membership_id", postgresql_where=text("remaining > 0")),
        CheckConstraint("points > 0 AND remaining BETWEEN 0 AND points", name="remaining"),
    )

    partner_id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID]
    points: Mapped[int] = mapped_column(BigInteger)
    remaining: Mapped[int] = mapped_column(BigInteger)


class Hold(db.Model):
    """Points a till has reserved for a purchase that is not finished; it posts no entry."""

    __tablename__ = "hold"
    __table_args__ = (
        within_partner("membership_id", "membership"),
        within_partner("purchase_id", "purchase"),
        within_partner("quote_id", "quote"),
        Index(
            "uq_hold_partner_id_quote_id",
            "partner_id",
            "quote_id",
            unique=True,
            postgresql_where=text("state = 'captured'"),
        ),
        Index("ix_hold_open", "partner_id", "membership_id", postgresql_where=text("state = 'open'")),
        CheckConstraint("points >= 0 AND captured BETWEEN 0 AND points", name="points"),
        CheckConstraint("state IN ('open', 'captured', 'voided', 'expired')", name="state"),
    )

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID]
    quote_id: Mapped[UUID | None]
    purchase_id: Mapped[UUID | None]
    points: Mapped[int] = mapped_column(BigInteger)
    captured: Mapped[int] = mapped_column(BigInteger, server_default="0")
    state: Mapped[str] = mapped_column(String(10), server_default="open")
    expires_at: Mapped[Moment]
    resolved_at: Mapped[Moment | None]
    created_at: Mapped[Moment]


class HoldLot(db.Model):
    """The named lots a hold reserves, in spending order (`n`)."""

    __tablename__ = "hold_lot"
    __table_args__ = (
        within_partner("hold_id", "hold"),
        within_partner("lot_id", "lot"),
        CheckConstraint("points > 0", name="points"),
    )

    partner_id: Mapped[UUID] = mapped_column(primary_key=True)
    hold_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    lot_id: Mapped[UUID]
    points: Mapped[int] = mapped_column(BigInteger)


class Quote(db.Model):
    """What a till was told a purchase would earn and could spend; the rules version makes a changed price visible."""

    __tablename__ = "quote"
    __table_args__ = (
        within_partner("membership_id", "membership"),
        within_partner("branch_id", "branch"),
        ForeignKeyConstraint(["partner_id", "programme_version"], ["programme.partner_id", "programme.version"]),
        Index("ix_quote_expires_at", "expires_at"),
    )

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID]
    branch_id: Mapped[UUID | None]
    caller: Mapped[str] = mapped_column(String(80))
    amount: Mapped[Decimal] = mapped_column(Money)
    lines: Mapped[list] = mapped_column(JSONB)
    receipt_id: Mapped[str | None] = mapped_column(String(120))
    # a bare id: codes are forgotten after a day, quotes with a hold are kept
    code_id: Mapped[UUID | None]
    programme_version: Mapped[int]
    max_redeemable: Mapped[int] = mapped_column(BigInteger)
    will_earn: Mapped[int] = mapped_column(BigInteger)
    breakdown: Mapped[list] = mapped_column(JSONB)
    # the rates promised, frozen: a capture prices at these or refuses, never at others
    rules: Mapped[dict] = mapped_column(JSONB)
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]


class Award(db.Model):
    """What a sale gave or took, one row per earn, bonus or spend entry (rule 16).

    `points` is what it stands for at the current revision, `kept` what should remain of that after refunds, `shortfall`
    what should have been taken back and could not be: kept + shortfall is what the person really has of it.
    """

    __tablename__ = "award"
    __table_args__ = (
        within_partner("entry_id", "entry"),
        within_partner("purchase_id", "purchase"),
        Index("ix_award_purchase_id", "partner_id", "purchase_id"),
        CheckConstraint("kept >= 0 AND shortfall >= 0 AND points >= 0", name="not_negative"),
        CheckConstraint("kind IN ('earn', 'bonus', 'spend')", name="kind"),
    )

    partner_id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    purchase_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(10))
    points: Mapped[int] = mapped_column(BigInteger)
    kept: Mapped[int] = mapped_column(BigInteger)
    shortfall: Mapped[int] = mapped_column(BigInteger, server_default="0")


class Refund(db.Model):
    """A return against a purchase: the n-th, what it took and gave back, and how the sum fell on the lines."""

    __tablename__ = "refund"
    __table_args__ = (
        within_partner("purchase_id", "purchase"),
        UniqueConstraint("partner_id", "purchase_id", "n"),
        UniqueConstraint("partner_id", "purchase_id", "reference", name="uq_refund_reference"),
        Index("ix_refund_reference", "partner_id", "reference"),
        CheckConstraint("amount > 0 AND taken >= 0 AND given_back >= 0 AND shortfall >= 0", name="not_negative"),
        CheckConstraint("money_back BETWEEN 0 AND amount", name="money_back"),
    )

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    purchase_id: Mapped[UUID]
    n: Mapped[int]
    reference: Mapped[str] = mapped_column(String(200))
    amount: Mapped[Decimal] = mapped_column(Money)
    lines: Mapped[list] = mapped_column(JSONB)
    taken: Mapped[int] = mapped_column(BigInteger)
    given_back: Mapped[int] = mapped_column(BigInteger)
    shortfall: Mapped[int] = mapped_column(BigInteger, server_default="0")
    money_back: Mapped[Decimal] = mapped_column(Money)
    actor: Mapped[UUID | None]
    occurred_at: Mapped[Moment]
    created_at: Mapped[Moment] = mapped_column(server_default=func.now())


class Idempotency(db.Model):
    """A caller's key with the answer it got, stored in the transaction of the effect (rule 8). Kept at least 72 hours."""

    __tablename__ = "idempotency"
    __table_args__ = (Index("ix_idempotency_created_at", "created_at"),)

    # platform-wide on purpose: the caller is a person or a machine, and names its partner itself
    caller: Mapped[str] = mapped_column(String(80), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None] = mapped_column(SmallInteger)
    answer: Mapped[dict | None] = mapped_column(JSONB)
    created_at: Mapped[Moment] = mapped_column(server_default=func.now())

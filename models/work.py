"""What must happen later: the outbox, period claims of the schedule, warnings of points that expire, and imports.

The outbox is platform-wide on purpose: one relay serves all partners; a row carries ids, never personal data.
"""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    String,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Moment, db, within_partner


class Outbox(db.Model):
    """A thing to do after the commit that wrote this row. The relay queues its id; the job locks it, acts and stamps it.

    `ordering_key` serialises rows of one subject (one in flight). `sealed` holds an encrypted value that the job needs and
    nobody may read (a one-time code), wiped when done. `next_try_at` is when the relay looks at the row next;
    `enqueued_at` is since when it has been with a worker, NULL while it waits for its turn. `urgent` rows overtake the
    others: somebody stands there waiting for a code.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_waiting",
            text("urgent DESC"),
            "next_try_at",
            "id",
            postgresql_where=text("done_at IS NULL AND parked_at IS NULL"),
        ),
        Index(
            "ix_outbox_ordering_key",
            "ordering_key",
            "id",
            postgresql_where=text("ordering_key IS NOT NULL AND done_at IS NULL AND parked_at IS NULL"),
        ),
        Index("ix_outbox_parked", "id", postgresql_where=text("parked_at IS NOT NULL")),
        Index("ix_outbox_done_at", "done_at", postgresql_where=text("done_at IS NOT NULL")),
        CheckConstraint("done_at IS NULL OR parked_at IS NULL", name="one_end"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    job: Mapped[str] = mapped_column(String(60))
    partner_id: Mapped[UUID | None]
    payload: Mapped[dict] = mapped_column(JSONB)
    sealed: Mapped[str | None] = mapped_column(Text)
    ordering_key: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[Moment] = mapped_column(server_default=func.now())
    next_try_at: Mapped[Moment] = mapped_column(server_default=func.now())
    enqueued_at: Mapped[Moment | None]
    urgent: Mapped[bool] = mapped_column(server_default=text("false"))
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    first_failed_at: Mapped[Moment | None]
    last_error: Mapped[str | None] = mapped_column(String(300))
    done_at: Mapped[Moment | None]
    parked_at: Mapped[Moment | None]


class PeriodClaim(db.Model):
    """A scheduled task's period, taken once by whoever came first; a period without `done_at` is tried again."""

    __tablename__ = "period_claim"

    task: Mapped[str] = mapped_column(String(60), primary_key=True)
    period: Mapped[Moment] = mapped_column(primary_key=True)
    claimed_at: Mapped[Moment]
    done_at: Mapped[Moment | None]
    result: Mapped[dict | None] = mapped_column(JSONB)


class Heartbeat(db.Model):
    """When a long-running part of the workers (the relay, the schedule) last finished a round."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[Moment]


class ExpiryNotice(db.Model):
    """When a member was last told that points expire, and until when what expires was told: one message a wave."""

    __tablename__ = "expiry_notice"
    __table_args__ = (within_partner("membership_id", "membership"),)

    partner_id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID] = mapped_column(primary_key=True)
    told_at: Mapped[Moment]
    covered_until: Mapped[Moment]


class ImportRun(db.Model):
    """One file taken in for one partner. The same file with the same mapping continues its run.

    `origin` names where the numbers of documents come from: with it they are unique for ever. `staged` is the last line of
    the file that stands in `import_line`, `posted` the last document dealt with, `enrolled` how many people it made.
    """

    __tablename__ = "import_run"
    __table_args__ = (
        Index("uq_import_run_file", "partner_id", "file_hash", "mapping_hash", unique=True),
        CheckConstraint("state IN ('staging', 'posting', 'done')", name="state"),
        CheckConstraint("(state = 'done') = (finished_at IS NOT NULL)", name="finished"),
    )

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    file_name: Mapped[str] = mapped_column(String(200), server_default="")
    file_hash: Mapped[str] = mapped_column(String(64))
    mapping_hash: Mapped[str] = mapped_column(String(64))
    mapping: Mapped[dict] = mapped_column(JSONB)
    origin: Mapped[str | None] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(10), server_default="staging")
    staged: Mapped[int] = mapped_column(BigInteger, server_default="0")
    posted: Mapped[int] = mapped_column(BigInteger, server_default="0")
    enrolled: Mapped[int] = mapped_column(BigInteger, server_default="0")
    report: Mapped[dict] = mapped_column(JSONB, server_default="{}")
    started_at: Mapped[Moment] = mapped_column(server_default=func.now())
    finished_at: Mapped[Moment | None]


class ImportLine(db.Model):
    """One line of the file by its number, as far as it could be read; `amount` is NULL where no sum could be read.

    `outcome` is NULL until the line's document is dealt with. `settled` is the part of `amount` that was imported or
    returned; the rest is set aside and `reason` says why.
    """

    __tablename__ = "import_line"
    __table_args__ = (
        within_partner("run_id", "import_run", ondelete="CASCADE"),
        Index("ix_import_line_document", "partner_id", "run_id", "document"),
        CheckConstraint("outcome IN ('imported', 'returned', 'set_aside')", name="outcome"),
        CheckConstraint("outcome <> 'set_aside' OR reason IS NOT NULL", name="set_aside_has_reason"),
        CheckConstraint("outcome <> 'set_aside' OR settled = 0", name="set_aside_is_not_settled"),
    )

    partner_id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    document: Mapped[str | None] = mapped_column(String(120))
    is_return: Mapped[bool] = mapped_column(server_default=text("false"))
    customer: Mapped[str | None] = mapped_column(String(120))
    occurred_at: Mapped[Moment | None]
    sku: Mapped[str | None] = mapped_column(String(100))
    name: Mapped[str | None] = mapped_column(String(300))
    category: Mapped[str | None] = mapped_column(String(100))
    quantity: Mapped[Decimal | None] = mapped_column(Numeric(18, 3))
    price: Mapped[Decimal | None] = mapped_column(Numeric(18, 4))
    amount: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    outcome: Mapped[str | None] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(60))
    settled: Mapped[Decimal] = mapped_column(Numeric(18, 2), server_default="0")


class ImportDocument(db.Model):
    """A document of the file, `n`-th in the order of time: its lines that can be posted, put together.

    `points` is what it earned or, of a return, gave back of what was earned (negative). `purchase_id` is the purchase.
    """

    __tablename__ = "import_document"
    __table_args__ = (
        within_partner("run_id", "import_run", ondelete="CASCADE"),
        within_partner("purchase_id", "purchase"),
        CheckConstraint("outcome IN ('imported', 'returned', 'set_aside')", name="outcome"),
    )

    partner_id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    document: Mapped[str] = mapped_column(String(120))
    is_return: Mapped[bool]
    customer: Mapped[str] = mapped_column(String(120))
    occurred_at: Mapped[Moment]
    outcome: Mapped[str | None] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(60))
    purchase_id: Mapped[UUID | None]
    points: Mapped[int] = mapped_column(BigInteger, server_default="0")


class ImportReturn(db.Model):
    """How many pieces of a purchase's line a cancelled line of a file took back, and for what sum.

    `quantity` is 0 where the file has no quantities: there sums alone are matched.
    """

    __tablename__ = "import_return"
    __table_args__ = (
        ForeignKeyConstraint(
            ["partner_id", "run_id", "line_n"],
            ["import_line.partner_id", "import_line.run_id", "import_line.n"],
            ondelete="CASCADE",
        ),
        within_partner("purchase_id", "purchase"),
        Index("ix_import_return_purchase_id", "partner_id", "purchase_id"),
        CheckConstraint("quantity >= 0 AND amount > 0", name="positive"),
    )

    partner_id: Mapped[UUID] = mapped_column(primary_key=True)
    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    line_n: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    purchase_id: Mapped[UUID] = mapped_column(primary_key=True)
    purchase_line_n: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    quantity: Mapped[Decimal] = mapped_column(Numeric(18, 3))
    amount: Mapped[Decimal] = mapped_column(Numeric(18, 2))

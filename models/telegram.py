"""What the Telegram door remembers: which updates were taken, which could not be, which one is in hand, where each
conversation stands, when each chat may be written to again, and which links into the bot are still good.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import HasId, Made, Moment, db, within_partner


class TakenUpdate(db.Model):
    """An update that was dealt with; written in the transaction of its effect, so that it has one effect however often
    it comes."""

    __tablename__ = "taken_update"
    __table_args__ = (Index("ix_taken_update_taken_at", "taken_at"),)

    bot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    taken_at: Mapped[Moment]


class BrokenUpdate(db.Model):
    """An update that failed. With `set_aside_at` it was given up: the others went on without it. `sealed` is what
    Telegram sent, encrypted: it holds what people write."""

    __tablename__ = "broken_update"
    __table_args__ = (
        CheckConstraint("attempts >= 1", name="attempts"),
        Index("ix_broken_update_set_aside_at", "set_aside_at", postgresql_where=text("set_aside_at IS NOT NULL")),
    )

    bot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    attempts: Mapped[int] = mapped_column(Integer)
    error: Mapped[str] = mapped_column(String(300))
    sealed: Mapped[str] = mapped_column(Text)
    failed_at: Mapped[Moment]
    set_aside_at: Mapped[Moment | None]


class UpdateInHand(db.Model):
    """The update that the bot's process took up last; there is none when it ended in order. What the next process finds
    here and not among the taken is what this one died of."""

    __tablename__ = "update_in_hand"

    bot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    update_id: Mapped[int] = mapped_column(BigInteger)


class BotChat(db.Model):
    """Where a conversation stands: the language until the person is known, the `step` that waits for an answer, its data.

    `place` is for whom somebody of the staff acts (`hat`, `partner`, `branch`): what they chose, not what they may.
    """

    __tablename__ = "bot_chat"

    bot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    locale: Mapped[str | None] = mapped_column(String(5))
    step: Mapped[str | None] = mapped_column(String(40))
    data: Mapped[dict] = mapped_column(JSONB, server_default="{}")
    place: Mapped[dict] = mapped_column(JSONB, server_default="{}")
    changed_at: Mapped[Moment]


class Draft(Made, db.Model):
    """What was shown to somebody of the staff and waits for their ✅. Confirmed once; `result` says what came of it.

    `content` is what they typed: it may hold the phone of somebody new.
    """

    __tablename__ = "draft"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'done', 'cancelled')", name="state"),
        CheckConstraint("(state = 'done') = (result IS NOT NULL)", name="done_has_result"),
        Index("ix_draft_created_at", "created_at"),
    )

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    actor: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    kind: Mapped[str] = mapped_column(String(20))
    content: Mapped[dict] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(String(20), server_default="open")
    result: Mapped[dict | None] = mapped_column(JSONB)


class ChatPace(db.Model):
    """When a chat (0: any chat) may be written to again: Telegram refuses who writes more often."""

    __tablename__ = "chat_pace"
    __table_args__ = (Index("ix_chat_pace_free_at", "free_at"),)

    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    free_at: Mapped[Moment]


class DeepLink(HasId, Made, db.Model):
    """A link that opens the bot's chat and works once: to become staff of a partner, or to make that Telegram the
    account's own. Only the keyed hash of what stands in it is kept."""

    __tablename__ = "deep_link"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        within_partner("branch_id", "branch"),
        CheckConstraint("purpose IN ('staff', 'account')", name="purpose"),
        CheckConstraint("(purpose = 'staff') = (partner_id IS NOT NULL AND role IS NOT NULL)", name="staff_of_whom"),
        CheckConstraint("state IN ('open', 'used', 'declined', 'revoked')", name="state"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(state = 'used') = (used_by IS NOT NULL)", name="used_by_whom"),
        Index("ix_deep_link_partner_id", "partner_id", "id", postgresql_where=text("partner_id IS NOT NULL")),
        Index("ix_deep_link_made_by", "made_by", postgresql_where=text("state = 'open'")),
        Index("ix_deep_link_expires_at", "expires_at"),
    )

    purpose: Mapped[str] = mapped_column(String(10))
    token_hash: Mapped[str] = mapped_column(String(64))
    made_by: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partner.id"))
    role: Mapped[str | None] = mapped_column(String(20))
    branch_id: Mapped[UUID | None]
    expires_at: Mapped[Moment]
    state: Mapped[str] = mapped_column(String(10), server_default="open")
    ended_at: Mapped[Moment | None]
    used_by: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))

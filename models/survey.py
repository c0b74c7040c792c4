"""What customers were asked after a visit (NPS), what they answered, and what was done about it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Made, Moment, db, within_partner


class Survey(Made, db.Model):
    """One question about one visit, with the answer beside it: one a survey, the latest counts.

    It waits until it is sent, is asked until it is answered, or is void: never sent. Of its link only the keyed hash is
    kept.
    """

    __tablename__ = "survey"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        UniqueConstraint("partner_id", "purchase_id"),
        within_partner("membership_id", "membership"),
        within_partner("purchase_id", "purchase"),
        CheckConstraint("state IN ('waiting', 'asked', 'answered', 'void')", name="state"),
        CheckConstraint("score BETWEEN 0 AND 10", name="score"),
        CheckConstraint("(state IN ('asked', 'answered')) = (asked_at IS NOT NULL)", name="asked"),
        CheckConstraint("(state = 'answered') = (score IS NOT NULL AND answered_at IS NOT NULL)", name="answered"),
        CheckConstraint("(score IS NULL) = (way IS NULL)", name="way"),
        CheckConstraint("comment IS NULL OR score IS NOT NULL", name="comment"),
        Index("ix_survey_partner_id_membership_id", "partner_id", "membership_id", "created_at"),
        Index("ix_survey_asked_at", "partner_id", "asked_at"),
        Index("ix_survey_answered_at", "partner_id", "answered_at", "id", postgresql_where=text("score IS NOT NULL")),
    )

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID]
    purchase_id: Mapped[UUID]
    token_hash: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(10), server_default="waiting")
    asked_at: Mapped[Moment | None]
    reminded_at: Mapped[Moment | None]
    expires_at: Mapped[Moment]
    score: Mapped[int | None] = mapped_column(SmallInteger)
    comment: Mapped[str | None] = mapped_column(String(1000))
    way: Mapped[str | None] = mapped_column(String(10))
    answered_at: Mapped[Moment | None]


class SurveyTurn(db.Model):
    """When a person was asked last, by whichever partner: whoever takes the row may ask, and a week no other can."""

    __tablename__ = "survey_turn"

    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    survey_id: Mapped[UUID]
    taken_at: Mapped[Moment]


class SurveyTask(Made, db.Model):
    """An unhappy answer, for the manager to deal with: one an answer. It is withdrawn when the customer thinks better of it."""

    __tablename__ = "survey_task"
    __table_args__ = (
        within_partner("survey_id", "survey"),
        CheckConstraint("state IN ('open', 'in_work', 'done', 'withdrawn')", name="state"),
        Index("ix_survey_task_state", "partner_id", "state", "created_at"),
    )

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    survey_id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(10), server_default="open")
    note: Mapped[str | None] = mapped_column(String(1000))
    changed_by: Mapped[UUID | None]
    changed_at: Mapped[Moment | None]

"""What a partner sells by name: its catalogue."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Made, Moment, db
from models.ledger import Money


class Service(Made, db.Model):
    """A service or a thing with its price. Archived, never deleted; `folded` is the name as it is compared.

    `position` orders a partner's living services; those of one category stand together.
    """

    __tablename__ = "service"
    __table_args__ = (
        CheckConstraint("price >= 0", name="price"),
        CheckConstraint("minutes BETWEEN 1 AND 1440", name="minutes"),
        Index("uq_service_name", "partner_id", "folded", unique=True, postgresql_where=text("archived_at IS NULL")),
        Index("ix_service_order", "partner_id", "position", "id", postgresql_where=text("archived_at IS NULL")),
    )

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    folded: Mapped[str] = mapped_column(String(600))
    category: Mapped[str | None] = mapped_column(String(100))
    price: Mapped[Decimal] = mapped_column(Money)
    minutes: Mapped[int | None] = mapped_column(SmallInteger)
    is_hidden: Mapped[bool] = mapped_column(server_default=text("false"))
    position: Mapped[int] = mapped_column(Integer)
    archived_at: Mapped[Moment | None]

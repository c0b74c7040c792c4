"""The widget: how it looks, on whose sites it may stand, how often it was used, and who looked through it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Made, Moment, db


class WidgetSite(Made, db.Model):
    """A site that a partner names as its own: an exact origin, `https://shop.example`.

    It shows the widget while `proved_at` is set (`loyalty.widget_sites`).
    """

    __tablename__ = "widget_site"
    __table_args__ = (
        CheckConstraint("origin ~ '^https?://[a-z0-9.-]+(:[0-9]+)?$'", name="origin"),
        UniqueConstraint("partner_id", "id"),
        CheckConstraint("failing_since IS NULL OR failure IS NOT NULL", name="failing"),
        Index("ix_widget_site_next_check_at", "next_check_at", postgresql_where=text("next_check_at IS NOT NULL")),
    )

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    origin: Mapped[str] = mapped_column(String(300), primary_key=True)
    id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"))
    proved_at: Mapped[Moment | None]
    # somebody pressed the button, or it was added
    asked_at: Mapped[Moment | None]
    checked_at: Mapped[Moment | None]
    # why the last look found no proof, and since when a site that had been proved fails
    failure: Mapped[str | None] = mapped_column(String(40))
    failing_since: Mapped[Moment | None]
    # None: it is looked at when somebody asks
    next_check_at: Mapped[Moment | None]


class WidgetLook(Made, db.Model):
    """How a partner's widget looks; no row: as usual. Its colour is the partner's (`Partner.accent`)."""

    __tablename__ = "widget_look"
    __table_args__ = (
        CheckConstraint("theme IN ('auto', 'light', 'dark')", name="theme"),
        CheckConstraint("position IN ('bottom-right', 'bottom-left')", name="position"),
    )

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    theme: Mapped[str] = mapped_column(String(10), server_default="auto")
    position: Mapped[str] = mapped_column(String(20), server_default="bottom-right")
    # what the launcher says, in the page's language
    label_ru: Mapped[str | None] = mapped_column(String(24))
    label_en: Mapped[str | None] = mapped_column(String(24))


class WidgetDay(db.Model):
    """How often a partner's widget was seen, opened and signed in to on one day of the partner's zone. Nobody is in it."""

    __tablename__ = "widget_day"
    __table_args__ = (CheckConstraint("shown >= 0 AND opened >= 0 AND signed_in >= 0", name="counts"),)

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    shown: Mapped[int] = mapped_column(server_default="0")
    opened: Mapped[int] = mapped_column(server_default="0")
    signed_in: Mapped[int] = mapped_column(server_default="0")


class WidgetSession(Made, db.Model):
    """A person signed in inside one partner's widget. It reads what they have at this partner and opens nothing else."""

    __tablename__ = "widget_session"
    __table_args__ = (
        UniqueConstraint("partner_id", "token_hash"),
        Index("ix_widget_session_customer_id", "customer_id"),
    )

    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    token_hash: Mapped[str] = mapped_column(String(64))
    last_seen_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    device: Mapped[str | None] = mapped_column(String(200))
    ended_at: Mapped[Moment | None]
    end_reason: Mapped[str | None] = mapped_column(String(40))

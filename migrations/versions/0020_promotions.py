"""Promotions, and who took of them.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def _within(column, table, target):
    return sa.ForeignKeyConstraint(
        ["partner_id", column],
        [f"{target}.partner_id", f"{target}.id"],
        name=op.f(f"fk_{table}_partner_id_{column}"),
    )


def upgrade():
    op.create_table(
        "promotion",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("starts_at", _MOMENT, nullable=False),
        sa.Column("ends_at", _MOMENT),
        sa.Column("state", sa.String(10), server_default="draft", nullable=False),
        sa.Column("uses", sa.Integer(), server_default="0", nullable=False),
        sa.Column("points", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("created_at", _MOMENT, server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'on', 'stopped')", name=op.f("ck_promotion_state")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_promotion_dates")),
        sa.CheckConstraint("uses >= 0 AND points >= 0", name=op.f("ck_promotion_counts")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_promotion_partner_id")),
        sa.ForeignKeyConstraint(["created_by"], ["customer.id"], name=op.f("fk_promotion_created_by")),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_promotion")),
    )
    op.create_index("ix_promotion_on", "promotion", ["partner_id", "id"], postgresql_where=sa.text("state = 'on'"))
    op.create_table(
        "promotion_use",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("promotion_id", sa.Uuid(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("is_undone", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("points > 0", name=op.f("ck_promotion_use_points")),
        _within("promotion_id", "promotion_use", "promotion"),
        _within("purchase_id", "promotion_use", "purchase"),
        _within("membership_id", "promotion_use", "membership"),
        sa.PrimaryKeyConstraint("partner_id", "promotion_id", "purchase_id", name=op.f("pk_promotion_use")),
    )
    op.create_index("ix_promotion_use_membership", "promotion_use", ["partner_id", "promotion_id", "membership_id"])
    op.create_index("ix_promotion_use_purchase", "promotion_use", ["partner_id", "purchase_id"])
    op.create_table(
        "promotion_listed",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("promotion_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        _within("promotion_id", "promotion_listed", "promotion"),
        _within("membership_id", "promotion_listed", "membership"),
        sa.PrimaryKeyConstraint("partner_id", "promotion_id", "membership_id", name=op.f("pk_promotion_listed")),
    )


def downgrade():
    for table in ("promotion_listed", "promotion_use", "promotion"):
        op.drop_table(table)

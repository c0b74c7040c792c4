"""The catalogue of what a partner sells.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade():
    op.create_table(
        "service",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("folded", sa.String(600), nullable=False),
        sa.Column("category", sa.String(100)),
        sa.Column("price", sa.Numeric(14, 2), nullable=False),
        sa.Column("minutes", sa.SmallInteger()),
        sa.Column("is_hidden", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("archived_at", _MOMENT),
        sa.Column("created_at", _MOMENT, server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("price >= 0", name=op.f("ck_service_price")),
        sa.CheckConstraint("minutes BETWEEN 1 AND 1440", name=op.f("ck_service_minutes")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_service_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_service")),
    )
    living = sa.text("archived_at IS NULL")
    op.create_index("uq_service_name", "service", ["partner_id", "folded"], unique=True, postgresql_where=living)
    op.create_index("ix_service_order", "service", ["partner_id", "position", "id"], postgresql_where=living)


def downgrade():
    op.drop_table("service")

"""Which plan a partner was on, and since when.

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "plan_change",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("before", sa.String(20), nullable=False),
        sa.Column("after", sa.String(20), nullable=False),
        sa.Column("features", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_plan_change_partner_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["customer.id"], name=op.f("fk_plan_change_decided_by")),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_plan_change")),
    )
    op.create_index("ix_plan_change_partner_id_at", "plan_change", ["partner_id", "at"])


def downgrade():
    op.drop_table("plan_change")

"""How often a partner's widget was seen, opened and signed in to, day by day.

Revision ID: 0033
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "widget_day",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shown", sa.Integer(), server_default="0", nullable=False),
        sa.Column("opened", sa.Integer(), server_default="0", nullable=False),
        sa.Column("signed_in", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("shown >= 0 AND opened >= 0 AND signed_in >= 0", name=op.f("ck_widget_day_counts")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_widget_day_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "day", name=op.f("pk_widget_day")),
    )


def downgrade():
    op.drop_table("widget_day")

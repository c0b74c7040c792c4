"""What tier a member had before a purchase moved it.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def _within(column, target):
    return sa.ForeignKeyConstraint(
        ["partner_id", column],
        [f"{target}.partner_id", f"{target}.id"],
        name=op.f(f"fk_tier_change_partner_id_{column}"),
    )


def upgrade():
    op.create_table(
        "tier_change",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("tier_before", sa.String(40)),
        sa.Column("until_before", sa.DateTime(timezone=True)),
        _within("purchase_id", "purchase"),
        _within("membership_id", "membership"),
        sa.PrimaryKeyConstraint("partner_id", "purchase_id", name=op.f("pk_tier_change")),
    )
    op.create_index("ix_tier_change_membership", "tier_change", ["partner_id", "membership_id"])


def downgrade():
    op.drop_table("tier_change")

"""Memberships that were merged into one are found without reading them all (a person's history asks at each page).

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index(
        "ix_membership_merged_into",
        "membership",
        ["partner_id", "merged_into"],
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )


def downgrade():
    op.drop_index("ix_membership_merged_into", "membership")

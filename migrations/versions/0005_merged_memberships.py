"""Memberships that were merged into one are found without reading them all (a person's history asks at each page).

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
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

"""Entries of a partner are found by their time, for its figures.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index("ix_entry_partner_id_occurred_at", "entry", ["partner_id", "occurred_at"])


def downgrade():
    op.drop_index("ix_entry_partner_id_occurred_at", "entry")

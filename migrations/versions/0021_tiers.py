"""Tiers of a partner's regulars, and when each member's is looked at again.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("partner", sa.Column("tier_scheme", postgresql.JSONB(), server_default="{}", nullable=False))
    op.add_column("membership", sa.Column("tier_until", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_membership_tier_until", "membership", ["tier_until"], postgresql_where=sa.text("tier_until IS NOT NULL")
    )


def downgrade():
    op.drop_index("ix_membership_tier_until", "membership")
    op.drop_column("membership", "tier_until")
    op.drop_column("partner", "tier_scheme")

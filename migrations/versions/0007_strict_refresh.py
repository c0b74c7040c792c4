"""A refresh token that was used is remembered no more: any secret but the present one ends the session.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade():
    op.drop_column("session", "previous_hash")


def downgrade():
    op.add_column("session", sa.Column("previous_hash", sa.String(length=64), nullable=True))

"""A partner's own name for its staff: hiring somebody by phone does not tell what they are called elsewhere.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("staff", sa.Column("name", sa.String(200), nullable=True))


def downgrade():
    op.drop_column("staff", "name")

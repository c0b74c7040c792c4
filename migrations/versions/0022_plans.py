"""Features that are open or closed for a partner whatever its plan says.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("partner", sa.Column("features", postgresql.JSONB(), server_default="{}", nullable=False))


def downgrade():
    op.drop_column("partner", "features")

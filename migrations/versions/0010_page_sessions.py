"""A browser's session is told from an app's: its cookie stays the same, and opens nothing but pages.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("session", sa.Column("kind", sa.String(length=10), server_default="api", nullable=False))
    op.create_check_constraint("kind", "session", "kind IN ('api', 'page')")


def downgrade():
    op.execute("DELETE FROM session WHERE kind = 'page'")
    op.drop_constraint("kind", "session", type_="check")
    op.drop_column("session", "kind")

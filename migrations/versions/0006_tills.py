"""A till keeps its identity when its key is replaced: receipts and holds are the machine's, not the key's.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("api_key", sa.Column("till_id", sa.Uuid(), nullable=True))
    op.execute("UPDATE api_key SET till_id = id")
    op.alter_column("api_key", "till_id", nullable=False)
    for table, column in (("purchase", "origin"), ("quote", "caller"), ("idempotency", "caller")):
        op.execute(f"UPDATE {table} SET {column} = 'till:' || substr({column}, 5) WHERE {column} LIKE 'key:%'")


def downgrade():
    for table, column in (("purchase", "origin"), ("quote", "caller"), ("idempotency", "caller")):
        op.execute(f"UPDATE {table} SET {column} = 'key:' || substr({column}, 6) WHERE {column} LIKE 'till:%'")
    op.drop_column("api_key", "till_id")

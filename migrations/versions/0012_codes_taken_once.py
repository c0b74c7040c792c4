"""A customer's code is taken by one sale: a quote remembers the code it was asked for by, and the code who took it.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("customer_code", sa.Column("taken_by", sa.Uuid(), nullable=True))
    op.add_column("quote", sa.Column("code_id", sa.Uuid(), nullable=True))


def downgrade():
    op.drop_column("quote", "code_id")
    op.drop_column("customer_code", "taken_by")

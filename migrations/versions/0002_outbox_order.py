"""The outbox learns to let urgent rows overtake and to keep the order of a subject; the workers get a heartbeat.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WAITING = "done_at IS NULL AND parked_at IS NULL"


def upgrade():
    op.create_table(
        "heartbeat",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeat")),
    )
    op.add_column("outbox", sa.Column("urgent", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("outbox", sa.Column("first_failed_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_index("ix_outbox_waiting", "outbox")
    op.create_index(
        "ix_outbox_waiting", "outbox", [sa.text("urgent DESC"), "next_try_at", "id"], postgresql_where=sa.text(WAITING)
    )
    op.create_index(
        "ix_outbox_ordering_key",
        "outbox",
        ["ordering_key", "id"],
        postgresql_where=sa.text(f"ordering_key IS NOT NULL AND {WAITING}"),
    )


def downgrade():
    op.drop_index("ix_outbox_ordering_key", "outbox")
    op.drop_index("ix_outbox_waiting", "outbox")
    op.create_index("ix_outbox_waiting", "outbox", ["next_try_at", "id"], postgresql_where=sa.text(WAITING))
    op.drop_column("outbox", "first_failed_at")
    op.drop_column("outbox", "urgent")
    op.drop_table("heartbeat")

"""The bot remembers for whom somebody of the staff acts, and what was shown to them and waits for their confirmation.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("bot_chat", sa.Column("place", postgresql.JSONB(), server_default="{}", nullable=False))
    op.create_table(
        "draft",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.String(20), server_default="open", nullable=False),
        sa.Column("result", postgresql.JSONB()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'done', 'cancelled')", name=op.f("ck_draft_state")),
        sa.CheckConstraint("(state = 'done') = (result IS NOT NULL)", name=op.f("ck_draft_done_has_result")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_draft_partner_id")),
        sa.ForeignKeyConstraint(["actor"], ["customer.id"], name=op.f("fk_draft_actor")),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_draft")),
    )
    op.create_index("ix_draft_created_at", "draft", ["created_at"])


def downgrade():
    op.drop_table("draft")
    op.drop_column("bot_chat", "place")

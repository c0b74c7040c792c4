"""The bot takes every update once, sets broken ones aside, remembers conversations, and knows who has blocked it.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade():
    op.create_table(
        "taken_update",
        sa.Column("bot_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("update_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("taken_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "update_id", name=op.f("pk_taken_update")),
    )
    op.create_index("ix_taken_update_taken_at", "taken_update", ["taken_at"])
    op.create_table(
        "broken_update",
        sa.Column("bot_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("update_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(300), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("failed_at", _MOMENT, nullable=False),
        sa.Column("set_aside_at", _MOMENT),
        sa.CheckConstraint("attempts >= 1", name=op.f("ck_broken_update_attempts")),
        sa.PrimaryKeyConstraint("bot_id", "update_id", name=op.f("pk_broken_update")),
    )
    op.create_index(
        "ix_broken_update_set_aside_at",
        "broken_update",
        ["set_aside_at"],
        postgresql_where=sa.text("set_aside_at IS NOT NULL"),
    )
    op.create_table(
        "bot_chat",
        sa.Column("bot_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("locale", sa.String(5)),
        sa.Column("step", sa.String(40)),
        sa.Column("data", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "chat_id", name=op.f("pk_bot_chat")),
    )
    op.create_table(
        "chat_pace",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("free_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("chat_id", name=op.f("pk_chat_pace")),
    )
    op.create_index("ix_chat_pace_free_at", "chat_pace", ["free_at"])
    op.add_column("identity", sa.Column("unreachable_since", _MOMENT))


def downgrade():
    op.drop_column("identity", "unreachable_since")
    for table in ("chat_pace", "bot_chat", "broken_update", "taken_update"):
        op.drop_table(table)

"""Links into the bot that work once: the invitation of staff, and one's own account for one's Telegram.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "deep_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(10), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid()),
        sa.Column("role", sa.String(20)),
        sa.Column("branch_id", sa.Uuid()),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(10), server_default="open", nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("used_by", sa.Uuid()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("purpose IN ('staff', 'account')", name=op.f("ck_deep_link_purpose")),
        sa.CheckConstraint(
            "(purpose = 'staff') = (partner_id IS NOT NULL AND role IS NOT NULL)",
            name=op.f("ck_deep_link_staff_of_whom"),
        ),
        sa.CheckConstraint("state IN ('open', 'used', 'declined', 'revoked')", name=op.f("ck_deep_link_state")),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("ck_deep_link_ended")),
        sa.CheckConstraint("(state = 'used') = (used_by IS NOT NULL)", name=op.f("ck_deep_link_used_by_whom")),
        sa.ForeignKeyConstraint(["made_by"], ["customer.id"], name=op.f("fk_deep_link_made_by")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_deep_link_partner_id")),
        sa.ForeignKeyConstraint(["used_by"], ["customer.id"], name=op.f("fk_deep_link_used_by")),
        sa.ForeignKeyConstraint(
            ["partner_id", "branch_id"],
            ["branch.partner_id", "branch.id"],
            name=op.f("fk_deep_link_partner_id_branch_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deep_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_deep_link_token_hash")),
    )
    op.create_index(
        "ix_deep_link_partner_id",
        "deep_link",
        ["partner_id", "id"],
        postgresql_where=sa.text("partner_id IS NOT NULL"),
    )
    op.create_index("ix_deep_link_made_by", "deep_link", ["made_by"], postgresql_where=sa.text("state = 'open'"))
    op.create_index("ix_deep_link_expires_at", "deep_link", ["expires_at"])


def downgrade():
    op.drop_table("deep_link")

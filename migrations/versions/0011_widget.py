"""The widget: sites that may show it, the partner's colour, and sessions that see one partner only.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("partner", sa.Column("accent", sa.String(7), nullable=True))
    op.create_check_constraint(op.f("ck_partner_accent"), "partner", "accent ~ '^#[0-9a-f]{6}$'")
    op.create_table(
        "widget_site",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("origin", sa.String(300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("origin ~ '^https?://[a-z0-9.-]+(:[0-9]+)?$'", name=op.f("ck_widget_site_origin")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_widget_site_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "origin", name=op.f("pk_widget_site")),
    )
    op.create_table(
        "widget_session",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device", sa.String(200), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_widget_session_customer_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_widget_session_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_widget_session")),
        sa.UniqueConstraint("partner_id", "token_hash", name=op.f("uq_widget_session_partner_id_token_hash")),
    )
    op.create_index("ix_widget_session_customer_id", "widget_session", ["customer_id"])


def downgrade():
    op.drop_table("widget_session")
    op.drop_table("widget_site")
    op.drop_constraint(op.f("ck_partner_accent"), "partner")
    op.drop_column("partner", "accent")

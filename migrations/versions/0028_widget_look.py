"""How a partner's widget looks: theme, place, and what its launcher says. Its sites get numbers to be named by.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "widget_look",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("theme", sa.String(10), server_default="auto", nullable=False),
        sa.Column("position", sa.String(20), server_default="bottom-right", nullable=False),
        sa.Column("label_ru", sa.String(24), nullable=True),
        sa.Column("label_en", sa.String(24), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("theme IN ('auto', 'light', 'dark')", name=op.f("ck_widget_look_theme")),
        sa.CheckConstraint("position IN ('bottom-right', 'bottom-left')", name=op.f("ck_widget_look_position")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_widget_look_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", name=op.f("pk_widget_look")),
    )
    number = sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False)
    op.add_column("widget_site", number)
    op.create_unique_constraint(op.f("uq_widget_site_partner_id_id"), "widget_site", ["partner_id", "id"])


def downgrade():
    op.drop_constraint(op.f("uq_widget_site_partner_id_id"), "widget_site")
    op.drop_column("widget_site", "id")
    op.drop_table("widget_look")

"""Sites prove that they are the partner's. Those that stand already stay proved and are looked at first in two weeks.

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

MOMENTS = ("proved_at", "asked_at", "checked_at", "failing_since", "next_check_at")


def upgrade():
    for name in MOMENTS:
        op.add_column("widget_site", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("widget_site", sa.Column("failure", sa.String(40), nullable=True))
    op.create_check_constraint(
        op.f("ck_widget_site_failing"), "widget_site", "failing_since IS NULL OR failure IS NOT NULL"
    )
    op.create_index(
        "ix_widget_site_next_check_at",
        "widget_site",
        ["next_check_at"],
        postgresql_where=sa.text("next_check_at IS NOT NULL"),
    )
    op.execute("UPDATE widget_site SET proved_at = now()")
    op.execute("UPDATE widget_site SET next_check_at = now() + interval '14 days' WHERE origin LIKE 'https://%'")


def downgrade():
    op.drop_index("ix_widget_site_next_check_at", "widget_site")
    op.drop_constraint(op.f("ck_widget_site_failing"), "widget_site")
    op.drop_column("widget_site", "failure")
    for name in MOMENTS:
        op.drop_column("widget_site", name)

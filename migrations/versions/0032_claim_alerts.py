"""Who of the staff was told that claims wait, and has not looked yet.

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade():
    op.create_table(
        "claim_alert",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("raised_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_claim_alert_partner_id")),
        sa.ForeignKeyConstraint(
            ["partner_id", "staff_id"],
            ["staff.partner_id", "staff.id"],
            name=op.f("fk_claim_alert_partner_id_staff_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("partner_id", "staff_id", name=op.f("pk_claim_alert")),
    )


def downgrade():
    op.drop_table("claim_alert")

"""A partner may switch kinds of notices off, and what a member was told of expiring points is remembered.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade():
    op.add_column(
        "partner", sa.Column("notices_off", postgresql.ARRAY(sa.String(20)), server_default="{}", nullable=False)
    )
    op.create_table(
        "expiry_notice",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("told_at", _MOMENT, nullable=False),
        sa.Column("covered_until", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["partner_id", "membership_id"],
            ["membership.partner_id", "membership.id"],
            name=op.f("fk_expiry_notice_partner_id_membership_id"),
        ),
        sa.PrimaryKeyConstraint("partner_id", "membership_id", name=op.f("pk_expiry_notice")),
    )


def downgrade():
    op.drop_table("expiry_notice")
    op.drop_column("partner", "notices_off")

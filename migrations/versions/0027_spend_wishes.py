"""How many points somebody at the till wants to spend.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def _within(column, target):
    return sa.ForeignKeyConstraint(
        ["partner_id", column],
        [f"{target}.partner_id", f"{target}.id"],
        name=op.f(f"fk_spend_wish_partner_id_{column}"),
    )


def upgrade():
    op.create_table(
        "spend_wish",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("hold_id", sa.Uuid()),
        sa.Column("purchase_id", sa.Uuid()),
        sa.Column("created_at", _MOMENT, server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("points > 0", name=op.f("ck_spend_wish_points")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_spend_wish_partner_id")),
        _within("membership_id", "membership"),
        _within("hold_id", "hold"),
        _within("purchase_id", "purchase"),
        sa.PrimaryKeyConstraint("partner_id", "membership_id", name=op.f("pk_spend_wish")),
    )


def downgrade():
    op.drop_table("spend_wish")

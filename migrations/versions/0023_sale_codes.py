"""A cashier's codes with a sum inside, each taken once.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def _within(column, target):
    return sa.ForeignKeyConstraint(
        ["partner_id", column],
        [f"{target}.partner_id", f"{target}.id"],
        name=op.f(f"fk_sale_code_partner_id_{column}"),
    )


def upgrade():
    op.create_table(
        "sale_code",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("branch_id", sa.Uuid()),
        sa.Column("amount", sa.Numeric(14, 2), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("state", sa.String(10), server_default="open", nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.Column("used_by", sa.Uuid()),
        sa.Column("purchase_id", sa.Uuid()),
        sa.Column("created_at", _MOMENT, server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_sale_code_amount")),
        sa.CheckConstraint("state IN ('open', 'used', 'revoked')", name=op.f("ck_sale_code_state")),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("ck_sale_code_ended")),
        sa.CheckConstraint(
            "(state = 'used') = (purchase_id IS NOT NULL AND used_by IS NOT NULL)",
            name=op.f("ck_sale_code_used_by_whom"),
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_sale_code_partner_id")),
        sa.ForeignKeyConstraint(["made_by"], ["customer.id"], name=op.f("fk_sale_code_made_by")),
        sa.ForeignKeyConstraint(["used_by"], ["customer.id"], name=op.f("fk_sale_code_used_by")),
        _within("branch_id", "branch"),
        _within("purchase_id", "purchase"),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_sale_code")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sale_code_token_hash")),
    )
    op.create_index("ix_sale_code_expires_at", "sale_code", ["expires_at"])


def downgrade():
    op.drop_table("sale_code")

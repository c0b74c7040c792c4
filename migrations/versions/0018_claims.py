"""Customers ask for points, with or without a fiscal receipt, which counts once on the whole platform.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_MONEY = sa.Numeric(14, 2)


def _made():
    return sa.Column("created_at", _MOMENT, server_default=sa.func.now(), nullable=False)


def _within(column, table, target):
    return sa.ForeignKeyConstraint(
        ["partner_id", column],
        [f"{target}.partner_id", f"{target}.id"],
        name=op.f(f"fk_{table}_partner_id_{column}"),
    )


def upgrade():
    op.add_column("partner", sa.Column("claim_policy", postgresql.JSONB(), server_default="{}", nullable=False))
    op.create_table(
        "claim",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid()),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("amount", _MONEY, nullable=False),
        sa.Column("occurred_at", _MOMENT, nullable=False),
        sa.Column("has_receipt", sa.Boolean(), nullable=False),
        sa.Column("doubts", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("state", sa.String(10), server_default="waiting", nullable=False),
        sa.Column("approved_amount", _MONEY),
        sa.Column("reason", sa.String(500)),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("decided_at", _MOMENT),
        sa.Column("purchase_id", sa.Uuid()),
        _made(),
        sa.CheckConstraint("amount > 0 AND approved_amount > 0", name=op.f("ck_claim_amounts")),
        sa.CheckConstraint(
            "state IN ('waiting', 'approved', 'refused', 'withdrawn', 'expired')", name=op.f("ck_claim_state")
        ),
        sa.CheckConstraint(
            "(state = 'approved') = (purchase_id IS NOT NULL)", name=op.f("ck_claim_approved_has_purchase")
        ),
        sa.CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name=op.f("ck_claim_decided")),
        sa.CheckConstraint("source IN ('qr_code', 'web_widget')", name=op.f("ck_claim_source")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_claim_partner_id")),
        _within("membership_id", "claim", "membership"),
        _within("branch_id", "claim", "branch"),
        _within("purchase_id", "claim", "purchase"),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_claim")),
    )
    waiting, decided = sa.text("state = 'waiting'"), sa.text("state <> 'waiting'")
    op.create_index("ix_claim_waiting", "claim", ["partner_id", "id"], postgresql_where=waiting)
    op.create_index(
        "ix_claim_partner_id_membership_id_created_at", "claim", ["partner_id", "membership_id", "created_at"]
    )
    op.create_index("ix_claim_decided", "claim", ["partner_id", "id"], postgresql_where=decided)
    op.create_index("ix_claim_waiting_since", "claim", ["created_at"], postgresql_where=waiting)
    op.create_table(
        "fiscal_receipt_use",
        sa.Column("drive", sa.String(16), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sign", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("amount", _MONEY, nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(10), server_default="waiting", nullable=False),
        _made(),
        sa.CheckConstraint("state IN ('waiting', 'approved', 'refused')", name=op.f("ck_fiscal_receipt_use_state")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_fiscal_receipt_use_partner_id")),
        sa.PrimaryKeyConstraint("drive", "number", "sign", name=op.f("pk_fiscal_receipt_use")),
    )
    op.create_index("ix_fiscal_receipt_use_claim", "fiscal_receipt_use", ["partner_id", "claim_id"])
    op.create_table(
        "fiscal_drive",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("drive", sa.String(16), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        _made(),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_fiscal_drive_partner_id")),
        _within("branch_id", "fiscal_drive", "branch"),
        sa.PrimaryKeyConstraint("partner_id", "drive", name=op.f("pk_fiscal_drive")),
    )
    op.create_index("ix_fiscal_drive_drive", "fiscal_drive", ["drive"])


def downgrade():
    for table in ("fiscal_drive", "fiscal_receipt_use", "claim"):
        op.drop_table(table)
    op.drop_column("partner", "claim_policy")

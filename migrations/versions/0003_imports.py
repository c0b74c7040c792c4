"""Imports learn where their documents come from, which part of a line was settled, and which purchase a return met.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OUTCOMES = "outcome IN ('imported', 'returned', 'set_aside')"


def upgrade():
    op.create_table(
        "import_document",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.String(length=120), nullable=False),
        sa.Column("is_return", sa.Boolean(), nullable=False),
        sa.Column("customer", sa.String(length=120), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=True),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column("purchase_id", sa.Uuid(), nullable=True),
        sa.Column("points", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(OUTCOMES, name=op.f("ck_import_document_outcome")),
        sa.ForeignKeyConstraint(
            ["partner_id", "purchase_id"],
            ["purchase.partner_id", "purchase.id"],
            name=op.f("fk_import_document_partner_id_purchase_id"),
        ),
        sa.ForeignKeyConstraint(
            ["partner_id", "run_id"],
            ["import_run.partner_id", "import_run.id"],
            name=op.f("fk_import_document_partner_id_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("partner_id", "run_id", "n", name=op.f("pk_import_document")),
    )
    op.create_table(
        "import_return",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("line_n", sa.BigInteger(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("purchase_line_n", sa.SmallInteger(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.CheckConstraint("quantity >= 0 AND amount > 0", name=op.f("ck_import_return_positive")),
        sa.ForeignKeyConstraint(
            ["partner_id", "purchase_id"],
            ["purchase.partner_id", "purchase.id"],
            name=op.f("fk_import_return_partner_id_purchase_id"),
        ),
        sa.ForeignKeyConstraint(
            ["partner_id", "run_id", "line_n"],
            ["import_line.partner_id", "import_line.run_id", "import_line.n"],
            name=op.f("fk_import_return_partner_id_run_id_line_n"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "partner_id", "run_id", "line_n", "purchase_id", "purchase_line_n", name=op.f("pk_import_return")
        ),
    )
    op.create_index("ix_import_return_purchase_id", "import_return", ["partner_id", "purchase_id"])
    op.add_column("import_line", sa.Column("is_return", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("import_line", sa.Column("category", sa.String(length=100), nullable=True))
    op.add_column(
        "import_line", sa.Column("settled", sa.Numeric(precision=18, scale=2), server_default="0", nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_import_line_set_aside_has_reason"), "import_line", "outcome <> 'set_aside' OR reason IS NOT NULL"
    )
    op.create_check_constraint(
        op.f("ck_import_line_set_aside_is_not_settled"), "import_line", "outcome <> 'set_aside' OR settled = 0"
    )
    op.add_column("import_run", sa.Column("file_name", sa.String(length=200), server_default="", nullable=False))
    op.add_column("import_run", sa.Column("origin", sa.String(length=80), nullable=True))
    op.add_column("import_run", sa.Column("enrolled", sa.BigInteger(), server_default="0", nullable=False))
    op.drop_constraint(op.f("ck_import_run_state"), "import_run")
    op.create_check_constraint(op.f("ck_import_run_state"), "import_run", "state IN ('staging', 'posting', 'done')")
    op.create_check_constraint(
        op.f("ck_import_run_finished"), "import_run", "(state = 'done') = (finished_at IS NOT NULL)"
    )
    op.create_index("ix_refund_reference", "refund", ["partner_id", "reference"])


def downgrade():
    op.drop_index("ix_refund_reference", "refund")
    op.drop_constraint(op.f("ck_import_run_finished"), "import_run")
    op.drop_constraint(op.f("ck_import_run_state"), "import_run")
    op.create_check_constraint(
        op.f("ck_import_run_state"), "import_run", "state IN ('staging', 'posting', 'done', 'failed')"
    )
    for column in ("enrolled", "origin", "file_name"):
        op.drop_column("import_run", column)
    op.drop_constraint(op.f("ck_import_line_set_aside_is_not_settled"), "import_line")
    op.drop_constraint(op.f("ck_import_line_set_aside_has_reason"), "import_line")
    for column in ("settled", "category", "is_return"):
        op.drop_column("import_line", column)
    op.drop_table("import_return")
    op.drop_table("import_document")

"""Surveys after a visit (NPS), whose turn it is to be asked, and tasks from unhappy answers.

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def _within(table, column, target):
    return sa.ForeignKeyConstraint(
        ["partner_id", column],
        [f"{target}.partner_id", f"{target}.id"],
        name=op.f(f"fk_{table}_partner_id_{column}"),
    )


def upgrade():
    op.add_column("partner", sa.Column("nps", postgresql.JSONB(), server_default="{}", nullable=False))
    op.create_table(
        "survey",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("state", sa.String(10), server_default="waiting", nullable=False),
        sa.Column("asked_at", _MOMENT),
        sa.Column("reminded_at", _MOMENT),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("score", sa.SmallInteger()),
        sa.Column("comment", sa.String(1000)),
        sa.Column("way", sa.String(10)),
        sa.Column("answered_at", _MOMENT),
        sa.Column("created_at", _MOMENT, server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'asked', 'answered', 'void')", name=op.f("ck_survey_state")),
        sa.CheckConstraint("score BETWEEN 0 AND 10", name=op.f("ck_survey_score")),
        sa.CheckConstraint("(state IN ('asked', 'answered')) = (asked_at IS NOT NULL)", name=op.f("ck_survey_asked")),
        sa.CheckConstraint(
            "(state = 'answered') = (score IS NOT NULL AND answered_at IS NOT NULL)", name=op.f("ck_survey_answered")
        ),
        sa.CheckConstraint("(score IS NULL) = (way IS NULL)", name=op.f("ck_survey_way")),
        sa.CheckConstraint("comment IS NULL OR score IS NOT NULL", name=op.f("ck_survey_comment")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_survey_partner_id")),
        _within("survey", "membership_id", "membership"),
        _within("survey", "purchase_id", "purchase"),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_survey")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_survey_token_hash")),
        sa.UniqueConstraint("partner_id", "purchase_id", name=op.f("uq_survey_partner_id_purchase_id")),
    )
    op.create_index("ix_survey_partner_id_membership_id", "survey", ["partner_id", "membership_id", "created_at"])
    op.create_index("ix_survey_asked_at", "survey", ["partner_id", "asked_at"])
    op.create_index(
        "ix_survey_answered_at",
        "survey",
        ["partner_id", "answered_at", "id"],
        postgresql_where=sa.text("score IS NOT NULL"),
    )
    op.create_table(
        "survey_turn",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("taken_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_survey_turn_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_survey_turn")),
    )
    op.create_table(
        "survey_task",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(10), server_default="open", nullable=False),
        sa.Column("note", sa.String(1000)),
        sa.Column("changed_by", sa.Uuid()),
        sa.Column("changed_at", _MOMENT),
        sa.Column("created_at", _MOMENT, server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'in_work', 'done', 'withdrawn')", name=op.f("ck_survey_task_state")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_survey_task_partner_id")),
        _within("survey_task", "survey_id", "survey"),
        sa.PrimaryKeyConstraint("partner_id", "survey_id", name=op.f("pk_survey_task")),
    )
    op.create_index("ix_survey_task_state", "survey_task", ["partner_id", "state", "created_at"])


def downgrade():
    op.drop_table("survey_task")
    op.drop_table("survey_turn")
    op.drop_table("survey")
    op.drop_column("partner", "nps")

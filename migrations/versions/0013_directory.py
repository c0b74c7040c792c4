"""The admins' list of people is found by words of a name, ordered by points and spend, and audited person by person.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# what was noted of a correction named its entry; it names the person now
_NAME_THE_PERSON = """
    UPDATE audit_record a SET subject = m.customer_id::text,
           details = a.details || jsonb_build_object('entry_id', a.subject)
    FROM entry e JOIN membership m ON m.partner_id = e.partner_id AND m.id = e.membership_id
    WHERE a.action = 'points.adjust' AND NOT a.details ? 'entry_id'
      AND e.partner_id = a.partner_id AND e.id::text = a.subject
"""
_NAME_THE_ENTRY = """
    UPDATE audit_record SET subject = details ->> 'entry_id', details = details - 'entry_id'
    WHERE action = 'points.adjust' AND details ? 'entry_id'
"""
_SUM_UP = """
    INSERT INTO standing (customer_id, memberships, points, pending, spent, last_purchase_at, is_vip)
    SELECT customer_id, count(*), sum(balance), sum(pending), sum(spent), max(last_purchase_at), bool_or(is_vip)
    FROM membership WHERE state = 'open' GROUP BY customer_id
"""


def upgrade():
    op.create_index("ix_customer_created_at_id", "customer", ["created_at", "id"])
    op.create_index(
        "ix_customer_blocked", "customer", ["created_at", "id"], postgresql_where=sa.text("state = 'blocked'")
    )
    op.create_index(
        "ix_customer_name_words",
        "customer",
        [sa.text("to_tsvector('simple', coalesce(name, ''))")],
        postgresql_using="gin",
    )
    op.create_table(
        "standing",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("memberships", sa.Integer(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("pending", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.Numeric(16, 2), nullable=False),
        sa.Column("last_purchase_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_vip", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_standing_customer_id"),
        sa.PrimaryKeyConstraint("customer_id", name="pk_standing"),
    )
    op.execute(_SUM_UP)
    op.create_index("ix_standing_points", "standing", ["points", "customer_id"])
    op.create_index("ix_standing_spent", "standing", ["spent", "customer_id"])
    op.create_index("ix_standing_vip", "standing", ["customer_id"], postgresql_where=sa.text("is_vip"))
    op.create_table(
        "platform_figures",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("people", "members", "memberships", "new_people", "active_people", "points", "pending")
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_platform_figures_one_row")),
        sa.PrimaryKeyConstraint("id", name="pk_platform_figures"),
    )
    op.execute(_NAME_THE_PERSON)
    op.create_index("ix_audit_record_subject_id", "audit_record", ["subject", "id"])


def downgrade():
    op.drop_index("ix_audit_record_subject_id", "audit_record")
    op.execute(_NAME_THE_ENTRY)
    op.drop_table("platform_figures")
    op.drop_table("standing")
    op.drop_index("ix_customer_name_words", "customer")
    op.drop_index("ix_customer_blocked", "customer")
    op.drop_index("ix_customer_created_at_id", "customer")

"""Members invite friends: their codes, and who came by them.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def _made():
    return sa.Column("created_at", _MOMENT, server_default=sa.func.now(), nullable=False)


def _within(column, table, target):
    return sa.ForeignKeyConstraint(
        ["partner_id", column],
        [f"{target}.partner_id", f"{target}.id"],
        name=op.f(f"fk_{table}_partner_id_{column}"),
    )


def _check(name, condition):
    return sa.CheckConstraint(condition, name=op.f(f"ck_referral_{name}"))


def upgrade():
    op.add_column("partner", sa.Column("referral_terms", postgresql.JSONB(), server_default="{}", nullable=False))
    op.create_table(
        "referral_code",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(8), nullable=False),
        sa.Column("device_hash", sa.String(64)),
        sa.Column("seen_at", _MOMENT),
        _made(),
        sa.CheckConstraint("code ~ '^[2-9B-DF-HJ-NP-TV-Z]{8}$'", name=op.f("ck_referral_code_code")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_referral_code_partner_id")),
        _within("membership_id", "referral_code", "membership"),
        sa.PrimaryKeyConstraint("partner_id", "membership_id", name=op.f("pk_referral_code")),
        sa.UniqueConstraint("code", name=op.f("uq_referral_code_code")),
    )
    op.create_index(
        "ix_referral_code_seen_at", "referral_code", ["seen_at"], postgresql_where=sa.text("seen_at IS NOT NULL")
    )
    op.create_table(
        "referral",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("inviter_id", sa.Uuid(), nullable=False),
        sa.Column("friend_id", sa.Uuid(), nullable=False),
        sa.Column("came_by", sa.String(10), nullable=False),
        sa.Column("inviter_points", sa.BigInteger(), nullable=False),
        sa.Column("friend_points", sa.BigInteger(), nullable=False),
        sa.Column("minimum", sa.Numeric(14, 2), nullable=False),
        sa.Column("return_days", sa.SmallInteger(), nullable=False),
        sa.Column("life_days", sa.SmallInteger()),
        sa.Column("state", sa.String(10), server_default="waiting", nullable=False),
        sa.Column("reason", sa.String(20)),
        sa.Column("doubts", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("address_hash", sa.String(64)),
        sa.Column("device_hash", sa.String(64)),
        sa.Column("purchase_id", sa.Uuid()),
        sa.Column("due_at", _MOMENT),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("decided_at", _MOMENT),
        sa.Column("inviter_entry_id", sa.Uuid()),
        sa.Column("friend_entry_id", sa.Uuid()),
        sa.Column("rewarded_at", _MOMENT),
        sa.Column("ended_at", _MOMENT),
        _made(),
        _check("state", "state IN ('waiting', 'bought', 'review', 'rewarded', 'refused', 'returned')"),
        _check("came_by", "came_by IN ('link', 'code', 'bot', 'till')"),
        _check("reason", "(state IN ('refused', 'returned')) = (reason IS NOT NULL)"),
        _check("rewarded", "(state IN ('rewarded', 'returned')) = (rewarded_at IS NOT NULL)"),
        _check("due", "(purchase_id IS NULL) = (due_at IS NULL)"),
        _check(
            "purchase",
            "CASE state WHEN 'waiting' THEN purchase_id IS NULL WHEN 'refused' THEN true ELSE purchase_id IS NOT NULL END",
        ),
        _check("entries", "rewarded_at IS NOT NULL OR (inviter_entry_id IS NULL AND friend_entry_id IS NULL)"),
        _check(
            "terms",
            "inviter_points >= 0 AND friend_points >= 0 AND minimum >= 0 AND return_days >= 0 AND life_days > 0",
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_referral_partner_id")),
        _within("inviter_id", "referral", "membership"),
        _within("friend_id", "referral", "membership"),
        _within("purchase_id", "referral", "purchase"),
        _within("inviter_entry_id", "referral", "entry"),
        _within("friend_entry_id", "referral", "entry"),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_referral")),
    )

    def index(name, columns, where=None, **options):
        condition = {"postgresql_where": sa.text(where)} if where else {}
        op.create_index(name, "referral", columns, **condition, **options)

    live = "state NOT IN ('refused', 'returned')"
    index("uq_referral_friend", ["partner_id", "friend_id"], live, unique=True)
    for column in ("inviter_id", "friend_id", "purchase_id"):
        index(f"ix_referral_partner_id_{column}", ["partner_id", column])
    index("ix_referral_due_at", ["due_at"], "state = 'bought'")
    index("ix_referral_review", ["partner_id", "id"], "state = 'review'")
    index("ix_referral_address", ["partner_id", "address_hash"], "address_hash IS NOT NULL")
    index("ix_referral_device", ["partner_id", "device_hash"], "device_hash IS NOT NULL")
    index("ix_referral_traced", ["created_at"], "address_hash IS NOT NULL OR device_hash IS NOT NULL")


def downgrade():
    op.drop_table("referral")
    op.drop_table("referral_code")
    op.drop_column("partner", "referral_terms")

"""The core: people, partners, the ledger, and work to do later.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("entry", "lot_use", "consent")


def upgrade():
    op.create_table(
        "attempt",
        sa.Column("bucket", sa.String(length=120), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "window_start", name=op.f("pk_attempt")),
    )
    op.create_table(
        "customer",
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("locale", sa.String(length=5), server_default="ru", nullable=False),
        sa.Column("timezone", sa.String(length=64), server_default="Europe/Moscow", nullable=False),
        sa.Column("purchase_preferences", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("notices", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("state", sa.String(length=20), server_default="active", nullable=False),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(state = 'merged') = (merged_into IS NOT NULL)", name=op.f("ck_customer_merged_into")),
        sa.CheckConstraint(
            "state <> 'erased' OR (name IS NULL AND birth_date IS NULL)", name=op.f("ck_customer_erased_is_empty")
        ),
        sa.CheckConstraint("state IN ('active', 'merged', 'erased', 'blocked')", name=op.f("ck_customer_state")),
        sa.ForeignKeyConstraint(["merged_into"], ["customer.id"], name=op.f("fk_customer_merged_into")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
    )
    op.create_table(
        "idempotency",
        sa.Column("caller", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_idempotency")),
    )
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.create_index("ix_idempotency_created_at", ["created_at"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("job", sa.String(length=60), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("ordering_key", sa.String(length=80), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("enqueued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.String(length=300), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("done_at IS NULL OR parked_at IS NULL", name=op.f("ck_outbox_one_end")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_done_at", ["done_at"], unique=False, postgresql_where=sa.text("done_at IS NOT NULL")
        )
        batch_op.create_index(
            "ix_outbox_parked", ["id"], unique=False, postgresql_where=sa.text("parked_at IS NOT NULL")
        )
        batch_op.create_index(
            "ix_outbox_waiting",
            ["next_try_at", "id"],
            unique=False,
            postgresql_where=sa.text("done_at IS NULL AND parked_at IS NULL"),
        )

    op.create_table(
        "partner",
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=20), server_default="active", nullable=False),
        sa.Column("timezone", sa.String(length=64), server_default="Europe/Moscow", nullable=False),
        sa.Column("currency", sa.String(length=3), server_default="RUB", nullable=False),
        sa.Column("region", sa.String(length=2), server_default="RU", nullable=False),
        sa.Column("locale", sa.String(length=5), server_default="ru", nullable=False),
        sa.Column("plan", sa.String(length=20), server_default="basic", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("code ~ '^[0-9]{6,12}$'", name=op.f("ck_partner_code")),
        sa.CheckConstraint("state IN ('active', 'suspended')", name=op.f("ck_partner_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner")),
        sa.UniqueConstraint("code", name=op.f("uq_partner_code")),
    )
    op.create_table(
        "period_claim",
        sa.Column("task", sa.String(length=60), nullable=False),
        sa.Column("period", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("task", "period", name=op.f("pk_period_claim")),
    )
    op.create_table(
        "audit_record",
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_audit_record_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_record")),
    )
    with op.batch_alter_table("audit_record", schema=None) as batch_op:
        batch_op.create_index("ix_audit_record_partner_id_id", ["partner_id", "id"], unique=False)

    op.create_table(
        "branch",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=True),
        sa.Column("state", sa.String(length=20), server_default="open", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_branch_state")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_branch_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_branch")),
    )
    op.create_table(
        "consent",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("text_version", sa.String(length=40), nullable=False),
        sa.Column("place", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('personal_data', 'advertising')", name=op.f("ck_consent_kind")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_consent_customer_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_consent_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.create_index(
            "ix_consent_customer_id_kind_partner_id_at", ["customer_id", "kind", "partner_id", "at"], unique=False
        )

    op.create_table(
        "customer_code",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_code_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_code")),
    )
    with op.batch_alter_table("customer_code", schema=None) as batch_op:
        batch_op.create_index("ix_customer_code_customer_id", ["customer_id"], unique=False)
        batch_op.create_index(
            "uq_customer_code_open", ["code_hash"], unique=True, postgresql_where=sa.text("used_at IS NULL")
        )

    op.create_table(
        "identity",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=320), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(kind IN ('crm', 'onec', 'import')) = (partner_id IS NOT NULL)", name=op.f("ck_identity_scope")
        ),
        sa.CheckConstraint(
            "kind IN ('phone', 'email', 'telegram', 'card', 'crm', 'onec', 'import')", name=op.f("ck_identity_kind")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_identity_customer_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_identity_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
        sa.UniqueConstraint(
            "kind",
            "value",
            "partner_id",
            name=op.f("uq_identity_kind_value_partner_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.create_index("ix_identity_customer_id", ["customer_id"], unique=False)

    op.create_table(
        "import_run",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("file_hash", sa.String(length=64), nullable=False),
        sa.Column("mapping_hash", sa.String(length=64), nullable=False),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="staging", nullable=False),
        sa.Column("staged", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("posted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('staging', 'posting', 'done', 'failed')", name=op.f("ck_import_run_state")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_import_run_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_import_run")),
    )
    with op.batch_alter_table("import_run", schema=None) as batch_op:
        batch_op.create_index("uq_import_run_file", ["partner_id", "file_hash", "mapping_hash"], unique=True)

    op.create_table(
        "membership",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="open", nullable=False),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("active", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pending", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("held", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("debt", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_seq", sa.BigInteger(), sa.Computed("NULLIF(seq, 0)", persisted=True), nullable=True),
        sa.Column("balance", sa.BigInteger(), sa.Computed("active - debt", persisted=True), nullable=False),
        sa.Column("total", sa.BigInteger(), sa.Computed("active + pending - debt", persisted=True), nullable=False),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("visits", sa.Integer(), server_default="0", nullable=False),
        sa.Column("spent", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False),
        sa.Column("first_purchase_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_purchase_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("is_vip", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("tier", sa.String(length=40), nullable=True),
        sa.Column("segment", sa.String(length=40), nullable=True),
        sa.Column("birthday_used_on", sa.Date(), nullable=True),
        sa.Column("welcomed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state <> 'merged' OR (active = 0 AND pending = 0 AND held = 0 AND debt = 0 AND merged_into IS NOT NULL)",
            name=op.f("ck_membership_merged_is_empty"),
        ),
        sa.CheckConstraint("state IN ('open', 'merged', 'erased')", name=op.f("ck_membership_state")),
        sa.CheckConstraint(
            "active >= 0 AND pending >= 0 AND debt >= 0 AND seq >= 0", name=op.f("ck_membership_not_negative")
        ),
        sa.CheckConstraint("debt = 0 OR held = active", name=op.f("ck_membership_debt_pays_first")),
        sa.CheckConstraint("held BETWEEN 0 AND active", name=op.f("ck_membership_held_within_active")),
        sa.CheckConstraint("seq > 0 OR active + pending - debt = 0", name=op.f("ck_membership_empty_before_first")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_membership_customer_id")),
        sa.ForeignKeyConstraint(
            ["partner_id", "merged_into"],
            ["membership.partner_id", "membership.id"],
            name=op.f("fk_membership_partner_id_merged_into"),
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_membership_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_membership")),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index("ix_membership_customer_id", ["customer_id"], unique=False)
        batch_op.create_index(
            "ix_membership_next_due_at",
            ["next_due_at"],
            unique=False,
            postgresql_where=sa.text("next_due_at IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_membership_partner_id_customer_id",
            ["partner_id", "customer_id"],
            unique=True,
            postgresql_where=sa.text("state <> 'merged'"),
        )

    op.create_table(
        "partner_application",
        sa.Column("applicant_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("city", sa.String(length=200), nullable=True),
        sa.Column("timezone", sa.String(length=64), server_default="Europe/Moscow", nullable=False),
        sa.Column("preset", sa.String(length=20), server_default="default", nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=20), server_default="pending", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(state = 'approved') = (partner_id IS NOT NULL)", name=op.f("ck_partner_application_approved_has_partner")
        ),
        sa.CheckConstraint("state IN ('pending', 'approved', 'refused')", name=op.f("ck_partner_application_state")),
        sa.ForeignKeyConstraint(["applicant_id"], ["customer.id"], name=op.f("fk_partner_application_applicant_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["customer.id"], name=op.f("fk_partner_application_decided_by")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_partner_application_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_application")),
    )
    with op.batch_alter_table("partner_application", schema=None) as batch_op:
        batch_op.create_index("ix_partner_application_state_id", ["state", "id"], unique=False)
        batch_op.create_index(
            "uq_partner_application_one_pending",
            ["applicant_id"],
            unique=True,
            postgresql_where=sa.text("state = 'pending'"),
        )

    op.create_table(
        "platform_role",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("role IN ('admin', 'ai_marketer', 'content_manager')", name=op.f("ck_platform_role_role")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_platform_role_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "role", name=op.f("pk_platform_role")),
    )
    op.create_table(
        "programme",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rules", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_programme_version")),
        sa.ForeignKeyConstraint(["created_by"], ["customer.id"], name=op.f("fk_programme_created_by")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_programme_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "version", name=op.f("pk_programme")),
    )
    op.create_table(
        "session",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("refresh_hash", sa.String(length=64), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=True),
        sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=40), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_session_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index("ix_session_customer_id", ["customer_id"], unique=False)

    op.create_table(
        "sign_in_code",
        sa.Column("target_hash", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("registration", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("tries BETWEEN 0 AND 5", name=op.f("ck_sign_in_code_tries")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_sign_in_code_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_code")),
    )
    with op.batch_alter_table("sign_in_code", schema=None) as batch_op:
        batch_op.create_index("ix_sign_in_code_target_hash_created_at", ["target_hash", "created_at"], unique=False)

    op.create_table(
        "api_key",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["customer.id"], name=op.f("fk_api_key_created_by")),
        sa.ForeignKeyConstraint(
            ["partner_id", "branch_id"],
            ["branch.partner_id", "branch.id"],
            name=op.f("fk_api_key_partner_id_branch_id"),
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_api_key_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_key_key_hash")),
    )
    op.create_table(
        "import_line",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.String(length=120), nullable=True),
        sa.Column("customer", sa.String(length=120), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sku", sa.String(length=100), nullable=True),
        sa.Column("name", sa.String(length=300), nullable=True),
        sa.Column("quantity", sa.Numeric(precision=18, scale=3), nullable=True),
        sa.Column("price", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("amount", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=True),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.CheckConstraint("outcome IN ('imported', 'returned', 'set_aside')", name=op.f("ck_import_line_outcome")),
        sa.ForeignKeyConstraint(
            ["partner_id", "run_id"],
            ["import_run.partner_id", "import_run.id"],
            name=op.f("fk_import_line_partner_id_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("partner_id", "run_id", "n", name=op.f("pk_import_line")),
    )
    with op.batch_alter_table("import_line", schema=None) as batch_op:
        batch_op.create_index("ix_import_line_document", ["partner_id", "run_id", "document"], unique=False)

    op.create_table(
        "membership_identity",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("identity_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_membership_identity_identity_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["partner_id", "membership_id"],
            ["membership.partner_id", "membership.id"],
            name=op.f("fk_membership_identity_partner_id_membership_id"),
        ),
        sa.PrimaryKeyConstraint("partner_id", "membership_id", "identity_id", name=op.f("pk_membership_identity")),
    )
    with op.batch_alter_table("membership_identity", schema=None) as batch_op:
        batch_op.create_index("ix_membership_identity_identity_id", ["identity_id"], unique=False)

    op.create_table(
        "purchase",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=12), server_default="accrual", nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("origin", sa.String(length=80), nullable=True),
        sa.Column("source_ref", sa.String(length=200), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("paid_with_points", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False),
        sa.Column("refunded", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False),
        sa.Column("money_back", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False),
        sa.Column("rules", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("breakdown", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("actor", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "source IN ('manual', 'qr_code', 'web_widget', 'pos_api', 'yclients', 'altegio', 'arnica', 'dikidi', 'onec', 'import', 'referral', 'promotion', 'survey', 'campaign', 'admin', 'system')",
            name=op.f("ck_purchase_source"),
        ),
        sa.CheckConstraint(
            "amount >= 0 AND paid_with_points >= 0 AND paid_with_points <= amount", name=op.f("ck_purchase_amounts")
        ),
        sa.CheckConstraint(
            "refunded BETWEEN 0 AND amount AND money_back BETWEEN 0 AND amount", name=op.f("ck_purchase_refunded")
        ),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_purchase_revision")),
        sa.ForeignKeyConstraint(
            ["partner_id", "branch_id"],
            ["branch.partner_id", "branch.id"],
            name=op.f("fk_purchase_partner_id_branch_id"),
        ),
        sa.ForeignKeyConstraint(
            ["partner_id", "membership_id"],
            ["membership.partner_id", "membership.id"],
            name=op.f("fk_purchase_partner_id_membership_id"),
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_purchase_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_purchase")),
        sa.UniqueConstraint(
            "partner_id",
            "source",
            "origin",
            "source_ref",
            name=op.f("uq_purchase_partner_id_source_origin_source_ref"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    with op.batch_alter_table("purchase", schema=None) as batch_op:
        batch_op.create_index(
            "ix_purchase_partner_id_membership_id_occurred_at",
            ["partner_id", "membership_id", "occurred_at"],
            unique=False,
        )
        batch_op.create_index("ix_purchase_partner_id_occurred_at", ["partner_id", "occurred_at"], unique=False)

    op.create_table(
        "quote",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=True),
        sa.Column("caller", sa.String(length=80), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("receipt_id", sa.String(length=120), nullable=True),
        sa.Column("programme_version", sa.Integer(), nullable=False),
        sa.Column("max_redeemable", sa.BigInteger(), nullable=False),
        sa.Column("will_earn", sa.BigInteger(), nullable=False),
        sa.Column("breakdown", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rules", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["partner_id", "branch_id"], ["branch.partner_id", "branch.id"], name=op.f("fk_quote_partner_id_branch_id")
        ),
        sa.ForeignKeyConstraint(
            ["partner_id", "membership_id"],
            ["membership.partner_id", "membership.id"],
            name=op.f("fk_quote_partner_id_membership_id"),
        ),
        sa.ForeignKeyConstraint(
            ["partner_id", "programme_version"],
            ["programme.partner_id", "programme.version"],
            name=op.f("fk_quote_partner_id_programme_version"),
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_quote_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_quote")),
    )
    with op.batch_alter_table("quote", schema=None) as batch_op:
        batch_op.create_index("ix_quote_expires_at", ["expires_at"], unique=False)

    op.create_table(
        "staff",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=20), server_default="active", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "role IN ('owner', 'manager', 'cashier', 'ai_marketer', 'content_manager')", name=op.f("ck_staff_role")
        ),
        sa.CheckConstraint("state IN ('active', 'dismissed')", name=op.f("ck_staff_state")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_staff_customer_id")),
        sa.ForeignKeyConstraint(
            ["partner_id", "branch_id"], ["branch.partner_id", "branch.id"], name=op.f("fk_staff_partner_id_branch_id")
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_staff_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_staff")),
        sa.UniqueConstraint("partner_id", "customer_id", name=op.f("uq_staff_partner_id_customer_id")),
    )
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.create_index("ix_staff_customer_id", ["customer_id"], unique=False)

    op.create_table(
        "entry",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("prev_seq", sa.BigInteger(), sa.Computed("NULLIF(seq - 1, 0)", persisted=True), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("total_before", sa.BigInteger(), nullable=False),
        sa.Column("total_after", sa.BigInteger(), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("source_ref", sa.String(length=240), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=True),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.Column("rules", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("actor", sa.Uuid(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(kind = 'reversal') = (reverses_id IS NOT NULL)", name=op.f("ck_entry_reversal_names_entry")
        ),
        sa.CheckConstraint(
            "CASE kind WHEN 'earn' THEN points > 0 WHEN 'bonus' THEN points > 0 WHEN 'spend' THEN points < 0 WHEN 'expire' THEN points < 0 ELSE true END",
            name=op.f("ck_entry_sign"),
        ),
        sa.CheckConstraint(
            "kind IN ('earn', 'spend', 'expire', 'bonus', 'manual', 'reversal')", name=op.f("ck_entry_kind")
        ),
        sa.CheckConstraint(
            "source IN ('manual', 'qr_code', 'web_widget', 'pos_api', 'yclients', 'altegio', 'arnica', 'dikidi', 'onec', 'import', 'referral', 'promotion', 'survey', 'campaign', 'admin', 'system')",
            name=op.f("ck_entry_source"),
        ),
        sa.CheckConstraint("points <> 0", name=op.f("ck_entry_points")),
        sa.CheckConstraint("seq >= 1 AND (seq > 1 OR total_before = 0)", name=op.f("ck_entry_begins_at_zero")),
        sa.CheckConstraint("total_after = total_before + points", name=op.f("ck_entry_total_after")),
        sa.ForeignKeyConstraint(
            ["partner_id", "membership_id", "prev_seq", "total_before"],
            ["entry.partner_id", "entry.membership_id", "entry.seq", "entry.total_after"],
            name="fk_entry_chain",
        ),
        sa.ForeignKeyConstraint(
            ["partner_id", "membership_id"],
            ["membership.partner_id", "membership.id"],
            name=op.f("fk_entry_partner_id_membership_id"),
        ),
        sa.ForeignKeyConstraint(
            ["partner_id", "purchase_id"],
            ["purchase.partner_id", "purchase.id"],
            name=op.f("fk_entry_partner_id_purchase_id"),
        ),
        sa.ForeignKeyConstraint(
            ["partner_id", "reverses_id"],
            ["entry.partner_id", "entry.id"],
            name=op.f("fk_entry_partner_id_reverses_id"),
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_entry_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_entry")),
        sa.UniqueConstraint(
            "partner_id",
            "membership_id",
            "kind",
            "source",
            "source_ref",
            "reverses_id",
            name="uq_entry_source_ref",
            postgresql_nulls_not_distinct=True,
        ),
        sa.UniqueConstraint("partner_id", "membership_id", "seq", "total_after", name="uq_entry_chain"),
        sa.UniqueConstraint("partner_id", "membership_id", "seq", name=op.f("uq_entry_partner_id_membership_id_seq")),
    )
    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.create_index(
            "ix_entry_reverses_id",
            ["partner_id", "reverses_id"],
            unique=False,
            postgresql_where=sa.text("reverses_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_entry_purchase_id",
            ["partner_id", "purchase_id"],
            unique=False,
            postgresql_where=sa.text("purchase_id IS NOT NULL"),
        )

    op.create_table(
        "hold",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("quote_id", sa.Uuid(), nullable=True),
        sa.Column("purchase_id", sa.Uuid(), nullable=True),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("captured", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.String(length=10), server_default="open", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('open', 'captured', 'voided', 'expired')", name=op.f("ck_hold_state")),
        sa.CheckConstraint("points >= 0 AND captured BETWEEN 0 AND points", name=op.f("ck_hold_points")),
        sa.ForeignKeyConstraint(
            ["partner_id", "membership_id"],
            ["membership.partner_id", "membership.id"],
            name=op.f("fk_hold_partner_id_membership_id"),
        ),
        sa.ForeignKeyConstraint(
            ["partner_id", "purchase_id"],
            ["purchase.partner_id", "purchase.id"],
            name=op.f("fk_hold_partner_id_purchase_id"),
        ),
        sa.ForeignKeyConstraint(
            ["partner_id", "quote_id"], ["quote.partner_id", "quote.id"], name=op.f("fk_hold_partner_id_quote_id")
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_hold_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_hold")),
    )
    with op.batch_alter_table("hold", schema=None) as batch_op:
        batch_op.create_index(
            "uq_hold_partner_id_quote_id",
            ["partner_id", "quote_id"],
            unique=True,
            postgresql_where=sa.text("state = 'captured'"),
        )
        batch_op.create_index(
            "ix_hold_open", ["partner_id", "membership_id"], unique=False, postgresql_where=sa.text("state = 'open'")
        )

    op.create_table(
        "purchase_line",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=True),
        sa.Column("sku", sa.String(length=100), nullable=True),
        sa.Column("category", sa.String(length=100), nullable=True),
        sa.Column("quantity", sa.Numeric(precision=14, scale=3), server_default="1", nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("remaining", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("weight", sa.Numeric(), server_default="0", nullable=False),
        sa.Column("spent", sa.Numeric(precision=14, scale=2), server_default="0", nullable=False),
        sa.Column("no_accrual", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("no_spending", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("amount >= 0 AND remaining BETWEEN 0 AND amount", name=op.f("ck_purchase_line_remaining")),
        sa.CheckConstraint("weight >= 0 AND spent BETWEEN 0 AND amount", name=op.f("ck_purchase_line_weights")),
        sa.ForeignKeyConstraint(
            ["partner_id", "purchase_id"],
            ["purchase.partner_id", "purchase.id"],
            name=op.f("fk_purchase_line_partner_id_purchase_id"),
        ),
        sa.PrimaryKeyConstraint("partner_id", "purchase_id", "n", name=op.f("pk_purchase_line")),
    )
    op.create_table(
        "refund",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.Column("given_back", sa.BigInteger(), nullable=False),
        sa.Column("shortfall", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("money_back", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("actor", sa.Uuid(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "amount > 0 AND taken >= 0 AND given_back >= 0 AND shortfall >= 0", name=op.f("ck_refund_not_negative")
        ),
        sa.CheckConstraint("money_back BETWEEN 0 AND amount", name=op.f("ck_refund_money_back")),
        sa.ForeignKeyConstraint(
            ["partner_id", "purchase_id"],
            ["purchase.partner_id", "purchase.id"],
            name=op.f("fk_refund_partner_id_purchase_id"),
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_refund_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_refund")),
        sa.UniqueConstraint("partner_id", "purchase_id", "n", name=op.f("uq_refund_partner_id_purchase_id_n")),
        sa.UniqueConstraint("partner_id", "purchase_id", "reference", name="uq_refund_reference"),
    )
    op.create_table(
        "award",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        sa.Column("shortfall", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("kind IN ('earn', 'bonus', 'spend')", name=op.f("ck_award_kind")),
        sa.CheckConstraint("kept >= 0 AND shortfall >= 0 AND points >= 0", name=op.f("ck_award_not_negative")),
        sa.ForeignKeyConstraint(
            ["partner_id", "entry_id"], ["entry.partner_id", "entry.id"], name=op.f("fk_award_partner_id_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["partner_id", "purchase_id"],
            ["purchase.partner_id", "purchase.id"],
            name=op.f("fk_award_partner_id_purchase_id"),
        ),
        sa.PrimaryKeyConstraint("partner_id", "entry_id", name=op.f("pk_award")),
    )
    with op.batch_alter_table("award", schema=None) as batch_op:
        batch_op.create_index("ix_award_purchase_id", ["partner_id", "purchase_id"], unique=False)

    op.create_table(
        "debt",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("points > 0 AND remaining BETWEEN 0 AND points", name=op.f("ck_debt_remaining")),
        sa.ForeignKeyConstraint(
            ["partner_id", "entry_id"], ["entry.partner_id", "entry.id"], name=op.f("fk_debt_partner_id_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["partner_id", "membership_id"],
            ["membership.partner_id", "membership.id"],
            name=op.f("fk_debt_partner_id_membership_id"),
        ),
        sa.PrimaryKeyConstraint("partner_id", "entry_id", name=op.f("pk_debt")),
    )
    with op.batch_alter_table("debt", schema=None) as batch_op:
        batch_op.create_index(
            "ix_debt_open", ["partner_id", "membership_id"], unique=False, postgresql_where=sa.text("remaining > 0")
        )

    op.create_table(
        "entry_reason",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["partner_id", "entry_id"],
            ["entry.partner_id", "entry.id"],
            name=op.f("fk_entry_reason_partner_id_entry_id"),
        ),
        sa.PrimaryKeyConstraint("partner_id", "entry_id", name=op.f("pk_entry_reason")),
    )
    op.create_table(
        "lot",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=True),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("available_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expiries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("state <> 'pending' OR held = 0", name=op.f("ck_lot_pending_is_free")),
        sa.CheckConstraint("state IN ('pending', 'active')", name=op.f("ck_lot_state")),
        sa.CheckConstraint("expires_at > available_at", name=op.f("ck_lot_dates")),
        sa.CheckConstraint(
            "points > 0 AND 0 <= held AND held <= remaining AND remaining <= points", name=op.f("ck_lot_remaining")
        ),
        sa.ForeignKeyConstraint(
            ["partner_id", "entry_id"], ["entry.partner_id", "entry.id"], name=op.f("fk_lot_partner_id_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["partner_id", "membership_id"],
            ["membership.partner_id", "membership.id"],
            name=op.f("fk_lot_partner_id_membership_id"),
        ),
        sa.ForeignKeyConstraint(
            ["partner_id", "purchase_id"],
            ["purchase.partner_id", "purchase.id"],
            name=op.f("fk_lot_partner_id_purchase_id"),
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_lot_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_lot")),
    )
    with op.batch_alter_table("lot", schema=None) as batch_op:
        batch_op.create_index("ix_lot_entry_id", ["partner_id", "entry_id"], unique=False)
        batch_op.create_index(
            "ix_lot_live",
            ["partner_id", "membership_id", "expires_at", "available_at", "id"],
            unique=False,
            postgresql_where=sa.text("remaining > 0"),
        )

    op.create_table(
        "hold_lot",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("hold_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.SmallInteger(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("points > 0", name=op.f("ck_hold_lot_points")),
        sa.ForeignKeyConstraint(
            ["partner_id", "hold_id"], ["hold.partner_id", "hold.id"], name=op.f("fk_hold_lot_partner_id_hold_id")
        ),
        sa.ForeignKeyConstraint(
            ["partner_id", "lot_id"], ["lot.partner_id", "lot.id"], name=op.f("fk_hold_lot_partner_id_lot_id")
        ),
        sa.PrimaryKeyConstraint("partner_id", "hold_id", "n", name=op.f("pk_hold_lot")),
    )
    op.create_table(
        "lot_use",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("points <> 0", name=op.f("ck_lot_use_points")),
        sa.ForeignKeyConstraint(
            ["partner_id", "entry_id"], ["entry.partner_id", "entry.id"], name=op.f("fk_lot_use_partner_id_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["partner_id", "lot_id"], ["lot.partner_id", "lot.id"], name=op.f("fk_lot_use_partner_id_lot_id")
        ),
        sa.PrimaryKeyConstraint("partner_id", "id", name=op.f("pk_lot_use")),
    )
    with op.batch_alter_table("lot_use", schema=None) as batch_op:
        batch_op.create_index("ix_lot_use_entry_id", ["partner_id", "entry_id"], unique=False)
        batch_op.create_index("ix_lot_use_lot_id", ["partner_id", "lot_id"], unique=False)
    # Rule 3: the account and its chain of entries prove each other; deferred, because each names the other.
    op.create_foreign_key(
        "fk_membership_chain",
        "membership",
        "entry",
        ["partner_id", "id", "last_seq", "total"],
        ["partner_id", "membership_id", "seq", "total_after"],
        deferrable=True,
        initially="DEFERRED",
    )
    # Rule 1: entries and lot uses are added, never changed.
    op.execute("""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'rows of % are added, never changed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$
    """)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade():
    op.drop_constraint("fk_membership_chain", "membership", type_="foreignkey")
    with op.batch_alter_table("lot_use", schema=None) as batch_op:
        batch_op.drop_index("ix_lot_use_lot_id")
        batch_op.drop_index("ix_lot_use_entry_id")

    op.drop_table("lot_use")
    op.drop_table("hold_lot")
    with op.batch_alter_table("lot", schema=None) as batch_op:
        batch_op.drop_index("ix_lot_live", postgresql_where=sa.text("remaining > 0"))
        batch_op.drop_index("ix_lot_entry_id")

    op.drop_table("lot")
    op.drop_table("entry_reason")
    with op.batch_alter_table("debt", schema=None) as batch_op:
        batch_op.drop_index("ix_debt_open", postgresql_where=sa.text("remaining > 0"))

    op.drop_table("debt")
    with op.batch_alter_table("award", schema=None) as batch_op:
        batch_op.drop_index("ix_award_purchase_id")

    op.drop_table("award")
    op.drop_table("refund")
    op.drop_table("purchase_line")
    with op.batch_alter_table("hold", schema=None) as batch_op:
        batch_op.drop_index("uq_hold_partner_id_quote_id", postgresql_where=sa.text("state = 'captured'"))
        batch_op.drop_index("ix_hold_open", postgresql_where=sa.text("state = 'open'"))

    op.drop_table("hold")
    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.drop_index("ix_entry_reverses_id", postgresql_where=sa.text("reverses_id IS NOT NULL"))
        batch_op.drop_index("ix_entry_purchase_id", postgresql_where=sa.text("purchase_id IS NOT NULL"))

    op.drop_table("entry")
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.drop_index("ix_staff_customer_id")

    op.drop_table("staff")
    with op.batch_alter_table("quote", schema=None) as batch_op:
        batch_op.drop_index("ix_quote_expires_at")

    op.drop_table("quote")
    with op.batch_alter_table("purchase", schema=None) as batch_op:
        batch_op.drop_index("ix_purchase_partner_id_occurred_at")
        batch_op.drop_index("ix_purchase_partner_id_membership_id_occurred_at")

    op.drop_table("purchase")
    with op.batch_alter_table("membership_identity", schema=None) as batch_op:
        batch_op.drop_index("ix_membership_identity_identity_id")

    op.drop_table("membership_identity")
    with op.batch_alter_table("import_line", schema=None) as batch_op:
        batch_op.drop_index("ix_import_line_document")

    op.drop_table("import_line")
    op.drop_table("api_key")
    with op.batch_alter_table("sign_in_code", schema=None) as batch_op:
        batch_op.drop_index("ix_sign_in_code_target_hash_created_at")

    op.drop_table("sign_in_code")
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_index("ix_session_customer_id")

    op.drop_table("session")
    op.drop_table("programme")
    op.drop_table("platform_role")
    with op.batch_alter_table("partner_application", schema=None) as batch_op:
        batch_op.drop_index("uq_partner_application_one_pending", postgresql_where=sa.text("state = 'pending'"))
        batch_op.drop_index("ix_partner_application_state_id")

    op.drop_table("partner_application")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_index("uq_membership_partner_id_customer_id", postgresql_where=sa.text("state <> 'merged'"))
        batch_op.drop_index("ix_membership_next_due_at", postgresql_where=sa.text("next_due_at IS NOT NULL"))
        batch_op.drop_index("ix_membership_customer_id")

    op.drop_table("membership")
    with op.batch_alter_table("import_run", schema=None) as batch_op:
        batch_op.drop_index("uq_import_run_file")

    op.drop_table("import_run")
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.drop_index("ix_identity_customer_id")

    op.drop_table("identity")
    with op.batch_alter_table("customer_code", schema=None) as batch_op:
        batch_op.drop_index("uq_customer_code_open", postgresql_where=sa.text("used_at IS NULL"))
        batch_op.drop_index("ix_customer_code_customer_id")

    op.drop_table("customer_code")
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.drop_index("ix_consent_customer_id_kind_partner_id_at")

    op.drop_table("consent")
    op.drop_table("branch")
    with op.batch_alter_table("audit_record", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_record_partner_id_id")

    op.drop_table("audit_record")
    op.drop_table("period_claim")
    op.drop_table("partner")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_waiting", postgresql_where=sa.text("done_at IS NULL AND parked_at IS NULL"))
        batch_op.drop_index("ix_outbox_parked", postgresql_where=sa.text("parked_at IS NOT NULL"))
        batch_op.drop_index("ix_outbox_done_at", postgresql_where=sa.text("done_at IS NOT NULL"))

    op.drop_table("outbox")
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.drop_index("ix_idempotency_created_at")

    op.drop_table("idempotency")
    op.drop_table("customer")
    op.drop_table("attempt")
    op.execute("DROP FUNCTION refuse_change()")

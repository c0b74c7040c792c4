"""Purchases that a partner's own system sends.

The checks grow on tables that may be large: they are replaced without reading them, and read afterwards under a lock that
lets postings through.

Revision ID: 0030
Revises: 0029
"""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_BEFORE = (
    "manual", "qr_code", "web_widget", "pos_api", "yclients", "altegio", "arnica", "dikidi", "onec", "import",
    "referral", "promotion", "survey", "campaign", "admin", "system",
)  # fmt: skip
_AFTER = (*_BEFORE[:9], "inbound", *_BEFORE[9:])


def _allow(sources):
    listed = ", ".join(f"'{source}'" for source in sources)
    for table in ("purchase", "entry"):
        op.execute(
            f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_source,"
            f" ADD CONSTRAINT ck_{table}_source CHECK (source IN ({listed})) NOT VALID"
        )
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_source")


def upgrade():
    _allow(_AFTER)


def downgrade():
    _allow(_BEFORE)

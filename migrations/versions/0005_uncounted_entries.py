"""An entry that its account does not count is refused at commit: the chain alone lets one be added at its end.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE FUNCTION refuse_uncounted_entry() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NOT EXISTS (SELECT FROM membership m
                           WHERE m.partner_id = NEW.partner_id AND m.id = NEW.membership_id AND m.seq >= NEW.seq) THEN
                RAISE EXCEPTION 'entry % of membership % is not counted there', NEW.seq, NEW.membership_id
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NULL;
        END $$
    """)
    op.execute(
        "CREATE CONSTRAINT TRIGGER entry_counted AFTER INSERT ON entry DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION refuse_uncounted_entry()"
    )


def downgrade():
    op.execute("DROP TRIGGER entry_counted ON entry")
    op.execute("DROP FUNCTION refuse_uncounted_entry()")

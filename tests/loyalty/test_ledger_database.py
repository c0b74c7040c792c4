"""What the database refuses by itself, whoever writes: a shell, a migration, a job with a mistake."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from loyalty import ledger
from models import new_id
from tests.factories import NOW, make_member, make_partner, noise


@pytest.fixture
def account(db_session):
    """(partner id, membership id) with two entries: +100, −30."""
    noise()
    partner = make_partner()
    membership_id = make_member(partner).id
    for points in (100, -30):
        ledger.adjust(partner.id, membership_id, points, source="admin", source_ref=uuid4().hex, now=NOW)
    return partner.id, membership_id


@pytest.fixture
def run(db_session, account):
    """Run a statement for the account, and let the deferred constraints speak at once."""
    partner_id, membership_id = account

    def execute(sql, **values):
        with db_session.begin_nested():
            done = db_session.execute(text(sql), {"partner": partner_id, "account": membership_id, **values})
            db_session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            return done

    execute("SELECT 1")  # what stands is right
    return execute


def refused(run, constraint, sql, **values):
    with pytest.raises(DBAPIError) as refusal:
        run(sql, **values)
    assert constraint in str(refusal.value.orig)


INSERT_ENTRY = (
    "INSERT INTO entry (partner_id, id, membership_id, seq, kind, points, total_before, total_after, balance_after,"
    " source, source_ref, occurred_at) VALUES (:partner, :id, :member, :seq, 'manual', :points, :before,"
    " :before + :points, 0, 'admin', 'forged', now())"
)


@pytest.mark.parametrize("table", ["entry", "lot_use"])
@pytest.mark.parametrize("sql", ["UPDATE {0} SET points = points + 1 WHERE partner_id = :partner",
                                 "DELETE FROM {0} WHERE partner_id = :partner", "TRUNCATE {0} CASCADE"])  # fmt: skip
def test_rows_of_the_ledger_are_neither_changed_nor_deleted(run, table, sql):
    refused(run, f"rows of {table} are added, never changed", sql.format(table))


def test_a_balance_does_not_change_without_an_entry(run):
    mine = "WHERE partner_id = :partner AND id = :account"
    refused(run, "fk_membership_chain", f"UPDATE membership SET active = active + 1 {mine}")
    refused(run, "fk_membership_chain", f"UPDATE membership SET pending = 7 {mine}")
    refused(run, "fk_membership_chain", f"UPDATE membership SET seq = seq + 1 {mine}")
    refused(run, "fk_membership_chain", f"UPDATE membership SET seq = 1 {mine}")


def test_a_new_account_does_not_begin_with_points(run):
    refused(run, "empty_before_first", "INSERT INTO membership (partner_id, id, customer_id, active)"
            " SELECT partner_id, :id, customer_id, 5 FROM membership WHERE id = :account", id=new_id())  # fmt: skip


def test_an_entry_that_its_account_does_not_count_is_refused(run, account):
    """Chained on to the last one, with everything right but the account's own numbers."""
    refused(run, "not counted", INSERT_ENTRY, id=new_id(), member=account[1], seq=3, points=500, before=70)


@pytest.mark.parametrize(("seq", "before"), [(3, 71), (4, 70), (3, 100), (9, 0)])
def test_an_entry_that_does_not_begin_where_the_last_one_ended_breaks_the_chain(run, account, seq, before):
    refused(run, "fk_entry_chain", INSERT_ENTRY, id=new_id(), member=account[1], seq=seq, points=5, before=before)


def test_an_entry_stands_in_no_place_that_is_taken(run, account):
    refused(run, "seq", INSERT_ENTRY, id=new_id(), member=account[1], seq=2, points=5, before=100)


def test_a_first_entry_begins_at_zero(run, account):
    refused(run, "begins_at_zero", INSERT_ENTRY, id=new_id(), member=account[1], seq=1, points=5, before=10)


def test_an_entry_names_no_account_of_another_partner(run):
    stranger = make_member(make_partner()).id
    refused(run, "fk_entry_partner_id", INSERT_ENTRY, id=new_id(), member=stranger, seq=1, points=5, before=0)


def test_an_entry_of_nothing_or_of_the_wrong_sign_is_refused(run, account):
    refused(run, "ck_entry_points", INSERT_ENTRY, id=new_id(), member=account[1], seq=3, points=0, before=70)
    earn_below_zero = INSERT_ENTRY.replace("'manual'", "'earn'")
    refused(run, "ck_entry_sign", earn_below_zero, id=new_id(), member=account[1], seq=3, points=-5, before=70)
    spend_above_zero = INSERT_ENTRY.replace("'manual'", "'spend'")
    refused(run, "ck_entry_sign", spend_above_zero, id=new_id(), member=account[1], seq=3, points=5, before=70)
    nameless = INSERT_ENTRY.replace("'manual'", "'reversal'")
    refused(run, "reversal_names_entry", nameless, id=new_id(), member=account[1], seq=3, points=-5, before=70)


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("remaining", "remaining = -1"),
        ("remaining", "remaining = points + 1"),
        ("remaining", "held = remaining + 1"),
        ("pending_is_free", "state = 'pending', held = 1"),
        ("dates", "expires_at = available_at"),
    ],
)
def test_a_lot_holds_no_more_than_it_has(run, constraint, change):
    refused(run, f"ck_lot_{constraint}", f"UPDATE lot SET {change} WHERE membership_id = :account")


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("held_within_active", "held = active + 1"),
        ("held_within_active", "held = -1"),
        ("debt_pays_first", "debt = 5, active = active + 5"),
        ("not_negative", "pending = -1, active = 71"),
        ("merged_is_empty", "state = 'merged', merged_into = id"),
    ],
)
def test_the_columns_of_an_account_keep_their_rules(run, constraint, change):
    refused(run, f"ck_membership_{constraint}", f"UPDATE membership SET {change} WHERE id = :account")


def test_one_document_posts_one_entry_of_a_kind(run, account):
    again = INSERT_ENTRY.replace("'forged'", "(SELECT source_ref FROM entry WHERE membership_id = :member AND seq = 1)")
    refused(run, "uq_entry_source_ref", again, id=new_id(), member=account[1], seq=3, points=5, before=70)


def test_a_person_has_one_account_at_a_partner(run):
    refused(run, "uq_membership_partner_id_customer_id", "INSERT INTO membership (partner_id, id, customer_id)"
            " SELECT partner_id, :id, customer_id FROM membership WHERE id = :account", id=new_id())  # fmt: skip

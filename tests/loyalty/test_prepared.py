import psycopg2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from loyalty.prepared import Prepared, execute_together
from models import db
from models.partner import Partner

add = Prepared("test_add", "int, int", "SELECT $1 + $2 AS sum, 'a%b' AS percent")
divide = Prepared("test_divide", "int, int", "SELECT $1 / $2 AS quotient")
insert_partner = Prepared(
    "test_insert_partner", "uuid, varchar", "INSERT INTO partner (id, code, name) VALUES ($1, $2, 'Кофейня')"
)
count_partner = Prepared("test_count_partner", "varchar", "SELECT count(*) AS n FROM partner WHERE code = $1")

ID = "00000000-0000-7000-8000-00000000abcd"


def test_columns_have_names_and_percent_signs_stay(db_session):
    (row,) = add(2, 3)

    assert (row.sum, row.percent) == (5, "a%b")


def test_a_statement_without_rows_answers_nothing(db_session):
    assert insert_partner(ID, "987654") == []


def test_a_later_statement_of_the_trip_sees_what_an_earlier_one_did(db_session):
    (row,) = execute_together((insert_partner, (ID, "987655")), (count_partner, ("987655",)))

    assert row.n == 1


def test_what_the_session_has_not_written_yet_is_seen(db_session):
    db_session.add(Partner(code="987658", name="Кофейня"))

    assert count_partner("987658")[0].n == 1


def test_statements_run_in_the_sessions_transaction(db_session):
    insert_partner(ID, "987656")
    db.session.rollback()

    assert count_partner("987656")[0].n == 0


def test_a_statement_outlives_the_rollback_of_the_transaction_that_prepared_it(db_session):
    late = Prepared("test_late", "int", "SELECT $1 AS same")
    late(1)
    db.session.rollback()

    assert late(2)[0].same == 2
    prepared = "SELECT count(*) FROM pg_prepared_statements WHERE name = 'test_late'"
    assert db.session.execute(text(prepared)).scalar() == 1


def test_failures_are_the_sessions_own_errors_and_hide_the_values(db_session):
    insert_partner(ID, "987657")

    with pytest.raises(IntegrityError) as refused:
        insert_partner(ID, "987657")

    assert isinstance(refused.value.orig, psycopg2.errors.UniqueViolation)
    assert "987657" not in str(refused.value.statement) and refused.value.params is None


def test_a_failed_statement_can_be_run_again_after_the_rollback(db_session):
    with pytest.raises(DBAPIError):
        divide(1, 0)
    db.session.rollback()

    assert divide(6, 3)[0].quotient == 2

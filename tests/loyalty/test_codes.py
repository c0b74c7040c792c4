from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from loyalty import codes
from loyalty.errors import CodeUnknown, CustomerNotFound
from models import db, new_id, transaction
from models.customer import CustomerCode
from tests.concurrency import at_once
from tests.factories import NOW, make_customer


@pytest.fixture
def person_id(app):
    with app.app_context(), transaction():
        return make_customer().id


def test_a_code_names_its_owner_once(db_session):
    person, other = make_customer(), make_customer()
    code, expires_at = codes.issue(person.id, NOW)
    codes.issue(other.id, NOW)
    assert code.isdigit() and len(code) == 6
    assert expires_at == NOW + codes.LIFE
    assert codes.redeem_code(code, NOW) == person.id
    with pytest.raises(CodeUnknown):
        codes.redeem_code(code, NOW)


def test_looking_at_a_code_does_not_use_it_up(db_session):
    person = make_customer()
    code, _ = codes.issue(person.id, NOW)
    assert codes.redeem_code(code, NOW, consume=False) == person.id
    assert codes.redeem_code(code, NOW) == person.id
    with pytest.raises(CodeUnknown):
        codes.redeem_code(code, NOW, consume=False)


def test_a_code_ends_after_two_minutes(db_session):
    code, expires_at = codes.issue(make_customer().id, NOW)
    for consume in (False, True):
        with pytest.raises(CodeUnknown):
            codes.redeem_code(code, expires_at, consume=consume)


def test_a_new_code_ends_the_former_one(db_session):
    person = make_customer()
    former, _ = codes.issue(person.id, NOW)
    code, _ = codes.issue(person.id, NOW)
    if former != code:
        with pytest.raises(CodeUnknown):
            codes.redeem_code(former, NOW)
    assert codes.redeem_code(code, NOW) == person.id


def test_the_living_code_is_shown_again_until_little_is_left_of_it(db_session):
    person, other = make_customer(), make_customer()
    codes.show(other.id, NOW)
    code, expires_at = codes.show(person.id, NOW)
    later = expires_at - codes.SHOWN_WHILE
    assert codes.show(person.id, later) == (code, expires_at)
    renewed, ends_at = codes.show(person.id, later + timedelta(seconds=1))
    assert ends_at == later + timedelta(seconds=1) + codes.LIFE
    assert codes.redeem_code(code, expires_at - timedelta(seconds=1)) == person.id, "a cashier is typing it"
    assert codes.redeem_code(renewed, expires_at) == person.id


def test_a_used_or_retired_code_is_not_shown_again(db_session):
    person = make_customer()
    used, _ = codes.show(person.id, NOW)
    codes.redeem_code(used, NOW)
    fresh, _ = codes.show(person.id, NOW)
    assert codes.redeem_code(fresh, NOW, consume=False) == person.id
    anew, _ = codes.issue(person.id, NOW)
    assert codes.show(person.id, NOW)[0] == anew


def test_a_code_made_under_another_key_is_replaced(db_session):
    person = make_customer()
    codes.show(person.id, NOW)
    db_session.execute(update(CustomerCode).values(code_hash="0" * 64).where(CustomerCode.customer_id == person.id))
    code, _ = codes.show(person.id, NOW)
    assert codes.redeem_code(code, NOW) == person.id


def test_parallel_shows_show_one_code(app, person_id):
    shown = at_once(app, lambda _: codes.show(person_id, NOW)[0])
    assert len(set(shown)) == 1 and isinstance(shown[0], str)


@pytest.mark.parametrize("code", ["", "12345", "abcdef", "\u0000", "９９９９９９"])
def test_nonsense_is_an_unknown_code(db_session, code):
    with pytest.raises(CodeUnknown):
        codes.redeem_code(code, NOW)


def test_codes_are_stored_unreadable(db_session):
    person = make_customer()
    code, _ = codes.issue(person.id, NOW)
    row = db_session.scalars(select(CustomerCode).where(CustomerCode.customer_id == person.id)).one()
    assert code not in row.code_hash and len(row.code_hash) == 64


def test_a_number_whose_code_ended_unused_is_given_out_again(db_session, monkeypatch):
    first, second = make_customer(), make_customer()
    code, expires_at = codes.issue(first.id, NOW)
    monkeypatch.setattr(codes, "_digits", lambda _: code)
    assert codes.issue(second.id, expires_at)[0] == code
    assert codes.redeem_code(code, expires_at) == second.id


def test_a_number_in_use_is_not_given_out_twice(db_session, monkeypatch):
    first, second = make_customer(), make_customer()
    code, _ = codes.issue(first.id, NOW)
    numbers = iter([code, code, f"{(int(code) + 1) % 10**6:06}"])
    monkeypatch.setattr(codes, "_digits", lambda _: next(numbers))
    other, _ = codes.issue(second.id, NOW)
    assert other != code
    assert codes.redeem_code(code, NOW) == first.id


def test_nobody_who_is_not_there_gets_a_code(db_session):
    gone = make_customer()
    gone.state, gone.name = "erased", None
    db_session.flush()
    for customer_id in (gone.id, new_id()):
        for ask in (codes.issue, codes.show):
            with pytest.raises(CustomerNotFound):
                ask(customer_id, NOW)


def test_parallel_issues_leave_one_open_code(app, person_id):
    issued = at_once(app, lambda _: codes.issue(person_id, NOW)[0])
    assert all(isinstance(code, str) for code in issued)
    with app.app_context():
        query = select(func.count()).select_from(CustomerCode)
        still_open = query.where(CustomerCode.customer_id == person_id, CustomerCode.used_at.is_(None))
        assert db.session.scalar(still_open) == 1


def test_parallel_redeems_succeed_once(app, person_id):
    with app.app_context(), transaction():
        code, _ = codes.issue(person_id, NOW)
    results = at_once(app, lambda _: codes.redeem_code(code, NOW))
    assert results.count(person_id) == 1
    assert sum(isinstance(result, CodeUnknown) for result in results) == 19


def test_a_code_stays_good_when_the_posting_fails(app, person_id):
    with app.app_context(), transaction():
        code, _ = codes.issue(person_id, NOW)
    with app.app_context(), pytest.raises(ZeroDivisionError), transaction():
        codes.redeem_code(code, NOW)
        raise ZeroDivisionError
    with app.app_context(), transaction():
        assert codes.redeem_code(code, NOW) == person_id

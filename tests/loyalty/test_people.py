"""What the platform's admins do to a person."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from loyalty import people, sessions
from loyalty.corrections import correct_points
from loyalty.errors import CannotBlockOneself, ContactNeedsProof, CustomerNotFound
from loyalty.rules import Rules
from loyalty.sales import Caller
from models.customer import AuditRecord
from tests.factories import NOW, make_customer, make_member, make_partner, noise
from tests.statements import counted_statements


@pytest.fixture
def person(db_session):
    noise()
    return make_customer()


@pytest.fixture
def admin(db_session):
    return make_customer(name="Админ")


def noted(db_session, person):
    query = select(AuditRecord).where(AuditRecord.subject == str(person.id)).order_by(AuditRecord.id)
    return [(line.action, line.actor_id) for line in db_session.scalars(query)]


def test_a_merged_record_stands_for_its_survivor(person, db_session):
    old = make_customer()
    old.state, old.merged_into = "merged", person.id
    db_session.flush()
    assert people.find_person(old.id) is person


def test_nobody_is_found_for_an_unknown_id_and_for_an_erased_person(person, db_session):
    person.state, person.name = "erased", None
    db_session.flush()
    for customer_id in (person.id, uuid4()):
        with pytest.raises(CustomerNotFound):
            people.find_person(customer_id)


def test_a_change_is_noted_by_the_names_of_the_fields_alone(person, admin, db_session):
    people.change_person(person, {"name": "Пётр", "locale": "en"}, by=admin.id, now=NOW)
    assert (person.name, noted(db_session, person)) == ("Пётр", [("customer.change", admin.id)])
    details = db_session.scalar(select(AuditRecord.details).where(AuditRecord.subject == str(person.id)))
    assert details == {"fields": ["locale", "name"]}


def test_an_admin_does_not_change_what_the_person_must_prove(person, admin, db_session):
    with pytest.raises(ContactNeedsProof):
        people.change_person(person, {"phone": "+79990000000"}, by=admin.id, now=NOW)
    assert noted(db_session, person) == []


def test_a_blocked_person_is_signed_out_and_may_come_back_when_unblocked(person, admin, db_session):
    session = sessions.open_session(person.id, "phone", NOW)
    people.block_person(person, by=admin.id, now=NOW)
    people.block_person(person, by=admin.id, now=NOW)
    assert person.state == "blocked"
    assert sessions.list_sessions(person.id, NOW) == []
    assert sessions.identify(session.session_id, NOW) is None
    for _ in range(2):
        people.unblock_person(person, by=admin.id)
    assert person.state == "active"
    assert noted(db_session, person) == [("customer.block", admin.id), ("customer.unblock", admin.id)]


def test_nobody_blocks_themselves(admin):
    with pytest.raises(CannotBlockOneself):
        people.block_person(admin, by=admin.id, now=NOW)
    assert admin.state == "active"


def test_a_person_who_was_erased_meanwhile_is_not_unblocked(person, admin, db_session):
    person.state, person.name = "erased", None
    db_session.flush()
    people.unblock_person(person, by=admin.id)
    people.block_person(person, by=admin.id, now=NOW)
    assert (person.state, noted(db_session, person)) == ("erased", [])


def test_a_card_tells_everything_of_a_person_in_few_queries(person, admin, db_session):
    partner = make_partner()
    member = make_member(partner, person)
    caller = Caller(f"customer:{admin.id}", "admin", actor=admin.id)
    correct_points(partner, person.id, 50, "за ожидание", caller=caller, key="k", now=NOW)
    for number in range(3):
        sessions.open_session(person.id, f"phone {number}", NOW)
    with counted_statements() as statements:
        card = people.show_card(person.id, NOW)
    assert len(statements) <= 4, statements
    assert (card.profile["customer_id"], card.profile["loyalty_points"]) == (str(person.id), 50)
    assert [(pocket.partner_id, pocket.balance) for pocket in card.wallet.pockets] == [(member.partner_id, 50)]
    assert card.sessions == 3
    (line,) = card.audit
    assert (line.action, line.actor_name, line.partner_name) == ("points.adjust", "Админ", partner.name)
    assert line.details["points"] == 50


def test_sessions_that_ended_are_not_counted(person):
    sessions.open_session(person.id, "phone", NOW)
    gone = sessions.open_session(person.id, "tablet", NOW)
    sessions.end_session(person.id, gone.session_id, NOW)
    assert people.show_card(person.id, NOW).sessions == 1
    assert people.show_card(person.id, NOW + sessions.IDLE).sessions == 0


def test_points_that_died_meanwhile_are_gone_from_the_card(person):
    partner = make_partner(Rules(bonus_life_days=1))
    make_member(partner, person)
    caller = Caller("admin", "admin")
    correct_points(partner, person.id, 50, "подарок", caller=caller, key="k", now=NOW)
    card = people.show_card(person.id, NOW + timedelta(days=3))
    assert (card.wallet.total, card.profile["loyalty_points"]) == (0, 0)

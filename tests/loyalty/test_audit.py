"""What is noted of people's deeds, and how what was done to a person is found."""

from __future__ import annotations

import pytest

from loyalty import audit, partners, staff
from tests.factories import NOW, identifier_of, make_customer, make_partner, noise


@pytest.fixture
def admin(db_session):
    noise()
    return make_customer(name="Админ")


def told(person, limit=20):
    return [(line.action, line.actor_name, line.partner_name) for line in audit.ABOUT(person.id, limit)]


def test_what_was_done_to_a_person_is_told_the_newest_first_with_who_did_it(admin):
    partner, person, other = make_partner(name="Эспрессо"), make_customer(), make_customer()
    audit.record("customer.change", actor=admin.id, subject=person.id, details={"fields": ["name"]})
    audit.record("customer.change", actor=admin.id, subject=other.id)
    audit.record("points.adjust", actor=None, partner_id=partner.id, subject=person.id, details={"points": -50})
    assert told(person) == [("points.adjust", None, "Эспрессо"), ("customer.change", "Админ", None)]
    assert audit.ABOUT(person.id, 20)[0].details == {"points": -50}
    assert told(person, limit=1) == [("points.adjust", None, "Эспрессо")]


def test_what_was_done_to_a_person_as_staff_and_as_an_applicant_is_told_too(admin):
    partner, person = make_partner(name="Эспрессо"), make_customer()
    hired = staff.hire(partner, identifier_of(person), "cashier", None, admin.id, NOW)
    application = partners.apply(person, {"name": "Пекарня"}, NOW)
    partners.refuse(application.id, "нет", admin.id, NOW)
    assert hired.customer_id == person.id
    assert told(person) == [("application.refuse", "Админ", None), ("staff.hire", "Админ", "Эспрессо")]


def test_of_somebody_to_whom_nothing_was_done_nothing_is_told(admin):
    assert audit.ABOUT(admin.id, 20) == []

"""Whoever becomes a customer by a QR is asked what registering asks, and gets what it gives."""

from __future__ import annotations

import pytest

from loyalty import consents, customers, joining
from loyalty.errors import ConsentRequired
from tests.factories import NOW, make_customer, make_email, make_member, make_partner, make_phone, noise

YES = {consents.PERSONAL_DATA: True}


@pytest.fixture
def cafe(db_session):
    noise()
    return make_partner()


def join(person, cafe, answers=YES):
    return joining.join(person, cafe, answers, place="page", now=NOW)


def test_nobody_joins_without_agreeing(cafe):
    person = make_customer()
    assert joining.must_be_asked(person.id, cafe.id)
    for answers in ({}, {consents.PERSONAL_DATA: False}, {consents.ADVERTISING: True}):
        with pytest.raises(ConsentRequired):
            join(person, cafe, answers)
    assert customers.membership_of(person.id, cafe.id) is None


def test_a_newcomer_is_welcomed_once_and_is_asked_no_more(cafe):
    person = make_customer()
    membership = join(person, cafe, YES | {consents.ADVERTISING: False})
    assert membership.balance == 100 and not joining.must_be_asked(person.id, cafe.id)
    assert not consents.has_consent(person.id, consents.ADVERTISING, cafe.id)
    assert join(person, cafe, {}).id == membership.id and membership.balance == 100


def test_a_consent_to_the_platform_is_one_to_every_partner(cafe):
    person = make_customer()
    consents.record(person.id, consents.PERSONAL_DATA, True, place="page", now=NOW)
    assert join(person, cafe, {}).balance == 100


def test_who_said_no_to_the_platform_may_say_yes_here_and_is_asked_again(cafe):
    person = make_customer()
    consents.record(person.id, consents.PERSONAL_DATA, False, place="page", now=NOW)
    assert join(person, cafe).balance == 0, "the bonus needs a consent that holds"
    assert joining.must_be_asked(person.id, cafe.id)


def test_a_no_to_this_partner_outlives_a_yes_to_the_platform(cafe):
    person = make_customer()
    consents.record(person.id, consents.PERSONAL_DATA, True, place="page", now=NOW)
    consents.record(person.id, consents.PERSONAL_DATA, False, partner_id=cafe.id, place="page", now=NOW)
    with pytest.raises(ConsentRequired):
        join(person, cafe, {})


def test_the_partner_learns_the_name_and_the_phone_that_was_proven(cafe):
    phone, email = make_phone(), make_email()
    person = make_customer(phone, email=email, name="Нина")
    membership = join(person, cafe)
    assert (membership.name, customers.known_contacts(membership)) == ("Нина", {"phone": phone})


@pytest.mark.parametrize("has_email", [True, False])
def test_a_phone_that_was_not_proven_is_not_told(cafe, has_email):
    person = make_customer(proven_at=None)
    email = make_email()
    if has_email:
        customers.attach_identity(person, "email", email, proven_at=NOW)
    assert customers.known_contacts(join(person, cafe)) == ({"email": email} if has_email else {})


def test_a_member_becomes_known_by_nothing_more(cafe):
    person = make_customer(email=make_email())
    membership = customers.join(person, cafe, now=NOW)
    assert join(person, cafe).id == membership.id
    assert (membership.name, customers.known_contacts(membership)) == (None, {})
    make_member(cafe, person)

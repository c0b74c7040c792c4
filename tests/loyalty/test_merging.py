"""Two records of one person become one."""

from __future__ import annotations

import pytest

from loyalty import consents, customers, sessions, staff
from loyalty.errors import CannotMerge
from loyalty.identities import Identifier
from loyalty.merging import give_way
from loyalty.partners import apply
from loyalty.platform_roles import grant_role
from models.partner import Staff
from tests.factories import NOW, identifier_of, make_customer, make_email, make_member, make_partner, make_staff


@pytest.fixture
def blank(db_session):
    """Somebody who has begun anew with a Telegram alone."""
    customer = make_customer(phone=False, name="Аня")
    customers.attach_identity(customer, "telegram", str(customer.id.int % 10**12), proven_at=NOW)
    return customer


@pytest.fixture
def owner(db_session):
    """Their earlier record."""
    person = make_customer(email=make_email(), name=None)
    make_member(make_partner(), person)
    return person


def test_a_blank_record_gives_way_with_everything_that_leads_to_it(blank, owner, db_session):
    telegram = identifier_of(blank, "telegram")
    consents.record(owner.id, "advertising", True, place="web", now=NOW)
    consents.record(blank.id, "advertising", False, place="bot", now=NOW.replace(hour=13))
    session = sessions.open_session(blank.id, "Телефон", NOW)
    give_way(blank, owner, NOW)
    assert customers.find(telegram).id == owner.id
    assert customers.find(Identifier("customer_id", str(blank.id))).id == owner.id
    assert (owner.name, blank.state) == ("Аня", "merged")
    assert not consents.has_consent(owner.id, "advertising"), "the newer answer holds"
    assert sessions.identify(session.session_id, NOW) is None
    with pytest.raises(CannotMerge):
        give_way(blank, owner, NOW)


def test_the_name_of_the_earlier_record_stays(blank, owner, db_session):
    owner.name = "Анна"
    give_way(blank, owner, NOW)
    assert owner.name == "Анна"


@pytest.mark.parametrize("what", ["an account", "a past job", "a role", "an application"])
def test_what_is_not_blank_does_not_give_way(blank, owner, db_session, what):
    if what == "an account":
        make_member(make_partner(), blank)
    elif what == "a past job":
        partner = make_partner()
        make_staff(partner, "owner")
        staff.dismiss(partner.id, make_staff(partner, customer=blank).id, by=None, now=NOW)
    elif what == "a role":
        grant_role(blank.id, "content_manager", by=None, now=NOW)
    else:
        apply(blank, {"name": "Пекарня"}, NOW)
    with pytest.raises(CannotMerge):
        give_way(blank, owner, NOW)
    assert blank.state == "active"


@pytest.mark.parametrize("who", ["staff", "admin", "blocked"])
def test_nobody_becomes_one_with_who_acts_for_others_or_is_blocked(blank, owner, db_session, who):
    if who == "staff":
        make_staff(make_partner(), customer=owner)
    elif who == "admin":
        grant_role(owner.id, "admin", by=None, now=NOW)
    else:
        owner.state = "blocked"
    with pytest.raises(CannotMerge):
        give_way(blank, owner, NOW)
    assert db_session.query(Staff).filter_by(customer_id=blank.id).count() == 0
    assert customers.find(identifier_of(blank, "telegram")).id == blank.id

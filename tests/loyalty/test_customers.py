from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from loyalty import codes, customers
from loyalty.cards import new_card_number
from loyalty.errors import CodeUnknown, CustomerNotFound, IdentityTaken, InvalidCursor, TooMany
from loyalty.identities import Identifier
from models import db, transaction
from models.customer import Customer, Identity
from models.ledger import Membership
from models.partner import Partner
from tests.concurrency import at_once
from tests.factories import (
    NOW,
    identifier_of,
    identity_of,
    make_customer,
    make_email,
    make_member,
    make_partner,
    make_phone,
    noise,
)
from tests.statements import counted_statements


def test_a_member_known_by_this_identity_is_found_in_one_query(db_session):
    noise()
    partner, other = make_partner(), make_partner()
    person = make_customer(email=make_email())
    membership = make_member(partner, person)
    make_member(other, person)
    for kind in ("phone", "email"):
        identifier = identifier_of(person, kind)
        with counted_statements() as statements:
            found = customers.enrol(partner, identifier, now=NOW)
        assert (found.customer_id, found.membership_id) == (person.id, membership.id)
        assert len(statements) == 1


def test_a_person_is_found_by_every_identity(db_session):
    noise()
    person = make_customer(email=make_email())
    customers.attach_identity(person, "telegram", str(uuid4().int % 10**10))
    customers.issue_card(person)
    for kind in ("phone", "email", "telegram", "card"):
        assert customers.find(identifier_of(person, kind)).id == person.id
    assert customers.find(Identifier("customer_id", str(person.id))).id == person.id
    code, _ = codes.issue(person.id, NOW)
    assert customers.find(Identifier("code", code), now=NOW).id == person.id
    assert customers.find(Identifier("phone", "+10000000000")) is None
    assert customers.find(Identifier("customer_id", str(uuid4()))) is None


def test_a_number_of_one_partners_system_is_that_partners_alone(db_session):
    here, there = make_partner(), make_partner()
    number = str(uuid4())
    one = customers.find_or_create_by(Identifier("crm", number, here.id))
    other = customers.find_or_create_by(Identifier("crm", number, there.id))
    assert one.id != other.id
    assert customers.find(Identifier("crm", number, here.id)).id == one.id
    assert customers.find(Identifier("crm", number)) is None


def test_a_merged_person_is_found_as_the_survivor(db_session):
    gone, middle, survivor = make_customer(), make_customer(), make_customer()
    middle.state, middle.merged_into = "merged", survivor.id
    gone.state, gone.merged_into = "merged", middle.id
    db_session.flush()
    assert customers.find(identifier_of(gone)).id == survivor.id
    assert customers.find_or_create_by(identifier_of(gone)).id == survivor.id


def test_an_erased_person_is_not_found(db_session):
    person = make_customer()
    person.state, person.name = "erased", None
    db_session.flush()
    assert customers.find(identifier_of(person)) is None
    assert customers.find(Identifier("customer_id", str(person.id))) is None


def test_a_person_is_made_once_and_keeps_the_first_name(db_session):
    phone = Identifier("phone", make_phone())
    made = customers.find_or_create_by(phone, name="Иван")
    again = customers.find_or_create_by(phone, name="Пётр")
    assert again.id == made.id
    assert again.name == "Иван"


def test_a_proof_is_kept_when_it_came_first(db_session):
    phone = Identifier("phone", make_phone())
    customers.find_or_create_by(phone)
    assert customers.find_identity(phone).proven_at is None
    customers.find_or_create_by(phone, proven_at=NOW)
    customers.find_or_create_by(phone, proven_at=NOW.replace(year=2027))
    assert customers.find_identity(phone).proven_at == NOW


def test_nobody_is_made_from_a_customer_id_or_a_code(db_session):
    for identifier in (Identifier("customer_id", str(uuid4())), Identifier("code", "123456")):
        with pytest.raises(CustomerNotFound):
            customers.find_or_create_by(identifier)


def test_parallel_creation_makes_one_person(app):
    phone = Identifier("phone", make_phone())
    found = at_once(app, lambda n: customers.find_or_create_by(phone, name=f"Иван {n}").id)
    assert len(set(found)) == 1
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Identity).where(Identity.value == phone.value)) == 1
        names = select(func.count()).select_from(Customer).where(Customer.id.in_(found))
        assert db.session.scalar(names) == 1


def test_an_identity_of_somebody_else_is_not_taken_over(db_session):
    owner, other = make_customer(), make_customer()
    with pytest.raises(IdentityTaken) as refused:
        customers.attach_identity(other, "phone", identifier_of(owner).value, proven_at=NOW)
    assert identifier_of(owner).value not in str(refused.value)
    assert customers.find(identifier_of(owner)).id == owner.id


def test_attaching_ones_own_identity_again_is_fine(db_session):
    person = make_customer(proven_at=None)
    again = customers.attach_identity(person, "phone", identifier_of(person).value, proven_at=NOW)
    assert again.id == identity_of(person, "phone").id
    assert again.proven_at == NOW


def test_a_card_is_issued_once(db_session):
    person = make_customer()
    assert customers.issue_card(person) == customers.issue_card(person)


def test_parallel_joins_open_one_membership(app):
    with app.app_context(), transaction():
        partner, person = make_partner(), make_customer()
        partner_id, person_id = partner.id, person.id

    def join(n):
        partner, person = db.session.get(Partner, partner_id), db.session.get(Customer, person_id)
        return customers.join(person, partner, name=f"Иван {n}", now=NOW).id

    ids = at_once(app, join)
    assert len(set(ids)) == 1
    with app.app_context():
        rows = select(func.count()).select_from(Membership).where(Membership.customer_id == person_id)
        assert db.session.scalar(rows) == 1


def test_the_partners_own_name_for_a_member_stays(db_session):
    partner, person = make_partner(), make_customer()
    customers.join(person, partner, now=NOW)
    customers.join(person, partner, name="Иван с собакой", now=NOW)
    assert customers.join(person, partner, name="Другой", now=NOW).name == "Иван с собакой"


def test_another_partners_member_looks_like_nobody(db_session):
    here, stranger = make_partner(), make_customer()
    make_member(noise(), stranger)
    errors = []
    for identifier in (
        identifier_of(stranger),
        Identifier("customer_id", str(stranger.id)),
        Identifier("phone", make_phone()),
        Identifier("customer_id", str(uuid4())),
    ):
        with pytest.raises(CustomerNotFound) as refused:
            customers.find_member(here, identifier)
        errors.append((type(refused.value), str(refused.value), refused.value.code))
    assert len(set(errors)) == 1


def test_a_member_is_found_by_any_of_their_identities(db_session):
    partner = make_partner()
    membership = make_member(partner, make_customer())
    person = db_session.get(Customer, membership.customer_id)
    card = Identifier("card", customers.issue_card(person))
    assert customers.find_member(partner, card) == (person, membership)


def test_a_member_is_found_by_a_code_that_stays_good(db_session):
    partner, person = make_partner(), make_customer()
    membership = make_member(partner, person)
    code, ends_at = codes.issue(person.id, NOW)
    for _ in range(2):
        assert customers.find_member(partner, Identifier("code", code), now=NOW) == (person, membership)
    with pytest.raises(CodeUnknown):
        customers.find_member(partner, Identifier("code", code), now=ends_at)
    with pytest.raises(CustomerNotFound):
        customers.find_member(make_partner(), Identifier("code", code), now=NOW)


@pytest.mark.parametrize(
    "identifier",
    [
        Identifier("phone", make_phone()),
        Identifier("email", make_email()),
    ],
    ids=lambda identifier: identifier.kind,
)
def test_crediting_a_stranger_enrols_them(db_session, identifier):
    partner = make_partner()
    person, membership = customers.find_or_enrol(partner, identifier, "Мария", now=NOW)
    assert (person.name, membership.name, membership.balance) == ("Мария", "Мария", 0)
    assert customers.known_contacts(membership) == {identifier.kind: identifier.value}
    assert customers.find_identity(identifier).proven_at is None
    assert customers.find_or_enrol(partner, identifier, now=NOW) == (person, membership)


def test_enrolling_shows_nothing_of_a_person_known_elsewhere(db_session):
    stranger = make_customer(email=make_email(), name="Тайное Имя")
    make_member(noise(), stranger)
    partner = make_partner()
    _, membership = customers.find_or_enrol(partner, identifier_of(stranger), now=NOW)
    (row,), _ = customers.search_members(partner.id)
    assert (row.name, row.phone, row.email) == (None, identifier_of(stranger).value, None)
    assert customers.known_contacts(membership).keys() == {"phone"}


def test_a_card_that_was_never_issued_enrols_nobody(db_session):
    partner, card = make_partner(), Identifier("card", new_card_number())
    with pytest.raises(CustomerNotFound):
        customers.find_or_enrol(partner, card, "Мария", now=NOW)
    assert customers.find_identity(card) is None
    person = make_customer()
    issued = Identifier("card", customers.issue_card(person))
    assert customers.find_or_enrol(partner, issued, now=NOW)[0] == person


def test_crediting_a_member_by_another_contact_does_not_tell_that_it_is_theirs(db_session):
    partner, email = make_partner(), make_email()
    person = make_customer(email=email)
    first = customers.find_or_enrol(partner, identifier_of(person), now=NOW)
    assert customers.find_or_enrol(partner, Identifier("email", email), now=NOW) == first
    assert customers.known_contacts(first[1]).keys() == {"phone"}
    assert customers.search_members(partner.id, email) == ([], None)


def test_a_partner_guesses_codes_so_often_a_minute_by_whatever_door(db_session):
    partner, neighbour, person = make_partner(), make_partner(), make_customer()
    member, wrong = make_member(partner, person), Identifier("code", "000000")
    for look in (customers.find_member, customers.find_or_enrol) * (codes.TRIES_A_MINUTE // 2):
        with pytest.raises(CodeUnknown):
            look(partner, wrong, now=NOW)
    code, _ = codes.issue(person.id, NOW)
    for look in (customers.find_member, customers.find_or_enrol):
        with pytest.raises(TooMany):
            look(partner, Identifier("code", code), now=NOW)
    assert customers.find_or_enrol(neighbour, Identifier("code", code), now=NOW)[0] == person
    later = NOW + timedelta(minutes=1)
    assert customers.find_member(partner, Identifier("code", code), now=later) == (person, member)


def test_a_foreign_customer_id_enrols_nobody(db_session):
    partner, stranger = make_partner(), make_customer()
    with pytest.raises(CustomerNotFound):
        customers.find_or_enrol(partner, Identifier("customer_id", str(stranger.id)), now=NOW)
    assert customers.search_members(partner.id) == ([], None)


def test_a_shown_code_enrols_its_owner(db_session):
    partner, person = make_partner(), make_customer()
    code, _ = codes.issue(person.id, NOW)
    assert customers.find_or_enrol(partner, Identifier("code", code), now=NOW)[0] == person
    with pytest.raises(CodeUnknown):
        customers.find_or_enrol(partner, Identifier("code", code), now=NOW + codes.LIFE)


@pytest.fixture
def shop(db_session):
    """A partner with two members among a noisy neighbour's, one of them a member there too."""
    partner, neighbour = make_partner(), noise()
    email = make_email()
    both = make_customer(email=email, name="Мария Ёлкина")
    here = make_member(partner, both)
    make_member(neighbour, both, name="Маша у соседей")
    other = make_member(partner, make_customer(name="Пётр 100%"))
    return partner, here, other


def ids(rows):
    return [row.membership_id for row in rows]


def test_an_empty_query_lists_this_partners_members_newest_first(shop):
    partner, here, other = shop
    for query in ("", "  ", None):
        rows, cursor = customers.search_members(partner.id, query)
        assert ids(rows) == [other.id, here.id]
        assert cursor is None
    assert all(row.phone.startswith("+7916") for row in rows)


def test_members_are_found_by_whole_and_partial_identities(shop, db_session):
    partner, here, _ = shop
    person = db_session.get(Customer, here.customer_id)
    phone, email = identifier_of(person).value, identifier_of(person, "email").value
    for query in (
        phone, f"8 ({phone[2:5]}) {phone[5:]}", phone[4:], f"8{phone[2:8]}", phone[-7:],
        email.upper(), email.split("@")[0], str(person.id), "мария", "ЁЛК",
    ):  # fmt: skip
        rows, _ = customers.search_members(partner.id, query)
        assert ids(rows) == [here.id], query


def test_without_contacts_a_search_is_no_oracle_for_them(shop, db_session):
    partner, here, _ = shop
    person = db_session.get(Customer, here.customer_id)
    card = customers.issue_card(person)
    customers.remember_known_identity(here, identity_of(person, "card"))
    phone, email = identifier_of(person).value, identifier_of(person, "email").value
    for query in (phone, phone[2:6], f"8{phone[2:8]}", email, email.split("@")[0], card, card[-4:]):
        assert customers.search_members(partner.id, query, contacts=False) == ([], None), query
    for query in ("ёлк", str(person.id)):
        (row,), _ = customers.search_members(partner.id, query, contacts=False)
        assert (row.membership_id, row.phone, row.email, row.card) == (here.id, None, None, None)


def test_a_search_never_reaches_beyond_what_the_partner_knows(shop, db_session):
    partner, here, _ = shop
    person = db_session.get(Customer, here.customer_id)
    hidden = customers.attach_identity(person, "email", make_email())
    card = customers.issue_card(person)
    stranger = make_member(noise(), make_customer(name="Уникальнейший"))
    strangers = db_session.get(Customer, stranger.customer_id)
    for query in (
        hidden.value, hidden.value.split("@")[0], card, card[6:], "Маша", "Уникальнейший",
        identifier_of(strangers).value, str(strangers.id),
    ):  # fmt: skip
        assert customers.search_members(partner.id, query) == ([], None), query


def test_an_identity_that_moved_to_another_person_is_no_longer_shown(shop, db_session):
    partner, here, _ = shop
    person = db_session.get(Customer, here.customer_id)
    phone = identity_of(person, "phone")
    phone.customer_id = make_customer(phone=False).id
    db_session.flush()
    assert customers.search_members(partner.id, phone.value) == ([], None)
    assert "phone" not in customers.known_contacts(here)


@pytest.mark.parametrize("query", ["%", "_", "\\", "\u0000", "\ud800", "'; --", "x" * 5000, "100%"])
def test_odd_queries_are_only_text(shop, query):
    partner, _, other = shop
    rows, _ = customers.search_members(partner.id, query)
    assert ids(rows) == ([other.id] if query in ("%", "100%") else [])


def test_pages_show_every_member_once(shop, db_session):
    partner, here, other = shop
    more = [make_member(partner).id for _ in range(5)]
    seen, cursor = [], None
    for _ in range(4):
        rows, cursor = customers.search_members(partner.id, "", cursor, 2)
        seen += ids(rows)
    assert cursor is None
    assert seen == [*reversed(more), other.id, here.id]


def test_members_are_paged_back_by_the_cursor_of_any_row(db_session):
    partner, noise_ = make_partner(), noise()
    made = [make_member(partner).id for _ in range(7)]
    make_member(noise_)
    last_page, end = customers.search_members(partner.id, "", customers.cursor_at(page_of(partner, 4)[-1]), 3)
    assert [row.membership_id for row in last_page] == made[2::-1] and end is None
    back, above = customers.search_members(partner.id, "", customers.cursor_at(last_page[0]), 3, back=True)
    assert [row.membership_id for row in back] == made[5:2:-1]
    first, top = customers.search_members(partner.id, "", above, 3, back=True)
    assert [row.membership_id for row in first] == made[:5:-1] and top is None


def page_of(partner, limit):
    return customers.search_members(partner.id, "", limit=limit)[0]


@pytest.mark.parametrize("cursor", ["x", "ё", "=", "AAAA", "A" * 22 + "=", "\u0000" * 22])
def test_a_made_up_cursor_is_refused(db_session, cursor):
    with pytest.raises(InvalidCursor):
        customers.search_members(make_partner().id, "", cursor)


def test_a_page_is_one_query_however_many_members(shop, db_session):
    partner, *_ = shop
    for _ in range(10):
        make_member(partner)
    db_session.flush()
    with counted_statements() as statements:
        rows, _ = customers.search_members(partner.id)
    assert len(rows) == 12
    assert len(statements) == 1

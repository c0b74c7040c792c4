from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from loyalty import consents, customers, profiles
from loyalty.errors import ContactNeedsProof, InvalidName, InvalidProfile, PartnerNotFound
from loyalty.rules import Rules
from models import new_id
from tests.factories import NOW, identifier_of, make_customer, make_email, make_member, make_partner, make_phone, noise


def test_a_profile_has_the_names_that_sites_expect(db_session):
    noise()
    person = make_customer(email=make_email())
    here, there = make_member(make_partner(), person), make_member(make_partner(), person)
    here.visits, here.spent, here.segment, here.last_purchase_at = 3, Decimal("1000.50"), "loyal", NOW
    there.visits, there.spent, there.segment = 1, Decimal("99.50"), "new"
    customers.attach_identity(person, "onec", "К-17", here.partner_id)
    card = customers.issue_card(person)
    person.birth_date, person.purchase_preferences = date(1990, 5, 31), {"size": "M"}
    consents.record(person.id, "advertising", True, place="web", now=NOW)
    db_session.flush()
    shown = profiles.show_profile(person)
    assert {
        "customer_id": str(person.id),
        "name": "Иван",
        "phone": identifier_of(person).value,
        "email": identifier_of(person, "email").value,
        "birth_date": "1990-05-31",
        "discount_card_number": card,
        "customer_id_1c": "К-17",
        "loyalty_points": 0,
        "total_purchases": 4,
        "total_spent": "1100.00",
        "rfm_score": None,
        "segment": "loyal",
        "purchase_preferences": {"size": "M"},
    }.items() <= shown.items()
    assert [(identity["kind"], identity["proven"]) for identity in shown["identities"]] == [
        ("phone", True),
        ("email", True),
        ("card", False),
    ]
    (consent,) = shown["consents"]
    assert (consent["kind"], consent["granted"], consent["at"]) == ("advertising", True, NOW.isoformat())


def test_what_is_unknown_is_null(db_session):
    shown = profiles.show_profile(make_customer(False, name=None))
    unknown = ("name", "phone", "email", "birth_date", "discount_card_number", "customer_id_1c", "rfm_score", "segment",
               "purchase_preferences")  # fmt: skip
    assert {name: shown[name] for name in unknown} == dict.fromkeys(unknown)
    assert (shown["loyalty_points"], shown["total_purchases"], shown["total_spent"]) == (0, 0, "0.00")


def test_a_proven_phone_is_shown_before_an_unproven_one(db_session):
    person = make_customer(proven_at=None)
    proven = customers.attach_identity(person, "phone", make_phone(), proven_at=NOW)
    assert profiles.show_profile(person)["phone"] == proven.value


def test_a_contact_changes_by_proving_a_new_one(db_session):
    person = make_customer()
    new = customers.attach_identity(person, "phone", make_phone(), proven_at=NOW + timedelta(days=1))
    assert profiles.show_profile(person)["phone"] == new.value
    profiles.update_profile(person, {"phone": new.value}, NOW)


def test_consents_are_withdrawn_from_one_partner_and_from_all(db_session):
    person, partner, other = make_customer(), make_partner(), make_partner()
    for place in (partner, other):
        make_member(place, person)
    days = [NOW + timedelta(days=number) for number in range(4)]

    def answer(granted, place, now):
        partner_id = place.id if place else None
        profiles.change_consents(person, {"advertising": granted}, partner_id=partner_id, place="api", now=now)
        return [consents.has_consent(person.id, "advertising", each.id) for each in (partner, other)]

    assert answer(True, None, days[0]) == [True, True]
    assert answer(False, partner, days[1]) == [False, True]
    assert answer(True, partner, days[2]) == [True, True]
    assert answer(False, None, days[3]) == [False, False]
    assert {(given["partner_id"], given["granted"]) for given in profiles.show_consents(person)} == {
        (None, False),
        (str(partner.id), True),
    }


def test_a_partner_one_is_no_member_of_is_not_answered(db_session):
    person, stranger = make_customer(), noise()
    for partner_id in (stranger.id, new_id()):
        with pytest.raises(PartnerNotFound):
            profiles.change_consents(person, {"advertising": True}, partner_id=partner_id, place="api", now=NOW)
    assert consents.current(person.id) == []


def test_the_consent_that_a_welcome_waited_for_brings_it_once(db_session):
    person, partner = make_customer(), make_partner(Rules(welcome_bonus=300))
    account = make_member(partner, person)
    for answers, balance in (
        ({"advertising": True}, 0),
        ({"personal_data": True}, 300),
        ({"personal_data": True}, 300),
    ):
        profiles.change_consents(person, answers, partner_id=partner.id, place="api", now=NOW)
        db_session.refresh(account)
        assert account.balance == balance


def test_a_person_changes_what_is_theirs(db_session):
    person = make_customer()
    changes = {
        "name": " Иван  Петров ",
        "birth_date": "1992-02-29",
        "locale": "en",
        "timezone": "Asia/Omsk",
        "purchase_preferences": {"цвет": ["синий"]},
        "notices": {"channel": "email", "off": ["spent"], "quiet": ["23:00", "08:30"]},
    }
    profiles.update_profile(person, changes, NOW)
    shown = profiles.show_profile(person)
    assert {name: shown[name] for name in changes} == changes | {"name": "Иван Петров"}
    profiles.update_profile(person, {"name": None, "birth_date": None, "purchase_preferences": None}, NOW)
    assert (person.name, person.birth_date, person.purchase_preferences) == (None, None, None)
    assert person.locale == "en"


@pytest.mark.parametrize(
    "born",
    [
        "1899-12-31",
        "2026-03-11",
        "2001-02-29",
        "31.05.1990",
        "1990-5-1",
        19900531,
        True,
        ["1990-05-31"],
        datetime(1990, 5, 31),
    ],
)
def test_a_birth_date_lies_within_a_life(db_session, born):
    with pytest.raises(InvalidProfile) as refused:
        profiles.update_profile(make_customer(), {"birth_date": born}, NOW)
    assert refused.value.field == "birth_date"


def test_today_is_the_persons_own_day(db_session):
    person = make_customer()
    late = datetime(2026, 3, 10, 22, 0, tzinfo=UTC)
    profiles.update_profile(person, {"birth_date": "2026-03-11"}, late)
    assert person.birth_date == date(2026, 3, 11)


def deep(levels):
    return {} if levels == 0 else {"a": deep(levels - 1)}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("locale", "de"),
        ("locale", None),
        ("locale", ["ru"]),
        ("timezone", "Nowhere"),
        ("purchase_preferences", ["a list"]),
        ("purchase_preferences", {"a": "\u0000"}),
        ("purchase_preferences", {"a": "\ud800"}),
        ("purchase_preferences", {"a": float("nan")}),
        ("purchase_preferences", {"a": "x" * 10_001}),
        ("purchase_preferences", {"a": {1, 2}}),
        ("notices", None),
        ("notices", {"volume": 11}),
        ("notices", {"channel": "pigeon"}),
        ("notices", {"channel": ["sms"]}),
        ("notices", {"off": "spent"}),
        ("notices", {"off": ["code"]}),
        ("notices", {"off": [["spent"]]}),
        ("notices", {"quiet": ["22:00"]}),
        ("notices", {"quiet": ["24:00", "09:00"]}),
        ("notices", {"quiet": "22:00"}),
        ("loyalty_points", 1_000_000),
        ("discount_card_number", "9643100000000010"),
        ("state", "blocked"),
        ("id", "x"),
    ],
)
def test_everything_else_stays_as_it_is(db_session, field, value):
    person = make_customer()
    before = profiles.show_profile(person)
    with pytest.raises(InvalidProfile) as refused:
        profiles.update_profile(person, {"name": "Новое Имя", field: value}, NOW)
    assert refused.value.field == field
    db_session.expire(person)
    assert profiles.show_profile(person) == before


def test_a_name_that_is_none_is_refused(db_session):
    with pytest.raises(InvalidName):
        profiles.update_profile(make_customer(), {"name": "\u0000"}, NOW)


@pytest.mark.parametrize("field", ["phone", "email"])
def test_a_contact_is_not_changed_by_writing_it_down(db_session, field):
    person = make_customer(email=make_email())
    other = identifier_of(make_customer(email=make_email()), field).value
    for value in (other, None, 5, "\u0000"):
        with pytest.raises(ContactNeedsProof) as refused:
            profiles.update_profile(person, {field: value}, NOW)
        assert refused.value.field == field


def test_sending_the_present_contacts_back_is_fine(db_session):
    person = make_customer()
    contacts = {"phone": identifier_of(person).value, "email": None}
    assert profiles.update_profile(person, contacts | {"name": "Пётр"}, NOW).name == "Пётр"

from datetime import timedelta

import pytest

from loyalty import consents
from loyalty.consents import ADVERTISING, PERSONAL_DATA, TEXT_VERSIONS
from loyalty.errors import InvalidConsent
from tests.factories import NOW, make_customer, make_member, make_partner, noise

LATER = NOW + timedelta(days=1)


def answer(person, granted, partner=None, kind=ADVERTISING, now=NOW):
    return consents.record(person.id, kind, granted, partner_id=partner and partner.id, place="web", now=now)


def test_the_newest_answer_to_each_question_holds(db_session):
    person, partner = make_customer(), make_partner()
    answer(make_customer(), True, kind=PERSONAL_DATA)
    answer(person, True)
    answer(person, False, now=LATER)
    answer(person, True, partner)
    answer(person, True, kind=PERSONAL_DATA)
    held = {(given.kind, given.partner_id): given.granted for given in consents.current(person.id)}
    assert held == {(ADVERTISING, None): False, (ADVERTISING, partner.id): True, (PERSONAL_DATA, None): True}


def test_an_answer_keeps_the_version_of_the_text_place_and_time(db_session):
    given = answer(make_customer(), True)
    assert (given.text_version, given.place, given.at) == (TEXT_VERSIONS[ADVERTISING], "web", NOW)


@pytest.mark.parametrize(
    ("to_platform", "to_partner", "allowed"),
    [
        (None, None, False),
        (True, None, True),
        (None, True, True),
        (True, True, True),
        (False, None, False),
        (True, False, False),
        (False, True, False),
    ],
)
def test_a_partner_may_when_somebody_was_told_yes_and_nobody_no(db_session, to_platform, to_partner, allowed):
    person, partner, other = make_customer(), make_partner(), make_partner()
    answer(person, not allowed, other)
    if to_platform is not None:
        answer(person, not to_platform)
        answer(person, to_platform, now=LATER)
    if to_partner is not None:
        answer(person, to_partner, partner)
    assert consents.has_consent(person.id, ADVERTISING, partner.id) is allowed
    assert not consents.has_consent(person.id, PERSONAL_DATA, partner.id)


@pytest.mark.parametrize(
    "answers", [{"cookies": True}, {PERSONAL_DATA: "yes"}, {PERSONAL_DATA: None}, {PERSONAL_DATA: 1}]
)
def test_anything_but_yes_or_no_to_a_known_text_is_refused(db_session, answers):
    person = make_customer()
    with pytest.raises(InvalidConsent):
        consents.record_answers(person.id, {ADVERTISING: True} | answers, place="web", now=NOW)
    assert consents.current(person.id) == []


def test_answers_are_listed_for_the_platform_and_every_partner_of_the_person(db_session):
    noise()
    person = make_customer()
    shop, cafe, gone = make_partner(name="Ювелир"), make_partner(name="Булочная"), make_partner(name="Чужой")
    for place in (shop, cafe):
        make_member(place, person)
    for partner, granted in ((None, True), (shop, True), (shop, False), (gone, True)):
        consents.record(
            person.id, "advertising", granted, partner_id=partner.id if partner else None, place="web", now=NOW
        )
    listed = consents.list_answers(person.id)
    assert [place.partner_name for place in listed] == [None, "Булочная", "Ювелир"]
    assert [place.allows("advertising") for place in listed] == [True, True, False]
    assert [place.allows("personal_data") for place in listed] == [False, False, False]
    assert [consents.has_consent(person.id, "advertising", place.partner_id) for place in listed] == [True, True, False]
    assert listed[1].newest == {}
    assert listed[2].newest["advertising"].granted is False
    assert listed[2].partner_code == shop.code

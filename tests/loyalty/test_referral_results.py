"""What people and partners see of invitations."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from loyalty import erasure, referral_results, referral_rewards, referrals
from loyalty.errors import ReferralNotFound
from loyalty.exports import BEGINNING
from models import db
from tests.factories import NOW, make_customer, make_member, make_partner, noise
from tests.loyalty.friends import TERMS, buy, give_back, person_of

LATER = NOW + timedelta(days=20)


@pytest.fixture
def cafe(db_session):
    noise()
    partner = make_partner()
    referrals.set_terms(partner, TERMS, by=None)
    return partner


@pytest.fixture
def anna(cafe):
    return make_member(cafe, make_customer(name="Анна"))


def come(cafe, inviter, name):
    friend = make_member(cafe, make_customer(name=name))
    return friend, referrals.accept(referrals.code_of(inviter), person_of(friend), came_by="link", now=NOW)


@pytest.fixture
def friends(cafe, anna):
    """One who was rewarded, one whose check was returned afterwards, one who waits, one who has bought before."""
    came = [come(cafe, anna, name) for name in ("Борис Б", "Вера", "+79160000000", "Глеб")]
    checks = [buy(cafe, came[n][0], NOW, "600.00") for n in (0, 1)]
    buy(cafe, came[3][0], NOW, "600.00", at=NOW - timedelta(days=5))
    for key in referral_rewards.list_unsettled(LATER, chunk=1000):
        referral_rewards.settle(*key, LATER)
    give_back(cafe, checks[1], LATER, "600.00")
    referral_rewards.settle(cafe.id, came[1][1].id, LATER)
    return came


def test_an_inviter_sees_first_names_states_and_the_sum_and_nothing_else_of_friends(cafe, anna, friends):
    (mine,) = referral_results.list_own(anna.customer_id)
    assert (mine.partner.id, mine.code, mine.terms) == (cafe.id, referrals.code_of(anna), TERMS)
    assert (mine.invited, mine.bought, mine.rewarded, mine.points) == (4, 2, 1, 200)
    assert [(one.first_name, one.state, one.reason, one.points) for one in mine.friends] == [
        ("Глеб", "refused", "customer", 0),
        (None, "waiting", None, 0),
        ("Вера", "returned", "refund", 0),
        ("Борис", "rewarded", None, 200),
    ]


def test_a_friend_who_was_forgotten_has_no_name(cafe, anna, friends):
    erasure.erase_person(person_of(friends[0][0]), LATER)
    assert referral_results.show_own(anna.customer_id, cafe).friends[-1].first_name is None


def test_where_inviting_is_off_there_is_no_code_but_what_came_of_it_stays(cafe, anna, friends):
    referrals.set_terms(cafe, replace(TERMS, is_on=False), by=None)
    (mine,) = referral_results.list_own(anna.customer_id)
    assert (mine.code, mine.invited) == (None, 4)
    assert referral_results.list_own(friends[0][0].customer_id) == []
    assert referral_results.show_own(make_customer().id, cafe) is None


def test_a_friend_sees_by_what_they_came(cafe, friends):
    (mine,) = referral_results.list_came_by(friends[0][0].customer_id)
    assert (mine.partner.id, mine.state, mine.points, mine.minimum) == (cafe.id, "rewarded", 100, Decimal(500))


def test_a_partner_sees_everybodys_and_the_cost(cafe, anna, friends):
    found = referral_results.results(cafe.id)
    assert (found.invited, found.bought, found.rewarded, found.refused, found.returned) == (4, 2, 1, 1, 1)
    assert (found.waiting_for_review, found.points, found.turnover) == (0, 300, Decimal(600))
    rows = referral_results.list_referrals(cafe.id)
    assert [(row.friend_name, row.state) for row in rows[:1]] == [("Глеб", "refused")]
    (one,) = referral_results.list_referrals(cafe.id, state="rewarded", after=rows[0].referral_id)
    assert (one.inviter_name, one.friend_name, one.amount) == ("Анна", "Борис Б", Decimal(600))
    assert (one.inviter_points, one.friend_points) == (200, 100)
    assert referral_results.get_referral(cafe.id, one.referral_id) == one


def test_another_partner_sees_nothing_of_it(cafe, friends):
    other = make_partner()
    assert referral_results.list_referrals(other.id) == [] and referral_results.results(other.id).invited == 0
    with pytest.raises(ReferralNotFound):
        referral_results.get_referral(other.id, friends[0][1].id)


def test_friends_to_be_decided_on_are_counted(cafe, anna):
    friend, referral = come(cafe, anna, "Борис")
    referral.doubts = ["address"]
    buy(cafe, friend, NOW, "600.00")
    db.session.flush()
    referral_rewards.settle(cafe.id, referral.id, LATER)
    assert referral_results.count_in_review(cafe.id) == 1


def test_the_file_has_a_line_a_friend(cafe, anna, friends):
    first, *rest = referral_results.EXPORT.list_page(cafe.id, BEGINNING)
    assert (first.friend_name, first.state, first.inviter_points) == ("Борис Б", "rewarded", 200) and len(rest) == 3
    assert set(referral_results.EXPORT.columns) <= set(first._fields)

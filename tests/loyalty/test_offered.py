"""People hear of what runs for them, and of nothing else."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from loyalty import offered, promotions, sales, tiers
from loyalty.clock import utcnow
from loyalty.identities import Identifier
from loyalty.sales import Basket, Caller
from tests.factories import make_member, make_partner, noise


@pytest.fixture
def now():
    return utcnow()


@pytest.fixture
def cafe(db_session):
    noise()
    return make_partner()


@pytest.fixture
def member(cafe):
    return make_member(cafe)


def switch_on(cafe, now, name, kind="fixed", *, since=timedelta(days=-1), **terms):
    row = promotions.make(
        cafe, name=name, kind=kind, terms=terms, starts_at=now + since, ends_at=None, by=None, now=now
    )
    promotions.switch_on(cafe, row.id, by=None, now=now)


def buy(cafe, member, now, amount="1000.00"):
    customer = Identifier("customer_id", str(member.customer_id))
    basket, caller = Basket(Decimal(amount)), Caller("counter", "manual")
    sales.post_transaction(cafe, customer, basket, kind="accrual", caller=caller, key=str(uuid4()), now=now)


def names(member, now):
    return [one.promotion.name for one in offered.list_offered(member.customer_id, now)]


def test_what_is_meant_for_others_or_not_yet_is_not_told(cafe, member, now):
    rich = {"version": 1, "where": {"combinator": "and", "rules": [{"field": "spent", "operator": ">", "value": 500}]}}
    switch_on(cafe, now, "всем", points=5)
    switch_on(cafe, now, "завтра", since=timedelta(days=1), points=5)
    switch_on(cafe, now, "первый раз", "welcome", visit="first", points=5)
    switch_on(cafe, now, "второй раз", "second_visit", visit="second", points=5)
    switch_on(cafe, now, "щедрым", points=5, audience="rule", rule=rich)
    switch_on(cafe, now, "по списку", points=5, audience="list")
    assert names(member, now) == ["всем", "первый раз"]
    buy(cafe, member, now)
    assert names(member, now) == ["всем", "второй раз", "щедрым"]


def test_what_is_used_up_is_not_told(cafe, member, now):
    switch_on(cafe, now, "один раз", points=5, per_person=1)
    switch_on(cafe, now, "пять баллов на всех", points=5, budget=5)
    buy(cafe, member, now)
    assert names(member, now) == []
    assert names(make_member(cafe), now) == ["один раз"]


def test_of_the_terms_a_customer_learns_what_it_gives_and_not_what_it_costs(cafe, member, now):
    switch_on(cafe, now, "акция", points=5, min_amount="100.00", budget=500, most_uses=7, per_person=2)
    assert offered.list_offered(member.customer_id, now)[0].terms == {"points": 5, "min_amount": "100", "per_person": 2}


def test_one_stands_where_there_are_tiers(cafe, member, now):
    assert offered.list_standings(member.customer_id, now) == []
    levels = [{"name": "Серебро", "threshold": "1500.00", "factor": "2"}]
    scheme = {"measure": "spent", "window": "ever", "falls_on_refund": False, "levels": levels}
    tiers.set_scheme(cafe, tiers.read_scheme(scheme), by=None, now=now)
    buy(cafe, member, now)
    ((partner, standing),) = offered.list_standings(member.customer_id, now)
    assert (partner, standing.tier, standing.following, standing.missing) == (cafe, None, "Серебро", Decimal(500))

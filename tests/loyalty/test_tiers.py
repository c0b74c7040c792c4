"""Tiers rise at once, fall when their window ends, and never look at the balance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from loyalty import pos, sales, tiers
from loyalty.errors import InvalidAmount, InvalidTiers
from loyalty.identities import Identifier
from loyalty.rules import Rules
from loyalty.sales import Basket, Caller
from loyalty.tiers import read_scheme, write_scheme
from models import db
from models.ledger import Membership, Purchase
from tests.factories import make_member, make_partner, noise

CASHIER = Caller("counter", "manual")
NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
LEVELS = [
    {"name": "Серебро", "threshold": "1000.00", "factor": "1.2"},
    {"name": "Золото", "threshold": "5000.00", "factor": "2"},
]


def scheme(measure="spent", window="days", days=30, *, falls=False, levels=None):
    data = {"measure": measure, "window": window, "falls_on_refund": falls, "levels": levels or LEVELS}
    return read_scheme(data | ({"days": days} if window == "days" else {}))


@pytest.fixture
def cafe(db_session):
    noise()
    partner = make_partner()
    tiers.set_scheme(partner, scheme(), by=None, now=NOW)
    return partner


@pytest.fixture
def member(cafe):
    return make_member(cafe)


def buy(cafe, member, amount, now=NOW, at=None):
    return sales.post_transaction(
        cafe,
        Identifier("customer_id", str(member.customer_id)),
        Basket(Decimal(amount)),
        kind="accrual",
        caller=CASHIER,
        key=str(uuid4()),
        now=now,
        occurred_at=at,
    )


def tier(member):
    return db.session.get_one(Membership, (member.partner_id, member.id), populate_existing=True).tier


def look(now):
    while tiers.review_due(now):
        """One batch after another."""


def test_a_tier_comes_with_the_purchase_that_reaches_it_and_counts_from_the_next(cafe, member):
    assert buy(cafe, member, "999.99").earned == 49 and tier(member) is None
    assert buy(cafe, member, "100.00").earned == 5 and tier(member) == "Серебро"
    third = buy(cafe, member, "1000.00")
    assert third.earned == 60 and third.breakdown[-1] == {
        "kind": "tier", "factor": "1.2", "name": "Серебро", "points": "60",
    }  # fmt: skip
    assert buy(cafe, member, "5000.00").earned == 300 and tier(member) == "Золото"
    standing = tiers.stand(cafe, member, NOW)
    assert (standing.tier, standing.factor, standing.following, standing.missing) == ("Золото", 2, None, None)


def test_what_is_missing_for_the_next_tier_is_told(cafe, member):
    buy(cafe, member, "1500.00")
    standing = tiers.stand(cafe, member, NOW)
    assert (standing.tier, standing.following, standing.missing) == ("Серебро", "Золото", Decimal("3500.00"))
    assert standing.until == NOW + timedelta(days=30)
    assert tiers.stand(make_partner(), make_member(make_partner()), NOW) is None


def test_a_tier_falls_when_the_window_has_passed_and_not_before(cafe, member):
    buy(cafe, member, "5000.00")
    late = NOW + timedelta(days=20)
    buy(cafe, member, "1200.00", now=late)
    look(NOW + timedelta(days=30) - timedelta(seconds=1))
    assert tier(member) == "Золото"
    look(NOW + timedelta(days=30, seconds=1))
    assert tier(member) == "Серебро", "the 1 200 of ten days ago still count"
    look(NOW + timedelta(days=61))
    assert tier(member) is None
    look(NOW + timedelta(days=100))


def test_a_tier_whose_time_is_over_prices_nothing_even_before_the_schedule_has_come(cafe, member):
    buy(cafe, member, "5000.00")
    late = NOW + timedelta(days=30)
    who, basket = Identifier("customer_id", str(member.customer_id)), Basket(Decimal(1000))
    quoted = pos.quote(cafe, who, basket, caller=Caller("till", "pos_api"), now=late - timedelta(seconds=1))
    assert quoted.will_earn == 100
    late += timedelta(seconds=1)
    assert pos.quote(cafe, who, basket, caller=Caller("till", "pos_api"), now=late).will_earn == 50
    assert tier(member) is None

    other = make_member(cafe)
    buy(cafe, other, "5000.00")
    seen = sales.preview(
        cafe,
        Identifier("customer_id", str(other.customer_id)),
        basket,
        caller=CASHIER,
        now=late,
        contacts=False,
    )
    assert seen.plain.total == 50
    third = make_member(cafe)
    buy(cafe, third, "5000.00")
    assert buy(cafe, third, "1000.00", now=late).earned == 50 and tier(third) == "Серебро"


def test_points_and_the_balance_do_not_count(cafe, member):
    buy(cafe, member, "900.00")
    sales.post_transaction(
        cafe,
        Identifier("customer_id", str(member.customer_id)),
        Basket(Decimal(10)),
        kind="accrual",
        caller=CASHIER,
        key="x",
        now=NOW,
    )
    assert tier(member) is None


def test_a_refund_lowers_a_tier_at_once_only_where_the_partner_says_so(cafe, member):
    first = buy(cafe, member, "5000.00")
    sales.post_refund(cafe, first.purchase_id, caller=CASHIER, key="1", now=NOW, amount=Decimal(4500))
    assert tier(member) == "Золото", "protected until the window ends"
    tiers.set_scheme(cafe, scheme(falls=True), by=None, now=NOW)
    other = make_member(cafe)
    second = buy(cafe, other, "5000.00")
    sales.post_refund(cafe, second.purchase_id, caller=CASHIER, key="2", now=NOW, amount=Decimal(3000))
    assert tier(other) == "Серебро"
    sales.post_refund(cafe, second.purchase_id, caller=CASHIER, key="3", now=NOW, amount=Decimal(2000))
    assert tier(other) is None


def test_an_undone_purchase_reached_nothing(cafe, member):
    sale = buy(cafe, member, "5000.00")
    made = db.session.get_one(Purchase, (cafe.id, sale.purchase_id)).created_at
    assert tier(member) == "Золото"
    sales.undo(cafe, sale.purchase_id, caller=CASHIER, now=made)
    assert tier(member) is None


def undo_at_once(cafe, sale):
    made = db.session.get_one(Purchase, (cafe.id, sale.purchase_id)).created_at
    for _ in range(2):
        sales.undo(cafe, sale.purchase_id, caller=CASHIER, now=made)


def test_an_undone_purchase_does_not_cost_a_tier_that_refunds_had_left_standing(cafe, member):
    first = buy(cafe, member, "5000.00")
    sales.post_refund(cafe, first.purchase_id, caller=CASHIER, key="1", now=NOW, amount=Decimal(4900))
    undo_at_once(cafe, buy(cafe, member, "10.00"))
    assert tier(member) == "Золото", "protected until the window ends"


def test_a_tier_reached_by_two_purchases_falls_back_when_the_first_is_undone(cafe, member):
    first = buy(cafe, member, "600.00")
    buy(cafe, member, "700.00")
    assert tier(member) == "Серебро"
    undo_at_once(cafe, first)
    assert tier(member) is None


def test_what_a_calendar_year_reached_lasts_through_the_next(cafe, member):
    tiers.set_scheme(cafe, scheme(window="year"), by=None, now=NOW)
    buy(cafe, member, "5000.00")
    end = datetime(2026, 12, 31, 20, 59, 59, tzinfo=UTC)
    look(end)
    assert tier(member) == "Золото"
    look(end + timedelta(seconds=2))
    assert tier(member) == "Золото", "2027 by the year before"
    buy(cafe, member, "1000.00", now=datetime(2027, 5, 1, tzinfo=UTC))
    look(datetime(2028, 1, 1, tzinfo=UTC))
    assert tier(member) == "Серебро", "2028 by what 2027 brought"
    look(datetime(2029, 1, 1, tzinfo=UTC))
    assert tier(member) is None


def test_earned_points_can_be_the_measure_and_ever_never_ends(cafe, member):
    levels = [{"name": "Друг", "threshold": "100.00", "factor": "1.5"}]
    tiers.set_scheme(cafe, scheme("earned", "ever", levels=levels), by=None, now=NOW)
    buy(cafe, member, "1980.00")
    assert tier(member) is None
    buy(cafe, member, "20.00")
    assert tier(member) == "Друг" and tiers.stand(cafe, member, NOW).until is None
    look(NOW + timedelta(days=3000))
    assert tier(member) == "Друг"


def test_of_vip_and_tier_the_larger_factor_counts(db_session):
    cafe = make_partner(Rules(vip_factor=Decimal("1.5")))
    tiers.set_scheme(cafe, scheme(), by=None, now=NOW)
    member = make_member(cafe)
    member.is_vip = True
    db.session.flush()
    buy(cafe, member, "1000.00")
    assert buy(cafe, member, "1000.00").earned == 75, "VIP 1.5 above silver 1.2"
    buy(cafe, member, "5000.00")
    assert buy(cafe, member, "1000.00").earned == 100, "gold 2 above VIP"


def test_new_tiers_are_looked_at_for_everybody_and_no_tiers_leave_none(cafe, member):
    buy(cafe, member, "1000.00")
    levels = [{"name": "Новый", "threshold": "500.00", "factor": "1"}]
    tiers.set_scheme(cafe, scheme(levels=levels), by=None, now=NOW)
    look(NOW)
    assert tier(member) == "Новый"
    tiers.set_scheme(cafe, None, by=None, now=NOW)
    assert tier(member) is None and buy(cafe, member, "1000.00").earned == 50 and tier(member) is None


@pytest.mark.parametrize(
    "change",
    [
        {"measure": "balance"},
        {"window": "moon"},
        {"days": 0},
        {"days": True},
        {"window": "year"},
        {"falls_on_refund": 1},
        {"levels": []},
        {"levels": "gold"},
        {"levels": [LEVELS[1], LEVELS[0]]},
        {"levels": [LEVELS[0], LEVELS[0]]},
        {"levels": [LEVELS[0] | {"factor": "0.5"}]},
        {"levels": [LEVELS[0] | {"factor": "NaN"}]},
        {"levels": [LEVELS[0] | {"factor": 1.5}]},
        {"levels": [LEVELS[0] | {"name": " "}]},
        {"levels": [LEVELS[0] | {"name": "я" * 41}]},
        {"levels": [LEVELS[0] | {"factor": "3"}, LEVELS[1]]},
        {"colour": "red"},
    ],
)
def test_tiers_that_are_none_are_refused(change):
    good = {"measure": "spent", "window": "days", "days": 30, "levels": LEVELS}
    assert write_scheme(read_scheme(good)) == good | {"falls_on_refund": False}
    with pytest.raises(InvalidTiers):
        read_scheme(good | change)


def test_a_threshold_is_a_sum():
    with pytest.raises(InvalidAmount):
        read_scheme({"measure": "spent", "window": "ever", "levels": [LEVELS[0] | {"threshold": "-1"}]})
    assert read_scheme({}) is read_scheme(None) is None and write_scheme(None) == {}

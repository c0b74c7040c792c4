"""What a plan opens and what a month comes to: the figures are those that partners are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import uuid4

import pytest

from loyalty import plans, sales
from loyalty.clock import utcnow
from loyalty.errors import FeatureLocked, InvalidPlan
from loyalty.identities import Identifier
from loyalty.plans import FEATURES, PLANS, SWITCHABLE, bill, features_of
from loyalty.sales import Basket, Caller
from models import db
from models.ledger import Purchase
from tests.factories import make_member, make_partner, noise

CASHIER = Caller("counter", "manual")


@pytest.fixture
def now():
    return utcnow()


@pytest.fixture
def cafe(db_session):
    noise()
    return make_partner()


def buy(cafe, amount, now, at=None):
    return sales.post_transaction(
        cafe,
        Identifier("customer_id", str(make_member(cafe).customer_id)),
        Basket(Decimal(amount)),
        kind="accrual",
        caller=CASHIER,
        key=str(uuid4()),
        now=now,
        occurred_at=at,
    ).purchase_id


@pytest.mark.parametrize(
    ("code", "turnover", "total"),
    [
        ("basic", "400000", "12000.00"),
        ("basic", "0", "0.00"),
        ("advanced", "100000", "4990.00"),
        ("enterprise", "600000", "16990.00"),
    ],
)
def test_the_fee_is_the_months_sum_and_a_share_of_the_turnover(cafe, now, code, turnover, total):
    plans.change_plan(cafe, code, by=None, now=now)
    if Decimal(turnover):
        buy(cafe, turnover, now)
    found = bill(cafe, now)
    assert (found.turnover, found.total) == (Decimal(turnover).quantize(Decimal("0.01")), Decimal(total))


def test_refunds_of_the_month_reduce_the_turnover_and_never_below_nothing(cafe, now):
    first, second = buy(cafe, "1000.00", now), buy(cafe, "500.00", now)
    sales.post_refund(cafe, first, caller=CASHIER, key="1", now=now, amount=Decimal("300.00"))
    assert bill(cafe, now).turnover == Decimal("1200.00")
    sales.undo(cafe, second, caller=CASHIER, now=now)
    assert bill(cafe, now).turnover == Decimal("700.00")
    old = buy(make_partner(), "1.00", now)
    assert old and bill(cafe, now).turnover == Decimal("700.00"), "another partner's is not counted"
    bought = db.session.get_one(Purchase, (cafe.id, first))
    bought.occurred_at = now - timedelta(days=70)
    db.session.flush()
    assert bill(cafe, now).turnover == Decimal("0.00"), "returned now, bought in another month"
    assert bill(cafe, now - timedelta(days=70)).turnover == Decimal("1000.00")


def test_history_from_before_the_programme_costs_nothing(cafe, now):
    purchase = db.session.get_one(Purchase, (cafe.id, buy(cafe, "1000.00", now)))
    purchase.source = "import"
    db.session.flush()
    assert bill(cafe, now).turnover == 0


def test_a_month_is_the_partners_own(db_session, now):
    east = make_partner(timezone="Asia/Vladivostok")
    found = bill(east, datetime(2026, 12, 31, 14, 30, tzinfo=UTC))
    assert (found.since.isoformat(), found.until.isoformat()) == (
        "2027-01-01T00:00:00+10:00",
        "2027-02-01T00:00:00+10:00",
    )
    assert bill(east, datetime(2026, 12, 31, 13, 30, tzinfo=UTC)).since.month == 12


def test_the_share_is_rounded_to_the_kopeck_half_up(cafe, now):
    buy(cafe, "0.50", now)
    assert bill(cafe, now).total == Decimal("0.02")


def test_nothing_of_a_lower_plan_is_taken_away(cafe, now):
    opened = []
    for plan in PLANS:
        plans.change_plan(cafe, plan.code, by=None, now=now)
        opened.append(features_of(cafe))
    assert all(lower < upper for lower, upper in pairwise(opened)) and opened[-1] == FEATURES
    assert "telegram_bot" in opened[0] and "web_widget" not in opened[0] and "crm_sync" not in opened[1]


def test_a_locked_feature_names_the_plan_that_opens_it(cafe, now):
    plans.require(cafe, "telegram_bot")
    with pytest.raises(FeatureLocked) as locked:
        plans.require(cafe, "web_widget")
    assert (locked.value.feature, locked.value.plan) == ("web_widget", "advanced")
    plans.change_plan(cafe, "advanced", by=None, now=now)
    plans.require(cafe, "web_widget")


def test_single_features_are_switched_for_one_partner(cafe, now):
    assert "web_widget" in plans.switch_features(cafe, {"web_widget": True, "telegram_bot": False}, by=None)
    assert not plans.is_open(cafe, "telegram_bot") and not plans.is_open(make_partner(), "web_widget")
    assert "telegram_bot" in plans.switch_features(cafe, {"telegram_bot": None, "web_widget": None}, by=None)
    assert cafe.features == {}
    for wrong in ({"export": True}, {"web_widget": 1}, {"web_widget": True, "what": True}):
        with pytest.raises(InvalidPlan):
            plans.switch_features(cafe, wrong, by=None)
    assert cafe.features == {} and set(SWITCHABLE) <= FEATURES


def test_there_are_three_plans_and_no_other(cafe, now):
    assert [(plan.code, plan.monthly, plan.percent) for plan in PLANS] == [
        ("basic", 0, 3),
        ("advanced", 2990, 2),
        ("enterprise", 4990, 2),
    ]
    with pytest.raises(InvalidPlan):
        plans.change_plan(cafe, "gold", by=None, now=now)
    assert cafe.plan == "basic"

"""What a month comes to: the figures are those that partners are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from loyalty import bills, inbound, plans, sales
from loyalty.clock import utcnow
from loyalty.identities import Identifier
from loyalty.sales import Basket, Caller
from models import db
from models.ledger import Purchase, Refund
from tests.factories import make_member, make_partner, noise

CASHIER = Caller("counter", "manual")
MOSCOW = ZoneInfo("Europe/Moscow")


@pytest.fixture
def now():
    return utcnow()


@pytest.fixture
def cafe(db_session):
    noise()
    return make_partner(plan="basic")


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


def test_history_that_a_system_sends_costs_nothing(cafe, now):
    caller = Caller("system", "pos_api")

    def send(number, earns):
        client = Identifier("customer_id", str(make_member(cafe).customer_id))
        document = inbound.Document(number, client, now, Basket(Decimal("1000.00")), earns=earns)
        inbound.take_purchase(cafe, "bitrix24", document, caller=caller, now=now)

    send("p-1", True)
    send("p-2", False)
    assert bills.bill(cafe, now).turnover == Decimal("1000.00")


@pytest.mark.parametrize(
    ("code", "turnover", "total"),
    [
        ("basic", "400000", "12000.00"),
        ("basic", "0", "0.00"),
        ("advanced", "100000", "4990.00"),
        ("enterprise", "600000", "16990.00"),
    ],
)
def test_the_fee_is_the_months_sum_and_a_share_of_the_turnover(db_session, now, code, turnover, total):
    cafe = make_partner(plan=code)
    if Decimal(turnover):
        buy(cafe, turnover, now)
    found = bills.bill(cafe, now)
    assert (found.turnover, found.total) == (Decimal(turnover).quantize(Decimal("0.01")), Decimal(total))


def test_refunds_of_the_month_reduce_the_turnover_and_never_below_nothing(cafe, now):
    first, second = buy(cafe, "1000.00", now), buy(cafe, "500.00", now)
    sales.post_refund(cafe, first, caller=CASHIER, key="1", now=now, amount=Decimal("300.00"))
    assert bills.bill(cafe, now).turnover == Decimal("1200.00")
    sales.undo(cafe, second, caller=CASHIER, now=now)
    assert bills.bill(cafe, now).turnover == Decimal("700.00")
    old = buy(make_partner(), "1.00", now)
    assert old and bills.bill(cafe, now).turnover == Decimal("700.00"), "another partner's is not counted"
    bought = db.session.get_one(Purchase, (cafe.id, first))
    bought.occurred_at = now - timedelta(days=70)
    db.session.flush()
    assert bills.bill(cafe, now).turnover == Decimal("0.00"), "returned now, bought in another month"
    assert bills.bill(cafe, now - timedelta(days=70)).turnover == Decimal("1000.00")


def test_history_from_before_the_programme_costs_nothing(cafe, now):
    purchase = db.session.get_one(Purchase, (cafe.id, buy(cafe, "1000.00", now)))
    purchase.source = "import"
    db.session.flush()
    assert bills.bill(cafe, now).turnover == 0


def test_a_month_is_the_partners_own(db_session, now):
    east = make_partner(timezone="Asia/Vladivostok")
    found = bills.bill(east, datetime(2026, 12, 31, 14, 30, tzinfo=UTC))
    assert (found.since.isoformat(), found.until.isoformat()) == (
        "2027-01-01T00:00:00+10:00",
        "2027-02-01T00:00:00+10:00",
    )
    assert bills.bill(east, datetime(2026, 12, 31, 13, 30, tzinfo=UTC)).since.month == 12


def test_the_share_is_rounded_to_the_kopeck_half_up(cafe, now):
    buy(cafe, "0.50", now)
    assert bills.bill(cafe, now).total == Decimal("0.02")


def at(day, month=4, hour=12):
    return datetime(2026, month, day, hour, tzinfo=MOSCOW)


@pytest.fixture
def sell(cafe, now):
    """`sell(amount, when)` is a purchase of that moment."""
    cafe.created_at = at(1, 1)

    def sell(amount, when):
        purchase = db.session.get_one(Purchase, (cafe.id, buy(cafe, amount, now)))
        purchase.occurred_at = when
        db.session.flush()
        return purchase.id

    return sell


def told(found):
    return [(one.plan.code, one.monthly, one.turnover, one.share) for one in found.stretches]


def money(text):
    return Decimal(text).quantize(Decimal("0.01"))


def test_a_plan_that_begins_within_the_month_costs_by_days_and_each_purchase_its_own_share(cafe, sell):
    sell("100000.00", at(10))
    plans.change_plan(cafe, "enterprise", by=None, now=at(16))
    sell("200000.00", at(20))
    found = bills.bill(cafe, at(25))
    # 15 of April's 30 days
    assert told(found) == [
        ("basic", money("0"), money("100000"), money("3000")),
        ("enterprise", money("2495"), money("200000"), money("4000")),
    ]
    assert (found.plan.code, found.turnover, found.total) == ("enterprise", money("300000"), money("9495"))
    assert bills.bill(cafe, at(25, 5)).total == money("4990"), "the next month is whole"


def test_a_day_costs_the_dearest_plan_that_was_in_force_on_it(cafe, sell):
    plans.change_plan(cafe, "enterprise", by=None, now=at(10, hour=9))
    plans.change_plan(cafe, "advanced", by=None, now=at(10, hour=20))
    plans.change_plan(cafe, "basic", by=None, now=at(12, hour=8))
    found = bills.bill(cafe, at(25))
    assert [(one.plan.code, one.monthly) for one in found.stretches] == [
        ("basic", money("0")),
        ("enterprise", money("166.33")),
        ("advanced", money("199.33")),
        ("basic", money("0")),
    ]


def test_what_is_returned_gives_back_the_share_it_was_bought_under(cafe, sell, now):
    bought = sell("100000.00", at(10))
    plans.change_plan(cafe, "enterprise", by=None, now=at(16))
    sales.post_refund(cafe, bought, caller=CASHIER, key="1", now=now, amount=Decimal("40000.00"))
    refund = db.session.scalar(db.select(Refund).where(Refund.purchase_id == bought))
    refund.occurred_at = at(20)
    db.session.flush()
    assert bills.bill(cafe, at(25)).share == money("1800")
    refund.occurred_at = at(2, 5)
    db.session.flush()
    assert bills.bill(cafe, at(25)).share == money("3000")
    following = bills.bill(cafe, at(25, 5))
    assert (following.turnover, following.share, following.total) == (money("0"), money("0"), money("4990"))


def test_a_month_ends_at_midnight_of_the_partner(cafe, sell):
    sell("1000.00", datetime(2026, 4, 30, 20, 59, 59, tzinfo=UTC))
    sell("10.00", datetime(2026, 4, 30, 21, 0, tzinfo=UTC))
    assert [bills.bill(cafe, at(15, month)).turnover for month in (4, 5)] == [money("1000"), money("10")]


def test_the_months_before_are_told_back_to_the_partners_first(cafe, sell):
    sell("500.00", at(31, 3))
    sell("700.00", at(1))
    found = bills.list_bills(cafe, at(25), 12)
    assert [one.since.month for one in found] == [4, 3, 2, 1]
    assert [one.turnover for one in found] == [money("700"), money("500"), money("0"), money("0")]
    assert len(bills.list_bills(cafe, at(25), 2)) == 2
    assert found == [bills.bill(cafe, one.since) for one in found]


def test_the_platforms_list_says_what_each_partner_comes_to(cafe, sell):
    sell("1000.00", at(10))
    plans.change_plan(cafe, "advanced", by=None, now=at(16))
    other = make_partner(name="Ёлка 100%", timezone="Asia/Vladivostok")
    found = bills.list_partners("", at(25), limit=2)
    assert [one.partner.id for one in found] == [other.id, cafe.id]
    assert [one.bill for one in found] == [bills.bill(other, at(25)), bills.bill(cafe, at(25))]
    assert [one.partner.id for one in bills.list_partners("ёлка 100%", at(25))] == [other.id]
    assert [one.partner.id for one in bills.list_partners(cafe.code, at(25))] == [cafe.id]
    assert cafe.id in {one.partner.id for one in bills.list_partners("", at(25), after=other.id)}
    assert bills.list_partners("ё_ка", at(25)) == []


@pytest.mark.parametrize(
    ("code", "turnover", "total"), [("basic", "400000", "12000"), ("enterprise", "600000", "16990")]
)
def test_a_whole_month_is_estimated_for_every_plan(code, turnover, total):
    assert bills.estimate(plans.find_plan(code), Decimal(turnover)) == Decimal(total)

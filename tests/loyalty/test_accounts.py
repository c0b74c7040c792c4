from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from loyalty import accounts, ledger, sales
from loyalty.accounts import PurchaseFilter
from loyalty.programme import price
from loyalty.rules import Rules
from loyalty.sales import Basket, Caller
from loyalty.types import Line
from models.partner import Branch
from tests.factories import NOW, identifier_of, make_customer, make_member, make_partner, noise
from tests.statements import counted_statements

CASHIER = Caller("person:cashier", "manual")
COFFEE, CAKE = Line(Decimal("400.00"), name="Капучино"), Line(Decimal("600.00"), name="Торт")


def buy(partner, person, key, lines=(COFFEE, CAKE), **more):
    basket = Basket(sum(line.amount for line in lines), lines)
    options = {"kind": "accrual", "caller": CASHIER, "key": key, "now": NOW} | more
    return sales.post_transaction(partner, identifier_of(person), basket, **options)


@pytest.fixture
def partner(db_session):
    noise()
    place = make_partner(Rules(min_spend=1))
    stranger = make_customer()
    sale = buy(place, stranger, "theirs")
    sales.post_refund(place, sale.purchase_id, amount=Decimal("5.00"), caller=CASHIER, key="r", now=NOW)
    return place


def test_a_purchase_tells_what_came_back_of_it(partner, db_session):
    person = make_customer()
    (branch,) = db_session.query(Branch).filter_by(partner_id=partner.id)
    ledger.adjust(partner.id, make_member(partner, person).id, 300, source="admin", source_ref="gift", now=NOW)
    sale = buy(partner, person, "a", points=200, branch_id=branch.id)
    sales.post_refund(partner, sale.purchase_id, lines={1: Decimal("100.00")}, caller=CASHIER, key="1", now=NOW)
    sales.post_refund(partner, sale.purchase_id, amount=Decimal("300.00"), caller=CASHIER, key="2", now=NOW)
    (shown,), _ = accounts.list_purchases(person.id, PurchaseFilter())
    assert [(line.name, line.remaining) for line in shown["lines"]] == [
        ("Капучино", Decimal("200.00")),
        ("Торт", Decimal("400.00")),
    ]
    assert [(refund.amount, refund.money_back, refund.given_back) for refund in shown["refunds"]] == [
        (Decimal("100.00"), Decimal("80.00"), 20),
        (Decimal("300.00"), Decimal("240.00"), 60),
    ]
    assert (shown["earned"], shown["spent"], shown["branch_name"]) == (24, 120, "Главный")
    assert (shown["partner_code"], shown["currency"]) == (partner.code, "RUB")


def test_a_document_that_moved_to_another_customer_brings_no_points_along(partner):
    first, second = make_customer(), make_customer()
    for version, person in enumerate((first, second), 1):
        ledger.reconcile(
            partner.id,
            make_member(partner, person).id,
            ledger.Document("yclients", "visit", NOW, version=version, content=str(person.id)),
            [CAKE],
            lambda member: price([CAKE], Rules(), member, at=NOW, zone=NOW.tzinfo),
            now=NOW,
        )
    assert accounts.list_purchases(first.id, PurchaseFilter())[0] == []
    (shown,), _ = accounts.list_purchases(second.id, PurchaseFilter())
    assert (shown["earned"], shown["refunds"]) == (30, [])


def test_many_purchases_cost_as_many_queries_as_one(partner):
    few, many = make_customer(), make_customer()
    for person, count in ((few, 1), (many, 12)):
        for number in range(count):
            sale = buy(partner, person, f"{person.id}{number}")
            sales.post_refund(partner, sale.purchase_id, amount=Decimal("1.00"), caller=CASHIER, key="r", now=NOW)
    counts = []
    for person in (few, many):
        with counted_statements() as statements:
            accounts.list_purchases(person.id, PurchaseFilter())
        counts.append(len(statements))
    assert counts == [4, 4]


def test_figures_of_several_periods_come_together(partner):
    person, far = make_customer(), make_partner(timezone="Asia/Vladivostok")
    evening = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)  # already the 11th in Vladivostok
    sale = buy(partner, person, "a", (CAKE,))
    sales.post_refund(partner, sale.purchase_id, amount=Decimal("100.00"), caller=CASHIER, key="r", now=NOW)
    whole = buy(partner, person, "b", (CAKE,))
    sales.post_refund(partner, whole.purchase_id, amount=Decimal("600.00"), caller=CASHIER, key="r", now=NOW)
    buy(far, person, "c", now=evening)
    buy(partner, person, "d", now=evening, occurred_at=evening - timedelta(days=60))
    day = date(2026, 3, 10)
    later, today, spring, empty = accounts.list_figures(
        person.id,
        [(day + timedelta(1), day + timedelta(1)), (day, day), (day - timedelta(90), day), (date(2020, 1, 1),) * 2],
    )
    assert (later.purchases, later.spent, later.average_check) == (1, Decimal("1000.00"), Decimal("1000.00"))
    assert (today.purchases, today.spent) == (1, Decimal("500.00"))
    assert (spring.purchases, spring.spent, spring.average_check) == (2, Decimal("1500.00"), Decimal("750.00"))
    assert (empty.purchases, empty.spent, empty.average_check) == (0, Decimal(0), None)

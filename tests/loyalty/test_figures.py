"""A partner's figures: the same sums however they are laid out, in days of the partner's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from loyalty import figures, sales
from loyalty.figures import Delta
from loyalty.sales import Basket, Caller
from tests.factories import NOW, identifier_of, make_branch, make_customer, make_partner, noise

CALLER = Caller("person:cashier", "manual")


def buy(partner, amount, at, branch=None, person=None):
    buyer = identifier_of(person or make_customer())
    options = {"kind": "accrual", "caller": CALLER, "key": f"{amount} {at}", "occurred_at": at, "now": max(at, NOW)}
    branch_id = branch.id if branch else None
    return sales.post_transaction(partner, buyer, Basket(Decimal(amount)), branch_id=branch_id, **options)


@pytest.fixture
def partner(db_session):
    buy(noise(), "9999.00", NOW)
    return make_partner()


def test_today_is_compared_with_yesterday_up_to_this_hour(partner):
    buy(partner, "100.00", NOW)
    buy(partner, "200.00", NOW - timedelta(days=1, hours=1))
    buy(partner, "400.00", NOW - timedelta(days=1) + timedelta(hours=1))
    found = figures.summarise_partner(partner, days=1, now=NOW, to_this_hour=True)
    assert (found["current"]["turnover"], found["previous"]["turnover"]) == (Decimal(100), Decimal(200))
    whole = figures.summarise_partner(partner, days=1, now=NOW)
    assert (whole["current"], whole["previous"]["turnover"]) == (found["current"], Decimal(600))


def test_a_day_is_the_partners_own(db_session):
    far = make_partner(timezone="Asia/Vladivostok")
    evening = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)  # an hour into the 11th in Vladivostok
    buy(far, "100.00", evening)
    buy(far, "50.00", evening - timedelta(hours=2))
    assert figures.list_turnover(far, days=2, now=evening) == [
        (date(2026, 3, 10), Decimal(50)),
        (date(2026, 3, 11), Decimal(100)),
    ]
    found = figures.summarise_partner(far, days=1, now=evening, to_this_hour=True)
    assert (found["current"]["turnover"], found["previous"]["turnover"]) == (Decimal(100), Decimal(0))


def test_days_and_branches_add_up_to_the_turnover(partner):
    first, second, closed, _ = (make_branch(partner, name) for name in ("Первая", "Вторая", "Бывшая", "Пустая"))
    for n, branch in enumerate((first, second, second, closed, None)):
        buy(partner, f"{n + 1}00.00", NOW - timedelta(days=n), branch)
    sale = buy(partner, "900.00", NOW - timedelta(days=2), first)
    sales.post_refund(partner, sale.purchase_id, amount=Decimal("900.00"), caller=CALLER, key="r", now=NOW)
    closed.state = "closed"
    total = figures.summarise_partner(partner, days=7, now=NOW)["current"]
    by_day = figures.list_turnover(partner, days=7, now=NOW)
    by_branch = figures.list_branch_figures(partner, days=7, now=NOW)
    assert len(by_day) == 7 and by_day[0] == (date(2026, 3, 4), Decimal(0)) and by_day[-1][1] == Decimal(100)
    assert sum(turnover for _, turnover in by_day) == total["turnover"] == Decimal(1500)
    assert sum(row.turnover for row in by_branch) == total["turnover"]
    assert sum(row.purchases for row in by_branch) == total["purchases"] == 5
    sold = {"Вторая": 500, None: 500, "Бывшая": 400, "Первая": 100, "Главный": 0, "Пустая": 0}
    assert {row.name: row.turnover for row in by_branch} == sold
    assert [row.turnover for row in by_branch] == sorted(sold.values(), reverse=True)
    alone = figures.list_turnover(partner, days=7, now=NOW, branch_id=second.id)
    assert sum(turnover for _, turnover in alone) == Decimal(500)


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        (150, 100, Delta(50, None)),
        (100, 100, Delta(0, None)),
        (Decimal("50.00"), Decimal("100.00"), Delta(-50, None)),
        (0, 100, Delta(-100, None)),
        (1, 1000, Delta(-99, None)),
        (1000, 100, Delta(900, None)),
        (1300, 100, Delta(1200, 12)),
        (5, 0, None),
        (0, 0, None),
        (None, Decimal(5), None),
        (Decimal(5), None, None),
    ],
)
def test_only_what_is_none_at_all_has_fallen_by_all_of_it(now, before, expected):
    assert figures.compare(now, before) == expected

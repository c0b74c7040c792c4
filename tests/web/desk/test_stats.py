from datetime import timedelta
from decimal import Decimal

import pytest

from loyalty import partners, sales
from loyalty.clock import utcnow
from loyalty.identities import Identifier
from models import transaction
from models.partner import Partner
from tests.factories import make_customer
from tests.web.browser import Browser

PAGE = "/partner/stats"


@pytest.fixture
def sell(app, cast):
    """A purchase at a house so many days ago."""

    def sell(house, amount: str, days: int) -> None:
        with app.app_context(), transaction() as session:
            sales.post_transaction(
                session.get_one(Partner, house.partner_id),
                Identifier("phone", house.phone),
                sales.Basket(Decimal(amount)),
                kind="accrual",
                caller=sales.Caller("tests", "manual"),
                key=f"{amount} {days}",
                occurred_at=utcnow() - timedelta(days=days),
                now=utcnow(),
                branch_id=house.branch_id,
            )

    return sell


def test_a_period_stands_beside_the_one_before(desk, cast, sell, words):
    sell(cast.theirs, "7777.00", 1)
    sell(cast.ours, "1500.00", 1)
    sell(cast.ours, "1000.00", 10)
    manager = desk("manager")
    page = words(manager.get(f"{PAGE}?days=7"))
    assert "Оборот 1 500 ₽ +50 % было 1 000 ₽" in page
    assert "Начислено баллов 75 +50 % было 50" in page
    assert "7 777" not in page
    month = words(manager.get(PAGE))
    assert "Оборот 2 500 ₽ было 0 ₽" in month


def test_a_branch_of_ones_own_can_be_looked_at_alone(desk, cast, sell, words):
    sell(cast.ours, "1500.00", 1)
    manager = desk("manager")
    assert "Оборот 1 500 ₽" in words(manager.get(f"{PAGE}?branch_id={cast.ours.branch_id}"))
    foreign = manager.get(f"{PAGE}?branch_id={cast.theirs.branch_id}")
    missing = manager.get(f"{PAGE}?branch_id=nonsense")
    assert (foreign.status_code, missing.status_code) == (404, 404)


@pytest.mark.parametrize("days", ["", "0", "31", "x", "9" * 30])
def test_another_period_is_a_month(desk, days):
    page = desk("owner").get(f"{PAGE}?days={days}")
    assert page.status_code == 200
    assert 'href="/partner/stats?days=30" aria-current="page"' in page.text


def test_a_partner_with_no_past_sees_that_nothing_happened(app, words):
    with app.app_context(), transaction():
        owner_id = make_customer().id
        partners.create_partner("Новая", owner_id=owner_id, now=utcnow())
    page = words(Browser(app).sign_in(owner_id).get(PAGE))
    assert "За это время ничего не было" in page


def test_figures_are_not_for_cashiers(desk):
    assert desk("cashier").get(PAGE).status_code == 403

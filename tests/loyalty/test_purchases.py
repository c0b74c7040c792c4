"""A partner's staff look up what was bought, and what of it came back."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from loyalty import purchases, sales
from loyalty.clock import utcnow
from loyalty.errors import InvalidCursor, PurchaseNotFound
from loyalty.sales import Basket, Caller
from loyalty.types import Line
from models import db
from models.customer import Customer
from tests.factories import (
    identifier_of,
    make_branch,
    make_customer,
    make_member,
    make_partner,
    make_staff,
    noise,
)
from tests.statements import counted_statements

CASHIER = Caller("person:cashier", "manual")


@pytest.fixture
def now():
    return utcnow()


@pytest.fixture
def cafe(db_session, now):
    stranger = noise()
    buy(stranger, make_member(stranger, name="Иван чужой"), now, key="noise", receipt_id="77")
    return make_partner()


@pytest.fixture
def ivan(cafe):
    return make_member(cafe, make_customer(name="Иван"))


def buy(partner, membership, now, *, amount="1000.00", key, caller=CASHIER, lines=(), **more):
    person = db.session.get(Customer, membership.customer_id)
    basket = Basket(Decimal(amount), tuple(lines))
    return sales.post_transaction(
        partner, identifier_of(person), basket, kind="accrual", caller=caller, key=key, now=now, **more
    ).purchase_id


def listed(partner, now, query="", *, caller=CASHIER, contacts=True, **more):
    rows, cursor = purchases.list_purchases(partner, query, caller=caller, contacts=contacts, now=now, **more)
    return [row.purchase_id for row in rows], cursor


def show(partner, purchase_id, now, *, caller=CASHIER, contacts=True):
    return purchases.show_purchase(partner, purchase_id, caller=caller, contacts=contacts, now=now)


def test_the_latest_purchase_comes_first_and_pages_leave_none_out(cafe, ivan, now):
    days = [3, 1, 2, 2, 0]
    made = [buy(cafe, ivan, now, key=str(n), occurred_at=now - timedelta(days=day)) for n, day in enumerate(days)]
    read, cursor = [], None
    while not read or cursor:
        page, cursor = listed(cafe, now, cursor=cursor, limit=2)
        read += page
    assert read == [made[4], made[1], *sorted((made[2], made[3]), reverse=True), made[0]]
    with pytest.raises(InvalidCursor):
        listed(cafe, now, cursor="nonsense")


def test_a_purchase_is_found_by_its_receipt_and_by_its_customer(cafe, ivan, now):
    anna = make_member(cafe, make_customer(name="Анна"))
    branch = make_branch(cafe)
    hers = buy(cafe, anna, now, key="a", receipt_id="77", branch_id=branch.id)
    his = buy(cafe, ivan, now, key="b", branch_id=branch.id)
    phone = identifier_of(db.session.get(Customer, anna.customer_id)).value
    for query in ("77", " 77 ", "Анна", "анна", phone, phone[2:]):
        assert listed(cafe, now, query) == ([hers], None), query
    assert listed(cafe, now, customer_id=ivan.customer_id) == ([his], None)
    for query in ("7", "Пётр", "\u0000", str(his), CASHIER.reference("b")):
        assert listed(cafe, now, query) == ([], None), query


def test_without_contacts_nobody_is_found_by_them_and_none_is_shown(cafe, ivan, now):
    purchase_id = buy(cafe, ivan, now, key="a")
    phone = identifier_of(db.session.get(Customer, ivan.customer_id)).value
    assert listed(cafe, now, phone, contacts=False) == ([], None)
    assert listed(cafe, now, "Иван", contacts=False) == ([purchase_id], None)
    assert show(cafe, purchase_id, now, contacts=False).row.customer_phone is None
    assert show(cafe, purchase_id, now).row.customer_phone == phone


def test_a_cashier_sees_the_purchases_of_their_branch_and_those_of_none(cafe, ivan, now):
    here, there = make_branch(cafe), make_branch(cafe)
    mine = buy(cafe, ivan, now, key="a", branch_id=here.id)
    nowhere = buy(cafe, ivan, now, key="b")
    foreign = buy(cafe, ivan, now, key="c", branch_id=there.id)
    bound = Caller("person:bound", "manual", branch_id=here.id)
    assert set(listed(cafe, now, caller=bound)[0]) == {mine, nowhere}
    assert show(cafe, mine, now, caller=bound).row.branch_name == here.name
    for partner, caller in ((cafe, bound), (make_partner(), CASHIER)):
        with pytest.raises(PurchaseNotFound):
            show(partner, foreign, now, caller=caller)


def test_a_purchase_shows_what_came_back_and_what_can_still_be_returned(cafe, ivan, now):
    lines = (Line(Decimal("300.00"), name="Капучино"), Line(Decimal("700.00"), name="Торт"))
    purchase_id = buy(cafe, ivan, now, key="a", lines=lines)
    sales.post_refund(cafe, purchase_id, caller=CASHIER, key="r1", now=now, lines={2: Decimal("200.00")})
    sales.post_refund(cafe, purchase_id, caller=CASHIER, key="r2", now=now, amount=Decimal("80.00"))
    card = show(cafe, purchase_id, now)
    assert (card.row.refunded, card.row.remaining, card.money_back) == (
        Decimal("280.00"),
        Decimal("720.00"),
        Decimal("280.00"),
    )
    assert [(line.name, line.remaining) for line in card.row.lines] == [
        ("Капучино", Decimal("270.00")),
        ("Торт", Decimal("450.00")),
    ]
    assert [(refund.amount, refund.taken) for refund in card.refunds] == [
        (Decimal("200.00"), 10),
        (Decimal("80.00"), 4),
    ]
    assert (card.row.earned, card.balance, card.row.is_undone) == (36, 36, False)


def test_a_purchase_names_who_entered_it(cafe, ivan, now):
    olga = make_staff(cafe)
    olga.name = "Ольга"
    caller = Caller("person:olga", "manual", actor=olga.customer_id)
    assert show(cafe, buy(cafe, ivan, now, key="a", caller=caller), now).cashier == "Ольга"
    assert show(cafe, buy(cafe, ivan, now, key="b"), now).cashier is None


def test_an_undone_purchase_says_so_and_keeps_its_receipt(cafe, ivan, now):
    purchase_id = buy(cafe, ivan, now, key="a", receipt_id="77")
    assert show(cafe, purchase_id, now).row.undo_until is not None
    sales.undo(cafe, purchase_id, caller=CASHIER, now=now)
    row = show(cafe, purchase_id, now).row
    assert (row.is_undone, row.undo_until, row.receipt_id, row.earned) == (True, None, "77", 0)
    again = buy(cafe, ivan, now, key="b", receipt_id="77")
    assert set(listed(cafe, now, "77")[0]) == {purchase_id, again}


def test_what_can_no_longer_be_undone_says_so(cafe, ivan, now):
    purchase_id = buy(cafe, ivan, now, key="a")
    assert show(cafe, purchase_id, now + 2 * sales.UNDO_WITHIN).row.undo_until is None
    posted = buy(cafe, ivan, now, key="b", caller=Caller("till:one", "pos_api"))
    assert show(cafe, posted, now).row.undo_until is None


def test_a_page_costs_the_same_however_many_purchases_it_has(cafe, ivan, now):
    def statements():
        db.session.commit()
        with counted_statements() as found:
            listed(cafe, now)
        return len([sql for sql in found if not sql.startswith("SELECT partner")])

    buy(cafe, ivan, now, key="first")
    one = statements()
    for n in range(8):
        sale = buy(cafe, make_member(cafe), now, key=str(n), lines=(Line(Decimal(400)), Line(Decimal(600))))
        sales.post_refund(cafe, sale, caller=CASHIER, key="r", now=now, amount=Decimal(100))
    assert statements() == one <= 4

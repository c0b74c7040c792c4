"""What a customer wants to spend moves nothing by itself, is seen with their code only, and follows what the till does."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from loyalty import codes, ledger, pos, sales, spending, verify
from loyalty.errors import BelowMinimum, CustomerNotFound, NotEnoughPoints, WishHeld
from loyalty.identities import Identifier
from loyalty.rules import Rules
from loyalty.sales import Basket, Caller
from models import db
from models.customer import Customer
from models.wish import SpendWish
from tests.factories import NOW, identifier_of, make_customer, make_member, make_partner, noise

TILL = Caller("counter", "manual")
CHECK = Basket(Decimal("1000.00"))


@pytest.fixture
def cafe(db_session):
    noise()
    return make_partner(Rules(min_spend=50, max_share=Decimal(50)))


@pytest.fixture
def ivan(cafe):
    """A member with 300 points."""
    member = make_member(cafe, make_customer(name="Иван"))
    ledger.adjust(cafe.id, member.id, 300, source="admin", source_ref="start", now=NOW)
    return member


def code_of(member, now=NOW):
    return Identifier("code", codes.show(member.customer_id, now)[0])


def phone_of(member):
    return identifier_of(db.session.get_one(Customer, member.customer_id))


def state(member, now=NOW):
    found = spending.show(member.customer_id, member.partner_id, now)
    return (found.state, found.points) if found else None


def hold(cafe, identifier, points, now=NOW):
    quoted = pos.quote(cafe, identifier, CHECK, caller=TILL, now=now)
    return quoted, pos.hold(cafe, quoted.quote_id, points, caller=TILL, now=now)


def test_a_member_may_choose_up_to_what_a_large_check_would_take(cafe, ivan):
    choice = spending.choose(ivan.customer_id, cafe, NOW)
    assert (choice.most, choice.available, choice.check_for(300)) == (300, 300, Decimal("600.00"))
    for points, refused in ((301, NotEnoughPoints), (49, BelowMinimum)):
        with pytest.raises(refused):
            spending.wish(ivan.customer_id, cafe, points, NOW)
    assert state(ivan) is None
    for stranger in (make_customer().id, make_member(make_partner()).customer_id):
        with pytest.raises(CustomerNotFound):
            spending.wish(stranger, cafe, 100, NOW)


def test_where_points_pay_nothing_there_is_nothing_to_choose(db_session):
    shop = make_partner(Rules(max_share=Decimal(0)))
    member = make_member(shop)
    ledger.adjust(shop.id, member.id, 300, source="admin", source_ref="start", now=NOW)
    assert spending.choose(member.customer_id, shop, NOW).most == 0


def test_a_wish_moves_nothing_and_is_seen_with_the_code_only(cafe, ivan):
    spending.wish(ivan.customer_id, cafe, 120, NOW)
    db.session.refresh(ivan)
    assert (ivan.balance, ivan.held) == (300, 0)

    def seen(identifier, partner=cafe, now=NOW):
        return sales.preview(partner, identifier, CHECK, caller=TILL, now=now, contacts=False).wished

    assert seen(code_of(ivan)) == 120
    assert pos.quote(cafe, code_of(ivan), CHECK, caller=TILL, now=NOW).wished == 120
    assert seen(phone_of(ivan)) is None
    assert pos.quote(cafe, phone_of(ivan), CHECK, caller=TILL, now=NOW).wished is None
    elsewhere = make_partner()
    make_member(elsewhere, db.session.get_one(Customer, ivan.customer_id))
    assert seen(code_of(ivan), elsewhere) is None
    late = NOW + spending.LIFE
    assert seen(code_of(ivan, late), now=late) is None
    assert state(ivan, late) is None


def test_a_new_wish_takes_the_place_of_the_old_and_cancelling_leaves_none(cafe, ivan):
    spending.wish(ivan.customer_id, cafe, 120, NOW)
    spending.wish(ivan.customer_id, cafe, 60, NOW)
    assert state(ivan) == ("waiting", 60)
    for _ in range(2):
        spending.cancel(ivan.customer_id, cafe.id, NOW)
        assert state(ivan) is None


def test_the_page_follows_a_reservation_to_its_end(cafe, ivan):
    spending.wish(ivan.customer_id, cafe, 120, NOW)
    _, held = hold(cafe, code_of(ivan), 100)
    assert state(ivan) == ("held", 100)
    for act in (
        lambda: spending.cancel(ivan.customer_id, cafe.id, NOW),
        lambda: spending.wish(ivan.customer_id, cafe, 60, NOW),
    ):
        with pytest.raises(WishHeld):
            act()
    pos.void(cafe, held.hold_id, caller=TILL, now=NOW)
    assert state(ivan) == ("released", 100)
    spending.wish(ivan.customer_id, cafe, 80, NOW)
    _, held = hold(cafe, code_of(ivan), 80)
    much_later = NOW + timedelta(minutes=14)
    sale = pos.capture(cafe, held.hold_id, CHECK.amount, caller=TILL, now=much_later)
    assert state(ivan, much_later) == ("spent", 80)
    assert spending.show(ivan.customer_id, cafe.id, much_later).purchase_id == sale.purchase_id
    assert state(ivan, much_later + spending.LIFE) is None
    db.session.refresh(ivan)
    assert (ivan.balance, ivan.held) == (300 - 80 + sale.earned, 0)
    assert list(verify.breaches(db.session.connection())) == []


def test_a_reservation_that_nobody_finished_is_over_with_its_time(cafe, ivan):
    spending.wish(ivan.customer_id, cafe, 120, NOW)
    hold(cafe, code_of(ivan), 100)
    assert state(ivan, NOW + timedelta(minutes=15)) is None
    spending.wish(ivan.customer_id, cafe, 60, NOW + timedelta(minutes=15))


def test_points_that_are_spent_without_a_reservation_end_the_wish_too(cafe, ivan):
    spending.wish(ivan.customer_id, cafe, 120, NOW)
    options = {"caller": TILL, "now": NOW}
    sales.post_transaction(cafe, phone_of(ivan), CHECK, kind="accrual", key="earns only", **options)
    assert state(ivan) == ("waiting", 120)
    sales.post_transaction(cafe, code_of(ivan), CHECK, kind="accrual", key="spends", points=70, **options)
    assert state(ivan) == ("spent", 70)


def test_a_member_who_is_forgotten_wishes_nothing(cafe, ivan):
    spending.wish(ivan.customer_id, cafe, 120, NOW)
    spending.forget(cafe.id, ivan.id)
    assert db.session.get(SpendWish, (cafe.id, ivan.id)) is None

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from loyalty import accounts, ledger, pos, sales, wallet
from loyalty.errors import CustomerNotFound
from loyalty.programmes import set_rules
from loyalty.rules import Rules
from loyalty.sales import Basket, Caller
from models import new_id
from tests.factories import NOW, identifier_of, make_customer, make_member, make_partner, noise
from tests.statements import counted_statements

CASHIER = Caller("person:cashier", "manual")
TILL = Caller("till:one", "pos_api")


def credit(partner, person, amount, key, *, now=NOW):
    return sales.post_transaction(
        partner, identifier_of(person), Basket(Decimal(amount)), kind="accrual", caller=CASHIER, key=key, now=now
    )


def hold(partner, person, points, *, now=NOW):
    quoted = pos.quote(partner, identifier_of(person), Basket(Decimal(1000)), caller=TILL, now=now)
    return pos.hold(partner, quoted.quote_id, points, caller=TILL, now=now)


@pytest.fixture
def person(db_session):
    """Somebody among strangers who have points of every kind at the same partners' neighbours."""
    stranger, theirs = make_customer(), make_partner(Rules(pending_days=3, base_life_days=5, min_spend=1))
    noise()
    credit(theirs, stranger, "2000.00", "waits")
    ledger.adjust(theirs.id, make_member(theirs, stranger).id, 90, source="admin", source_ref="gift", now=NOW)
    hold(theirs, stranger, 40)
    return make_customer()


def test_a_wallet_holds_every_account_the_largest_first(person, db_session):
    cafe = make_partner(Rules(point_value=Decimal("0.50")), name="Кофейня")
    salon, empty = make_partner(name="Салон"), make_partner(name="Зал")
    credit(cafe, person, "1000.00", "a")
    credit(salon, person, "2000.00", "b")
    make_member(empty, person).segment = "new"
    db_session.flush()
    opened = wallet.open_wallet(person.id, NOW)
    assert [(one.partner_name, one.balance, one.worth, one.segment) for one in opened.pockets] == [
        ("Салон", 100, Decimal("100.00"), None),
        ("Кофейня", 50, Decimal("25.00"), None),
        ("Зал", 0, Decimal("0.00"), "new"),
    ]
    assert (opened.total, opened.worth, opened.timezone) == (150, Decimal("125.00"), "Europe/Moscow")
    assert (opened.pending, opened.held, opened.expiring, opened.waiting, opened.holds) == (0, 0, [], [], [])


def test_a_point_is_worth_what_the_programme_in_force_says(person):
    partner = make_partner(Rules(point_value=Decimal("0.50")))
    credit(partner, person, "1000.00", "a")
    set_rules(partner.id, Rules(point_value=Decimal("2.00")), by=person.id, now=NOW)
    assert wallet.open_wallet(person.id, NOW).worth == Decimal("100.00")


def test_a_newcomers_wallet_is_empty(person):
    assert wallet.open_wallet(person.id, NOW) == wallet.Wallet("Europe/Moscow", [])
    with pytest.raises(CustomerNotFound):
        wallet.open_wallet(new_id(), NOW)


def test_what_expires_is_listed_over_all_partners_the_soonest_first(person):
    salon = make_partner(Rules(base_life_days=20), name="Салон")
    cafe = make_partner(Rules(base_life_days=10), timezone="Asia/Vladivostok", name="Кофейня")
    credit(salon, person, "2000.00", "s")
    credit(cafe, person, "1000.00", "c")
    credit(cafe, person, "500.00", "d", now=NOW + timedelta(days=5))
    found = wallet.open_wallet(person.id, NOW + timedelta(days=5)).expiring
    assert [(one.pocket.partner_name, one.points, one.day) for one in found] == [
        ("Кофейня", 50, date(2026, 3, 20)),
        ("Кофейня", 25, date(2026, 3, 25)),
        ("Салон", 100, date(2026, 3, 30)),
    ]


def test_points_that_were_due_have_expired_before_they_are_shown(person):
    partner = make_partner(Rules(base_life_days=10))
    credit(partner, person, "1000.00", "a")
    opened = wallet.open_wallet(person.id, NOW + timedelta(days=30))
    assert (opened.total, opened.expiring) == (0, [])


def test_what_waits_is_listed_with_the_day_it_becomes_available(person):
    cafe = make_partner(Rules(pending_days=14), name="Кофейня")
    salon = make_partner(Rules(pending_days=2), timezone="Asia/Vladivostok", name="Салон")
    evening = datetime(2026, 3, 10, 20, 0, tzinfo=UTC)  # already the 11th in Vladivostok
    credit(cafe, person, "1000.00", "a")
    credit(cafe, person, "200.00", "b")
    credit(salon, person, "2000.00", "c", now=evening)
    opened = wallet.open_wallet(person.id, evening)
    assert [(one.pocket.partner_name, one.points, one.day) for one in opened.waiting] == [
        ("Салон", 100, date(2026, 3, 13)),
        ("Кофейня", 60, date(2026, 3, 24)),
    ]
    assert (opened.total, opened.pending) == (0, 160)
    later = wallet.open_wallet(person.id, NOW + timedelta(days=20))
    assert (later.total, later.waiting) == (160, [])


def test_what_tills_hold_is_listed_until_it_ends(person):
    partner = make_partner(Rules(hold_minutes=10, min_spend=1))
    ledger.adjust(partner.id, make_member(partner, person).id, 500, source="admin", source_ref="gift", now=NOW)
    held = hold(partner, person, 300)
    hold(partner, person, 0)
    opened = wallet.open_wallet(person.id, NOW)
    (shown,) = opened.holds
    assert (shown.pocket.partner_id, shown.points, shown.at) == (partner.id, 300, held.expires_at)
    assert (opened.total, opened.held) == (500, 300)
    assert wallet.open_wallet(person.id, held.expires_at).holds == []


def test_the_months_tell_what_came_and_went(person):
    partner = make_partner(Rules(base_life_days=40, min_spend=1))
    january = datetime(2026, 1, 31, 22, 0, tzinfo=UTC)  # already February in Moscow
    sale = credit(partner, person, "1000.00", "a", now=january)
    credit(partner, person, "2000.00", "b", now=NOW - timedelta(days=1))
    sales.post_refund(partner, sale.purchase_id, amount=Decimal("200.00"), caller=CASHIER, key="r", now=NOW)
    sales.post_transaction(
        partner,
        identifier_of(person),
        Basket(Decimal("30.00")),
        kind="redemption",
        caller=CASHIER,
        key="c",
        now=NOW,
    )
    later = NOW + timedelta(days=10)
    accounts.list_accounts(person.id, later)
    assert wallet.list_months(person.id, months=3, timezone="Europe/Moscow", now=later) == [
        wallet.Month(date(2026, 1, 1), 0, 0, 0),
        wallet.Month(date(2026, 2, 1), 50, 0, 0),
        wallet.Month(date(2026, 3, 1), 90, 30, 10),
    ]
    (only,) = wallet.list_months(person.id, months=1, timezone="Europe/Moscow", now=later)
    assert only.first_day == date(2026, 3, 1)


def test_the_months_of_two_accounts_that_became_one_count_once(person, db_session):
    partner, twin = make_partner(), make_customer()
    old, new = make_member(partner, twin), make_member(partner, person)
    credit(partner, twin, "1000.00", "a")
    ledger.merge(partner.id, old.id, new.id, now=NOW)
    (month,) = wallet.list_months(person.id, months=1, timezone="UTC", now=NOW)
    assert (month.earned, month.spent) == (50, 0)


def test_months_reach_over_the_turn_of_the_year(person):
    shown = wallet.list_months(person.id, months=14, timezone="UTC", now=NOW)
    assert (shown[0].first_day, shown[-1].first_day, len(shown)) == (date(2025, 2, 1), date(2026, 3, 1), 14)


def test_a_wallet_with_many_accounts_costs_as_many_queries_as_one(person):
    rules = Rules(base_life_days=10, pending_days=1, min_spend=1)

    def fill(how_many, who):
        for number in range(how_many):
            partner = make_partner(replace(rules, hold_minutes=number + 1))
            credit(partner, who, "1000.00", "a")
            ledger.adjust(partner.id, make_member(partner, who).id, 50, source="admin", source_ref="gift", now=NOW)
            hold(partner, who, 20)

    def look(who, now):
        with counted_statements() as statements:
            wallet.open_wallet(who.id, now)
            wallet.list_months(who.id, months=6, timezone="UTC", now=now)
        return len(statements)

    many = make_customer()
    fill(1, person)
    fill(7, many)
    assert look(many, NOW) == look(person, NOW) == 2
    for days in (1, 5, 40):
        at = NOW + timedelta(days=days)
        assert look(many, at) == look(person, at) <= 7
    assert wallet.open_wallet(many.id, at).total == 7 * 50

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from loyalty import accounts, ledger, sales, stories, welcome
from loyalty.clock import utcnow
from loyalty.consents import PERSONAL_DATA, record
from loyalty.programme import price
from loyalty.rules import Rules
from loyalty.sales import Basket, Caller
from loyalty.types import Line
from tests.factories import NOW, identifier_of, make_customer, make_member, make_partner, noise

CASHIER = Caller("person:cashier", "manual")
RULES = Rules(base_life_days=30, min_spend=1, welcome_bonus=100)


@pytest.fixture
def partner(db_session):
    noise()
    return make_partner(RULES)


@pytest.fixture
def person(partner):
    """A member among others with the same history."""
    stranger = make_customer()
    make_member(partner, stranger)
    post(partner, stranger, "1000.00", "k")
    customer = make_customer()
    make_member(partner, customer)
    return customer


def post(partner, person, amount, key, kind="accrual", now=NOW):
    return sales.post_transaction(
        partner, identifier_of(person), Basket(Decimal(amount)), kind=kind, caller=CASHIER, key=key, now=now
    )


def told(person, **narrowed):
    """Stories and points, the oldest first."""
    operations, _ = accounts.list_operations(person.id, limit=100, **narrowed)
    return [(stories.story_of(operation), operation.points) for operation in reversed(operations)]


def test_every_entry_of_a_partners_day_has_its_story(partner, person):
    account = make_member(partner, person)
    record(person.id, PERSONAL_DATA, True, place="web", now=NOW)
    welcome.grant_if_due(person.id, partner, NOW)
    sale = post(partner, person, "1000.00", "a")
    paid = post(partner, person, "40.00", "b", kind="redemption")
    for purchase_id, amount in ((sale.purchase_id, "400.00"), (paid.purchase_id, "10.00")):
        sales.post_refund(partner, purchase_id, amount=Decimal(amount), caller=CASHIER, key="r", now=NOW)
    fixed = ledger.adjust(partner.id, account.id, -5, source="admin", source_ref="1", reason="Ошибка кассы", now=NOW)
    ledger.reverse(partner.id, fixed.entry_id, now=NOW)
    label = {"source": "referral", "rules": {"label": "referral"}}
    friend = ledger.grant(partner.id, account.id, 20, source_ref="referral:1/friend", now=NOW, **label)
    ledger.reverse(partner.id, friend.entry_id, now=NOW, source="referral")
    accounts.list_accounts(person.id, NOW + timedelta(days=40))
    assert told(person) == [
        ("welcome", 100),
        ("purchase", 50),
        ("spent", -40),
        ("refund_took", -20),
        ("refund_gave", 10),
        ("corrected", -5),
        ("undone", 5),
        ("referral", 20),
        ("referral_undone", -20),
        ("expired", -10),
    ]


def test_a_foreign_systems_second_thoughts_have_stories_of_their_own(partner, person):
    account = make_member(partner, person)

    def visit(version, amount):
        document = ledger.Document("yclients", "visit", NOW, version=version, content=amount)
        lines = [Line(Decimal(amount))] if amount else None
        ledger.reconcile(
            partner.id,
            account.id,
            document,
            lines,
            lambda member: price(lines, RULES, member, at=NOW, zone=NOW.tzinfo),
            now=NOW,
        )

    for version, amount in enumerate(("1000.00", "1600.00", "600.00", None), 1):
        visit(version, amount)
    assert (
        told(person)
        == [
            ("purchase", 50),
            ("purchase_raised", 30),
            ("purchase_lowered", -30),
            ("purchase_lowered", -20),
            ("purchase_lowered", -30),
        ][: len(told(person))]
    )
    assert {story for story, _ in told(person)} == {"purchase", "purchase_raised", "purchase_lowered"}


def test_an_account_that_became_one_with_another_says_so(partner, person):
    twin = make_customer()
    old = make_member(partner, twin)
    post(partner, twin, "1000.00", "twin")
    ledger.merge(partner.id, old.id, make_member(partner, person).id, now=NOW)
    assert told(person) == [("purchase", 50), ("merged", -50), ("merged", 50)]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("earned", ["purchase"]),
        ("spent", ["spent"]),
        ("returned", ["refund_took"]),
        ("corrected", ["corrected"]),
        ("expired", ["expired"]),
    ],
)
def test_the_history_narrows_to_a_kind_and_a_partner(partner, person, kind, expected):
    other = make_partner(RULES)
    for place in (partner, other):
        account = make_member(place, person)
        sale = post(place, person, "1000.00", "a")
        post(place, person, "10.00", "b", kind="redemption")
        sales.post_refund(place, sale.purchase_id, amount=Decimal("100.00"), caller=CASHIER, key="r", now=NOW)
        ledger.adjust(place.id, account.id, 7, source="admin", source_ref="1", now=NOW)
    accounts.list_accounts(person.id, NOW + timedelta(days=40))
    assert [story for story, _ in told(person, kind=kind, partner_id=partner.id)] == expected
    assert len(told(person, kind=kind)) == 2


def test_a_narrowed_history_is_paged_without_loss_or_repeat(partner, person):
    other = make_partner(RULES)
    for number in range(6):
        place = (partner, other)[number % 2]
        post(place, person, f"{number + 1}000.00", f"a{number}")
        post(place, person, "10.00", f"b{number}", kind="redemption")
    seen, cursor = [], None
    while True:
        page, cursor = accounts.list_operations(person.id, kind="earned", cursor=cursor, limit=4)
        seen += [operation.points for operation in page]
        if cursor is None:
            break
    assert seen == [300, 250, 200, 150, 100, 50]


def test_an_operation_knows_what_its_story_needs(partner, person):
    account = make_member(partner, person)
    waiting = make_partner(Rules(pending_days=5, base_life_days=10), name="Салон")
    sale = post(partner, person, "1000.00", "a")
    sales.post_refund(partner, sale.purchase_id, amount=Decimal("400.00"), caller=CASHIER, key="r", now=NOW)
    ledger.adjust(partner.id, account.id, 3, source="admin", source_ref="1", reason="Извинение", now=NOW)
    post(waiting, person, "600.00", "c")
    operations, _ = accounts.list_operations(person.id)
    by_story = {stories.story_of(operation): operation for operation in operations}
    assert by_story["refund_took"].refund_amount == Decimal("400.00")
    assert by_story["corrected"].reason == "Извинение"
    waits, ready = operations[0], operations[-1]
    assert (waits.waits_until, waits.expires_at) == (NOW.replace(day=14, hour=21), NOW.replace(day=25, hour=21))
    assert (ready.waits_until, ready.check_amount, ready.partner_code) == (None, Decimal("1000.00"), partner.code)


def test_steps_explain_the_entry_they_led_to_and_no_other(partner, person):
    account = make_member(partner, person)
    vip = Rules(vip_factor=Decimal("1.5"))
    account.is_vip = True

    def visit(version, amount):
        ledger.reconcile(
            partner.id,
            account.id,
            ledger.Document("yclients", "visit", NOW, version=version, content=amount),
            [Line(Decimal(amount))],
            lambda member: price([Line(Decimal(amount))], vip, member, at=NOW, zone=NOW.tzinfo),
            now=NOW,
        )

    visit(1, "1010.00")
    (only,) = accounts.list_operations(person.id)[0]
    assert [step["kind"] for step in stories.explaining_steps(only)] == ["check", "base", "vip", "rounding"]
    visit(2, "2000.00")
    for operation in accounts.list_operations(person.id)[0]:
        assert stories.explaining_steps(operation) == [], "the steps add up to both entries together"


def test_a_purchase_typed_by_mistake_is_no_refund(partner, person):
    now = utcnow()
    post(partner, person, "1000.00", "a", now=now)
    paid = post(partner, person, "40.00", "b", kind="redemption", now=now)
    sales.undo(partner, paid.purchase_id, caller=CASHIER, now=now)
    assert told(person) == [("purchase", 50), ("spent", -40), ("purchase_undone", 40)]

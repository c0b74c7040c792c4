"""The stories a partner would tell, from the words of a till to the last entry."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from loyalty import accounts, codes, figures, ledger, pos, sales
from loyalty.errors import (
    AboveShare,
    BelowMinimum,
    BranchNotFound,
    BranchRequired,
    CodeUnknown,
    CustomerNotFound,
    HoldNotFound,
    HoldResolved,
    InvalidPurchase,
    NotEnoughPoints,
    PurchaseNotFound,
    ReceiptConflict,
    RefundTooLarge,
)
from loyalty.identities import Identifier
from loyalty.programme import PRESETS, price
from loyalty.programmes import set_rules
from loyalty.rules import Rules
from loyalty.sales import Basket, Caller
from loyalty.types import Line
from models.ledger import Entry, Membership
from models.partner import Branch
from models.work import Outbox
from tests.factories import NOW, identifier_of, make_branch, make_customer, make_member, make_partner, make_phone, noise

CASHIER = Caller("person:cashier", "manual")
TILL = Caller("till:one", "pos_api")


def credit(partner, identifier, amount, key, **more):
    basket = Basket(Decimal(amount), tuple(more.pop("lines", ())))
    options = {"kind": "accrual", "caller": CASHIER, "key": key, "now": NOW} | more
    return sales.post_transaction(partner, identifier, basket, **options)


def spend(partner, identifier, amount, key, **more):
    return credit(partner, identifier, amount, key, kind="redemption", **more)


@pytest.fixture
def cafe(db_session):
    noise()
    return make_partner()


@pytest.fixture
def ivan(cafe):
    """Иван, a member with 750 points."""
    customer = make_customer(name="Иван")
    membership = make_member(cafe, customer)
    ledger.adjust(cafe.id, membership.id, 750, source="admin", source_ref="start", now=NOW)
    return identifier_of(customer)


def balance(cafe, who) -> int:
    (account,) = accounts.list_accounts(sales.find_member(cafe, who)[0].id, NOW)
    return account.balance


def test_the_demo_story_credits_once_and_refunds_to_the_point(cafe, ivan):
    sale = credit(cafe, ivan, "1000.00", "k1")
    again = credit(cafe, ivan, "1000.00", "k1")
    assert (sale.earned, again.repeated, balance(cafe, ivan)) == (50, True, 800)
    first = sales.post_refund(cafe, sale.purchase_id, amount=Decimal("300.00"), caller=CASHIER, key="r1", now=NOW)
    second = sales.post_refund(cafe, sale.purchase_id, amount=Decimal("700.00"), caller=CASHIER, key="r2", now=NOW)
    assert (first.taken, second.taken, balance(cafe, ivan)) == (15, 35, 750)
    assert (first.money_back, second.money_back) == (Decimal("300.00"), Decimal("700.00"))


def test_a_notice_is_written_with_the_sale_and_not_with_its_repeat(cafe, ivan, db_session):
    def written():
        return db_session.query(Outbox).filter(Outbox.partner_id == cafe.id).count()

    credit(cafe, ivan, "1000.00", "k1")
    assert written() == 1
    credit(cafe, ivan, "1000.00", "k1")
    assert written() == 1


def test_spending_part_of_a_check_earns_on_the_rest(cafe, ivan):
    sale = credit(cafe, ivan, "1000.00", "k1", points=300)
    assert (sale.spent, sale.earned, sale.account.balance) == (300, 35, 750 - 300 + 35)
    refunded = sales.post_refund(cafe, sale.purchase_id, amount=Decimal("1000.00"), caller=CASHIER, key="r", now=NOW)
    assert (refunded.given_back, refunded.taken, refunded.money_back) == (300, 35, Decimal("700.00"))
    assert refunded.account.balance == 750


def test_a_redemption_only_spends(cafe, ivan):
    sale = spend(cafe, ivan, "1000.00", "k1", points=200)
    assert (sale.spent, sale.earned, sale.account.balance) == (200, 0, 550)


def test_a_redemption_without_points_pays_the_whole_check_or_refuses(cafe, ivan):
    assert spend(cafe, ivan, "500.00", "k1").spent == 500
    with pytest.raises(NotEnoughPoints):
        spend(cafe, ivan, "500.00", "k2")
    with pytest.raises(InvalidPurchase):
        spend(cafe, ivan, "100.50", "k3")


def test_the_programmes_limits_are_kept_at_the_till(cafe, ivan):
    with pytest.raises(BelowMinimum):
        spend(cafe, ivan, "1000.00", "k1", points=99)
    set_rules(cafe.id, {"max_share": "30"}, by=None, now=NOW)
    with pytest.raises(AboveShare):
        spend(cafe, ivan, "1000.00", "k2", points=301)
    assert spend(cafe, ivan, "1000.00", "k3", points=300).spent == 300


def test_crediting_an_unknown_phone_makes_a_member_and_spending_does_not(cafe):
    stranger = Identifier("phone", make_phone())
    with pytest.raises(CustomerNotFound):
        spend(cafe, stranger, "100.00", "k0", points=100)
    sale = credit(cafe, stranger, "500.00", "k1", name="Пётр")
    assert (sale.earned, sale.account.balance) == (25, 25)


def test_another_partners_member_looks_like_nobody_when_spending(cafe, ivan):
    elsewhere = make_partner()
    with pytest.raises(CustomerNotFound):
        spend(elsewhere, ivan, "1000.00", "k", points=100)


def test_a_receipt_number_means_one_purchase_for_ever(cafe, ivan):
    credit(cafe, ivan, "1000.00", "k1", receipt_id="12")
    assert credit(cafe, ivan, "1000.00", "k2", receipt_id="12").repeated
    with pytest.raises(ReceiptConflict):
        credit(cafe, ivan, "1001.00", "k3", receipt_id="12")
    with pytest.raises(ReceiptConflict):
        credit(cafe, Identifier("phone", make_phone()), "1000.00", "k4", receipt_id="12")


def test_two_branches_may_both_have_a_receipt_12(cafe, ivan):
    first, second = make_branch(cafe), make_branch(cafe)
    credit(cafe, ivan, "1000.00", "k1", receipt_id="12", branch_id=first.id)
    assert not credit(cafe, ivan, "1000.00", "k2", receipt_id="12", branch_id=second.id).repeated
    assert balance(cafe, ivan) == 850


def test_a_foreign_or_closed_branch_is_not_found(cafe, ivan):
    for branch in (make_branch(make_partner()), make_branch(cafe, state="closed")):
        with pytest.raises(BranchNotFound):
            credit(cafe, ivan, "1000.00", "k1", branch_id=branch.id)


@pytest.mark.parametrize("days", [367, -1])
def test_a_purchase_by_hand_lies_within_the_last_year(cafe, ivan, days):
    with pytest.raises(InvalidPurchase):
        credit(cafe, ivan, "1000.00", "k1", occurred_at=NOW - timedelta(days=days))


def test_lines_decide_what_earns_and_what_takes_points(cafe, ivan):
    lines = (
        Line(Decimal("600.00"), name="Кофе"),
        Line(Decimal("400.00"), name="Табак", no_accrual=True, no_spending=True),
    )
    sale = credit(cafe, ivan, "1000.00", "k1", lines=lines)
    assert sale.earned == 30
    with pytest.raises(InvalidPurchase):
        credit(cafe, ivan, "1000.01", "k2", lines=lines)


def test_lines_above_the_check_are_an_order_discount(cafe, ivan):
    lines = (Line(Decimal("600.00")), Line(Decimal("600.00")))
    assert credit(cafe, ivan, "1000.00", "k1", lines=lines).earned == 50


def test_a_line_is_refunded_by_its_number_and_not_beyond(cafe, ivan):
    lines = (Line(Decimal("600.00")), Line(Decimal("400.00")))
    sale = credit(cafe, ivan, "1000.00", "k1", lines=lines)
    back = sales.post_refund(cafe, sale.purchase_id, lines={2: Decimal("400.00")}, caller=CASHIER, key="r1", now=NOW)
    assert back.taken == 20
    with pytest.raises(RefundTooLarge):
        sales.post_refund(cafe, sale.purchase_id, lines={2: Decimal("0.01")}, caller=CASHIER, key="r2", now=NOW)


def test_another_partners_purchase_cannot_be_refunded(cafe, ivan):
    sale = credit(cafe, ivan, "1000.00", "k1")
    with pytest.raises(PurchaseNotFound):
        sales.post_refund(make_partner(), sale.purchase_id, amount=Decimal("1"), caller=CASHIER, key="r", now=NOW)


# The shop with the retail preset


@pytest.mark.parametrize(
    ("vip", "birthday", "large", "points"),
    [(False, False, False, 100), (True, False, False, 150), (True, True, False, 300), (True, True, True, 360)],
)
def test_the_retail_examples_hold_for_a_real_member(db_session, vip, birthday, large, points):
    shop = make_partner(PRESETS["retail"])
    customer = make_customer()
    membership = make_member(shop, customer)
    if large:
        for n in range(3):
            credit(shop, identifier_of(customer), "5000.00", f"before{n}")
    membership.is_vip = vip
    customer.birth_date = date(1990, NOW.month, NOW.day) if birthday else None
    db_session.flush()
    assert credit(shop, identifier_of(customer), "10000.00", "k").earned == points


def test_a_changed_birth_date_opens_no_second_birthday_week(db_session):
    shop = make_partner(PRESETS["retail"])
    customer = make_customer()
    make_member(shop, customer)
    customer.birth_date = date(1990, NOW.month, NOW.day)
    db_session.flush()
    assert credit(shop, identifier_of(customer), "10000.00", "k1").earned == 200
    customer.birth_date = date(1990, 6, 1)
    db_session.flush()
    later = datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert credit(shop, identifier_of(customer), "10000.00", "k2", now=later).earned == 100


# The till


def ask(partner, who, amount="1000.00", now=NOW, **more):
    return pos.quote(partner, who, Basket(Decimal(amount)), caller=TILL, now=now, **more)


def test_a_till_quotes_holds_and_captures(cafe, ivan):
    quoted = ask(cafe, ivan)
    assert (quoted.max_redeemable, quoted.will_earn) == (750, 50)
    held = pos.hold(cafe, quoted.quote_id, 300, caller=TILL, now=NOW)
    assert (held.account.available, held.account.balance) == (450, 750)
    sale = pos.capture(cafe, held.hold_id, Decimal("1000.00"), points=200, caller=TILL, now=NOW)
    assert (sale.spent, sale.earned, sale.account.balance, sale.account.held) == (200, 40, 590, 0)
    with pytest.raises(HoldResolved):
        pos.capture(cafe, held.hold_id, Decimal("1000.00"), caller=TILL, now=NOW)
    with pytest.raises(HoldResolved):
        pos.void(cafe, held.hold_id, caller=TILL, now=NOW)
    with pytest.raises(pos.QuoteUsed):
        pos.hold(cafe, quoted.quote_id, 100, caller=TILL, now=NOW)


def test_a_hold_of_no_points_is_a_plain_sale_and_used_up(cafe, ivan):
    held = pos.hold(cafe, ask(cafe, ivan).quote_id, 0, caller=TILL, now=NOW)
    assert pos.capture(cafe, held.hold_id, Decimal("1000.00"), caller=TILL, now=NOW).earned == 50
    with pytest.raises(HoldResolved):
        pos.capture(cafe, held.hold_id, Decimal("1000.00"), caller=TILL, now=NOW)
    assert balance(cafe, ivan) == 800


def test_too_large_a_hold_leaves_the_quote_usable(cafe, ivan):
    quoted = ask(cafe, ivan)
    with pytest.raises(NotEnoughPoints):
        pos.hold(cafe, quoted.quote_id, 751, caller=TILL, now=NOW)
    assert pos.hold(cafe, quoted.quote_id, 750, caller=TILL, now=NOW).points == 750


def test_a_voided_hold_frees_points_and_quote(cafe, ivan):
    quoted = ask(cafe, ivan)
    held = pos.hold(cafe, quoted.quote_id, 700, caller=TILL, now=NOW)
    assert pos.void(cafe, held.hold_id, caller=TILL, now=NOW).available == 750
    assert pos.hold(cafe, quoted.quote_id, 750, caller=TILL, now=NOW).points == 750


def test_a_hold_times_out_by_itself(cafe, ivan):
    held = pos.hold(cafe, ask(cafe, ivan).quote_id, 700, caller=TILL, now=NOW)
    later = NOW + timedelta(minutes=15)
    with pytest.raises(HoldResolved) as refused:
        pos.capture(cafe, held.hold_id, Decimal("1000.00"), caller=TILL, now=later)
    assert refused.value.state == "expired"
    assert spend(cafe, ivan, "750.00", "k", now=later).spent == 750


@pytest.mark.parametrize("change", ["amount", "programme", "member"])
def test_what_is_no_longer_as_quoted_is_refused(cafe, ivan, db_session, change):
    vip = Rules(vip_factor=Decimal("1.5")).to_json()
    set_rules(cafe.id, vip, by=None, now=NOW)
    held = pos.hold(cafe, ask(cafe, ivan).quote_id, 200, caller=TILL, now=NOW)
    amount = Decimal("1000.00")
    if change == "amount":
        amount = Decimal("1000.01")
    elif change == "programme":
        set_rules(cafe.id, {"rate": "0.04"}, by=None, now=NOW)
    else:
        db_session.query(Membership).filter(Membership.partner_id == cafe.id).update({"is_vip": True})
    with pytest.raises(pos.QuoteChanged):
        pos.capture(cafe, held.hold_id, amount, caller=TILL, now=NOW)


def test_quotes_and_holds_belong_to_their_till(cafe, ivan):
    quoted = ask(cafe, ivan)
    other = Caller("till:other", "pos_api")
    with pytest.raises(pos.QuoteNotFound):
        pos.hold(cafe, quoted.quote_id, 100, caller=other, now=NOW)
    held = pos.hold(cafe, quoted.quote_id, 100, caller=TILL, now=NOW)
    for partner, caller in ((cafe, other), (make_partner(), TILL)):
        with pytest.raises(HoldNotFound):
            pos.void(partner, held.hold_id, caller=caller, now=NOW)


def test_an_old_quote_is_not_found(cafe, ivan):
    quoted = ask(cafe, ivan)
    with pytest.raises(pos.QuoteNotFound):
        pos.hold(cafe, quoted.quote_id, 100, caller=TILL, now=quoted.expires_at)


def test_a_till_refunds_by_its_receipt(cafe, ivan):
    held = pos.hold(cafe, ask(cafe, ivan, receipt_id="77").quote_id, 0, caller=TILL, now=NOW)
    sale = pos.capture(cafe, held.hold_id, Decimal("1000.00"), caller=TILL, now=NOW)
    assert pos.find_by_receipt(cafe, "77", caller=TILL) == sale.purchase_id
    with pytest.raises(PurchaseNotFound):
        pos.find_by_receipt(make_partner(), "77", caller=TILL)


# The salon that moves to a CRM and keeps its history


def test_a_visit_paid_unpaid_and_paid_again_ends_with_one_accrual(cafe, ivan, db_session):
    membership = sales.find_member(cafe, ivan)[1]
    credit(cafe, ivan, "1000.00", "by hand")
    zone = ZoneInfo(cafe.timezone)

    def visit(version, amount):
        lines = [Line(Decimal(amount))] if amount else None
        document = ledger.Document("yclients", "visit 5", NOW, origin="c1", version=version)
        return ledger.reconcile(
            cafe.id,
            membership.id,
            document,
            lines,
            lambda member: price(lines, Rules(), member, at=NOW, zone=zone),
            now=NOW,
        )

    for version, amount, expected in [
        (1, "2000.00", 900),
        (1, "2000.00", 900),
        (2, None, 800),
        (3, "3000.00", 950),
        (2, None, 950),
    ]:
        visit(version, amount)
        assert balance(cafe, ivan) == expected
    kinds = [kind for (kind,) in db_session.query(Entry.kind).filter_by(partner_id=cafe.id).order_by(Entry.seq)]
    assert kinds == ["manual", "earn", "earn", "reversal", "earn"]


# Reading


def test_a_person_sees_one_total_and_the_split(cafe, ivan, db_session):
    salon = make_partner(name="Салон")
    credit(salon, ivan, "10000.00", "k")
    customer = sales.find_member(cafe, ivan)[0]
    split = {account.partner_id: account.balance for account in accounts.list_accounts(customer.id, NOW)}
    assert split == {cafe.id: 750, salon.id: 500}


def test_operations_are_paged_without_loss_or_repeat_over_partners(cafe, ivan):
    salon = make_partner(name="Салон")
    for n in range(7):
        credit(cafe if n % 2 else salon, ivan, "1000.00", f"k{n}")
    customer = sales.find_member(cafe, ivan)[0]
    whole, end = accounts.list_operations(customer.id, limit=100)
    assert end is None and len(whole) == 8
    seen, cursor = [], None
    while True:
        page, cursor = accounts.list_operations(customer.id, cursor=cursor, limit=3)
        seen += page
        if cursor is None:
            break
    assert [row.id for row in seen] == [row.id for row in whole]


def test_points_about_to_expire_are_listed_by_date(db_session):
    partner = make_partner(Rules(base_life_days=10))
    customer = make_customer()
    make_member(partner, customer)
    credit(partner, identifier_of(customer), "1000.00", "k1")
    (account,) = accounts.list_accounts(customer.id, NOW)
    midnight = datetime(2026, 3, 21, tzinfo=ZoneInfo("Europe/Moscow"))
    assert account.expiring == [{"points": 50, "at": midnight}]
    (account,) = accounts.list_accounts(customer.id, midnight)
    assert (account.balance, account.expiring) == (0, [])


def test_statistics_leave_refunds_out(cafe, ivan):
    sale = credit(cafe, ivan, "1000.00", "k1")
    credit(cafe, ivan, "500.00", "k2")
    sales.post_refund(cafe, sale.purchase_id, amount=Decimal("1000.00"), caller=CASHIER, key="r", now=NOW)
    customer = sales.find_member(cafe, ivan)[0]
    summary = accounts.summarise_purchases(customer.id, accounts.PurchaseFilter())
    assert (summary["purchases"], summary["spent"], summary["average_check"]) == (
        1,
        Decimal("500.00"),
        Decimal("500.00"),
    )
    found = figures.summarise_partner(cafe, days=7, now=NOW)["current"]
    assert (found["purchases"], found["turnover"]) == (1, Decimal("500.00"))


def test_purchase_history_can_be_narrowed_to_days_of_the_partners_zone(cafe, ivan):
    late = datetime(2026, 3, 9, 21, 30, tzinfo=UTC)  # already the 10th in Moscow
    credit(cafe, ivan, "1000.00", "k1", occurred_at=late)
    customer = sales.find_member(cafe, ivan)[0]
    for day, found in ((date(2026, 3, 9), 0), (date(2026, 3, 10), 1)):
        wanted = accounts.PurchaseFilter(since=day, until=day)
        items, _ = accounts.list_purchases(customer.id, wanted)
        assert len(items) == found


def test_a_customers_code_pays_once(cafe, ivan, db_session):
    customer = sales.find_member(cafe, ivan)[0]
    code, _ = codes.issue(customer.id, NOW)
    shown = Identifier("code", code)
    assert spend(cafe, shown, "1000.00", "k1", points=100).spent == 100
    with pytest.raises(CodeUnknown):
        spend(cafe, shown, "1000.00", "k2", points=100)
    assert balance(cafe, ivan) == 650


def test_a_code_may_be_quoted_again_while_the_check_grows_and_pays_for_one_sale(cafe, ivan):
    code, _ = codes.issue(sales.find_member(cafe, ivan)[0].id, NOW)
    shown = Identifier("code", code)
    first, second = ask(cafe, shown), ask(cafe, shown, "1200.00")
    held = pos.hold(cafe, second.quote_id, 300, caller=TILL, now=NOW)
    for refused in (
        lambda: pos.hold(cafe, first.quote_id, 300, caller=TILL, now=NOW),
        lambda: ask(cafe, shown, "500.00"),
        lambda: credit(cafe, shown, "1000.00", "k1"),
    ):
        with pytest.raises(CodeUnknown):
            refused()
    pos.capture(cafe, held.hold_id, Decimal("1200.00"), caller=TILL, now=NOW)
    assert balance(cafe, ivan) == 750 - 300 + 45


def test_a_code_that_paid_by_itself_holds_for_no_quote(cafe, ivan):
    code, _ = codes.issue(sales.find_member(cafe, ivan)[0].id, NOW)
    shown = Identifier("code", code)
    quoted = ask(cafe, shown)
    credit(cafe, shown, "1000.00", "k1")
    with pytest.raises(CodeUnknown):
        pos.hold(cafe, quoted.quote_id, 300, caller=TILL, now=NOW)


def test_a_quote_keeps_its_code_when_the_customer_shows_the_next_one_or_the_hold_was_given_up(cafe, ivan):
    customer = sales.find_member(cafe, ivan)[0]
    code, ends_at = codes.issue(customer.id, NOW)
    quoted = ask(cafe, Identifier("code", code))
    codes.issue(customer.id, ends_at)
    held = pos.hold(cafe, quoted.quote_id, 300, caller=TILL, now=ends_at)
    pos.void(cafe, held.hold_id, caller=TILL, now=ends_at)
    assert pos.hold(cafe, quoted.quote_id, 200, caller=TILL, now=ends_at).points == 200


def test_a_till_looks_at_what_it_holds(cafe, ivan):
    held = pos.hold(cafe, ask(cafe, ivan, receipt_id="12").quote_id, 300, caller=TILL, now=NOW)
    shown = pos.show(cafe, held.hold_id, caller=TILL, now=NOW)
    assert (shown.state, shown.points, shown.to_pay, shown.earn) == ("open", 300, Decimal("700.00"), 35)
    assert (shown.customer_name, shown.balance, shown.receipt_id) == ("Иван", 750, "12")
    with pytest.raises(HoldNotFound):
        pos.show(cafe, held.hold_id, caller=Caller("till:other", "pos_api"), now=NOW)
    sale = pos.capture(cafe, held.hold_id, Decimal("1000.00"), caller=TILL, now=NOW)
    shown = pos.show(cafe, held.hold_id, caller=TILL, now=NOW)
    assert (shown.state, shown.purchase_id) == ("captured", sale.purchase_id)
    with pytest.raises(HoldResolved):
        pos.renew(cafe, held.hold_id, caller=TILL, now=NOW)
    forgotten = pos.hold(cafe, ask(cafe, ivan).quote_id, 100, caller=TILL, now=NOW)
    assert pos.show(cafe, forgotten.hold_id, caller=TILL, now=forgotten.expires_at).state == "expired"


def test_a_refused_capture_is_held_anew_at_the_new_price(cafe, ivan):
    held = pos.hold(cafe, ask(cafe, ivan).quote_id, 300, caller=TILL, now=NOW)
    set_rules(cafe.id, {"rate": "0.1", "max_share": "20"}, by=None, now=NOW)
    with pytest.raises(pos.QuoteChanged):
        pos.capture(cafe, held.hold_id, Decimal("1000.00"), caller=TILL, now=NOW)
    again = pos.renew(cafe, held.hold_id, caller=TILL, now=NOW)
    assert (again.points, again.account.held) == (200, 200)
    with pytest.raises(HoldResolved):
        pos.renew(cafe, held.hold_id, caller=TILL, now=NOW)
    sale = pos.capture(cafe, again.hold_id, Decimal("1000.00"), caller=TILL, now=NOW)
    assert (sale.spent, sale.earned, sale.account.held) == (200, 80, 0)


def test_a_hold_of_a_receipt_typed_by_hand_is_known_within_its_branch(cafe, ivan, db_session):
    (branch,) = db_session.query(Branch).filter_by(partner_id=cafe.id)
    quoted = pos.quote(cafe, ivan, Basket(Decimal(1000)), caller=CASHIER, now=NOW, receipt_id="12")
    held = pos.hold(cafe, quoted.quote_id, 300, caller=CASHIER, now=NOW)
    pos.capture(cafe, held.hold_id, Decimal("1000.00"), caller=CASHIER, now=NOW)
    with pytest.raises(ReceiptConflict):
        credit(cafe, ivan, "1000.00", "k1", receipt_id="12", branch_id=branch.id)


def test_a_receipt_is_the_same_whoever_types_it(cafe, ivan, db_session):
    (branch,) = db_session.query(Branch).filter_by(partner_id=cafe.id)
    credit(cafe, ivan, "1000.00", "k1", receipt_id="12")
    assert credit(cafe, ivan, "1000.00", "k2", receipt_id="12", branch_id=branch.id).repeated
    make_branch(cafe)
    with pytest.raises(BranchRequired):
        credit(cafe, ivan, "1000.00", "k3", receipt_id="13")


def test_a_redemption_of_a_whole_check_repeats_though_the_programme_changed(cafe, ivan):
    spend(cafe, ivan, "500.00", "k1", receipt_id="12")
    set_rules(cafe.id, {"point_value": "2.00"}, by=None, now=NOW)
    assert spend(cafe, ivan, "500.00", "k2", receipt_id="12").repeated

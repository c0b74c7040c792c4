"""What a till sees before it posts, where it may act, and how a mistake of a moment ago is undone."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from loyalty import codes, ledger, programmes, sales
from loyalty.clock import utcnow
from loyalty.customers import see_code
from loyalty.errors import (
    AlreadyReturned,
    BranchNotFound,
    CannotUndo,
    CodeUnknown,
    CustomerNotFound,
    InvalidReceipt,
    NotEnoughPoints,
    PurchaseNotFound,
    QuoteChanged,
    RefundTooLarge,
)
from loyalty.identities import Identifier
from loyalty.programme import PRESETS
from loyalty.rules import Rules
from loyalty.sales import UNDO_WITHIN, Basket, Caller, Promise
from models import db, transaction
from models.customer import Customer, Identity
from models.ledger import Entry, Membership, Purchase, Quote
from models.partner import Partner
from models.work import Outbox
from tests.concurrency import at_once
from tests.factories import (
    identifier_of,
    identity_of,
    make_branch,
    make_customer,
    make_email,
    make_member,
    make_partner,
    make_phone,
    noise,
)
from tests.statements import counted_statements

CASHIER = Caller("person:cashier", "manual")
CHECK = Basket(Decimal("1000.00"))


@pytest.fixture
def now():
    return utcnow()


@pytest.fixture
def cafe(db_session):
    noise()
    return make_partner()


@pytest.fixture
def ivan(cafe, now):
    """Иван, a member with 300 points."""
    return give_points(cafe, make_customer(name="Иван", email=make_email()), 300, now)


def give_points(partner, customer, points, now) -> Membership:
    membership = make_member(partner, customer)
    ledger.adjust(partner.id, membership.id, points, source="admin", source_ref="start", now=now)
    return membership


def phone_of(membership) -> Identifier:
    return identifier_of(db.session.get(Customer, membership.customer_id))


def look(partner, identifier, now, basket=CHECK, *, caller=CASHIER, contacts=True, **more):
    return sales.preview(partner, identifier, basket, caller=caller, now=now, contacts=contacts, **more)


def credit(partner, membership, now, amount="1000.00", *, key="k", caller=CASHIER, **more):
    return sales.post_transaction(
        partner, phone_of(membership), Basket(Decimal(amount)), kind="accrual", caller=caller, key=key, now=now, **more
    )


def standing(membership):
    """Everything an undo must bring back."""
    db.session.refresh(membership)
    names = ("active", "pending", "held", "debt", "visits", "spent", "first_purchase_at", "last_purchase_at")
    return {name: getattr(membership, name) for name in names}


# Where a caller acts


def test_a_caller_bound_to_a_branch_acts_there_only(cafe, ivan, now):
    here, there = make_branch(cafe), make_branch(cafe)
    bound, free = Caller("one", "manual", branch_id=here.id), Caller("two", "manual")
    assert sales.check_place(cafe, None, bound) == sales.check_place(cafe, here.id, bound) == here.id
    assert sales.check_place(cafe, there.id, free) == there.id
    for look_or_post in (lambda: look(cafe, phone_of(ivan), now, caller=bound, branch_id=there.id),
                         lambda: credit(cafe, ivan, now, caller=bound, branch_id=there.id)):  # fmt: skip
        with pytest.raises(BranchNotFound):
            look_or_post()


def test_a_caller_bound_to_a_branch_sees_its_purchases_and_those_of_none(cafe, ivan, now):
    here, there = make_branch(cafe), make_branch(cafe)
    bound = Caller("one", "manual", branch_id=here.id)
    mine, placeless = (
        credit(cafe, ivan, now, key=key, branch_id=place) for key, place in (("a", here.id), ("b", None))
    )
    foreign = credit(cafe, ivan, now, key="c", branch_id=there.id)
    for sale in (mine, placeless):
        assert sales.find_purchase(cafe.id, sale.purchase_id, bound).id == sale.purchase_id
    with pytest.raises(PurchaseNotFound):
        sales.find_purchase(cafe.id, foreign.purchase_id, bound)
    with pytest.raises(PurchaseNotFound):
        sales.post_refund(cafe, foreign.purchase_id, caller=bound, key="r", now=now, amount=Decimal(1))


# Before anything is posted


def test_a_preview_tells_who_it_is_what_is_earned_and_what_may_be_spent(cafe, ivan, now):
    seen = look(cafe, phone_of(ivan), now)
    assert (seen.member.name, seen.member.balance, seen.member.available) == ("Иван", 300, 300)
    assert (seen.plain.earn, seen.plain.max_redeemable) == (50, 300)
    assert (seen.spending.spent_points, seen.spending.earn) == (300, 35)


def test_what_a_preview_says_is_what_is_posted(cafe, ivan, now):
    seen = look(cafe, phone_of(ivan), now)
    assert credit(cafe, ivan, now, key="plain").earned == seen.plain.earn
    most = seen.plain.max_redeemable
    assert credit(cafe, ivan, now, key="spend", points=most).earned == seen.spending.earn


def test_a_preview_of_so_many_points_asks_whether_they_can_be_spent_and_by_whom(cafe, ivan, now):
    seen = look(cafe, phone_of(ivan), now, points=200)
    assert (seen.spending.spent_points, seen.spending.earn, seen.balance_after(seen.spending)) == (200, 40, 140)
    with pytest.raises(NotEnoughPoints):
        look(cafe, phone_of(ivan), now, points=301)
    with pytest.raises(CustomerNotFound):
        look(cafe, Identifier("phone", make_phone()), now, points=200)


def test_points_that_wait_for_the_return_window_are_not_in_the_balance_afterwards(db_session, now):
    shop = make_partner(Rules(pending_days=14))
    seen = look(shop, phone_of(give_points(shop, make_customer(), 300, now)), now)
    assert seen.plain.earn == 50 and seen.balance_after(seen.plain) == 300


def test_nothing_is_posted_at_another_price_than_was_promised(cafe, ivan, now):
    plain = look(cafe, phone_of(ivan), now).plain
    promise = Promise(plain.frozen, plain.earn)
    assert credit(cafe, ivan, now, key="a", promise=promise, points=100).earned == 45
    programmes.set_rules(cafe.id, {"rate": "0.06"}, by=None, now=now)
    with pytest.raises(QuoteChanged):
        credit(cafe, ivan, now, key="b", promise=promise)


def test_points_alone_pay_a_check_that_earns_nothing(db_session, now):
    shop = make_partner(Rules(point_value=Decimal("0.50")))
    basket = sales.whole_check(shop, 300)
    seen = look(shop, phone_of(give_points(shop, make_customer(), 300, now)), now, basket, points=300)
    assert (basket.amount, seen.spending.earn, seen.balance_after(seen.spending)) == (Decimal("150.00"), 0, 0)


def test_a_preview_without_a_sum_only_tells_who_it_is(cafe, ivan, now):
    seen = look(cafe, phone_of(ivan), now, None)
    assert (seen.member.balance, seen.plain, seen.spending) == (300, None, None)


def test_a_preview_shows_contacts_only_to_roles_that_work_with_them(cafe, ivan, now):
    member = look(cafe, phone_of(ivan), now).member
    assert member.phone == phone_of(ivan).value and member.email
    member = look(cafe, phone_of(ivan), now, contacts=False).member
    assert (member.name, member.phone, member.email, member.card) == ("Иван", None, None, None)


@pytest.mark.parametrize("known_elsewhere", [True, False])
def test_a_preview_of_somebody_unknown_here_makes_nobody(cafe, now, known_elsewhere):
    phone = make_phone()
    if known_elsewhere:
        give_points(make_partner(), make_customer(phone, name="Чужой"), 500, now)
    tables = (Customer, Identity, Membership, Entry, Quote, Purchase, Outbox)

    def rows():
        return [db.session.scalar(select(func.count()).select_from(table)) for table in tables]

    before = rows()
    seen = look(cafe, Identifier("phone", phone), now)
    assert (seen.member, seen.plain.earn, seen.plain.max_redeemable) == (None, 50, 0)
    assert rows() == before


def test_a_preview_writes_nothing_to_an_account_where_nothing_is_due(cafe, ivan, now):
    with counted_statements() as statements:
        look(cafe, phone_of(ivan), now)
    assert not [sql for sql in statements if sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE"))]
    assert len(statements) <= 8


def test_a_code_is_looked_at_as_often_as_one_types_and_stays_good(cafe, ivan, now):
    code, _ = codes.issue(ivan.customer_id, now)
    for _ in range(codes.TRIES_A_MINUTE + 1):
        assert look(cafe, Identifier("code", code), now).member.customer_id == ivan.customer_id
    assert codes.redeem_code(code, now) == ivan.customer_id


def test_a_code_that_was_looked_at_in_time_is_taken_by_one_posting_later(cafe, ivan, now):
    code, ends_at = codes.issue(ivan.customer_id, now)
    seen = see_code(cafe, Identifier("code", code), now)
    with pytest.raises(CodeUnknown):
        see_code(cafe, Identifier("code", code), ends_at)
    assert look(cafe, seen, ends_at).member.customer_id == ivan.customer_id
    posted = [{"kind": "accrual", "caller": CASHIER, "key": key, "now": ends_at} for key in "ab"]
    assert sales.post_transaction(cafe, seen, CHECK, **posted[0]).earned == 50
    assert sales.post_transaction(cafe, phone_of(ivan), CHECK, **posted[0]).repeated
    with pytest.raises(CodeUnknown):
        sales.post_transaction(cafe, seen, CHECK, **posted[1])


def test_a_code_that_was_looked_at_is_not_kept_for_ever_and_a_posting_by_its_digits_takes_it(cafe, ivan, now):
    code, ends_at = codes.issue(ivan.customer_id, now)
    seen = see_code(cafe, Identifier("code", code), now)
    with pytest.raises(CodeUnknown):
        look(cafe, seen, ends_at + codes.SEEN_FOR)
    sales.post_transaction(cafe, Identifier("code", code), CHECK, kind="accrual", caller=CASHIER, key="a", now=now)
    with pytest.raises(CodeUnknown):
        look(cafe, seen, now)


def test_a_code_of_somebody_who_is_no_member_is_a_new_customers(cafe, now):
    code, _ = codes.issue(make_customer().id, now)
    assert look(cafe, Identifier("code", code), now).member is None


@pytest.mark.parametrize(
    ("identifier", "error"),
    [
        (Identifier("code", "000000"), CodeUnknown),
        (Identifier("card", "9643100000000010"), CustomerNotFound),
        (Identifier("customer_id", "0190f3b2-7c1e-7a4b-9d52-3f6a1c0e8b7d"), CustomerNotFound),
    ],
)
def test_a_preview_of_what_nobody_was_given_says_so(cafe, now, identifier, error):
    with pytest.raises(error):
        look(cafe, identifier, now)


def test_a_preview_of_an_erased_account_is_refused_like_the_sale(cafe, ivan, now):
    phone = phone_of(ivan)
    ledger.erase(cafe.id, ivan.id, now=now)
    db.session.expire_all()
    with pytest.raises(CustomerNotFound):
        look(cafe, phone, now)
    with pytest.raises(CustomerNotFound):
        credit(cafe, ivan, now)


# A mistake of a moment ago


@pytest.mark.parametrize("points", [0, 100, 300])
def test_an_undo_brings_everything_back(cafe, ivan, now, points):
    credit(cafe, ivan, now - timedelta(days=3), key="earlier", occurred_at=now - timedelta(days=3))
    before = standing(ivan)
    sale = credit(cafe, ivan, now, points=points)
    assert standing(ivan)["visits"] == 2
    undone = sales.undo(cafe, sale.purchase_id, caller=CASHIER, now=now)
    assert (undone.given_back, undone.taken) == (points, sale.earned)
    assert standing(ivan) == before


def test_an_undone_first_visit_was_no_visit(cafe, ivan, now):
    before = standing(ivan)
    sales.undo(cafe, credit(cafe, ivan, now).purchase_id, caller=CASHIER, now=now)
    assert standing(ivan) == before and before["last_purchase_at"] is None


def test_an_undo_gives_the_birthday_back_unless_another_purchase_has_celebrated_it(db_session, now):
    shop = make_partner(PRESETS["retail"])
    maria = make_member(shop)
    other_day = (now - timedelta(days=180)).date().replace(year=1992)

    def buy(key, birth_date=None):
        db.session.get(Customer, maria.customer_id).birth_date = birth_date or now.date().replace(year=1992)
        db.session.flush()
        return credit(shop, maria, now, "10000.00", key=key)

    wrong = buy("wrong")
    assert wrong.earned == 200
    sales.undo(shop, wrong.purchase_id, caller=CASHIER, now=now)
    db.session.refresh(maria)
    assert maria.birthday_used_on is None
    kept, second = buy("kept"), buy("second")
    assert (kept.earned, second.earned) == (200, 200)
    sales.undo(shop, second.purchase_id, caller=CASHIER, now=now)
    plain = buy("plain", other_day)
    assert plain.earned == 100
    sales.undo(shop, plain.purchase_id, caller=CASHIER, now=now)
    db.session.refresh(maria)
    assert maria.birthday_used_on is not None


def test_an_undo_twice_is_one_also_when_the_minute_is_over(cafe, ivan, now):
    sale = credit(cafe, ivan, now)
    first = sales.undo(cafe, sale.purchase_id, caller=CASHIER, now=now)
    again = sales.undo(cafe, sale.purchase_id, caller=CASHIER, now=now + 2 * UNDO_WITHIN)
    assert (again.refund_id, again.repeated) == (first.refund_id, True)
    assert standing(ivan)["active"] == 300


def test_a_look_at_a_refund_says_what_it_would_do_and_leaves_nothing(cafe, ivan, now):
    sale = credit(cafe, ivan, now, points=100)
    before, told = standing(ivan), db.session.scalar(select(func.count()).select_from(Outbox))
    asked = {"caller": CASHIER, "now": now, "amount": Decimal("500.00")}
    would = sales.preview_refund(cafe, sale.purchase_id, **asked)
    assert (would.given_back, would.taken, would.money_back) == (50, 23, Decimal("450.00"))
    assert standing(ivan) == before and db.session.scalar(select(func.count()).select_from(Outbox)) == told
    done = sales.post_refund(cafe, sale.purchase_id, key="r", **asked)
    assert (done.given_back, done.taken, done.account) == (would.given_back, would.taken, would.account)
    with pytest.raises(RefundTooLarge):
        sales.preview_refund(cafe, sale.purchase_id, **(asked | {"amount": Decimal("500.01")}))


def test_after_a_minute_only_a_refund_is_left(cafe, ivan, now):
    sale = credit(cafe, ivan, now)
    posted_at = sales.find_purchase(cafe.id, sale.purchase_id, CASHIER).created_at
    with pytest.raises(CannotUndo, match="make a refund"):
        sales.undo(cafe, sale.purchase_id, caller=CASHIER, now=posted_at + UNDO_WITHIN)
    last = posted_at + UNDO_WITHIN - timedelta(milliseconds=1)
    assert sales.undo(cafe, sale.purchase_id, caller=CASHIER, now=last).taken == 50


def test_the_minute_counts_from_the_posting_and_not_from_the_date_on_the_check(cafe, ivan, now):
    sale = credit(cafe, ivan, now, occurred_at=now - timedelta(days=30))
    assert sales.undo(cafe, sale.purchase_id, caller=CASHIER, now=now).taken == 50


def test_an_undo_after_a_partial_refund_takes_the_rest(cafe, ivan, now):
    before = standing(ivan)
    sale = credit(cafe, ivan, now, points=200)
    sales.post_refund(cafe, sale.purchase_id, caller=CASHIER, key="r", now=now, amount=Decimal("333.33"))
    undone = sales.undo(cafe, sale.purchase_id, caller=CASHIER, now=now)
    assert undone.amount == Decimal("666.67")
    assert standing(ivan) == before


def test_what_was_wholly_refunded_cannot_be_undone(cafe, ivan, now):
    sale = credit(cafe, ivan, now)
    sales.post_refund(cafe, sale.purchase_id, caller=CASHIER, key="r", now=now, amount=Decimal("1000"))
    with pytest.raises(AlreadyReturned):
        sales.undo(cafe, sale.purchase_id, caller=CASHIER, now=now)


def test_an_undone_purchase_cannot_be_refunded(cafe, ivan, now):
    sale = credit(cafe, ivan, now)
    sales.undo(cafe, sale.purchase_id, caller=CASHIER, now=now)
    with pytest.raises(RefundTooLarge):
        sales.post_refund(cafe, sale.purchase_id, caller=CASHIER, key="r", now=now, amount=Decimal("0.01"))


def test_only_who_sees_a_purchase_undoes_it(cafe, ivan, now):
    here, there = make_branch(cafe), make_branch(cafe)
    sale = credit(cafe, ivan, now, branch_id=here.id)
    elsewhere = Caller("other branch", "manual", branch_id=there.id)
    for partner, caller in ((cafe, elsewhere), (make_partner(), CASHIER)):
        with pytest.raises(PurchaseNotFound):
            sales.undo(partner, sale.purchase_id, caller=caller, now=now)
    colleague = Caller("colleague", "manual", branch_id=here.id)
    assert sales.undo(cafe, sale.purchase_id, caller=colleague, now=now).taken == 50


def test_what_a_machine_posted_is_not_undone_by_hand(cafe, ivan, now):
    sale = credit(cafe, ivan, now, caller=Caller("till:one", "pos_api"))
    with pytest.raises(CannotUndo):
        sales.undo(cafe, sale.purchase_id, caller=CASHIER, now=now)


def test_the_number_of_an_undone_receipt_serves_the_purchase_that_was_meant(cafe, ivan, now):
    wrong = credit(cafe, ivan, now, "10000.00", key="a", receipt_id="77")
    sales.undo(cafe, wrong.purchase_id, caller=CASHIER, now=now)
    meant = credit(cafe, ivan, now, "1000.00", key="b", receipt_id="77")
    assert (meant.repeated, meant.earned, meant.account.balance) == (False, 50, 350)
    assert credit(cafe, ivan, now, "1000.00", key="c", receipt_id="77").repeated
    for sale in (wrong, meant):
        assert sales.receipt_of(sales.find_purchase(cafe.id, sale.purchase_id, CASHIER)) == "77"
    sales.undo(cafe, meant.purchase_id, caller=CASHIER, now=now)
    assert not credit(cafe, ivan, now, "1000.00", key="d", receipt_id="77").repeated


def test_a_call_that_was_undone_is_not_posted_by_its_repeat(cafe, ivan, now):
    sale = credit(cafe, ivan, now, key="once")
    sales.undo(cafe, sale.purchase_id, caller=CASHIER, now=now)
    assert credit(cafe, ivan, now, key="once").repeated
    assert standing(ivan)["active"] == 300


@pytest.mark.parametrize("mode", ["debt", "within_balance", "pending_only"])
def test_an_undo_takes_what_is_there_and_makes_debt_only_where_the_programme_does(db_session, now, mode):
    cafe = make_partner(Rules(clawback=mode, pending_days=1 if mode == "pending_only" else 0, min_spend=1))
    ivan = make_member(cafe)
    whole = credit(cafe, ivan, now, key="whole")
    sales.undo(cafe, whole.purchase_id, caller=CASHIER, now=now)
    db.session.refresh(ivan)
    assert ivan.total == 0
    spent = credit(cafe, ivan, now, key="spent")
    if mode != "pending_only":
        credit(cafe, ivan, now, "30.00", key="elsewhere", points=30)
    undone = sales.undo(cafe, spent.purchase_id, caller=CASHIER, now=now)
    assert (undone.taken, undone.shortfall) == {"debt": (50, 0), "within_balance": (20, 30), "pending_only": (50, 0)}[
        mode
    ]


def test_the_customer_is_told_of_an_undo_once(cafe, ivan, now):
    def told():
        return db.session.scalar(
            select(func.count()).where(Outbox.partner_id == cafe.id, Outbox.job == "notify_refund")
        )

    sale = credit(cafe, ivan, now)
    for _ in range(2):
        sales.undo(cafe, sale.purchase_id, caller=CASHIER, now=now)
    assert told() == 1


@pytest.mark.parametrize("amount", ["1000.00", "400.00"])
def test_of_undos_and_refunds_at_once_each_point_moves_once(app, amount):
    with app.app_context(), transaction():
        partner = make_partner()
        partner_id, membership_id = partner.id, give_points(partner, make_customer(), 300, utcnow()).id
    with app.app_context(), transaction():
        partner, membership = (
            db.session.get(Partner, partner_id),
            db.session.get(Membership, (partner_id, membership_id)),
        )
        purchase_id = credit(partner, membership, utcnow(), points=200).purchase_id

    def act(n):
        partner = db.session.get(Partner, partner_id)
        if n % 2:
            return sales.undo(partner, purchase_id, caller=CASHIER, now=utcnow())
        caller = Caller(f"cashier {n}", "manual")
        return sales.post_refund(partner, purchase_id, caller=caller, key="r", now=utcnow(), amount=Decimal(amount))

    results = at_once(app, act, times=8)
    assert all(isinstance(one, (ledger.Refunded, RefundTooLarge, AlreadyReturned)) for one in results), results
    returned = {one.refund_id: one.amount for one in results if isinstance(one, ledger.Refunded)}
    assert sum(returned.values()) == Decimal("1000.00")
    with app.app_context():
        membership = db.session.get(Membership, (partner_id, membership_id))
        assert (membership.balance, membership.visits, membership.spent) == (300, 0, 0)


def test_an_undo_and_the_same_receipt_at_once_post_it_at_most_once_more(app):
    with app.app_context(), transaction():
        partner = make_partner()
        partner_id, membership_id = partner.id, make_member(partner).id
    with app.app_context(), transaction():
        partner, membership = (
            db.session.get(Partner, partner_id),
            db.session.get(Membership, (partner_id, membership_id)),
        )
        purchase_id = credit(partner, membership, utcnow(), key="first", receipt_id="77").purchase_id

    def act(n):
        partner = db.session.get(Partner, partner_id)
        if n == 0:
            return sales.undo(partner, purchase_id, caller=CASHIER, now=utcnow())
        membership = db.session.get(Membership, (partner_id, membership_id))
        return credit(partner, membership, utcnow(), key=f"again {n}", receipt_id="77")

    results = at_once(app, act, times=8)
    assert not [one for one in results if isinstance(one, Exception)], results
    posted = [one for one in results[1:] if not one.repeated]
    assert len(posted) <= 1
    with app.app_context():
        assert db.session.get(Membership, (partner_id, membership_id)).balance == 50 * len(posted)


def test_a_contact_the_partner_was_not_told_is_not_shown(cafe, now):
    person = make_customer(email=make_email())
    membership = make_member(cafe, make_customer(False))
    db.session.execute(
        Identity.__table__.update().where(Identity.customer_id == person.id).values(customer_id=membership.customer_id)
    )
    seen = look(
        cafe, Identifier("email", identity_of(db.session.get(Customer, membership.customer_id), "email").value), now
    )
    assert (seen.member.customer_id, seen.member.phone, seen.member.email) == (membership.customer_id, None, None)


@pytest.mark.parametrize("number", ["7" * 121, "7\u0000", "7\n8"])
def test_a_receipt_number_is_a_short_text(cafe, ivan, now, number):
    with pytest.raises(InvalidReceipt):
        credit(cafe, ivan, now, receipt_id=number)

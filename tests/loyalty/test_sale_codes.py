"""A cashier's code with a sum gives its points once, to whoever scans it first, and at the price that was shown."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from loyalty import consents, programmes, sale_codes, verify
from loyalty.clock import utcnow
from loyalty.customers import membership_of
from loyalty.errors import (
    BranchNotFound,
    ClaimNeedsSum,
    ConsentRequired,
    QuoteChanged,
    SaleCodeGone,
    SaleCodeUsed,
)
from loyalty.sales import Caller
from models import db, transaction
from models.customer import Customer
from models.ledger import Membership, Purchase
from models.partner import Branch, Partner, Staff
from models.sale_code import SaleCode
from tests.concurrency import at_once
from tests.factories import make_branch, make_customer, make_partner, make_staff, noise

YES = {consents.PERSONAL_DATA: True}


@pytest.fixture
def now():
    return utcnow()


@pytest.fixture
def cafe(db_session):
    noise()
    return make_partner()


@pytest.fixture
def cashier(cafe):
    return Caller("counter", "manual", actor=make_staff(cafe, "cashier").customer_id)


@pytest.fixture
def code(cafe, cashier, now):
    return sale_codes.offer(cafe, Decimal("700.00"), caller=cashier, now=now)


def take(code, person, now, earn=35, answers=YES):
    return sale_codes.redeem(sale_codes.token_of(code), person, answers, earn=earn, place="page", now=now)


def test_whoever_scans_it_gets_the_points_and_joins(cafe, cashier, code, now):
    guest = make_customer()
    found = sale_codes.find(sale_codes.token_of(code), now)
    seen = sale_codes.preview(found, guest, now)
    assert seen.plain.total == 35 and membership_of(guest.id, cafe.id) is None, "looking makes nobody a member"
    purchase = db.session.get(Purchase, (cafe.id, take(code, guest, now)))
    assert (purchase.source, purchase.actor, purchase.amount) == ("qr_code", cashier.actor, Decimal(700))
    assert membership_of(guest.id, cafe.id).balance == 135, "with the welcome bonus"
    assert (code.state, code.used_by, code.purchase_id) == ("used", guest.id, purchase.id)


def test_it_is_taken_once_and_shown_again_to_who_took_it(code, now):
    guest, late = make_customer(), make_customer()
    purchase_id = take(code, guest, now)
    assert take(code, guest, now + timedelta(hours=1)) == purchase_id
    assert sale_codes.find(sale_codes.token_of(code), now, guest.id).state == "used"
    for reader in (late.id, None):
        with pytest.raises(SaleCodeUsed):
            sale_codes.find(sale_codes.token_of(code), now, reader)
    with pytest.raises(SaleCodeUsed):
        take(code, late, now)
    assert membership_of(late.id, code.partner_id) is None


def test_after_ten_minutes_it_is_gone(code, now):
    guest = make_customer()
    assert sale_codes.find(sale_codes.token_of(code), now + timedelta(minutes=9, seconds=59))
    with pytest.raises(SaleCodeGone):
        take(code, guest, now + timedelta(minutes=10))


def test_a_token_that_was_changed_is_none(code, now):
    token = sale_codes.token_of(code)
    other = ("A" if token[0] != "A" else "B") + token[1:]
    for wrong in (other, token[:-1], token + "A", "", "x" * 22, str(code.id), token + "\n"):
        with pytest.raises(SaleCodeGone):
            sale_codes.find(wrong, now)
    stored = {str(value) for value in vars(db.session.get(SaleCode, (code.partner_id, code.id))).values()}
    assert token not in stored, "what stands in the QR is not kept"


def test_a_revoked_one_is_gone_and_a_used_one_stays_used(cafe, cashier, code, now):
    sale_codes.revoke(cafe.id, code.id, caller=cashier, now=now)
    with pytest.raises(SaleCodeGone):
        take(code, make_customer(), now)
    other = sale_codes.offer(cafe, Decimal(100), caller=cashier, now=now)
    take(other, make_customer(), now, earn=5)
    assert sale_codes.revoke(cafe.id, other.id, caller=cashier, now=now).state == "used"


def test_a_cashier_who_was_dismissed_and_a_suspended_partner_leave_no_codes(cafe, cashier, code, now):
    cafe.state = "suspended"
    db.session.flush()
    with pytest.raises(SaleCodeGone):
        take(code, make_customer(), now)
    cafe.state = "active"
    db.session.scalar(select(Staff).where(Staff.customer_id == cashier.actor)).state = "dismissed"
    db.session.flush()
    with pytest.raises(SaleCodeGone):
        take(code, make_customer(), now)


def test_nothing_is_posted_at_another_price_than_was_shown(cafe, code, now):
    guest = make_customer()
    programmes.set_rules(cafe.id, {"rate": "0.10"}, by=None, now=now)
    with pytest.raises(QuoteChanged), db.session.begin_nested():
        take(code, guest, now)
    assert code.state == "open" and membership_of(guest.id, cafe.id) is None
    take(code, guest, now, earn=70)


def test_a_birthday_is_known_before_one_joins(cafe, code, now):
    rules = {"birthday": {"factor": "2", "days_before": 3, "days_after": 3}}
    programmes.set_rules(cafe.id, rules, by=None, now=now)
    guest = make_customer()
    guest.birth_date = now.date().replace(year=1990) if (now.month, now.day) != (2, 29) else None
    expected = 70 if guest.birth_date else 35
    assert sale_codes.preview(code, guest, now).plain.total == expected
    take(code, guest, now, earn=expected)


def test_nobody_joins_by_it_without_the_consent(cafe, code, now):
    guest = make_customer()
    with pytest.raises(ConsentRequired), db.session.begin_nested():
        take(code, guest, now, answers={})
    assert membership_of(guest.id, cafe.id) is None and code.state == "open"


@pytest.mark.parametrize("amount", [Decimal(0), Decimal(-1), Decimal(10**12)])
def test_a_code_needs_a_sum(cafe, cashier, now, amount):
    with pytest.raises(ClaimNeedsSum):
        sale_codes.offer(cafe, amount, caller=cashier, now=now)


def test_a_code_belongs_to_a_branch_and_survives_its_closing(cafe, cashier, now):
    here, there = make_branch(cafe, "Первая"), make_branch(cafe, "Вторая")
    bound = Caller("counter", "manual", actor=cashier.actor, branch_id=here.id)
    code = sale_codes.offer(cafe, Decimal(100), caller=bound, now=now)
    assert code.branch_id == here.id
    with pytest.raises(BranchNotFound):
        sale_codes.offer(cafe, Decimal(100), caller=bound, branch_id=there.id, now=now)
    elsewhere = Caller("counter", "manual", actor=cashier.actor, branch_id=there.id)
    for stranger, partner_id in ((elsewhere, cafe.id), (cashier, make_partner().id)):
        with pytest.raises(SaleCodeGone):
            sale_codes.show(partner_id, code.id, caller=stranger)
    db.session.get(Branch, (cafe.id, here.id)).state = "closed"
    db.session.flush()
    purchase_id = take(code, make_customer(), now, earn=5)
    assert db.session.get(Purchase, (cafe.id, purchase_id)).branch_id is None


def test_ended_codes_are_forgotten_after_a_week(code, now):
    db.session.flush()
    sale_codes.forget(now + sale_codes.KEPT)
    assert db.session.scalar(select(SaleCode.id).where(SaleCode.id == code.id)) == code.id
    sale_codes.forget(now + sale_codes.LIFE + sale_codes.KEPT + timedelta(seconds=1))
    assert db.session.scalar(select(SaleCode.id).where(SaleCode.id == code.id)) is None


def test_fifty_who_scan_it_at_once_are_one(fresh_app):
    with fresh_app.app_context(), transaction():
        partner = make_partner()
        caller = Caller("counter", "manual", actor=make_staff(partner, "cashier").customer_id)
        token = sale_codes.token_of(sale_codes.offer(partner, Decimal(700), caller=caller, now=utcnow()))
        people = [make_customer().id for _ in range(50)]

    def scan(n):
        person = db.session.get(Customer, people[n])
        return sale_codes.redeem(token, person, YES, earn=35, place="page", now=utcnow())

    answers = at_once(fresh_app, scan, 50)
    assert sum(isinstance(one, SaleCodeUsed) for one in answers) == 49
    with fresh_app.app_context(), transaction():
        assert db.session.scalar(select(func.count()).select_from(Purchase)) == 1
        assert db.session.scalar(select(func.count()).select_from(Membership)) == 1, "the others have joined nothing"
        assert list(verify.breaches(db.session.connection())) == []


def test_one_person_with_two_phones_gets_it_once(fresh_app):
    with fresh_app.app_context(), transaction():
        partner = make_partner()
        caller = Caller("counter", "manual", actor=make_staff(partner, "cashier").customer_id)
        token = sale_codes.token_of(sale_codes.offer(partner, Decimal(700), caller=caller, now=utcnow()))
        person_id, partner_id = make_customer().id, partner.id

    def scan(_):
        person = db.session.get(Customer, person_id)
        return sale_codes.redeem(token, person, YES, earn=35, place="page", now=utcnow())

    answers = at_once(fresh_app, scan, 20)
    assert len(set(answers)) == 1
    with fresh_app.app_context(), transaction():
        assert membership_of(person_id, db.session.get(Partner, partner_id).id).balance == 135

"""Customers ask for points: nobody prints them, nothing is credited twice, and what looks odd is shown, not refused."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from loyalty import claims, sales, verify
from loyalty.claims import ClaimPolicy
from loyalty.clock import utcnow
from loyalty.customers import membership_of
from loyalty.errors import (
    BranchNotFound,
    ClaimDecided,
    ClaimNotFound,
    FiscalReceiptUsed,
    InvalidAmount,
    InvalidClaim,
    InvalidFiscalReceipt,
)
from loyalty.identities import Identifier
from loyalty.notices import claim_notice
from loyalty.sales import Basket, Caller
from models import db, new_id, transaction
from models.claim import Claim, FiscalReceiptUse
from models.customer import Customer
from models.ledger import Purchase
from models.partner import Partner
from models.work import Outbox
from tests.concurrency import at_once
from tests.factories import make_branch, make_customer, make_member, make_partner, noise

CASHIER = Caller("counter", "manual")
MOSCOW = ZoneInfo("Europe/Moscow")
EVERYTHING = ClaimPolicy(is_automatic=True, known_only=False, receipt_only=False, a_day=20)
_numbers = itertools.count(random.randrange(10**6))


def receipt(at, amount="1000.00", *, drive=None, number=None, sign=1, n=1):
    number = next(_numbers) if number is None else number
    drive = drive or f"{random.randrange(10**16):016}"
    return f"t={at.astimezone(MOSCOW):%Y%m%dT%H%M%S}&s={amount}&fn={drive}&i={number}&fp={sign}&n={n}"


@pytest.fixture
def now():
    """Noon in Moscow: the small hours look odd."""
    return utcnow().astimezone(MOSCOW).replace(hour=12, minute=0).astimezone(ZoneInfo("UTC"))


@pytest.fixture
def cafe(db_session):
    noise()
    return make_partner()


@pytest.fixture
def guest(db_session):
    return make_customer()


def balance(customer, partner):
    return membership_of(customer.id, partner.id).balance


# Asking


def test_a_claim_moves_nothing_until_somebody_agrees_and_then_once(cafe, guest, now):
    asked = claims.claim(cafe, guest, amount=Decimal("1000.00"), now=now)
    assert (asked.state, asked.doubts, asked.has_receipt) == ("waiting", [], False)
    assert balance(guest, cafe) == 0
    boss = make_customer()
    caller = replace(CASHIER, actor=boss.id)
    approved = claims.approve(cafe, asked.id, caller=caller, now=now)
    assert approved.state == "approved" and balance(guest, cafe) == 50
    purchase = db.session.get(Purchase, (cafe.id, approved.purchase_id))
    assert (purchase.source, purchase.amount, purchase.actor) == ("qr_code", Decimal("1000.00"), boss.id)
    assert claims.approve(cafe, asked.id, caller=CASHIER, now=now).purchase_id == purchase.id
    assert balance(guest, cafe) == 50
    with pytest.raises(ClaimDecided):
        claims.approve(cafe, asked.id, caller=CASHIER, now=now, amount=Decimal(2000))
    with pytest.raises(ClaimDecided):
        claims.refuse(cafe, asked.id, "Ошибка", caller=CASHIER, now=now)


def test_staff_correct_the_sum(cafe, guest, now):
    asked = claims.claim(cafe, guest, amount=Decimal("10000.00"), now=now)
    approved = claims.approve(cafe, asked.id, caller=CASHIER, now=now, amount=Decimal("1000.00"))
    assert (approved.amount, approved.approved_amount, balance(guest, cafe)) == (Decimal(10000), Decimal(1000), 50)


def test_those_without_doubts_are_approved_together_and_the_rest_is_left(cafe, guest, now):
    sure = [claims.claim(cafe, make_customer(), amount=Decimal(1000), now=now) for _ in range(2)]
    odd = claims.claim(cafe, guest, amount=Decimal(20000), now=now)
    gone = claims.claim(cafe, guest, amount=Decimal(10), now=now)
    claims.withdraw(guest.id, gone.id, now)
    foreign = claims.claim(make_partner(), guest, amount=Decimal(10), now=now)
    asked = [one.id for one in (odd, gone, foreign, *sure, sure[0])]
    assert claims.approve_sure(cafe, asked, caller=CASHIER, now=now) == [one.id for one in sure]
    assert [one.state for one in (odd, gone, foreign)] == ["waiting", "withdrawn", "waiting"]
    assert claims.approve_sure(cafe, asked, caller=CASHIER, now=now) == []


def test_a_refusal_has_a_reason_that_the_customer_reads(cafe, guest, now):
    asked = claims.claim(cafe, guest, amount=Decimal("1000.00"), now=now)
    for nothing in ("", "   ", "я" * 501):
        with pytest.raises(InvalidClaim):
            claims.refuse(cafe, asked.id, nothing, caller=CASHIER, now=now)
    assert claim_notice(cafe.id, asked.id, now) is None
    claims.refuse(cafe, asked.id, " Такой покупки \n не было. ", caller=CASHIER, now=now)
    assert "за 1\N{NO-BREAK SPACE}000,00" in claim_notice(cafe.id, asked.id, now).text.body
    assert claim_notice(cafe.id, asked.id, now).text.body.endswith("Такой покупки не было.")
    rows = db.session.scalars(select(Outbox).where(Outbox.partner_id == cafe.id, Outbox.job == "notify_claim")).all()
    assert [row.payload for row in rows] == [{"claim_id": str(asked.id)}]
    assert claims.refuse(cafe, asked.id, "Ещё раз", caller=CASHIER, now=now).reason == "Такой покупки не было."
    with pytest.raises(ClaimDecided):
        claims.approve(cafe, asked.id, caller=CASHIER, now=now)
    assert balance(guest, cafe) == 0


def test_customers_withdraw_their_own_claims_and_nobody_elses(cafe, guest, now):
    asked = claims.claim(cafe, guest, amount=Decimal(100), now=now)
    with pytest.raises(ClaimNotFound):
        claims.withdraw(make_customer().id, asked.id, now)
    assert claims.withdraw(guest.id, asked.id, now).state == "withdrawn"
    assert claims.withdraw(guest.id, asked.id, now).state == "withdrawn"
    with pytest.raises(ClaimDecided):
        claims.approve(cafe, asked.id, caller=CASHIER, now=now)


@pytest.mark.parametrize("amount", [None, Decimal(0), Decimal(-5), Decimal(10**12)])
def test_a_claim_needs_a_sum_or_a_receipt(cafe, guest, now, amount):
    with pytest.raises(InvalidClaim):
        claims.claim(cafe, guest, amount=amount, now=now)
    assert membership_of(guest.id, cafe.id) is None


def test_too_many_do_not_wait(cafe, guest, now):
    for _ in range(claims.MOST_WAITING):
        claims.claim(cafe, guest, amount=Decimal(100), now=now)
    with pytest.raises(InvalidClaim):
        claims.claim(cafe, guest, amount=Decimal(100), now=now)


def test_a_claim_nobody_decides_on_expires_and_its_receipt_is_free(cafe, guest, now):
    text = receipt(now)
    asked = claims.claim(cafe, guest, receipt=text, now=now)
    claims.expire_old(now + claims.WAITS)
    assert asked.state == "waiting"
    claims.expire_old(now + claims.WAITS + timedelta(seconds=1))
    db.session.refresh(asked)
    assert (asked.state, asked.decided_by) == ("expired", None)
    assert claims.claim(cafe, guest, receipt=text, now=now).doubts == ["drive_unknown", "refused_before"]


# Receipts


def test_a_receipt_gives_sum_and_time_and_the_same_person_gets_their_claim_again(cafe, guest, now):
    text = receipt(now - timedelta(hours=2), "1234.50")
    asked = claims.claim(cafe, guest, receipt=text, now=now)
    assert (asked.amount, asked.occurred_at) == (Decimal("1234.50"), now.replace(microsecond=0) - timedelta(hours=2))
    assert claims.claim(cafe, guest, receipt=text, amount=Decimal("1234.50"), now=now).id == asked.id
    approved = claims.approve(cafe, asked.id, caller=CASHIER, now=now)
    assert db.session.get(Purchase, (cafe.id, approved.purchase_id)).occurred_at == asked.occurred_at
    assert claims.claim(cafe, guest, receipt=text, now=now).id == asked.id


def test_a_receipt_counts_once_on_the_whole_platform(cafe, guest, now):
    drive, number = f"{random.randrange(10**16):016}", next(_numbers)
    claims.claim(cafe, guest, receipt=receipt(now, drive=drive, number=number), now=now)
    again = receipt(now, drive=drive, number=number).replace("&i=", "&i=0")
    with pytest.raises(FiscalReceiptUsed):
        claims.claim(cafe, make_customer(), receipt=again, now=now)
    with pytest.raises(FiscalReceiptUsed):
        claims.claim(make_partner(), guest, receipt=again, now=now)


def test_a_refused_receipt_may_be_shown_again_and_says_so(cafe, guest, now):
    text = receipt(now)
    first = claims.claim(cafe, guest, receipt=text, now=now)
    claims.refuse(cafe, first.id, "Не видно", caller=CASHIER, now=now)
    other = make_partner()
    second = claims.claim(other, make_customer(), receipt=text, now=now)
    assert "refused_before" in second.doubts
    with pytest.raises(FiscalReceiptUsed):
        claims.claim(cafe, guest, receipt=text, now=now)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"n": 2}, "return"),
        ({"n": 3}, "not of a sale"),
        ({"at": timedelta(minutes=11)}, "future"),
        ({"at": -timedelta(hours=73)}, "older"),
        ({"at": -timedelta(days=730)}, "older"),
    ],
    ids=["a return", "a purchase from somebody", "a future receipt", "three days old", "a two-year-old receipt"],
)
def test_a_receipt_that_does_not_count_is_refused_clearly(cafe, guest, now, change, reason):
    text = receipt(now + change.get("at", timedelta()), n=change.get("n", 1))
    with pytest.raises(InvalidFiscalReceipt, match=reason):
        claims.claim(cafe, guest, receipt=text, now=now)
    assert db.session.scalar(select(func.count()).select_from(Claim).where(Claim.partner_id == cafe.id)) == 0


def test_a_sum_off_by_a_kopeck_is_refused(cafe, guest, now):
    with pytest.raises(InvalidFiscalReceipt) as refused:
        claims.claim(cafe, guest, receipt=receipt(now), amount=Decimal("1000.01"), now=now)
    assert refused.value.field == "amount"


def test_a_clock_some_minutes_ahead_is_taken_for_now(cafe, guest, now):
    assert claims.claim(cafe, guest, receipt=receipt(now + timedelta(minutes=9)), now=now).occurred_at == now


# Doubts


def test_the_drive_of_the_branch_raises_no_doubt_and_names_the_branch(cafe, guest, now):
    here, there = make_branch(cafe, "Первая"), make_branch(cafe, "Вторая")
    drive = f"{random.randrange(10**16):016}"
    claims.register_drive(cafe, f"{drive[:8]} {drive[8:]}", here.id, by=guest.id, now=now)
    asked = claims.claim(cafe, guest, receipt=receipt(now, "10.00", drive=drive, number=5), now=now)
    assert (asked.doubts, asked.branch_id) == ([], here.id)
    elsewhere = claims.claim(
        cafe, guest, receipt=receipt(now, "20.00", drive=drive, number=6), branch_id=there.id, now=now
    )
    assert elsewhere.doubts == ["drive_elsewhere"]
    foreign = claims.claim(make_partner(), guest, receipt=receipt(now, "30.00", drive=drive, number=7), now=now)
    assert foreign.doubts == ["drive_foreign"]
    claims.remove_drive(cafe, drive, by=guest.id)
    assert claims.list_drives(cafe.id) == []


@pytest.mark.parametrize("drive", ["", "123", "12345678901234567", "１２３４５６７８９０１２３４５６"])
def test_a_drive_is_sixteen_digits_in_an_open_branch(cafe, guest, now, drive):
    with pytest.raises(InvalidFiscalReceipt):
        claims.register_drive(cafe, drive, make_branch(cafe).id, by=guest.id, now=now)
    with pytest.raises(BranchNotFound):
        claims.register_drive(cafe, "1" * 16, make_branch(cafe, state="closed").id, by=guest.id, now=now)
    with pytest.raises(BranchNotFound):
        claims.register_drive(cafe, "1" * 16, make_branch(make_partner()).id, by=guest.id, now=now)


def test_a_made_up_receipt_has_to_fit_between_its_neighbours(cafe, now):
    drive = f"{random.randrange(10**16):016}"

    def ask(number, hours, sign=1, amount=None):
        text = receipt(now - timedelta(hours=hours), amount or f"{number}.00", drive=drive, number=number, sign=sign)
        return set(claims.claim(cafe, make_customer(), receipt=text, now=now).doubts) - {"drive_unknown"}

    assert ask(100, 5) == ask(200, 3) == ask(150, 4) == set()
    assert ask(120, 2) == {"out_of_order"}, "a smaller number, yet later than 150 and 200"
    assert ask(210, 4.5) == {"out_of_order"}
    assert ask(100, 5, sign=2, amount="7.00") == {"other_sign"}


def test_what_looks_odd_is_shown(cafe, guest, now):
    sales.post_transaction(
        cafe,
        Identifier("customer_id", str(make_member(cafe, guest).customer_id)),
        Basket(Decimal(500)),
        kind="accrual",
        caller=CASHIER,
        key="1",
        now=now,
    )
    assert claims.claim(cafe, guest, amount=Decimal(500), now=now).doubts == ["bought_already"]
    assert claims.claim(cafe, guest, amount=Decimal(500), now=now + timedelta(hours=1)).doubts == ["same_sum"]
    third = claims.claim(cafe, guest, amount=Decimal("10000.01"), now=now)
    assert third.doubts == ["many_today", "large"]
    night = now.astimezone(MOSCOW).replace(hour=3)
    asked = claims.claim(cafe, make_customer(), receipt=receipt(night), now=now)
    assert asked.doubts == ["drive_unknown", "at_night"]


# By itself


def test_within_the_limits_a_claim_is_approved_by_itself(cafe, guest, now):
    claims.set_policy(cafe, replace(EVERYTHING, most_amount=Decimal("1000.00"), a_day=1), by=guest.id)
    first = claims.claim(cafe, guest, amount=Decimal("1000.00"), now=now)
    assert (first.state, first.decided_by, balance(guest, cafe)) == ("approved", None, 50)
    assert claims.claim(cafe, guest, amount=Decimal("999.00"), now=now).state == "waiting", "one a day"
    other = make_customer()
    assert claims.claim(cafe, other, amount=Decimal("1000.01"), now=now).state == "waiting"
    tomorrow = now + timedelta(days=1)
    assert claims.claim(cafe, guest, amount=Decimal("998.00"), now=tomorrow).state == "approved"


def test_the_limits_may_ask_for_a_receipt_and_for_somebody_known(cafe, guest, now):
    claims.set_policy(cafe, replace(EVERYTHING, receipt_only=True), by=guest.id)
    assert claims.claim(cafe, guest, amount=Decimal(100), now=now).state == "waiting"
    drive = f"{random.randrange(10**16):016}"
    assert claims.claim(cafe, guest, receipt=receipt(now, "10.00", drive=drive), now=now).state == "waiting", "unknown"
    claims.register_drive(cafe, drive, make_branch(cafe).id, by=guest.id, now=now)
    text = receipt(now, "20.00", drive=drive)
    assert claims.claim(cafe, make_customer(), receipt=text, now=now).state == "approved"
    claims.set_policy(cafe, replace(EVERYTHING, known_only=True), by=guest.id)
    stranger = make_customer()
    waiting = claims.claim(cafe, stranger, amount=Decimal(300), now=now)
    assert waiting.state == "waiting"
    claims.approve(cafe, waiting.id, caller=CASHIER, now=now)
    assert claims.claim(cafe, stranger, amount=Decimal(400), now=now).state == "approved"


def test_limits_are_read_strictly_and_written_back(cafe, guest):
    assert claims.policy_of(cafe) == ClaimPolicy()
    claims.set_policy(cafe, EVERYTHING, by=guest.id)
    assert claims.policy_of(cafe) == EVERYTHING == ClaimPolicy.from_json(EVERYTHING.to_json())
    for wrong in ({"a_day": 0}, {"a_day": True}, {"receipt_hours": 721}, {"is_automatic": 1}, {"what": 1}, []):
        with pytest.raises(InvalidClaim):
            ClaimPolicy.from_json(wrong)
    with pytest.raises(InvalidAmount):
        ClaimPolicy.from_json({"most_amount": "-1"})


# Who sees what


def test_another_partners_claim_is_like_none(cafe, guest, now):
    asked, other = claims.claim(cafe, guest, amount=Decimal(100), now=now), make_partner()
    for act in (
        lambda: claims.approve(other, asked.id, caller=CASHIER, now=now),
        lambda: claims.refuse(other, asked.id, "Нет", caller=CASHIER, now=now),
        lambda: claims.show_claim(other.id, asked.id, caller=CASHIER, contacts=True),
        lambda: claims.approve(cafe, uuid4(), caller=CASHIER, now=now),
    ):
        with pytest.raises(ClaimNotFound):
            act()
    assert claims.list_claims(other.id, caller=CASHIER, contacts=True) == []


def test_a_cashier_of_one_branch_sees_its_claims_and_those_of_none(cafe, guest, now):
    here, there = make_branch(cafe, "Первая"), make_branch(cafe, "Вторая")
    mine = claims.claim(cafe, guest, amount=Decimal(1), branch_id=here.id, now=now)
    free = claims.claim(cafe, guest, amount=Decimal(2), now=now)
    theirs = claims.claim(cafe, guest, amount=Decimal(3), branch_id=there.id, now=now)
    bound = replace(CASHIER, branch_id=here.id)
    assert [row.claim_id for row in claims.list_claims(cafe.id, caller=bound, contacts=True)] == [mine.id, free.id]
    assert claims.count_waiting(cafe.id, bound) == 2 and claims.count_waiting(cafe.id, CASHIER) == 3
    with pytest.raises(ClaimNotFound):
        claims.approve(cafe, theirs.id, caller=bound, now=now)
    with pytest.raises(BranchNotFound):
        claims.claim(cafe, guest, amount=Decimal(3), branch_id=make_branch(make_partner()).id, now=now)


def test_lists_are_paged_and_show_contacts_only_to_whom_they_may(cafe, now):
    people = [make_member(cafe, name=f"Гость {n}") for n in range(3)]
    guests = [db.session.get(Customer, member.customer_id) for member in people]
    made = [claims.claim(cafe, one, amount=Decimal(n + 1), now=now) for n, one in enumerate(guests)]
    first = claims.list_claims(cafe.id, caller=CASHIER, contacts=True, limit=2)
    rest = claims.list_claims(cafe.id, caller=CASHIER, contacts=False, after=first[-1].claim_id)
    assert [row.customer_name for row in first + rest] == ["Гость 0", "Гость 1", "Гость 2"]
    assert first[0].customer_phone.startswith("+7") and rest[0].customer_phone is None
    assert all(row.is_new for row in first)
    for one in made[:2]:
        claims.approve(cafe, one.id, caller=CASHIER, now=now)
    decided = claims.list_claims(cafe.id, caller=CASHIER, contacts=True, waiting=False)
    assert [row.claim_id for row in decided] == [made[1].id, made[0].id] and decided[0].purchase_id
    assert [row.claim_id for row in claims.list_claims(cafe.id, caller=CASHIER, contacts=True)] == [made[2].id]
    own = claims.list_own(guests[0].id)
    assert [(row.claim_id, row.partner_name, row.points) for row in own] == [(made[0].id, cafe.name, 0)]
    assert claims.list_own(guests[0].id, after=made[0].id) == []


def test_a_closed_branch_does_not_hold_a_claim_up(cafe, guest, now):
    branch = make_branch(cafe)
    asked = claims.claim(cafe, guest, amount=Decimal(1000), branch_id=branch.id, now=now)
    branch.state = "closed"
    db.session.flush()
    approved = claims.approve(cafe, asked.id, caller=CASHIER, now=now)
    assert db.session.get(Purchase, (cafe.id, approved.purchase_id)).branch_id is None


# All at once


def test_fifty_approvals_at_once_credit_once(fresh_app):
    with fresh_app.app_context(), transaction():
        partner, customer = make_partner(), make_customer()
        asked = claims.claim(partner, customer, amount=Decimal("1000.00"), now=utcnow())
        partner_id, claim_id, customer_id = partner.id, asked.id, customer.id

    def approve(_):
        caller = Caller("counter", "manual", actor=new_id())
        return claims.approve(db.session.get(Partner, partner_id), claim_id, caller=caller, now=utcnow()).purchase_id

    answers = at_once(fresh_app, approve, 50)
    with fresh_app.app_context(), transaction():
        assert set(answers) == {db.session.scalar(select(Purchase.id))}
        assert membership_of(customer_id, partner_id).balance == 50
        assert list(verify.breaches(db.session.connection())) == []


def test_one_receipt_shown_at_ten_partners_at_once_counts_at_one(fresh_app):
    with fresh_app.app_context(), transaction():
        places, people = [make_partner().id for _ in range(10)], [make_customer().id for _ in range(10)]
    text = receipt(utcnow())

    def ask(n):
        person, place = db.session.get(Customer, people[n]), db.session.get(Partner, places[n])
        return claims.claim(place, person, receipt=text, now=utcnow()).state

    answers = at_once(fresh_app, ask, 10)
    assert [one for one in answers if not isinstance(one, FiscalReceiptUsed)] == ["waiting"]
    with fresh_app.app_context(), transaction():
        assert db.session.scalar(select(func.count()).select_from(FiscalReceiptUse)) == 1
        assert db.session.scalar(select(func.count()).select_from(Claim)) == 1


def test_the_limit_of_a_day_holds_when_claims_come_at_once(fresh_app):
    with fresh_app.app_context(), transaction():
        partner, customer = make_partner(), make_customer()
        make_member(partner, customer)
        claims.set_policy(partner, replace(EVERYTHING, a_day=2), by=customer.id)
        partner_id, customer_id = partner.id, customer.id

    def ask(n):
        person, place = db.session.get(Customer, customer_id), db.session.get(Partner, partner_id)
        return claims.claim(place, person, amount=Decimal(100 + n), now=utcnow()).state

    answers = at_once(fresh_app, ask, 8)
    assert sorted(answers) == sorted(["approved"] * 2 + ["waiting"] * 6)

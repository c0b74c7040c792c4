"""Friends come by a member's code: who may, who may not and why, and what is odd about where they came from."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from loyalty import customers, erasure, referral_rewards, referrals
from loyalty.customers import attach_identity
from loyalty.errors import (
    AlreadyInvited,
    CustomerNotFound,
    InvitationGone,
    KnownCustomer,
    MutualInvitation,
    OwnInvitation,
    StaffInvitation,
)
from loyalty.referral_terms import Terms
from models import db
from models.ledger import Membership
from models.referral import Referral, ReferralCode
from models.work import Outbox
from tests.concurrency import at_once
from tests.factories import NOW, make_customer, make_email, make_member, make_partner, make_phone, make_staff, noise
from tests.loyalty.friends import TERMS, buy, person_of

pytestmark = pytest.mark.usefixtures("db_session")


@pytest.fixture
def cafe():
    noise()
    partner = make_partner()
    referrals.set_terms(partner, TERMS, by=None)
    return partner


@pytest.fixture
def anna(cafe):
    return make_member(cafe, make_customer(name="Анна Петрова"))


def come(cafe, inviter, customer=None, **options):
    """Somebody becomes a member and comes by the inviter's code."""
    friend = make_member(cafe, customer)
    options = {"came_by": "link", "now": NOW} | options
    return referrals.accept(referrals.code_of(inviter), person_of(friend), **options)


def announced(job, partner_id):
    rows = select(Outbox).where(Outbox.job == job, Outbox.partner_id == partner_id)
    return db.session.scalars(rows.order_by(Outbox.id)).all()


# Codes


def test_a_code_is_made_once_and_read_however_it_is_typed(cafe, anna):
    code = referrals.code_of(anna)
    assert referrals.code_of(anna) == code and set(code) <= set(referrals.ALPHABET) and len(code) == 8
    shown = referrals.write_code(code)
    in_russian = shown.lower().translate(str.maketrans("bchkmpt", "вснкмрт"))
    for typed in (code, shown, f" {shown.lower()} ", in_russian):
        assert referrals.find_invitation(typed).inviter.id == anna.id


@pytest.mark.parametrize("typed", ["", "ABC", "K7MX-4QRA", "!!!!!!!!", "22222222", "2" * 5000])
def test_a_code_that_is_none_leads_nowhere(typed):
    with pytest.raises(InvitationGone):
        referrals.find_invitation(typed)


def test_strangers_see_of_the_inviter_a_first_name_and_the_terms(cafe, anna):
    found = referrals.find_invitation(referrals.code_of(anna))
    assert (found.inviter_name, found.partner.id, found.terms) == ("Анна", cafe.id, TERMS)


def test_an_invitation_ends_where_inviting_is_off_and_with_its_owner(cafe, anna):
    code, other = referrals.code_of(anna), referrals.code_of(make_member(cafe))
    referrals.set_terms(cafe, replace(TERMS, is_on=False), by=None)
    with pytest.raises(InvitationGone):
        referrals.find_invitation(code)
    referrals.set_terms(cafe, TERMS, by=None)
    assert referrals.find_invitation(code).inviter.id == anna.id
    erasure.erase_person(person_of(anna), NOW)
    with pytest.raises(InvitationGone):
        referrals.find_invitation(code)
    cafe.state = "suspended"
    with pytest.raises(InvitationGone):
        referrals.find_invitation(other)


# Coming


def test_a_friend_comes_once_on_the_terms_of_that_day_and_the_inviter_is_told(cafe, anna):
    friend = make_member(cafe)
    code, person = referrals.code_of(anna), person_of(friend)
    first = referrals.accept(code, person, came_by="link", now=NOW)
    referrals.set_terms(cafe, Terms(is_on=True, inviter_points=1, friend_points=1), by=None)
    again = referrals.accept(code, person, came_by="bot", now=NOW + timedelta(days=1))
    assert again.id == first.id and (first.inviter_id, first.friend_id) == (anna.id, friend.id)
    assert (first.state, first.came_by, first.inviter_points, first.minimum) == ("waiting", "link", 200, Decimal(500))
    (row,) = announced("notify_referral", cafe.id)
    assert row.payload == {"referral_id": str(first.id), "news": "came", "to": "inviter"}
    assert row.ordering_key == f"referral:{anna.id}", "kept until the morning it would hold up news of purchases"


def test_the_first_invitation_counts(cafe, anna):
    referral = come(cafe, anna)
    other = make_member(cafe)
    with pytest.raises(AlreadyInvited):
        referrals.accept(
            referrals.code_of(other), person_of(db.session.get(Membership, (cafe.id, referral.friend_id))),
            came_by="code", now=NOW,
        )  # fmt: skip


def test_whoever_is_no_member_does_not_come_yet_and_a_code_of_elsewhere_leads_nowhere(cafe, anna):
    with pytest.raises(CustomerNotFound):
        referrals.accept(referrals.code_of(anna), make_customer(), came_by="code", now=NOW)
    other = make_partner()
    friend = make_member(other)
    with pytest.raises(InvitationGone):
        referrals.accept(referrals.code_of(anna), person_of(friend), partner_id=other.id, came_by="code", now=NOW)


def test_a_customer_with_purchases_is_no_friend_unless_all_was_returned(cafe, anna):
    old, returned = make_member(cafe), make_member(cafe)
    buy(cafe, old, NOW, "10.00")
    buy(cafe, returned, NOW, "10.00", back="10.00")
    with pytest.raises(KnownCustomer):
        referrals.accept(referrals.code_of(anna), person_of(old), came_by="link", now=NOW)
    assert referrals.accept(referrals.code_of(anna), person_of(returned), came_by="link", now=NOW).state == "waiting"


def test_at_the_till_the_code_may_be_named_after_the_first_check_of_the_day(cafe, anna):
    fresh, old = make_member(cafe), make_member(cafe)
    buy(cafe, fresh, NOW, "700.00")
    buy(cafe, old, NOW, "700.00", at=NOW - timedelta(days=1))
    code = referrals.code_of(anna)
    assert referrals.accept(code, person_of(fresh), came_by="till", now=NOW).state == "waiting"
    with pytest.raises(KnownCustomer):
        referrals.accept(code, person_of(old), came_by="till", now=NOW)
    assert referral_rewards.list_unsettled(NOW, chunk=1000) != []


# Nobody invites themselves


def test_one_does_not_come_by_ones_own_code(cafe, anna):
    with pytest.raises(OwnInvitation):
        referrals.accept(referrals.code_of(anna), person_of(anna), came_by="link", now=NOW)


def test_another_spelling_of_ones_phone_is_oneself(cafe):
    phone = make_phone()
    anna = make_member(cafe, make_customer(phone))
    spelt = f"8 ({phone[2:5]}) {phone[5:8]}-{phone[8:]}"
    found, _ = customers.find_or_enrol(cafe, customers.parse_identifier({"phone": spelt}, cafe), now=NOW)
    with pytest.raises(OwnInvitation):
        referrals.accept(referrals.code_of(anna), found, came_by="till", now=NOW)


def test_a_number_of_the_partners_own_system_that_is_ones_phone_is_oneself(cafe):
    phone = make_phone()
    anna, copy = make_member(cafe, make_customer(phone)), make_customer(phone=False)
    attach_identity(copy, "import", phone.removeprefix("+"), cafe.id)
    with pytest.raises(OwnInvitation):
        come(cafe, anna, copy)


def test_another_address_of_ones_mailbox_is_oneself(cafe):
    anna = make_member(cafe, make_customer(email="anna.petrova@gmail.com", phone=False))
    with pytest.raises(OwnInvitation):
        come(cafe, anna, make_customer(email="annapetrova+2@googlemail.com"))


def test_ones_telegram_is_oneself_though_it_was_begun_anew(cafe):
    """A record that Telegram made is merged into the one that its phone belongs to."""
    anna, begun = make_customer(), make_customer(phone=False)
    attach_identity(anna, "telegram", str(make_phone()[2:]), proven_at=NOW)
    member = make_member(cafe, anna)
    begun.state, begun.merged_into = "merged", anna.id
    db.session.flush()
    with pytest.raises(OwnInvitation):
        referrals.accept(referrals.code_of(member), customers.living(begun), came_by="bot", now=NOW)


@pytest.mark.parametrize("who", ["inviter", "friend", "friends mailbox"])
def test_staff_neither_invite_nor_are_invited(cafe, who):
    email = make_email()
    anna, friend = make_member(cafe, make_customer(email=email)), make_customer()
    if who == "inviter":
        make_staff(cafe, customer=person_of(anna))
    elif who == "friend":
        make_staff(cafe, customer=friend)
    else:
        name, _, domain = email.partition("@")
        make_staff(cafe, customer=make_customer(email=f"{name}+work@{domain}"))
        anna, friend = make_member(cafe), person_of(anna)
    with pytest.raises(StaffInvitation):
        come(cafe, anna, friend)
    other = make_partner()
    referrals.set_terms(other, TERMS, by=None)
    assert come(other, make_member(other, person_of(anna)), friend).state == "waiting"


def test_two_do_not_invite_each_other_nor_three_in_a_circle(cafe, anna):
    boris = come(cafe, anna).friend_id
    vera = come(cafe, db.session.get(Membership, (cafe.id, boris))).friend_id
    for last in (boris, vera):
        code = referrals.code_of(db.session.get(Membership, (cafe.id, last)))
        with pytest.raises(MutualInvitation):
            referrals.accept(code, person_of(anna), came_by="link", now=NOW)


# What must not fail the larger thing


def test_a_registration_does_not_fail_for_an_invitation_and_the_person_is_told_why(cafe, anna):
    old = make_member(cafe)
    buy(cafe, old, NOW, "10.00")
    code = referrals.code_of(anna)
    assert referrals.accept_if_good(code, person_of(old), cafe, came_by="code", now=NOW) is None
    assert referrals.accept_if_good("junk", person_of(old), cafe, came_by="code", now=NOW) is None
    reasons = [row.payload["reason"] for row in announced("notify_not_invited", cafe.id)]
    assert reasons == ["customer", "gone"]
    assert referrals.accept_if_good(code, person_of(make_member(cafe)), cafe, came_by="code", now=NOW) is not None


# From where


def test_a_crowd_from_one_address_is_doubted_and_nobody_else(cafe, anna):
    elsewhere = come(cafe, anna, address="203.0.113.9")
    early = come(cafe, anna, address="203.0.113.5", now=NOW - timedelta(days=8))
    crowd = [come(cafe, anna, address="203.0.113.5") for _ in range(referrals.MOST_FROM_ADDRESS)]
    assert {tuple(one.doubts) for one in crowd} == {()}
    last = come(cafe, anna, address="203.0.113.5")
    for one in (elsewhere, early, *crowd):
        db.session.refresh(one)
    assert {tuple(one.doubts) for one in (*crowd, last)} == {("address",)}
    assert elsewhere.doubts == early.doubts == []
    assert "203.0.113" not in last.address_hash and len(last.address_hash) == 64


def test_two_friends_in_one_browser_and_one_in_the_inviters_are_doubted(cafe, anna):
    referrals.code_of(anna)
    referrals.note_device(anna, "browser of anna", NOW)
    assert come(cafe, anna, device="browser of anna").doubts == ["inviters_device"]
    first, second = come(cafe, anna, device="one"), come(cafe, anna, device="one")
    db.session.refresh(first)
    assert first.doubts == second.doubts == ["device"]
    assert come(cafe, anna, device="another").doubts == []


def test_from_where_somebody_came_is_forgotten_after_a_month(cafe, anna):
    old = come(cafe, anna, address="203.0.113.5", device="one", now=NOW - timedelta(days=31))
    new = come(cafe, anna, address="203.0.113.5", device="two")
    referrals.note_device(anna, "hers", NOW - timedelta(days=31))
    while referrals.forget_traces(NOW):
        continue
    for row in (old, new):
        db.session.refresh(row)
    assert (old.address_hash, old.device_hash) == (None, None) and new.address_hash and new.device_hash
    code = db.session.get(ReferralCode, (cafe.id, anna.id), populate_existing=True)
    assert (code.device_hash, code.seen_at) == (None, None)


def test_of_an_erased_friend_nothing_is_kept_of_where_they_came_from(cafe, anna):
    referral = come(cafe, anna, address="203.0.113.5", device="one")
    erasure.erase_person(person_of(db.session.get(Membership, (cafe.id, referral.friend_id))), NOW)
    db.session.refresh(referral)
    assert (referral.address_hash, referral.device_hash, referral.state) == (None, None, "waiting")


# All at once


def test_of_fifty_invitations_accepted_at_once_one_counts(fresh_app):
    with fresh_app.app_context():
        cafe = make_partner()
        referrals.set_terms(cafe, TERMS, by=None)
        codes = [referrals.code_of(make_member(cafe)) for _ in range(2)]
        partner_id, customer_id = cafe.id, make_member(cafe).customer_id
        db.session.commit()

    def act(n):
        person = db.session.get(referrals.Customer, customer_id)
        return referrals.accept(codes[n % 2], person, came_by="link", now=NOW).id

    answers = at_once(fresh_app, act, 50)
    with fresh_app.app_context():
        (made,) = db.session.scalars(select(Referral.id)).all()
        assert len(announced("notify_referral", partner_id)) == 1
    assert sum(answer == made for answer in answers) == 25
    assert sum(isinstance(answer, AlreadyInvited) for answer in answers) == 25

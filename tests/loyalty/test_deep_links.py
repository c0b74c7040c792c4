from __future__ import annotations

import random
import re
from datetime import timedelta

import pytest

from loyalty import deep_links, staff
from loyalty.customers import attach_identity, find
from loyalty.errors import AlreadyStaff, BranchNotFound, IdentityTaken, InvalidRole, LinkGone, TooMany
from loyalty.identities import Identifier
from models import db, new_id, transaction
from models.customer import AuditRecord, Customer
from models.partner import Staff
from models.telegram import DeepLink
from models.work import Outbox
from tests.concurrency import at_once
from tests.factories import NOW, make_branch, make_customer, make_partner, make_staff, noise

SOON = NOW + timedelta(minutes=1)


@pytest.fixture
def cafe(db_session):
    noise()
    return make_partner(name="Эспрессо")


@pytest.fixture
def olga(cafe):
    """The owner's id."""
    return make_staff(cafe, "owner").customer_id


def invite(cafe, by, role="cashier", branch_id=None):
    return deep_links.invite_staff(cafe.id, role, branch_id, by=by, now=NOW)[1]


def telegram_id() -> str:
    return str(random.randrange(10**9, 10**12))


def told(job):
    return [row.payload for row in db.session.scalars(db.select(Outbox).where(Outbox.job == job).order_by(Outbox.id))]


# Invitations of staff


def test_an_invitation_makes_one_person_staff_and_tells_who_invited(cafe, olga):
    branch, anna = make_branch(cafe, "На углу"), make_customer()
    payload = invite(cafe, olga, branch_id=branch.id)
    seen = deep_links.find_invitation(payload, anna.id, SOON)
    assert (seen.partner.name, seen.role, seen.branch_name) == ("Эспрессо", "cashier", "На углу")
    hired = deep_links.accept(payload, anna, "Анна", SOON)
    assert (hired.customer_id, hired.role, hired.branch_id, hired.name) == (anna.id, "cashier", branch.id, "Анна")
    assert {"link_id": str(seen.id)} in told("notify_invitation")
    assert str(hired.id) not in str(told("notify_hired")), "who accepts knows"
    record = db.session.scalars(db.select(AuditRecord).where(AuditRecord.subject == str(hired.id))).one()
    assert (record.action, record.actor_id) == ("staff.hire", olga)
    assert record.details == {"role": "cashier", "link": str(seen.id)}


def test_a_link_holds_128_bits_that_the_database_does_not(cafe, olga):
    payload, other = invite(cafe, olga), invite(cafe, olga)
    assert re.fullmatch(r"s[A-Za-z0-9_-]{22}", payload) and payload != other
    for row in db.session.scalars(db.select(DeepLink).where(DeepLink.partner_id == cafe.id)):
        assert payload[1:] not in str(vars(row))


def test_accepting_again_is_accepting_once(cafe, olga):
    anna = make_customer()
    payload = invite(cafe, olga)
    link = {"link_id": str(deep_links.find_invitation(payload, None, NOW).id)}
    first = deep_links.accept(payload, anna, None, NOW)
    assert deep_links.accept(payload, anna, None, SOON).id == first.id
    assert told("notify_invitation").count(link) == 1


def test_whoever_is_dismissed_does_not_come_back_by_the_old_link(cafe, olga):
    anna = make_customer()
    payload = invite(cafe, olga)
    hired = deep_links.accept(payload, anna, None, NOW)
    staff.dismiss(cafe.id, hired.id, olga, SOON)
    with pytest.raises(LinkGone):
        deep_links.accept(payload, anna, None, SOON)
    assert db.session.get(Staff, (cafe.id, hired.id)).state == "dismissed"


@pytest.mark.parametrize(
    "spoil", ["expired", "revoked", "declined", "used", "inviter dismissed", "inviter demoted", "suspended"]
)
def test_a_link_that_works_no_more_is_refused_in_one_and_the_same_way(cafe, olga, spoil):
    anna, payload, now = make_customer(), invite(cafe, olga), SOON
    inviter = db.session.scalar(db.select(Staff).where(Staff.customer_id == olga))
    if spoil == "expired":
        now = NOW + deep_links.INVITATION_LIFE
    elif spoil == "revoked":
        (open_one,) = deep_links.list_invitations(cafe.id, NOW)
        deep_links.revoke(cafe.id, open_one.id, by=olga, now=NOW)
    elif spoil == "declined":
        deep_links.decline(payload, None, NOW)
    elif spoil == "used":
        deep_links.accept(payload, make_customer(), None, NOW)
    elif spoil == "suspended":
        cafe.state = "suspended"
    else:
        make_staff(cafe, "owner")
        if spoil == "inviter demoted":
            staff.change(cafe.id, inviter.id, role="manager", branch_id=None, by=None, now=NOW)
        else:
            staff.dismiss(cafe.id, inviter.id, None, NOW)
    refusals = set()
    for use in (
        lambda: deep_links.find_invitation(payload, anna.id, now),
        lambda: deep_links.find_invitation(payload, None, now),
        lambda: deep_links.accept(payload, anna, None, now),
        lambda: deep_links.decline(payload, anna.id, now),
        lambda: deep_links.find_invitation("s" + "A" * 22, None, now),
    ):
        with pytest.raises(LinkGone) as refused:
            use()
        refusals.add(str(refused.value))
    assert len(refusals) == 1
    assert db.session.scalar(db.select(Staff).where(Staff.customer_id == anna.id)) is None


@pytest.mark.parametrize("payload", ["", "s", "s" + "я" * 22, "s" + "A" * 21, "s" + "A" * 23, "x" + "A" * 22, "s\n"])
def test_a_link_made_by_hand_opens_nothing(cafe, payload):
    with pytest.raises(LinkGone):
        deep_links.find_invitation(payload, None, NOW)
    with pytest.raises(LinkGone):
        deep_links.find_account(payload, telegram_id(), NOW)


def test_a_link_of_one_purpose_does_nothing_for_another(cafe, olga):
    anna = make_customer()
    invitation, own = invite(cafe, olga), deep_links.link_account(anna, NOW)
    with pytest.raises(LinkGone):
        deep_links.link_telegram(invitation, telegram_id(), NOW)
    with pytest.raises(LinkGone):
        deep_links.accept(own, anna, None, NOW)
    with pytest.raises(LinkGone):
        deep_links.link_telegram("l" + invitation[1:], telegram_id(), NOW)


def test_whoever_works_there_already_leaves_the_link_to_others(cafe, olga):
    cashier, payload = make_staff(cafe), invite(cafe, olga, "manager")
    for use in (
        lambda: deep_links.find_invitation(payload, cashier.customer_id, NOW),
        lambda: deep_links.accept(payload, db.session.get(Customer, cashier.customer_id), None, NOW),
    ):
        with pytest.raises(AlreadyStaff):
            use()
    assert cashier.role == "cashier"
    assert deep_links.accept(payload, make_customer(), None, NOW).role == "manager"


def test_somebody_who_worked_there_before_comes_back(cafe, olga):
    former = make_staff(cafe, "manager")
    staff.dismiss(cafe.id, former.id, olga, NOW)
    back = deep_links.accept(invite(cafe, olga), db.session.get(Customer, former.customer_id), None, SOON)
    assert (back.id, back.role, back.state, back.created_at) == (former.id, "cashier", "active", SOON)


def test_nobody_becomes_an_owner_by_a_link(cafe, olga):
    for role in ("owner", "admin", ""):
        with pytest.raises(InvalidRole):
            invite(cafe, olga, role)


def test_an_invitation_is_for_an_open_branch_of_the_partner(cafe, olga):
    for branch in (make_branch(cafe, state="closed"), make_branch(make_partner())):
        with pytest.raises(BranchNotFound):
            invite(cafe, olga, branch_id=branch.id)


def test_open_invitations_are_listed_and_one_is_revoked_once(cafe, olga):
    other = make_partner()
    foreign = invite(other, make_staff(other, "owner").customer_id)
    first, second = invite(cafe, olga), invite(cafe, olga, "manager")
    assert [one.role for one in deep_links.list_invitations(cafe.id, SOON)] == ["manager", "cashier"]
    (newest,) = deep_links.list_invitations(cafe.id, SOON, limit=1)
    with pytest.raises(LinkGone):
        deep_links.revoke(other.id, newest.id, by=olga, now=SOON)
    for _ in range(2):
        deep_links.revoke(cafe.id, newest.id, by=olga, now=SOON)
    assert deep_links.count_invitations(cafe.id, SOON) == 1
    deep_links.accept(first, make_customer(), None, SOON)
    assert deep_links.count_invitations(cafe.id, SOON) == 0 and deep_links.count_invitations(other.id, SOON) == 1
    assert deep_links.find_invitation(foreign, None, SOON) and second
    with pytest.raises(LinkGone):
        deep_links.revoke(cafe.id, new_id(), by=olga, now=SOON)
    assert deep_links.list_invitations(other.id, NOW + deep_links.INVITATION_LIFE) == []


def test_a_used_invitation_is_not_revoked(cafe, olga):
    payload = invite(cafe, olga)
    (opened,) = deep_links.list_invitations(cafe.id, NOW)
    deep_links.accept(payload, make_customer(), None, NOW)
    with pytest.raises(LinkGone):
        deep_links.revoke(cafe.id, opened.id, by=olga, now=SOON)


def test_nobody_makes_links_without_end(cafe, olga, monkeypatch):
    monkeypatch.setattr(deep_links, "INVITATIONS_AN_HOUR", 2)
    monkeypatch.setattr(deep_links, "ACCOUNT_LINKS_AN_HOUR", 1)
    anna = make_customer()
    invite(cafe, olga)
    invite(cafe, olga)
    deep_links.link_account(anna, NOW)
    with pytest.raises(TooMany):
        invite(cafe, olga)
    with pytest.raises(TooMany):
        deep_links.link_account(anna, NOW)


def test_of_many_who_accept_at_once_one_is_hired(app):
    with app.app_context(), transaction():
        cafe = make_partner()
        olga = make_staff(cafe, "owner").customer_id
        people = [make_customer().id for _ in range(4)]
        partner_id, payload = cafe.id, invite(cafe, olga)

    def accept(n):
        return deep_links.accept(payload, db.session.get_one(Customer, people[n // 2]), None, SOON).customer_id

    outcomes = at_once(app, accept, 8)
    hired = {one for one in outcomes if not isinstance(one, Exception)}
    assert len(hired) == 1 and sum(isinstance(one, LinkGone) for one in outcomes) >= 6
    with app.app_context():
        working = db.session.scalars(db.select(Staff).where(Staff.partner_id == partner_id, Staff.role == "cashier"))
        assert {one.customer_id for one in working} == hired


# One's own account


def test_a_link_of_an_account_makes_the_telegram_its_own_once(db_session):
    anna, telegram = make_customer(), telegram_id()
    payload = deep_links.link_account(anna, NOW)
    assert re.fullmatch(r"l[A-Za-z0-9_-]{22}", payload)
    assert deep_links.find_account(payload, telegram, SOON).id == anna.id
    for _ in range(2):
        assert deep_links.link_telegram(payload, telegram, SOON).id == anna.id
    assert find(Identifier("telegram", telegram)).id == anna.id
    records = db_session.scalars(db.select(AuditRecord).where(AuditRecord.subject == str(anna.id))).all()
    assert [record.action for record in records] == ["customer.link_telegram"]


def test_a_used_or_old_link_gives_the_account_to_no_other_telegram(db_session):
    anna, thief = make_customer(), telegram_id()
    used = deep_links.link_account(anna, NOW)
    deep_links.link_telegram(used, telegram_id(), NOW)
    replaced = deep_links.link_account(anna, NOW)
    current = deep_links.link_account(anna, NOW)
    for payload, now in ((used, SOON), (replaced, SOON), (current, NOW + deep_links.ACCOUNT_LINK_LIFE)):
        with pytest.raises(LinkGone):
            deep_links.find_account(payload, thief, now)
        with pytest.raises(LinkGone):
            deep_links.link_telegram(payload, thief, now)
    assert find(Identifier("telegram", thief)) is None


def test_linking_takes_no_telegram_away_from_anybody(db_session):
    telegram, boris, anna = telegram_id(), make_customer(), make_customer()
    attach_identity(boris, "telegram", telegram, proven_at=NOW)
    payload = deep_links.link_account(anna, NOW)
    with pytest.raises(IdentityTaken):
        deep_links.link_telegram(payload, telegram, SOON)
    assert find(Identifier("telegram", telegram)).id == boris.id
    own = telegram_id()
    assert deep_links.link_telegram(payload, own, SOON).id == anna.id, "the link was not used up"


def test_a_blocked_account_is_linked_to_nothing(db_session):
    anna = make_customer()
    payload = deep_links.link_account(anna, NOW)
    anna.state = "blocked"
    with pytest.raises(LinkGone):
        deep_links.link_telegram(payload, telegram_id(), SOON)


def test_of_two_telegrams_that_open_one_link_at_once_one_gets_the_account(app):
    with app.app_context(), transaction():
        anna = make_customer().id
        payload = deep_links.link_account(db.session.get_one(Customer, anna), NOW)
    telegrams = [telegram_id() for _ in range(4)]

    def open_it(n):
        deep_links.link_telegram(payload, telegrams[n], SOON)
        return n

    outcomes = at_once(app, open_it, 4)
    (winner,) = [one for one in outcomes if not isinstance(one, Exception)]
    assert sum(isinstance(one, LinkGone) for one in outcomes) == 3
    with app.app_context():
        assert [find(Identifier("telegram", one)) is not None for one in telegrams] == [n == winner for n in range(4)]


def test_links_that_ended_long_ago_are_forgotten(cafe, olga):
    payload = invite(cafe, olga)
    later = NOW + deep_links.INVITATION_LIFE + deep_links.KEPT
    deep_links.forget(later)
    assert deep_links.find_invitation(payload, None, NOW)
    assert deep_links.forget(later + timedelta(seconds=1)) >= 1
    with pytest.raises(LinkGone):
        deep_links.find_invitation(payload, None, NOW)

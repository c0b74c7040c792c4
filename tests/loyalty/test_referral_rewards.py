"""What invitations give: after the window, once, to both; and a refund takes both back, once."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from loyalty import erasure, ledger, referral_rewards, referrals, verify
from loyalty.customers import attach_identity
from loyalty.errors import ReferralDecided, ReferralNotFound
from loyalty.ledger import Document
from loyalty.programme import price
from loyalty.referral_rewards import decide, list_unsettled, settle
from loyalty.rules import Rules
from loyalty.types import Line
from models import db
from models.ledger import Entry, Membership
from models.partner import Partner
from models.work import Outbox
from tests.concurrency import at_once
from tests.factories import NOW, make_customer, make_member, make_partner, make_staff, noise
from tests.loyalty.friends import TERMS, buy, give_back, person_of

DAY = timedelta(days=1)
AFTER = NOW + 15 * DAY


def make_cafe(terms=TERMS, rules=None):
    partner = make_partner(rules or Rules(rate=Decimal(0)))
    referrals.set_terms(partner, terms, by=None)
    return partner


@pytest.fixture
def cafe(db_session):
    noise()
    return make_cafe()


@pytest.fixture
def anna(cafe):
    return make_member(cafe, make_customer(name="Анна Петрова"))


def come(cafe, inviter, customer=None, *, now=NOW, **options):
    friend = make_member(cafe, customer)
    options = {"came_by": "link"} | options
    return friend, referrals.accept(referrals.code_of(inviter), person_of(friend), now=now, **options)


def run(now, partner=None):
    """What the job does at this moment."""
    return [settle(*key, now) for key in list_unsettled(now, chunk=1000) if partner is None or key[0] == partner.id]


def balances(partner, *members):
    found = [db.session.get_one(Membership, (partner.id, one.id), populate_existing=True) for one in members]
    return [one.balance for one in found]


def told(referral):
    rows = db.session.scalars(select(Outbox).where(Outbox.job == "notify_referral").order_by(Outbox.id))
    mine = [row.payload for row in rows if row.payload["referral_id"] == str(referral.id)]
    return [(one["to"], one["news"]) for one in mine]


# The way through


def test_both_are_rewarded_when_the_first_check_has_stood_and_both_are_told(cafe, anna):
    friend, referral = come(cafe, anna)
    buy(cafe, friend, NOW + DAY, "499.99")
    run(NOW + DAY, cafe)
    assert referral.state == "waiting"
    purchase_id = buy(cafe, friend, NOW + 2 * DAY, "500.00")
    run(NOW + 2 * DAY, cafe)
    assert (referral.state, referral.purchase_id) == ("bought", purchase_id)
    assert referral.due_at == datetime.fromisoformat("2026-03-26T00:00:00+03:00")
    run(referral.due_at - timedelta(seconds=1), cafe)
    assert balances(cafe, anna, friend) == [0, 0]
    run(referral.due_at, cafe)
    assert (referral.state, balances(cafe, anna, friend)) == ("rewarded", [200, 100])
    assert told(referral) == [("inviter", "came"), ("inviter", "rewarded"), ("friend", "rewarded")]
    entry = db.session.get(Entry, (cafe.id, referral.inviter_entry_id))
    assert (entry.kind, entry.source, entry.rules) == ("bonus", "referral", {"label": "referral"})
    assert run(referral.due_at + DAY, cafe) == []


@pytest.mark.parametrize("source", ["qr_code", "pos_api", "import", "yclients", "onec", "web_widget"])
def test_a_purchase_of_any_source_counts(cafe, anna, source):
    friend, referral = come(cafe, anna)

    def asked(member):
        return price([Line(Decimal(600))], Rules(), member, at=NOW, zone=ZoneInfo(cafe.timezone))

    ledger.sell(cafe.id, friend.id, Document(source, f"{source} 1", NOW, origin="one"), asked, now=NOW)
    run(AFTER, cafe)
    assert referral.state == "rewarded"


def test_points_of_a_reward_live_as_long_as_was_told(cafe, anna):
    referrals.set_terms(cafe, replace(TERMS, life_days=10, return_days=0), by=None)
    friend, _ = come(cafe, anna)
    buy(cafe, friend, NOW, "500.00")
    run(NOW, cafe)
    assert balances(cafe, anna, friend) == [200, 100]
    for one in (anna, friend):
        ledger.bring_up(cafe.id, one.id, NOW + 11 * DAY)
    assert balances(cafe, anna, friend) == [0, 0]


def test_terms_that_change_are_for_those_who_come_later(cafe, anna):
    friend, _ = come(cafe, anna)
    referrals.set_terms(cafe, replace(TERMS, inviter_points=5, friend_points=5, is_on=False), by=None)
    buy(cafe, friend, NOW, "500.00")
    run(AFTER, cafe)
    assert balances(cafe, anna, friend) == [200, 100]


def test_one_side_may_get_nothing(cafe, anna):
    referrals.set_terms(cafe, replace(TERMS, inviter_points=0), by=None)
    friend, referral = come(cafe, anna)
    purchase_id = buy(cafe, friend, NOW, "500.00")
    run(AFTER, cafe)
    assert balances(cafe, anna, friend) == [0, 100]
    assert told(referral) == [("inviter", "came"), ("friend", "rewarded")]
    give_back(cafe, purchase_id, AFTER, "500.00")
    run(AFTER, cafe)
    assert balances(cafe, anna, friend) == [0, 0]


def test_an_inviter_gets_points_for_so_many_friends_a_month_and_the_friends_always(cafe, anna):
    referrals.set_terms(cafe, replace(TERMS, most_a_month=1, return_days=0), by=None)
    came = [come(cafe, anna) for _ in range(2)]
    for friend, _ in came:
        buy(cafe, friend, NOW, "500.00")
    run(NOW, cafe)
    assert balances(cafe, anna, came[0][0], came[1][0]) == [200, 100, 100]
    assert sorted(told(one)[1] for _, one in came) == [("inviter", "limit"), ("inviter", "rewarded")]
    next_month = datetime.fromisoformat("2026-04-01T00:00:00+03:00")
    friend, _ = come(cafe, anna, now=next_month)
    buy(cafe, friend, next_month, "500.00")
    run(next_month, cafe)
    assert balances(cafe, anna) == [400]


# Who was a customer


def test_an_import_that_tells_of_earlier_purchases_refuses_the_friend(cafe, anna):
    friend, referral = come(cafe, anna)
    buy(cafe, friend, NOW, "10.00", at=NOW - DAY)
    run(NOW, cafe)
    assert (referral.state, referral.reason) == ("refused", "customer")
    assert told(referral)[1:] == [("inviter", "refused"), ("friend", "refused")]


def test_a_document_that_tells_only_the_day_of_coming_counts_as_a_friends(cafe, anna):
    friend, referral = come(cafe, anna)
    buy(cafe, friend, NOW + DAY, "500.00", at=datetime.fromisoformat("2026-03-10T00:00:00+03:00"))
    run(NOW + DAY, cafe)
    assert referral.state == "bought"


# Returned


def test_what_is_returned_within_the_window_waits_for_the_next_check(cafe, anna):
    friend, referral = come(cafe, anna)
    first = buy(cafe, friend, NOW, "600.00")
    run(NOW, cafe)
    give_back(cafe, first, NOW + DAY, "100.01")
    run(NOW + DAY, cafe)
    assert (referral.state, referral.purchase_id, referral.due_at) == ("waiting", None, None)
    second = buy(cafe, friend, NOW + 10 * DAY, "500.00")
    run(AFTER, cafe)
    assert (referral.state, referral.purchase_id) == ("bought", second)
    run(NOW + 24 * DAY, cafe)
    assert referral.state == "rewarded"


@pytest.mark.parametrize("back", ["500.00", "0.01"])
def test_a_refund_that_leaves_too_little_takes_both_rewards_back_once(cafe, anna, back):
    friend, referral = come(cafe, anna)
    purchase_id = buy(cafe, friend, NOW, "500.00")
    run(AFTER, cafe)
    give_back(cafe, purchase_id, AFTER, back)
    run(AFTER, cafe)
    assert (referral.state, referral.reason) == ("returned", "refund")
    assert balances(cafe, anna, friend) == [0, 0]
    assert told(referral)[-2:] == [("inviter", "returned"), ("friend", "returned")]
    for _ in range(2):
        settle(cafe.id, referral.id, AFTER)
    buy(cafe, friend, AFTER, "900.00")
    run(AFTER + 30 * DAY, cafe)
    assert (referral.state, balances(cafe, anna, friend)) == ("returned", [0, 0])


def test_a_refund_that_leaves_enough_takes_nothing(cafe, anna):
    friend, referral = come(cafe, anna)
    purchase_id = buy(cafe, friend, NOW, "800.00")
    run(AFTER, cafe)
    give_back(cafe, purchase_id, AFTER, "300.00")
    assert run(AFTER, cafe) == [] and referral.state == "rewarded"


@pytest.mark.parametrize(("clawback", "left"), [("debt", [-150, 0]), ("within_balance", [0, 0])])
def test_points_that_were_spent_are_owed_or_left_as_the_programme_says(db_session, clawback, left):
    cafe = make_cafe(rules=Rules(rate=Decimal(0), clawback=clawback))
    anna = make_member(cafe)
    friend, _ = come(cafe, anna)
    purchase_id = buy(cafe, friend, NOW, "500.00")
    run(AFTER, cafe)
    ledger.adjust(cafe.id, anna.id, -150, source="admin", source_ref="spent", now=AFTER)
    give_back(cafe, purchase_id, AFTER, "500.00")
    run(AFTER, cafe)
    assert balances(cafe, anna, friend) == left


# What turns out later


def test_whoever_turns_out_to_be_oneself_before_the_reward_is_refused(cafe):
    anna = make_member(cafe, make_customer(email="anna@example.com", phone=False))
    friend, referral = come(cafe, anna)
    attach_identity(person_of(friend), "email", "anna+2@example.com")
    buy(cafe, friend, NOW, "500.00")
    run(AFTER, cafe)
    assert (referral.state, referral.reason, balances(cafe, anna, friend)) == ("refused", "own", [0, 0])


@pytest.mark.parametrize("whose", ["inviter", "friend"])
def test_whoever_was_hired_meanwhile_is_refused(cafe, anna, whose):
    friend, referral = come(cafe, anna)
    make_staff(cafe, customer=person_of(anna if whose == "inviter" else friend))
    buy(cafe, friend, NOW, "500.00")
    run(AFTER, cafe)
    assert (referral.state, referral.reason) == ("refused", "staff")


@pytest.mark.parametrize("before", [True, False])
def test_two_accounts_that_are_merged_were_one_person_and_lose_the_reward(cafe, anna, before):
    friend, referral = come(cafe, anna)
    buy(cafe, friend, NOW, "500.00")
    if not before:
        run(AFTER, cafe)
    ledger.merge(cafe.id, friend.id, anna.id, now=AFTER)
    run(AFTER, cafe)
    assert (referral.state, referral.reason) == ("refused" if before else "returned", "own")
    assert balances(cafe, anna) == [0] and run(AFTER, cafe) == []


def test_a_reward_follows_the_inviter_and_the_friend_to_the_accounts_they_were_merged_into(cafe, anna):
    friend, referral = come(cafe, anna)
    now_anna, now_friend = make_member(cafe), make_member(cafe)
    purchase_id = buy(cafe, friend, NOW, "500.00")
    ledger.merge(cafe.id, anna.id, now_anna.id, now=NOW)
    run(AFTER, cafe)
    assert referral.state == "rewarded"
    ledger.merge(cafe.id, friend.id, now_friend.id, now=AFTER)
    assert balances(cafe, now_anna, now_friend) == [200, 100]
    run(AFTER, cafe)
    assert (referral.state, referral.inviter_id, referral.friend_id) == ("rewarded", now_anna.id, now_friend.id)
    give_back(cafe, purchase_id, AFTER, "500.00")
    run(AFTER, cafe)
    assert (referral.state, balances(cafe, now_anna, now_friend)) == ("returned", [0, 0])


def test_of_two_friends_who_were_one_person_the_survivor_is_rewarded(cafe, anna):
    boris = make_member(cafe)
    first, by_anna = come(cafe, anna)
    second, by_boris = come(cafe, boris)
    for one in (first, second):
        buy(cafe, one, NOW, "500.00")
    run(AFTER, cafe)
    ledger.merge(cafe.id, first.id, second.id, now=AFTER)
    run(AFTER, cafe)
    assert (by_anna.state, by_anna.reason, by_boris.state) == ("returned", "repeat", "rewarded")
    assert balances(cafe, anna, boris, second) == [0, 200, 100]


def test_an_inviter_who_was_forgotten_gets_nothing_and_the_friend_what_was_told(cafe, anna):
    friend, referral = come(cafe, anna)
    purchase_id = buy(cafe, friend, NOW, "500.00")
    erasure.erase_person(person_of(anna), NOW)
    run(AFTER, cafe)
    assert (referral.state, balances(cafe, friend)) == ("rewarded", [100])
    give_back(cafe, purchase_id, AFTER, "500.00")
    run(AFTER, cafe)
    assert (referral.state, balances(cafe, friend)) == ("returned", [0])


def test_a_friend_who_was_forgotten_gives_the_inviter_nothing(cafe, anna):
    friend, referral = come(cafe, anna)
    buy(cafe, friend, NOW, "500.00")
    erasure.erase_person(person_of(friend), NOW)
    run(AFTER, cafe)
    assert (referral.state, referral.reason, balances(cafe, anna)) == ("refused", "gone", [0])


# Looked at by the partner


@pytest.mark.parametrize("approve", [True, False])
def test_a_doubted_friend_waits_for_the_partners_word(cafe, anna, approve):
    boss = make_staff(cafe, "owner").customer_id
    referrals.code_of(anna)
    referrals.note_device(anna, "hers", NOW)
    friend, referral = come(cafe, anna, device="hers")
    buy(cafe, friend, NOW, "500.00")
    with pytest.raises(ReferralDecided):
        decide(cafe, referral.id, approve=True, by=boss, now=NOW)
    run(AFTER, cafe)
    assert (referral.state, balances(cafe, anna, friend)) == ("review", [0, 0])
    assert run(AFTER + DAY, cafe) == []
    decide(cafe, referral.id, approve=approve, by=boss, now=AFTER)
    assert referral.state == ("rewarded" if approve else "refused")
    assert balances(cafe, anna, friend) == ([200, 100] if approve else [0, 0])
    assert told(referral)[1:] == [(to, referral.state) for to in ("inviter", "friend")]
    with pytest.raises(ReferralDecided):
        decide(cafe, referral.id, approve=not approve, by=boss, now=AFTER)


def test_another_partners_friend_is_nobody(cafe, anna):
    _, referral = come(cafe, anna)
    with pytest.raises(ReferralNotFound):
        decide(make_partner(), referral.id, approve=True, by=anna.customer_id, now=NOW)
    assert settle(make_partner().id, referral.id, NOW) is None


def test_a_check_that_is_returned_while_it_is_looked_at_leaves_nothing_to_decide(cafe, anna):
    friend, referral = come(cafe, anna)
    referral.doubts = ["address"]
    purchase_id = buy(cafe, friend, NOW, "500.00")
    run(AFTER, cafe)
    give_back(cafe, purchase_id, AFTER, "500.00")
    decide(cafe, referral.id, approve=True, by=anna.customer_id, now=AFTER)
    assert (referral.state, balances(cafe, anna, friend)) == ("waiting", [0, 0])


# Any order


@dataclass
class Check:
    day: int
    amount: int
    left: int


class Model:
    """One friend: their checks by the day, and what the rules say of them. The reward, once given, is taken back once."""

    def __init__(self):
        self.checks: list[Check] = []
        self.state = "waiting"
        self.rewarded_for: Check | None = None

    def work(self, day: int) -> None:
        if self.state == "rewarded" and self.rewarded_for.left < 500:
            self.state = "returned"
        if self.state in ("rewarded", "returned", "refused"):
            return
        if any(check.day < 0 and check.left for check in self.checks):
            self.state = "refused"
            return
        good = [check for check in self.checks if check.left >= 500]
        first = min(good, key=lambda check: check.day, default=None)
        if first is None:
            self.state = "waiting"
        elif day < first.day + 14:
            self.state = "bought"
        else:
            self.state, self.rewarded_for = "rewarded", first

    @property
    def balances(self) -> list[int]:
        return [200, 100] if self.state == "rewarded" else [0, 0]


@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_checks_refunds_days_and_jobs_ends_as_the_model_says(cafe, seed):
    chance, model, bought = random.Random(seed), Model(), []
    anna = make_member(cafe)
    friend, referral = come(cafe, anna)
    day = 0
    for _ in range(40):
        now = NOW + day * DAY
        act = chance.choice(["buy", "buy", "refund", "wait", "wait", "work", "work", "work"])
        if act == "buy" and day not in [check.day for check in model.checks]:
            at = day if chance.random() < 0.97 else -1
            amount = chance.choice([100, 499, 500, 700, 1500])
            bought.append(buy(cafe, friend, now, f"{amount}.00", at=NOW + at * DAY))
            model.checks.append(Check(at, amount, amount))
        elif act == "refund" and any(check.left for check in model.checks):
            n = chance.choice([n for n, check in enumerate(model.checks) if check.left])
            part = min(model.checks[n].left, chance.choice([1, 200, 600, 1500]))
            give_back(cafe, bought[n], now, f"{part}.00")
            model.checks[n].left -= part
        elif act == "wait":
            day += chance.randrange(1, 9)
        elif act == "work":
            run(now, cafe)
            model.work(day)
            assert (referral.state, balances(cafe, anna, friend)) == (model.state, model.balances)


# All at once, and cut off anywhere


@pytest.fixture
def bought_friend(fresh_app):
    """Keys of a friend whose check has stood, committed."""
    with fresh_app.app_context():
        cafe = make_cafe()
        anna = make_member(cafe)
        friend, referral = come(cafe, anna)
        purchase_id = buy(cafe, friend, NOW, "500.00")
        keys = (cafe.id, referral.id, anna.id, friend.id, purchase_id)
        db.session.commit()
    return keys


def entries_of_rewards():
    return db.session.scalars(select(Entry).where(Entry.source == "referral").order_by(Entry.id)).all()


def test_fifty_jobs_at_once_reward_once_and_take_back_once(fresh_app, bought_friend):
    partner_id, referral_id, *_, purchase_id = bought_friend
    assert set(at_once(fresh_app, lambda n: settle(partner_id, referral_id, AFTER), 50)) == {"rewarded"}
    with fresh_app.app_context():
        assert sorted(entry.points for entry in entries_of_rewards()) == [100, 200]
        give_back(db.session.get_one(Partner, partner_id), purchase_id, AFTER, "500.00")
        db.session.commit()
    assert set(at_once(fresh_app, lambda n: settle(partner_id, referral_id, AFTER), 50)) == {"returned"}
    with fresh_app.app_context():
        assert sorted(entry.points for entry in entries_of_rewards()) == [-200, -100, 100, 200]
        assert list(verify.breaches(db.session.connection())) == []


def test_the_limit_of_a_month_holds_when_friends_are_rewarded_at_once(fresh_app):
    with fresh_app.app_context():
        cafe = make_cafe(replace(TERMS, most_a_month=3, return_days=0))
        anna = make_member(cafe)
        keys = []
        for _ in range(8):
            friend, referral = come(cafe, anna)
            buy(cafe, friend, NOW, "500.00")
            keys.append((cafe.id, referral.id))
        member = (cafe.id, anna.id)
        db.session.commit()
    assert at_once(fresh_app, lambda n: settle(*keys[n], NOW), 8) == ["rewarded"] * 8
    with fresh_app.app_context():
        assert db.session.get_one(Membership, member).balance == 3 * 200


class Killed(BaseException):
    """The process dies here."""


@pytest.mark.parametrize("deed", ["reward", "take back"])
def test_a_job_that_is_cut_off_between_two_statements_neither_loses_nor_doubles(
    fresh_app, bought_friend, deed, monkeypatch
):
    partner_id, referral_id, anna, friend, purchase_id = bought_friend
    with fresh_app.app_context():
        if deed == "take back":
            settle(partner_id, referral_id, AFTER)
            give_back(db.session.get_one(Partner, partner_id), purchase_id, AFTER, "500.00")
            db.session.commit()
        verb = "grant" if deed == "reward" else "reverse"
        whole = getattr(ledger, verb)
        for dies_at in range(4):
            calls = iter(range(10))

            def dying(*args, calls=calls, dies_at=dies_at, **kwargs):
                call = next(calls)
                if call * 2 == dies_at:
                    raise Killed
                posted = whole(*args, **kwargs)
                if call * 2 + 1 == dies_at:
                    raise Killed
                return posted

            monkeypatch.setattr(referral_rewards.ledger, verb, dying)
            with pytest.raises(Killed):
                settle(partner_id, referral_id, AFTER)
            db.session.rollback()
        monkeypatch.setattr(referral_rewards.ledger, verb, whole)
        settle(partner_id, referral_id, AFTER)
        db.session.commit()
        expected = [200, 100] if deed == "reward" else [0, 0]
        assert [db.session.get_one(Membership, (partner_id, one)).balance for one in (anna, friend)] == expected
        assert list(verify.breaches(db.session.connection())) == []


def test_the_verification_of_the_ledger_finds_a_reward_that_no_invitation_names(fresh_app):
    with fresh_app.app_context():
        cafe = make_cafe()
        ledger.grant(cafe.id, make_member(cafe).id, 5, source="referral", source_ref="referral:none/friend", now=NOW)
        (breach,) = verify.breaches(db.session.connection())
        assert breach.startswith("a reward of an invitation")

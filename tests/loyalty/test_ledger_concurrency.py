"""Many callers on one account at the same moment, on real connections: points are neither doubled nor lost."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from multiprocessing import get_context
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from api import create_app
from loyalty import accounts, customers, ledger, programme
from loyalty.errors import HoldResolved, NotEnoughPoints, RefundTooLarge
from loyalty.idempotency import once
from loyalty.identities import Identifier
from loyalty.ledger import Document
from loyalty.ledger_store import lock_account
from loyalty.rules import Rules
from loyalty.types import Life, Line
from models import db, transaction
from models.partner import Partner
from tests.concurrency import at_once
from tests.factories import NOW, make_member, make_partner, make_phone, noise


@pytest.fixture
def partner_id(app):
    with app.app_context(), transaction():
        noise()
        return make_partner().id


@pytest.fixture
def make_account(app, partner_id):
    def make(points: int = 0):
        with app.app_context(), transaction():
            membership_id = make_member(db.session.get(Partner, partner_id)).id
            if points:
                ledger.adjust(partner_id, membership_id, points, source="admin", source_ref=uuid4().hex, now=NOW)
            return membership_id

    return make


@pytest.fixture
def state(app, partner_id):
    """The account as the database has it: (balance, held, number of entries)."""

    def read(membership_id):
        with app.app_context():
            query = "SELECT balance, held, seq FROM membership WHERE partner_id = :partner AND id = :id"
            return tuple(db.session.execute(text(query), {"partner": partner_id, "id": membership_id}).one())

    return read


def sell(partner_id, membership_id, amount, *, spend=0, ref=None, hold_id=None):
    lines, zone = [Line(Decimal(amount))], ZoneInfo("Europe/Moscow")
    return ledger.sell(
        partner_id,
        membership_id,
        Document("pos_api", ref or uuid4().hex, NOW, origin="till", content=[str(amount), spend]),
        lambda member: programme.price(lines, Rules(), member, at=NOW, zone=zone, spend_points=spend),
        now=NOW,
        hold_id=hold_id,
    )


def spend_all(app, partner_id, membership_id, points, times):
    results = at_once(app, lambda n: sell(partner_id, membership_id, points, spend=points), times)
    refused = [result for result in results if isinstance(result, NotEnoughPoints)]
    done = [result for result in results if isinstance(result, ledger.Sale)]
    assert len(done) + len(refused) == times, results
    return len(done)


def test_of_fifty_parallel_spends_of_everything_exactly_one_succeeds(app, partner_id, make_account, state):
    membership_id = make_account(100)
    assert spend_all(app, partner_id, membership_id, 100, 50) == 1
    assert state(membership_id) == (0, 0, 2)


def test_of_fifty_parallel_spends_of_thirty_from_a_hundred_exactly_three_succeed(app, partner_id, make_account, state):
    membership_id = make_account(100)
    assert spend_all(app, partner_id, membership_id, 30, 50) == 3
    assert state(membership_id) == (10, 0, 4)


def _spend_in_a_process(settings, partner_id, membership_id, points, times):
    return spend_all(create_app(settings, settings.database_url), partner_id, membership_id, points, times)


def test_processes_spend_no_more_than_there_is(app, settings, partner_id, make_account, state):
    membership_id = make_account(100)
    with app.app_context():
        url = db.engine.url.render_as_string(hide_password=False)
    settings = dataclasses.replace(settings, database_url=url)
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        calls = [pool.submit(_spend_in_a_process, settings, partner_id, membership_id, 30, 5) for _ in range(3)]
        assert sum(call.result() for call in calls) == 3
    assert state(membership_id) == (10, 0, 4)


def test_twenty_repeats_of_each_of_fifty_keys_have_fifty_effects(app, partner_id, make_account, state):
    membership_id = make_account()
    caller = f"test:{uuid4().hex}"

    def call(key):
        def act():
            return 201, {"purchase": str(sell(partner_id, membership_id, 100, ref=f"{caller}:{key}").purchase_id)}

        return once(caller, str(key), "f" * 64, act)

    answers = {}
    for key in range(50):
        results = at_once(app, lambda _, key=key: call(key), 20)
        assert sorted(replayed for _, _, replayed in results) == [False] + [True] * 19
        answers[key] = {answer["purchase"] for _, answer, _ in results}
    assert all(len(purchases) == 1 for purchases in answers.values())
    assert state(membership_id) == (250, 0, 50)


def test_a_reader_waits_for_no_sale_where_nothing_is_due(app, partner_id, make_account):
    membership_id = make_account(100)

    def read():
        with app.app_context(), transaction():
            db.session.execute(text("SET LOCAL lock_timeout = '1s'"))
            return accounts.member_facts(partner_id, membership_id, NOW).available

    with app.app_context(), transaction(), ThreadPoolExecutor(1) as pool:
        lock_account(partner_id, membership_id)
        assert pool.submit(read).result() == 100


def test_many_readers_of_what_is_due_post_it_once(app, partner_id, make_account, state):
    membership_id = make_account()
    with app.app_context(), transaction():
        life = Life(days=1)
        ledger.adjust(partner_id, membership_id, 100, source="admin", source_ref="short", life=life, now=NOW)
    seen = at_once(app, lambda n: ledger.bring_up(partner_id, membership_id, NOW + timedelta(days=3)).balance, 10)
    assert seen == [0] * 10
    assert state(membership_id) == (0, 0, 2)


def test_parallel_repeats_of_one_document_without_a_key_sell_once(app, partner_id, make_account, state):
    membership_id = make_account()
    results = at_once(app, lambda n: sell(partner_id, membership_id, 100, ref="receipt"), 20)
    assert sorted(sale.repeated for sale in results) == [False] + [True] * 19
    assert len({sale.purchase_id for sale in results}) == 1
    assert state(membership_id) == (5, 0, 1)


def test_fifty_parallel_refunds_take_no_more_than_the_sale(app, partner_id, make_account, state):
    membership_id = make_account(100)
    with app.app_context(), transaction():
        sale = sell(partner_id, membership_id, 1000, spend=100)

    def refund(n):
        return ledger.refund(partner_id, sale.purchase_id, reference=str(n), amount=Decimal("30.30"), now=NOW)

    results = at_once(app, refund, 50)
    done = [result for result in results if isinstance(result, ledger.Refunded)]
    assert len(done) == 33  # 33 × 30.30 = 999.90
    assert all(isinstance(result, RefundTooLarge) for result in results if result not in done)
    assert sum(result.given_back for result in done) == 100
    assert sum(result.taken for result in done) == 45
    assert sum(result.money_back for result in done) == Decimal("899.90")
    with app.app_context(), transaction():
        ledger.refund(partner_id, sale.purchase_id, reference="rest", amount=Decimal("0.10"), now=NOW)
    assert state(membership_id)[0] == 100


def test_parallel_refunds_under_one_reference_refund_once(app, partner_id, make_account, state):
    membership_id = make_account()
    with app.app_context(), transaction():
        sale = sell(partner_id, membership_id, 1000)

    def refund(n):
        return ledger.refund(partner_id, sale.purchase_id, reference="same", amount=Decimal(300), now=NOW)

    results = at_once(app, refund, 20)
    assert sorted(result.repeated for result in results) == [False] + [True] * 19
    assert state(membership_id) == (35, 0, 2)


def test_of_fifty_parallel_captures_of_one_hold_one_succeeds(app, partner_id, make_account, state):
    membership_id = make_account(100)
    with app.app_context(), transaction():
        hold = ledger.hold(partner_id, membership_id, 60, expires_at=NOW + timedelta(minutes=15), now=NOW)
    results = at_once(app, lambda n: sell(partner_id, membership_id, 60, spend=60, hold_id=hold.hold_id), 50)
    assert sum(isinstance(result, ledger.Sale) for result in results) == 1
    assert sum(isinstance(result, HoldResolved) for result in results) == 49
    assert state(membership_id) == (40, 0, 2)


def test_parallel_holds_reserve_no_more_than_there_is(app, partner_id, make_account, state):
    membership_id = make_account(100)
    until = NOW + timedelta(minutes=15)
    results = at_once(app, lambda n: ledger.hold(partner_id, membership_id, 30, expires_at=until, now=NOW), 20)
    assert sum(isinstance(result, ledger.Held) for result in results) == 3
    assert sum(isinstance(result, NotEnoughPoints) for result in results) == 17
    assert state(membership_id) == (100, 90, 1)


def test_opposite_merges_end_with_one_account_that_has_everything(app, partner_id, make_account, state):
    for _ in range(5):
        pair = [make_account(100), make_account(50)]
        results = at_once(app, lambda n, pair=pair: ledger.merge(partner_id, *pair[:: (1, -1)[n % 2]], now=NOW), 8)
        assert [type(result) for result in results] == [ledger.Balance] * 8, results
        assert sorted(state(membership_id)[0] for membership_id in pair) == [0, 150]


def test_refunds_and_a_merge_at_the_same_moment_do_not_deadlock(app, partner_id, make_account, state):
    for _ in range(5):
        old, survivor = make_account(), make_account()
        with app.app_context(), transaction():
            sales = [sell(partner_id, old, 1000).purchase_id for _ in range(7)]

        def act(n, old=old, survivor=survivor, sales=sales):
            if n == 0:
                return ledger.merge(partner_id, old, survivor, now=NOW)
            return ledger.refund(partner_id, sales[n - 1], reference="all", amount=Decimal(1000), now=NOW)

        results = at_once(app, act, 8)
        assert [type(result) for result in results] == [ledger.Balance] + [ledger.Refunded] * 7, results
        assert (state(old)[0], state(survivor)[0]) == (0, 0)


def test_sales_during_a_merge_reach_the_survivor(app, partner_id, make_account, state):
    for _ in range(5):
        old, survivor = make_account(100), make_account()

        def act(n, old=old, survivor=survivor):
            if n == 0:
                return ledger.merge(partner_id, old, survivor, now=NOW)
            return sell(partner_id, old, 1000)

        results = at_once(app, act, 8)
        assert [type(result) for result in results] == [ledger.Balance] + [ledger.Sale] * 7, results
        assert (state(old)[0], state(survivor)[0]) == (0, 100 + 7 * 50)


def test_parallel_first_purchases_of_a_new_person_open_one_account(app, partner_id, state):
    phone = Identifier("phone", make_phone())

    def buy(n):
        _, membership = customers.find_or_enrol(db.session.get(Partner, partner_id), phone, now=NOW)
        return sell(partner_id, membership.id, 100).account.membership_id

    memberships = set(at_once(app, buy, 20))
    assert len(memberships) == 1, memberships
    assert state(memberships.pop()) == (100, 0, 20)

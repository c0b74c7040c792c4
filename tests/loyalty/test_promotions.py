"""Promotions on the posting path: limits hold when many buy at once, and nothing is promised that is not kept."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from loyalty import ledger, pos, promotions, sales, verify
from loyalty.clock import utcnow
from loyalty.errors import CustomerNotFound, InvalidName, InvalidPromotion, PromotionNotFound
from loyalty.identities import Identifier
from loyalty.pos import QuoteChanged
from loyalty.programme import kept_points
from loyalty.promotion_costs import try_on_past
from loyalty.rules import Rules
from loyalty.sales import Basket, Caller
from loyalty.types import Line
from models import db, transaction
from models.ledger import Entry, Membership
from models.partner import Partner
from models.promotion import PromotionRow
from tests.concurrency import at_once
from tests.factories import make_customer, make_member, make_partner, noise

CASHIER = Caller("counter", "manual")
MOSCOW = ZoneInfo("Europe/Moscow")


@pytest.fixture
def now():
    return utcnow()


@pytest.fixture
def cafe(db_session):
    noise()
    return make_partner()


@pytest.fixture
def member(cafe):
    return make_member(cafe)


def switch_on(cafe, now, kind="multiplier", *, name="Акция", ends_at=None, **terms):
    row = promotions.make(
        cafe, name=name, kind=kind, terms=terms, starts_at=now - timedelta(days=1), ends_at=ends_at, by=None, now=now
    )
    return promotions.switch_on(cafe, row.id, by=None, now=now)


def buy(cafe, member, now, amount="1000.00", *, points=0, at=None):
    return sales.post_transaction(
        cafe,
        Identifier("customer_id", str(member.customer_id)),
        Basket(Decimal(amount)),
        kind="accrual",
        caller=CASHIER,
        key=str(uuid4()),
        now=now,
        points=points,
        occurred_at=at,
    )


def test_a_sale_takes_what_is_on_and_the_entries_say_so(cafe, member, now):
    double = switch_on(cafe, now, factor="2")
    gift = switch_on(cafe, now, "fixed", points=100, life_days=7)
    draft = promotions.make(
        cafe, name="Черновик", kind="fixed", terms={"points": 9}, starts_at=now, ends_at=None, by=None, now=now
    )
    sale = buy(cafe, member, now)
    assert (sale.earned, sale.account.balance) == (200, 200)
    entries = db.session.scalars(select(Entry).where(Entry.purchase_id == sale.purchase_id).order_by(Entry.seq)).all()
    assert [(entry.kind, entry.points) for entry in entries] == [("earn", 100), ("bonus", 100)]
    assert entries[1].rules == {"label": f"promotion:{gift.id}"}
    for row, points in ((double, 50), (gift, 100)):
        found = promotions.results(cafe.id, row.id)
        assert (found.uses, found.people, found.points, found.turnover) == (1, 1, points, Decimal("1000.00"))
    assert promotions.results(cafe.id, draft.id).uses == 0
    promotions.stop(cafe, double.id, by=None, now=now)
    promotions.stop(cafe, gift.id, by=None, now=now)
    assert buy(cafe, member, now).earned == 50


def test_limits_of_a_person_and_of_a_day_count_by_the_partners_day(cafe, member, now):
    switch_on(cafe, now, "fixed", points=10, per_person=3, per_day=2)
    noon = now.astimezone(MOSCOW).replace(hour=12) - timedelta(days=3)
    earned = [buy(cafe, member, now, "100.00", at=noon + timedelta(days=day)).earned for day in (0, 0, 0, 1, 1)]
    assert earned == [5, 5, 5, 5, 5], "it had not begun then"
    row = promotions.make(
        cafe,
        name="Ещё",
        kind="fixed",
        terms={"points": 10, "per_person": 3, "per_day": 2},
        starts_at=noon - timedelta(days=1),
        ends_at=None,
        by=None,
        now=now,
    )
    promotions.switch_on(cafe, row.id, by=None, now=now)
    other = make_member(cafe)
    earned = [buy(cafe, other, now, "100.00", at=noon + timedelta(days=day)).earned for day in (0, 0, 0, 1, 1)]
    assert earned == [15, 15, 5, 15, 5]


def test_an_undone_purchase_took_nothing_and_a_refunded_one_did(cafe, member, now):
    row = switch_on(cafe, now, "fixed", points=100, budget=100, per_person=1)
    first = buy(cafe, member, now)
    assert first.earned == 150 and buy(cafe, member, now).earned == 50
    sales.undo(cafe, first.purchase_id, caller=CASHIER, now=now)
    sales.undo(cafe, first.purchase_id, caller=CASHIER, now=now)
    db.session.refresh(row)
    assert (row.uses, row.points) == (0, 0)
    third = buy(cafe, member, now)
    assert third.earned == 150
    sales.post_refund(cafe, third.purchase_id, caller=CASHIER, key="r", now=now, amount=Decimal(1000))
    db.session.refresh(row)
    assert (row.uses, row.points) == (1, 100)
    assert buy(cafe, member, now).earned == 50
    assert promotions.results(cafe.id, row.id).turnover == 0


def test_a_promotion_that_ends_between_quote_and_capture_asks_for_a_new_quote(cafe, member, now):
    row = switch_on(cafe, now, "fixed", points=100)
    till = Caller("till:1", "pos_api")
    who = Identifier("customer_id", str(member.customer_id))
    quoted = pos.quote(cafe, who, Basket(Decimal(1000)), caller=till, now=now)
    assert quoted.will_earn == 150 and quoted.breakdown[-1]["name"] == "Акция"
    held = pos.hold(cafe, quoted.quote_id, 0, caller=till, now=now)
    assert pos.show(cafe, held.hold_id, caller=till, now=now).earn == 150
    promotions.stop(cafe, row.id, by=None, now=now)
    with pytest.raises(QuoteChanged):
        pos.capture(cafe, held.hold_id, Decimal(1000), caller=till, now=now)
    again = pos.renew(cafe, held.hold_id, caller=till, now=now)
    assert pos.capture(cafe, again.hold_id, Decimal(1000), caller=till, now=now).earned == 50


def test_what_the_till_previews_is_what_it_posts(cafe, member, now):
    switch_on(cafe, now, factor="1.5", min_amount="500")
    switch_on(cafe, now, "welcome", points=30, visit="first")
    who = Identifier("customer_id", str(member.customer_id))
    seen = sales.preview(cafe, who, Basket(Decimal(1000)), caller=CASHIER, now=now, contacts=True)
    assert seen.plain.total == 105 == buy(cafe, member, now).earned
    assert sales.preview(cafe, who, Basket(Decimal(1000)), caller=CASHIER, now=now, contacts=True).plain.total == 75
    stranger = Identifier("phone", "+79161112233")
    assert (
        sales.preview(cafe, stranger, Basket(Decimal(1000)), caller=CASHIER, now=now, contacts=True).plain.total == 105
    )


def test_a_list_is_of_members_and_of_this_partner(cafe, member, now):
    row = switch_on(cafe, now, "fixed", points=10, audience="list")
    assert buy(cafe, member, now).earned == 50
    assert promotions.put_on_list(cafe, row.id, [member.customer_id, member.customer_id]) == 1
    assert promotions.put_on_list(cafe, row.id, [member.customer_id]) == 0
    assert buy(cafe, member, now).earned == 60
    stranger = make_customer()
    with pytest.raises(CustomerNotFound):
        promotions.put_on_list(cafe, row.id, [stranger.id])
    with pytest.raises(PromotionNotFound):
        promotions.put_on_list(make_partner(), row.id, [])


# Made and switched


def test_what_was_switched_on_is_not_rewritten(cafe, now):
    row = promotions.make(
        cafe, name="А", kind="fixed", terms={"points": 5}, starts_at=now, ends_at=None, by=None, now=now
    )
    promotions.change(
        cafe, row.id, name="Б", kind="multiplier", terms={"factor": "2"}, starts_at=now, ends_at=None, by=None, now=now
    )
    assert promotions.read_promotion(row).terms.factor == 2
    assert promotions.switch_on(cafe, row.id, by=None, now=now).state == "on"
    assert promotions.switch_on(cafe, row.id, by=None, now=now).state == "on"
    with pytest.raises(InvalidPromotion):
        promotions.change(
            cafe, row.id, name="В", kind="fixed", terms={"points": 9}, starts_at=now, ends_at=None, by=None, now=now
        )
    assert [one.id for one in promotions.list_running(cafe.id, now)] == [row.id]
    assert promotions.stop(cafe, row.id, by=None, now=now).state == "stopped"
    assert promotions.list_running(cafe.id, now) == []
    with pytest.raises(InvalidPromotion):
        promotions.switch_on(cafe, row.id, by=None, now=now)


def test_impossible_dates_and_names_and_foreign_promotions_are_refused(cafe, now):
    fine = {"name": "А", "kind": "fixed", "terms": {"points": 5}, "starts_at": now, "ends_at": None}
    for wrong in (
        {"ends_at": now},
        {"ends_at": now - timedelta(days=1), "starts_at": now - timedelta(days=2)},
        {"terms": {"points": -5}},
        {"kind": "party"},
    ):
        with pytest.raises(InvalidPromotion):
            promotions.make(cafe, **(fine | wrong), by=None, now=now)
    with pytest.raises(InvalidName):
        promotions.make(cafe, **(fine | {"name": ""}), by=None, now=now)
    row, other = promotions.make(cafe, **fine, by=None, now=now), make_partner()
    for act in (promotions.switch_on, promotions.stop):
        with pytest.raises(PromotionNotFound):
            act(other, row.id, by=None, now=now)
    with pytest.raises(PromotionNotFound):
        promotions.results(other.id, row.id)
    assert promotions.list_promotions(other.id) == []
    assert [one.id for one in promotions.list_promotions(cafe.id, state="draft")] == [row.id]
    assert promotions.list_promotions(cafe.id, after=row.id) == []


def test_too_many_are_not_on_at_once(cafe, now, monkeypatch):
    monkeypatch.setattr(promotions, "MOST_ON", 1)
    switch_on(cafe, now, factor="2")
    with pytest.raises(InvalidPromotion):
        switch_on(cafe, now, factor="3")


# On the past


def test_what_it_would_have_cost_is_what_it_then_costs(cafe, now):
    """The same purchases, once tried and once posted with the promotion on, come to the same points."""
    chance = random.Random(5)
    terms = {"points": 40, "min_amount": "300", "per_person": 2, "budget": 200}
    bought = []
    twin = make_partner()
    people = [(make_member(cafe), make_member(twin)) for _ in range(4)]
    row = promotions.make(
        twin,
        name="А",
        kind="fixed",
        terms=terms,
        starts_at=now - timedelta(days=100),
        ends_at=None,
        by=None,
        now=now,
    )
    promotions.switch_on(twin, row.id, by=None, now=now)
    for n in range(25):
        at, amount = now - timedelta(days=60 - 2 * n), f"{chance.randrange(100, 900)}.50"
        here, there = chance.choice(people)
        buy(cafe, here, now, amount, at=at)
        bought.append(buy(twin, there, now, amount, at=at))
    tried = try_on_past(cafe, "fixed", terms, now=now)
    found = promotions.results(twin.id, row.id)
    assert (tried.uses, tried.people, tried.points, tried.turnover) == (
        found.uses,
        found.people,
        found.points,
        found.turnover,
    )
    assert tried.purchases == 25 and tried.points == 200 and tried.gone_on is not None


def test_a_factor_is_tried_at_the_rates_of_each_purchase(now, db_session):
    cafe = make_partner(Rules(vip_factor=Decimal("1.5")))
    vip, old = make_member(cafe), make_member(cafe)
    vip.is_vip = True
    db.session.flush()
    buy(cafe, vip, now, "1000.00", at=now - timedelta(days=2))
    buy(cafe, old, now, "1000.00", at=now - timedelta(days=200))
    tried = try_on_past(cafe, "multiplier", {"factor": "2"}, now=now)
    assert (tried.purchases, tried.points) == (1, 75)
    assert try_on_past(cafe, "welcome", {"points": 5, "visit": "first"}, now=now).uses == 1
    with pytest.raises(InvalidPromotion):
        try_on_past(cafe, "fixed", {"points": 0}, now=now)


# Any order


def test_any_order_of_sales_refunds_undoings_and_switches_ends_as_the_model_says(cafe, now):
    """The model knows of each purchase what it earned and was given, and how much of it is left: nothing else."""
    chance = random.Random(11)
    member = make_member(cafe)
    rows = [switch_on(cafe, now, "fixed", points=37), switch_on(cafe, now, factor="1.7")]
    stopped, model = set(), {}
    for _ in range(60):
        act = chance.choice(["buy", "buy", "buy", "refund", "refund", "undo", "stop"])
        if act == "buy":
            amount = Decimal(chance.randrange(1, 200_000)) / 100
            exact = amount * Decimal("0.05") * (1 if rows[1].id in stopped else Decimal("1.7"))
            awards = [int(exact)] + ([] if rows[0].id in stopped else [37])
            sale = buy(cafe, member, now, f"{amount:.2f}")
            assert sale.earned == sum(awards)
            model[sale.purchase_id] = (amount, amount, awards)
        elif act == "stop" and len(stopped) < 2 and chance.random() < 0.3:
            stopped.add(promotions.stop(cafe, rows[len(stopped)].id, by=None, now=now).id)
        elif act in ("refund", "undo"):
            open_ones = [one for one, (_, left, _) in model.items() if left]
            if not open_ones:
                continue
            purchase_id = chance.choice(open_ones)
            amount, left, awards = model[purchase_id]
            if act == "undo":
                sales.undo(cafe, purchase_id, caller=CASHIER, now=now)
                left = Decimal(0)
            else:
                part = min(left, Decimal(chance.randrange(1, 100_000)) / 100)
                sales.post_refund(cafe, purchase_id, caller=CASHIER, key=str(uuid4()), now=now, amount=part)
                left -= part
            model[purchase_id] = (amount, left, awards)
        expected = sum(
            kept_points(points, [Decimal(1)], [amount], [left])
            for amount, left, awards in model.values()
            for points in awards
        )
        assert db.session.get(Membership, (cafe.id, member.id), populate_existing=True).balance == expected
    assert len(stopped) == 2 and len(model) > 15


# All at once


def test_limits_and_budgets_hold_when_many_buy_at_once(fresh_app):
    now = utcnow()
    with fresh_app.app_context(), transaction():
        cafe = make_partner()
        switch_on(cafe, now, "fixed", points=30, budget=100)
        switch_on(cafe, now, "fixed", points=7, most_uses=5)
        people = [make_member(cafe).customer_id for _ in range(12)]
        cafe_id = cafe.id

    def act(n):
        here = db.session.get(Partner, cafe_id)
        who = Identifier("customer_id", str(people[n]))
        return sales.post_transaction(
            here, who, Basket(Decimal(100)), kind="accrual", caller=CASHIER, key=f"k{n}", now=utcnow()
        ).earned

    earned = at_once(fresh_app, act, 12)
    assert sum(earned) == 12 * 5 + 3 * 30 + 5 * 7
    with fresh_app.app_context(), transaction():
        rows = db.session.scalars(select(PromotionRow).order_by(PromotionRow.id)).all()
        assert [(row.uses, row.points) for row in rows] == [(3, 90), (5, 35)]
        assert list(verify.breaches(db.session.connection())) == []


def test_a_repeated_call_takes_once(cafe, member, now):
    row = switch_on(cafe, now, "fixed", points=10)
    who = Identifier("customer_id", str(member.customer_id))
    for _ in range(2):
        sales.post_transaction(cafe, who, Basket(Decimal(100)), kind="accrual", caller=CASHIER, key="same", now=now)
    db.session.refresh(row)
    assert row.uses == 1


def sell_lines(cafe, member, now, *lines, points=0):
    basket = Basket(sum((line.amount for line in lines), Decimal(0)), lines)
    return sales.post_transaction(
        cafe,
        Identifier("customer_id", str(member.customer_id)),
        basket,
        kind="accrual",
        caller=CASHIER,
        key=str(uuid4()),
        now=now,
        points=points,
    )


@pytest.mark.parametrize("terms", [{"categories": ["окрашивание"]}, {"services": ["тонирование ёлкой"]}])
@pytest.mark.parametrize(("effect", "bonus"), [({"rate": "0.1"}, 300), ({"points": 300}, 300)])
def test_the_bonus_of_a_service_goes_with_its_line_and_with_no_other(cafe, member, now, terms, effect, bonus):
    """At the terms it was given on, whatever the promotion has become; names match however they are written."""
    row = switch_on(cafe, now, "category", **terms, **effect)
    cut = Line(Decimal("2000.00"), name="Стрижка", category="Волосы")
    tint = Line(Decimal("3000.00"), name="Тонирование елкой", category="ОКРАШИВАНИЕ")
    assert sell_lines(cafe, make_member(cafe), now, cut).earned == 100
    sale = sell_lines(cafe, member, now, cut, tint)
    assert sale.earned == 250 + bonus
    promotions.stop(cafe, row.id, by=None, now=now)

    def give_back(n, amount):
        lines = {n: Decimal(amount)}
        return sales.post_refund(cafe, sale.purchase_id, caller=CASHIER, key=str(uuid4()), now=now, lines=lines).taken

    assert give_back(1, "2000.00") == 100, "the cut had no part in it"
    assert give_back(2, "1500.00") == 75 + bonus // 2
    assert give_back(2, "1500.00") == 75 + bonus // 2
    assert db.session.get_one(Membership, (cafe.id, member.id)).balance == 0


def test_points_pay_for_a_service_first_and_its_bonus_is_of_the_rest(cafe, member, now):
    give_points = buy(cafe, member, now, "20000.00")
    assert give_points.account.balance == 1000
    switch_on(cafe, now, "category", categories=["Волосы"], rate="0.1")
    cut = Line(Decimal("1000.00"), name="Стрижка", category="Волосы")
    thing = Line(Decimal("1000.00"), name="Шампунь", category="Товары")
    sale = sell_lines(cafe, member, now, cut, thing, points=1000)
    assert sale.earned == 50 + 50, "half of each line was paid with points"
    taken = sales.post_refund(
        cafe, sale.purchase_id, caller=CASHIER, key="back", now=now, lines={1: Decimal("1000.00")}
    )
    assert (taken.taken, taken.given_back) == (25 + 50, 500)


def test_merging_two_accounts_keeps_the_limits_and_the_list_of_a_person(cafe, member, now):
    once = switch_on(cafe, now, "fixed", points=100, per_person=1)
    listed = switch_on(cafe, now, "fixed", name="Своим", points=10, audience="list")
    other = make_member(cafe)
    promotions.put_on_list(cafe, listed.id, [member.customer_id, other.customer_id])
    assert [buy(cafe, one, now).earned for one in (member, other)] == [160, 160]
    ledger.merge(cafe.id, other.id, member.id, now=now)
    assert promotions.results(cafe.id, once.id).people == 1
    assert buy(cafe, member, now).earned == 60

"""The reference model alone: its rules hold their own invariants before anything is compared with it."""

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reference.ledger import Book, spread
from tests.reference.machine import Histories, check, kopecks, priced, rates, share_of, shares

NOW = datetime(2027, 6, 9, 9, tzinfo=UTC)


class TestAnyHistoryKeepsTheModelTrue(Histories.TestCase):
    settings = settings(
        max_examples=int(os.environ.get("LEDGER_HISTORIES", 200)),
        stateful_step_count=50,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def test_refunding_each_third_of_a_check_takes_back_what_the_sale_gave():
    book = Book()
    member = book.join()
    lines, earn = priced([Decimal("33.33")] * 3, Fraction(1, 20), 0)
    sale = book.sell(member, "a", lines, now=NOW, earn=earn)
    kept = []
    for n in range(3):
        book.refund(sale, f"r{n}", now=NOW, lines=[Decimal("33.33") * (n == i) for i in range(3)])
        kept.append(book.balance(member))
    assert (earn, kept) == (4, [2, 1, 0])


def test_a_hold_outlives_the_refund_of_the_sale_that_earned_its_points():
    for resolve, after in ((lambda b, h: b.void(h, now=NOW), 0), (lambda b, h: capture(b, h, 100), -100)):
        book = Book()
        member = book.join()
        sale = book.sell(member, "a", [(Decimal(3000), 150, 0)], now=NOW, earn=150)
        hold = book.hold(member, 100, until=NOW + timedelta(hours=1), now=NOW)
        book.refund(sale, "r", now=NOW, amount=Decimal(3000))
        assert (book.balance(member), book.debt(member), book.available(member)) == (0, 100, -100)
        resolve(book, hold)
        assert book.balance(member) == after
        check(book)


def capture(book, hold, points):
    return book.sell(hold.member, "b", [(Decimal(points), 0, Decimal(points))], now=NOW, spend=points, hold=hold)


def test_points_given_back_to_a_lot_whose_date_has_passed_live_through_the_day_of_refund_and_the_grace():
    book = Book(grace_days=30)
    member = book.join()
    book.adjust(member, 100, now=NOW, life=("days", 1))
    sale = book.sell(member, "a", [(Decimal(60), 0, Decimal(60))], now=NOW, spend=60)
    later = NOW + timedelta(days=7)
    book.refund(sale, "r", now=later, amount=Decimal(60))
    assert book.balance(member) == 60
    # 16 June and 30 days: through the end of 16 July in Moscow
    assert book.lots[0].expires_at == datetime(2027, 7, 16, 21, tzinfo=UTC)
    book.bring_up(member, datetime(2027, 7, 16, 21, tzinfo=UTC))
    assert [entry.points for entry in book.entries] == [100, -60, -40, 60, -60]


def test_within_balance_collects_a_shortfall_neither_later_nor_at_the_next_reconciliation():
    book = Book(mode="within_balance")
    member = book.join()
    lines = [(Decimal(1000), 50, 0)]
    book.reconcile("visit", 1, member, lines, now=NOW, earn=50)
    book.adjust(member, -40, now=NOW)
    book.reconcile("visit", 2, member, [], now=NOW, earn=0)
    book.adjust(member, 30, now=NOW)
    book.reconcile("visit", 3, member, [], now=NOW, earn=0)
    assert book.balance(member) == 30
    book.reconcile("visit", 4, member, lines, now=NOW, earn=50)  # paid again: 40 are still with the person
    assert book.balance(member) == 40


@given(
    start=st.integers(0, 300),
    reserved=st.fractions(0, 1, max_denominator=4),
    amounts=st.lists(kopecks, min_size=1, max_size=4),
    rate=rates,
    part=shares,
    window=st.sampled_from([0, 14]),
    cuts=st.lists(shares, max_size=6),
    bonus=st.integers(0, 20),
    owed=st.integers(0, 60),
)
def test_a_full_refund_in_any_parts_returns_balance_and_pending_exactly(
    start, reserved, amounts, rate, part, window, cuts, bonus, owed
):
    """Rule 20, with another lot, a hold and a debt on the account, in mode debt."""
    book = Book(return_days=window)
    member = book.join()
    for points, life in ((start, ("days", 9)), (start // 2, None)):
        if points:
            book.adjust(member, points, now=NOW, life=life)
    if points := int(book.available(member) * reserved):
        book.hold(member, points, until=NOW + timedelta(days=1), now=NOW)
    if owed:
        book.adjust(member, -owed, now=NOW)
    before = book.balance(member), book.pending(member), book.debt(member), book.held(member)
    amounts = [Decimal(n) / 100 for n in amounts]
    spend = min(int(max(0, book.available(member)) * part), int(sum(amounts)))
    lines, earn = priced(amounts, rate, spend)
    bonuses = [(bonus, ("days", 3))] if bonus else []
    sale = book.sell(member, "sale", lines, now=NOW, earn=earn, spend=spend, bonuses=bonuses)
    for n, cut in enumerate([*cuts, Fraction(1)]):
        if amount := share_of(sum(line.remaining for line in sale.lines), cut):
            book.refund(sale, f"part {n}", now=NOW, amount=amount)
        check(book)
    assert (book.balance(member), book.pending(member), book.debt(member), book.held(member)) == before
    assert sum(refund.money_back for refund in sale.refunds) == sum(amounts) - spend


@given(amounts=st.lists(kopecks, min_size=1, max_size=4), rate=rates, pieces=st.integers(2, 60))
def test_small_refunds_take_as_much_as_one_of_their_sum(amounts, rate, pieces):
    lines, earn = priced([Decimal(n) / 100 for n in amounts], rate, 0)
    by_pieces, at_once = Book(), Book()
    sales = [book.sell(book.join(), "sale", lines, now=NOW, earn=earn) for book in (by_pieces, at_once)]
    each = [share_of(line.amount, Fraction(1, pieces)) for line in sales[0].lines]
    if sum(each):
        for n in range(pieces):
            by_pieces.refund(sales[0], f"piece {n}", now=NOW, lines=each)
        at_once.refund(sales[1], "once", now=NOW, lines=[part * pieces for part in each])
        assert by_pieces.total(by_pieces.members[0]) == at_once.total(at_once.members[0])


@given(amount=st.integers(1, 10**6), over=st.lists(st.integers(0, 10**6), min_size=1).filter(sum))
def test_a_spread_sum_adds_up_and_no_line_gets_more_than_it_has(amount, over):
    amount = min(amount, sum(over))
    parts = spread(Decimal(amount) / 100, [Decimal(n) / 100 for n in over])
    assert sum(parts) == Decimal(amount) / 100
    assert all(0 <= part * 100 <= whole for part, whole in zip(parts, over, strict=True))

"""Random histories over the reference model, and what must be true after every step of one.

`Histories` plays the model alone. A subclass that overrides `mirror` plays something else beside it, step by step.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.reference.ledger import Book, Member, Refused, spread

ZONES = (
    "Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk", "Asia/Krasnoyarsk",
    "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok", "Asia/Magadan", "Asia/Kamchatka",
)  # fmt: skip
STARTS = [
    datetime(y, m, d, 20, 30, tzinfo=UTC) for y, m, d in ((2027, 1, 30), (2028, 2, 27), (2028, 12, 29), (2027, 6, 9))
]

kopecks = st.one_of(st.integers(1, 40_000), st.sampled_from([1, 3333, 10_000, 19_999]))
rates = st.sampled_from([Fraction(n, 200) for n in (2, 10, 13, 60)])
lives = st.sampled_from([None, None, ("days", 1), ("days", 3), ("months", 1), ("months", 12)])
grants = st.lists(st.tuples(st.integers(1, 30), lives), max_size=2)
waits = st.one_of(
    st.timedeltas(timedelta(0), timedelta(hours=6)),
    st.sampled_from([timedelta(hours=n) for n in (12, 24, 36, 24 * 4, 24 * 15, 24 * 31, 24 * 60)]),
)
any_of = st.integers(0, 10**6)
shares = st.sampled_from([Fraction(n, 12) for n in (1, 4, 6, 11, 12)])


def priced(amounts: list[Decimal], rate: Fraction, spend: int) -> tuple[list[tuple], int]:
    """Lines as (amount, weight, spent) of a check of which `spend` roubles are paid with points, and what it earns."""
    spent = spread(Decimal(spend), amounts)
    lines = [(a, Fraction(a - s) * rate, s) for a, s in zip(amounts, spent, strict=True)]
    return lines, int(sum(weight for _, weight, _ in lines))


def share_of(amount: Decimal, part: Fraction) -> Decimal:
    return Decimal(int(amount * 100) * part.numerator // part.denominator) / 100


def check(book: Book) -> None:
    """What is true of a book at any moment, whatever happened in it."""
    for member in book.members:
        entries, lots = book.entries_of(member), book.lots_of(member)
        total, debt, held = book.total(member), book.debt(member), book.held(member)
        assert total == sum(map(book.remaining, lots)) - debt
        assert total == book.balance(member) + book.pending(member)
        assert 0 <= held <= book.active(member)
        assert debt == 0 or held == book.active(member), "debt stands beside free points"
        assert debt == 0 or book.mode == "debt"
        before = 0
        for n, entry in enumerate(entries, 1):
            assert (entry.seq, entry.total_after) == (n, before + entry.points)
            assert entry.points and (entry.points > 0 or entry.kind not in ("earn", "bonus"))
            assert entry.points < 0 or entry.kind not in ("spend", "expire")
            assert (entry.kind == "reversal") == (entry.reverses is not None)
            before = entry.total_after
        if member.state == "merged":
            assert total == debt == held == 0 and not lots
    for lot in book.lots:
        assert 0 <= book.held_in(lot) <= book.remaining(lot) <= lot.points
        assert lot.active or book.held_in(lot) == 0
        assert lot.expires_at is None or lot.available_at < lot.expires_at
    for entry in book.entries:
        assert entry.kind == "reversal" or book.reversed_of(entry) <= abs(entry.points)
        assert entry.reverses is None or entry.reverses.kind != "reversal"
    for debt in book.debts:
        assert 0 <= book.unpaid(debt) <= debt.points
    for purchase in book.purchases:
        for award in purchase.awards:
            assert award.kept >= 0 and award.shortfall >= 0
            assert award.kept + award.shortfall == abs(award.entry.points) - book.reversed_of(award.entry)
        assert all(0 <= line.remaining <= line.amount for line in purchase.lines)
        refunded = sum(refund.amount for refund in purchase.refunds)
        assert 0 <= sum(refund.money_back for refund in purchase.refunds) <= refunded


class Histories(RuleBasedStateMachine):
    modes = ("debt", "within_balance", "pending_only")

    def both(self, operation: str, *args, **kwargs):
        """Do it in the model and in its mirror. A refusal leaves the model as it was but for what time did."""
        try:
            outcome = getattr(self.book, operation)(*args, **kwargs)
        except Refused as refusal:
            outcome = refusal
        self.mirror(operation, args, kwargs, outcome)
        return outcome

    def mirror(self, operation: str, args: tuple, kwargs: dict, outcome) -> None:
        """Overridden by whoever plays along."""

    @initialize(
        zone=st.sampled_from(ZONES),
        mode=any_of,
        days=st.sampled_from([0, 0, 1, 14]),
        grace=st.sampled_from([0, 2, 30]),
        start=st.sampled_from(STARTS),
        hour=st.integers(0, 23),
    )
    def begin(self, zone, mode, days, grace, start, hour):
        mode = self.modes[mode % len(self.modes)]
        days = days or (1 if mode == "pending_only" else 0)
        self.book = Book(zone=zone, mode=mode, return_days=days, grace_days=grace)
        self.now = start + timedelta(hours=hour)
        self.documents, self.frozen = 0, {}
        self.started()
        for points in (120, 40, 0):
            member = self.join()
            if points:
                self.both("adjust", member, points, now=self.now, life=("months", 1))

    def started(self) -> None:
        """Overridden by whoever plays along: the book is open, nobody is in it."""

    def refundable(self, n: int):
        """A recent purchase, of those that paid with points first."""
        left = [purchase for purchase in self.book.purchases if any(line.remaining for line in purchase.lines)]
        return self.pick([p for p in left if p.of_kind("spend")][-2:] + left[-3:], n)

    def resolvable(self, n: int):
        """A recent hold: mostly an open one, sometimes one that is over."""
        return self.pick([hold for hold in self.book.holds if hold.state == "open"][-3:] + self.book.holds[-1:], n)

    def join(self) -> Member:
        return self.both("join")

    def pick(self, things: list, n: int):
        return things[n % len(things)] if things else None

    def member(self, n: int) -> Member | None:
        """One who is open, with the model brought up to now, so that the next step sees what can be spent."""
        member = self.pick([member for member in self.book.members if member.state == "open"], n)
        if member:
            self.book.bring_up(member, self.now)
        return member

    def reference(self) -> str:
        self.documents += 1
        return f"document-{self.documents}"

    @rule(n=any_of, amounts=st.lists(kopecks, min_size=1, max_size=4), rate=rates, bonuses=grants, life=lives)
    def sell(self, n, amounts, rate, bonuses, life):
        lines, earn = priced([Decimal(n) / 100 for n in amounts], rate, 0)
        terms = {"earn": earn, "bonuses": bonuses, "life": life}
        self.both("sell", self.member(n), self.reference(), lines, now=self.now, **terms)

    @rule(n=any_of, amounts=st.lists(kopecks, min_size=1, max_size=4), rate=rates, part=shares, life=lives)
    def sell_for_points(self, n, amounts, rate, part, life):
        member = self.member(n)
        amounts = [Decimal(n) / 100 for n in amounts]
        spend = min(int(max(0, self.book.available(member)) * part), int(sum(amounts)))
        lines, earn = priced(amounts, rate, spend)
        self.both("sell", member, self.reference(), lines, now=self.now, earn=earn, spend=spend, life=life)

    @rule(n=any_of, part=shares, minutes=st.sampled_from([0, 5, 30, 60 * 40]))
    def reserve(self, n, part, minutes):
        member = self.member(n)
        points = int(max(0, self.book.available(member)) * part)  # 0 too: such a hold only carries a sale
        self.both("hold", member, points, until=self.now + timedelta(minutes=minutes + 1), now=self.now)

    @precondition(lambda self: self.book.holds)
    @rule(n=any_of, part=st.one_of(shares, st.just(Fraction(0))), rate=rates, more=kopecks, life=lives, bonuses=grants)
    def capture(self, n, part, rate, more, life, bonuses):
        hold = self.resolvable(n)
        if hold.member.state == "open":
            spend = int(hold.points * part)
            lines, earn = priced([Decimal(spend), Decimal(more) / 100], rate, spend)
            terms = {"earn": earn, "spend": spend, "hold": hold, "bonuses": bonuses, "life": life}
            self.both("sell", hold.member, self.reference(), lines, now=self.now, **terms)

    @precondition(lambda self: self.book.holds)
    @rule(n=any_of)
    def void(self, n):
        hold = self.resolvable(n)
        if hold.member.state == "open":
            self.both("void", hold, now=self.now)

    @rule(by=waits)
    def wait(self, by):
        self.now += by

    @rule(n=any_of)
    def wait_for_the_next_event(self, n):
        dates = [hold.until for hold in self.book.holds if hold.state == "open"]
        for lot in self.book.lots:
            dates += [lot.available_at, *([lot.expires_at] if lot.expires_at and self.book.remaining(lot) else [])]
        if date := self.pick(sorted(date for date in set(dates) if date > self.now)[:3], n):
            self.now = date

    @rule(n=any_of)
    def bring_up(self, n):
        member = self.pick([member for member in self.book.members if member.state == "open"], n)
        self.both("bring_up", member, self.now)

    @precondition(lambda self: self.book.purchases)
    @rule(n=any_of, part=shares)
    def refund_a_sum(self, n, part):
        purchase = self.refundable(n)
        if purchase and (amount := share_of(sum(line.remaining for line in purchase.lines), part)):
            self.both("refund", purchase, f"refund-{len(purchase.refunds)}", now=self.now, amount=amount)

    @precondition(lambda self: self.book.purchases)
    @rule(n=any_of, parts=st.lists(st.one_of(shares, st.just(Fraction(0))), min_size=4, max_size=4))
    def refund_lines(self, n, parts):
        purchase = self.refundable(n)
        lines = purchase and [share_of(line.remaining, part) for line, part in zip(purchase.lines, parts, strict=False)]
        if lines and sum(lines):
            self.both("refund", purchase, f"refund-{len(purchase.refunds)}", now=self.now, lines=lines)

    @rule(n=any_of, who=any_of, amounts=st.lists(kopecks, min_size=1, max_size=3), rate=rates, life=lives,
          paid=st.sampled_from([True, True, False]), move=st.integers(0, 3), version=st.sampled_from([1, 1, 1, 0, -1]))  # fmt: skip
    def reconcile(self, n, who, amounts, rate, life, paid, move, version):
        """A document of a foreign system: new, or known and changed, older, unpaid, or someone else's."""
        member, terms, at = self.member(who), (rate, life), 1
        known = [purchase for purchase in self.book.purchases if purchase.version]
        purchase = self.pick([None, *known[-3:]], n)
        if purchase:
            ref, at = purchase.ref, purchase.version + version
            member = purchase.member if move and purchase.member.state == "open" else member
            if member is purchase.member:
                terms = self.frozen.get(ref, terms)
        else:
            ref = self.reference()
        lines, earn = priced([Decimal(n) / 100 for n in amounts], terms[0], 0) if paid else ([], 0)
        moved = purchase and member is not purchase.member
        self.rate = terms[0]
        self.both("reconcile", ref, at, member, lines, now=self.now, earn=earn, life=terms[1])
        if version >= 0 or not purchase:  # rates are frozen with the first accrual to a person
            self.frozen[ref] = terms if paid else None if moved else self.frozen.get(ref)
            self.frozen = {ref: terms for ref, terms in self.frozen.items() if terms}

    @rule(n=any_of, points=st.integers(-120, 120).filter(bool), life=lives)
    def adjust(self, n, points, life):
        self.both("adjust", self.member(n), points, now=self.now, life=life if points > 0 else None)

    @rule(n=any_of, points=st.integers(1, 60), life=lives)
    def grant(self, n, points, life):
        self.both("adjust", self.member(n), points, now=self.now, life=life, kind="bonus")

    @rule(n=any_of)
    def reverse(self, n):
        by_hand = [e for e in self.book.entries if e.kind in ("manual", "bonus") and e.source == "manual"]
        by_hand = [e for e in by_hand if not e.purchase and self.book.now_of(e.member).state == "open"]
        fresh = [e for e in by_hand if not self.book.reversed_of(e)]
        if entry := self.pick(fresh[-4:] + by_hand[-1:], n):
            self.both("reverse", entry, now=self.now)

    @precondition(lambda self: len(self.book.members) < 6)
    @rule(n=any_of, m=any_of)
    def merge(self, n, m):
        old, survivor = self.member(n), self.member(m)
        if old is not survivor:
            self.both("merge", old, survivor, now=self.now)
            self.join()

    @precondition(lambda self: len(self.book.members) < 6)
    @rule(n=any_of, really=st.sampled_from([False, False, True]))
    def erase(self, n, really):
        if really:
            self.both("erase", self.member(n), now=self.now)
            self.join()

    @rule(n=any_of, kind=st.sampled_from(["spend", "hold", "refund", "replay", "conflict", "refund again"]))
    def ask_for_what_is_refused_or_done_already(self, n, kind):
        member = self.member(n)
        if purchase := self.pick([p for p in self.book.purchases if not p.version and p.member.state == "open"], n):
            self.book.bring_up(purchase.member, self.now)
        before = len(self.book.entries)
        over = max(0, self.book.available(member)) + 1 + n % 3
        if kind == "spend":
            self.both("sell", member, self.reference(), [(Decimal(over), 0, Decimal(over))], now=self.now, spend=over)
        elif kind == "hold":
            self.both("hold", member, over, until=self.now + timedelta(hours=1), now=self.now)
        elif purchase and kind == "refund":
            amount = sum(line.remaining for line in purchase.lines) + Decimal("0.01")
            self.both("refund", purchase, "too-much", now=self.now, amount=amount)
        elif purchase and kind == "refund again" and purchase.refunds:
            refund = self.pick(purchase.refunds, n)
            self.both("refund", purchase, refund.reference, now=self.now, lines=refund.lines)
        elif purchase and kind in ("replay", "conflict"):
            lines = [(line.amount, line.weight, line.spent) for line in purchase.lines]
            if kind == "conflict":
                lines = [*lines, (Decimal(1), 0, Decimal(0))]
            self.both("sell", purchase.member, purchase.ref, lines, now=self.now)
        assert len(self.book.entries) == before

    @invariant()
    def holds_true(self):
        if hasattr(self, "book"):
            check(self.book)

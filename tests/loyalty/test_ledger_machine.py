"""The ledger beside the reference model: random histories over every operation, compared after every step.

A third of the histories in each claw-back mode. `LEDGER_HISTORIES` says how many in all (`make test-ledger`: 10 000); a
failure prints the shortest history that shows it.
"""

from __future__ import annotations

import os
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import text

from loyalty import ledger, programme
from loyalty.errors import HoldResolved, NotEnoughPoints, ReceiptConflict, RefundTooLarge
from loyalty.ledger import Bonus, Document
from loyalty.rules import Rules
from loyalty.types import Life, Line
from loyalty.verify import breaches
from models import db, new_id, transaction
from models.customer import Customer
from models.ledger import Membership
from tests.factories import make_partner
from tests.reference.ledger import Member, Purchase, Refused
from tests.reference.machine import Histories

HISTORIES = int(os.environ.get("LEDGER_HISTORIES", 200))
REFUSALS = {
    "insufficient_points": NotEnoughPoints,
    "hold_resolved": HoldResolved,
    "refund_exceeds": RefundTooLarge,
    "receipt_conflict": ReceiptConflict,
}
STATE = text(
    """
    SELECT m.id, m.state, m.balance, m.pending, m.held, m.debt, m.total,
        (SELECT coalesce(json_agg(json_build_array(e.seq, e.kind, e.points, e.total_after, e.balance_after, r.seq)
                                  ORDER BY e.seq), '[]')
         FROM entry e LEFT JOIN entry r ON r.partner_id = e.partner_id AND r.id = e.reverses_id
         WHERE e.partner_id = m.partner_id AND e.membership_id = m.id) AS entries,
        (SELECT coalesce(json_agg(json_build_array(l.points, l.remaining, l.held,
                                                   CASE l.remaining WHEN 0 THEN 'empty' ELSE l.state END,
                                                   floor(extract(epoch FROM l.available_at)),
                                                   floor(extract(epoch FROM l.expires_at))) ORDER BY l.id), '[]')
         FROM lot l WHERE l.partner_id = m.partner_id AND l.membership_id = m.id) AS lots,
        (SELECT coalesce(json_agg(json_build_array(d.points, d.remaining) ORDER BY d.entry_id), '[]')
         FROM debt d WHERE d.partner_id = m.partner_id AND d.membership_id = m.id) AS debts,
        (SELECT coalesce(json_agg(json_build_array(h.points, h.captured, h.state) ORDER BY h.id), '[]')
         FROM hold h WHERE h.partner_id = m.partner_id AND h.membership_id = m.id AND h.points > 0) AS holds,
        (SELECT coalesce(json_agg(json_build_array(a.kind, a.kept, a.shortfall) ORDER BY a.entry_id), '[]')
         FROM award a JOIN purchase p ON p.partner_id = a.partner_id AND p.id = a.purchase_id
         WHERE a.partner_id = m.partner_id AND p.membership_id = m.id) AS awards
    FROM membership m
    WHERE m.partner_id = :partner AND (m.next_due_at IS NULL OR m.next_due_at > :now)
    """
)


def life_of(life: tuple[str, int] | None) -> Life | None:
    return life and Life(**{life[0]: life[1]})


class Beside(Histories):
    """Every operation is done in the ledger too; every third one twice, which must change nothing."""

    app = None  # an application whose database takes the histories

    def started(self) -> None:
        with transaction():
            self.partner = make_partner(timezone=self.book.zone).id
        self.twin, self.steps = {}, 0

    # Operations

    def mirror(self, operation: str, args: tuple, kwargs: dict, outcome) -> None:
        self.steps, self.agreed = self.steps + 1, False
        act = getattr(self, f"do_{operation}")
        wanted = REFUSALS.get(str(outcome)) if isinstance(outcome, Refused) else None
        if operation == "adjust" and outcome is None:
            wanted = NotEnoughPoints
        if wanted:
            with pytest.raises(wanted), transaction():
                act(outcome, *args, **kwargs)
        else:
            with transaction():
                act(outcome, *args, **kwargs)
            if self.steps % 3 == 0 and operation in ("sell", "reconcile", "refund", "adjust", "merge", "erase"):
                with transaction():
                    act(outcome, *args, **kwargs)
        self.compare()
        self.agreed = True

    def do_join(self, member: Member) -> None:
        customer = Customer(name=None)
        db.session.add(customer)
        db.session.flush()
        self.twin[member] = new_id()
        db.session.add(Membership(partner_id=self.partner, id=self.twin[member], customer_id=customer.id))
        db.session.flush()

    def rules_with(self, rate: Fraction, life: tuple[str, int] | None) -> Rules:
        return Rules(
            rate=Decimal(rate.numerator) / rate.denominator,
            clawback=self.book.mode,
            pending_days=self.book.return_days,
            grace_days=self.book.grace_days,
            point_value=self.book.point_value,
            base_life_days=life[1] if life and life[0] == "days" else None,
            base_life_months=life[1] if life and life[0] == "months" else None,
        )

    def pricer(self, lines, earn: int, spend: int, rate: Fraction, life):
        """The programme prices it; that it comes to what the model was told is compared on the way."""
        rules, zone, at = self.rules_with(rate, life), ZoneInfo(self.book.zone), self.now
        bought = [Line(amount) for amount, _, _ in lines]

        def price(member):
            pricing = programme.price(bought, rules, member, at=at, zone=zone, spend_points=spend)
            assert (pricing.earn, pricing.spent_points) == (earn, spend)
            return pricing

        return bought, price

    def do_sell(self, sale, member, ref, lines, *, now, earn=0, spend=0, bonuses=(), life=None, hold=None) -> None:
        weighed = [(Fraction(weight) / Fraction(amount - spent)) for amount, weight, spent in lines if amount > spent]
        _, price = self.pricer(lines, earn, spend, weighed[0] if weighed else Fraction(0), life)
        done = ledger.sell(
            self.partner,
            self.twin[member],
            Document("pos_api", ref, now, origin="till", content=[str(amount) for amount, _, _ in lines]),
            price,
            now=now,
            hold_id=hold and self.twin[hold],
            bonuses=[Bonus(points, str(n), life_of(its_life)) for n, (points, its_life) in enumerate(bonuses)],
        )
        if isinstance(sale, Purchase):
            assert self.twin.setdefault(sale, done.purchase_id) == done.purchase_id
            given = [award.points for award in sale.awards if award.entry.points > 0]
            assert (done.earned, done.spent) == (sum(given), sum(award.points for award in sale.of_kind("spend")))

    def do_reconcile(self, sale, ref, version, member, lines, *, now, earn, life=None) -> None:
        bought, price = self.pricer(lines, earn, 0, self.rate, life)
        document = Document(
            "yclients", ref, sale.at, origin="branch", version=version, content=[str(line.amount) for line in bought]
        )
        done = ledger.reconcile(self.partner, self.twin[member], document, bought or None, price, now=now)
        assert self.twin.setdefault(sale, done.purchase_id) == done.purchase_id

    def do_hold(self, hold, member, points, *, until, now) -> None:
        done = ledger.hold(self.partner, self.twin[member], points, expires_at=until, now=now)
        self.twin[hold] = done.hold_id

    def do_void(self, outcome, hold, *, now) -> None:
        ledger.void(self.partner, self.twin[hold], now=now)

    def do_refund(self, refund, purchase, reference, *, now, amount=None, lines=None) -> None:
        named = None if lines is None else dict(enumerate(lines, 1))
        done = ledger.refund(
            self.partner, self.twin[purchase], reference=reference, now=now, amount=amount, lines=named
        )
        if not isinstance(refund, Refused):
            told = (done.amount, done.taken, done.given_back, done.shortfall, done.money_back)
            assert told == (refund.amount, refund.taken, refund.given_back, refund.shortfall, refund.money_back)

    def do_adjust(self, entry, member, points, *, now, life=None, kind="manual") -> None:
        terms = {"source": "admin", "source_ref": f"by hand {self.steps}", "now": now, "life": life_of(life)}
        if kind == "bonus":
            done = ledger.grant(self.partner, self.twin[member], points, **terms)
        else:
            done = ledger.adjust(self.partner, self.twin[member], points, mode=self.book.mode, **terms)
        assert done.points == entry.points
        self.twin[entry] = done.entry_id

    def do_reverse(self, outcome, entry, *, now) -> None:
        terms = {"mode": self.book.mode, "grace_days": self.book.grace_days}
        done = ledger.reverse(self.partner, self.twin[entry], now=now, **terms)
        assert done.repeated == isinstance(outcome, Refused)
        assert abs(done.points) == self.book.reversed_of(entry)

    def do_merge(self, outcome, old, survivor, *, now) -> None:
        ledger.merge(self.partner, self.twin[old], self.twin[survivor], now=now)

    def do_erase(self, outcome, member, *, now) -> None:
        ledger.erase(self.partner, self.twin[member], now=now)

    def do_bring_up(self, outcome, member, now) -> None:
        done = ledger.bring_up(self.partner, self.twin[member], now)
        assert (done.balance, done.pending, done.held, done.debt, done.available) == (
            self.book.balance(member),
            self.book.pending(member),
            self.book.held(member),
            self.book.debt(member),
            self.book.available(member),
        )

    # Comparison

    def compare(self) -> None:
        """Whoever is up to date in the ledger (the others wait for their next step, or for the end)."""
        with db.engine.connect() as connection:
            found = {row.id: row for row in connection.execute(STATE, {"partner": self.partner, "now": self.now})}
        for member in self.book.members:
            if row := found.get(self.twin[member]):
                self.book.bring_up(member, self.now)
                expected = self.expected(member)
                different = {
                    key: (row._mapping[key], value) for key, value in expected.items() if row._mapping[key] != value
                }
                assert not different, f"the ledger and the model differ (ledger, model): {different}"

    def expected(self, member: Member) -> dict:
        book = self.book
        entries = [
            [e.seq, e.kind, e.points, e.total_after, e.balance_after, e.reverses and e.reverses.seq]
            for e in book.entries_of(member)
        ]
        lots = [
            [
                lot.points,
                book.remaining(lot),
                book.held_in(lot),
                ("active" if lot.active else "pending") if book.remaining(lot) else "empty",
                int(lot.available_at.timestamp()),
                lot.expires_at and int(lot.expires_at.timestamp()),
            ]
            for lot in book.lots_of(member)
        ]
        debts = [[debt.points, book.unpaid(debt)] for debt in book.debts if debt.member is member]
        holds = [
            [hold.points, hold.captured, hold.state] for hold in book.holds if hold.member is member and hold.points
        ]
        awards = [a for purchase in book.purchases if purchase.member is member for a in purchase.awards]
        awards.sort(key=lambda award: book.entries.index(award.entry))
        return {
            "state": member.state,
            "balance": book.balance(member),
            "pending": book.pending(member),
            "held": book.held(member),
            "debt": book.debt(member),
            "total": book.total(member),
            "entries": entries,
            "lots": lots,
            "debts": debts,
            "holds": holds,
            "awards": [[award.entry.kind, award.kept, award.shortfall] for award in awards],
        }

    def teardown(self) -> None:
        """Bring everybody up, unless the history has already failed."""
        if hasattr(self, "book") and self.agreed:
            for member in self.book.members:
                if member.state == "open":
                    self.both("bring_up", member, self.now)


@pytest.mark.parametrize("mode", Histories.modes)
def test_the_ledger_agrees_with_the_reference_model_over_any_history(app, mode):
    class History(Beside):
        modes = (mode,)

    with app.app_context():
        run_state_machine_as_test(
            History,
            settings=settings(
                max_examples=-(-HISTORIES // len(Histories.modes)),
                stateful_step_count=50,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                print_blob=True,
            ),
        )
        with db.engine.connect() as connection:
            assert list(breaches(connection)) == []

"""The rules of the ledger over plain lists: slow, in memory, and written to be obviously right.

It knows nothing of `loyalty/`. What a sum can answer is summed anew each time (a lot's remaining and held, debts, totals);
what is stored is what happened. A sale comes in already priced: lines as (amount, weight, spent), the points it earns, the
points it spends, its bonuses. Time is an argument. Numbers in brackets are the rules of the ledger's contract.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

FAR = datetime.max.replace(tzinfo=UTC)


class Refused(Exception):
    """The rule forbids it; nothing was done."""


@dataclass(eq=False)
class Member:
    name: int
    state: str = "open"
    into: Member | None = None


@dataclass(eq=False)
class Entry:
    member: Member
    seq: int
    kind: str
    points: int
    total_after: int
    at: datetime
    reverses: Entry | None = None
    source: str = "manual"
    purchase: Purchase | None = None
    balance_after: int = 0


@dataclass(eq=False)
class Lot:
    n: int
    member: Member
    entry: Entry
    purchase: Purchase | None
    points: int
    available_at: datetime
    expires_at: datetime | None
    active: bool


@dataclass(eq=False)
class Use:
    """A taking (+) from a lot, or a return (−) to it, by an entry."""

    lot: Lot
    entry: Entry
    points: int


@dataclass(eq=False)
class Debt:
    """What an entry took that no lot could give."""

    member: Member
    entry: Entry
    points: int
    cancelled: int = 0


@dataclass(eq=False)
class Hold:
    n: int
    member: Member
    points: int
    until: datetime
    lots: list[tuple[Lot, int]]
    state: str = "open"
    captured: int = 0


@dataclass(eq=False)
class Award:
    entry: Entry
    points: int
    kept: int
    shortfall: int = 0


@dataclass(eq=False)
class Line:
    amount: Decimal
    weight: Fraction
    spent: Decimal
    remaining: Decimal


@dataclass(eq=False)
class Refund:
    reference: str
    amount: Decimal
    lines: tuple[Decimal, ...]
    taken: int
    given_back: int
    shortfall: int
    money_back: Decimal


@dataclass(eq=False)
class Purchase:
    ref: str
    member: Member
    lines: list[Line]
    at: datetime
    earn: int
    version: int = 0
    settled: int = 0  # refunds before the last reconciliation, which its document takes into account itself
    awards: list[Award] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)

    def of_kind(self, kind: str) -> list[Award]:
        return [award for award in self.awards if award.entry.kind == kind]


def add_life(day: date, life: tuple[str, int]) -> date:
    """The last day of a life of ("days" | "months", n): 31 January + 1 month is 28 or 29 February."""
    unit, n = life
    if unit == "days":
        return day + timedelta(days=n)
    months = day.year * 12 + day.month - 1 + n
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def spread(amount: Decimal, over: list[Decimal]) -> tuple[Decimal, ...]:
    """`amount` over the parts by largest remainder, to the kopeck; of equal remainders the earlier part gains."""
    kopecks, parts = int(amount * 100), [int(part * 100) for part in over]
    if not sum(parts):
        return tuple(Decimal(0) for _ in parts)
    exact = [Fraction(kopecks * part, sum(parts)) for part in parts]
    shares = [int(share) for share in exact]
    by_remainder = sorted(range(len(parts)), key=lambda i: (shares[i] - exact[i], i))
    for i in by_remainder[: kopecks - sum(shares)]:
        shares[i] += 1
    return tuple(Decimal(share) / 100 for share in shares)


@dataclass
class Book:
    """One partner: its programme's settings and everything that happened."""

    zone: str = "Europe/Moscow"
    mode: str = "debt"  # debt | within_balance | pending_only
    return_days: int = 0
    grace_days: int = 30
    point_value: Decimal = Decimal(1)

    members: list[Member] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    lots: list[Lot] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    debts: list[Debt] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)

    # what sums say

    def remaining(self, lot: Lot) -> int:
        return lot.points - sum(use.points for use in self.uses if use.lot is lot)

    def held_in(self, lot: Lot) -> int:
        return sum(n for hold in self.holds if hold.state == "open" for its, n in hold.lots if its is lot)

    def free(self, lot: Lot) -> int:
        return self.remaining(lot) - self.held_in(lot)

    def unpaid(self, debt: Debt) -> int:
        """Lots that pay a debt are used by the entry that made it; what it took at once was never debt."""
        used = sum(use.points for use in self.uses if use.entry is debt.entry)
        return -debt.entry.points - used - debt.cancelled

    def lots_of(self, member: Member) -> list[Lot]:
        return [lot for lot in self.lots if lot.member is member]

    def entries_of(self, member: Member) -> list[Entry]:
        return [entry for entry in self.entries if entry.member is member]

    def total(self, member: Member) -> int:
        return sum(entry.points for entry in self.entries_of(member))

    def debt(self, member: Member) -> int:
        return sum(self.unpaid(debt) for debt in self.debts if debt.member is member)

    def active(self, member: Member) -> int:
        return sum(self.remaining(lot) for lot in self.lots_of(member) if lot.active)

    def balance(self, member: Member) -> int:
        return self.active(member) - self.debt(member)

    def pending(self, member: Member) -> int:
        return sum(self.remaining(lot) for lot in self.lots_of(member) if not lot.active)

    def held(self, member: Member) -> int:
        return sum(self.held_in(lot) for lot in self.lots_of(member))

    def available(self, member: Member) -> int:
        return self.balance(member) - self.held(member)

    def spendable(self, member: Member) -> list[Lot]:
        """Active lots with free points in spending order (11)."""
        lots = [lot for lot in self.lots_of(member) if lot.active and self.free(lot) > 0]
        return sorted(lots, key=lambda lot: (lot.expires_at or FAR, lot.available_at, lot.n))

    def reversed_of(self, entry: Entry) -> int:
        return sum(abs(other.points) for other in self.entries if other.reverses is entry)

    # days

    def day(self, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(self.zone)).astimezone(UTC)

    def end_of_life(self, start: datetime, life: tuple[str, int] | None) -> datetime | None:
        """Exclusive: the first moment after the last day (10)."""
        return life and self.midnight(add_life(self.day(start), life) + timedelta(days=1))

    # the smallest deeds

    def _post(self, member, kind, points, at, *, reverses=None, purchase=None, source="manual") -> Entry:
        entry = Entry(
            member,
            len(self.entries_of(member)) + 1,
            kind,
            points,
            self.total(member) + points,
            at,
            reverses,
            source,
            purchase,
        )
        self.entries.append(entry)
        return entry

    def _seal(self, entry: Entry) -> None:
        """Note the balance an entry left, once its lots have moved."""
        entry.balance_after = self.balance(entry.member)

    def _take(self, entry: Entry, lots: Iterable[Lot], points: int, part: Callable[[Lot], int]) -> int:
        """Use up to `points` from the lots in order, from each what `part` allows; says how much was found."""
        found = 0
        for lot in lots:
            n = min(points - found, part(lot))
            if n > 0:
                self.uses.append(Use(lot, entry, n))
                found += n
        return found

    def _pay_debts(self, member: Member) -> None:
        """Free points of active lots pay debt, oldest first (19)."""
        for debt in self.debts:
            if debt.member is member and self.unpaid(debt) > 0:
                self._take(debt.entry, self.spendable(member), self.unpaid(debt), self.free)

    def _expire(self, lot: Lot, at: datetime) -> None:
        """The unreserved rest of a lot whose date has passed."""
        if self.free(lot) > 0:
            entry = self._post(lot.member, "expire", -self.free(lot), at, source="system")
            self.uses.append(Use(lot, entry, self.free(lot)))
            self._seal(entry)

    def _release(self, hold: Hold, state: str, at: datetime) -> None:
        """Freed points pay debt first, then expire where their date has passed (13)."""
        hold.state = state
        self._pay_debts(hold.member)
        for lot, _ in hold.lots:
            if lot.expires_at and lot.expires_at <= at:
                self._expire(lot, at)

    def _credit(self, member, kind, points, at, *, available_at, life, purchase=None, source="manual") -> Entry:
        entry = self._post(member, kind, points, at, purchase=purchase, source=source)
        expires_at = self.end_of_life(available_at, life)
        active = available_at <= at
        self.lots.append(Lot(len(self.lots), member, entry, purchase, points, available_at, expires_at, active))
        self._seal(entry)
        self._pay_debts(member)
        return entry

    def _give_back(self, spent: Entry, points: int, at: datetime, member: Member, purchase=None) -> None:
        """Return points to the lots they were taken from, last taken first (17); an own unpaid debt is undone first (19)."""
        skip = sum(-use.points for use in self.uses if use.entry.reverses is spent)
        entry = self._post(member, "reversal", points, at, reverses=spent, purchase=purchase)
        for debt in self.debts:
            if debt.entry is spent:
                undone = min(points, self.unpaid(debt))
                debt.cancelled += undone
                points -= undone
        for use in reversed([use for use in self.uses if use.entry is spent]):
            already = min(skip, use.points)
            skip -= already
            n = min(points, use.points - already)
            if n > 0:
                if use.lot.expires_at and use.lot.expires_at <= at:
                    self._expire(use.lot, at)
                    use.lot.expires_at = self.midnight(self.day(at) + timedelta(days=self.grace_days + 1))
                self.uses.append(Use(use.lot, entry, -n))
                points -= n
        assert points == 0, "given back more than was taken"
        self._seal(entry)
        self._pay_debts(member)

    def _claw_back(self, given: Entry, points: int, at: datetime, member: Member, own: list[Lot], mode: str) -> int:
        """Take points back: own pending, own active, other active lots, then debt (18). Says how many could not be taken."""
        own = [lot for lot in own if lot.member is member]
        own_pending = [lot for lot in own if not lot.active]
        own_active = [lot for lot in own if lot.active]
        others = [lot for lot in self.spendable(member) if lot not in own]
        lots = own_pending if mode == "pending_only" else own_pending + own_active + others
        found = points if mode == "debt" else min(points, sum(self.free(lot) for lot in lots))
        if found:
            entry = self._post(member, "reversal", -found, at, reverses=given, purchase=given.purchase)
            self._owe(entry, found - self._take(entry, lots, found, self.free))
            self._seal(entry)
        return points - found

    def _owe(self, entry: Entry, points: int) -> None:
        if points:
            self.debts.append(Debt(entry.member, entry, points))

    # operations

    def join(self) -> Member:
        self.members.append(Member(len(self.members)))
        return self.members[-1]

    def bring_up(self, member: Member, now: datetime) -> None:
        """Everything time alone does, in time order: holds end, lots become active, lots expire (12)."""
        while member.state == "open":
            due = [(h.until, 0, h.n, h) for h in self.holds if h.member is member and h.state == "open"]
            for lot in self.lots_of(member):
                if not lot.active:
                    due.append((lot.available_at, 1, lot.n, lot))
                elif lot.expires_at and self.free(lot) > 0:
                    due.append((lot.expires_at, 2, lot.n, lot))
            due = sorted(event for event in due if event[0] <= now)
            if not due:
                return
            at, kind, _, subject = due[0]
            if kind == 0:
                self._release(subject, "expired", at)
            elif kind == 1:
                subject.active = True
                self._pay_debts(member)
            else:
                self._expire(subject, at)

    def _open(self, member: Member, now: datetime) -> None:
        if member.state != "open":
            raise Refused(member.state)
        self.bring_up(member, now)

    def sell(
        self, member, ref, lines, *, now, earn=0, spend=0, bonuses=(), life=None, hold=None, version=0
    ) -> Purchase:
        """Book a priced sale; with `hold`, capture `spend` of its points. The spend first, then the earn, then bonuses (14)."""
        self._open(member, now)
        for known in self.purchases:
            if known.ref == ref:
                if [line.amount for line in known.lines] != [amount for amount, _, _ in lines]:
                    raise Refused("receipt_conflict")
                return known
        if hold and hold.state != "open":
            raise Refused("hold_resolved")
        if spend and spend > (hold.points if hold else self.available(member)):
            raise Refused("insufficient_points")
        purchase = Purchase(ref, member, [Line(a, Fraction(w), s, a) for a, w, s in lines], now, earn, version)
        self.purchases.append(purchase)
        if spend:
            entry = self._post(member, "spend", -spend, now, purchase=purchase)
            if hold:
                named = dict(hold.lots)
                hold.state, hold.captured = "captured", spend
                self._take(entry, [lot for lot, _ in hold.lots], spend, lambda lot: named[lot])
            else:
                self._take(entry, self.spendable(member), spend, self.free)
            self._seal(entry)
            purchase.awards.append(Award(entry, spend, spend))
        if hold:
            self._release(hold, "captured", now)
        self._award(purchase, "earn", earn, now, life)
        for points, its_life in bonuses:
            self._award(purchase, "bonus", points, now, its_life)
        return purchase

    def _award(self, purchase: Purchase, kind: str, points: int, now: datetime, life: tuple[str, int] | None) -> None:
        if points:
            days = self.return_days
            available_at = self.midnight(self.day(purchase.at) + timedelta(days=days)) if days else purchase.at
            entry = self._credit(
                purchase.member, kind, points, now, available_at=available_at, life=life, purchase=purchase
            )
            purchase.awards.append(Award(entry, points, points))

    def hold(self, member: Member, points: int, *, until: datetime, now: datetime) -> Hold:
        self._open(member, now)
        if points and points > self.available(member):
            raise Refused("insufficient_points")
        named, missing = [], points
        for lot in self.spendable(member):
            if n := min(missing, self.free(lot)):
                named.append((lot, n))
                missing -= n
        hold = Hold(len(self.holds), member, points, until, named)
        self.holds.append(hold)
        return hold

    def void(self, hold: Hold, *, now: datetime) -> None:
        self._open(hold.member, now)
        if hold.state != "open":
            raise Refused("hold_resolved")
        self._release(hold, "voided", now)

    def _kept(self, purchase: Purchase, kind: str, points: int) -> int:
        """What of `points` stands for what the lines still have: one floor (16)."""
        if kind == "earn":
            weights = [line.weight for line in purchase.lines]
        else:
            weights = [Fraction(line.spent if kind == "spend" else line.amount) for line in purchase.lines]
        if not sum(weights):
            return points
        left = sum(
            w * Fraction(line.remaining) / Fraction(line.amount)
            for w, line in zip(weights, purchase.lines, strict=True)
            if line.amount
        )
        return int(points * left / sum(weights))

    def _targets(self, purchase: Purchase) -> list[tuple[Award, int]]:
        """What each award should keep now: spends, then earns, which are one sum reduced from the latest (9), then bonuses."""
        targets = [(a, self._kept(purchase, "spend", a.points)) for a in purchase.of_kind("spend")]
        earns = purchase.of_kind("earn")
        excess = sum(a.kept for a in earns) - self._kept(purchase, "earn", purchase.earn)
        for award in reversed(earns):
            cut = min(award.kept, max(excess, 0))
            excess -= cut
            targets.append((award, award.kept - cut))
        return targets + [(a, self._kept(purchase, "bonus", a.points)) for a in purchase.of_kind("bonus")]

    def _settle(self, purchase: Purchase, targets: list[tuple[Award, int]], now: datetime) -> tuple[int, int, int]:
        """Bring awards down to their targets, giving back first; says what was taken, given back, and fell short."""
        taken = given = short = 0
        for award, target in targets:
            drop = award.kept - target
            if award.entry.kind == "spend" and drop > 0:
                self._give_back(award.entry, drop, now, purchase.member, purchase)
                award.kept, given = target, given + drop
        for award, target in targets:
            drop = award.kept - target
            if award.entry.kind != "spend" and drop > 0:
                own = [lot for lot in self.lots if lot.purchase is purchase]
                own.sort(key=lambda lot: (lot.entry is not award.entry, lot.expires_at or FAR, lot.available_at, lot.n))
                missing = self._claw_back(award.entry, drop, now, purchase.member, own, self.mode)
                award.kept, award.shortfall = target, award.shortfall + missing
                taken, short = taken + drop - missing, short + missing
        return taken, given, short

    def refund(self, purchase: Purchase, reference: str, *, now, amount=None, lines=None) -> Refund:
        """Take a sale back in part or in whole, by sum or by lines (15–18). The same reference again changes nothing."""
        for refund in purchase.refunds:
            if refund.reference == reference:
                return refund
        left = [line.remaining for line in purchase.lines]
        if lines is None:
            if not 0 < amount <= sum(left):
                raise Refused("refund_exceeds")
            lines = spread(amount, left)
        if not sum(lines) or any(part > rest for part, rest in zip(lines, left, strict=True)):
            raise Refused("refund_exceeds")
        self.bring_up(purchase.member, now)
        for line, part in zip(purchase.lines, lines, strict=True):
            line.remaining -= part
        taken = given = short = 0
        if purchase.member.state == "open":  # of an erased one only the fact is kept (22)
            taken, given, short = self._settle(purchase, self._targets(purchase), now)
        earlier = purchase.refunds[purchase.settled :]
        refunded = sum(r.amount for r in earlier) + sum(lines)
        given_back = sum(r.given_back for r in earlier) + given
        handed = sum(r.money_back for r in earlier)
        money = max(Decimal(0), max(Decimal(0), refunded - given_back * self.point_value) - handed)
        refund = Refund(reference, sum(lines), tuple(lines), taken, given, short, money)
        purchase.refunds.append(refund)
        return refund

    def reconcile(self, ref, version, member, lines, *, now, earn, life=None) -> Purchase:
        """Make the book say what the foreign document says: what it should earn less what is booked (6, 9).

        Booked is what its awards should have kept, shortfall included. Unchanged content says nothing new; changed
        content is the whole truth, refunds recorded here included. No lines: it is unpaid.
        """
        self._open(member, now)
        purchase = next((p for p in self.purchases if p.ref == ref), None)
        if not purchase:
            return self.sell(member, ref, lines, now=now, earn=earn, life=life, version=version)
        moved = purchase.member is not member
        same = [line.amount for line in purchase.lines] == [amount for amount, _, _ in lines]
        if version < purchase.version or (same and not moved):
            purchase.version = max(version, purchase.version)
            return purchase
        self.bring_up(purchase.member, now)
        if moved:
            if purchase.member.state == "open":
                self._settle(purchase, [(award, 0) for award in reversed(purchase.awards)], now)
            for award in purchase.awards:  # an erased one keeps everything, short of what it should
                award.kept, award.shortfall = 0, award.shortfall + award.kept
            purchase.member = member
        purchase.lines = [Line(a, Fraction(w), s, a) for a, w, s in lines]
        purchase.earn, purchase.version, purchase.settled = earn, version, len(purchase.refunds)
        rise = earn - sum(award.kept for award in purchase.of_kind("earn"))
        self._settle(purchase, self._targets(purchase), now)
        for award in purchase.of_kind("earn"):
            if self.now_of(award.entry.member) is member:
                found = min(award.shortfall, max(rise, 0))
                award.kept, award.shortfall, rise = award.kept + found, award.shortfall - found, rise - found
        self._award(purchase, "earn", max(rise, 0), now, life)
        return purchase

    def now_of(self, member: Member) -> Member:
        """Whom a merged membership became."""
        return self.now_of(member.into) if member.into else member

    def adjust(self, member: Member, points: int, *, now: datetime, life=None, kind="manual") -> Entry | None:
        """A hand's credit or debit. A debit makes debt only in mode debt; else it stops at what is available (18)."""
        self._open(member, now)
        if points > 0:
            return self._credit(member, kind, points, now, available_at=now, life=life)
        wanted = -points if self.mode == "debt" else min(-points, max(0, self.available(member)))
        if not wanted:
            return None
        entry = self._post(member, "manual", -wanted, now)
        self._owe(entry, wanted - self._take(entry, self.spendable(member), wanted, self.free))
        self._seal(entry)
        return entry

    def reverse(self, entry: Entry, *, now: datetime) -> None:
        """Undo a hand's entry (or a granted bonus) with a second one that names it."""
        member = self.now_of(entry.member)
        self._open(member, now)
        if self.reversed_of(entry):
            raise Refused("already_reversed")
        if entry.points < 0:
            self._give_back(entry, -entry.points, now, member)
        else:
            own = [lot for lot in self.lots if lot.entry is entry]
            mode = "debt" if self.mode == "debt" else "within_balance"
            self._claw_back(entry, entry.points, now, member, own, mode)

    def merge(self, old: Member, survivor: Member, *, now: datetime) -> None:
        """Move everything with its dates; a pair of entries ties the sums (21)."""
        self._open(old, now)
        self._open(survivor, now)
        total = self.total(old)
        for thing in (*self.lots, *self.debts, *self.holds, *self.purchases):
            if thing.member is old:
                thing.member = survivor
        old.state, old.into = "merged", survivor
        if total:
            for member, points in ((old, -total), (survivor, total)):
                self._seal(self._post(member, "manual", points, now, source="system"))
        self._pay_debts(survivor)

    def erase(self, member: Member, *, now: datetime) -> None:
        """Holds are voided, then nothing posts or expires any more (22)."""
        self._open(member, now)
        for hold in self.holds:
            if hold.member is member and hold.state == "open":
                self._release(hold, "voided", now)
        member.state = "erased"

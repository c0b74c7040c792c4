"""One account opened for posting: lots, debts and holds in memory, and what each operation does to them.

Pure arithmetic over the state that `ledger_store` loads under the account's lock and writes back afterwards; no clock
and no database. The numbered rules are those of the ledger's contract (docs/adr/0002-ledger.md). Points are positive
integers here; signs appear only in entries.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from loyalty.errors import HoldResolved, NotEnoughPoints
from models import new_id


@dataclass
class Lot:
    """Points credited together. `available_at`, `expires_at` (exclusive, None = never) are UTC instants."""

    id: UUID
    entry_id: UUID
    purchase_id: UUID | None
    points: int
    remaining: int
    held: int
    state: str
    available_at: datetime
    expires_at: datetime | None
    expiries: int = 0

    @property
    def free(self) -> int:
        """What may be taken: active and not reserved."""
        return self.remaining - self.held if self.state == "active" else 0

    @property
    def spending_order(self) -> tuple:
        """Earliest expiry first, never-expiring last, then by availability, then by age (rule 11)."""
        return (self.expires_at is None, self.expires_at or self.available_at, self.available_at, self.id)


@dataclass
class Debt:
    """What an entry took that no lot could give. Entry ids are time-ordered, so the smallest is the oldest debt."""

    entry_id: UUID
    points: int
    remaining: int


@dataclass
class Hold:
    """A till's reservation with its named lots in spending order."""

    id: UUID
    quote_id: UUID | None
    points: int
    expires_at: datetime
    created_at: datetime
    parts: list[tuple[UUID, int]]
    state: str = "open"
    captured: int = 0
    purchase_id: UUID | None = None
    resolved_at: datetime | None = None


@dataclass(frozen=True)
class Entry:
    """A new line of the ledger."""

    id: UUID
    seq: int
    kind: str
    points: int
    total_before: int
    balance_after: int
    source: str
    source_ref: str
    purchase_id: UUID | None
    reverses_id: UUID | None
    rules: dict | None
    actor: UUID | None
    occurred_at: datetime


@dataclass(frozen=True)
class LotUse:
    lot_id: UUID
    entry_id: UUID
    points: int


@dataclass(frozen=True)
class Cause:
    """Why entries are posted: their source, reference and person; `purchase_id` when a purchase is behind them."""

    source: str
    source_ref: str
    occurred_at: datetime
    purchase_id: UUID | None = None
    actor: UUID | None = None


@dataclass(frozen=True)
class Taken:
    """How a claw-back ended: `points` were taken (of which `debt` from nowhere yet), `shortfall` was not."""

    entry_id: UUID | None
    points: int
    shortfall: int


@dataclass
class Book:
    """The open account. `lots`, `debts` and `holds` are complete when `loaded`; otherwise only what was added."""

    partner_id: UUID
    membership_id: UUID
    active: int
    pending: int
    held: int
    debt: int
    seq: int
    next_due_at: datetime | None
    loaded: bool = False
    lots: dict[UUID, Lot] = field(default_factory=dict)
    debts: list[Debt] = field(default_factory=list)
    holds: dict[UUID, Hold] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    uses: list[LotUse] = field(default_factory=list)
    touched_lots: dict[UUID, Lot] = field(default_factory=dict)
    touched_debts: dict[UUID, Debt] = field(default_factory=dict)
    touched_holds: dict[UUID, Hold] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.active + self.pending - self.debt

    @property
    def balance(self) -> int:
        return self.active - self.debt

    @property
    def available(self) -> int:
        return self.balance - self.held

    # Time (rule 12)

    def catch_up(self, now: datetime) -> None:
        """Let time do what was due by `now`, in order: hold timeouts, activations, expiries, each dated when due."""
        while (due := self._next_event()) is not None and due[0] <= now:
            at, step, thing = due
            if step == 0:
                self.release(thing, at=at, state="expired")
            elif step == 1:
                self._activate(thing)
            else:
                self._expire(thing, at=at)
        self.next_due_at = None if due is None else due[0]

    def settle(self, now: datetime) -> None:
        """After an operation: let what is due already happen, and note when time will next change something."""
        if self.loaded:
            self.catch_up(now)
        elif (due := self._next_event()) is not None:
            self.next_due_at = due[0] if self.next_due_at is None else min(due[0], self.next_due_at)

    def _next_event(self) -> tuple[datetime, int, Hold | Lot] | None:
        """The earliest thing that time alone will do: (when, 0 hold ends | 1 lot activates | 2 lot expires, what)."""
        earliest, key = None, None
        for hold in self.holds.values():
            if hold.state == "open" and (key is None or (hold.expires_at, 0, hold.id) < key):
                earliest, key = (hold.expires_at, 0, hold), (hold.expires_at, 0, hold.id)
        for lot in self.lots.values():
            if lot.state == "pending" and lot.remaining:
                when, step = lot.available_at, 1
            elif lot.expires_at is not None and lot.free:
                when, step = lot.expires_at, 2
            else:
                continue
            if key is None or (when, step, lot.id) < key:
                earliest, key = (when, step, lot), (when, step, lot.id)
        return earliest

    def _activate(self, lot: Lot) -> None:
        lot.state = "active"
        self.pending -= lot.remaining
        self.active += lot.remaining
        self._touch(lot)
        self._pay_debts([lot])

    def _expire(self, lot: Lot, *, at: datetime) -> None:
        """Post exactly the unspent, unreserved rest; the reference is the lot and its n-th expiry."""
        lot.expiries += 1
        entry_id, points = new_id(), lot.free
        self._take(lot, points, entry_id)
        cause = Cause("system", f"{lot.id}#{lot.expiries}", at, lot.purchase_id)
        self._post(entry_id, "expire", -points, cause)

    # Credits

    def credit(
        self,
        points: int,
        kind: str,
        cause: Cause,
        *,
        available_at: datetime,
        expires_at: datetime | None,
        now: datetime,
        rules: dict | None = None,
    ) -> Entry:
        """Open a lot (rule 10). Points that became available in the past are active at once and pay debt first."""
        entry_id = new_id()
        lot = Lot(
            id=new_id(),
            entry_id=entry_id,
            purchase_id=cause.purchase_id,
            points=points,
            remaining=points,
            held=0,
            state="pending" if available_at > now else "active",
            available_at=available_at,
            expires_at=expires_at,
        )
        self.lots[lot.id] = lot
        self._touch(lot)
        if lot.state == "pending":
            self.pending += points
        else:
            self.active += points
            self._pay_debts([lot])
        return self._post(entry_id, kind, points, cause, rules=rules)

    # Spending (rules 11, 13)

    def spend(self, points: int, cause: Cause, *, kind: str = "spend", rules: dict | None = None) -> Entry:
        """Take free points in spending order. Raises `NotEnoughPoints` and leaves the account as it was."""
        if points > self.available:
            raise NotEnoughPoints(max(self.available, 0), points)
        entry_id = new_id()
        self._take_free(points, entry_id, self._free_lots())
        return self._post(entry_id, kind, -points, cause, rules=rules)

    def hold(self, points: int, *, hold_id: UUID, quote_id: UUID | None, expires_at: datetime, now: datetime) -> Hold:
        """Reserve named lots. Raises `NotEnoughPoints`."""
        if points > max(self.available, 0):
            raise NotEnoughPoints(max(self.available, 0), points)
        parts, left = [], points
        for lot in self._free_lots():
            reserved = min(lot.free, left)
            if reserved:
                lot.held += reserved
                self._touch(lot)
                parts.append((lot.id, reserved))
                left -= reserved
        self.held += points
        hold = Hold(hold_id, quote_id, points, expires_at, now, parts)
        self.holds[hold.id] = self.touched_holds[hold.id] = hold
        return hold

    def capture(self, hold: Hold, points: int, cause: Cause, *, at: datetime) -> Entry:
        """Spend `points` of the hold from its lots in order and release the rest. Raises `NotEnoughPoints`, `HoldResolved`."""
        self._resolve(hold, "captured", at)
        if points > hold.points:
            raise NotEnoughPoints(hold.points, points)
        entry_id, left, released = new_id(), points, []
        for lot_id, reserved in hold.parts:
            lot, used = self.lots[lot_id], min(reserved, left)
            self._unreserve(lot, reserved)
            if used:
                self._take(lot, used, entry_id)
                left -= used
            if reserved > used:
                released.append(lot)
        hold.captured, hold.purchase_id = points, cause.purchase_id
        entry = self._post(entry_id, "spend", -points, cause)
        self._free(released, at=at)
        return entry

    def release(self, hold: Hold, *, at: datetime, state: str) -> None:
        """Void or time out: everything is released. Raises `HoldResolved` naming what was done before."""
        self._resolve(hold, state, at)
        lots = [self.lots[lot_id] for lot_id, _ in hold.parts]
        for lot, (_, reserved) in zip(lots, hold.parts, strict=True):
            self._unreserve(lot, reserved)
        self._free(lots, at=at)

    def _resolve(self, hold: Hold, state: str, at: datetime) -> None:
        if hold.state != "open":
            raise HoldResolved(hold.state)
        hold.state, hold.resolved_at = state, at
        self.touched_holds[hold.id] = hold

    def _unreserve(self, lot: Lot, points: int) -> None:
        lot.held -= points
        self.held -= points
        self._touch(lot)

    def _free(self, lots: Iterable[Lot], *, at: datetime) -> None:
        """Released points first pay debt, then expire if their date has passed."""
        lots = list(lots)
        self._pay_debts(lots)
        for lot in lots:
            if lot.expires_at is not None and lot.expires_at <= at and lot.free:
                self._expire(lot, at=at)

    # Taking back and giving back (rules 17–19)

    def claw_back(self, points: int, cause: Cause, *, reverses_id: UUID, own: Iterable[UUID], mode: str) -> Taken:
        """Take `points` from the sale's own pending lots, its own active lots, other free lots, then as debt.

        `own` names the lots of the sale; the lot of the reversed award itself comes first, so that taking back a part of
        a sale does not turn short-lived bonus points into lasting ones. Mode `within_balance` stops at what is free, `pending_only` at the sale's own
        pending lots; the rest is the shortfall. Nothing is posted when nothing could be taken.
        """
        mine = [self.lots[lot_id] for lot_id in own if lot_id in self.lots]
        mine.sort(key=lambda lot: (lot.entry_id != reverses_id, lot.spending_order))
        entry_id, left = new_id(), points
        for lot in mine:
            if lot.state == "pending" and left:
                left -= self._take(lot, min(lot.remaining, left), entry_id)
        if mode != "pending_only":
            left = self._take_free(left, entry_id, mine)
            left = self._take_free(left, entry_id, self._free_lots())
        shortfall = 0
        if left and mode == "debt":
            self._owe(left, entry_id)
        else:
            shortfall = left
        taken = points - shortfall
        if not taken:
            return Taken(None, 0, shortfall)
        self._post(entry_id, "reversal", -taken, cause, reverses_id=reverses_id)
        return Taken(entry_id, taken, shortfall)

    def debit(self, points: int, cause: Cause, *, mode: str, rules: dict | None = None) -> Entry | None:
        """A manual debit: makes debt only in mode `debt`, otherwise stops at what is free; None when nothing was."""
        entry_id = new_id()
        left = self._take_free(points, entry_id, self._free_lots())
        if left and mode == "debt":
            self._owe(left, entry_id)
            left = 0
        if points == left:
            return None
        return self._post(entry_id, "manual", left - points, cause, rules=rules)

    def give_back(
        self, points: int, cause: Cause, *, reverses_id: UUID, uses: list[LotUse], until: datetime, now: datetime
    ) -> Entry:
        """Return points of an earlier taking to the lots they came from, last taken first, with their dates.

        `uses` are the takings of the reversed entry, oldest first, returns netted. An unpaid debt of that entry is
        cancelled first (rule 19). A lot whose date has passed lives again, to `until`.
        """
        entry_id, left = new_id(), points
        for debt in self.debts:
            if debt.entry_id == reverses_id and debt.remaining and left:
                cancelled = min(debt.remaining, left)
                debt.remaining -= cancelled
                self.debt -= cancelled
                self.touched_debts[debt.entry_id] = debt
                left -= cancelled
        returned = []
        for use in reversed(uses):
            back = min(use.points, left)
            if back <= 0:
                continue
            lot = self.lots[use.lot_id]
            if lot.expires_at is not None and lot.expires_at <= now:
                lot.expires_at = until  # catching up has expired its unreserved rest already
            lot.remaining += back
            self.active += back
            self._touch(lot)
            self.uses.append(LotUse(lot.id, entry_id, -back))
            returned.append(lot)
            left -= back
        if left:
            raise ValueError(f"entry {reverses_id} took fewer points than are to be given back")
        self._pay_debts(returned)
        return self._post(entry_id, "reversal", points, cause, reverses_id=reverses_id)

    def _owe(self, points: int, entry_id: UUID) -> None:
        debt = Debt(entry_id, points, points)
        self.debts.append(debt)
        self.touched_debts[entry_id] = debt
        self.debt += points

    def _pay_debts(self, lots: Iterable[Lot]) -> None:
        """Whatever became free in these active lots pays debt, oldest debt first; no entry, the sums are the same."""
        if not self.debt:
            return
        for lot in sorted(lots, key=lambda lot: lot.spending_order):
            for debt in self.debts:
                paid = min(lot.free, debt.remaining)
                if paid > 0:
                    self._take(lot, paid, debt.entry_id)
                    debt.remaining -= paid
                    self.debt -= paid
                    self.touched_debts[debt.entry_id] = debt

    # Merge and erase (rules 21, 22)

    def absorb(self, other: Book, *, at: datetime) -> None:
        """Take over everything of `other`, which ends empty; a pair of manual entries ties the sums."""
        total = other.total
        for lot in other.lots.values():
            self.lots[lot.id] = lot
            self._touch(lot)
        for debt in other.debts:
            self.debts.append(debt)
            self.touched_debts[debt.entry_id] = debt
        for hold in other.holds.values():
            self.holds[hold.id] = self.touched_holds[hold.id] = hold
        self.active, other.active = self.active + other.active, 0
        self.pending, other.pending = self.pending + other.pending, 0
        self.held, other.held = self.held + other.held, 0
        self.debt, other.debt = self.debt + other.debt, 0
        other.lots, other.debts, other.holds = {}, [], {}
        other.touched_lots, other.touched_debts, other.touched_holds = {}, {}, {}
        other.next_due_at = None
        if total:
            pair = f"merge:{other.membership_id}"
            other._post(new_id(), "manual", -total, Cause("system", pair, at))
            self._post(new_id(), "manual", total, Cause("system", pair, at))
        self.debts.sort(key=lambda debt: debt.entry_id)
        self._pay_debts(self._free_lots())

    # The hands

    def _free_lots(self) -> list[Lot]:
        return sorted((lot for lot in self.lots.values() if lot.free), key=lambda lot: lot.spending_order)

    def _take_free(self, points: int, entry_id: UUID, lots: Iterable[Lot]) -> int:
        """Take up to `points` from the free parts of `lots`; returns what is left to take."""
        for lot in lots:
            if not points:
                break
            if lot.free:
                points -= self._take(lot, min(lot.free, points), entry_id)
        return points

    def _take(self, lot: Lot, points: int, entry_id: UUID) -> int:
        lot.remaining -= points
        if lot.state == "pending":
            self.pending -= points
        else:
            self.active -= points
        self._touch(lot)
        self.uses.append(LotUse(lot.id, entry_id, points))
        return points

    def _touch(self, lot: Lot) -> None:
        self.touched_lots[lot.id] = lot

    def _post(
        self,
        entry_id: UUID,
        kind: str,
        points: int,
        cause: Cause,
        *,
        reverses_id: UUID | None = None,
        rules: dict | None = None,
    ) -> Entry:
        """Chain an entry on; called after the lots moved, so the totals already hold its effect."""
        self.seq += 1
        entry = Entry(
            id=entry_id,
            seq=self.seq,
            kind=kind,
            points=points,
            total_before=self.total - points,
            balance_after=self.balance,
            source=cause.source,
            source_ref=cause.source_ref,
            purchase_id=cause.purchase_id,
            reverses_id=reverses_id,
            rules=rules,
            actor=cause.actor,
            occurred_at=cause.occurred_at,
        )
        self.entries.append(entry)
        return entry

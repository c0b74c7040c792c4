"""The ledger: the one place where points move.

Every function runs inside the caller's transaction, takes `now` as an aware instant, locks the purchase and then the
membership, first lets time do what was due (rule 12), and writes everything by one statement. The rules are numbered as
in docs/adr/0002-ledger.md. Doing a thing twice is doing it once: a known document, refund reference or source reference
answers with what was done then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from loyalty import ledger_store as store
from loyalty.book import Book, Cause, Entry, Hold, Taken
from loyalty.errors import (
    AlreadyReturned,
    CannotMerge,
    CannotUndo,
    EntryNotFound,
    HoldNotFound,
    HoldResolved,
    InvalidAmount,
    InvalidPoints,
    MembershipClosed,
    NotEnoughPoints,
    NotReversible,
    ReceiptConflict,
    RefundTooLarge,
    UnknownLine,
)
from loyalty.ledger_store import Account, PurchaseRow
from loyalty.lifetime import available_at, expires_at, local_date
from loyalty.money import spread
from loyalty.outbox import Announcement
from loyalty.programme import SAME_BIRTHDAY_DAYS, bonus_weights, kept_points, reprice, spendable_points
from loyalty.types import Life, Line, Member, Pricing
from models import new_id

Price = Callable[[Member], Pricing]
"""Prices a purchase for the member as it stands under the lock."""

UNDO = "undo"
"""The reference of the one refund that undoes a purchase; other references are longer."""


@dataclass(frozen=True)
class Document:
    """What was bought, as its source names it; (partner, source, origin, source_ref) is unique for ever (rule 6).

    `origin` is the connection or till; `version` grows where the source has versions; `content` is what a repeat must
    equal (a JSON-able value), None where a repeat is always the same thing.
    """

    source: str
    source_ref: str
    occurred_at: datetime
    origin: str | None = None
    branch_id: UUID | None = None
    kind: str = "accrual"
    version: int = 0
    content: Any = None

    @cached_property
    def fingerprint(self) -> str | None:
        if self.content is None:
            return None
        text = json.dumps(self.content, sort_keys=True, default=str, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Bonus:
    """Points granted beside the earn of a sale; `label` tells bonuses of one sale apart."""

    points: int
    label: str
    life: Life | None = None


@dataclass(frozen=True)
class Balance:
    """An account after an operation (ledger words: total = balance + pending; available = balance − held)."""

    membership_id: UUID
    balance: int
    pending: int
    held: int
    debt: int

    @property
    def available(self) -> int:
        return self.balance - self.held

    @classmethod
    def of(cls, book: Book) -> Balance:
        return cls(book.membership_id, book.balance, book.pending, book.held, book.debt)


@dataclass(frozen=True)
class Sale:
    """A posted purchase: `earned` includes bonuses; `repeated` when the document was known and nothing was posted."""

    purchase_id: UUID
    earned: int
    spent: int
    account: Balance
    breakdown: list[dict[str, Any]]
    repeated: bool = False


@dataclass(frozen=True)
class Refunded:
    """What a refund did; `money_back` is what the shop hands out."""

    refund_id: UUID
    amount: Decimal
    taken: int
    given_back: int
    shortfall: int
    money_back: Decimal
    account: Balance
    repeated: bool = False


@dataclass(frozen=True)
class Posted:
    """An adjustment, grant or reversal. `points` may be nearer to zero than asked (rule 18); `entry_id` None: nothing."""

    entry_id: UUID | None
    points: int
    account: Balance
    repeated: bool = False


@dataclass(frozen=True)
class Held:
    """An open reservation."""

    hold_id: UUID
    points: int
    expires_at: datetime
    account: Balance


# Sales


def sell(
    partner_id: UUID,
    membership_id: UUID,
    document: Document,
    price: Price,
    *,
    now: datetime,
    hold_id: UUID | None = None,
    bonuses: Sequence[Bonus] = (),
    actor: UUID | None = None,
    announce: Callable[[Sale], Sequence[Announcement]] | None = None,
) -> Sale:
    """Post a purchase: the spend first (from the hold when one is named), then the earn on the rest, then bonuses.

    `price` is asked under the lock, so averages and what is available are those of this moment, and may refuse by
    raising; `announce` says what is to be told of a sale that was posted now. Raises `ReceiptConflict`,
    `NotEnoughPoints`, `CustomerNotFound`, `MembershipClosed`, `HoldNotFound`, `HoldResolved`; nothing is stored then.
    """
    while (claimed := store.claim_and_lock(partner_id, membership_id, _claim_values(document, actor))) is None:
        known = store.lock_document(partner_id, document.source, document.origin, document.source_ref)
        if known is not None:  # else an undo has just freed its number
            return _repeat_sale(partner_id, membership_id, document, known)
    purchase_id, account = claimed
    _bring_up(account, now, whole=hold_id is not None)
    book = account.book
    hold = _find_hold(book, hold_id, now) if hold_id else None
    member = _member(account, extra=hold.points if hold and hold.state == "open" else 0)
    pricing = price(member)
    rows: dict[str, list[dict[str, Any]]] = {}
    entries = []
    cause = _cause(document, purchase_id, 1, actor)
    if hold is not None:
        entries += _capture(book, hold, pricing.spent_points, cause, now)
    elif pricing.spent_points:
        _load(account)
        entries.append(book.spend(pricing.spent_points, cause))
    if pricing.earn:
        entries.append(_earn(account, pricing.earn, cause, pricing.frozen, now))
    for bonus in (*bonuses, *_promised(pricing)):
        entries.append(_grant_bonus(account, bonus, cause, pricing.frozen, now))
    book.settle(now)
    _count_visit(account, pricing, document.occurred_at)
    rows["purchase"] = [_purchase_values(partner_id, purchase_id, book.membership_id, document, 1, pricing)]
    rows["purchase_line"] = _line_values(partner_id, purchase_id, pricing)
    rows["award"] = [_award_values(partner_id, purchase_id, entry) for entry in entries]
    store.account_rows(account, rows)
    earned = sum(entry.points for entry in entries if entry.points > 0)
    sale = Sale(purchase_id, earned, pricing.spent_points, Balance.of(book), pricing.breakdown)
    if announce is not None:
        rows["outbox"] = list(announce(sale))
    store.write(rows)
    return sale


def _repeat_sale(partner_id: UUID, membership_id: UUID, document: Document, known: PurchaseRow) -> Sale:
    """The same document again: what it did then. Other content, or another customer, is a conflict (rule 6)."""
    account = store.lock_account(partner_id, membership_id)
    same = known.row.membership_id == account.book.membership_id and known.row.fingerprint == document.fingerprint
    if not same:
        raise ReceiptConflict()
    earned = sum(award.points for award in known.awards if award.kind != "spend")
    spent = sum(award.points for award in known.awards if award.kind == "spend")
    return Sale(known.row.id, earned, spent, Balance.of(account.book), known.row.breakdown, repeated=True)


def reconcile(
    partner_id: UUID,
    membership_id: UUID,
    document: Document,
    lines: Sequence[Line] | None,
    price: Price,
    *,
    now: datetime,
    actor: UUID | None = None,
) -> Sale:
    """Bring a foreign system's document to the state it has there (rule 9); `lines` None: it is unpaid or cancelled.

    Posts desired − booked. The first accrual prices by `price`; later states re-price at the rates frozen then. An
    older version changes nothing, and neither does unchanged content: what was refunded here since stays refunded,
    however often a sync reads the document again. A document that moved to another customer is reversed there and
    credited here.
    """
    if lines is not None and not lines:
        lines = None
    purchase_id = store.claim_purchase(partner_id, membership_id, _claim_values(document, actor))
    if purchase_id is not None and lines is None:
        account = _open(partner_id, membership_id, now)
        return Sale(purchase_id, 0, 0, Balance.of(account.book), [])
    known = (
        store.lock_purchase(partner_id, purchase_id)
        if purchase_id is not None
        else store.lock_document(partner_id, document.source, document.origin, document.source_ref)
    )
    if purchase_id is None and document.version < known.row.version:
        account = store.lock_account(partner_id, membership_id)
        return Sale(known.row.id, 0, 0, Balance.of(account.book), known.row.breakdown, repeated=True)
    before, account = _open_both(partner_id, known.row.membership_id, membership_id, now)
    unchanged = document.fingerprint is not None and known.row.fingerprint == document.fingerprint
    if purchase_id is None and before is account and unchanged:
        return _note_version(account, known, document, now)
    rows: dict[str, list[dict[str, Any]]] = {}
    revision = known.row.revision if purchase_id is not None else known.row.revision + 1
    cause = _cause(document, known.row.id, revision, actor)
    awards = [_Award.of(row) for row in known.awards]
    if before is not account:
        _cancel(before, known, awards, cause, now)
        before.book.settle(now)
        store.account_rows(before, rows)
        frozen = {}
    else:
        frozen = known.row.rules
        _uncount_visit(account, known)
    pricing = _reprice(account, lines, frozen, awards, price)
    entries: list[Entry] = []
    if before is account:
        _lower_spend(account, awards, pricing.spent_points if pricing else 0, known, cause, now)
    entries += _book_earn(account, awards, pricing, known, cause, now)
    for award in awards:
        award.points = award.kept
    account.book.settle(now)
    if pricing is not None:
        _count_visit(account, pricing, document.occurred_at)
    rows["purchase"] = [_reconciled_values(partner_id, known, account, document, revision, pricing, frozen)]
    rows["purchase_line"] = _replaced_lines(partner_id, known, pricing)
    rows["award"] = [award.values(partner_id) for award in awards]
    rows["award"] += [_award_values(partner_id, known.row.id, entry) for entry in entries]
    store.account_rows(account, rows)
    store.write(rows)
    earned = sum(award.kept for award in awards if award.kind != "spend") + sum(entry.points for entry in entries)
    spent = sum(award.kept for award in awards if award.kind == "spend")
    breakdown = pricing.breakdown if pricing else []
    return Sale(known.row.id, earned, spent, Balance.of(account.book), breakdown)


def _note_version(account: Account, known: PurchaseRow, document: Document, now: datetime) -> Sale:
    """The same content under a newer version: only the version is news, for older ones must stay ignored."""
    rows = {"purchase": [_changed_purchase(known, version=document.version)]}
    _close(account, now, rows)
    earned = sum(award.kept for award in known.awards if award.kind != "spend")
    spent = sum(award.kept for award in known.awards if award.kind == "spend")
    return Sale(known.row.id, earned, spent, Balance.of(account.book), known.row.breakdown, repeated=True)


# Refunds


def refund(
    partner_id: UUID,
    purchase_id: UUID,
    *,
    reference: str,
    now: datetime,
    amount: Decimal | None = None,
    lines: Mapping[int, Decimal] | None = None,
    actor: UUID | None = None,
) -> Refunded:
    """Return a sum of the check (in check value, before points) or sums of lines by their number (rules 15–19).

    Give back first, then take. `reference` names the refund within its purchase: the same again with the same sums
    answers as before, with other sums raises `ReceiptConflict`. Raises `PurchaseNotFound`, `RefundTooLarge`,
    `UnknownLine`. A late refund of an erased person is recorded with 0 and 0.
    """
    purchase = store.lock_purchase(partner_id, purchase_id)
    known = _find_refund(purchase, reference)
    account = store.lock_account(partner_id, purchase.row.membership_id)
    if known is not None:
        return _repeat_refund(known, amount, lines, account)
    shares = _share_refund(purchase, amount, lines)
    return _return(purchase, account, shares, reference=reference, now=now, actor=actor)


def undo(
    partner_id: UUID,
    purchase_id: UUID,
    *,
    until: datetime,
    now: datetime,
    kept_as: str | None = None,
    actor: UUID | None = None,
) -> Refunded:
    """Take a purchase that was a mistake wholly back: what is left of it is returned, and the visit does not count.

    It is the last refund of the purchase, under a reference of its own: asked again, also later, it answers as before.
    Points are taken wherever they are free, also where the programme takes those of refunds from pending ones only; a
    programme that makes no debt makes none here. `kept_as` is the document's reference from then on, so that its number
    can be used by the purchase that was meant. Raises `PurchaseNotFound`, `CannotUndo` from `until` on, and
    `AlreadyReturned` when refunds have left nothing.
    """
    purchase = store.lock_purchase(partner_id, purchase_id)
    known = _find_refund(purchase, UNDO)
    account = store.lock_account(partner_id, purchase.row.membership_id)
    if known is not None:
        return _repeat_refund(known, known.amount, None, account)
    if now >= until:
        raise CannotUndo()
    left = {line.n: line.remaining for line in purchase.lines}
    if not any(left.values()):
        raise AlreadyReturned()
    mode = "debt" if _clawback(purchase) == "debt" else "within_balance"
    account.first_purchase_at, account.last_purchase_at = store.other_visits(purchase)
    if _used_birthday(purchase, account):
        # an earlier one lies too far back to matter, or this purchase had got no birthday
        account.birthday_used_on = None
    refunded = _return(purchase, account, left, reference=UNDO, now=now, actor=actor, mode=mode)
    if kept_as is not None:
        store.execute(
            "UPDATE purchase SET source_ref = %s WHERE partner_id = %s AND id = %s", (kept_as, partner_id, purchase_id)
        )
    return refunded


def _used_birthday(purchase: PurchaseRow, account: Account) -> bool:
    """Whether this purchase alone used up the member's birthday."""
    used, factors = account.birthday_used_on, purchase.row.rules.get("factors", ())
    if used is None or not any(factor["kind"] == "birthday" for factor in factors):
        return False
    near = abs((used - purchase.row.occurred_at.date()).days) < SAME_BIRTHDAY_DAYS
    return near and not store.is_celebrated_elsewhere(purchase, timedelta(days=SAME_BIRTHDAY_DAYS), UNDO)


def _return(
    purchase: PurchaseRow,
    account: Account,
    shares: Mapping[int, Decimal],
    *,
    reference: str,
    now: datetime,
    actor: UUID | None,
    mode: str | None = None,
) -> Refunded:
    """Post the return of these sums of the lines; `mode` overrules how the programme takes points back."""
    partner_id, purchase_id = purchase.row.partner_id, purchase.row.id
    total = sum(shares.values(), Decimal("0.00"))
    remaining = {line.n: line.remaining - shares.get(line.n, Decimal(0)) for line in purchase.lines}
    awards = [_Award.of(row) for row in purchase.awards]
    revision = purchase.row.revision + 1
    cause = Cause(purchase.row.source, f"{purchase_id}#{revision}", now, purchase_id, actor)
    taken = given = shortfall = 0
    rows: dict[str, list[dict[str, Any]]] = {}
    if account.state == "open":
        _load(account, now)
        given, taken, shortfall = _refund_awards(account, purchase, awards, remaining, cause, now, mode)
        account.book.settle(now)
        account.spent -= total
        if not any(remaining.values()):
            account.visits -= 1
        store.account_rows(account, rows)
    refunded = purchase.row.refunded + total
    money_back = _money_back(purchase, awards, refunded)
    refund_id = new_id()
    rows["purchase"] = [
        _changed_purchase(
            purchase, revision=revision, refunded=refunded, money_back=purchase.row.money_back + money_back
        )
    ]
    rows["purchase_line"] = [dict(line._mapping) | {"remaining": remaining[line.n]} for line in purchase.lines]
    rows["award"] = [award.values(partner_id) for award in awards]
    rows["refund"] = [
        {
            "partner_id": partner_id,
            "id": refund_id,
            "purchase_id": purchase_id,
            "n": revision,
            "reference": reference,
            "amount": total,
            "lines": [{"n": n, "amount": f"{share:.2f}"} for n, share in sorted(shares.items()) if share],
            "taken": taken,
            "given_back": given,
            "shortfall": shortfall,
            "money_back": money_back,
            "actor": actor,
            "occurred_at": now,
        }
    ]
    store.write(rows)
    return Refunded(refund_id, total, taken, given, shortfall, money_back, Balance.of(account.book))


def _share_refund(
    purchase: PurchaseRow, amount: Decimal | None, lines: Mapping[int, Decimal] | None
) -> dict[int, Decimal]:
    """How the refund falls on the lines: as named, or the sum spread over what they have left."""
    left = {line.n: line.remaining for line in purchase.lines}
    total = sum(lines.values(), Decimal(0)) if lines is not None else amount
    if total <= 0:
        raise InvalidAmount(total, "must be above zero")
    if total > sum(left.values()):
        raise RefundTooLarge(sum(left.values(), Decimal(0)), total)
    if lines is None:
        return dict(zip(left, spread(amount, list(left.values())), strict=True))
    for n, share in lines.items():
        if n not in left:
            raise UnknownLine(n)
        if share > left[n]:
            raise RefundTooLarge(left[n], share, field="lines")
    return dict(lines)


def _find_refund(purchase: PurchaseRow, reference: str) -> Any:
    return store.execute(
        "SELECT * FROM refund WHERE partner_id = %s AND purchase_id = %s AND reference = %s",
        (purchase.row.partner_id, purchase.row.id, reference),
    ).one_or_none()


def _repeat_refund(
    known: Any, amount: Decimal | None, lines: Mapping[int, Decimal] | None, account: Account
) -> Refunded:
    same = (
        known.amount == amount
        if lines is None
        else {line["n"]: Decimal(line["amount"]) for line in known.lines}
        == {n: sum_ for n, sum_ in lines.items() if sum_}
    )
    if not same:
        raise ReceiptConflict()
    return Refunded(
        known.id,
        known.amount,
        known.taken,
        known.given_back,
        known.shortfall,
        known.money_back,
        Balance.of(account.book),
        repeated=True,
    )


def _refund_awards(
    account: Account,
    purchase: PurchaseRow,
    awards: list[_Award],
    remaining: Mapping[int, Decimal],
    cause: Cause,
    now: datetime,
    mode: str | None,
) -> tuple[int, int, int]:
    """Rule 16 for every award: the entry is the difference to the state before. Returns (given back, taken, shortfall)."""
    lines = purchase.lines
    amounts, left = [line.amount for line in lines], [remaining[line.n] for line in lines]
    spent = sum(award.points for award in awards if award.kind == "spend")
    given = _lower_spend(
        account,
        awards,
        kept_points(spent, [line.spent for line in lines], amounts, left),
        purchase,
        cause,
        now,
    )
    taken = shortfall = 0
    groups = [([award for award in awards if award.kind == "earn"], [line.weight for line in lines])]
    groups += [
        ([award], bonus_weights(lines, purchase.row.rules, award.label)) for award in awards if award.kind == "bonus"
    ]
    for group, weights in groups:
        if group:
            target = kept_points(sum(award.points for award in group), weights, amounts, left)
            result = _lower(account, group, target, purchase, cause, mode)
            taken, shortfall = taken + result[0], shortfall + result[1]
    return given, taken, shortfall


def _money_back(purchase: PurchaseRow, awards: list[_Award], refunded: Decimal) -> Decimal:
    """Cumulative refunded − cumulative points given back at their value − what was handed out before, not below 0."""
    value = Decimal(purchase.row.rules.get("point_value", "1"))
    given = sum(award.points - award.kept for award in awards if award.kind == "spend")
    return max(refunded - given * value - purchase.row.money_back, Decimal("0.00"))


# Awards: what a sale gave or took, and lowering it


@dataclass
class _Award:
    entry_id: UUID
    purchase_id: UUID
    kind: str
    points: int
    kept: int
    shortfall: int
    holder_id: UUID | None
    """The membership that has its lot now; a document that moved leaves awards with earlier customers."""
    label: str | None
    """What tells bonuses of one sale apart."""

    @classmethod
    def of(cls, row: Any) -> _Award:
        return cls(
            row.entry_id, row.purchase_id, row.kind, row.points, row.kept, row.shortfall, row.holder_id, row.label
        )

    def values(self, partner_id: UUID) -> dict[str, Any]:
        stored = {name: value for name, value in vars(self).items() if name not in ("holder_id", "label")}
        return stored | {"partner_id": partner_id}


def _lower(
    account: Account,
    awards: list[_Award],
    target: int,
    purchase: PurchaseRow,
    cause: Cause,
    mode: str | None = None,
) -> tuple[int, int]:
    """Claw earned points back until `target` is kept, the latest award first. Returns (taken, shortfall)."""
    book = account.book
    mode = mode or _clawback(purchase)
    excess = sum(award.kept for award in awards) - target
    taken = shortfall = 0
    for award in reversed(awards):
        part = min(award.kept, excess)
        if part <= 0:
            continue
        own = [lot.id for lot in book.lots.values() if lot.purchase_id == purchase.row.id]
        result: Taken = book.claw_back(part, cause, reverses_id=award.entry_id, own=own, mode=mode)
        award.kept -= part
        award.shortfall += result.shortfall
        excess, taken, shortfall = excess - part, taken + result.points, shortfall + result.shortfall
    return taken, shortfall


def _clawback(purchase: PurchaseRow) -> str:
    return purchase.row.rules.get("clawback", "debt")


def _lower_spend(
    account: Account, awards: list[_Award], target: int, purchase: PurchaseRow, cause: Cause, now: datetime
) -> int:
    """Give spent points back until `target` stays spent; returns how many."""
    given = 0
    for award in reversed([award for award in awards if award.kind == "spend"]):
        part = min(award.kept, sum(a.kept for a in awards if a.kind == "spend") - target)
        if part > 0:
            _give_back(account, award.entry_id, part, cause, purchase.row.rules, now)
            award.kept -= part
            given += part
    return given


def _give_back(
    account: Account, entry_id: UUID, points: int, cause: Cause, rules: Mapping[str, Any], now: datetime
) -> Entry:
    uses = store.outstanding_uses(account.book.partner_id, entry_id)
    uses += [use for use in account.book.uses if use.entry_id == entry_id]  # its debt, paid while catching up just now
    store.load_spent_lots(account.book, [use.lot_id for use in uses])
    grace = Life(days=int(rules.get("grace_days", 30)))
    until = expires_at(now, grace, ZoneInfo(account.timezone))
    return account.book.give_back(points, cause, reverses_id=entry_id, uses=uses, until=until, now=now)


def _cancel(account: Account, known: PurchaseRow, awards: list[_Award], cause: Cause, now: datetime) -> None:
    """Undo everything a document did to this account; its awards end with nothing kept."""
    if account.state == "open":
        _lower_spend(account, awards, 0, known, cause, now)
        for kind in ("earn", "bonus"):
            _lower(account, [award for award in awards if award.kind == kind], 0, known, cause)
        _uncount_visit(account, known)
    for award in awards:  # of an erased person nothing is taken: all of it is shortfall
        award.kept, award.shortfall = 0, award.shortfall + award.kept


def _reprice(
    account: Account, lines: Sequence[Line] | None, frozen: dict[str, Any], awards: list[_Award], price: Price
) -> Pricing | None:
    """What the document should be worth: by today's rules at its first accrual, at the frozen rates afterwards."""
    if lines is None:
        return None
    if not frozen:
        return price(_member(account))
    spent = sum(award.kept for award in awards if award.kind == "spend")
    spent = min(spent, spendable_points(lines, Decimal(frozen["point_value"])))
    return reprice(lines, frozen, spent_points=spent)


def _book_earn(
    account: Account,
    awards: list[_Award],
    pricing: Pricing | None,
    known: PurchaseRow,
    cause: Cause,
    now: datetime,
) -> list[Entry]:
    """Desired − booked: a fall claws back; a rise first cancels this customer's shortfall, then credits (rule 9)."""
    earns = [award for award in awards if award.kind == "earn"]
    desired = pricing.earn if pricing else 0
    rise = desired - sum(award.kept for award in earns)
    if rise < 0:
        _lower(account, earns, desired, known, cause)
        return []
    for award in earns:
        if award.holder_id != account.book.membership_id:
            continue
        cancelled = min(award.shortfall, rise)
        award.shortfall -= cancelled
        award.kept += cancelled
        rise -= cancelled
    return [_earn(account, rise, cause, pricing.frozen, now)] if rise else []


# Holds


def hold(
    partner_id: UUID,
    membership_id: UUID,
    points: int,
    *,
    expires_at: datetime,
    now: datetime,
    quote_id: UUID | None = None,
) -> Held:
    """Reserve points for a till (rule 13); posts no entry. A hold of 0 only carries a sale. Raises `NotEnoughPoints`, `MembershipClosed`."""
    if points < 0:
        raise InvalidPoints(points)
    account = _open(partner_id, membership_id, now, whole=True)
    made = account.book.hold(points, hold_id=new_id(), quote_id=quote_id, expires_at=expires_at, now=now)
    account.book.settle(now)
    rows: dict[str, list[dict[str, Any]]] = {
        "hold_lot": [
            {"partner_id": partner_id, "hold_id": made.id, "n": n, "lot_id": lot_id, "points": reserved}
            for n, (lot_id, reserved) in enumerate(made.parts, 1)
        ]
    }
    store.account_rows(account, rows)
    store.write(rows)
    return Held(made.id, points, expires_at, Balance.of(account.book))


def void(partner_id: UUID, hold_id: UUID, *, now: datetime) -> Balance:
    """Release a hold whole. Raises `HoldNotFound`, `HoldResolved` (saying what was done)."""
    account = _open_of_hold(partner_id, hold_id, now)
    account.book.release(_find_hold(account.book, hold_id, now), at=now, state="voided")
    _close(account, now)
    return Balance.of(account.book)


def _capture(book: Book, hold: Hold, points: int, cause: Cause, now: datetime) -> list[Entry]:
    """A capture of 0 releases everything and is a plain sale; the hold is used up all the same."""
    if points:
        return [book.capture(hold, points, cause, at=now)]
    book.release(hold, at=now, state="captured")
    hold.purchase_id = cause.purchase_id
    return []


def _find_hold(book: Book, hold_id: UUID, now: datetime) -> Hold:
    """The open hold in an open book. Raises `HoldNotFound`, and `HoldResolved` for one that ended before."""
    if hold_id in book.holds:
        return book.holds[hold_id]
    row = store.execute(
        "SELECT state, quote_id, points, expires_at, created_at FROM hold"
        " WHERE partner_id = %s AND membership_id = %s AND id = %s",
        (book.partner_id, book.membership_id, hold_id),
    ).one_or_none()
    if row is None:
        raise HoldNotFound()
    if row.state != "open":
        raise HoldResolved(row.state)
    if row.expires_at <= now:  # a hold of no points: time has nothing to release, so nothing has marked it
        raise HoldResolved("expired")
    return Hold(hold_id, row.quote_id, row.points, row.expires_at, row.created_at, [])


def _open_of_hold(partner_id: UUID, hold_id: UUID, now: datetime) -> Account:
    row = store.execute("SELECT membership_id FROM hold WHERE partner_id = %s AND id = %s", (partner_id, hold_id))
    found = row.one_or_none()
    if found is None:
        raise HoldNotFound()
    return _open(partner_id, found.membership_id, now, whole=True)


# Points by hand


def grant(
    partner_id: UUID,
    membership_id: UUID,
    points: int,
    *,
    source: str,
    source_ref: str,
    now: datetime,
    life: Life | None = None,
    rules: dict[str, Any] | None = None,
    actor: UUID | None = None,
) -> Posted:
    """Credit a bonus that belongs to no sale. The same (source, source_ref) again posts nothing."""
    return _post_by_hand(
        partner_id, membership_id, points, "bonus", source, source_ref, now, life=life, rules=rules, actor=actor
    )


def adjust(
    partner_id: UUID,
    membership_id: UUID,
    points: int,
    *,
    source: str,
    source_ref: str,
    now: datetime,
    reason: str | None = None,
    mode: str = "debt",
    life: Life | None = None,
    actor: UUID | None = None,
) -> Posted:
    """Correct by hand, up or down. A debit makes debt only in mode `debt`, otherwise it stops at what is available.

    `reason` is free text and stands apart from the ledger (rule 5). Raises `InvalidPoints` for 0 and
    `NotEnoughPoints` when a debit could take nothing at all.
    """
    return _post_by_hand(
        partner_id,
        membership_id,
        points,
        "manual",
        source,
        source_ref,
        now,
        life=life,
        actor=actor,
        reason=reason,
        mode=mode,
    )


def _post_by_hand(
    partner_id: UUID,
    membership_id: UUID,
    points: int,
    kind: str,
    source: str,
    source_ref: str,
    now: datetime,
    *,
    life: Life | None = None,
    rules: dict[str, Any] | None = None,
    actor: UUID | None = None,
    reason: str | None = None,
    mode: str = "debt",
) -> Posted:
    if not points:
        raise InvalidPoints(points)
    account = _open(partner_id, membership_id, now, whole=points < 0)
    book = account.book
    known = store.execute(
        "SELECT id, points FROM entry WHERE partner_id = %s AND membership_id = %s AND kind = %s AND source = %s"
        " AND source_ref = %s AND reverses_id IS NULL",
        (partner_id, book.membership_id, kind, source, source_ref),
    ).one_or_none()
    if known is not None:
        return Posted(known.id, known.points, Balance.of(book), repeated=True)
    cause = Cause(source, source_ref, now, actor=actor)
    if points > 0:
        dies = expires_at(now, life, ZoneInfo(account.timezone))
        entry = book.credit(points, kind, cause, available_at=now, expires_at=dies, now=now, rules=rules)
    else:
        entry = book.debit(-points, cause, mode=mode, rules=rules)
        if entry is None:
            raise NotEnoughPoints(0, -points)
    rows: dict[str, list[dict[str, Any]]] = {}
    if reason:
        rows["entry_reason"] = [{"partner_id": partner_id, "entry_id": entry.id, "text": reason}]
    _close(account, now, rows)
    return Posted(entry.id, entry.points, Balance.of(book))


def reverse(
    partner_id: UUID,
    entry_id: UUID,
    *,
    now: datetime,
    mode: str = "debt",
    grace_days: int = 30,
    source: str = "admin",
    actor: UUID | None = None,
) -> Posted:
    """Undo a granted bonus or a manual entry by a second entry that names it; asked again, it answers as before.

    A credit is taken back like a manual debit: what is missing is debt in mode `debt`, otherwise it is left (rule 18).
    Points of a debit return to their lots; those whose date has passed live `grace_days` more (rule 17).
    Raises `EntryNotFound`, and `NotReversible` for an entry of a purchase, an expiry, a reversal or a merge.
    """
    original = store.execute(
        "SELECT * FROM entry WHERE partner_id = %s AND id = %s", (partner_id, entry_id)
    ).one_or_none()
    if original is None:
        raise EntryNotFound()
    account = _open(partner_id, original.membership_id, now, whole=True)
    book = account.book
    by_hand = original.kind in ("bonus", "manual") and original.purchase_id is None
    if not by_hand or original.source_ref.startswith("merge:"):
        raise NotReversible()
    done = store.execute(
        "SELECT id, points FROM entry WHERE partner_id = %s AND reverses_id = %s", (partner_id, entry_id)
    ).first()
    if done is not None:
        return Posted(done.id, done.points, Balance.of(book), repeated=True)
    cause = Cause(source, f"undo:{entry_id}", now, actor=actor)
    if original.points > 0:
        own = [lot.id for lot in book.lots.values() if lot.entry_id == entry_id]
        stops = "debt" if mode == "debt" else "within_balance"
        result = book.claw_back(original.points, cause, reverses_id=entry_id, own=own, mode=stops)
        posted = (result.entry_id, -result.points)
    else:
        entry = _give_back(account, entry_id, -original.points, cause, {"grace_days": grace_days}, now)
        posted = (entry.id, entry.points)
    _close(account, now)
    return Posted(posted[0], posted[1], Balance.of(book))


# Time, merge, erase


def bring_up(partner_id: UUID, membership_id: UUID, now: datetime) -> Balance:
    """Let time do what was due (rule 12): the nightly job and readers call this. Where nothing is due, nothing is locked."""
    account = store.read_account(partner_id, membership_id)
    if account.state == "open" and _is_due(account, now):
        account = store.lock_account(partner_id, membership_id)
        if account.state == "open" and _is_due(account, now):
            _load(account, now)
            _close(account, now)
    return Balance.of(account.book)


def bring_up_all(keys: Sequence[tuple[UUID, UUID]], now: datetime) -> None:
    """As `bring_up` for several memberships (partner, membership), in a number of queries that does not grow with them."""
    due = [account for account in store.lock_accounts(keys) if _is_due(account, now)]
    if not due:
        return
    store.load_books([account.book for account in due])
    rows: dict[str, list[dict[str, Any]]] = {}
    for account in due:
        account.book.settle(now)
        store.account_rows(account, rows)
    store.write(rows)


def merge(partner_id: UUID, from_id: UUID, into_id: UUID, *, now: datetime) -> Balance:
    """Make two memberships of one person one (rule 21); both identities were proven before.

    Lots, debts, open holds and purchases move with their dates, and so does what was taken of promotions: limits of a
    person hold on. A welcome bonus both had is taken back once.
    Merging again what is merged changes nothing. Raises `CannotMerge`, `CustomerNotFound`.
    """
    if from_id == into_id:
        raise CannotMerge()
    _lock_purchases_of(partner_id, from_id)
    first, second = sorted((from_id, into_id))
    opened = {wanted: store.lock_account(partner_id, wanted) for wanted in (first, second)}
    old, new = opened[from_id], opened[into_id]
    if old.book.membership_id == new.book.membership_id:
        return Balance.of(new.book)
    if old.state != "open" or new.state != "open" or old.book.membership_id != from_id:
        raise CannotMerge()
    for account in (old, new):
        _load(account, now)
    twice = _welcome_given_twice(partner_id, from_id, new.book.membership_id)
    new.book.absorb(old.book, at=now)
    if twice is not None:
        cause = Cause("system", f"undo:{twice.id}", now)
        own = [lot.id for lot in new.book.lots.values() if lot.entry_id == twice.id]
        new.book.claw_back(twice.points, cause, reverses_id=twice.id, own=own, mode="debt")
    new.book.settle(now)
    _add_visits(new, old)
    old.state, old.visits, old.spent = "merged", 0, Decimal(0)
    rows: dict[str, list[dict[str, Any]]] = {}
    store.account_rows(old, rows, merged_into=new.book.membership_id)
    store.account_rows(new, rows)
    store.write(rows)
    move = (new.book.membership_id, partner_id, from_id)
    for table in ("purchase", "lot", "debt", "hold", "promotion_use"):
        store.execute(f"UPDATE {table} SET membership_id = %s WHERE partner_id = %s AND membership_id = %s", move)
    store.execute(
        "INSERT INTO promotion_listed (partner_id, promotion_id, membership_id) SELECT partner_id, promotion_id, %s"
        " FROM promotion_listed WHERE partner_id = %s AND membership_id = %s ON CONFLICT DO NOTHING",
        move,
    )
    return Balance.of(new.book)


def _lock_purchases_of(partner_id: UUID, membership_id: UUID) -> None:
    """Purchases come before memberships in the lock order (rule 4): a refund that has one waits for its account."""
    store.execute(
        "SELECT id FROM purchase WHERE partner_id = %s AND membership_id = %s ORDER BY id FOR NO KEY UPDATE",
        (partner_id, membership_id),
    )


def _welcome_given_twice(partner_id: UUID, from_id: UUID, into_id: UUID) -> Any:
    """The later of two welcome bonuses, unless one was taken back already."""
    rows = store.execute(
        "SELECT e.id, e.points FROM entry e WHERE e.partner_id = %s AND e.membership_id IN (%s, %s) AND e.kind = 'bonus'"
        " AND e.source = 'system' AND e.source_ref = 'welcome' AND NOT EXISTS (SELECT 1 FROM entry r"
        " WHERE r.partner_id = e.partner_id AND r.reverses_id = e.id) ORDER BY e.id",
        (partner_id, from_id, into_id),
    ).all()
    return rows[1] if len(rows) == 2 else None


def _add_visits(new: Account, old: Account) -> None:
    new.visits += old.visits
    new.spent += old.spent
    firsts = [moment for moment in (new.first_purchase_at, old.first_purchase_at) if moment]
    lasts = [moment for moment in (new.last_purchase_at, old.last_purchase_at) if moment]
    new.first_purchase_at, new.last_purchase_at = min(firsts, default=None), max(lasts, default=None)
    used = [day for day in (new.birthday_used_on, old.birthday_used_on) if day]
    new.birthday_used_on = max(used, default=None)


def erase(partner_id: UUID, membership_id: UUID, *, now: datetime) -> Balance:
    """Freeze the account of a person who asked to be forgotten (rule 22): holds are voided, entries and sums stay.

    Here goes only what the account itself remembers of the person; the rest is `loyalty.erasure`.
    """
    account = store.lock_account(partner_id, membership_id)
    if account.state == "erased":
        return Balance.of(account.book)
    _load(account, now)
    for open_hold in [made for made in account.book.holds.values() if made.state == "open"]:
        account.book.release(open_hold, at=now, state="voided")
    account.book.settle(now)
    account.book.next_due_at = None
    account.state, account.birthday_used_on = "erased", None
    rows: dict[str, list[dict[str, Any]]] = {}
    store.account_rows(account, rows)
    store.write(rows)
    return Balance.of(account.book)


# Opening and closing an account


def _open(partner_id: UUID, membership_id: UUID, now: datetime, *, whole: bool = False) -> Account:
    """Lock, and catch up with time. Lots are read only when something needs them."""
    account = store.lock_account(partner_id, membership_id)
    _bring_up(account, now, whole=whole)
    return account


def _bring_up(account: Account, now: datetime, *, whole: bool) -> None:
    if account.state != "open":
        raise MembershipClosed()
    if whole or _is_due(account, now) or account.book.debt:
        _load(account, now)


def _is_due(account: Account, now: datetime) -> bool:
    return account.book.next_due_at is not None and account.book.next_due_at <= now


def _load(account: Account, now: datetime | None = None) -> None:
    store.load_book(account.book)
    if now is not None:
        account.book.catch_up(now)


def _close(account: Account, now: datetime, rows: dict[str, list[dict[str, Any]]] | None = None) -> None:
    account.book.settle(now)
    rows = {} if rows is None else rows
    store.account_rows(account, rows)
    store.write(rows)


def _open_both(partner_id: UUID, first: UUID, second: UUID, now: datetime) -> tuple[Account, Account]:
    """Open the account a document stood on and the one it stands on now, locked in the order of their ids."""
    opened = {wanted: store.lock_account(partner_id, wanted) for wanted in sorted({first, second})}
    before, account = opened[first], opened[second]
    if before.book.membership_id == account.book.membership_id:
        before = account
    if account.state != "open":
        raise MembershipClosed()
    for each in {id(before): before, id(account): account}.values():
        if each.state == "open":
            _load(each, now)
    return before, account


# Parts of a sale


def _claim_values(document: Document, actor: UUID | None) -> tuple[Any, ...]:
    """The document's row as it is claimed; its sum is written with everything else."""
    return (
        document.branch_id,
        document.kind,
        document.source,
        document.origin,
        document.source_ref,
        document.version,
        document.fingerprint,
        document.occurred_at,
        Decimal(0),
        actor,
    )


def _cause(document: Document, purchase_id: UUID, revision: int, actor: UUID | None) -> Cause:
    """Rule 7: the reference is the document and its revision, so that every change is a new entry."""
    return Cause(document.source, f"{purchase_id}#{revision}", document.occurred_at, purchase_id, actor)


def _member(account: Account, *, extra: int = 0) -> Member:
    """The member for pricing; `extra` are points that a hold of this very sale has reserved."""
    return Member(
        is_vip=account.is_vip,
        birth_date=account.birth_date,
        earlier_purchases=account.visits,
        average_check=account.spent / account.visits if account.visits else None,
        birthday_used_on=account.birthday_used_on,
        available=max(account.book.available, 0) + extra,
        last_purchase_on=_day(account.last_purchase_at, account.timezone),
        tier=account.tier,
    )


def _day(at: datetime | None, zone: str) -> date | None:
    return local_date(at, ZoneInfo(zone)) if at is not None else None


def _earn(account: Account, points: int, cause: Cause, frozen: Mapping[str, Any], now: datetime) -> Entry:
    """Credit a sale's points: active after the return window, for the life the programme gives (rule 10)."""
    zone = ZoneInfo(account.timezone)
    opens = available_at(cause.occurred_at, frozen["pending_days"], zone)
    life = None
    if frozen["base_life_months"] is not None or frozen["base_life_days"] is not None:
        life = Life(frozen["base_life_months"] or 0, frozen["base_life_days"] or 0)
    return _credit(account, points, "earn", cause, opens, expires_at(opens, life, zone), now)


def _promised(pricing: Pricing) -> list[Bonus]:
    """What promotions add beside the earn, under the promotion's id."""
    usual = pricing.frozen["bonus_life_days"]
    return [
        Bonus(
            one.points, f"promotion:{one.promotion_id}", Life(days=days) if (days := one.life_days or usual) else None
        )
        for one in pricing.promoted
        if one.is_bonus
    ]


def _grant_bonus(account: Account, bonus: Bonus, cause: Cause, frozen: Mapping[str, Any], now: datetime) -> Entry:
    zone = ZoneInfo(account.timezone)
    opens = available_at(cause.occurred_at, frozen["pending_days"], zone)
    labelled = Cause(
        cause.source, f"{cause.source_ref}/{bonus.label}", cause.occurred_at, cause.purchase_id, cause.actor
    )
    dies = expires_at(opens, bonus.life, zone)
    return _credit(account, bonus.points, "bonus", labelled, opens, dies, now, rules={"label": bonus.label})


def _credit(
    account: Account,
    points: int,
    kind: str,
    cause: Cause,
    opens: datetime,
    dies: datetime | None,
    now: datetime,
    rules: dict[str, Any] | None = None,
) -> Entry:
    if dies is not None and dies <= now:
        _load(account)  # born dead: settling will expire it, and that needs the whole book
    return account.book.credit(points, kind, cause, available_at=opens, expires_at=dies, now=now, rules=rules)


def _count_visit(account: Account, pricing: Pricing, at: datetime) -> None:
    amount = _amount(pricing)
    if amount:
        account.visits += 1
        account.spent += amount
    account.first_purchase_at = min(account.first_purchase_at or at, at)
    account.last_purchase_at = max(account.last_purchase_at or at, at)
    if pricing.birthday_on is not None:
        account.birthday_used_on = max(account.birthday_used_on or pricing.birthday_on, pricing.birthday_on)


def _uncount_visit(account: Account, known: PurchaseRow) -> None:
    left = known.row.amount - known.row.refunded
    if left:
        account.visits -= 1
        account.spent -= left


def _amount(pricing: Pricing) -> Decimal:
    return sum((line.amount for line in pricing.lines), Decimal("0.00"))


def _purchase_values(
    partner_id: UUID, purchase_id: UUID, membership_id: UUID, document: Document, revision: int, pricing: Pricing
) -> dict[str, Any]:
    return {
        "partner_id": partner_id,
        "id": purchase_id,
        "membership_id": membership_id,
        "version": document.version,
        "revision": revision,
        "fingerprint": document.fingerprint,
        "occurred_at": document.occurred_at,
        "amount": _amount(pricing),
        "paid_with_points": sum((line.spent for line in pricing.lines), Decimal("0.00")),
        "refunded": Decimal("0.00"),
        "money_back": Decimal("0.00"),
        "rules": pricing.frozen,
        "breakdown": pricing.breakdown,
    }


def _reconciled_values(
    partner_id: UUID,
    known: PurchaseRow,
    account: Account,
    document: Document,
    revision: int,
    pricing: Pricing | None,
    frozen: dict[str, Any],
) -> dict[str, Any]:
    if pricing is not None:
        return _purchase_values(partner_id, known.row.id, account.book.membership_id, document, revision, pricing)
    return _changed_purchase(
        known,
        membership_id=account.book.membership_id,
        version=document.version,
        revision=revision,
        fingerprint=document.fingerprint,
        amount=Decimal("0.00"),
        paid_with_points=Decimal("0.00"),
        refunded=Decimal("0.00"),
        money_back=Decimal("0.00"),
        rules=frozen,
        breakdown=[],
    )


def _changed_purchase(purchase: PurchaseRow, **changes: Any) -> dict[str, Any]:
    return dict(purchase.row._mapping) | changes


def _line_values(partner_id: UUID, purchase_id: UUID, pricing: Pricing) -> list[dict[str, Any]]:
    return [
        {
            "partner_id": partner_id,
            "purchase_id": purchase_id,
            "n": n,
            "name": priced.line.name,
            "sku": priced.line.sku,
            "category": priced.line.category,
            "quantity": priced.line.quantity,
            "amount": priced.amount,
            "remaining": priced.amount,
            "weight": priced.weight,
            "spent": priced.spent,
            "no_accrual": priced.line.no_accrual,
            "no_spending": priced.line.no_spending,
        }
        for n, priced in enumerate(pricing.lines, 1)
    ]


def _replaced_lines(partner_id: UUID, known: PurchaseRow, pricing: Pricing | None) -> list[dict[str, Any]]:
    """The document's new lines; a line that is gone stays with nothing left."""
    fresh = _line_values(partner_id, known.row.id, pricing) if pricing else []
    empty = {"amount": Decimal(0), "remaining": Decimal(0), "weight": Decimal(0), "spent": Decimal(0)}
    return fresh + [dict(line._mapping) | empty for line in known.lines if line.n > len(fresh)]


def _award_values(partner_id: UUID, purchase_id: UUID, entry: Entry) -> dict[str, Any]:
    points = abs(entry.points)
    return {
        "partner_id": partner_id,
        "entry_id": entry.id,
        "purchase_id": purchase_id,
        "kind": entry.kind,
        "points": points,
        "kept": points,
        "shortfall": 0,
    }

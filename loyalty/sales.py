"""Purchases as the doors post them: who it is, what it is worth under the partner's rules, and who is told.

The points themselves move in `loyalty.ledger`; here a caller's words become a document, lines and a price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from loyalty import codes, ledger, notices, outbox, promotions, spending, tiers
from loyalty.accounts import facts_of
from loyalty.customers import CODE_KINDS, check_not_closed, enrol, find_member, look_up
from loyalty.errors import (
    BranchNotFound,
    BranchRequired,
    CustomerNotFound,
    InvalidPurchase,
    InvalidReceipt,
    PurchaseNotFound,
    QuoteChanged,
)
from loyalty.identities import Identifier
from loyalty.members import MemberCard, card_of
from loyalty.prepared import Prepared
from loyalty.programme import Rules, check_spend, price
from loyalty.programmes import rules_in_force
from loyalty.types import Line, Member, Pricing
from models import db
from models.customer import Customer
from models.ledger import Purchase
from models.partner import Branch, Partner

OLDEST = timedelta(days=366)
"""How far back a purchase may be dated by hand; imports and foreign systems have no such limit."""
CLOCK_SKEW = timedelta(minutes=5)
UNDO_WITHIN = timedelta(seconds=60)
LONGEST_RECEIPT = 120
NO_RECEIPT = "call"
"""The origin of a document without a number: its reference is the call itself."""
HELD = "hold"
"""The origin of a document without a number that a hold led to: its reference is the hold."""


_open_branch = Prepared(
    "kopilka_open_branch",
    "uuid, uuid",
    "SELECT id FROM branch WHERE partner_id = $1 AND id = $2 AND state = 'open'",
)


@dataclass(frozen=True)
class Caller:
    """Who acts at a door: `name` is how idempotency knows them (≤ 80 characters), `actor` the person, if it is one.

    `branch_id` is the branch the caller is bound to (None: none): they act there only, and of purchases they see those
    of their branch and those of no branch.
    """

    name: str
    source: str
    actor: UUID | None = None
    branch_id: UUID | None = None

    def reference(self, key: str) -> str:
        """The document reference of a call that names no document: caller and key, for ever."""
        return "call:" + sha256(f"{self.name}\n{key}".encode()).hexdigest()


@dataclass(frozen=True)
class Basket:
    """What is bought: the check and, if known, its lines. Lines may add up to more: the rest is the order's discount."""

    amount: Decimal
    lines: tuple[Line, ...] = ()

    @property
    def priced_lines(self) -> tuple[Line, ...]:
        return self.lines or (Line(self.amount),)

    @property
    def order_discount(self) -> Decimal:
        """Money off the whole check. Raises `InvalidPurchase` when the lines add up to less than the check."""
        rest = sum((line.amount for line in self.priced_lines), Decimal(0)) - self.amount
        if rest < 0:
            raise InvalidPurchase("has lines that add up to less than its amount", field="lines")
        return rest

    def price(self, rules: Rules, member: Member, *, at: datetime, zone: ZoneInfo, points: int = 0) -> Pricing:
        discount = self.order_discount
        return price(self.priced_lines, rules, member, at=at, zone=zone, spend_points=points, order_discount=discount)

    def check_spend(self, points: int, rules: Rules, available: int) -> None:
        check_spend(points, self.priced_lines, rules, available, order_discount=self.order_discount)

    def content(self) -> dict:
        """What a repeat of the same document must equal."""
        return {"amount": f"{self.amount:.2f}", "lines": [asdict(line) for line in self.lines]}

    def without_accrual(self) -> Basket:
        return Basket(self.amount, tuple(Line(**(asdict(line) | {"no_accrual": True})) for line in self.priced_lines))


@dataclass(frozen=True)
class Promise:
    """What a purchase was said to be worth: under which rules and multipliers, and what it earns if no points pay."""

    rules: dict[str, Any]
    earn: int

    def check(self, plain: Pricing) -> None:
        """Raises `QuoteChanged` for a purchase that is no longer worth that."""
        if plain.frozen != self.rules or plain.total != self.earn:
            raise QuoteChanged()


@dataclass(frozen=True)
class Preview:
    """What a till shows before anything is posted.

    `member` None: crediting makes the person a member. `plain` is the purchase without spending, `spending` the same
    with the points that were named, else the most that may be spent (`plain` again when that is none); both None while
    the sum is not known. `wished`: how many points a customer who shows their code wants to spend.
    """

    member: MemberCard | None
    rules: Rules
    plain: Pricing | None = None
    spending: Pricing | None = None
    wished: int | None = None

    def balance_after(self, pricing: Pricing) -> int:
        """The balance once the purchase is posted so; what waits for the return window is not in it."""
        earned = 0 if self.rules.pending_days else pricing.total
        return (self.member.balance if self.member else 0) - pricing.spent_points + earned


def preview(
    partner: Partner,
    identifier: Identifier,
    basket: Basket | None,
    *,
    caller: Caller,
    now: datetime,
    contacts: bool,
    branch_id: UUID | None = None,
    points: int | None = None,
) -> Preview:
    """Whose purchase it would be, what it would earn and how many points it could take. Makes nobody and moves nothing.

    A customer's code is looked at and stays good. Phone, e-mail and card of the member are told only with `contacts`.
    With `points` it is asked whether so many can be spent, by a member. Raises as `post_transaction`.
    """
    check_place(partner, branch_id, caller)
    found = look_up(partner, identifier, now=now)
    if found is None and points:
        raise CustomerNotFound()
    _, rules = rules_in_force(partner.id)
    wished = None
    if found is None:
        card, facts = None, promotions.know(partner, None, Member(), rules, now)
    else:
        customer, membership = found
        ledger.bring_up(partner.id, membership.id, now)
        if rules.tiers is not None:
            tiers.bring_up(partner.id, membership.id, now)
        db.session.refresh(membership)
        card = card_of(membership, contacts=contacts)
        facts = promotions.know(partner, membership.id, facts_of(membership, customer), rules, now)
        if identifier.kind in CODE_KINDS:
            wished = spending.wished(partner.id, membership.id, now)
    if basket is None:
        return Preview(card, rules, wished=wished)
    zone = ZoneInfo(partner.timezone)
    plain = basket.price(rules, facts, at=now, zone=zone)
    if points:
        basket.check_spend(points, rules, facts.available)
    spent = plain.max_redeemable if points is None else points
    paid = basket.price(rules, facts, at=now, zone=zone, points=spent) if spent else plain
    return Preview(card, rules, plain, paid, wished)


def preview_newcomer(partner: Partner, customer: Customer, basket: Basket, *, now: datetime) -> Preview:
    """What the purchase would be to a person who is about to join. Raises `CustomerNotFound` for who never can again."""
    check_not_closed(customer.id, partner.id)
    _, rules = rules_in_force(partner.id)
    facts = promotions.know(partner, None, Member(birth_date=customer.birth_date), rules, now)
    plain = basket.price(rules, facts, at=now, zone=ZoneInfo(partner.timezone))
    return Preview(None, rules, plain, plain)


def whole_check(partner: Partner, points: int) -> Basket:
    """The check that so many points pay to the last kopeck; it earns nothing."""
    return Basket(points * rules_in_force(partner.id)[1].point_value).without_accrual()


def post_transaction(
    partner: Partner,
    identifier: Identifier,
    basket: Basket,
    *,
    kind: str,
    caller: Caller,
    key: str,
    now: datetime,
    points: int | None = None,
    branch_id: UUID | None = None,
    receipt_id: str | None = None,
    occurred_at: datetime | None = None,
    name: str | None = None,
    promise: Promise | None = None,
) -> ledger.Sale:
    """Credit a purchase, or spend points on one, as a cashier or a till says.

    `accrual` with `points` spends and then earns on the rest; crediting an unknown phone or e-mail makes the person a
    member. `redemption` only spends: `points`, or as many as pay the whole check when they are left out. A customer's
    code works no more once a purchase was posted with it; the second of two at once raises `CodeUnknown`.
    A receipt typed by hand is known within its branch: with several branches one must be named.
    With a `promise` nothing is posted at another price.
    Raises `CustomerNotFound`, `BranchNotFound`, `BranchRequired`, the `SpendRefused` family, `InvalidPurchase`,
    `ReceiptConflict`, `QuoteChanged`.
    """
    branch_id = check_place(partner, branch_id, caller, receipt_id)
    _check_moment(occurred_at, now)
    content = basket.content() | {"kind": kind, "points": points, "at": occurred_at and str(occurred_at)}
    if kind == "redemption":
        membership_id = find_member(partner, identifier, now=now)[1].id
    else:
        membership_id = enrol(partner, identifier, name, now=now).membership_id
    _, rules = rules_in_force(partner.id)
    if kind == "redemption":
        basket = basket.without_accrual()
        points = _whole_check(basket, rules) if points is None else points
    sale = post(
        partner,
        membership_id,
        basket,
        rules,
        document=ledger.Document(
            source=caller.source,
            origin=origin_of(caller, branch_id) if receipt_id else NO_RECEIPT,
            source_ref=receipt_id or caller.reference(key),
            occurred_at=occurred_at or now,
            branch_id=branch_id,
            kind=kind,
            content=content,
        ),
        points=points or 0,
        caller=caller,
        now=now,
        promise=promise,
    )
    if identifier.kind == "code" and not sale.repeated:
        codes.redeem_code(identifier.value, now)
    if identifier.kind == "seen_code" and not sale.repeated:
        codes.take(UUID(identifier.value), sale.purchase_id, now)
    return sale


def post(
    partner: Partner,
    membership_id: UUID,
    basket: Basket,
    rules: Rules,
    *,
    document: ledger.Document,
    points: int,
    caller: Caller,
    now: datetime,
    hold_id: UUID | None = None,
    promise: Promise | None = None,
) -> ledger.Sale:
    """Price under the lock, post, and have the person told; not at another price than was promised."""
    zone, at = ZoneInfo(partner.timezone), document.occurred_at
    posted: list[Pricing] = []
    if rules.tiers is not None:
        tiers.bring_up(partner.id, membership_id, now)

    def priced(member: Member) -> Pricing:
        member = promotions.know(partner, membership_id, member, rules, at, lock=True)
        if promise is not None:
            promise.check(basket.price(rules, member, at=at, zone=zone))
        if hold_id is None and points:
            basket.check_spend(points, rules, member.available)
        posted.append(basket.price(rules, member, at=at, zone=zone, points=points))
        return posted[-1]

    def announced(sale: ledger.Sale) -> list[outbox.Announcement]:
        told = [kind for kind, moved in (("credited", sale.earned), ("spent", sale.spent)) if moved]
        member = sale.account.membership_id
        return [notices.purchase_announcement(partner.id, sale.purchase_id, told, membership_id=member)] if told else []

    sale = ledger.sell(
        partner.id,
        membership_id,
        document,
        priced,
        now=now,
        hold_id=hold_id,
        actor=caller.actor,
        announce=announced,
    )
    if sale.spent and not sale.repeated:
        spending.note_sale(partner.id, sale.account.membership_id, sale.purchase_id, sale.spent, hold_id, now)
    if posted:
        promotions.record_uses(partner, sale.account.membership_id, sale.purchase_id, posted[-1], at)
        if rules.tiers is not None:
            tiers.review(partner, sale.account.membership_id, now, purchase_id=sale.purchase_id)
    return sale


def post_refund(
    partner: Partner,
    purchase_id: UUID,
    *,
    caller: Caller,
    key: str,
    now: datetime,
    amount: Decimal | None = None,
    lines: dict[int, Decimal] | None = None,
    refund_id: str | None = None,
) -> ledger.Refunded:
    """Return a sum or lines of a purchase, by the refund's own number or by caller and key. Raises as `ledger.refund`,
    and `PurchaseNotFound` for a purchase of another branch than the caller's."""
    find_purchase(partner.id, purchase_id, caller)
    reference = f"refund:{refund_id}" if refund_id else caller.reference(key)
    refunded = ledger.refund(
        partner.id, purchase_id, reference=reference, amount=amount, lines=lines, now=now, actor=caller.actor
    )
    if not refunded.repeated:
        tiers.after_refund(partner, refunded.account.membership_id, now)
    _announce(partner, refunded)
    return refunded


def preview_refund(
    partner: Partner, purchase_id: UUID, *, caller: Caller, now: datetime, amount: Decimal
) -> ledger.Refunded:
    """What returning this sum would do: it is done and taken back, for nothing less knows. Raises as `post_refund`."""
    with db.session.begin_nested() as attempt:
        refunded = post_refund(partner, purchase_id, caller=caller, key="preview", now=now, amount=amount)
        attempt.rollback()
    return refunded


def undo(partner: Partner, purchase_id: UUID, *, caller: Caller, now: datetime) -> ledger.Refunded:
    """Take back a purchase entered by hand less than a minute ago, as if it had not been; twice is once.

    Whoever may refund the purchase may undo it, not its cashier alone: a refund does nearly the same to the account, and
    at a counter one person enters and another one sees the mistake. A receipt's number is free again, for the purchase
    that was meant. Raises as `ledger.undo`.
    """
    purchase = find_purchase(partner.id, purchase_id, caller)
    refunded = ledger.undo(
        partner.id,
        purchase_id,
        until=undo_ends_at(purchase) or now,
        now=now,
        kept_as=f"{purchase.source_ref}~{purchase.id}" if receipt_of(purchase) else None,
        actor=caller.actor,
    )
    db.session.expire(purchase)
    promotions.forget_uses(partner.id, purchase_id)
    if not refunded.repeated:
        tiers.after_undo(partner, refunded.account.membership_id, purchase_id, now)
    _announce(partner, refunded)
    return refunded


def undo_ends_at(purchase: Purchase) -> datetime | None:
    """Until when the purchase may be undone; None for one that a machine or a foreign system made."""
    return purchase.created_at + UNDO_WITHIN if purchase.source == "manual" else None


def receipt_of(purchase: Purchase) -> str | None:
    """The number on the receipt, as it was given; None for a purchase without one."""
    if purchase.origin in (NO_RECEIPT, HELD):
        return None
    return purchase.source_ref.removesuffix(f"~{purchase.id}")


def _announce(partner: Partner, refunded: ledger.Refunded) -> None:
    if (refunded.taken or refunded.given_back) and not refunded.repeated:
        notices.announce_refund(partner.id, refunded.refund_id, membership_id=refunded.account.membership_id)


def find_purchase(partner_id: UUID, purchase_id: UUID, caller: Caller) -> Purchase:
    """A purchase that the caller sees. Raises `PurchaseNotFound`, the same for another partner's and another branch's."""
    purchase = db.session.get(Purchase, (partner_id, purchase_id))
    if purchase is None or (caller.branch_id is not None and purchase.branch_id not in (None, caller.branch_id)):
        raise PurchaseNotFound()
    return purchase


def check_place(partner: Partner, branch_id: UUID | None, caller: Caller, receipt_id: str | None = None) -> UUID | None:
    """Where a purchase happens: the branch named, else the caller's own; for a receipt typed by hand, the only one.

    Raises `BranchNotFound` for a closed one, and for a caller bound to a branch any other, which looks like none;
    `BranchRequired` for a receipt typed where there are several, `InvalidReceipt` for one that is no number.
    """
    if receipt_id and (len(receipt_id) > LONGEST_RECEIPT or not receipt_id.isprintable()):
        raise InvalidReceipt()
    if caller.branch_id is not None and branch_id not in (None, caller.branch_id):
        raise BranchNotFound()
    branch_id = branch_id or caller.branch_id
    if branch_id is not None and not _open_branch(partner.id, branch_id):
        raise BranchNotFound()
    if receipt_id and branch_id is None and caller.source == "manual":
        return _only_branch(partner)
    return branch_id


def _only_branch(partner: Partner) -> UUID:
    """The branch of somebody who names none, so that a receipt is the same receipt whoever types it."""
    branches = db.session.scalars(
        select(Branch.id).where(Branch.partner_id == partner.id, Branch.state == "open").limit(2)
    ).all()
    if len(branches) != 1:
        raise BranchRequired()
    return branches[0]


def _check_moment(occurred_at: datetime | None, now: datetime) -> None:
    if occurred_at is not None and not now - OLDEST <= occurred_at <= now + CLOCK_SKEW:
        raise InvalidPurchase("must lie within the last year and not in the future", field="occurred_at")


def origin_of(caller: Caller, branch_id: UUID | None) -> str:
    """Receipt numbers are unique within a till, or within a branch where a person types them."""
    return str(branch_id) if caller.source == "manual" else caller.name


def _whole_check(basket: Basket, rules: Rules) -> int:
    points, rest = divmod(basket.amount, rules.point_value)
    if rest:
        raise InvalidPurchase("cannot be paid with points to the kopeck: say how many points", field="points")
    return int(points)


def lines_of(given: Sequence[dict]) -> tuple[Line, ...]:
    """Lines as a door's schema read them."""
    return tuple(Line(**line) for line in given)

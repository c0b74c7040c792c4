"""Purchases as the doors post them: who it is, what it is worth under the partner's rules, and who is told.

The points themselves move in `loyalty.ledger`; here a caller's words become a document, lines and a price.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from loyalty import codes, ledger, notices, outbox
from loyalty.customers import enrol, find_member
from loyalty.errors import BranchNotFound, BranchRequired, InvalidPurchase, PurchaseNotFound
from loyalty.identities import Identifier
from loyalty.prepared import Prepared
from loyalty.programme import Rules, check_spend, price
from loyalty.programmes import current_rules
from loyalty.types import Line, Member, Pricing
from models import db
from models.ledger import Purchase
from models.partner import Branch, Partner

OLDEST = timedelta(days=366)
"""How far back a purchase may be dated by hand; imports and foreign systems have no such limit."""
CLOCK_SKEW = timedelta(minutes=5)


_open_branch = Prepared(
    "kopilka_open_branch",
    "uuid, uuid",
    "SELECT id FROM branch WHERE partner_id = $1 AND id = $2 AND state = 'open'",
)


@dataclass(frozen=True)
class Caller:
    """Who acts at a door: `name` is how idempotency knows them (≤ 80 characters), `actor` the person, if it is one."""

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
) -> ledger.Sale:
    """Credit a purchase, or spend points on one, as a cashier or a till says.

    `accrual` with `points` spends and then earns on the rest; crediting an unknown phone or e-mail makes the person a
    member. `redemption` only spends: `points`, or as many as pay the whole check when they are left out. A customer's
    code works no more once a purchase was posted with it; the second of two at once raises `CodeUnknown`.
    A receipt typed by hand is known within its branch: with several branches one must be named.
    Raises `CustomerNotFound`, `BranchNotFound`, `BranchRequired`, the `SpendRefused` family, `InvalidPurchase`,
    `ReceiptConflict`.
    """
    branch_id = check_branch(partner, branch_id or caller.branch_id)
    if receipt_id and branch_id is None:
        branch_id = _only_branch(partner)
    _check_moment(occurred_at, now)
    content = basket.content() | {"kind": kind, "points": points, "at": occurred_at and str(occurred_at)}
    if kind == "redemption":
        membership_id = find_member(partner, identifier, now=now)[1].id
    else:
        membership_id = enrol(partner, identifier, name, now=now).membership_id
    _, rules = current_rules(partner.id)
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
            origin=_origin(caller, branch_id) if receipt_id else "call",
            source_ref=receipt_id or caller.reference(key),
            occurred_at=occurred_at or now,
            branch_id=branch_id,
            kind=kind,
            content=content,
        ),
        points=points or 0,
        caller=caller,
        now=now,
    )
    if identifier.kind == "code" and not sale.repeated:
        codes.redeem_code(identifier.value, now)
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
    promise: Callable[[Pricing], None] | None = None,
) -> ledger.Sale:
    """Price under the lock, post, and have the person told. `promise` may refuse a price that is not the one quoted."""
    zone = ZoneInfo(partner.timezone)

    def priced(member: Member) -> Pricing:
        if promise is not None:
            promise(basket.price(rules, member, at=document.occurred_at, zone=zone))
        if hold_id is None and points:
            basket.check_spend(points, rules, member.available)
        return basket.price(rules, member, at=document.occurred_at, zone=zone, points=points)

    def announced(sale: ledger.Sale) -> list[outbox.Announcement]:
        told = [kind for kind, moved in (("credited", sale.earned), ("spent", sale.spent)) if moved]
        member = sale.account.membership_id
        return [notices.purchase_announcement(partner.id, sale.purchase_id, told, membership_id=member)] if told else []

    return ledger.sell(
        partner.id,
        membership_id,
        document,
        priced,
        now=now,
        hold_id=hold_id,
        actor=caller.actor,
        announce=announced,
    )


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
    """Return a sum or lines of a purchase, by the refund's own number or by caller and key. Raises as `ledger.refund`."""
    reference = f"refund:{refund_id}" if refund_id else caller.reference(key)
    refunded = ledger.refund(
        partner.id, purchase_id, reference=reference, amount=amount, lines=lines, now=now, actor=caller.actor
    )
    if (refunded.taken or refunded.given_back) and not refunded.repeated:
        notices.announce_refund(partner.id, refunded.refund_id, membership_id=refunded.account.membership_id)
    return refunded


def find_purchase(partner_id: UUID, purchase_id: UUID) -> Purchase:
    """A purchase of this partner. Raises `PurchaseNotFound`, the same for another partner's."""
    purchase = db.session.get(Purchase, (partner_id, purchase_id))
    if purchase is None:
        raise PurchaseNotFound()
    return purchase


def check_branch(partner: Partner, branch_id: UUID | None) -> UUID | None:
    if branch_id is not None and not _open_branch(partner.id, branch_id):
        raise BranchNotFound()
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


def _origin(caller: Caller, branch_id: UUID | None) -> str:
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

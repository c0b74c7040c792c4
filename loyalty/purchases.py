"""A partner's purchases as its staff look them up: the list at the till, and one with all that was returned of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import false, func, null, or_, select, union_all
from sqlalchemy.orm import aliased

from loyalty import accounts, sales
from loyalty.customers import known_value, members_like
from loyalty.errors import PurchaseNotFound
from loyalty.ledger import UNDO
from loyalty.sales import Caller
from models import db
from models.ledger import Membership, Purchase, PurchaseLine, Refund
from models.partner import Branch, Partner, Staff


@dataclass(frozen=True)
class PurchaseRow:
    """One purchase in the list. `earned` and `spent` are points as refunds left them; `undo_until` is None where the
    purchase cannot be undone (any more)."""

    purchase_id: UUID
    customer_id: UUID
    customer_name: str | None
    customer_phone: str | None
    receipt_id: str | None
    source: str
    branch_name: str | None
    occurred_at: datetime
    amount: Decimal
    paid_with_points: Decimal
    refunded: Decimal
    earned: int
    spent: int
    is_undone: bool
    undo_until: datetime | None
    lines: Sequence[PurchaseLine]

    @property
    def remaining(self) -> Decimal:
        """What can still be returned of the check."""
        return self.amount - self.refunded


@dataclass(frozen=True)
class PurchaseCard:
    """One purchase with its refunds, the first one first; `cashier` is the partner's name of who entered it, and
    `point_value` what a point was worth in it."""

    row: PurchaseRow
    is_vip: bool
    balance: int
    pending: int
    cashier: str | None
    point_value: Decimal
    breakdown: list[dict[str, Any]]
    money_back: Decimal
    refunds: Sequence[Refund]


def list_purchases(
    partner: Partner,
    query: str | None = "",
    *,
    caller: Caller,
    contacts: bool,
    now: datetime,
    cursor: str | None = None,
    limit: int = 20,
    customer_id: UUID | None = None,
) -> tuple[list[PurchaseRow], str | None]:
    """The purchases that the caller sees, the latest first, and the cursor of the next page; of one customer on request.

    `query` is a whole receipt number, or finds customers as `customers.search_members` does. Raises `InvalidCursor`.
    """
    wanted = _seen(partner.id, caller, contacts).where(Purchase.amount > 0)
    if customer_id is not None:
        wanted = wanted.where(Membership.customer_id == customer_id)
    if words := (query or "").strip():
        wanted = wanted.where(_matches(partner, words, contacts))
    if cursor:
        at, purchase_id = accounts.read_purchase_cursor(cursor)
        wanted = wanted.where(
            (Purchase.occurred_at < at) | ((Purchase.occurred_at == at) & (Purchase.id < purchase_id))
        )
    wanted = wanted.order_by(Purchase.occurred_at.desc(), Purchase.id.desc()).limit(limit + 1)
    found = db.session.execute(wanted).all()
    page = found[:limit]
    following = accounts.write_purchase_cursor(page[-1].Purchase) if len(found) > limit else None
    return _rows(page, now), following


def show_purchase(
    partner: Partner, purchase_id: UUID, *, caller: Caller, contacts: bool, now: datetime
) -> PurchaseCard:
    """One purchase that the caller sees. Raises `PurchaseNotFound`, as for another partner's and another branch's."""
    cashier = aliased(Staff)
    wanted = (
        _seen(partner.id, caller, contacts)
        .add_columns(cashier.name.label("cashier"), Membership.is_vip, Membership.balance, Membership.pending)
        .outerjoin(cashier, (cashier.partner_id == Purchase.partner_id) & (cashier.customer_id == Purchase.actor))
        .where(Purchase.id == purchase_id)
        .order_by(cashier.id.desc())
        .limit(1)
    )
    found = db.session.execute(wanted).one_or_none()
    if found is None:
        raise PurchaseNotFound()
    (row,) = _rows([found], now)
    return PurchaseCard(
        row=row,
        is_vip=found.is_vip,
        balance=found.balance,
        pending=found.pending,
        cashier=found.cashier,
        point_value=Decimal(found.Purchase.rules.get("point_value", "1")),
        breakdown=found.Purchase.breakdown,
        money_back=found.Purchase.money_back,
        refunds=accounts.refunds_of([found.Purchase]).get(purchase_id, ()),
    )


def _seen(partner_id: UUID, caller: Caller, contacts: bool):
    """The purchases a caller sees (`sales.find_purchase`), with whose and where they were."""
    undone = select(Refund.id).where(
        Refund.partner_id == Purchase.partner_id, Refund.purchase_id == Purchase.id, Refund.reference == UNDO
    )
    columns = [
        Purchase,
        Membership.customer_id,
        Membership.name,
        Branch.name.label("branch"),
        undone.exists().label("is_undone"),
        (known_value(Membership.__table__, "phone") if contacts else null()).label("phone"),
    ]
    seen = (
        select(*columns)
        .join(Membership, (Membership.partner_id == Purchase.partner_id) & (Membership.id == Purchase.membership_id))
        .outerjoin(Branch, (Branch.partner_id == Purchase.partner_id) & (Branch.id == Purchase.branch_id))
        .where(Purchase.partner_id == partner_id)
    )
    if caller.branch_id is not None:
        seen = seen.where(or_(Purchase.branch_id.is_(None), Purchase.branch_id == caller.branch_id))
    return seen.execution_options(populate_existing=True)


def _matches(partner: Partner, words: str, contacts: bool):
    """A whole receipt number, also one that an undo has freed, or a customer. Each is looked up by its own index."""
    if not words.isprintable():
        return false()
    bought = aliased(Purchase)
    has_number = bought.origin.not_in((sales.NO_RECEIPT, sales.HELD))
    by_number = select(bought.id).where(bought.partner_id == partner.id, bought.source_ref == words, has_number)
    by_freed_number = (
        select(bought.id)
        .select_from(Refund)
        .join(bought, (bought.partner_id == Refund.partner_id) & (bought.id == Refund.purchase_id))
        .where(Refund.partner_id == partner.id, Refund.reference == UNDO)
        .where(bought.source_ref == func.concat(words, "~", bought.id), has_number)
    )
    by_customer = (
        select(bought.id)
        .select_from(Membership)
        .join(bought, (bought.partner_id == Membership.partner_id) & (bought.membership_id == Membership.id))
        .where(Membership.partner_id == partner.id, members_like(partner.id, words, partner.region, contacts))
    )
    ways = (by_number, by_freed_number, by_customer)
    return Purchase.id.in_(union_all(*(way.correlate(None) for way in ways)))


def _rows(found: Sequence[Any], now: datetime) -> list[PurchaseRow]:
    shown = [row.Purchase for row in found]
    lines, points = accounts.lines_of(shown), accounts.points_of(shown)
    return [
        _row(row, lines.get(row.Purchase.id, ()), points.get(row.Purchase.id, {"earned": 0, "spent": 0}), now)
        for row in found
    ]


def _row(found: Any, lines: Sequence[PurchaseLine], points: dict[str, int], now: datetime) -> PurchaseRow:
    purchase = found.Purchase
    until = sales.undo_ends_at(purchase)
    may_undo = until is not None and now < until and purchase.refunded < purchase.amount
    return PurchaseRow(
        purchase_id=purchase.id,
        customer_id=found.customer_id,
        customer_name=found.name,
        customer_phone=found.phone,
        receipt_id=sales.receipt_of(purchase),
        source=purchase.source,
        branch_name=found.branch,
        occurred_at=purchase.occurred_at,
        amount=purchase.amount,
        paid_with_points=purchase.paid_with_points,
        refunded=purchase.refunded,
        is_undone=found.is_undone,
        undo_until=until if may_undo else None,
        lines=lines,
        **points,
    )

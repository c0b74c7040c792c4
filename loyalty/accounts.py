"""Reading accounts: what a person has and where it came from. Readers let time do what was due first (rule 12)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from loyalty import ledger, tiers
from loyalty.errors import CustomerNotFound, InvalidCursor
from loyalty.lifetime import local_date
from loyalty.prepared import Prepared, array_of
from loyalty.types import Member
from models import db
from models.customer import Customer
from models.ledger import Award, Membership, Purchase, PurchaseLine, Refund
from models.partner import Branch, Partner

EXPIRING_SHOWN = 12
"""How many dates of expiry are listed for one membership."""


@dataclass(frozen=True)
class Account:
    """A membership as its owner sees it; `expiring` lists free points by the moment they die, soonest first."""

    partner_id: UUID
    partner_name: str
    balance: int
    available: int
    pending: int
    held: int
    expiring: list[dict[str, Any]]


def list_accounts(customer_id: UUID, now: datetime, *, partner_id: UUID | None = None) -> list[Account]:
    """Everything a person has, by partner, or at one partner alone. Their total is the sum of the balances."""
    rows = _accounts(customer_id, partner_id)
    due = [(row.partner_id, row.id) for row in rows if row.next_due_at is not None and row.next_due_at <= now]
    if due:
        ledger.bring_up_all(due, now)
        rows = _accounts(customer_id, partner_id)
    dying = _expiring(rows)
    return [
        Account(
            partner_id=row.partner_id,
            partner_name=row.name,
            balance=row.balance,
            available=row.balance - row.held,
            pending=row.pending,
            held=row.held,
            expiring=dying.get(row.id, []),
        )
        for row in rows
    ]


def _accounts(customer_id: UUID, partner_id: UUID | None) -> list[Any]:
    return [row for row in _memberships(customer_id) if partner_id in (None, row.partner_id)]


_memberships = Prepared(
    "kopilka_memberships",
    "uuid",
    """
    SELECT m.partner_id, m.id, m.balance, m.pending, m.held, m.next_due_at, m.active, p.name
    FROM membership m JOIN partner p ON p.id = m.partner_id
    WHERE m.customer_id = $1 AND m.state = 'open'
    ORDER BY m.id
    """,
)

_lots_by_expiry = Prepared(
    "kopilka_lots_by_expiry",
    "uuid[], uuid[]",
    """
    SELECT l.membership_id, l.expires_at, sum(l.remaining - l.held) AS points
    FROM unnest($1, $2) AS m (partner_id, id)
    JOIN lot l ON l.partner_id = m.partner_id AND l.membership_id = m.id
    WHERE l.remaining > 0 AND l.state = 'active' AND l.expires_at IS NOT NULL AND l.remaining > l.held
    GROUP BY 1, 2 ORDER BY 1, 2
    """,
)


def _expiring(rows: Iterable[Any]) -> dict[UUID, list[dict[str, Any]]]:
    rows = [row for row in rows if row.active and row.next_due_at is not None]  # nothing due: nothing ever dies
    if not rows:
        return {}
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in _lots_by_expiry(array_of(row.partner_id for row in rows), array_of(row.id for row in rows)):
        dates = found.setdefault(row.membership_id, [])
        if len(dates) < EXPIRING_SHOWN:
            dates.append({"points": int(row.points), "at": row.expires_at})
    return found


def member_facts(partner_id: UUID, membership_id: UUID, now: datetime) -> Member:
    """What pricing needs to know of a member, outside a posting. Raises `CustomerNotFound`."""
    balance = ledger.bring_up(partner_id, membership_id, now)
    row = db.session.execute(
        select(Membership, Customer)
        .join(Customer, Customer.id == Membership.customer_id)
        .where(Membership.partner_id == partner_id, Membership.id == balance.membership_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise CustomerNotFound()
    if row.Membership.tier_until is not None:
        tiers.bring_up(partner_id, row.Membership.id, now)
    return facts_of(row.Membership, row.Customer)


def facts_of(membership: Membership, customer: Customer) -> Member:
    """The same of rows that are at hand and brought up to now."""
    last, zone = membership.last_purchase_at, db.session.get_one(Partner, membership.partner_id).timezone
    return Member(
        is_vip=membership.is_vip,
        birth_date=customer.birth_date,
        earlier_purchases=membership.visits,
        average_check=membership.spent / membership.visits if membership.visits else None,
        birthday_used_on=membership.birthday_used_on,
        available=max(membership.balance - membership.held, 0),
        last_purchase_on=local_date(last, ZoneInfo(zone)) if last is not None else None,
        tier=membership.tier,
    )


# Operations

OPERATION_KINDS: dict[str, tuple[str, ...]] = {
    "earned": ("earn", "bonus"),
    "spent": ("spend",),
    "returned": ("reversal",),
    "expired": ("expire",),
    "corrected": ("manual",),
}
"""What a person may ask to see of the history, and the kinds of entries that it is."""

OPERATIONS = Prepared(
    "kopilka_operations",
    "uuid, uuid, jsonb, bigint, varchar[]",
    """
    WITH RECURSIVE mine AS (
        SELECT partner_id, id FROM membership
        WHERE customer_id = $1 AND state <> 'merged' AND ($2 IS NULL OR partner_id = $2)
        UNION
        SELECT m.partner_id, m.id FROM membership m
        JOIN mine ON m.partner_id = mine.partner_id AND m.merged_into = mine.id
    )
    SELECT e.id, e.kind, e.points, e.balance_after, e.partner_id, p.name AS partner_name, p.code AS partner_code,
           p.accent, p.currency, p.timezone, e.source, e.source_ref, e.rules ->> 'label' AS label, e.occurred_at, e.purchase_id,
           e.membership_id, e.seq, e.reverses_id, d.amount AS check_amount, d.occurred_at AS purchase_at,
           CASE WHEN e.kind IN ('earn', 'spend', 'bonus') THEN d.breakdown END AS breakdown, r.text AS reason,
           CASE WHEN e.kind = 'reversal' THEN f.amount END AS refund_amount,
           f.reference = 'undo' AS is_undo, l.waits_until, l.expires_at
    FROM mine
    CROSS JOIN LATERAL (
        SELECT * FROM entry
        WHERE entry.partner_id = mine.partner_id AND entry.membership_id = mine.id
          AND ($5 IS NULL OR entry.kind = ANY ($5))
          AND seq < coalesce(($3 ->> CAST(mine.id AS text))::bigint, 9223372036854775807)
        ORDER BY seq DESC LIMIT $4
    ) e
    JOIN partner p ON p.id = e.partner_id
    LEFT JOIN purchase d ON d.partner_id = e.partner_id AND d.id = e.purchase_id
    LEFT JOIN entry_reason r ON r.partner_id = e.partner_id AND r.entry_id = e.id
    LEFT JOIN refund f ON f.partner_id = e.partner_id AND f.purchase_id = e.purchase_id
                      AND f.n::text = split_part(e.source_ref, '#', 2)
    LEFT JOIN LATERAL (
        SELECT min(available_at) FILTER (WHERE state = 'pending' AND remaining > 0) AS waits_until,
               min(lot.expires_at) FILTER (WHERE remaining > 0) AS expires_at
        FROM lot WHERE lot.partner_id = e.partner_id AND lot.entry_id = e.id
    ) l ON e.points > 0
    ORDER BY e.id DESC LIMIT $4
    """,
)


def list_operations(
    customer_id: UUID,
    *,
    partner_id: UUID | None = None,
    kind: str | None = None,
    cursor: str | None = None,
    limit: int = 20,
    statement: Prepared = OPERATIONS,
) -> tuple[list[Any], str | None]:
    """The person's entries over all partners (or one), the newest first, and the cursor of the next page.

    `kind` is one of `OPERATION_KINDS`; `loyalty.stories` tells what each entry is. The cursor remembers for each account
    how far it was read: however long the history, a page costs the same. `statement` may tell more of each row than
    `OPERATIONS` does. Raises `InvalidCursor`.
    """
    before = _read_cursor(cursor)
    kinds = None if kind is None else list(OPERATION_KINDS[kind])
    rows = statement(customer_id, partner_id, json.dumps(before), limit + 1, kinds)
    if len(rows) <= limit:
        return rows, None
    page = rows[:limit]
    for row in page:
        before[str(row.membership_id)] = row.seq
    return page, base64.urlsafe_b64encode(json.dumps(before).encode()).decode()


def _read_cursor(cursor: str | None) -> dict[str, int]:
    if not cursor:
        return {}
    try:
        before = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
        return {str(UUID(key)): int(value) for key, value in before.items() if 0 < int(value) < 2**62}
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError):
        raise InvalidCursor() from None


# Purchases


@dataclass(frozen=True)
class PurchaseFilter:
    """Which purchases; dates are whole days of each partner's own zone, both included."""

    partner_id: UUID | None = None
    since: date | None = None
    until: date | None = None


def list_purchases(
    customer_id: UUID, wanted: PurchaseFilter, *, cursor: str | None = None, limit: int = 20
) -> tuple[list[dict[str, Any]], str | None]:
    """The person's purchases, the latest first. Raises `InvalidCursor`.

    Each has its `lines` and `refunds` (the first of them first), and the points `earned` and `spent` as refunds left them.
    """
    query = (
        select(Purchase, Partner.name, Partner.code, Partner.accent, Partner.currency, Branch.name.label("branch_name"))
        .join(Membership, (Membership.partner_id == Purchase.partner_id) & (Membership.id == Purchase.membership_id))
        .join(Partner, Partner.id == Purchase.partner_id)
        .outerjoin(Branch, (Branch.partner_id == Purchase.partner_id) & (Branch.id == Purchase.branch_id))
        .where(Membership.customer_id == customer_id, Purchase.amount > 0, *_within(wanted))
        .order_by(Purchase.occurred_at.desc(), Purchase.id.desc())
        .limit(limit + 1)
    )
    if cursor:
        at, purchase_id = read_purchase_cursor(cursor)
        query = query.where((Purchase.occurred_at < at) | ((Purchase.occurred_at == at) & (Purchase.id < purchase_id)))
    rows = db.session.execute(query).all()
    page = rows[:limit]
    shown = [row.Purchase for row in page]
    lines, refunds, points = lines_of(shown), refunds_of(shown), points_of(shown)
    items = [
        {
            "purchase": row.Purchase,
            "partner_name": row.name,
            "partner_code": row.code,
            "accent": row.accent,
            "currency": row.currency,
            "branch_name": row.branch_name,
            "lines": lines.get(row.Purchase.id, []),
            "refunds": refunds.get(row.Purchase.id, []),
            **points.get(row.Purchase.id, {"earned": 0, "spent": 0}),
        }
        for row in page
    ]
    if len(rows) <= limit:
        return items, None
    return items, write_purchase_cursor(page[-1].Purchase)


def write_purchase_cursor(last: Purchase) -> str:
    marker = json.dumps([last.occurred_at.isoformat(), str(last.id)])
    return base64.urlsafe_b64encode(marker.encode()).decode()


def read_purchase_cursor(cursor: str) -> tuple[datetime, UUID]:
    """When the last purchase of a page was, and its id. Raises `InvalidCursor`."""
    try:
        at, purchase_id = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
        moment = datetime.fromisoformat(at)
        if moment.utcoffset() is None:
            raise ValueError(at)
        return moment, UUID(purchase_id)
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError):
        raise InvalidCursor() from None


def _within(wanted: PurchaseFilter) -> list[Any]:
    local_day = func.date(func.timezone(Partner.timezone, Purchase.occurred_at))
    conditions = []
    if wanted.partner_id is not None:
        conditions.append(Purchase.partner_id == wanted.partner_id)
    if wanted.since is not None:
        conditions.append(local_day >= wanted.since)
    if wanted.until is not None:
        conditions.append(local_day <= wanted.until)
    return conditions


def lines_of(purchases: list[Purchase]) -> dict[UUID, list[PurchaseLine]]:
    """The lines of each purchase, in the order of the check."""
    return _by_purchase(select(PurchaseLine).order_by(PurchaseLine.n), PurchaseLine, purchases)


def refunds_of(purchases: list[Purchase]) -> dict[UUID, list[Refund]]:
    """The refunds of each purchase, the first one first."""
    return _by_purchase(select(Refund).order_by(Refund.n), Refund, purchases)


def _by_purchase(query: Any, of: Any, purchases: list[Purchase]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    if purchases:
        for row in db.session.scalars(query.where(*_belongs_to(of, purchases))):
            found.setdefault(row.purchase_id, []).append(row)
    return found


def points_of(purchases: list[Purchase]) -> dict[UUID, dict[str, int]]:
    """What each purchase `earned` and `spent`, as refunds left it."""
    if not purchases:
        return {}
    spends = Award.kind == "spend"
    query = (
        select(
            Award.purchase_id,
            func.coalesce(func.sum(Award.kept).filter(~spends), 0).label("earned"),
            func.coalesce(func.sum(Award.kept).filter(spends), 0).label("spent"),
        )
        .where(*_belongs_to(Award, purchases))
        .group_by(Award.purchase_id)
    )
    return {row.purchase_id: {"earned": int(row.earned), "spent": int(row.spent)} for row in db.session.execute(query)}


def _belongs_to(table: Any, purchases: list[Purchase]) -> tuple[Any, Any]:
    return (
        table.partner_id.in_({purchase.partner_id for purchase in purchases}),
        table.purchase_id.in_([purchase.id for purchase in purchases]),
    )


def summarise_purchases(customer_id: UUID, wanted: PurchaseFilter) -> dict[str, Any]:
    """Statistics of the person's purchases: money is the check net of refunds, points-paid part included.

    A fully refunded purchase counts as none. `average_check` is null without purchases; days are the partners' own.
    """
    net = Purchase.amount - Purchase.refunded
    counted = net > 0
    query = (
        select(
            func.count().filter(counted).label("purchases"),
            func.coalesce(func.sum(net), Decimal(0)).label("spent"),
            func.coalesce(func.sum(Purchase.refunded), Decimal(0)).label("refunded"),
            func.coalesce(func.sum(Purchase.paid_with_points), Decimal(0)).label("paid_with_points"),
            func.min(Purchase.occurred_at).filter(counted).label("first_at"),
            func.max(Purchase.occurred_at).filter(counted).label("last_at"),
            func.count(func.distinct(Purchase.partner_id)).filter(counted).label("partners"),
        )
        .join(Membership, (Membership.partner_id == Purchase.partner_id) & (Membership.id == Purchase.membership_id))
        .join(Partner, Partner.id == Purchase.partner_id)
        .where(Membership.customer_id == customer_id, *_within(wanted))
    )
    row = db.session.execute(query).one()._asdict()
    count = row["purchases"]
    row["average_check"] = (row["spent"] / count).quantize(Decimal("0.01")) if count else None
    return row


@dataclass(frozen=True)
class Figures:
    """What was bought in some days; money is net of refunds, a purchase that was wholly refunded counts as none."""

    purchases: int
    spent: Decimal

    @property
    def average_check(self) -> Decimal | None:
        return (self.spent / self.purchases).quantize(Decimal("0.01")) if self.purchases else None


_figures_of_periods = Prepared(
    "kopilka_figures_of_periods",
    "uuid, date[], date[]",
    """
    SELECT count(d.net) FILTER (WHERE d.net > 0) AS purchases, coalesce(sum(d.net), 0) AS spent
    FROM unnest($2, $3) WITH ORDINALITY AS period (since, until, n)
    LEFT JOIN (
        SELECT d.amount - d.refunded AS net, timezone(p.timezone, d.occurred_at)::date AS day
        FROM membership m
        JOIN partner p ON p.id = m.partner_id
        JOIN purchase d ON d.partner_id = m.partner_id AND d.membership_id = m.id
        WHERE m.customer_id = $1
    ) d ON d.day BETWEEN period.since AND period.until
    GROUP BY period.n ORDER BY period.n
    """,
)


def list_figures(customer_id: UUID, periods: Sequence[tuple[date, date]]) -> list[Figures]:
    """The person's figures of several periods (whole days of each partner's own zone, both included), by one query."""
    since, until = ("{" + ",".join(day.isoformat() for day in days) + "}" for days in zip(*periods, strict=True))
    return [Figures(row.purchases, row.spent) for row in _figures_of_periods(customer_id, since, until)]

"""What a promotion would have cost: the partner's own purchases of the last days, priced again with it.

The same code that prices a sale says what each purchase would have taken, in the order in which they happened, limits
and budget included; the rates are those frozen with each purchase. Nobody would have bought more or less: it is a cost, not
an effect.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from loyalty.lifetime import local_date
from loyalty.offers import Promotion, Terms
from loyalty.programme import price
from loyalty.promotions import list_members, require_audience
from loyalty.rules import Rules
from loyalty.types import Line, Member, Standing
from models import db
from models.customer import Customer
from models.ledger import Membership, Purchase, PurchaseLine
from models.partner import Partner

PERIOD = timedelta(days=90)
PAGE = 500
_ANYTIME = datetime.min.replace(tzinfo=ZoneInfo("UTC"))


@dataclass(frozen=True)
class Cost:
    """`points` it would have given to `people` in `uses` of the `purchases` there were, of a `turnover` (check values net of
    refunds) of those it would have been used in. `gone_on` is the day its budget or number of uses would have been used
    up."""

    purchases: int
    uses: int
    people: int
    points: int
    turnover: Decimal
    gone_on: date | None


@dataclass
class _Past:
    """What was known of a member before a purchase."""

    visits: int
    spent: Decimal
    last_on: date | None


def try_on_past(partner: Partner, kind: str, terms: object, *, now: datetime, promotion_id: UUID | None = None) -> Cost:
    """Try terms on the last 90 days; nothing is stored. `promotion_id` names whose list counts, for a list.

    Raises `InvalidPromotion`, `FeatureLocked`.
    """
    read = Terms.from_json(kind, terms)
    require_audience(partner, read)
    one = Promotion(promotion_id or UUID(int=0), "", kind, read, _ANYTIME)
    listed = list_members(partner.id, promotion_id) if promotion_id is not None else frozenset()
    since, zone = now - PERIOD, ZoneInfo(partner.timezone)
    past = _pasts(partner, since, zone)
    taken: dict[UUID, list[date]] = defaultdict(list)
    purchases = uses = points = 0
    turnover, gone_on = Decimal("0.00"), None
    for bought, lines in _purchases(partner.id, since, now):
        on = local_date(bought.Purchase.occurred_at, zone)
        before = past.setdefault(bought.Purchase.membership_id, _Past(0, Decimal(0), None))
        days = taken[bought.Purchase.membership_id]
        member = Member(
            is_vip=bought.is_vip,
            birth_date=bought.birth_date,
            earlier_purchases=before.visits,
            average_check=before.spent / before.visits if before.visits else None,
            last_purchase_on=before.last_on,
            tier=bought.tier,
            promotions={
                one.id: Standing(
                    uses=len(days),
                    uses_today=days.count(on),
                    last_used_on=max(days, default=None),
                    is_listed=bought.Purchase.membership_id in listed,
                    all_uses=uses,
                    all_points=points,
                )
            },
        )
        purchases += 1
        gives = _gives(bought.Purchase, lines, one, member, zone)
        if gives:
            uses, points = uses + 1, points + gives
            turnover += bought.Purchase.amount - bought.Purchase.refunded
            days.append(on)
            is_gone = (read.budget is not None and points >= read.budget) or uses == read.most_uses
            gone_on = gone_on or (on if is_gone else None)
        before.visits, before.spent, before.last_on = before.visits + 1, before.spent + bought.Purchase.amount, on
    people = sum(1 for days in taken.values() if days)
    return Cost(purchases, uses, people, points, turnover, gone_on)


def _gives(purchase: Purchase, lines: list[Line], one: Promotion, member: Member, zone: ZoneInfo) -> int:
    """What the promotion adds to this purchase at its own rates; the multipliers that applied then stay as they were."""
    frozen = purchase.rules
    if not lines or "rate" not in frozen:
        return 0
    rules = Rules(
        rate=Decimal(frozen["rate"]) * Decimal(frozen["multiplier"]),
        point_value=Decimal(frozen["point_value"]),
        eligible_categories=tuple(frozen["eligible_categories"]) if frozen["eligible_categories"] else None,
        promotions=(one,),
    )
    paid = int(purchase.paid_with_points / rules.point_value)
    priced = price(lines, rules, replace(member, is_vip=False), at=purchase.occurred_at, zone=zone, spend_points=paid)
    return sum(promoted.points for promoted in priced.promoted)


def _pasts(partner: Partner, since: datetime, zone: ZoneInfo) -> dict[UUID, _Past]:
    """What was known of each member when the period began."""
    rows = db.session.execute(
        select(
            Purchase.membership_id,
            func.count().label("visits"),
            func.sum(Purchase.amount).label("spent"),
            func.max(Purchase.occurred_at).label("last"),
        )
        .where(Purchase.partner_id == partner.id, Purchase.occurred_at < since, Purchase.refunded < Purchase.amount)
        .group_by(Purchase.membership_id)
    )
    return {row.membership_id: _Past(row.visits, row.spent, local_date(row.last, zone)) for row in rows}


def _purchases(partner_id: UUID, since: datetime, now: datetime) -> Iterator[tuple[Any, list[Line]]]:
    """The purchases of the period that were not wholly returned, with their lines, in the order they happened."""
    last: tuple[datetime, UUID] | None = None
    while True:
        wanted = (
            select(Purchase, Membership.is_vip, Membership.tier, Customer.birth_date)
            .join(
                Membership, (Membership.partner_id == Purchase.partner_id) & (Membership.id == Purchase.membership_id)
            )
            .join(Customer, Customer.id == Membership.customer_id)
            .where(Purchase.partner_id == partner_id, Purchase.refunded < Purchase.amount)
            .where(Purchase.occurred_at.between(since, now))
            .order_by(Purchase.occurred_at, Purchase.id)
            .limit(PAGE)
        )
        if last is not None:
            at, purchase_id = last
            wanted = wanted.where(
                (Purchase.occurred_at > at) | ((Purchase.occurred_at == at) & (Purchase.id > purchase_id))
            )
        page = db.session.execute(wanted).all()
        lines = _lines(partner_id, [row.Purchase.id for row in page])
        for row in page:
            yield row, lines.get(row.Purchase.id, [])
        if len(page) < PAGE:
            return
        last = (page[-1].Purchase.occurred_at, page[-1].Purchase.id)


def _lines(partner_id: UUID, purchases: list[UUID]) -> dict[UUID, list[Line]]:
    found: dict[UUID, list[Line]] = defaultdict(list)
    rows = db.session.scalars(
        select(PurchaseLine)
        .where(PurchaseLine.partner_id == partner_id, PurchaseLine.purchase_id.in_(purchases))
        .order_by(PurchaseLine.purchase_id, PurchaseLine.n)
    )
    for row in rows:
        found[row.purchase_id].append(
            Line(row.amount, category=row.category, no_accrual=row.no_accrual, no_spending=row.no_spending)
        )
    return found

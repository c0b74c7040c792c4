"""Promotions of a partner: made, tried on the past, switched on, stopped, and what they gave.

A purchase is priced with those that are on (`loyalty.offers`); what it took is written beside it. Limits are exact: the
rows of limited promotions are locked, after the account, in the order of their ids, before the price is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select, update

from loyalty import audit, plans
from loyalty.customers import find, membership_of
from loyalty.errors import CustomerNotFound, InvalidPromotion, LoyaltyError, PromotionNotFound
from loyalty.identities import recognise
from loyalty.lifetime import local_date
from loyalty.names import require_name
from loyalty.offers import Promotion, Terms
from loyalty.prepared import Prepared, array_of
from loyalty.programmes import rules_in_force
from loyalty.rules import Rules
from loyalty.types import Member, Pricing, Standing
from models import db, new_id
from models.ledger import Purchase
from models.partner import Partner
from models.promotion import PromotionListed, PromotionRow, PromotionUse

STATES = ("draft", "on", "stopped")
CHOSEN = ("tier", "list", "rule")
"""Audiences that `targeting` opens."""
MOST_ON = 50
"""How many of one partner may be on at once."""
MOST_LISTED = 500
"""How many are put on a list at once."""

_lock = Prepared(
    "kopilka_lock_promotions",
    "uuid, uuid[]",
    "SELECT id FROM promotion WHERE partner_id = $1 AND id = ANY($2) ORDER BY id FOR NO KEY UPDATE",
)
_standing = Prepared(
    "kopilka_promotion_standing",
    "uuid, uuid, uuid[], date",
    """
    SELECT p.id, p.uses AS all_uses, p.points AS all_points, count(u.purchase_id) AS uses,
           count(u.purchase_id) FILTER (WHERE u.day = $4) AS uses_today, max(u.day) AS last_used_on,
           EXISTS (SELECT FROM promotion_listed l
                   WHERE l.partner_id = p.partner_id AND l.promotion_id = p.id AND l.membership_id = $2) AS is_listed
    FROM promotion p LEFT JOIN promotion_use u ON u.partner_id = p.partner_id AND u.promotion_id = p.id
         AND u.membership_id = $2 AND NOT u.is_undone
    WHERE p.partner_id = $1 AND p.id = ANY($3)
    GROUP BY p.partner_id, p.id
    """,
)


@dataclass(frozen=True)
class Contacted:
    """Of a list of contacts: how many people are `added`, how many `found` among the members, and which lines are nobody."""

    added: int
    found: int
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class Results:
    """What a promotion gave: a description of what happened with it, not of what it caused.

    `points` are as posted; `turnover` is the check values net of refunds.
    """

    uses: int
    people: int
    points: int
    turnover: Decimal


def know(
    partner: Partner, membership_id: UUID | None, member: Member, rules: Rules, at: datetime, *, lock: bool = False
) -> Member:
    """The member with how each promotion stands for them; asks nothing where none is on.

    With `lock` nobody else takes of the limited ones until the transaction ends.
    """
    if not rules.promotions:
        return member
    ids = [one.id for one in rules.promotions]
    if lock and any(one.terms.budget or one.terms.most_uses for one in rules.promotions):
        _lock(partner.id, array_of(ids))  # all of them: who counts uses takes the rows in the same order
    day = local_date(at, ZoneInfo(partner.timezone))
    rows = _standing(partner.id, membership_id or UUID(int=0), array_of(ids), day)
    return replace(
        member,
        promotions={
            row.id: Standing(
                uses=row.uses,
                uses_today=row.uses_today,
                last_used_on=row.last_used_on,
                is_listed=row.is_listed,
                all_uses=row.all_uses,
                all_points=row.all_points,
            )
            for row in rows
        },
    )


def record_uses(partner: Partner, membership_id: UUID, purchase_id: UUID, pricing: Pricing, at: datetime) -> None:
    """Note what a purchase took, in the transaction that posts it."""
    if not pricing.promoted:
        return
    given: dict[UUID, int] = {}
    for one in pricing.promoted:
        given[one.promotion_id] = given.get(one.promotion_id, 0) + one.points
    day = local_date(at, ZoneInfo(partner.timezone))
    for promotion_id, points in sorted(given.items()):
        _count(partner.id, promotion_id, uses=1, points=points)
        db.session.add(
            PromotionUse(
                partner_id=partner.id,
                promotion_id=promotion_id,
                purchase_id=purchase_id,
                membership_id=membership_id,
                points=points,
                day=day,
            )
        )
    db.session.flush()


def forget_uses(partner_id: UUID, purchase_id: UUID) -> None:
    """An undone purchase took nothing: limits and budgets are as before it."""
    used = (
        select(PromotionUse)
        .where(PromotionUse.partner_id == partner_id, PromotionUse.purchase_id == purchase_id)
        .where(PromotionUse.is_undone.is_(False))
        .order_by(PromotionUse.promotion_id)
        .with_for_update()
    )
    for use in db.session.scalars(used).all():
        use.is_undone = True
        _count(partner_id, use.promotion_id, uses=-1, points=-use.points)
    db.session.flush()


# Made and switched


def make(
    partner: Partner,
    *,
    name: str,
    kind: str,
    terms: object,
    starts_at: datetime,
    ends_at: datetime | None,
    by: UUID | None,
    now: datetime,
) -> PromotionRow:
    """A draft: it gives nothing yet. Raises `InvalidPromotion`, `InvalidName`, `FeatureLocked`."""
    read = _check(partner, name, kind, terms, starts_at, ends_at, now)
    row = PromotionRow(
        partner_id=partner.id,
        id=new_id(),
        name=require_name(name),
        kind=kind,
        terms=read.to_json(),
        starts_at=starts_at,
        ends_at=ends_at,
        created_by=by,
        created_at=now,
    )
    db.session.add(row)
    db.session.flush()
    audit.record("promotion.make", actor=by, partner_id=partner.id, subject=row.id)
    return row


def change(
    partner: Partner,
    promotion_id: UUID,
    *,
    name: str,
    kind: str,
    terms: object,
    starts_at: datetime,
    ends_at: datetime | None,
    by: UUID | None,
    now: datetime,
) -> PromotionRow:
    """Another draft in its place. What was switched on is as it was told to people: stop it and make another.

    Raises `PromotionNotFound`, `InvalidPromotion`, `FeatureLocked`.
    """
    row = _find(partner.id, promotion_id, lock=True)
    if row.state != "draft":
        raise InvalidPromotion("was switched on: stop it and make another")
    read = _check(partner, name, kind, terms, starts_at, ends_at, now)
    row.name, row.kind, row.terms = require_name(name), kind, read.to_json()
    row.starts_at, row.ends_at = starts_at, ends_at
    db.session.flush()
    return row


def switch_on(partner: Partner, promotion_id: UUID, *, by: UUID | None, now: datetime) -> PromotionRow:
    """From its beginning on it is part of every price; twice is once. What was on before the plan was lowered stays on.

    Raises `PromotionNotFound`, `InvalidPromotion`, `FeatureLocked`.
    """
    locked = select(Partner.id).where(Partner.id == partner.id).with_for_update(key_share=True)
    db.session.execute(locked)
    row = _find(partner.id, promotion_id, lock=True)
    if row.state == "on":
        return row
    if row.state != "draft":
        raise InvalidPromotion("was stopped: make another")
    require_audience(partner, Terms.from_json(row.kind, row.terms))
    if row.ends_at is not None and row.ends_at <= now:
        raise InvalidPromotion("has ended before it began", field="ends_at")
    on = select(func.count()).select_from(PromotionRow)
    if db.session.scalar(on.where(PromotionRow.partner_id == partner.id, PromotionRow.state == "on")) >= MOST_ON:
        raise InvalidPromotion(f"would be one of more than {MOST_ON}: stop another one first")
    row.state = "on"
    db.session.flush()
    audit.record("promotion.on", actor=by, partner_id=partner.id, subject=row.id)
    return row


def stop(partner: Partner, promotion_id: UUID, *, by: UUID | None, now: datetime) -> PromotionRow:
    """From now on it gives nothing; what it gave stays. Twice is once. Raises `PromotionNotFound`."""
    row = _find(partner.id, promotion_id, lock=True)
    if row.state != "stopped":
        row.state = "stopped"
        db.session.flush()
        audit.record("promotion.stop", actor=by, partner_id=partner.id, subject=row.id)
    return row


def put_on_list(partner: Partner, promotion_id: UUID, people: Sequence[UUID]) -> int:
    """Put members on the promotion's list, by customer ids; how many are new there. Raises `CustomerNotFound`, all or
    nothing, and `PromotionNotFound`."""
    _find(partner.id, promotion_id)
    added = 0
    for customer_id in dict.fromkeys(people):
        membership = membership_of(customer_id, partner.id)
        if membership is None:
            raise CustomerNotFound()
        key = (partner.id, promotion_id, membership.id)
        if db.session.get(PromotionListed, key) is None:
            db.session.add(PromotionListed(partner_id=key[0], promotion_id=key[1], membership_id=key[2]))
            added += 1
    db.session.flush()
    return added


def put_contacts_on_list(partner: Partner, promotion_id: UUID, contacts: Sequence[str]) -> Contacted:
    """Put members on the promotion's list by phone, card or e-mail as people write them, one each; who is none stays out.

    Raises `PromotionNotFound`, and `InvalidPromotion` for more than `MOST_LISTED` at once or where it has no list.
    """
    if _find(partner.id, promotion_id).terms.get("audience") != "list":
        raise InvalidPromotion("is not for a list", field="audience")
    written = list(dict.fromkeys(line.strip() for line in contacts if line.strip()))
    if len(written) > MOST_LISTED:
        raise InvalidPromotion(f"takes at most {MOST_LISTED} customers at once", field="contacts")
    people: dict[UUID, None] = {}
    unknown = []
    for contact in written:
        found = _find_contact(partner, contact)
        if found is None:
            unknown.append(contact)
        else:
            people[found] = None
    return Contacted(put_on_list(partner, promotion_id, list(people)), len(people), tuple(unknown))


def empty_list(partner: Partner, promotion_id: UUID) -> None:
    """Nobody is on the promotion's list any more; what it gave stays. Raises `PromotionNotFound`."""
    _find(partner.id, promotion_id, lock=True)
    gone = delete(PromotionListed).where(
        PromotionListed.partner_id == partner.id, PromotionListed.promotion_id == promotion_id
    )
    db.session.execute(gone, execution_options={"synchronize_session": False})
    db.session.flush()


def _find_contact(partner: Partner, contact: str) -> UUID | None:
    try:
        identifier = recognise(contact, partner)
    except LoyaltyError:
        return None
    if identifier.kind not in ("phone", "email", "card"):
        return None
    customer = find(identifier)
    is_member = customer is not None and membership_of(customer.id, partner.id) is not None
    return customer.id if is_member else None


def list_members(partner_id: UUID, promotion_id: UUID) -> frozenset[UUID]:
    """The memberships on a promotion's list."""
    wanted = select(PromotionListed.membership_id).where(
        PromotionListed.partner_id == partner_id, PromotionListed.promotion_id == promotion_id
    )
    return frozenset(db.session.scalars(wanted))


# Read


def get_promotion(partner_id: UUID, promotion_id: UUID) -> PromotionRow:
    """Raises `PromotionNotFound`, for another partner's too."""
    return _find(partner_id, promotion_id)


def list_promotions(
    partner_id: UUID, *, state: str | None = None, after: UUID | None = None, limit: int = 20
) -> list[PromotionRow]:
    """The latest made first, of one state on request; after one of them."""
    wanted = select(PromotionRow).where(PromotionRow.partner_id == partner_id).order_by(PromotionRow.id.desc())
    if state is not None:
        wanted = wanted.where(PromotionRow.state == state)
    if after is not None:
        wanted = wanted.where(PromotionRow.id < after)
    return list(db.session.scalars(wanted.limit(limit)))


def list_running(partner_id: UUID, now: datetime) -> list[Promotion]:
    """What customers may be told of: on, begun and not over."""
    rules = rules_in_force(partner_id)[1]
    return [one for one in rules.promotions if one.starts_at <= now and (one.ends_at is None or now < one.ends_at)]


def read_promotion(row: PromotionRow) -> Promotion:
    return Promotion(row.id, row.name, row.kind, Terms.from_json(row.kind, row.terms), row.starts_at, row.ends_at)


def results(partner_id: UUID, promotion_id: UUID) -> Results:
    """Raises `PromotionNotFound`."""
    _find(partner_id, promotion_id)
    row = db.session.execute(
        select(
            func.count().label("uses"),
            func.count(PromotionUse.membership_id.distinct()).label("people"),
            func.coalesce(func.sum(PromotionUse.points), 0).label("points"),
            func.coalesce(func.sum(Purchase.amount - Purchase.refunded), 0).label("turnover"),
        )
        .select_from(PromotionUse)
        .join(Purchase, (Purchase.partner_id == PromotionUse.partner_id) & (Purchase.id == PromotionUse.purchase_id))
        .where(PromotionUse.partner_id == partner_id, PromotionUse.promotion_id == promotion_id)
        .where(PromotionUse.is_undone.is_(False))
    ).one()
    return Results(row.uses, row.people, int(row.points), Decimal(row.turnover).quantize(Decimal("0.01")))


def require_audience(partner: Partner, terms: Terms) -> None:
    """Some customers of many are chosen by tier, list or rule under higher plans only. Raises `FeatureLocked`."""
    if terms.audience in CHOSEN:
        plans.require(partner, "targeting")


def _check(
    partner: Partner,
    name: object,
    kind: str,
    terms: object,
    starts_at: datetime,
    ends_at: datetime | None,
    now: datetime,
) -> Terms:
    if ends_at is not None and ends_at <= starts_at:
        raise InvalidPromotion("must be after the beginning", field="ends_at")
    if ends_at is not None and ends_at <= now:
        raise InvalidPromotion("lies in the past", field="ends_at")
    read = Terms.from_json(kind, terms)
    require_audience(partner, read)
    return read


def _find(partner_id: UUID, promotion_id: UUID, *, lock: bool = False) -> PromotionRow:
    wanted = select(PromotionRow).where(PromotionRow.partner_id == partner_id, PromotionRow.id == promotion_id)
    if lock:
        wanted = wanted.with_for_update()
    row = db.session.scalar(wanted, execution_options={"populate_existing": lock})
    if row is None:
        raise PromotionNotFound()
    return row


def _count(partner_id: UUID, promotion_id: UUID, *, uses: int, points: int) -> None:
    counted = update(PromotionRow).where(PromotionRow.partner_id == partner_id, PromotionRow.id == promotion_id)
    counted = counted.values(uses=PromotionRow.uses + uses, points=PromotionRow.points + points)
    db.session.execute(counted, execution_options={"synchronize_session": False})

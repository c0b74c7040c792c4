"""A partner's catalogue: what it sells by name, at what price and in how much time, in the order it wants.

Names are unique among the living, however they are written; what is archived keeps its name and can come back. Services of
one category stand together. Hidden ones are not shown to customers; staff still sell them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY

from loyalty import audit
from loyalty.errors import InvalidPurchase, InvalidService, ServiceExists, ServiceNotFound
from loyalty.money import parse_money
from loyalty.names import fold, require_name, tidy_name
from loyalty.sales import Basket
from loyalty.types import Line
from models import db, new_id
from models.ledger import Membership
from models.partner import Partner
from models.service import Service

MOST = 1000
"""How many living services a partner may have."""
LONGEST_CATEGORY = 100
LONGEST_MINUTES = 24 * 60
MOST_CHOSEN = 100
"""How many services one purchase may name."""


@dataclass(frozen=True)
class Draft:
    """A service as somebody wrote it down, checked; `read_draft` makes it."""

    name: str
    price: Decimal
    category: str | None = None
    minutes: int | None = None
    is_hidden: bool = False

    def differs(self, row: Service) -> bool:
        return any(getattr(row, name) != value for name, value in vars(self).items())


def read_draft(
    *, name: object, price: object, category: object = None, minutes: object = None, is_hidden: bool = False
) -> Draft:
    """Raises `InvalidName`, `InvalidAmount`, `InvalidService`, each naming its field."""
    kept = tidy_name(category, field="category")
    if kept is not None and len(kept) > LONGEST_CATEGORY:
        raise InvalidService(f"must have at most {LONGEST_CATEGORY} characters", field="category")
    is_time = minutes is None or (type(minutes) is int and 1 <= minutes <= LONGEST_MINUTES)
    if not is_time:
        raise InvalidService(f"must be a whole number from 1 to {LONGEST_MINUTES}", field="minutes")
    return Draft(require_name(name), parse_money(price, allow_zero=True, field="price"), kept, minutes, is_hidden)


# Read


def visible(partner_id: UUID) -> list[Service]:
    """What customers are shown, in the partner's order: services of one category stand together."""
    return list(db.session.scalars(_living(partner_id).where(Service.is_hidden.is_(False))))


def by_category(rows: Iterable[Service]) -> list[tuple[str | None, list[Service]]]:
    """The same services under their categories; None: those of none."""
    return [(category, list(some)) for category, some in groupby(rows, key=lambda one: one.category)]


def list_services(
    partner_id: UUID,
    query: str | None = None,
    *,
    category: str | None = None,
    state: str = "living",
    after: UUID | None = None,
    limit: int = 20,
) -> list[Service]:
    """The catalogue for staff, in its order, by a part of the name or of the category; after one of them.

    `state` is living, shown, hidden or archived (those the latest first).
    """
    if state == "archived":
        wanted = select(Service).where(Service.partner_id == partner_id, Service.archived_at.is_not(None))
        wanted = wanted.order_by(Service.id.desc())
    else:
        wanted = _living(partner_id)
    if state in ("shown", "hidden"):
        wanted = wanted.where(Service.is_hidden.is_(state == "hidden"))
    if words := fold(" ".join((query or "").split())):
        like = [one for one in _all_categories(partner_id) if words in fold(one)]
        wanted = wanted.where(Service.folded.contains(words, autoescape=True) | Service.category.in_(like))
    if category is not None:
        wanted = wanted.where(Service.category == category)
    if after is not None:
        wanted = wanted.where(_after(partner_id, after, archived=state == "archived"))
    return list(db.session.scalars(wanted.limit(limit)))


def list_categories(partner_id: UUID) -> list[tuple[str, int]]:
    """The categories of the living services in the partner's order, and how many each has."""
    wanted = (
        select(Service.category, func.count())
        .where(Service.partner_id == partner_id, Service.archived_at.is_(None), Service.category.is_not(None))
        .group_by(Service.category)
        .order_by(func.min(Service.position))
    )
    return [(category, count) for category, count in db.session.execute(wanted)]


def get_service(partner_id: UUID, service_id: UUID) -> Service:
    """Living or archived. Raises `ServiceNotFound`, for another partner's too."""
    row = db.session.get(Service, (partner_id, service_id), populate_existing=True)
    if row is None:
        raise ServiceNotFound()
    return row


def list_sellers(customer_id: UUID) -> list[Partner]:
    """The partners of a person that show services, by name."""
    shown = select(Service.id).where(
        Service.partner_id == Partner.id, Service.archived_at.is_(None), Service.is_hidden.is_(False)
    )
    wanted = (
        select(Partner)
        .join(Membership, Membership.partner_id == Partner.id)
        .where(Membership.customer_id == customer_id, Membership.state == "open", Partner.state == "active")
        .where(shown.exists())
        .order_by(Partner.name, Partner.id)
    )
    return list(db.session.scalars(wanted))


# Changed


def make(partner: Partner, draft: Draft, *, by: UUID | None, now: datetime) -> Service:
    """Put one more into the catalogue, after the last of its category. Raises `ServiceExists`, `InvalidService`."""
    _lock(partner.id)
    count = select(func.count()).where(Service.partner_id == partner.id, Service.archived_at.is_(None))
    if db.session.scalar(count) >= MOST:
        raise InvalidService(f"would be one of more than {MOST}: archive another one first")
    require_free_name(partner.id, draft.name)
    draft = _spell(partner.id, draft)
    row = Service(
        partner_id=partner.id, id=new_id(), position=0, folded=fold(draft.name), created_at=now, **vars(draft)
    )
    db.session.add(row)
    _place(row)
    audit.record("service.make", actor=by, partner_id=partner.id, subject=row.id)
    return row


def change(partner: Partner, service_id: UUID, draft: Draft, *, by: UUID | None) -> Service:
    """Write it anew; purchases keep what they were made with. Raises `ServiceNotFound`, `ServiceExists`."""
    _lock(partner.id)
    row, draft = _find_living(partner.id, service_id), _spell(partner.id, draft)
    if not draft.differs(row):
        return row
    if fold(draft.name) != row.folded:
        require_free_name(partner.id, draft.name)
    moves = draft.category != row.category
    for name, value in vars(draft).items():
        setattr(row, name, value)
    row.folded = fold(draft.name)
    db.session.flush()
    if moves:
        _place(row)
    audit.record("service.change", actor=by, partner_id=partner.id, subject=row.id)
    return row


def hide(partner: Partner, service_id: UUID, is_hidden: bool = True, *, by: UUID | None) -> Service:
    """Keep it from customers, or show it again; twice is once. Raises `ServiceNotFound`."""
    _lock(partner.id)
    row = _find_living(partner.id, service_id)
    if row.is_hidden != is_hidden:
        row.is_hidden = is_hidden
        db.session.flush()
        action = "service.hide" if is_hidden else "service.show"
        audit.record(action, actor=by, partner_id=partner.id, subject=row.id)
    return row


def archive(partner: Partner, service_id: UUID, *, by: UUID | None, now: datetime) -> Service:
    """It is sold no more; its name is free. Twice is once. Raises `ServiceNotFound`."""
    _lock(partner.id)
    row = get_service(partner.id, service_id)
    if row.archived_at is None:
        row.archived_at = now
        db.session.flush()
        audit.record("service.archive", actor=by, partner_id=partner.id, subject=row.id)
    return row


def restore(partner: Partner, service_id: UUID, *, by: UUID | None) -> Service:
    """Sold again, as it was; twice is once. Raises `ServiceNotFound`, `ServiceExists` when its name was given away."""
    _lock(partner.id)
    row = get_service(partner.id, service_id)
    if row.archived_at is not None:
        require_free_name(partner.id, row.name)
        row.archived_at = None
        db.session.flush()
        _place(row)
        audit.record("service.restore", actor=by, partner_id=partner.id, subject=row.id)
    return row


def move(partner: Partner, service_id: UUID, *, up: bool) -> Service:
    """One place up or down within its category; at its edge the whole category changes places with its neighbour."""
    _lock(partner.id)
    row = _find_living(partner.id, service_id)
    groups = [ids for _, ids in _order(partner.id)]
    at = next(n for n, ids in enumerate(groups) if row.id in ids)
    ids, step = groups[at], -1 if up else 1
    place = ids.index(row.id)
    if 0 <= place + step < len(ids):
        ids[place], ids[place + step] = ids[place + step], ids[place]
    elif 0 <= at + step < len(groups):
        groups[at], groups[at + step] = groups[at + step], groups[at]
    _arrange(partner.id, [one for ids in groups for one in ids])
    return row


def choose(partner_id: UUID, chosen: Sequence[UUID]) -> list[Service]:
    """The living services that a sale names, as they were named, one as often as it was. Raises `ServiceNotFound`,
    `InvalidService` for too many."""
    if len(chosen) > MOST_CHOSEN:
        raise InvalidService(f"are more than {MOST_CHOSEN}", field="services")
    rows = {row.id: row for row in db.session.scalars(_living(partner_id).where(Service.id.in_(set(chosen))))}
    if not rows.keys() >= set(chosen):
        raise ServiceNotFound()
    return [rows[one] for one in chosen]


def fill_basket(partner_id: UUID, chosen: Sequence[UUID], amount: Decimal | None) -> Basket:
    """The check of a sale that names services: a line for each, the sum theirs unless another one is typed.

    A smaller sum is a discount on all of them, a larger one has a line without a name for the rest. Raises as `choose`,
    and `InvalidPurchase` where neither says a sum.
    """
    rows = choose(partner_id, chosen)
    times = Counter(row.id for row in rows)
    lines = [
        Line(row.price * times[row.id], row.name, category=row.category, quantity=Decimal(times[row.id]))
        for row in {row.id: row for row in rows}.values()
    ]
    total = sum((line.amount for line in lines), Decimal(0))
    if amount is None and not total:
        raise InvalidPurchase("says no sum", field="amount")
    if amount is not None and amount > total and lines:
        lines.append(Line(amount - total))
    return Basket(total if amount is None else amount, tuple(lines))


def _living(partner_id: UUID) -> Any:
    living = select(Service).where(Service.partner_id == partner_id, Service.archived_at.is_(None))
    return living.order_by(Service.position, Service.id)


def _after(partner_id: UUID, after: UUID, *, archived: bool) -> Any:
    if archived:
        return Service.id < after
    place = select(Service.position).where(Service.partner_id == partner_id, Service.id == after).scalar_subquery()
    return tuple_(Service.position, Service.id) > tuple_(place, after)


def _lock(partner_id: UUID) -> None:
    """Changes of one catalogue go one after another: names and places are looked at before they are taken."""
    db.session.execute(select(Partner.id).where(Partner.id == partner_id).with_for_update(key_share=True))


def _find_living(partner_id: UUID, service_id: UUID) -> Service:
    row = get_service(partner_id, service_id)
    if row.archived_at is not None:
        raise ServiceNotFound()
    return row


def _all_categories(partner_id: UUID) -> list[str]:
    wanted = select(Service.category).where(Service.partner_id == partner_id, Service.category.is_not(None))
    return list(db.session.scalars(wanted.distinct()))


def _spell(partner_id: UUID, draft: Draft) -> Draft:
    """The category as the catalogue writes it already: «стрижки» beside «Стрижки» is the same one."""
    if draft.category is None:
        return draft
    known = (one for one, _ in list_categories(partner_id) if fold(one) == fold(draft.category))
    return replace(draft, category=next(known, draft.category))


def require_free_name(partner_id: UUID, name: str) -> None:
    """Raises `ServiceExists`."""
    taken = select(Service.id).where(
        Service.partner_id == partner_id, Service.archived_at.is_(None), Service.folded == fold(name)
    )
    if db.session.scalar(taken) is not None:
        raise ServiceExists()


def _order(partner_id: UUID) -> list[tuple[str | None, list[UUID]]]:
    wanted = select(Service.category, Service.id).where(Service.partner_id == partner_id, Service.archived_at.is_(None))
    rows = db.session.execute(wanted.order_by(Service.position, Service.id)).all()
    return [(category, [row.id for row in some]) for category, some in groupby(rows, key=lambda row: row.category)]


def _place(row: Service) -> None:
    """After the last of its category; a category that begins stands last."""
    db.session.flush()
    wanted = select(Service.category, Service.id).where(
        Service.partner_id == row.partner_id, Service.archived_at.is_(None), Service.id != row.id
    )
    others = db.session.execute(wanted.order_by(Service.position, Service.id)).all()
    last = max((n for n, one in enumerate(others) if one.category == row.category), default=len(others) - 1)
    ids = [one.id for one in others]
    _arrange(row.partner_id, [*ids[: last + 1], row.id, *ids[last + 1 :]])


def _arrange(partner_id: UUID, ids: list[UUID]) -> None:
    """Number them from 1 in this order; only those that move are written."""
    placed = func.unnest(db.cast(ids, ARRAY(db.Uuid))).table_valued("id", with_ordinality="n").render_derived()
    moved = (
        update(Service)
        .where(Service.partner_id == partner_id, Service.id == placed.c.id, Service.position != placed.c.n)
        .values(position=placed.c.n)
    )
    db.session.execute(moved, execution_options={"synchronize_session": False})
    db.session.flush()

"""Tiers (уровни): who spent or earned so much in a window of time earns faster. The balance never counts.

Up at once, with the purchase that reaches a threshold; down when the window ends, or with the refund that falls below it,
where the partner says so. Of a calendar year the year before counts too: what one has reached lasts through the next year.
A VIP is somebody whom the partner made so by hand: of VIP and tier the larger factor counts.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, tuple_, update

from loyalty import audit
from loyalty.errors import InvalidTiers
from loyalty.money import format_money, parse_money
from loyalty.rules import write_decimal
from loyalty.types import Level, TierScheme
from models import db
from models.ledger import Award, Membership, Purchase
from models.partner import Partner
from models.tier import TierChange

MEASURES = ("spent", "earned")
WINDOWS = ("year", "days", "ever")
MOST_LEVELS = 10
LONGEST_NAME = 40


@dataclass(frozen=True)
class TierStanding:
    """Where a member stands: `sum` is money spent or points earned in the window, `missing` what the `following` level
    needs (None at the top), `until` when the present tier is looked at again (None: it stays)."""

    tier: str | None
    factor: Decimal | None
    sum: Decimal
    measure: str
    following: str | None
    missing: Decimal | None
    until: datetime | None


def read_scheme(data: object) -> TierScheme | None:
    """None for an empty object: the partner has no tiers. Raises `InvalidTiers` naming the field."""
    if data in ({}, None):
        return None
    if not isinstance(data, Mapping) or not data.keys() <= {"measure", "window", "days", "falls_on_refund", "levels"}:
        raise InvalidTiers("must say measure, window, days, falls_on_refund and levels")
    measure, window, days = data.get("measure"), data.get("window"), data.get("days")
    falls = data.get("falls_on_refund", False)
    if measure not in MEASURES:
        raise InvalidTiers(f"must be one of: {', '.join(MEASURES)}", field="measure")
    if window not in WINDOWS:
        raise InvalidTiers(f"must be one of: {', '.join(WINDOWS)}", field="window")
    if not isinstance(falls, bool):
        raise InvalidTiers("must be yes or no", field="falls_on_refund")
    if window == "days" and not (type(days) is int and 1 <= days <= 3650):
        raise InvalidTiers("must be a whole number from 1 to 3650", field="days")
    if window != "days" and days is not None:
        raise InvalidTiers("goes with the window of days", field="days")
    return TierScheme(measure, window, days, falls, _read_levels(data.get("levels")))


def write_scheme(scheme: TierScheme | None) -> dict[str, Any]:
    """`read_scheme` gives an equal scheme back."""
    if scheme is None:
        return {}
    written: dict[str, Any] = {
        "measure": scheme.measure,
        "window": scheme.window,
        "falls_on_refund": scheme.falls_on_refund,
        "levels": [
            {"name": one.name, "threshold": format_money(one.threshold), "factor": write_decimal(one.factor)}
            for one in scheme.levels
        ],
    }
    return written | ({"days": scheme.days} if scheme.days is not None else {})


def set_scheme(partner: Partner, scheme: TierScheme | None, *, by: UUID | None, now: datetime) -> None:
    """Tiers are so from now on; everybody's is looked at anew by the schedule, within minutes."""
    partner.tier_scheme = write_scheme(scheme)
    members = update(Membership).where(Membership.partner_id == partner.id, Membership.state == "open")
    members = members.values(tier=None, tier_until=None) if scheme is None else members.values(tier_until=now)
    db.session.execute(members, execution_options={"synchronize_session": "fetch"})
    db.session.flush()
    audit.record("tiers.change", actor=by, partner_id=partner.id, details=partner.tier_scheme)


def review(
    partner: Partner, membership_id: UUID, now: datetime, *, purchase_id: UUID | None = None, may_fall: bool = False
) -> str | None:
    """Look at a member's tier after something moved, under the lock of their account; the tier they have then.

    It rises at once; it falls when its time has come, or now with `may_fall`. `purchase_id` is the purchase that moved it.
    """
    scheme = read_scheme(partner.tier_scheme)
    if scheme is None:
        return None
    member = db.session.get_one(Membership, (partner.id, membership_id), with_for_update=True, populate_existing=True)
    zone = ZoneInfo(partner.timezone)
    reached = _level_of(scheme, _best_sum(scheme, member, zone, now))
    present = _index(scheme, member.tier)
    is_over = member.tier_until is not None and member.tier_until <= now
    if reached > present or (reached < present and (may_fall or is_over)) or is_over:
        if purchase_id is not None:
            _remember(member, purchase_id)
        member.tier = _name(scheme, reached)
        member.tier_until = _until(scheme, zone, now) if reached >= 0 else None
        db.session.flush()
    return member.tier


def after_undo(partner: Partner, membership_id: UUID, purchase_id: UUID, now: datetime) -> None:
    """A purchase had not been: its member has the tier from before it, or what is left without it reaches, if that is
    higher. A tier that refunds have left standing is not lost by an undone purchase."""
    scheme = read_scheme(partner.tier_scheme)
    change = _first_change_since(partner.id, membership_id, purchase_id)
    if scheme is None or change is None:
        return
    member = db.session.get_one(Membership, (partner.id, membership_id), with_for_update=True, populate_existing=True)
    zone, present = ZoneInfo(partner.timezone), _index(scheme, member.tier)
    is_over = change.until_before is not None and change.until_before <= now
    before = -1 if is_over else _index(scheme, change.tier_before)
    reached = _level_of(scheme, _best_sum(scheme, member, zone, now))
    if before >= reached:
        member.tier = _name(scheme, before)
        member.tier_until = change.until_before if before >= 0 else None
    elif reached != present:
        member.tier, member.tier_until = _name(scheme, reached), _until(scheme, zone, now)
    db.session.flush()


def after_refund(partner: Partner, membership_id: UUID, now: datetime) -> None:
    """A refund lowers a tier at once only where the partner says so."""
    scheme = read_scheme(partner.tier_scheme)
    if scheme is not None and scheme.falls_on_refund:
        review(partner, membership_id, now, may_fall=True)


def bring_up(partner_id: UUID, membership_id: UUID, now: datetime) -> None:
    """A tier whose time is over is looked at before a purchase is priced with it: the schedule comes minutes later."""
    due = select(Membership.id).where(Membership.partner_id == partner_id, Membership.id == membership_id)
    if db.session.scalar(due.where(Membership.tier_until <= now, Membership.state == "open")) is not None:
        _end_window(partner_id, membership_id, now)


def review_due(now: datetime, chunk: int = 200) -> int:
    """Look at members whose tier's time has come; how many. A batch a call, to be called until it gives 0."""
    due = (
        select(Membership.partner_id, Membership.id)
        .where(Membership.tier_until <= now, Membership.state == "open")
        .order_by(Membership.tier_until)
        .limit(chunk)
        .with_for_update(skip_locked=True)
    )
    found = db.session.execute(due).all()
    for partner_id, membership_id in found:
        _end_window(partner_id, membership_id, now)
    db.session.flush()
    return len(found)


def stand(partner: Partner, membership: Membership, now: datetime) -> TierStanding | None:
    """Where a member stands and what the next tier needs; None where the partner has no tiers."""
    scheme = read_scheme(partner.tier_scheme)
    if scheme is None:
        return None
    total = _sum(scheme, membership, _since(scheme, ZoneInfo(partner.timezone), now), now)
    present = _index(scheme, membership.tier)
    following = scheme.levels[present + 1] if present + 1 < len(scheme.levels) else None
    return TierStanding(
        tier=membership.tier if present >= 0 else None,
        factor=scheme.levels[present].factor if present >= 0 else None,
        sum=total,
        measure=scheme.measure,
        following=following.name if following else None,
        missing=max(following.threshold - total, Decimal(0)) if following else None,
        until=membership.tier_until if present >= 0 else None,
    )


def _read_levels(data: object) -> tuple[Level, ...]:
    if not isinstance(data, list) or not 1 <= len(data) <= MOST_LEVELS:
        raise InvalidTiers(f"must be 1 to {MOST_LEVELS} levels", field="levels")
    levels = []
    for one in data:
        if not isinstance(one, Mapping) or one.keys() != {"name", "threshold", "factor"}:
            raise InvalidTiers("must each say name, threshold and factor", field="levels")
        name = one["name"].strip() if isinstance(one["name"], str) else ""
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise InvalidTiers(f"have names of 1 to {LONGEST_NAME} characters", field="levels")
        levels.append(Level(name, parse_money(one["threshold"], field="levels"), _read_factor(one["factor"])))
    if len({level.name for level in levels}) < len(levels):
        raise InvalidTiers("must have different names", field="levels")
    pairs = list(itertools.pairwise(levels))
    if any(lower.threshold >= upper.threshold for lower, upper in pairs):
        raise InvalidTiers("must have growing thresholds", field="levels")
    if any(lower.factor > upper.factor for lower, upper in pairs):
        raise InvalidTiers("must not earn less the higher they are", field="levels")
    return tuple(levels)


def _read_factor(value: object) -> Decimal:
    text = str(value) if isinstance(value, int | str | Decimal) and not isinstance(value, bool) else ""
    whole, _, places = text.partition(".")
    is_number = (
        text.isascii()
        and whole.isdigit()
        and len(whole) <= 3
        and (not places or (places.isdigit() and len(places) <= 4))
    )
    if not is_number or not 1 <= Decimal(text) <= 100:
        raise InvalidTiers("have factors from 1 to 100 with at most 4 places", field="levels")
    return Decimal(text)


def _end_window(partner_id: UUID, membership_id: UUID, now: datetime) -> None:
    partner = db.session.get_one(Partner, partner_id)
    if review(partner, membership_id, now, may_fall=True) is None:
        member = db.session.get_one(Membership, (partner_id, membership_id))
        member.tier_until = None
        db.session.flush()


def _remember(member: Membership, purchase_id: UUID) -> None:
    db.session.add(
        TierChange(
            partner_id=member.partner_id,
            purchase_id=purchase_id,
            membership_id=member.id,
            tier_before=member.tier,
            until_before=member.tier_until,
        )
    )


def _first_change_since(partner_id: UUID, membership_id: UUID, purchase_id: UUID) -> TierChange | None:
    """What the purchase, or the first one after it that moved the member's tier, found."""
    this = db.session.get_one(Purchase, (partner_id, purchase_id))
    wanted = (
        select(TierChange)
        .join(Purchase, (Purchase.partner_id == TierChange.partner_id) & (Purchase.id == TierChange.purchase_id))
        .where(TierChange.partner_id == partner_id, TierChange.membership_id == membership_id)
        .where(tuple_(Purchase.created_at, Purchase.id) >= (this.created_at, this.id))
        .order_by(Purchase.created_at, Purchase.id)
    )
    return db.session.scalar(wanted.limit(1))


def _name(scheme: TierScheme, index: int) -> str | None:
    return scheme.levels[index].name if index >= 0 else None


def _index(scheme: TierScheme, name: str | None) -> int:
    """The place of a level; −1 for none, and for one that is no more."""
    return next((n for n, level in enumerate(scheme.levels) if level.name == name), -1)


def _level_of(scheme: TierScheme, total: Decimal) -> int:
    return sum(total >= level.threshold for level in scheme.levels) - 1


def _since(scheme: TierScheme, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When the present window began; None: ever."""
    if scheme.window == "days":
        return now - timedelta(days=scheme.days)
    return _new_year(zone, now, 0) if scheme.window == "year" else None


def _until(scheme: TierScheme, zone: ZoneInfo, now: datetime) -> datetime | None:
    if scheme.window == "days":
        return now + timedelta(days=scheme.days)
    return _new_year(zone, now, 1) if scheme.window == "year" else None


def _new_year(zone: ZoneInfo, now: datetime, ahead: int) -> datetime:
    return datetime(now.astimezone(zone).year + ahead, 1, 1, tzinfo=zone)


def _best_sum(scheme: TierScheme, member: Membership, zone: ZoneInfo, now: datetime) -> Decimal:
    total = _sum(scheme, member, _since(scheme, zone, now), now)
    if scheme.window != "year":
        return total
    last_year = _sum(scheme, member, _new_year(zone, now, -1), _new_year(zone, now, 0) - timedelta(microseconds=1))
    return max(total, last_year)


def _sum(scheme: TierScheme, member: Membership, since: datetime | None, until: datetime) -> Decimal:
    """Check values net of refunds, or points that purchases earned and refunds have left."""
    bought = [
        Purchase.partner_id == member.partner_id,
        Purchase.membership_id == member.id,
        Purchase.occurred_at <= until,
    ]
    if since is not None:
        bought.append(Purchase.occurred_at >= since)
    if scheme.measure == "spent":
        wanted = select(func.coalesce(func.sum(Purchase.amount - Purchase.refunded), 0)).where(*bought)
    else:
        wanted = (
            select(func.coalesce(func.sum(Award.kept), 0))
            .join(Purchase, (Purchase.partner_id == Award.partner_id) & (Purchase.id == Award.purchase_id))
            .where(*bought, Award.kind.in_(("earn", "bonus")))
        )
    return Decimal(db.session.scalar(wanted))

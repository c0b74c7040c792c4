"""The platform's own tariffs: what a plan opens and costs, and which a partner is on (`loyalty.bills` counts its months).

Plans are data. What a lower plan opens every higher one opens too, and moving between them loses nothing: a feature that
is closed keeps its data and explains itself. A partner's `features` open or close single ones beside its plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from loyalty import audit
from loyalty.errors import FeatureLocked, InvalidPlan, InvalidReason
from models import db, new_id
from models.partner import Partner, PlanChange

if TYPE_CHECKING:
    from loyalty.api_keys import MachinePrincipal
    from loyalty.sessions import StaffRole

SWITCHABLE = ("telegram_bot", "qr_codes", "web_widget", "crm_sync", "ai_analytics")
"""Features that can be opened or closed for one partner."""


@dataclass(frozen=True)
class Plan:
    """`monthly` roubles and `percent` of the turnover through the programme; `opens` is what it adds to the plan before."""

    code: str
    monthly: Decimal
    percent: Decimal
    opens: frozenset[str]


PLANS = (
    Plan(
        "basic",
        Decimal(0),
        Decimal(3),
        frozenset(
            {
                "telegram_bot", "statistics", "promotions", "services", "nps", "referrals", "search", "export",
            }
        ),
    ),
    Plan(
        "advanced",
        Decimal(2990),
        Decimal(2),
        frozenset({"qr_codes", "web_widget", "widget_spending", "targeting", "extended_statistics", "contact_base"}),
    ),
    Plan(
        "enterprise",
        Decimal(4990),
        Decimal(2),
        frozenset({"crm_sync", "till_integration", "full_sync", "ai_analytics", "crm_analytics"}),
    ),
)  # fmt: skip
"""The lowest first."""

ORDER = tuple(plan.code for plan in PLANS)
FEATURES = frozenset().union(*(plan.opens for plan in PLANS))


def plan_of(partner: Partner) -> Plan:
    return find_plan(partner.plan)


def find_plan(code: str) -> Plan:
    """Raises `InvalidPlan`."""
    for plan in PLANS:
        if plan.code == code:
            return plan
    raise InvalidPlan(f"must be one of: {', '.join(plan.code for plan in PLANS)}", field="plan")


def open_features(plan: str, switches: Mapping[str, bool]) -> frozenset[str]:
    """What is open under a plan: what it and every lower one open, with the partner's own switches laid over."""
    opened = set()
    for one in PLANS:
        opened |= one.opens
        if one.code == plan:
            break
    for name, is_on in switches.items():
        (opened.add if is_on else opened.discard)(name)
    return frozenset(opened)


def features_of(partner: Partner) -> frozenset[str]:
    return open_features(partner.plan, partner.features)


def is_open(partner: Partner, feature: str) -> bool:
    assert feature in FEATURES, feature
    return feature in features_of(partner)


def require(place: Partner | StaffRole | MachinePrincipal, feature: str) -> None:
    """Raises `FeatureLocked`, which names the lowest plan that opens it. The one place that is asked, by every door.

    `place` is the partner, or whoever stands for it with what is open to it.
    """
    assert feature in FEATURES, feature
    opened = features_of(place) if isinstance(place, Partner) else place.features
    if feature not in opened:
        plan = plan_that_opens(feature)
        is_paid = ORDER.index(place.plan) >= ORDER.index(plan.code)
        raise FeatureLocked(feature, None if is_paid else plan.code)


def plan_that_opens(feature: str) -> Plan:
    return next(plan for plan in PLANS if feature in plan.opens)


def change_plan(partner: Partner, code: str, *, by: UUID | None, now: datetime, reason: str | None = None) -> Plan:
    """Move up or down from now on; what was made stays, also what is closed. Raises `InvalidPlan`."""
    plan = find_plan(code)
    db.session.refresh(partner, with_for_update=True)  # of two who move it at once each sees where the other left it
    if plan.code != partner.plan:
        before, partner.plan = partner.plan, plan.code
        _note(partner, before, reason, by, now)
        audit.record("plan.change", actor=by, partner_id=partner.id, details={"from": before, "to": plan.code})
    return plan


def switch_features(
    partner: Partner,
    switches: Mapping[str, object],
    *,
    by: UUID | None,
    now: datetime,
    reason: str | None = None,
) -> frozenset[str]:
    """Open (true), close (false) or leave to the plan (null) single features. Raises `InvalidPlan`; all or nothing."""
    for name, value in switches.items():
        if name not in SWITCHABLE:
            raise InvalidPlan(f"are of: {', '.join(SWITCHABLE)}", field="features")
        if value is not None and not isinstance(value, bool):
            raise InvalidPlan("are switched by yes, no or nothing", field="features")
    db.session.refresh(partner, with_for_update=True)
    after = {name: value for name, value in (partner.features | dict(switches)).items() if value is not None}
    if after != partner.features:
        partner.features = after
        _note(partner, partner.plan, reason, by, now)
        audit.record("plan.features", actor=by, partner_id=partner.id, details=after)
    return features_of(partner)


def list_changes(partner_id: UUID, limit: int = 20) -> list[PlanChange]:
    """Moves and switches of a partner, the latest first."""
    theirs = select(PlanChange).where(PlanChange.partner_id == partner_id)
    return list(db.session.scalars(theirs.order_by(PlanChange.id.desc()).limit(limit)))


def _note(partner: Partner, before: str, reason: str | None, by: UUID | None, now: datetime) -> None:
    noted = PlanChange(
        partner_id=partner.id,
        id=new_id(),
        before=before,
        after=partner.plan,
        features=partner.features,
        reason=reason,
        decided_by=by,
        at=now,
    )
    db.session.add(noted)
    db.session.flush()


def read_reason(reason: str) -> str:
    """Why somebody of the platform moves a partner or switches a feature. Raises `InvalidReason`."""
    reason = " ".join(reason.split())
    if not 3 <= len(reason) <= 300 or not reason.isprintable():
        raise InvalidReason()
    return reason

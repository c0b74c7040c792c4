"""The platform's own tariffs: what a plan opens, what it costs, and what a partner's running month comes to.

Plans are data. What a lower plan opens every higher one opens too, and moving between them loses nothing: a feature that
is closed keeps its data and explains itself. A partner's `features` open or close single ones beside its plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from loyalty import audit
from loyalty.errors import FeatureLocked, InvalidPlan
from loyalty.money import KOPECK
from models import db
from models.ledger import Purchase, Refund
from models.partner import Partner

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

FEATURES = frozenset().union(*(plan.opens for plan in PLANS))


@dataclass(frozen=True)
class Bill:
    """What the month comes to so far: `turnover` is the checks of its purchases less what was returned in it, never below
    0. Purchases that were imported from before the programme do not count."""

    plan: Plan
    since: datetime
    until: datetime
    turnover: Decimal
    share: Decimal

    @property
    def total(self) -> Decimal:
        return self.plan.monthly + self.share


def plan_of(partner: Partner) -> Plan:
    return find_plan(partner.plan)


def find_plan(code: str) -> Plan:
    """Raises `InvalidPlan`."""
    for plan in PLANS:
        if plan.code == code:
            return plan
    raise InvalidPlan(f"must be one of: {', '.join(plan.code for plan in PLANS)}", field="plan")


def features_of(partner: Partner) -> frozenset[str]:
    """What is open to a partner: what its plan and every lower one open, with its own switches laid over."""
    opened = set()
    for plan in PLANS:
        opened |= plan.opens
        if plan.code == partner.plan:
            break
    for name, is_open in partner.features.items():
        (opened.add if is_open else opened.discard)(name)
    return frozenset(opened)


def is_open(partner: Partner, feature: str) -> bool:
    assert feature in FEATURES, feature
    return feature in features_of(partner)


def require(partner: Partner, feature: str) -> None:
    """Raises `FeatureLocked`, which names the lowest plan that opens it."""
    if not is_open(partner, feature):
        raise FeatureLocked(feature, plan_that_opens(feature).code)


def plan_that_opens(feature: str) -> Plan:
    return next(plan for plan in PLANS if feature in plan.opens)


def change_plan(partner: Partner, code: str, *, by: object, now: datetime) -> Plan:
    """Move up or down from now on; what was made stays, also what is closed. Raises `InvalidPlan`."""
    plan, before = find_plan(code), partner.plan
    if plan.code != before:
        partner.plan = plan.code
        db.session.flush()
        audit.record("plan.change", actor=by, partner_id=partner.id, details={"from": before, "to": plan.code})
    return plan


def switch_features(partner: Partner, switches: Mapping[str, object], *, by: object) -> frozenset[str]:
    """Open (true), close (false) or leave to the plan (null) single features. Raises `InvalidPlan`; all or nothing."""
    for name, value in switches.items():
        if name not in SWITCHABLE:
            raise InvalidPlan(f"are of: {', '.join(SWITCHABLE)}", field="features")
        if value is not None and not isinstance(value, bool):
            raise InvalidPlan("are switched by yes, no or nothing", field="features")
    after = {name: value for name, value in (partner.features | dict(switches)).items() if value is not None}
    if after != partner.features:
        partner.features = after
        db.session.flush()
        audit.record("plan.features", actor=by, partner_id=partner.id, details=after)
    return features_of(partner)


def bill(partner: Partner, at: datetime) -> Bill:
    """The bill of the partner's month that `at` lies in, by its own clock, as far as it has come."""
    zone = ZoneInfo(partner.timezone)
    local = at.astimezone(zone)
    since = datetime(local.year, local.month, 1, tzinfo=zone)
    until = datetime(local.year + local.month // 12, local.month % 12 + 1, 1, tzinfo=zone)
    plan = plan_of(partner)
    turnover = max(_bought(partner, since, until) - _returned(partner, since, until), Decimal("0.00"))
    share = (turnover * plan.percent / 100).quantize(KOPECK, ROUND_HALF_UP)
    return Bill(plan, since, until, turnover, share)


def _bought(partner: Partner, since: datetime, until: datetime) -> Decimal:
    wanted = select(func.coalesce(func.sum(Purchase.amount), 0)).where(
        Purchase.partner_id == partner.id,
        Purchase.source != "import",
        Purchase.occurred_at >= since,
        Purchase.occurred_at < until,
    )
    return Decimal(db.session.scalar(wanted))


def _returned(partner: Partner, since: datetime, until: datetime) -> Decimal:
    wanted = (
        select(func.coalesce(func.sum(Refund.amount), 0))
        .join(Purchase, (Purchase.partner_id == Refund.partner_id) & (Purchase.id == Refund.purchase_id))
        .where(
            Refund.partner_id == partner.id,
            Purchase.source != "import",
            Refund.occurred_at >= since,
            Refund.occurred_at < until,
        )
    )
    return Decimal(db.session.scalar(wanted))

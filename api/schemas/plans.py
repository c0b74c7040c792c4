"""Plans of partners and what they cost, as they go over the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from api.schemas.fields import Choice, Id, Input, Moment, Money, Output, Text
from loyalty import bills, plans
from loyalty.bills import Bill
from loyalty.plans import ORDER, PLANS, SWITCHABLE
from models.partner import Partner


class PlanIn(Input):
    plan = Choice(*ORDER, required=True)


class DecidedPlanIn(PlanIn):
    reason = Text(minimum=3, maximum=300, required=True)


class FeaturesIn(Input):
    """`features`: true opens a feature whatever the plan, false closes it, null leaves it to the plan; what is left out stays."""

    features = fields.Dict(
        keys=fields.String(),
        values=fields.Raw(allow_none=True),
        required=True,
        validate=validate.Length(min=1),
        metadata={
            "minProperties": 1,
            "properties": {name: {"type": "boolean", "nullable": True} for name in SWITCHABLE},
            "additionalProperties": False,
        },
    )
    reason = Text(minimum=3, maximum=300, required=True)


class Stretch(Output):
    """Days of the month under one plan."""

    plan = fields.String(required=True)
    since = Moment(required=True)
    until = Moment(required=True)
    monthly = Money(required=True)
    turnover = fields.String(required=True, metadata={"description": "net of returns; below zero where more came back"})
    share = fields.String(required=True)


class BillOut(Output):
    plan = fields.String(required=True)
    since = Moment(required=True)
    until = Moment(required=True)
    turnover = Money(required=True)
    monthly = Money(required=True)
    share = Money(required=True)
    total = Money(required=True)
    stretches = fields.List(fields.Nested(Stretch), required=True)


class Offered(Output):
    """`total`: what a whole month comes to at this month's turnover."""

    plan = fields.String(required=True)
    monthly = Money(required=True)
    percent = fields.String(required=True, metadata={"example": "2"})
    opens = fields.List(fields.String(), required=True)
    total = Money(required=True)


class PlanOut(Output):
    plan = fields.String(required=True)
    features = fields.List(fields.String(), required=True, metadata={"description": "what is open"})
    switches = fields.Dict(required=True, metadata={"description": "what is open or closed whatever the plan"})
    bill = fields.Nested(BillOut, required=True)
    before = fields.List(fields.Nested(BillOut), required=True, metadata={"description": "eleven months at most"})
    plans = fields.List(fields.Nested(Offered), required=True)


class PartnerLine(Output):
    id = Id(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    state = fields.String(required=True)
    plan = fields.String(required=True)
    switches = fields.Dict(required=True)
    bill = fields.Nested(BillOut, required=True)


def present_bill(bill: Bill) -> dict[str, Any]:
    parts = [vars(one) | {"plan": one.plan.code, "turnover": f"{one.turnover:.2f}", "share": f"{one.share:.2f}"}
             for one in bill.stretches]  # fmt: skip
    names = ("since", "until", "turnover", "monthly", "share", "total")
    return {name: getattr(bill, name) for name in names} | {"plan": bill.plan.code, "stretches": parts}


def present_plan(partner: Partner, found: list[Bill]) -> dict[str, Any]:
    """`found` are the months, the running one first."""
    current, *before = found
    return {
        "plan": partner.plan,
        "features": sorted(plans.features_of(partner)),
        "switches": partner.features,
        "bill": present_bill(current),
        "before": [present_bill(one) for one in before],
        "plans": [
            {
                "plan": one.code,
                "monthly": one.monthly,
                "percent": f"{one.percent}",
                "opens": sorted(plans.open_features(one.code, {})),
                "total": bills.estimate(one, current.turnover),
            }
            for one in PLANS
        ],
    }


def present_line(partner: Partner, bill: Bill) -> dict[str, Any]:
    names = ("id", "code", "name", "state", "plan")
    line = {name: getattr(partner, name) for name in names}
    return line | {"switches": partner.features, "bill": present_bill(bill)}

"""A partner's own affairs: application, programme, branches, staff, keys, customers, figures."""

from __future__ import annotations

from marshmallow import ValidationError, fields, validates_schema

from api.schemas.fields import (
    Choice,
    Day,
    Email,
    Flag,
    Id,
    Input,
    Json,
    Moment,
    Money,
    Output,
    Phone,
    Points,
    Some,
    Text,
    Whole,
)
from api.schemas.lists import SearchQuery
from api.schemas.purchases import LineIn
from loyalty.api_keys import KEY_SCOPES
from loyalty.notices import KINDS
from loyalty.rules import PRESETS
from loyalty.staff import ROLES


class ApplicationIn(Input):
    name = Text(maximum=200, required=True)
    city = Text(maximum=200, load_default=None)
    timezone = Text(maximum=64, load_default=None, metadata={"example": "Europe/Moscow"})
    preset = Choice(*PRESETS, load_default="default")
    comment = Text(maximum=2000, lines=True, load_default=None)


class Application(Output):
    id = Id(required=True)
    applicant_id = Id(required=True)
    name = fields.String(required=True)
    city = fields.String(required=True, allow_none=True)
    timezone = fields.String(required=True)
    preset = fields.String(required=True)
    comment = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, metadata={"enum": ["pending", "approved", "refused"]})
    reason = fields.String(required=True, allow_none=True)
    partner_id = Id(required=True, allow_none=True)
    created_at = Moment(required=True)
    decided_at = Moment(required=True, allow_none=True)


class PartnerIn(Input):
    name = Text(maximum=200)
    timezone = Text(maximum=64)
    notices_off = Some(
        Choice(*KINDS), minimum=0, maximum=20, metadata={"description": "kinds of notices that customers are not sent"}
    )


class Partner(Output):
    id = Id(required=True)
    code = fields.String(required=True, metadata={"description": "the short public number"})
    name = fields.String(required=True)
    timezone = fields.String(required=True)
    currency = fields.String(required=True)
    region = fields.String(required=True)
    locale = fields.String(required=True)
    plan = fields.String(required=True)
    state = fields.String(required=True)
    notices_off = fields.List(fields.String(), required=True)


def _rule(kind: str, description: str):
    return fields.Raw(allow_none=True, metadata={"type": kind, "description": description})


class ProgrammeIn(Input):
    """The rules that change; those left out stay. Decimals are strings or whole numbers; the core checks ranges."""

    rate = _rule("string", "points per unit of money: 0.05 is 5 %")
    welcome_bonus = _rule("integer", "points for a new member who has proven an identity and consented")
    min_spend = _rule("integer", "the fewest points one may spend at once")
    max_share = _rule("string", "the share of a check that points may pay, percent")
    points_step = _rule("integer", "points are spent in steps of")
    point_value = _rule("string", "what one point pays")
    combine = _rule("string", "multiply or best")
    vip_factor = _rule("string", "multiplier for VIP members")
    large_check = _rule("object", "factor, above_percent, min_purchases")
    birthday = _rule("object", "factor, days_before, days_after")
    eligible_categories = _rule("array", "only these categories earn; null: all")
    pending_days = _rule("integer", "the return window")
    base_life_months = _rule("integer", "life of earned points in months; null: never expire")
    base_life_days = _rule("integer", "life of earned points in days; null: never expire")
    bonus_life_days = _rule("integer", "life of bonus points in days; null: never expire")
    clawback = _rule("string", "debt, within_balance or pending_only")
    grace_days = _rule("integer", "how long points given back to an expired lot live")
    hold_minutes = _rule("integer", "how long a till's reservation lives")


for _name in ("eligible_categories",):
    ProgrammeIn._declared_fields[_name].metadata["items"] = {"type": "string"}


class Programme(Output):
    version = fields.Integer(required=True)
    rules = Json(required=True, metadata={"type": "object"})


class WhatIfMember(Input):
    is_vip = Flag(load_default=False)
    birth_date = Day(load_default=None)
    earlier_purchases = Points(minimum=0, maximum=1_000_000, load_default=0)
    average_check = Money(load_default=None)
    available = Points(minimum=0, load_default=0)


class WhatIfIn(Input):
    amount = Money(required=True)
    lines = Some(fields.Nested(LineIn), load_default=())
    points = Points(minimum=0, load_default=0)
    at = Moment(load_default=None)
    member = fields.Nested(WhatIfMember, load_default=lambda: WhatIfMember().load({}))
    rules = fields.Nested(ProgrammeIn, load_default=dict, metadata={"description": "rules to try instead"})


class WhatIfOut(Output):
    earn = fields.Integer(required=True)
    spent_points = fields.Integer(required=True)
    max_redeemable = fields.Integer(required=True)
    breakdown = Json(required=True, metadata={"type": "array", "items": {"type": "object"}})


class BranchIn(Input):
    name = Text(maximum=200, required=True)
    address = Text(maximum=500, load_default=None)


class BranchChange(Input):
    name = Text(maximum=200)
    address = Text(maximum=500, allow_none=True)
    state = Choice("open", "closed")


class Branch(Output):
    id = Id(required=True)
    name = fields.String(required=True)
    address = fields.String(required=True, allow_none=True)
    state = fields.String(required=True)


class ListQuery(Input):
    all = Choice("true", "false", load_default="false", metadata={"description": "the closed or dismissed ones too"})


class StaffIn(Input):
    """Who: a phone, an e-mail or a customer; whoever is not there yet is made and signs in by code."""

    phone = Phone()
    email = Email()
    customer_id = Id()
    name = Text(maximum=200, load_default=None)
    role = Choice(*ROLES, required=True)
    branch_id = Id(load_default=None)

    @validates_schema(skip_on_field_errors=True)
    def check_one(self, data, **kwargs):
        if len(data.keys() & {"phone", "email", "customer_id"}) != 1:
            raise ValidationError("Give exactly one of: phone, email, customer_id.")


class StaffChange(Input):
    name = Text(maximum=200, allow_none=True, load_default=None, metadata={"description": "left out: stays"})
    role = Choice(*ROLES, required=True)
    branch_id = Id(allow_none=True, load_default=None)


class Staff(Output):
    id = Id(required=True)
    customer_id = Id(required=True)
    name = fields.String(required=True, allow_none=True)
    role = fields.String(required=True)
    branch_id = Id(required=True, allow_none=True)
    state = fields.String(required=True)


class ApiKeyIn(Input):
    name = Text(maximum=200, required=True)
    scopes = Some(Choice(*KEY_SCOPES), maximum=20, required=True)
    branch_id = Id(load_default=None)
    replaces = Id(load_default=None, metadata={"description": "the key of the same till that this one is to replace"})


class ApiKey(Output):
    id = Id(required=True)
    name = fields.String(required=True)
    prefix = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    branch_id = Id(required=True, allow_none=True)
    created_at = Moment(required=True)
    last_used_at = Moment(required=True, allow_none=True)
    revoked_at = Moment(required=True, allow_none=True)


class NewApiKey(ApiKey):
    api_key = fields.String(required=True, metadata={"description": "shown this once"})


class CustomerQuery(SearchQuery):
    """`query`: a phone, e-mail, card or name, whole or in part; empty lists everybody."""


class Customer(Output):
    customer_id = Id(required=True)
    name = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    balance = fields.Integer(required=True)
    pending = fields.Integer(required=True)
    visits = fields.Integer(required=True)
    last_purchase_at = Moment(required=True, allow_none=True)


class StatsQuery(Input):
    days = Whole(maximum=366, load_default=30)
    branch_id = Id(load_default=None)


class Figures(Output):
    purchases = fields.Integer(required=True)
    turnover = Money(required=True)
    refunded = Money(required=True)
    average_check = Money(required=True, allow_none=True)
    customers = fields.Integer(required=True, metadata={"description": "who bought"})
    joined = fields.Integer(required=True)
    paid_with_points = Money(required=True)
    earned = fields.Integer(required=True)
    spent = fields.Integer(required=True)
    expired = fields.Integer(required=True)


class Period(Output):
    since = Day(required=True, attribute="from", data_key="from")
    until = Day(required=True, attribute="to", data_key="to")
    days = fields.Integer(required=True)


class Members(Output):
    total = fields.Integer(required=True)
    balance = fields.Integer(required=True)
    pending = fields.Integer(required=True)


class Stats(Output):
    period = fields.Nested(Period, required=True)
    current = fields.Nested(Figures, required=True)
    previous = fields.Nested(Figures, required=True)
    members = fields.Nested(Members, required=True)

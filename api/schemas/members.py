"""A member's card."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.fields import Flag, Id, Input, Moment, Money, Output, Text


class MemberChange(Input):
    name = Text(maximum=200)
    is_vip = Flag()


class MemberCard(Output):
    customer_id = Id(required=True)
    name = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    card = fields.String(required=True, allow_none=True)
    is_vip = fields.Boolean(required=True)
    balance = fields.Integer(required=True)
    available = fields.Integer(required=True)
    pending = fields.Integer(required=True)
    held = fields.Integer(required=True)
    visits = fields.Integer(required=True)
    spent = Money(required=True)
    average_check = Money(required=True, allow_none=True)
    first_purchase_at = Moment(required=True, allow_none=True)
    last_purchase_at = Moment(required=True, allow_none=True)
    joined_at = Moment(required=True)

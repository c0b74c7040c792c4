"""Codes with a sum inside: what a cashier shows, and what a customer gets by one."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.auth import Consents
from api.schemas.fields import Id, Input, Moment, Money, Output, Points
from models.sale_code import STATES

_STATE = {"enum": list(STATES), "description": "an open one works until `expires_at`"}


class SaleCodeIn(Input):
    amount = Money(required=True)
    branch_id = Id(load_default=None)


class SaleCode(Output):
    id = Id(required=True)
    branch_id = Id(required=True, allow_none=True)
    amount = Money(required=True)
    state = fields.String(required=True, metadata=_STATE)
    expires_at = Moment(required=True)
    link = fields.String(
        required=True, allow_none=True, metadata={"description": "what stands in the QR; null once it works no more"}
    )
    purchase_id = Id(required=True, allow_none=True, metadata={"description": "what somebody got by it"})


class OfferedSale(Output):
    """What a code gives me. Once I took it, `points` is what it gave, less what returns took back."""

    partner_id = Id(required=True)
    partner_name = fields.String(required=True)
    amount = Money(required=True)
    points = fields.Integer(required=True)
    state = fields.String(required=True, metadata=_STATE)
    expires_at = Moment(required=True)
    needs_consent = fields.Boolean(
        required=True, metadata={"description": "whether `consents.personal_data` has to be given to take it"}
    )
    purchase_id = Id(required=True, allow_none=True)


class TakeIn(Input):
    points = Points(minimum=0, required=True, metadata={"description": "as shown; another price is refused"})
    consents = fields.Nested(
        Consents, metadata={"description": "answers to this partner; personal_data is needed once"}
    )

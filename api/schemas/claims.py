"""Claims: what customers ask points for, how staff decide, and when it is decided by itself."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.auth import Consents
from api.schemas.fields import Choice, Flag, Id, Input, Moment, Money, Output, PartnerRef, Points, Text
from api.schemas.lists import PageQuery
from loyalty.claims import DOUBTS, LONGEST_REASON
from loyalty.fiscal import LONGEST as LONGEST_RECEIPT
from models.claim import SOURCES, STATES

CLAIM_STATE = {"enum": list(STATES)}
RECEIPT_TEXT = {
    "maximum": LONGEST_RECEIPT,
    "metadata": {"example": "t=20261120T143000&s=1000.00&fn=9960440300000001&i=1&fp=1234567890&n=1"},
}


class ClaimIn(Input):
    """A sum, the text of a fiscal receipt's QR, or both, which then must agree to the kopeck."""

    partner_id = PartnerRef(required=True)
    amount = Money(load_default=None)
    receipt = Text(load_default=None, **RECEIPT_TEXT)
    branch_id = Id(load_default=None)
    consents = fields.Nested(
        Consents, metadata={"description": "answers to this partner; personal_data is needed once"}
    )


class OwnClaim(Output):
    id = Id(required=True, attribute="claim_id")
    partner_id = Id(required=True)
    partner_name = fields.String(required=True)
    branch_id = Id(required=True, allow_none=True)
    branch_name = fields.String(required=True, allow_none=True)
    source = fields.String(required=True, metadata={"enum": list(SOURCES)})
    amount = Money(required=True)
    approved_amount = Money(required=True, allow_none=True, metadata={"description": "what staff made of it"})
    points = fields.Integer(required=True, metadata={"description": "credited, less what returns took back"})
    occurred_at = Moment(required=True)
    created_at = Moment(required=True)
    has_receipt = fields.Boolean(required=True)
    state = fields.String(required=True, metadata=CLAIM_STATE)
    reason = fields.String(required=True, allow_none=True, metadata={"description": "why it was refused"})
    decided_at = Moment(required=True, allow_none=True)
    purchase_id = Id(required=True, allow_none=True)


class ClaimQuery(PageQuery):
    state = Choice("waiting", "decided", load_default="waiting")


class Claim(Output):
    id = Id(required=True, attribute="claim_id")
    customer_id = Id(required=True)
    customer_name = fields.String(required=True, allow_none=True)
    customer_phone = fields.String(required=True, allow_none=True)
    is_new = fields.Boolean(required=True, metadata={"description": "has bought nothing else here"})
    branch_name = fields.String(required=True, allow_none=True)
    source = fields.String(required=True, metadata={"enum": list(SOURCES)})
    amount = Money(required=True)
    approved_amount = Money(required=True, allow_none=True)
    points = fields.Integer(required=True, metadata={"description": "credited, less what returns took back"})
    occurred_at = Moment(required=True)
    created_at = Moment(required=True)
    has_receipt = fields.Boolean(required=True)
    doubts = fields.List(
        fields.String(metadata={"enum": list(DOUBTS)}),
        required=True,
        metadata={"description": "what looks odd; refuses nothing"},
    )
    state = fields.String(required=True, metadata=CLAIM_STATE)
    reason = fields.String(required=True, allow_none=True)
    decided_at = Moment(required=True, allow_none=True)
    purchase_id = Id(required=True, allow_none=True)


class ApprovalIn(Input):
    amount = Money(load_default=None, metadata={"description": "another sum than was asked, where it was a mistake"})


class ClaimRefusalIn(Input):
    reason = Text(maximum=LONGEST_REASON, required=True, metadata={"description": "the customer reads it"})


class ClaimPolicyIn(Input):
    """What is left out stays."""

    is_automatic = Flag(metadata={"description": "whether claims are approved by themselves at all"})
    most_amount = Money(metadata={"description": "up to this check"})
    a_day = Points(maximum=20, metadata={"description": "so many of one person in a day"})
    known_only = Flag(metadata={"description": "of people who have bought here before"})
    receipt_only = Flag(metadata={"description": "with a fiscal receipt"})
    receipt_hours = Points(maximum=720, metadata={"description": "how old a receipt may be at all"})
    large_amount = Money(metadata={"description": "above this a claim looks odd"})


class ClaimPolicy(Output):
    is_automatic = fields.Boolean(required=True)
    most_amount = Money(required=True)
    a_day = fields.Integer(required=True)
    known_only = fields.Boolean(required=True)
    receipt_only = fields.Boolean(required=True)
    receipt_hours = fields.Integer(required=True)
    large_amount = Money(required=True)


class DriveIn(Input):
    drive = Text(minimum=16, maximum=40, required=True, metadata={"example": "9960440300000001"})
    branch_id = Id(required=True)


class Drive(Output):
    drive = fields.String(required=True, metadata={"description": "the number of a till's fiscal drive (fn)"})
    branch_id = Id(required=True)
    created_at = Moment(required=True)

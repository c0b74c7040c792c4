"""What the widget asks for and shows: one person's points at one partner, and nothing by which to know the person."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.claims import CLAIM_STATE, RECEIPT_TEXT
from api.schemas.customer import Contact, Expiring
from api.schemas.fields import Digits, Id, Input, Json, Moment, Money, Output, Text
from loyalty.offers import KINDS
from loyalty.stories import STORIES
from loyalty.tiers import MEASURES
from loyalty.widget_look import POSITIONS


class Card(Output):
    name = fields.String(required=True)
    colour = fields.String(required=True, metadata={"pattern": "^#[0-9a-f]{6}$"})
    badge = fields.String(required=True, allow_none=True, metadata={"description": "a short word of something new"})
    position = fields.String(required=True, metadata={"enum": list(POSITIONS)})
    label_ru = fields.String(required=True, allow_none=True, metadata={"description": "null: the usual word"})
    label_en = fields.String(required=True, allow_none=True)


class AskForCode(Contact):
    site = Text(
        maximum=300,
        load_default=None,
        allow_none=True,
        metadata={"description": "the origin of the page around the frame, one of the partner's sites"},
    )


class ShowCode(Contact):
    code = Digits(minimum=6, maximum=6, required=True)


class ShownCode(Input):
    code = Digits(minimum=6, maximum=6, required=True)


class Opened(Output):
    session = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "only where the browser takes no cookie: to be shown as X-Widget-Session"},
    )


class HistoryQuery(Input):
    cursor = Text(maximum=4000, load_default=None)


class Operation(Output):
    story = fields.String(required=True, metadata={"enum": list(STORIES)})
    points = fields.Integer(required=True)
    check_amount = Money(required=True, allow_none=True)
    occurred_at = Moment(required=True)


class OperationPage(Output):
    items = fields.List(fields.Nested(Operation), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class Standing(Output):
    is_member = fields.Boolean(required=True)
    balance = fields.Integer(required=True)
    available = fields.Integer(required=True)
    pending = fields.Integer(required=True)
    held = fields.Integer(required=True)
    tier = fields.String(required=True, allow_none=True)
    expiring = fields.List(fields.Nested(Expiring), required=True)
    survey = fields.String(
        required=True, allow_none=True, metadata={"description": "the page where a visit is rated, if one waits for it"}
    )
    operations = fields.Nested(OperationPage, required=True)


class WidgetClaimIn(Input):
    """A sum, the text of a fiscal receipt's QR, or both, which then must agree to the kopeck."""

    amount = Money(load_default=None)
    receipt = Text(load_default=None, **RECEIPT_TEXT)


class WidgetClaim(Output):
    id = Id(required=True, attribute="claim_id")
    amount = Money(required=True)
    approved_amount = Money(required=True, allow_none=True, metadata={"description": "what staff made of it"})
    points = fields.Integer(required=True, metadata={"description": "credited, less what returns took back"})
    has_receipt = fields.Boolean(required=True)
    state = fields.String(required=True, metadata=CLAIM_STATE)
    reason = fields.String(required=True, allow_none=True, metadata={"description": "why it was refused"})
    created_at = Moment(required=True)


class WidgetOffer(Output):
    name = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": list(KINDS)})
    terms = Json(required=True, metadata={"type": "object", "description": "what a customer may know of them"})
    ends_at = Moment(required=True, allow_none=True)


class WidgetTier(Output):
    tier = fields.String(required=True, allow_none=True)
    factor = fields.String(required=True, allow_none=True)
    sum = Money(required=True, metadata={"description": "money spent or points earned in the window"})
    measure = fields.String(required=True, metadata={"enum": list(MEASURES)})
    following = fields.String(required=True, allow_none=True)
    missing = Money(required=True, allow_none=True, metadata={"description": "what the following tier needs"})


class WidgetOffers(Output):
    items = fields.List(fields.Nested(WidgetOffer), required=True)
    tier = fields.Nested(WidgetTier, required=True, allow_none=True)

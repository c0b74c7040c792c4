"""Purchases as cashiers and tills send them, and what comes back."""

from __future__ import annotations

from marshmallow import ValidationError, fields, validates_schema

from api.schemas.fields import (
    Choice,
    Digits,
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
    Quantity,
    Some,
    Text,
)
from loyalty.services import MOST_CHOSEN

_BREAKDOWN = {
    "type": "array",
    "items": {"type": "object"},
    "description": "the steps by which the points came about; `kind` says which",
}


class CustomerRef(Input):
    """A customer, named in exactly one way. `code` is what they show at the till."""

    phone = Phone()
    email = Email()
    card = Text(maximum=40)
    customer_id = Id()
    telegram_id = Points(maximum=2**52 - 1)
    code = Digits(minimum=6, maximum=6)

    @validates_schema(skip_on_field_errors=True)
    def check_one(self, data, **kwargs):
        if len(data) != 1:
            raise ValidationError(f"Give exactly one of: {', '.join(self.fields)}.")


class LineIn(Input):
    """One line of the check; `amount` is for the whole line, after the line's own discount."""

    amount = Money(required=True, allow_zero=True)
    name = Text(maximum=300)
    sku = Text(maximum=100)
    category = Text(maximum=100)
    quantity = Quantity()
    no_accrual = Flag()
    no_spending = Flag()


class BasketIn(Input):
    """The check, and its lines where they are known. Lines may add up to more: the rest is the order's discount."""

    customer = fields.Nested(CustomerRef, required=True)
    amount = Money(load_default=None, metadata={"description": "may be left out where services are named"})
    lines = Some(fields.Nested(LineIn), load_default=())
    services = Some(
        Id(),
        maximum=MOST_CHOSEN,
        load_default=(),
        metadata={"description": "of the partner's catalogue, instead of lines; one as often as it was sold"},
    )
    branch_id = Id(load_default=None)
    receipt_id = Text(maximum=120, load_default=None)
    name = Text(maximum=200, load_default=None, metadata={"description": "for a customer who is new"})

    @validates_schema(skip_on_field_errors=True)
    def check_sum(self, data, **kwargs):
        if data["amount"] is None and not data["services"]:
            raise ValidationError("Missing data for required field.", "amount")
        if data["lines"] and data["services"]:
            raise ValidationError("Give lines or services, not both.", "services")


class TransactionIn(BasketIn):
    type = Choice("accrual", "redemption", required=True)
    points = Points(
        load_default=None,
        metadata={"description": "points to spend; a redemption without it pays the whole check with points"},
    )
    occurred_at = Moment(load_default=None)


class TransactionOut(Output):
    id = Id(required=True, metadata={"description": "the purchase"})
    type = fields.String(required=True, metadata={"enum": ["accrual", "redemption"]})
    points = fields.Integer(required=True, metadata={"description": "earned by an accrual, spent by a redemption"})
    balance = fields.Integer(required=True)
    available = fields.Integer(required=True)
    pending = fields.Integer(required=True)
    check_amount = Money(required=True)
    breakdown = Json(required=True, metadata=_BREAKDOWN)
    occurred_at = Moment(required=True)


class RefundLineIn(Input):
    n = Points(maximum=10_000, required=True, metadata={"description": "the line's number, from 1"})
    amount = Money(required=True)


class RefundIn(Input):
    """A sum of the check before points, or sums of its lines."""

    amount = Money()
    lines = Some(fields.Nested(RefundLineIn))
    refund_id = Text(maximum=100, load_default=None)

    @validates_schema(skip_on_field_errors=True)
    def check_what(self, data, **kwargs):
        if ("amount" in data) == ("lines" in data):
            raise ValidationError("Give either amount or lines.")
        numbers = [line["n"] for line in data.get("lines", ())]
        if len(set(numbers)) < len(numbers):
            raise ValidationError("A line is named twice.", "lines")


class RefundOut(Output):
    id = Id(required=True)
    taken_back = fields.Integer(required=True)
    given_back = fields.Integer(required=True)
    balance = fields.Integer(required=True)
    money_back = Money(required=True)


class QuoteIn(BasketIn):
    pass


class QuoteLine(Output):
    n = fields.Integer(required=True)
    name = fields.String(required=True, allow_none=True)
    amount = Money(required=True)
    exact_points = fields.String(required=True, metadata={"description": "before the one rounding at the end"})
    earns = fields.Boolean(required=True)
    takes_points = fields.Boolean(required=True)


class QuoteOut(Output):
    quote_id = Id(required=True)
    max_redeemable = fields.Integer(required=True)
    will_earn = fields.Integer(required=True)
    breakdown = Json(required=True, metadata=_BREAKDOWN)
    lines = fields.List(fields.Nested(QuoteLine), required=True)
    expires_at = Moment(required=True)
    wished = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "points the customer wants to spend, when asked for by their code and they said so"},
    )


class HoldIn(Input):
    quote_id = Id(required=True)
    points = Points(minimum=0, required=True)


class HoldOut(Output):
    hold_id = Id(required=True)
    points = fields.Integer(required=True)
    expires_at = Moment(required=True)


class CaptureIn(Input):
    amount = Money(required=True)
    points = Points(minimum=0, load_default=None)


class CaptureOut(Output):
    transaction_id = Id(required=True)
    redeemed = fields.Integer(required=True)
    earned = fields.Integer(required=True)
    balance = fields.Integer(required=True)


class VoidOut(Output):
    hold_id = Id(required=True)
    released = fields.Boolean(required=True)
    balance = fields.Integer(required=True)
    available = fields.Integer(required=True)


class TillRefundIn(RefundIn):
    """Which purchase: by its id, or by the receipt number this till gave it."""

    transaction_id = Id()
    receipt_id = Text(maximum=120)

    @validates_schema(skip_on_field_errors=True)
    def check_which(self, data, **kwargs):
        if ("transaction_id" in data) == ("receipt_id" in data):
            raise ValidationError("Give either transaction_id or receipt_id.")

"""What a partner's own system sends of its clients and purchases, and what became of each."""

from __future__ import annotations

from marshmallow import ValidationError, fields, validate, validates_schema

from api.schemas.fields import Choice, Email, Flag, Id, Input, Moment, Money, Output, Phone, Points, Some, Text
from api.schemas.purchases import LineIn

MOST_ITEMS = 500
LONGEST_NUMBER = 120
_STATUS = {"description": "what became of it; refused: nothing was changed, see error"}


class System(Text):
    """The name a partner gives its system; numbers mean something within it."""

    def __init__(self, **options):
        super().__init__(maximum=40, validate=validate.Regexp(r"^[a-z0-9][a-z0-9_.-]*\Z"), **options)
        self.metadata |= {"pattern": "^[a-z0-9][a-z0-9_.-]{0,39}$", "example": "bitrix24"}


class ExternalId(Text):
    """A number of a foreign system: short text without spaces at its ends."""

    def __init__(self, **options):
        super().__init__(maximum=LONGEST_NUMBER, **options)
        self.metadata.setdefault("example", "c-1042")


class Items(Some):
    """A bounded list whose items are each judged by themselves: here only that they are objects."""

    def __init__(self, schema: type[Input], **options):
        super().__init__(fields.Nested(schema), maximum=MOST_ITEMS, **options)

    def _deserialize(self, value, attr, data, **kwargs):
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise ValidationError("Must be a list of objects.")
        return value


class ClientIn(Input):
    """A client; by phone, or else by e-mail, who is known to the platform already is found."""

    external_id = ExternalId(required=True)
    phone = Phone(load_default=None, allow_none=True)
    email = Email(load_default=None, allow_none=True)
    name = Text(maximum=200, load_default=None, allow_none=True)


class ClientsIn(Input):
    system = System(required=True)
    items = Items(ClientIn, required=True)


class ClientRef(Input):
    """Whose purchase it is, named in exactly one way; `external_id` is of a client that was sent before."""

    external_id = ExternalId()
    phone = Phone()
    email = Email()

    @validates_schema(skip_on_field_errors=True)
    def check_one(self, data, **kwargs):
        if len(data) != 1:
            raise ValidationError(f"Give exactly one of: {', '.join(self.fields)}.")


class InboundPurchaseIn(Input):
    """A purchase as it stands now. Send it again whenever it changes: the points follow."""

    external_id = ExternalId(required=True)
    client = fields.Nested(ClientRef, required=True)
    occurred_at = Moment(required=True)
    state = Choice("paid", "cancelled", load_default="paid")
    amount = Money(load_default=None, allow_none=True, metadata={"description": "to be paid; needed when paid"})
    lines = Some(fields.Nested(LineIn), load_default=())
    version = Points(
        minimum=0,
        load_default=0,
        metadata={
            "description": "grows with each change, such as a time in milliseconds; an older one changes nothing"
        },
    )
    earns = Flag(
        load_default=True, metadata={"description": "false: history from before the programme, without points"}
    )
    branch_id = Id(load_default=None)


class InboundPurchasesIn(Input):
    system = System(required=True)
    items = Items(InboundPurchaseIn, required=True)


class Refusal(Output):
    code = fields.String(required=True)
    detail = fields.String(required=True)
    errors = fields.Dict(
        keys=fields.String(), values=fields.List(fields.String()), metadata={"description": "by field, dotted"}
    )


class ClientOut(Output):
    n = fields.Integer(required=True, metadata={"description": "its place in the batch, from 0"})
    external_id = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, metadata=_STATUS | {"enum": ["created", "updated", "unchanged", "refused"]})
    customer_id = Id(required=True, allow_none=True)
    error = fields.Nested(Refusal, required=True, allow_none=True)


class ClientsOut(Output):
    items = fields.List(fields.Nested(ClientOut), required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class InboundPurchaseOut(Output):
    n = fields.Integer(required=True, metadata={"description": "its place in the batch, from 0"})
    external_id = fields.String(required=True, allow_none=True)
    status = fields.String(
        required=True,
        metadata=_STATUS | {"enum": ["booked", "cancelled", "unchanged", "ignored", "refused"]},
    )
    transaction_id = Id(required=True, allow_none=True)
    points = fields.Integer(required=True, metadata={"description": "those that the purchase stands for now"})
    error = fields.Nested(Refusal, required=True, allow_none=True)


class InboundPurchasesOut(Output):
    items = fields.List(fields.Nested(InboundPurchaseOut), required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)

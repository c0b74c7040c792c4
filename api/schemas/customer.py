"""What customers see of themselves."""

from __future__ import annotations

from marshmallow import ValidationError, fields, validates_schema

from api.schemas.fields import (
    Choice,
    Day,
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
    Quantity,
    Text,
)
from api.schemas.lists import PageQuery
from loyalty.notices import PERSONAL_KINDS as NOTICE_KINDS

_OBJECTS = {"type": "array", "items": {"type": "object"}}


class Expiring(Output):
    points = fields.Integer(required=True)
    at = Moment(required=True)


class Membership(Output):
    partner_id = Id(required=True)
    partner_name = fields.String(required=True)
    balance = fields.Integer(required=True)
    available = fields.Integer(required=True)
    pending = fields.Integer(required=True)
    held = fields.Integer(required=True)
    expiring = fields.List(fields.Nested(Expiring), required=True)


class Entry(Output):
    id = Id(required=True)
    kind = fields.String(required=True)
    points = fields.Integer(required=True)
    balance_after = fields.Integer(required=True)
    partner_id = Id(required=True)
    partner_name = fields.String(required=True)
    source = fields.String(required=True)
    check_amount = Money(required=True, allow_none=True)
    breakdown = Json(
        required=True, allow_none=True, metadata={"type": "array", "items": {"type": "object"}, "nullable": True}
    )
    occurred_at = Moment(required=True)


class EntryPage(Output):
    items = fields.List(fields.Nested(Entry), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class Balance(Output):
    total = fields.Integer(required=True)
    memberships = fields.List(fields.Nested(Membership), required=True)


class Loyalty(Balance):
    transactions = fields.Nested(EntryPage, required=True)


class PurchaseLine(Output):
    n = fields.Integer(required=True)
    name = fields.String(required=True, allow_none=True)
    category = fields.String(required=True, allow_none=True)
    quantity = Quantity(required=True)
    amount = Money(required=True)
    remaining = Money(required=True)


class OperationQuery(PageQuery):
    partner_id = Id(load_default=None)


class StatsQuery(Input):
    partner_id = Id(load_default=None)
    since = Day(earliest=2000, load_default=None)
    until = Day(earliest=2000, load_default=None)


class PurchaseQuery(StatsQuery, PageQuery):
    pass


PURCHASE_COLUMNS = (
    "id", "partner_id", "branch_id", "kind", "source", "occurred_at", "amount", "paid_with_points", "refunded",
    "breakdown",
)  # fmt: skip


class Purchase(Output):
    id = Id(required=True)
    partner_id = Id(required=True)
    partner_name = fields.String(required=True)
    branch_id = Id(required=True, allow_none=True)
    kind = fields.String(required=True)
    source = fields.String(required=True)
    occurred_at = Moment(required=True)
    amount = Money(required=True)
    paid_with_points = Money(required=True)
    refunded = Money(required=True)
    breakdown = Json(required=True, metadata={"type": "array", "items": {"type": "object"}})
    lines = fields.List(fields.Nested(PurchaseLine), required=True)


class PurchaseStats(Output):
    total_purchases = fields.Integer(required=True, attribute="purchases")
    total_spent = Money(required=True, attribute="spent")
    average_check = Money(required=True, allow_none=True)
    refunded = Money(required=True)
    paid_with_points = Money(required=True)
    partners = fields.Integer(required=True, metadata={"description": "at how many partners"})
    first_purchase_at = Moment(required=True, allow_none=True, attribute="first_at")
    last_purchase_at = Moment(required=True, allow_none=True, attribute="last_at")


class CustomerCode(Output):
    code = fields.String(required=True, metadata={"pattern": "^[0-9]{6}$"})
    expires_at = Moment(required=True)


class KnownIdentity(Output):
    kind = fields.String(required=True)
    value = fields.String(required=True)
    proven = fields.Boolean(required=True)


class GivenConsent(Output):
    kind = fields.String(required=True)
    partner_id = fields.String(required=True, allow_none=True)
    granted = fields.Boolean(required=True)
    text_version = fields.String(required=True)
    at = fields.String(required=True, metadata={"format": "date-time"})


class Profile(Output):
    """A person's card; fields that nobody has filled are null."""

    customer_id = fields.String(required=True, metadata={"format": "uuid"})
    discount_card_number = fields.String(required=True, allow_none=True)
    customer_id_1c = fields.String(required=True, allow_none=True)
    loyalty_points = fields.Integer(required=True)
    total_purchases = fields.Integer(required=True)
    total_spent = fields.String(required=True)
    rfm_score = fields.String(required=True, allow_none=True)
    segment = fields.String(required=True, allow_none=True)
    purchase_preferences = Json(required=True, allow_none=True, metadata={"type": "object", "nullable": True})
    phone = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)
    birth_date = fields.String(required=True, allow_none=True, metadata={"format": "date"})
    locale = fields.String(required=True)
    timezone = fields.String(required=True)
    notices = Json(required=True, metadata={"type": "object"})
    identities = fields.List(fields.Nested(KnownIdentity), required=True)
    consents = fields.List(fields.Nested(GivenConsent), required=True)


class PersonalData(Output):
    """Made by the core, already JSON-able; times are ISO 8601, sums decimal strings, the latest stands first."""

    exported_at = fields.String(required=True, metadata={"format": "date-time"})
    profile = Json(required=True, metadata={"type": "object"})
    identities = Json(required=True, metadata=_OBJECTS)
    consents = Json(required=True, metadata=_OBJECTS | {"description": "every answer, the withdrawn ones too"})
    sessions = Json(required=True, metadata=_OBJECTS)
    memberships = Json(required=True, metadata=_OBJECTS)
    operations = Json(required=True, metadata=_OBJECTS)
    purchases = Json(required=True, metadata=_OBJECTS | {"description": "with their lines and refunds"})


class ProfileIn(Input):
    """What changes; null empties what may be empty. The core checks each value."""

    name = Text(maximum=200, allow_none=True)
    birth_date = Day(allow_none=True)
    locale = Choice("ru", "en")
    timezone = Text(maximum=64)
    purchase_preferences = fields.Raw(allow_none=True, metadata={"type": "object"})
    notices = fields.Raw(
        metadata={"type": "object", "description": f"channel, off (of: {', '.join(NOTICE_KINDS)}), quiet"}
    )
    phone = fields.Raw(allow_none=True, metadata={"type": "string", "description": "as it is; changes by a code only"})
    email = fields.Raw(allow_none=True, metadata={"type": "string", "description": "as it is; changes by a code only"})


class Contact(Input):
    """A phone or an e-mail, one of them."""

    phone = Phone()
    email = Email()

    @validates_schema(skip_on_field_errors=True)
    def check_one(self, data, **kwargs):
        if len(data.keys() & {"phone", "email"}) != 1:
            raise ValidationError("Give exactly one of: phone, email.")


class ContactProof(Contact):
    code = Digits(minimum=6, maximum=6, required=True)


class ConsentsIn(Input):
    """New answers: what is left out stays as it was answered before; without a partner, to the platform as a whole."""

    partner_id = Id(allow_none=True, load_default=None)
    personal_data = Flag()
    advertising = Flag()

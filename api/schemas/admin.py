"""What the platform's admins see and send."""

from __future__ import annotations

from marshmallow import ValidationError, fields

from api.schemas.customer import Membership, Profile
from api.schemas.fields import MAX_POINTS, Choice, Day, Id, Input, Moment, Money, Output, PartnerRef, Text
from api.schemas.lists import SearchQuery
from loyalty.directory import SORTS


class ApplicationQuery(Input):
    state = Choice("pending", "approved", "refused", load_default=None)


class RefusalIn(Input):
    reason = Text(maximum=2000, lines=True, required=True)


class YesNo(fields.Field):
    """A boolean in a query: ``true`` or ``false``."""

    def __init__(self, **options):
        super().__init__(**options)
        self.metadata.setdefault("type", "boolean")

    def _deserialize(self, value, attr, data, **kwargs):
        if value not in ("true", "false"):
            raise ValidationError("Must be true or false.")
        return value == "true"


class CustomerQuery(SearchQuery):
    """`query`: a phone, e-mail, card or id as a whole, or the beginnings of words of a name; empty lists everybody.

    By `points` and `spent` only members of some partner are listed. `proven`: whether the person has shown any identity to
    be theirs; `since`, `until`: days of registration in Moscow, both included.
    """

    sort = Choice(*SORTS, load_default="newest")
    partner_id = Id(load_default=None)
    state = Choice("active", "blocked", load_default=None)
    has_points = YesNo(load_default=None)
    proven = YesNo(load_default=None)
    vip = YesNo(load_default=None)
    since = Day(earliest=2000, load_default=None)
    until = Day(earliest=2000, load_default=None)


class CustomerLine(Output):
    customer_id = Id(required=True)
    name = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    loyalty_points = fields.Integer(required=True)
    total_purchases = fields.Integer(required=True)
    total_spent = Money(required=True)
    state = fields.String(required=True)
    created_at = Moment(required=True)


class CustomerCard(Profile):
    memberships = fields.List(fields.Nested(Membership), required=True)


class Change(fields.Field):
    """Points up or down, never none."""

    def __init__(self, **options):
        super().__init__(**options)
        self.metadata.update(type="integer", minimum=-MAX_POINTS, maximum=MAX_POINTS)

    def _deserialize(self, value, attr, data, **kwargs):
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < abs(value) <= MAX_POINTS:
            raise ValidationError("Must be a whole number other than zero.")
        return value


class AdjustIn(Input):
    partner_id = PartnerRef(required=True)
    points = Change(required=True)
    reason = Text(maximum=500, required=True)


class AdjustOut(Output):
    id = Id(required=True)
    points = fields.Integer(
        required=True, metadata={"description": "what was posted; a debit may stop at what is available"}
    )
    balance = fields.Integer(required=True)
    available = fields.Integer(required=True)
    pending = fields.Integer(required=True)

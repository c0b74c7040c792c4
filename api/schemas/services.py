"""What a partner sells by name, as its staff write it and its customers read it."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.fields import Choice, Flag, Id, Input, Moment, Money, Output, Points, Text, Whole
from loyalty.services import LONGEST_CATEGORY, LONGEST_MINUTES


class ServiceIn(Input):
    """The whole of it; what is left out is empty."""

    name = Text(maximum=200, required=True)
    price = Money(required=True, allow_zero=True)
    category = Text(maximum=LONGEST_CATEGORY, load_default=None, allow_none=True)
    minutes = Points(
        maximum=LONGEST_MINUTES, load_default=None, allow_none=True, metadata={"description": "how long it takes"}
    )
    is_hidden = Flag(load_default=False, metadata={"description": "not shown to customers; staff still sell it"})


class ServiceQuery(Input):
    """In the partner's order; `query` is a part of the name or of the category."""

    query = Text(minimum=0, maximum=200, load_default="")
    category = Text(maximum=LONGEST_CATEGORY, load_default=None)
    state = Choice("living", "shown", "hidden", "archived", load_default="living")
    cursor = Id(load_default=None)
    limit = Whole(maximum=200, load_default=50)


class MoveIn(Input):
    to = Choice(
        "up", "down", required=True, metadata={"description": "at the edge of a category the category itself moves"}
    )


class ServiceShown(Output):
    id = Id(required=True)
    name = fields.String(required=True)
    category = fields.String(required=True, allow_none=True)
    price = Money(required=True)
    minutes = fields.Integer(required=True, allow_none=True)


class Service(ServiceShown):
    is_hidden = fields.Boolean(required=True)
    archived_at = Moment(required=True, allow_none=True)
    created_at = Moment(required=True)

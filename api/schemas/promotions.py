"""Promotions and tiers of a partner, as its desk and its customers see them."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.fields import Choice, Day, Flag, Id, Input, Json, Moment, Money, Output, Points, Some, Text, Whole
from loyalty.offers import KINDS
from loyalty.promotions import MOST_LISTED, STATES
from loyalty.tiers import LONGEST_NAME, MEASURES, MOST_LEVELS, WINDOWS

_TERMS = {
    "type": "object",
    "description": "one effect (factor, points or rate), conditions (audience, tiers, rule, visit, within_days, birthday, "
    "hours, categories, min_amount), limits (per_person, per_day, budget, most_uses) and life_days of bonus points",
    "example": {"factor": "2", "hours": [{"days": [1, 2], "since": "14:00", "until": "17:00"}], "budget": 10000},
}


class TrialIn(Input):
    kind = Choice(*KINDS, required=True)
    terms = fields.Raw(required=True, metadata=_TERMS)
    promotion_id = Id(load_default=None, metadata={"description": "whose list of customers counts, for a list"})


class PromotionIn(Input):
    name = Text(maximum=200, required=True)
    kind = Choice(*KINDS, required=True)
    terms = fields.Raw(required=True, metadata=_TERMS)
    starts_at = Moment(load_default=None, metadata={"description": "left out: now"})
    ends_at = Moment(load_default=None, allow_none=True, metadata={"description": "exclusive; null: until stopped"})


class PromotionQuery(Input):
    state = Choice(*STATES, load_default=None)
    cursor = Id(load_default=None)
    limit = Whole(maximum=100, load_default=20)


class ListIn(Input):
    customer_ids = Some(Id(), maximum=MOST_LISTED, required=True)


class Listed(Output):
    added = fields.Integer(required=True, metadata={"description": "how many were not on the list before"})


class Promotion(Output):
    id = Id(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": list(KINDS)})
    terms = Json(required=True, metadata=_TERMS)
    starts_at = Moment(required=True)
    ends_at = Moment(required=True, allow_none=True)
    state = fields.String(required=True, metadata={"enum": list(STATES)})
    uses = fields.Integer(required=True)
    points = fields.Integer(required=True)
    created_at = Moment(required=True)


class Cost(Output):
    """The last 90 days priced again; nobody is assumed to buy more."""

    purchases = fields.Integer(required=True, metadata={"description": "how many there were in all"})
    uses = fields.Integer(required=True)
    people = fields.Integer(required=True)
    points = fields.Integer(required=True)
    turnover = Money(required=True, metadata={"description": "of the purchases it would have been used in"})
    gone_on = Day(
        required=True, allow_none=True, metadata={"description": "when its budget or uses would have been used up"}
    )


class Results(Output):
    """What happened with it: a description, not an effect."""

    uses = fields.Integer(required=True)
    people = fields.Integer(required=True)
    points = fields.Integer(required=True)
    turnover = Money(required=True, metadata={"description": "check values net of refunds"})


class LevelIn(Input):
    name = Text(maximum=LONGEST_NAME, required=True)
    threshold = Money(required=True)
    factor = fields.Raw(
        required=True, metadata={"type": "string", "example": "1.2", "description": "1 to 100, at most 4 places"}
    )


class TiersIn(Input):
    """The whole of it; without levels the partner has no tiers."""

    measure = Choice(*MEASURES, load_default="spent")
    window = Choice(*WINDOWS, load_default="year", metadata={"description": "year: the calendar's"})
    days = Points(maximum=3650, load_default=None, allow_none=True, metadata={"description": "of the window days"})
    falls_on_refund = Flag(load_default=False)
    levels = Some(fields.Nested(LevelIn), minimum=0, maximum=MOST_LEVELS, required=True)


class Level(Output):
    name = fields.String(required=True)
    threshold = Money(required=True)
    factor = fields.String(required=True)


class Tiers(Output):
    measure = fields.String(required=True, metadata={"enum": list(MEASURES)})
    window = fields.String(required=True, metadata={"enum": list(WINDOWS)})
    days = fields.Integer(required=True, allow_none=True)
    falls_on_refund = fields.Boolean(required=True)
    levels = fields.List(fields.Nested(Level), required=True)


class Offer(Output):
    """A running promotion as a customer may know of it."""

    partner_id = Id(required=True)
    partner_name = fields.String(required=True)
    id = Id(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": list(KINDS)})
    terms = Json(required=True, metadata={"type": "object", "description": "what it gives and when"})
    ends_at = Moment(required=True, allow_none=True)


class TierStanding(Output):
    partner_id = Id(required=True)
    partner_name = fields.String(required=True)
    tier = fields.String(required=True, allow_none=True)
    factor = Json(required=True, allow_none=True, metadata={"type": "string", "nullable": True})
    measure = fields.String(required=True, metadata={"enum": list(MEASURES)})
    sum = Money(required=True, metadata={"description": "money spent, or points earned, in the window"})
    following = fields.String(required=True, allow_none=True)
    missing = Money(required=True, allow_none=True)
    until = Moment(required=True, allow_none=True)

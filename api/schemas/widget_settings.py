"""The widget as a partner sets it."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.fields import Choice, Day, Id, Input, Moment, Output, Text, Whole
from loyalty.widget_look import LONGEST_LABEL, POSITIONS, THEMES
from loyalty.widget_proof import FAILURES, STATES

_COLOUR = {"pattern": "^#[0-9a-f]{6}$", "example": "#0b6b63"}


class LookIn(Input):
    accent = Text(
        maximum=20,
        allow_none=True,
        metadata={"example": "#7a3cff", "description": "six digits, or three; null: the usual colour"},
    )
    theme = Choice(*THEMES)
    position = Choice(*POSITIONS)
    label_ru = Text(maximum=LONGEST_LABEL, allow_none=True, metadata={"description": "null: the usual word"})
    label_en = Text(maximum=LONGEST_LABEL, allow_none=True)


def _ratio(description: str) -> fields.Field:
    written = {"type": "string", "example": "4.6", "description": description}
    return fields.Decimal(required=True, as_string=True, metadata=written)


class Contrast(Output):
    """As WCAG 2 counts it, from 1 to 21. Letters need 4.5; a button on a sheet is seen by itself from 3 on."""

    letters = _ratio("white letters on the colour")
    on_light = _ratio("the colour on a light sheet")
    on_dark = _ratio("the colour on a dark sheet")


class Look(Output):
    partner_code = fields.String(required=True, metadata={"description": "the partnerId of the code on the site"})
    accent = fields.String(required=True, allow_none=True, metadata=_COLOUR)
    colour = fields.String(required=True, metadata=_COLOUR | {"description": "what is drawn"})
    contrast = fields.Nested(Contrast, required=True)
    theme = fields.String(required=True, metadata={"enum": list(THEMES)})
    position = fields.String(required=True, metadata={"enum": list(POSITIONS)})
    label_ru = fields.String(required=True, allow_none=True)
    label_en = fields.String(required=True, allow_none=True)


class SiteIn(Input):
    origin = Text(maximum=300, required=True, metadata={"example": "https://shop.ru"})


class Proof(Output):
    """What shows that a site is mine: a file with nothing but the text, or the tag in the head of the front page."""

    address = fields.String(required=True, metadata={"description": "where the file has to lie"})
    text = fields.String(required=True)
    meta = fields.String(required=True)


class Site(Output):
    id = Id(required=True)
    origin = fields.String(required=True, metadata={"example": "https://shop.ru"})
    state = fields.String(
        required=True, metadata={"enum": list(STATES), "description": "an unproved site shows nothing"}
    )
    is_being_checked = fields.Boolean(required=True)
    failure = fields.String(
        required=True, allow_none=True, metadata={"enum": [*FAILURES, None], "description": "of the last look"}
    )
    proved_at = Moment(required=True, allow_none=True)
    checked_at = Moment(required=True, allow_none=True)
    shown_until = Moment(required=True, allow_none=True, metadata={"description": "of a failing one"})
    proof = fields.Nested(Proof, required=True)


class FunnelQuery(Input):
    days = Whole(maximum=366, load_default=30)


class Steps(Output):
    shown = fields.Integer(required=True, metadata={"description": "a browser counts once in five minutes"})
    opened = fields.Integer(required=True)
    signed_in = fields.Integer(required=True)
    joined = fields.Integer(required=True, metadata={"description": "in the widget, or on our page that it leads to"})
    claimed = fields.Integer(required=True)


class FunnelDay(Steps):
    day = Day(required=True)


class Funnel(Output):
    since = Day(required=True)
    until = Day(required=True)
    total = fields.Nested(Steps, required=True)
    before = fields.Nested(Steps, required=True, metadata={"description": "of as many days before"})
    days = fields.List(fields.Nested(FunnelDay), required=True)

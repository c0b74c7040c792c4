"""NPS: when customers are asked, what they answer, and what is done about it."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.fields import Choice, Flag, Id, Input, Moment, Output, Points, Text, Whole
from api.schemas.lists import PageQuery
from loyalty.nps import ENOUGH, GROUPS, LONGEST_DELAY, LONGEST_WORDS, PERIODS
from loyalty.survey_tasks import STATES
from loyalty.surveys import WAYS

_SCORE = {"description": "0 to 6 is a detractor, 7 and 8 a passive, 9 and 10 a promoter"}


class NpsSettingsIn(Input):
    """What is left out stays as it is."""

    is_on = Flag()
    delay_hours = Points(minimum=0, maximum=LONGEST_DELAY, metadata={"description": "after the visit"})
    reminds = Flag(metadata={"description": "once, after three days"})
    sms = Flag(metadata={"description": "also by text message, which costs money"})


class NpsSettings(Output):
    is_on = fields.Boolean(required=True)
    delay_hours = fields.Integer(required=True)
    reminds = fields.Boolean(required=True)
    sms = fields.Boolean(required=True)


class NpsQuery(Input):
    days = Choice(*map(str, PERIODS), load_default="90")
    branch_id = Id(load_default=None)
    staff_id = Id(load_default=None, metadata={"description": "who entered the purchase"})


class AnswersQuery(NpsQuery):
    group = Choice(*GROUPS, load_default=None)
    cursor = Id(load_default=None)
    limit = Whole(maximum=100, load_default=20)


class TaskQuery(PageQuery):
    state = Choice("current", "done", load_default="current")
    cursor = Id(load_default=None)


class Nps(Output):
    n = fields.Integer(required=True, metadata={"description": "answers"})
    promoters = fields.Integer(required=True)
    passives = fields.Integer(required=True)
    detractors = fields.Integer(required=True)
    value = fields.Float(required=True, allow_none=True, metadata={"description": "-100 to 100; null without answers"})
    error = fields.Float(required=True, allow_none=True, metadata={"description": "the standard error of the value"})
    low = fields.Float(required=True, allow_none=True, metadata={"description": "of the 95 % interval"})
    high = fields.Float(required=True, allow_none=True)
    is_few = fields.Boolean(required=True, metadata={"description": f"fewer than {ENOUGH} answers: it says little"})


class Step(Output):
    since = fields.Date(required=True)
    nps = fields.Nested(Nps, required=True)


class NpsResults(Output):
    since = fields.Date(required=True)
    until = fields.Date(required=True)
    asked = fields.Integer(required=True)
    answered = fields.Integer(required=True, metadata={"description": "of those who were asked in the period"})
    nps = fields.Nested(Nps, required=True)
    trend = fields.List(fields.Nested(Step), required=True, metadata={"description": "by weeks, in a year by months"})


class Answer(Output):
    id = Id(required=True, attribute="survey_id")
    customer_id = Id(required=True)
    customer_name = fields.String(required=True, allow_none=True)
    customer_phone = fields.String(required=True, allow_none=True)
    branch_name = fields.String(required=True, allow_none=True)
    staff_name = fields.String(required=True, allow_none=True)
    visited_at = Moment(required=True)
    score = fields.Integer(required=True, metadata=_SCORE)
    comment = fields.String(required=True, allow_none=True)
    way = fields.String(required=True, metadata={"enum": list(WAYS)})
    answered_at = Moment(required=True)
    task_state = fields.String(required=True, allow_none=True, metadata={"enum": [*STATES, None], "nullable": True})
    task_note = fields.String(required=True, allow_none=True)
    task_by = fields.String(required=True, allow_none=True, metadata={"description": "who changed it last"})
    task_at = Moment(required=True, allow_none=True)


class TaskIn(Input):
    state = Choice(*STATES, required=True)
    note = Text(minimum=0, maximum=LONGEST_WORDS, lines=True, load_default=None)


class AnswerIn(Input):
    """Without a comment the one that was written stays, an empty one takes it away."""

    score = Points(minimum=0, maximum=10, required=True, metadata=_SCORE)
    comment = Text(minimum=0, maximum=LONGEST_WORDS, lines=True, load_default=None)


class OwnSurvey(Output):
    id = Id(required=True, attribute="survey_id")
    partner_id = Id(required=True)
    partner_name = fields.String(required=True)
    visited_at = Moment(required=True)
    expires_at = Moment(required=True)
    link = fields.String(required=True, metadata={"description": "the page on which it is answered without signing in"})


class Asked(Output):
    """A survey as whoever holds its link sees it: nothing of the person."""

    partner_name = fields.String(required=True)
    score = fields.Integer(required=True, allow_none=True)
    comment = fields.String(required=True, allow_none=True)
    may_change = fields.Boolean(required=True)

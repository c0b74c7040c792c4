"""Invitations of friends: a customer's own, and a partner's terms, friends and results."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.auth import Consents
from api.schemas.fields import Choice, Flag, Id, Input, Moment, Money, Output, Points, Text
from api.schemas.lists import PageQuery
from loyalty.referral_terms import WHOLE
from loyalty.referrals import DOUBTS
from models.referral import STATES, WAYS

REFERRAL_STATE = {
    "enum": list(STATES),
    "description": "waiting for a purchase; bought, and its return window runs; review by the partner; rewarded; refused; "
    "returned, and the reward taken back",
}
REASON = {"description": "why refused or returned: own, staff, circle, customer, repeat, gone, declined, refund"}
INVITATION = {"maximum": 40, "metadata": {"example": "K7MX-4QRP", "description": "the code of a friend's invitation"}}


class ReferralTerms(Output):
    is_on = fields.Boolean(required=True)
    inviter_points = fields.Integer(required=True)
    friend_points = fields.Integer(required=True)
    minimum = Money(required=True, metadata={"description": "the friend's first check is of this or more"})
    return_days = fields.Integer(required=True, metadata={"description": "how long the check has to stand"})
    most_a_month = fields.Integer(
        required=True, metadata={"description": "for so many friends a month an inviter is rewarded"}
    )
    life_days = fields.Integer(
        required=True, allow_none=True, metadata={"description": "null: the points never expire"}
    )


def _whole(name: str, **options) -> Points:
    low, high = WHOLE[name]
    return Points(minimum=low, maximum=high, **options)


class ReferralTermsIn(Input):
    """What is left out stays; those who have come keep what they were told."""

    is_on = Flag()
    inviter_points = _whole("inviter_points")
    friend_points = _whole("friend_points")
    minimum = Money(allow_zero=True)
    return_days = _whole("return_days")
    most_a_month = _whole("most_a_month")
    life_days = _whole("life_days", allow_none=True)


class InvitedFriend(Output):
    first_name = fields.String(required=True, allow_none=True)
    came_at = Moment(required=True)
    state = fields.String(required=True, metadata=REFERRAL_STATE)
    reason = fields.String(required=True, allow_none=True, metadata=REASON)
    due_at = Moment(
        required=True, allow_none=True, metadata={"description": "when the reward comes, if the check stands"}
    )
    points = fields.Integer(required=True, metadata={"description": "what I have of it"})


class OwnInvitation(Output):
    """My invitation at one of my partners, and who came by it."""

    partner_id = Id(required=True)
    partner_name = fields.String(required=True)
    code = fields.String(required=True, allow_none=True, metadata={"description": "null: nobody is invited there now"})
    link = fields.String(required=True, allow_none=True)
    telegram_link = fields.String(required=True, allow_none=True)
    terms = fields.Nested(ReferralTerms, required=True)
    invited = fields.Integer(required=True)
    bought = fields.Integer(required=True)
    rewarded = fields.Integer(required=True)
    points = fields.Integer(required=True)
    friends = fields.List(fields.Nested(InvitedFriend), required=True, metadata={"description": "the latest ones"})


class InvitationIn(Input):
    invitation = Text(required=True, **INVITATION)
    consents = fields.Nested(
        Consents, metadata={"description": "answers to this partner; personal_data is needed once"}
    )


class CameBy(Output):
    """By whose invitation I came to a partner is nobody's to tell; what became of it is."""

    partner_id = Id(required=True)
    partner_name = fields.String(required=True)
    came_at = Moment(required=True)
    state = fields.String(required=True, metadata=REFERRAL_STATE)
    reason = fields.String(required=True, allow_none=True, metadata=REASON)
    points = fields.Integer(required=True, metadata={"description": "what I get when my first check has stood"})
    minimum = Money(required=True)
    due_at = Moment(required=True, allow_none=True)


class ReferralQuery(PageQuery):
    state = Choice(*STATES, load_default=None)


class ReferralNoteIn(Input):
    invitation = Text(required=True, **INVITATION)


class Referral(Output):
    id = Id(required=True, attribute="referral_id")
    inviter_id = Id(required=True, metadata={"description": "a customer"})
    inviter_name = fields.String(required=True, allow_none=True)
    friend_id = Id(required=True, metadata={"description": "a customer"})
    friend_name = fields.String(required=True, allow_none=True)
    came_by = fields.String(required=True, metadata={"enum": list(WAYS)})
    came_at = Moment(required=True)
    state = fields.String(required=True, metadata=REFERRAL_STATE)
    reason = fields.String(required=True, allow_none=True, metadata=REASON)
    doubts = fields.List(
        fields.String(metadata={"enum": list(DOUBTS)}),
        required=True,
        metadata={"description": "what is odd about where they came from; refuses nobody"},
    )
    amount = Money(required=True, allow_none=True, metadata={"description": "of the check that counts"})
    due_at = Moment(required=True, allow_none=True)
    inviter_points = fields.Integer(required=True)
    friend_points = fields.Integer(required=True)


class ReferralResults(Output):
    """What came of invitations: a description, not an effect."""

    invited = fields.Integer(required=True)
    bought = fields.Integer(required=True)
    rewarded = fields.Integer(required=True)
    waiting_for_review = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    returned = fields.Integer(required=True)
    points = fields.Integer(required=True, metadata={"description": "given, less what was taken back"})
    turnover = Money(required=True, metadata={"description": "of the friends, net of refunds"})

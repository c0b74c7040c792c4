"""The terms of inviting: read strictly, written so that reading gives them back."""

from __future__ import annotations

from decimal import Decimal

import pytest

from loyalty.errors import InvalidReferralTerms
from loyalty.referral_terms import Terms


def test_nothing_written_is_off_and_what_is_written_is_read_back():
    assert not Terms.from_json({}).is_on
    terms = Terms(True, 300, 0, Decimal("0.00"), 0, 1, None)
    assert Terms.from_json(terms.to_json()) == terms


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"is_on": "yes"}, "is_on"),
        ({"inviter_points": -1}, "inviter_points"),
        ({"friend_points": True}, "friend_points"),
        ({"friend_points": 100_001}, "friend_points"),
        ({"inviter_points": 0, "friend_points": 0}, "inviter_points"),
        ({"minimum": "-1"}, "minimum"),
        ({"minimum": "1.001"}, "minimum"),
        ({"return_days": 61}, "return_days"),
        ({"return_days": None}, "return_days"),
        ({"most_a_month": 0}, "most_a_month"),
        ({"life_days": 0}, "life_days"),
        ({"bonus": 1}, "bonus"),
        ([], None),
    ],
)
def test_terms_that_are_none_are_refused_by_their_field(wrong, field):
    with pytest.raises(InvalidReferralTerms) as refused:
        Terms.from_json(wrong)
    assert refused.value.field == field

"""On what terms a partner's customers invite their friends. Pure: read, written, and told in the partner's own numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from loyalty.errors import InvalidAmount, InvalidReferralTerms
from loyalty.money import format_money, parse_money

WHOLE = {
    "inviter_points": (0, 100_000),
    "friend_points": (0, 100_000),
    "return_days": (0, 60),
    "most_a_month": (1, 1000),
    "life_days": (1, 3650),
}
"""The whole numbers among the terms, from and to."""


@dataclass(frozen=True)
class Terms:
    """What both get when the friend's first check of `minimum` or more has stood for `return_days`.

    An inviter gets points for at most `most_a_month` friends in a calendar month of the partner's; the friends get theirs
    all the same. The points live `life_days`; None: for ever.
    """

    is_on: bool = False
    inviter_points: int = 200
    friend_points: int = 100
    minimum: Decimal = Decimal("500.00")
    return_days: int = 14
    most_a_month: int = 10
    life_days: int | None = 90

    @classmethod
    def from_json(cls, data: object) -> Terms:
        """The only reader from outside; what is left out is as usual. Raises `InvalidReferralTerms` naming the field."""
        if not isinstance(data, Mapping):
            raise InvalidReferralTerms("must be an object")
        values: dict[str, Any] = {}
        for name, value in data.items():
            if name == "is_on":
                if not isinstance(value, bool):
                    raise InvalidReferralTerms("must be yes or no", field=name)
            elif name == "minimum":
                try:
                    value = parse_money(value, allow_zero=True)
                except InvalidAmount as error:
                    raise InvalidReferralTerms(error.reason, field=name) from None
            elif name in WHOLE:
                _check_whole(name, value)
            else:
                raise InvalidReferralTerms("is no term that is known", field=str(name)[:40])
            values[name] = value
        terms = cls(**values)
        if not terms.inviter_points and not terms.friend_points:
            raise InvalidReferralTerms("must be above zero for one of the two", field="inviter_points")
        return terms

    def to_json(self) -> dict[str, Any]:
        return vars(self) | {"minimum": format_money(self.minimum)}


def _check_whole(name: str, value: object) -> None:
    low, high = WHOLE[name]
    if value is None and name == "life_days":
        return
    if type(value) is not int or not low <= value <= high:
        raise InvalidReferralTerms(f"must be a whole number from {low} to {high}", field=name)

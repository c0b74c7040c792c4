"""What the till's forms share: who acts, and saying what was refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import uuid4

from flask import g
from flask_babel import gettext

from loyalty.errors import LoyaltyError
from loyalty.idempotency import IdempotencyConflict
from loyalty.sales import Caller
from models.partner import Partner
from web.formats import use_zone
from web.forms import Deed, Form, refuse
from web.once import do_once
from web.sentences import say_error

Read = TypeVar("Read")

_PLACES = {"code": "customer", "card_number": "customer", "branch_id": "branch", "receipt_id": "receipt"}
"""The core's words for inputs, where the till's differ."""
_PLACES_OF_CODES = {
    "customer_not_found": "customer",
    "too_many_requests": "customer",
    "receipt_conflict": "receipt",
    "refund_too_large": "amount",
}
"""Where a refusal belongs that names no input of its own."""


def caller() -> Caller:
    """Whoever stands at this partner's counter: what one of them has begun, a colleague of the same branch can finish."""
    return Caller("counter", "manual", actor=g.me.customer_id, branch_id=g.me.branch_id)


def partner() -> Partner:
    """Whose till it is; from here on times are shown by the clock on its wall."""
    row = g.me.partner
    use_zone(row.timezone)
    return row


def may_see_contacts() -> bool:
    return g.me.may("customers:contacts")


def strip(text: str | None) -> str:
    return (text or "").strip()


def read_or_refuse(form: Form, read: Callable[[], Read]) -> Read | None:
    """What `read` gives; None when it refuses, and then the form says why. So several fields are read before one answers."""
    try:
        return read()
    except LoyaltyError as error:
        refuse_here(form, error)
        return None


def refuse_here(form: Form, error: LoyaltyError) -> None:
    """Say on the till's form what a rule refused, at the field it is about."""
    place = _PLACES_OF_CODES.get(error.code)
    if place is not None and place in form:
        form[place].errors = [*form[place].errors, say_error(error)]
    else:
        refuse(form, error, _PLACES)


def post_once(form: Deed, act: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    """What `act` answered, now or when the form was sent before; None when a rule refused, and then the form says why.

    A form that was posted with other values is given a new key: whoever goes back and types another purchase into it
    posts that one by pressing again.
    """
    try:
        return do_once(form, act)[0]
    except IdempotencyConflict:
        form.deed.data = str(uuid4())
        form.refusals.append(
            gettext("This form was posted already with other values. If it is another purchase, press again.")
        )
    except LoyaltyError as error:
        refuse_here(form, error)
    return None

"""An operation of the ledger in words: what it was, and how its points came about. Every room that lists operations tells
them this way."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from flask_babel import lazy_gettext as lazy

from loyalty import stories
from web.formats import write_day, write_money, write_number, write_percent

KINDS = {
    "earned": lazy("Credited"),
    "spent": lazy("Spent"),
    "returned": lazy("Refunds"),
    "expired": lazy("Expired"),
    "corrected": lazy("Corrections"),
}
"""What the kinds of `accounts.OPERATION_KINDS` are called, in the order in which they are offered."""

TITLES = {
    "purchase": lazy("Purchase"),
    "purchase_raised": lazy("Purchase adjusted"),
    "purchase_lowered": lazy("Purchase adjusted"),
    "spent": lazy("Paid with points"),
    "spend_lowered": lazy("Points given back"),
    "refund_took": lazy("Refund"),
    "refund_gave": lazy("Refund: points given back"),
    "purchase_undone": lazy("Purchase undone"),
    "welcome": lazy("Welcome gift"),
    "referral": lazy("For inviting a friend, or by a friend's invitation"),
    "referral_undone": lazy("The reward of an invitation was taken back"),
    "bonus": lazy("Bonus"),
    "expired": lazy("Points have expired"),
    "corrected": lazy("Corrected by hand"),
    "undone": lazy("Taken back"),
    "merged": lazy("Accounts joined"),
}

FACTORS = {
    "vip": lazy("VIP ×%(factor)s"),
    "large_check": lazy("large check ×%(factor)s"),
    "birthday": lazy("birthday ×%(factor)s"),
}


@dataclass(frozen=True)
class Told:
    """An operation with its words: `title`, and `details` in the order in which they are said."""

    operation: Any
    title: str
    details: list[str]


def tell(operation: Any) -> Told:
    """The words of a row of `accounts.list_operations`."""
    story = stories.story_of(operation)
    return Told(operation, str(TITLES[story]), [*_what_it_was(story, operation), *_what_comes_of_it(operation)])


def _what_it_was(story: str, operation: Any) -> list[str]:
    check = None if operation.check_amount is None else write_money(operation.check_amount)
    if story == "purchase":
        return _steps(operation) or _check(check)
    if story == "spent":
        return [gettext("a part of the check of %(check)s", check=check)] if check else []
    if story in ("refund_took", "refund_gave"):
        return [
            gettext("%(amount)s of the check of %(check)s", amount=write_money(operation.refund_amount), check=check)
        ]
    if story == "expired" and operation.purchase_at is not None:
        return [gettext("not spent since the purchase of %(day)s", day=write_day(operation.purchase_at))]
    if story == "corrected":
        return [operation.reason] if operation.reason else []
    return _check(check)


def _check(check: str | None) -> list[str]:
    return [gettext("check of %(check)s", check=check)] if check else []


def _steps(operation: Any) -> list[str]:
    """How the points came about: «5 % of 1 000 ₽, birthday ×2»."""
    told = []
    for step in stories.explaining_steps(operation):
        kind = step["kind"]
        if kind == "base":
            rate, amount = write_percent(Decimal(step["rate"])), write_money(step["amount"])
            told.insert(0, gettext("%(rate)s of %(amount)s", rate=rate, amount=amount))
        elif kind == "order_discount":
            told.append(gettext("discount of %(amount)s", amount=write_money(step["amount"])))
        elif kind == "paid_with_points":
            told.append(gettext("%(amount)s paid with points", amount=write_money(step["amount"])))
        elif kind == "not_eligible":
            told.append(gettext("%(amount)s earn nothing", amount=write_money(step["amount"])))
        elif kind in FACTORS:
            told.append(gettext(FACTORS[kind]._args[0], factor=write_number(Decimal(step["factor"]))))
    return told


def _what_comes_of_it(operation: Any) -> list[str]:
    """When points that wait become available: a day of the partner's zone."""
    if operation.waits_until is None:
        return []
    first_day = operation.waits_until.astimezone(ZoneInfo(operation.timezone)).date()
    return [gettext("yours to spend from %(day)s", day=write_day(first_day))]

"""The keyboards that stand under the field where one types, and the buttons that turn pages."""

from __future__ import annotations

from bot.talk import Buttons, Talk
from bot.texts import Words

CUSTOMER_MENU = (
    ("balance", "history"),
    ("promotions", "services"),
    ("code", "profile"),
    ("invite",),
    ("help", "as_staff", "partner"),
)
STAFF_MENU = (
    (("credit", "points:credit"), ("spend", "points:spend")),
    (("customers", "customers:read"), ("purchases", "transactions:read")),
    (("stats", "stats:read"), ("office", "programme:read")),
    (("help", None), ("as_customer", None)),
)
"""Buttons and the scope that each needs."""


def menu(talk: Talk) -> dict | None:
    """The rooms that are open to the person, as what they are now; None for somebody we do not know."""
    if talk.customer is None:
        return None
    if talk.is_at_work:
        allowed = rooms_of_staff(talk)
    else:
        hidden = "partner" if talk.places else "as_staff"
        allowed = [[name for name in row if name != hidden] for row in CUSTOMER_MENU]
    rows = [[{"text": talk.words.button(name)} for name in row] for row in allowed if row]
    return {"keyboard": rows, "resize_keyboard": True, "is_persistent": True}


def rooms_of_staff(talk: Talk) -> list[list[str]]:
    """The names of the rooms that the person's role opens, by rows; where the partner does not work in the bot, those that
    need none."""
    works_here = "telegram_bot" in talk.place.features
    return [[name for name, scope in row if scope is None or (works_here and talk.may(scope))] for row in STAFF_MENU]


def contact(words: Words) -> dict:
    """Asks for the person's own number."""
    rows = [[{"text": words("share_contact"), "request_contact": True}], [{"text": words("without_contact")}]]
    return {"keyboard": rows, "resize_keyboard": True, "one_time_keyboard": True}


def own_contact(words: Words) -> dict:
    """Asks for the number of a person we know, who may as well leave it."""
    rows = [[{"text": words("share_contact"), "request_contact": True}], [{"text": words.button("cancel")}]]
    return {"keyboard": rows, "resize_keyboard": True, "one_time_keyboard": True}


def turn(
    words: Words, name: str, page: int, *, has_more: bool, labels: tuple[str, str] = ("previous_page", "next_page")
) -> Buttons:
    """The row of buttons to the pages beside this one, `name:<page>`; no row where there are none."""
    back, on = labels
    row = [(words(back), f"{name}:{page - 1}")] if page > 1 else []
    row += [(words(on), f"{name}:{page + 1}")] if has_more else []
    return [row] if row else []


def tick(is_on: bool) -> str:
    """What stands before the name of something that is switched."""
    return "✅ " if is_on else "▫️ "

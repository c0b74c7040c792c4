"""The keyboards that stand under the field where one types."""

from __future__ import annotations

from bot.texts import Words

MENU = (("balance", "history"), ("code", "language"), ("help",))


def menu(words: Words) -> dict:
    """The rooms of the customer."""
    rows = [[{"text": words.button(name)} for name in row] for row in MENU]
    return {"keyboard": rows, "resize_keyboard": True, "is_persistent": True}


def contact(words: Words) -> dict:
    """Asks for the person's own number."""
    rows = [[{"text": words("share_contact"), "request_contact": True}], [{"text": words("without_contact")}]]
    return {"keyboard": rows, "resize_keyboard": True, "one_time_keyboard": True}

"""What came and went, and why: ten operations a page, over all partners, the newest first."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app

from bot import keyboards
from bot.router import Room
from bot.talk import Buttons, Talk
from bot.texts import Words
from loyalty import claims, stories
from loyalty.accounts import list_operations

room = Room()

A_PAGE = 10
MOST_PAGES = 50
"""A page is found by reading those before it; who looks further back does so on the site."""


@room.command("history")
@room.press(r"history:([0-9]{1,3})")
def show(talk: Talk, page: int | str = 1) -> None:
    """A page; another one replaces it under the same message."""
    words = talk.words
    number, rows, has_more = read_page(talk.customer.id, int(page))
    if not rows:
        talk.rewrite(words("history_empty") if number == 1 else words("button_is_old"))
        return
    lines = [words("history_head", page=number), *(_tell(row, talk) for row in rows)]
    if has_more and number == MOST_PAGES:
        link = f"{current_app.config['SETTINGS'].public_url}/customer/loyalty"
        lines.append(words("history_end", link=link))
    claimed = [(words("my_claims"), "my_claims:1")] if claims.list_own(talk.customer.id, limit=1) else []
    talk.rewrite(
        "\n\n".join(lines), [*turn(words, "history", number, has_more=has_more), *([claimed] if claimed else [])]
    )


def read_page(customer_id: UUID, page: int, partner_id: UUID | None = None) -> tuple[int, list[Any], bool]:
    """The number of the page nearest to the one asked for, its operations, and whether there are earlier ones."""
    number = min(max(page, 1), MOST_PAGES)
    found, following = list_operations(customer_id, partner_id=partner_id, limit=A_PAGE * number)
    return number, found[A_PAGE * (number - 1) :], following is not None


def turn(words: Words, name: str, page: int, *, has_more: bool) -> Buttons:
    """The buttons to the later and the earlier operations."""
    has_more = has_more and page < MOST_PAGES
    return keyboards.turn(words, name, page, has_more=has_more, labels=("later", "earlier"))


def say_why(operation: Any, words: Words) -> str:
    """«покупка на 1 000,00 ₽»: what an operation was."""
    story = stories.story_of(operation)
    if story == "corrected" and operation.reason:
        return words("story_corrected_because", reason=operation.reason)
    check = operation.check_amount
    return words(f"story_{story}", check=words.money(check, operation.currency) if check is not None else "—")


def _tell(operation: Any, talk: Talk) -> str:
    words = talk.words
    local = operation.occurred_at.astimezone(ZoneInfo(talk.customer.timezone))
    return words(
        "operation",
        day=words.day(local.date()),
        partner=operation.partner_name,
        points=words.change(operation.points),
        what=say_why(operation, words),
    )

"""What came and went, and why: ten operations a page, over all partners, the newest first."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app

from bot import keyboards
from bot.router import Room
from bot.talk import Talk
from loyalty import stories
from loyalty.accounts import list_operations

room = Room()

A_PAGE = 10
MOST_PAGES = 50
"""A page is found by reading those before it; who looks further back does so in the cabinet."""


@room.command("history")
@room.press(r"history:([0-9]{1,3})")
def show(talk: Talk, page: int | str = 1) -> None:
    """A page; another one replaces it under the same message."""
    words = talk.words
    page = min(max(int(page), 1), MOST_PAGES)
    found, following = list_operations(talk.customer.id, limit=A_PAGE * page)
    rows = found[A_PAGE * (page - 1) :]
    if not rows:
        talk.rewrite(words("history_empty") if page == 1 else words("button_is_old"))
        return
    lines = [words("history_head", page=page), *(_tell(row, talk) for row in rows)]
    if following and page == MOST_PAGES:
        link = f"{current_app.config['SETTINGS'].public_url}/customer/loyalty"
        lines.append(words("history_end", link=link))
    has_more = bool(following) and page < MOST_PAGES
    turn = keyboards.turn(words, "history", page, has_more=has_more, labels=("later", "earlier"))
    talk.rewrite("\n\n".join(lines), turn)


def _tell(operation: Any, talk: Talk) -> str:
    words = talk.words
    local = operation.occurred_at.astimezone(ZoneInfo(talk.customer.timezone))
    return words(
        "operation",
        day=words.day(local.date()),
        partner=operation.partner_name,
        points=words.change(operation.points),
        what=_why(operation, words),
    )


def _why(operation: Any, words) -> str:
    story = stories.story_of(operation)
    if story == "corrected" and operation.reason:
        return words("story_corrected_because", reason=operation.reason)
    check = operation.check_amount
    return words(f"story_{story}", check=words.money(check, operation.currency) if check is not None else "—")

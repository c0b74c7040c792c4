"""The partner's figures: today, a week, a month, beside the equal time before, with turnover by days and by branches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from bot import keyboards
from bot.rooms import office
from bot.router import Room
from bot.talk import Talk
from bot.texts import Words
from loyalty import figures, partners

room = Room()

PERIODS = (1, 7, 30)
SHORTEST_TREND = 7
"""One day has no trend: the week that it ends is drawn."""
A_PAGE = 8
LEVELS = "▁▂▃▄▅▆▇█"
MONEY = ("turnover", "average_check", "paid_with_points", "refunded")

DAYS = f"({'|'.join(str(days) for days in PERIODS)})"


@room.command("stats", "stats:read")
def show_today(talk: Talk) -> None:
    _show(talk, 1, None)


@room.press(rf"stats:{DAYS}", "stats:read")
def show(talk: Talk, days: str) -> None:
    _show(talk, int(days), None)


@room.press(rf"stats:{DAYS}:([0-9a-f]{{32}})", "stats:read")
def show_branch(talk: Talk, days: str, branch: str) -> None:
    """One branch alone. Raises `BranchNotFound`, for another partner's too."""
    _show(talk, int(days), UUID(branch))


@room.press(rf"stats_branches:{DAYS}:([0-9]{{1,3}})", "stats:read")
def list_branches(talk: Talk, days: str, page: str) -> None:
    """What each branch sold, the largest turnover first."""
    words, partner, number = talk.words, talk.partner, max(int(page), 1)
    found = figures.list_branch_figures(partner, days=int(days), now=talk.now)
    rows = found[A_PAGE * (number - 1) : A_PAGE * number]
    lines = [
        words(
            "stats_branch",
            branch=row.name or words("stats_no_branch"),
            turnover=words.money(row.turnover, partner.currency),
            purchases=words.count("visits", row.purchases),
        )
        for row in rows
    ]
    head = words("stats_branches_head", period=words(f"stats_period_{days}"))
    buttons = [[(row.name[:40], f"stats:{days}:{row.branch_id.hex}")] for row in rows if row.branch_id]
    turn = keyboards.turn(words, f"stats_branches:{days}", number, has_more=len(found) > A_PAGE * number)
    text = "\n\n".join([head, *(lines or [words("branches_none")])])
    talk.rewrite(text, [*buttons, *turn, [(words("stats_back"), f"stats:{days}")]])


def _show(talk: Talk, days: int, branch_id: UUID | None) -> None:
    words, partner = talk.words, talk.partner
    branch = partners.get_branch(partner.id, branch_id) if branch_id else None
    found = figures.summarise_partner(partner, days=days, now=talk.now, branch_id=branch_id, to_this_hour=days == 1)
    now, before, period = found["current"], found["previous"], found["period"]
    span = words.day(period["to"]) if days == 1 else f"{words.day(period['from'])} – {words.day(period['to'])}"
    head = words("stats_head", place=branch.name if branch else partner.name, period=words(f"stats_period_{days}"))
    lines = [head, f"{span}, {words(f'stats_beside_{days}')}", ""]
    if any(now[name] or before[name] for name in figures.MORE_IS_BETTER):
        lines += [_tell(name, now[name], before[name], words, partner.currency) for name in figures.MORE_IS_BETTER]
    else:
        lines.append(words("stats_empty", credit=words.button("credit")))
    by_day = figures.list_turnover(partner, days=max(days, SHORTEST_TREND), now=talk.now, branch_id=branch_id)
    lines += ["", *_draw(by_day, words, partner.currency)]
    if branch is None:
        members = found["members"]
        values = {"balance": words.points(members["balance"]), "pending": words.points(members["pending"])}
        lines += ["", words("stats_members", customers=words.count("stats_people", members["total"]), **values)]
    talk.rewrite("\n".join(lines), _buttons(talk, days, branch_id))


def _buttons(talk: Talk, days: int, branch_id: UUID | None) -> list[list[tuple[str, str]]]:
    words, place = talk.words, f":{branch_id.hex}" if branch_id else ""
    periods = [(words(f"stats_period_{one}"), one) for one in PERIODS]
    rows = [[(f"• {name} •" if one == days else name, f"stats:{one}{place}") for name, one in periods]]
    if branch_id is not None:
        rows.append([(words("stats_all_branches"), f"stats:{days}")])
    if len(partners.list_branches(talk.place.partner_id, closed=True, limit=2)) > 1:
        lock = "" if "extended_statistics" in talk.place.features else "🔒 "
        rows.append([(lock + words("stats_by_branch"), f"stats_branches:{days}:1")])
    return [*rows, office.back(talk)]


def _tell(name: str, now: Any, before: Any, words: Words, currency: str) -> str:
    """«Оборот: 1 500,00 ₽ ▲ на 50 % больше (было 1 000,00 ₽)»."""

    def write(value: Any) -> str:
        if value is None:
            return "—"
        return words.money(value, currency) if name in MONEY else words.number(value)

    told = words(f"stats_{name}", value=write(now))
    delta = figures.compare(now, before)
    if delta is None:
        return f"{told} ({words('stats_first')})" if now else told
    return f"{told} {_say_delta(delta, words)} ({words('stats_before', value=write(before))})"


def _say_delta(delta: figures.Delta, words: Words) -> str:
    if delta.times is not None:
        return words("stats_times", times=words.count("stats_times_count", delta.times + 1))
    if not delta.percent:
        return words("stats_same")
    return words("stats_more" if delta.percent > 0 else "stats_less", percent=words.number(abs(delta.percent)))


def _draw(by_day: Sequence[tuple[date, Decimal]], words: Words, currency: str) -> list[str]:
    """The turnover of each day as a line of bars between the first day and the last, and what the tallest stands for."""
    (first, _), (last, _), top = by_day[0], by_day[-1], max(turnover for _, turnover in by_day)
    bars = draw_trend([turnover for _, turnover in by_day])
    most = words("stats_most", turnover=words.money(top, currency)) if top else words("stats_none")
    return [words("stats_trend"), f"{_short(first)} {bars} {_short(last)}", most]


def draw_trend(values: Sequence[Decimal]) -> str:
    """A bar for each value, the largest the tallest; only nothing at all has the lowest."""
    top = max(values)
    heights = [math.ceil(value * (len(LEVELS) - 1) / top) if value > 0 else 0 for value in values]
    return "".join(LEVELS[height] for height in heights)


def _short(day: date) -> str:
    return f"{day:%d.%m}"

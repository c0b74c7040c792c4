"""What people type where a day or some hours are asked for. Pure: text in, value out, None for what is neither."""

from __future__ import annotations

import re
from datetime import date

_DAY_FIRST = re.compile(r"([0-9]{1,2})[./\- ]([0-9]{1,2})[./\- ]([0-9]{4}|[0-9]{2})")
_YEAR_FIRST = re.compile(r"([0-9]{4})[./\-]([0-9]{1,2})[./\-]([0-9]{1,2})")
_DAY_AND_WORD = re.compile(r"([0-9]{1,2})(?:-?го|st|nd|rd|th)? +(?:of )?([a-zа-яё]{3,10})\.?,? +([0-9]{4}|[0-9]{2})")
_WORD_AND_DAY = re.compile(r"([a-z]{3,9})\.? +([0-9]{1,2})(?:st|nd|rd|th)?,? +([0-9]{4})")
_MONTHS = (
    ("янв", "jan"), ("фев", "feb"), ("мар", "mar"), ("апр", "apr"), ("ма", "may"), ("июн", "jun"),
    ("июл", "jul"), ("авг", "aug"), ("сен", "sep"), ("окт", "oct"), ("ноя", "nov"), ("дек", "dec"),
)  # fmt: skip

_CLOCK = r"([01]?[0-9]|2[0-3])(?:[:.]([0-5][0-9]))?"
_HOURS = re.compile(rf"(?:(?:с|от|from) *)?{_CLOCK} *(?:-|–|—|до|to|till|until|\s) *{_CLOCK}")
_CODE = re.compile(r"(?<![0-9])([0-9]{3})[ \u00a0-]?([0-9]{3})(?![0-9])")


def read_date(text: str, today: date) -> date | None:
    """«5.12.1990», «05.12.90», «1990-12-05», «5 декабря 1990», “December 5, 1990”: the day stands before the month.

    Of two digits is made the last such year that is not to come.
    """
    text = " ".join(text.lower().split()).removesuffix(" г.").removesuffix(" года").removesuffix(" г")
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day = found.groups()
    elif found := _DAY_FIRST.fullmatch(text):
        day, month, year = found.groups()
    elif found := _DAY_AND_WORD.fullmatch(text):
        day, word, year = found.groups()
        month = _month_of(word)
    elif found := _WORD_AND_DAY.fullmatch(text):
        word, day, year = found.groups()
        month = _month_of(word)
    else:
        return None
    if len(year) == 4:
        return _date(int(year), int(month), int(day))
    recent = _date(2000 + int(year), int(month), int(day))
    return recent if recent is not None and recent <= today else _date(1900 + int(year), int(month), int(day))


def read_hours(text: str) -> tuple[str, str] | None:
    """«22:00-08:00», «22-8», «с 22 до 8:30» as ("22:00", "08:30"); the same hour twice is no time between."""
    found = _HOURS.fullmatch(" ".join(text.lower().split()))
    if found is None:
        return None
    begin, end = (f"{int(hour):02}:{minute or '00'}" for hour, minute in (found.groups()[:2], found.groups()[2:]))
    return None if begin == end else (begin, end)


def read_code(text: str) -> str | None:
    """The six digits of a code, also out of the whole message it came in."""
    found = _CODE.findall(text)
    return "".join(found[0]) if len(found) == 1 else None


def _month_of(word: str) -> int:
    """The month of a word in whichever case («мая» after «марта»); 0 for other words."""
    for number, beginnings in enumerate(_MONTHS, 1):
        if word.startswith(beginnings):
            return number
    return 0


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None

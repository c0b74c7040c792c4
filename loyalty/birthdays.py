"""Whose birthday it is: windows around it, the turn of the year, 29 February. Pure."""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR, date

from loyalty.rules import Birthday


def find_birthday(birth_date: date, on: date, rule: Birthday) -> date | None:
    """The birthday whose window holds the day `on`, or None. 29 February is kept on the 28th in common years.

    The window may reach over the turn of the year: on 30 December a birthday of 2 January is next year's. The day of
    birth itself is no birthday. Dates are calendar days of the partner's zone.
    """
    for year in (on.year - 1, on.year, on.year + 1):
        if not max(birth_date.year + 1, MINYEAR) <= year <= MAXYEAR:
            continue
        birthday = _birthday_in(birth_date, year)
        if -rule.days_before <= (on - birthday).days <= rule.days_after:
            return birthday
    return None


def _birthday_in(birth_date: date, year: int) -> date:
    try:
        return birth_date.replace(year=year)
    except ValueError:
        return date(year, 2, 28)

"""Time zones as people know them: by their town and how far they are from Greenwich."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.core import get_global
from babel.dates import get_timezone_location
from flask_babel import get_locale
from wtforms import SelectChoice

COUNTRIES = ("RU", "BY", "KZ", "KG", "AM", "UZ", "TJ", "TM", "AZ", "GE", "MD")
"""Whose towns are offered; a partner elsewhere keeps its own zone beside them."""


def zone_choices(now: datetime, own: str | None = None) -> list[SelectChoice]:
    """Zones for a select, west to east, Moscow's own first of its kind."""
    names = {name for name, country in get_global("zone_territories").items() if country in COUNTRIES}
    names |= {own} if own else set()
    offsets = {name: now.astimezone(ZoneInfo(name)).utcoffset() or timedelta() for name in names}
    towns = {name: get_timezone_location(name, locale=get_locale(), return_city=True) for name in names}
    ordered = sorted(names, key=lambda name: (offsets[name], name != "Europe/Moscow", towns[name]))
    return [SelectChoice(name, f"{towns[name]} (UTC{_write(offsets[name])})") for name in ordered]


def _write(offset: timedelta) -> str:
    minutes = int(offset.total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    sign = "\N{MINUS SIGN}" if minutes < 0 else "+"
    return f"{sign}{hours}" + (f":{rest:02}" if rest else "")

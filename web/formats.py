"""How numbers, money and time are written on pages: points with their word, a real minus, the reader's own clock."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_decimal
from flask import Flask, g
from flask_babel import get_locale, ngettext
from markupsafe import Markup

from loyalty.qr import draw_path

MINUS = "\N{MINUS SIGN}"
NBSP = "\N{NO-BREAK SPACE}"
HOME_ZONE = "Europe/Moscow"


def add_filters(app: Flask) -> None:
    app.jinja_env.filters.update(
        number=write_number,
        points=write_points,
        signed=write_signed,
        money=write_money,
        percent=write_percent,
        day=write_day,
        short_day=write_short_day,
        month=write_month,
        moment=write_moment,
        clock=write_clock,
        iso=write_iso,
        phone=write_phone,
        card=write_card,
        initial=find_initial,
    )
    app.jinja_env.globals.update(qr=draw_qr)


def use_zone(name: str) -> None:
    """Show times of this request in a zone: the partner's at the desk, the person's in the cabinet."""
    g.zone = ZoneInfo(name)


def write_number(value: int | Decimal) -> str:
    """1 250, with the sign of a negative number as a minus."""
    return _write(value, None, get_locale()).replace("-", MINUS)


def write_points(value: int) -> str:
    """«1 250 баллов»."""
    return ngettext("%(n)s point", "%(n)s points", abs(value), n=write_number(value)).replace(" ", NBSP)


def write_signed(value: int) -> str:
    """+240 or −120."""
    return ("+" if value > 0 else "") + write_number(value)


def write_money(value: Decimal | int | str) -> str:
    """«1 000 ₽», with kopecks only where there are some."""
    value = Decimal(value)
    pattern = "#,##0" if value == value.to_integral_value() else "#,##0.00"
    return _write(value, pattern, get_locale()).replace("-", MINUS) + NBSP + "₽"


def write_percent(share: Decimal | float) -> str:
    """A share from 0 to 1 as «7 %», with as many digits as it has."""
    return format_decimal(Decimal(str(share)) * 100, "#,##0.####", locale=get_locale()) + NBSP + "%"


def write_day(value: date | datetime | None) -> str:
    """«10 марта 2026 г.» in the reader's zone; a dash for none."""
    if value is None:
        return "—"
    return format_date(_local(value), "long", locale=get_locale())


def write_short_day(value: date | datetime | None) -> str:
    """«10 мар. 2026» in the reader's zone, on one line; a dash for none."""
    if value is None:
        return "—"
    return format_date(_local(value), "d MMM y", locale=get_locale()).replace(" ", NBSP)


def write_month(value: date) -> str:
    """«март 2026 г.»"""
    return format_skeleton("yMMMM", value, locale=get_locale())


def write_moment(value: datetime | None) -> str:
    """«10 мар. 2026, 15:04» in the reader's zone; a dash for none."""
    if value is None:
        return "—"
    return format_datetime(_local(value), "d MMM y, HH:mm", locale=get_locale())


def write_clock(value: datetime) -> str:
    """«15:04» in the reader's zone."""
    return f"{_local(value):%H:%M}"


def write_iso(value: date | datetime) -> str:
    """For the `datetime` attribute of `<time>`."""
    return value.isoformat()


def write_phone(value: str | None) -> str:
    """+7 916 123-45-67."""
    if not value:
        return ""
    digits = value.removeprefix("+7")
    if len(digits) == 10 and digits != value:
        return f"+7 {digits[:3]} {digits[3:6]}-{digits[6:8]}-{digits[8:]}".replace(" ", NBSP)
    return value


def write_card(value: str | None) -> str:
    """A card's digits by fours."""
    return NBSP.join(value[n : n + 4] for n in range(0, len(value), 4)) if value else ""


def find_initial(name: str | None) -> str:
    """What stands on an avatar: the first letter of the last word that is not an article, as in «Кофейня Эспрессо»."""
    words = [word.strip("«»\"'") for word in (name or "").split()]
    letters = [word[0] for word in words if word]
    return letters[-1].upper() if letters else "?"


def draw_qr(text: str, label: str) -> Markup:
    """A QR code as a picture in the page, readable by phones in both themes (dark on white)."""
    size, path = draw_path(text, 2)
    return Markup(
        '<svg class="qr" role="img" viewBox="0 0 {size} {size}" aria-label="{label}">'
        '<rect width="{size}" height="{size}" fill="#fff"/><path fill="#000" d="{path}"/></svg>'
    ).format(size=size, label=label, path=path)


@lru_cache(maxsize=10_000)
def _write(value: int | Decimal, pattern: str | None, locale: Locale) -> str:
    """Pages say the same numbers again and again, and the library reads its pattern anew each time."""
    return format_decimal(value, pattern, locale=locale)


def _local(value: date | datetime) -> date | datetime:
    return value.astimezone(g.get("zone") or ZoneInfo(HOME_ZONE)) if isinstance(value, datetime) else value

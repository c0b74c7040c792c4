"""The code for the till as pages show it: six digits, and a QR whose address is worth nothing to anybody but the till."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import current_app, g

from loyalty import codes
from loyalty.clock import utcnow


@dataclass(frozen=True)
class ShownCode:
    """The living code; the till's own page opens at `link`."""

    digits: str
    link: str
    seconds: int
    ends_at: datetime


def show_code() -> ShownCode:
    """The code of whoever is signed in."""
    now = utcnow()
    digits, ends_at = codes.show(g.me.customer_id, now)
    address = f"{current_app.config['SETTINGS'].public_url}/partner?code={digits}"
    return ShownCode(digits, address, max(0, int((ends_at - now).total_seconds())), ends_at)

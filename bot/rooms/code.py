"""The six digits that a customer shows at the till, as a number and as a QR code."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import current_app

from bot.router import Room
from bot.talk import Talk
from loyalty import codes

room = Room()


@room.command("code")
@room.press(r"code")
def show(talk: Talk) -> None:
    """The code in force, or a new one. The QR is the address of the till with the code: worth nothing to anybody else."""
    digits, ends_at = codes.show(talk.customer.id, talk.now)
    local = ends_at.astimezone(ZoneInfo(talk.customer.timezone))
    link = f"{current_app.config['SETTINGS'].public_url}/partner?code={digits}"
    told = {"code": f"{digits[:3]} {digits[3:]}", "until": f"{local:%H:%M:%S}", "zone": talk.customer.timezone}
    talk.show_qr(link, talk.words("code", **told), [[(talk.words("new_code"), "code")]])

"""Files: all customers and all operations of the partner, sent into the chat as tables."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app

from bot.rooms import office
from bot.router import Room
from bot.talk import Talk
from loyalty import exports, limits

room = Room()

PAGES = {
    "customers": "/partner/customers/export.csv",
    "transactions": "/partner/purchases/export.csv",
    "nps": "/partner/nps/export.csv",
}
"""Where the site has each file, however large."""
AN_HOUR = 10
"""How many files a person may ask for in an hour: each is written and sent anew."""


@room.press(r"files", "export:read")
def show(talk: Talk) -> None:
    buttons = [[(talk.words(f"file_{name}"), f"export:{name}")] for name in exports.EXPORTS]
    talk.rewrite(talk.words("files_head"), [*buttons, office.back(talk)])


@room.press(rf"export:({'|'.join(exports.EXPORTS)})", "export:read")
def send(talk: Talk, name: str) -> None:
    """The file comes when it is written, if the person may have it then still. Raises `TooMany`."""
    limits.hit(f"bot_export:{talk.customer.id}", limit=AN_HOUR, window=timedelta(hours=1), now=talk.now)
    words, partner = talk.words, talk.partner
    what = words(f"file_{name}")
    talk.say(words("file_begun", file=what))
    link = f"{current_app.config['SETTINGS'].public_url}{PAGES[name]}"
    talk.send_file(
        {"kind": "export", "export": name, "partner_id": str(partner.id)},
        words("file_caption", file=what, partner=partner.name, moment=words.moment(talk.now, partner.timezone)),
        {"not_allowed": words("file_not_allowed"), "too_large": words("file_too_large", link=link)},
    )

"""The chat page: whose Telegram one holds, and their chat with the real bot, one phone or two side by side."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import (
    Blueprint,
    abort,
    flash,
    g,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup, escape
from sqlalchemy import Row, select

from loyalty.access import public
from loyalty.errors import InvalidPhone
from loyalty.phones import normalise_phone
from models import db, transaction
from models.customer import Identity
from sandbox.telegram import phone, store
from sandbox.telegram.doors import LONGEST_TEXT, switch_on
from sandbox.telegram.people import Person, find_person, list_people
from web.access import anybody
from web.formats import HOME_ZONE

blueprint = Blueprint("sandbox_chat", __name__, url_prefix="/sandbox/telegram")

FILES = Path(__file__).parents[1] / "static" / "telegram"
SHOWN = 100
"""How many messages of a chat the page has; scripts can read them all."""
RECENT = 6
SIGNS = 8
NOT_TAKEN_AFTER = 6
NOT_ANSWERED_AFTER = 12
"""Seconds after which somebody who waits is told why that may be."""
UNTIL_SWITCHED_OFF = 1_000_000

GROUPS = {
    "customer": _("Customers"),
    "owner": _("Owners"),
    "cashier": _("Cashiers"),
    "admin": _("The platform"),
    "applicant": _("Wants to become a partner"),
}

SEND = "send*"
FAULTS = {
    "blocked": (_("The person is out of reach"), _("403: Telegram says that the bot is blocked."), SEND, 1),
    "flooded": (_("Too many messages"), _("429: Telegram asks to wait three seconds."), SEND, 3),
    "bad_request": (_("A message is refused"), _("400: Telegram does not take it."), SEND, 1),
    "chat_not_found": (_("The chat is gone"), _("400: Telegram knows no such chat."), SEND, 1),
    "cut": (_("The line is cut"), _("The message arrives, the answer about it does not."), SEND, 1),
    "hang": (_("Telegram thinks long"), _("Every message waits for eight seconds."), SEND, 8),
    "bad_gateway": (_("Telegram is down"), _("502, a page of HTML instead of an answer."), "*", 1),
    "broken_json": (_("The answer is broken"), _("JSON that ends in the middle."), "*", 1),
    "conflict": (_("A second process asks"), _("409 to the bot's question for messages."), "getUpdates", 1),
    "redeliver": (_("Old messages come again"), _("The bot gets what it has had already."), "getUpdates", 1),
    "reorder": (_("Messages come mixed up"), _("The bot gets the last one first."), "getUpdates", 1),
    "webhook": (_("Somebody set a webhook"), _("409 until the bot takes it away."), "getUpdates", 1),
    "malformed": (_("A message that cannot be read"), _("What people write next has no date."), "", 1),
    "twice": (_("A double tap"), _("What people press next is told to the bot twice."), "", 1),
}
"""By kind: what it is, what happens, which calls meet it, and for how many seconds where it waits."""

_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LINK = re.compile(r"https?://[^\s<>\"«»]+[^\s<>\"«».,:;!?)\]'…]")


@dataclass(frozen=True)
class Message:
    """One message as the page shows it. `day` is set where another day begins; a button is (label, data, link)."""

    row: Row
    text: Markup
    day: datetime | None
    buttons: list[list[tuple[str, str | None, str | None]]]


@dataclass(frozen=True)
class Phone:
    """One person's Telegram with the bot's chat open."""

    person: Person
    state: Row
    commands: list[dict[str, str]]
    start: str = ""

    @property
    def trouble(self) -> str | None:
        """Why nothing comes: `waiting`, the bot does not take what was said, or `silent`, it did and does not answer."""
        if self.state.is_blocked:
            return None
        if (self.state.waiting or 0) > NOT_TAKEN_AFTER:
            return "waiting"
        return "silent" if self.state.waiting is None and (self.state.silent or 0) > NOT_ANSWERED_AFTER else None

    @property
    def keyboard(self) -> list[list[str]]:
        return [[button["text"] for button in row] for row in (self.state.keyboard or {}).get("keyboard", ())]

    @property
    def looks(self) -> tuple:
        """What the page of this chat depends on: while this stays, so does the page."""
        state = self.state
        return (state.last_n, state.keyboard, state.is_blocked, state.toast, self.trouble, self.commands)


class _Refused(Exception):
    """What cannot be done, in words for the person."""


@blueprint.get("")
@anybody
def show_people():
    """Whose Telegram to hold. `start` is what a link to the bot carried; it goes along to the chat."""
    start, wanted, number = _read_start(), request.args.get("q", "").strip()[:100], request.args.get("phone")
    wrong = None
    if number is not None:
        try:
            return redirect(_address(normalise_phone(number), start=start), 303)
        except InvalidPhone:
            wrong = gettext("This is no phone number: write it as +7 999 123-45-67.")
    with transaction():
        chats = _list_chats()
        here = _find_who_is_here()
    people = [person for person in list_people() if _fits(person, wanted)]
    lively = [person for key in chats if (person := find_person(key)) and _fits(person, wanted)]
    return render_template(
        "telegram/people.html",
        here=here,
        groups=[(name, [one for one in people if one.role == role]) for role, name in GROUPS.items()],
        lively=lively[:RECENT],
        chats=chats,
        sign=_sign,
        start=start,
        wanted=wanted,
        number=(number or "")[:40],
        wrong=wrong,
    )


@blueprint.get("/<person_key>")
@anybody
def show_chat(person_key: str):
    """The chat, with `with` somebody else's beside it. A page that has `known` already is not sent again: 204."""
    people = [_find(person_key)]
    beside = find_person(request.args.get("with", ""))
    if beside is not None and beside.key != people[0].key:
        people.append(beside)
    with transaction():
        commands, faults = store.find_commands("ru"), store.list_faults()
        phones = [Phone(person, store.read_chat(person.telegram_id), commands) for person in people]
        looks = sha256(repr(([one.looks for one in phones], faults, get_locale())).encode()).hexdigest()[:16]
        if request.args.get("known") == looks:
            return "", 204
        chats = [(one, _tell(store.list_messages(one.person.telegram_id, SHOWN))) for one in phones]
        newcomers = [person for key in _list_chats() if (person := find_person(key)) and person.role == "newcomer"]
    return render_template(
        "telegram/chat.html",
        chats=chats,
        people=[person for person in [*list_people(), *newcomers] if person not in people],
        start=_read_start(),
        looks=looks,
        faults=FAULTS,
        present=faults,
        endless=UNTIL_SWITCHED_OFF // 2,
        sign=_sign,
    )


@blueprint.post("/<person_key>")
@anybody
def act(person_key: str):
    """What the person does, or what happens to the line, and back to the page where it was done."""
    person = _find(person_key)
    store.prepare()
    try:
        with transaction():
            _do(person)
    except phone.NotVisible:
        flash(gettext("This button is not there any more: the bot has written something else since."), "error")
    except _Refused as refused:
        flash(str(refused), "error")
    page, beside = find_person(request.form.get("page", "")) or person, find_person(request.form.get("with", ""))
    anchor = "faults" if request.form.keys() & {"fault", "repair"} else None
    return redirect(_address(page.key, beside=beside.key if beside else None, anchor=anchor), 303)


@blueprint.get("/static/<name>")
@public
def send_file(name: str):
    """The style and the script of these pages, which production has no use for."""
    return send_from_directory(FILES, name, max_age=0)


def _address(key: str, *, start: str = "", beside: str | None = None, anchor: str | None = None) -> str:
    return url_for(".show_chat", person_key=key, _anchor=anchor, **{"start": start or None, "with": beside})


def _list_chats() -> dict[str, Row]:
    """The chats by whose they are, the liveliest first; a notice can be the first thing in one."""
    keys = {person.telegram_id: person.key for person in list_people()}
    chats = {row.person_key or keys.get(row.chat_id): row for row in store.list_chats()}
    return {key: row for key, row in chats.items() if key}


def _find_who_is_here() -> Person | None:
    """Who is signed in on this browser: a link to the bot on a page of theirs is theirs to follow."""
    if g.me is None:
        return None
    number = select(Identity.value).where(Identity.customer_id == g.me.customer_id, Identity.kind == "phone").limit(1)
    return find_person(db.session.scalar(number) or "")


def _find(key: str) -> Person:
    person = find_person(key)
    if person is None:
        abort(404)
    return person


def _read_start() -> str:
    """What Telegram lets a link carry; of anything else it makes a link without."""
    given = request.args.get("start", "")
    return given if _PAYLOAD.fullmatch(given) else ""


def _fits(person: Person, wanted: str) -> bool:
    said = f"{person.name} {person.business or ''} {person.phone}".casefold()
    digits = re.sub(r"[\s()+-]", "", wanted)
    return wanted.casefold() in said or (digits.isdigit() and digits in person.phone)


def _sign(person: Person) -> int:
    """Which colour stands behind the person's initial."""
    return person.telegram_id % SIGNS


def _do(person: Person) -> None:
    form = request.form
    if kind := form.get("fault"):
        if kind not in FAULTS:
            abort(400)
        method, seconds = FAULTS[kind][2:]
        switch_on(kind, method, min(max(form.get("times", 1, int), 1), UNTIL_SWITCHED_OFF), seconds)
    elif kind := form.get("repair"):
        store.clear_faults(None if kind == "all" else kind)
    elif "block" in form:
        phone.block(person, form["block"] == "1")
    elif store.is_blocked(person.telegram_id):
        raise _Refused(gettext("The bot is blocked: come back to it first."))
    elif "press" in form:
        message, data = [*form["press"].split(" ", 1), ""][:2]
        phone.press_under(person, int(message) if re.fullmatch("[0-9]{1,18}", message) else 0, data)
    elif "key" in form:
        phone.press_key(person, form["key"])
    elif card := form.get("card"):
        _share(person, card, form.get("phone", "").strip()[:40])
    else:
        _write(person, form.get("text", ""))


def _share(person: Person, card: str, number: str) -> None:
    if card != "foreign":
        phone.share_contact(person, forwarded=card == "forwarded")
    elif number:
        phone.share_contact(person, number.replace("\0", ""), own=False)
    else:
        raise _Refused(gettext("Whose number? Write one."))


def _write(person: Person, text: str) -> None:
    text = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not text:
        raise _Refused(gettext("Write something first."))
    if len(text) > LONGEST_TEXT:
        raise _Refused(gettext("This is too long even for us: a hundred thousand characters at most."))
    phone.write(person, text)


def _tell(rows: Iterable[Row]) -> list[Message]:
    told, day = [], None
    for row in rows:
        at = row.said_at.astimezone(ZoneInfo(HOME_ZONE))
        buttons = [[_read_button(one) for one in line] for line in (row.markup or {}).get("inline_keyboard", ())]
        told.append(Message(row, _link(row.text), at if at.date() != day else None, buttons))
        day = at.date()
    return told


def _read_button(button: dict[str, Any]) -> tuple[str, str | None, str | None]:
    url = button.get("url", "")
    return button["text"], button.get("callback_data"), url if url.startswith(("http://", "https://")) else None


def _link(text: str) -> Markup:
    """The text with its addresses to be followed."""
    parts, end = [], 0
    for found in _LINK.finditer(text):
        address = escape(found[0])
        parts += [
            escape(text[end : found.start()]),
            Markup('<a href="{0}" target="_blank" rel="noopener">{0}</a>').format(address),
        ]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])

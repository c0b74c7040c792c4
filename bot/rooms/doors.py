"""Which room a message or a press leads to. What leads nowhere is answered too."""

from __future__ import annotations

import re

from flask import current_app

from bot import keyboards
from bot.rooms import balance, beginning, code, history, settings
from bot.talk import Talk
from bot.texts import LANGUAGES, buttons_by_label, labels_of
from loyalty import replies
from loyalty.errors import LoyaltyError

ROOMS = {
    "balance": balance.show,
    "history": history.show,
    "code": code.show,
}
"""For people we know."""
OPEN_ROOMS = {"language": settings.ask_language, "help": settings.show_help}
"""For anybody."""

_PRESSES = (
    (re.compile(r"agree:([0-9]{1,12})"), lambda talk, found: beginning.agree(talk, found[1])),
    (re.compile(r"decline"), lambda talk, found: beginning.decline(talk)),
    (
        re.compile(r"offers:([01]):([0-9]{1,12})"),
        lambda talk, found: beginning.answer_advertising(talk, found[1], found[2]),
    ),
    (
        re.compile(rf"language:({'|'.join(LANGUAGES)})"),
        lambda talk, found: settings.choose_language(talk, found[1]),
    ),
)
_PRESSES_OF_CUSTOMERS = (
    (re.compile(r"history:([0-9]{1,3})"), lambda talk, found: history.show(talk, int(found[1]))),
    (re.compile(r"code"), lambda talk, found: code.show(talk)),
)


def respond(talk: Talk) -> None:
    """Answer what came. Raises `LoyaltyError` for what cannot be."""
    incoming = talk.incoming
    if incoming.has_blocked:
        replies.note_unreachable(str(incoming.user_id), talk.now)
        return
    replies.note_reachable(str(incoming.user_id))
    if incoming.has_come_back:
        return
    if not incoming.is_private:
        _send_to_private(talk)
    elif incoming.press is not None:
        _follow_press(talk, incoming.press)
    elif incoming.contact is not None:
        beginning.take_contact(talk)
    else:
        _follow_text(talk)


def refuse(talk: Talk, error: LoyaltyError) -> None:
    """Say why it cannot be."""
    name = f"refused_{error.code}"
    talk.say(talk.words(name if talk.words.has(name) else "refused"), keyboard=_menu(talk))


def apologise(talk: Talk) -> None:
    talk.say(talk.words("sorry"))


def _send_to_private(talk: Talk) -> None:
    """Points are nobody else's business: groups are answered only when they call the bot by a command."""
    if talk.incoming.command:
        talk.say(talk.words("only_in_private", link=current_app.config["SETTINGS"].bot_link()))


def _follow_press(talk: Talk, data: str) -> None:
    for pattern, act in (*_PRESSES, *_PRESSES_OF_CUSTOMERS):
        if found := pattern.fullmatch(data):
            if talk.customer is None and pattern in [one for one, _ in _PRESSES_OF_CUSTOMERS]:
                talk.say(talk.words("who_are_you"))
            else:
                act(talk, found)
            return
    talk.toast = talk.words("button_is_old")[:200]
    talk.say(talk.words("button_is_old"), keyboard=_menu(talk))


def _follow_text(talk: Talk) -> None:
    text = (talk.incoming.text or "").strip()
    name, payload = talk.incoming.command or (buttons_by_label().get(text, ""), "")
    if name == "start":
        beginning.start(talk, payload)
    elif name in OPEN_ROOMS:
        OPEN_ROOMS[name](talk)
    elif name in ROOMS:
        _enter(talk, name)
    elif text in labels_of("without_contact"):
        beginning.go_without_contact(talk)
    elif talk.customer is None:
        talk.say(talk.words("who_are_you"))
    else:
        talk.say(talk.words("not_understood"), keyboard=_menu(talk))


def _enter(talk: Talk, name: str) -> None:
    if talk.customer is None:
        talk.say(talk.words("who_are_you"))
    else:
        ROOMS[name](talk)


def _menu(talk: Talk) -> dict | None:
    return keyboards.menu(talk.words) if talk.customer is not None else None

"""What came is led to its room. What leads nowhere is answered too."""

from __future__ import annotations

from flask import current_app

from bot import keyboards
from bot.rooms import (
    applying,
    balance,
    beginning,
    checkin,
    claims,
    code,
    consents,
    customers,
    files,
    forgetting,
    friends,
    hiring,
    history,
    linking,
    notices,
    offers,
    office,
    own_data,
    people,
    plan,
    profile,
    promotions,
    purchases,
    qr,
    rules,
    services,
    settings,
    stats,
    surveys,
    till,
    work,
)
from bot.router import Router, Stranger
from bot.talk import Talk
from bot.texts import labels_of
from loyalty import replies
from loyalty.access import NotStaff
from loyalty.errors import LoyaltyError

ROOMS = (
    beginning,
    balance,
    history,
    code,
    settings,
    work,
    till,
    purchases,
    office,
    customers,
    stats,
    rules,
    files,
    profile,
    notices,
    consents,
    own_data,
    hiring,
    linking,
    people,
    plan,
    applying,
    forgetting,
    promotions,
    offers,
    claims,
    qr,
    checkin,
    services,
    surveys,
    friends,
)
router = Router(module.room for module in ROOMS)


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
    """Say why it cannot be. Who no longer works where they did is shown the menu of what they still are."""
    if talk.is_shut_out or isinstance(error, Stranger):
        _turn_back(talk)
        return
    if isinstance(error, NotStaff) or talk.has_lost_place:
        lost = "place_suspended" if talk.is_place_suspended else "place_lost"
        talk.ask(None)
        talk.forget_place()
        talk.say(talk.words(lost if talk.places else "refused_not_staff"), keyboard=keyboards.menu(talk))
        return
    # a question of ours keeps its place: the answer can be given again
    talk.say(talk.words.refusal(error), keyboard=None if talk.step else keyboards.menu(talk))


def apologise(talk: Talk) -> None:
    talk.say(talk.words("sorry"))


def _send_to_private(talk: Talk) -> None:
    """Points are nobody else's business: groups are answered only when they call the bot by a command."""
    if talk.incoming.command:
        talk.say(talk.words("only_in_private", link=current_app.config["SETTINGS"].bot_link()))


def _follow_press(talk: Talk, data: str) -> None:
    if not router.follow_press(talk, data):
        talk.toast = talk.words("button_is_old")[:200]
        talk.say(talk.words("button_is_old"), keyboard=keyboards.menu(talk))


def _follow_text(talk: Talk) -> None:
    text = (talk.incoming.text or "").strip()
    if text in labels_of("without_contact"):
        beginning.go_without_contact(talk)
    elif router.follow_text(talk, text):
        return
    elif talk.customer is None:
        _turn_back(talk)
    else:
        talk.say(talk.words("not_understood"), keyboard=keyboards.menu(talk))


def _turn_back(talk: Talk) -> None:
    """Somebody we do not serve, or do not know: to the beginning or, in the middle of it, to the next step."""
    if talk.is_shut_out:
        talk.say(talk.words("account_closed"))
    elif talk.step == beginning.CONTACT_STEP:
        beginning.ask_contact_again(talk)
    else:
        talk.say(talk.words("who_are_you"))

"""One's own account and this Telegram become one, by the link that the cabinet shows to whoever is signed in there."""

from __future__ import annotations

from bot import keyboards
from bot.rooms import beginning
from bot.router import ANYBODY, Room
from bot.talk import Talk
from loyalty import deep_links, profiles
from loyalty.errors import CustomerNotFound, LinkGone
from models.customer import Customer

room = Room()


@beginning.invitation("l")
def come_by_account(talk: Talk, token: str) -> None:
    """`l<token>`: whose account it is, before anything changes. Raises `CustomerNotFound` for somebody who was shut out."""
    if talk.is_shut_out:
        raise CustomerNotFound()
    try:
        account = deep_links.find_account(f"l{token}", str(talk.incoming.user_id), talk.now)
    except LinkGone:
        beginning.go_on_without(talk)
        return
    if talk.customer is not None:
        _say_whose(talk, account)
        return
    buttons = [[(talk.words("linking_yes"), f"link:l{token}")], [(talk.words("linking_no"), "decline")]]
    talk.say(talk.words("linking_asked", who=_name(talk, account)), buttons)


@room.press(r"link:(l[A-Za-z0-9_-]{22})", ANYBODY)
def link(talk: Talk, payload: str) -> None:
    """Raises `LinkGone`, and `CustomerNotFound` for somebody who was shut out."""
    if talk.is_shut_out:
        raise CustomerNotFound()
    account = deep_links.find_account(payload, str(talk.incoming.user_id), talk.now)
    if talk.customer is not None:
        _say_whose(talk, account)
        return
    deep_links.link_telegram(payload, str(talk.incoming.user_id), talk.now)
    talk.ask(None)
    talk.know(account)
    talk.rewrite(talk.words("linking_done", who=_name(talk, account)))
    beginning.greet(talk, None)


def _say_whose(talk: Talk, account: Customer) -> None:
    """This Telegram is somebody's already: theirs it stays."""
    if talk.customer.id == account.id:
        talk.say(talk.words("linking_done_before"), keyboard=keyboards.menu(talk))
        return
    said = talk.words("linking_taken", mine=_name(talk, talk.customer), other=_name(talk, account))
    talk.say(said, keyboard=keyboards.menu(talk))


def _name(talk: Talk, account: Customer) -> str:
    """Enough to know one's own account by, and not more: «Иван, телефон на 45-67»."""
    shown = profiles.show_profile(account)
    name = account.name or talk.words("linking_nameless")
    if shown["phone"]:
        return talk.words("linking_with_phone", name=name, end=f"{shown['phone'][-4:-2]}-{shown['phone'][-2:]}")
    if shown["email"]:
        first, _, host = shown["email"].partition("@")
        return talk.words("linking_with_email", name=name, email=f"{first[:1]}…@{host}")
    return name

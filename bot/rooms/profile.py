"""Who the person is and how they are reached: each thing stands there as it is and is changed by a button and one answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_location

from bot import keyboards
from bot.rooms import beginning
from bot.router import Room
from bot.talk import Buttons, Talk
from bot.texts import LANGUAGES, Words
from bot.typed import read_code, read_date
from loyalty import customers, profiles, sign_in
from loyalty.emails import normalise_email
from loyalty.errors import CodeWrong, IdentityTaken, InvalidProfile
from loyalty.identities import Identifier
from loyalty.names import require_name

room = Room()

ZONES = (
    "Europe/Kaliningrad", "Europe/Moscow", "Europe/Minsk", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Almaty",
    "Asia/Omsk", "Asia/Novosibirsk", "Asia/Krasnoyarsk", "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok",
    "Asia/Magadan", "Asia/Kamchatka",
)  # fmt: skip
"""Offered by button, west to east; any other is typed by its name."""


@room.command("profile")
def show(talk: Talk, intro: str | None = None) -> None:
    talk.say("\n\n".join(([intro] if intro else []) + [_told(talk)]), _rooms(talk.words))


@room.press(r"profile")
def come_back(talk: Talk) -> None:
    talk.ask(None)
    talk.rewrite(_told(talk), _rooms(talk.words))


# Name


@room.press(r"profile:name")
def ask_name(talk: Talk) -> None:
    _ask(talk, "profile.name", talk.words("ask_name"))


@room.step("profile.name")
def take_name(talk: Talk, text: str) -> None:
    """Raises `InvalidName`."""
    _change(talk, {"name": require_name(text)})


# Birthday


@room.press(r"profile:birthday")
def ask_birthday(talk: Talk) -> None:
    """Why it is asked for stands beside the question; whoever gave it can take it back."""
    given = talk.customer.birth_date is not None
    _ask(talk, "profile.birthday", talk.words("ask_birthday"), [[(talk.words("no_birthday"), "birthday:none")]] * given)


@room.press(r"birthday:none")
def take_birthday_back(talk: Talk) -> None:
    _change(talk, {"birth_date": None})


@room.step("profile.birthday")
def take_birthday(talk: Talk, text: str) -> None:
    today = talk.now.astimezone(ZoneInfo(talk.customer.timezone)).date()
    birth_date = read_date(text, today)
    if birth_date is None:
        talk.say(talk.words("birthday_unreadable"), _only_back(talk.words))
        return
    try:
        _change(talk, {"birth_date": birth_date})
    except InvalidProfile:
        talk.say(talk.words("birthday_impossible", day=talk.words.day(birth_date)), _only_back(talk.words))


# Language, time zone


@room.press(r"profile:language")
def ask_language(talk: Talk) -> None:
    talk.ask(None)
    buttons = [[(name, f"language:{language}") for language, name in LANGUAGES.items()], *_only_back(talk.words)]
    talk.rewrite(talk.words("ask_language"), buttons)


@room.press(r"profile:zone")
def ask_zone(talk: Talk) -> None:
    labels = [(name_zone(name, talk.words, talk.now), f"zone:{name}") for name in ZONES]
    rows = [labels[n : n + 2] for n in range(0, len(labels), 2)]
    _ask(talk, "profile.zone", talk.words("ask_zone"), rows)


@room.press(r"zone:([A-Za-z_/]{3,40})")
@room.step("profile.zone")
def take_zone(talk: Talk, name: str) -> None:
    try:
        _change(talk, {"timezone": name.strip()})
    except InvalidProfile:
        talk.say(talk.words("zone_unknown"), _only_back(talk.words))


# Phone


@room.press(r"profile:phone")
def ask_phone(talk: Talk) -> None:
    """The card that Telegram vouches for is taken whenever it comes (`beginning.take_contact`)."""
    talk.ask(None)
    talk.say(talk.words("ask_phone", share=talk.words("share_contact")), keyboard=keyboards.own_contact(talk.words))


# E-mail


@room.press(r"profile:email")
def ask_email(talk: Talk) -> None:
    _ask(talk, "profile.email", talk.words("ask_email"))


@room.step("profile.email")
def take_email(talk: Talk, text: str) -> None:
    """Send a code there, whoever has the address now. Raises `InvalidEmail`, `TooMany`."""
    email = Identifier("email", normalise_email(text))
    identity = customers.find_identity(email)
    if identity is not None and identity.customer_id == talk.customer.id and identity.proven_at is not None:
        talk.ask(None)
        show(talk, talk.words("email_yours_already", email=email.value))
        return
    _send_code(talk, email)
    talk.ask("profile.code", email=email.value)
    talk.say(talk.words("email_code_sent", email=email.value), _around_code(talk.words))


@room.press(r"profile:again")
def send_code_again(talk: Talk) -> None:
    """Another code, when a minute has passed since the last. Raises `TooMany`."""
    if talk.step != "profile.code":
        ask_email(talk)
        return
    email = Identifier("email", talk.data["email"])
    _send_code(talk, email)
    talk.say(talk.words("email_code_again", email=email.value), _around_code(talk.words))


@room.step("profile.code")
def take_code(talk: Talk, text: str) -> None:
    """The address is theirs by the code that came to it. Raises `TooMany`."""
    code = read_code(text)
    if code is None:
        talk.say(talk.words("code_is_six_digits"), _around_code(talk.words))
        return
    email = Identifier("email", talk.data["email"])
    try:
        sign_in.prove_contact(talk.customer, email, code, now=talk.now, address=_address(talk), once=talk.key)
    except CodeWrong:
        talk.say(talk.words("email_code_wrong"), _around_code(talk.words))
    except IdentityTaken as taken:
        talk.ask(None)
        try:
            beginning.find_again(talk, email, taken)
        except IdentityTaken:
            talk.say(talk.words.refusal(taken), _only_back(talk.words))
    else:
        talk.ask(None)
        show(talk, talk.words("email_linked", email=email.value))


def _send_code(talk: Talk, email: Identifier) -> None:
    sign_in.request_contact_code(talk.customer, email, address=_address(talk), now=talk.now, once=talk.key)


def _address(talk: Talk) -> str:
    """Where the tries come from, for the limits: what an IP address is to the pages."""
    return f"telegram:{talk.incoming.user_id}"


def _around_code(words: Words) -> Buttons:
    return [
        [(words("code_again"), "profile:again")],
        [(words("another_email"), "profile:email")],
        *_only_back(words),
    ]


# What is shown


def _told(talk: Talk) -> str:
    words, customer = talk.words, talk.customer
    shown = profiles.show_profile(customer)
    birthday = words.day(customer.birth_date) if customer.birth_date else words("not_given")
    lines = [
        words("profile_head"),
        words("profile_name", name=customer.name or words("not_given")),
        words("profile_birthday", day=birthday),
        words("profile_language", language=LANGUAGES[words.language]),
        words("profile_zone", zone=name_zone(customer.timezone, words, talk.now)),
        "",
    ]
    for kind in ("phone", "email"):
        known = [one for one in shown["identities"] if one["kind"] == kind]
        lines += [words(f"profile_{kind}", value=one["value"], note=_note(one["proven"], words)) for one in known]
        lines += [] if known else [words(f"profile_{kind}", value=words("not_linked"), note="")]
    lines += [words("profile_card", value=_in_fours(card)) for card in [shown["discount_card_number"]] if card]
    return "\n".join(lines)


def _note(is_proven: bool, words: Words) -> str:
    return "" if is_proven else words("not_proven")


def _in_fours(number: str) -> str:
    return " ".join(number[n : n + 4] for n in range(0, len(number), 4))


def _rooms(words: Words) -> Buttons:
    return [
        [(words("change_name"), "profile:name"), (words("change_birthday"), "profile:birthday")],
        [(words.button("language"), "profile:language"), (words("change_zone"), "profile:zone")],
        [(words("link_phone"), "profile:phone"), (words("link_email"), "profile:email")],
        [(words("open_notices"), "notices"), (words("open_consents"), "consents:1")],
        [(words("open_data"), "my_data"), (words("open_forgetting"), "forget")],
    ]


def name_zone(name: str, words: Words, now: datetime) -> str:
    """«Москва, UTC+3»."""
    offset = now.astimezone(ZoneInfo(name)).utcoffset() or timedelta()
    hours, minutes = divmod(abs(int(offset.total_seconds())) // 60, 60)
    sign = "\N{MINUS SIGN}" if offset < timedelta() else "+"
    town = words(f"zone_{name}") if name in ZONES else get_timezone_location(name, words.language, return_city=True)
    return f"{town}, UTC{sign}{hours}" + (f":{minutes:02}" if minutes else "")


def _only_back(words: Words) -> Buttons:
    return [[(words("back_to_profile"), "profile")]]


def _ask(talk: Talk, step: str, question: str, buttons: Buttons | None = None) -> None:
    """Ask under the message whose button was pressed, with a way back."""
    talk.ask(step)
    talk.rewrite(question, [*(buttons or []), *_only_back(talk.words)])


def _change(talk: Talk, changes: dict) -> None:
    """Raises what `profiles.update_profile` raises, and the question stands."""
    profiles.update_profile(talk.customer, changes, talk.now)
    talk.ask(None)
    show(talk, talk.words("saved"))

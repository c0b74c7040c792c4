"""What the person is told, where, and when not: each setting stands there as it is and changes under its button.

A button carries what is to be, not «the other way», so that one pressed twice or late does what it says.
"""

from __future__ import annotations

from typing import Any

from bot import keyboards
from bot.rooms.profile import name_zone
from bot.router import Room
from bot.talk import Buttons, Talk
from bot.texts import Words
from bot.typed import read_hours
from loyalty import profiles
from loyalty.notices import PERSONAL_KINDS as KINDS
from loyalty.notices import USUAL_QUIET, routes_to

room = Room()

HOURS = (("22:00", "08:00"), ("23:00", "09:00"), ("21:00", "10:00"))
"""Quiet hours offered by button; others are typed."""


@room.press(r"notices")
def show(talk: Talk, intro: str | None = None) -> None:
    talk.ask(None)
    talk.rewrite("\n\n".join(([intro] if intro else []) + [_told(talk)]), _buttons(talk))


@room.press(rf"notice:({'|'.join(KINDS)}):([01])")
def switch(talk: Talk, kind: str, is_on: str) -> None:
    off = {one for one in _kept(talk).get("off") or () if one in KINDS} - {kind}
    _keep(talk, off=sorted(off if is_on == "1" else off | {kind}, key=KINDS.index))
    show(talk)


@room.press(r"channel")
def ask_channel(talk: Talk) -> None:
    """The ways that reach the person now."""
    talk.ask(None)
    words, mine = talk.words, _kept(talk).get("channel")
    channels = [None, *dict.fromkeys(route.channel for route in routes_to(talk.customer))]
    rows = [
        [(keyboards.tick(channel == mine) + _name_channel(channel, words), f"channel:{channel}")]
        for channel in channels
    ]
    talk.rewrite(words("ask_channel"), [*rows, _back(words)])


@room.press(r"channel:(None|telegram|sms|email)")
def choose_channel(talk: Talk, channel: str) -> None:
    _keep(talk, channel=None if channel == "None" else channel)
    show(talk)


@room.press(r"quiet")
def ask_quiet(talk: Talk) -> None:
    words = talk.words
    labels = [(words("hours", begin=begin, end=end), f"quiet:{begin}-{end}") for begin, end in HOURS]
    talk.ask("notices.quiet")
    talk.rewrite(
        words("ask_quiet", begin=USUAL_QUIET[0], end=USUAL_QUIET[1], now=_name_quiet(talk)),
        [labels, [(words("quiet_usual"), "quiet:usual")], [(words("quiet_never"), "quiet:never")], _back(words)],
    )


@room.press(r"quiet:([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})")
def choose_quiet(talk: Talk, begin: str, end: str) -> None:
    """Raises `InvalidProfile` for hours that no clock shows."""
    _keep(talk, quiet=[begin, end])
    show(talk)


@room.press(r"quiet:(usual|never)")
def choose_no_quiet(talk: Talk, which: str) -> None:
    """Never quiet, or what holds for those who have chosen nothing."""
    if which == "never":
        _keep(talk, quiet=None)
    else:
        _write(talk, {name: value for name, value in _kept(talk).items() if name != "quiet"})
    show(talk)


@room.step("notices.quiet")
def take_quiet(talk: Talk, text: str) -> None:
    hours = read_hours(text)
    if hours is None:
        talk.say(talk.words("hours_unreadable"), [_back(talk.words)])
        return
    _keep(talk, quiet=list(hours))
    show(talk, talk.words("saved"))


def _told(talk: Talk) -> str:
    words, kept = talk.words, _kept(talk)
    return words(
        "notices",
        channel=_name_channel(kept.get("channel"), words),
        quiet=_name_quiet(talk),
        zone=name_zone(talk.customer.timezone, words, talk.now),
    )


def _buttons(talk: Talk) -> Buttons:
    words, off = talk.words, _kept(talk).get("off") or ()
    switches = [
        [(keyboards.tick(kind not in off) + words(f"notice_{kind}"), f"notice:{kind}:{int(kind in off)}")]
        for kind in KINDS
    ]
    return [
        *switches,
        [(words("change_channel"), "channel"), (words("change_quiet"), "quiet")],
        [(words("back_to_profile"), "profile")],
    ]


def _name_channel(channel: str | None, words: Words) -> str:
    return words(f"channel_{channel}" if channel else "channel_any")


def _name_quiet(talk: Talk) -> str:
    words, kept = talk.words, _kept(talk)
    if "quiet" not in kept:
        return words("quiet_is_usual", begin=USUAL_QUIET[0], end=USUAL_QUIET[1])
    if not kept["quiet"]:
        return words("quiet_is_off")
    return words("hours", begin=kept["quiet"][0], end=kept["quiet"][1])


def _back(words: Words) -> list[tuple[str, str]]:
    return [(words("back_to_notices"), "notices")]


def _kept(talk: Talk) -> dict[str, Any]:
    return talk.customer.notices or {}


def _keep(talk: Talk, **changes: Any) -> None:
    _write(talk, _kept(talk) | changes)


def _write(talk: Talk, notices: dict[str, Any]) -> None:
    profiles.update_profile(talk.customer, {"notices": notices}, talk.now)

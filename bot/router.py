"""Which handler a text, a press or an answer leads to, and who may go there.

Each room is a `Room` in which its handlers are written down, as on a Flask blueprint. A handler takes the `Talk` and what
its pattern found. Who may not go there is told so by the error that `admit` raises; a handler can rely on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from bot.talk import Talk
from bot.texts import button_of_word, buttons_by_label
from loyalty.errors import LoyaltyError

ANYBODY, CUSTOMER = "anybody", "customer"
"""Needs of a handler; any other need is a scope of staff, such as "points:credit"."""

Handler = Callable[..., bool | None]


class Stranger(LoyaltyError):
    """Only for people we know, and this is not one of them."""

    code = "stranger"

    def __init__(self) -> None:
        super().__init__("This is for people who have met the bot.")


class Room:
    """The handlers of one room."""

    def __init__(self) -> None:
        self.commands: dict[str, tuple[str, Handler]] = {}
        self.steps: dict[str, tuple[str, Handler]] = {}
        self.presses: list[tuple[re.Pattern, str, Handler]] = []
        self.sentences: list[tuple[re.Pattern, str, Handler]] = []

    def command(self, name: str, need: str = CUSTOMER) -> Callable[[Handler], Handler]:
        """`/name` and the menu's button of that name: `handler(talk)`. Ends whatever was begun."""
        return lambda handler: self.commands.setdefault(name, (need, handler))[1]

    def press(self, pattern: str, need: str = CUSTOMER) -> Callable[[Handler], Handler]:
        """A button under a message, by its whole data: `handler(talk, *groups)`. Data can be made by hand."""

        def note(handler: Handler) -> Handler:
            self.presses.append((re.compile(pattern, re.ASCII), need, handler))
            return handler

        return note

    def step(self, name: str, need: str = CUSTOMER) -> Callable[[Handler], Handler]:
        """The answer to the question `name` (see `Talk.ask`): `handler(talk, text)`."""
        return lambda handler: self.steps.setdefault(name, (need, handler))[1]

    def sentence(self, pattern: str, need: str = CUSTOMER) -> Callable[[Handler], Handler]:
        """A text that is understood anywhere, whatever was asked: `handler(talk, found)`. Only for those whom `need` admits.

        A handler that answers False has not understood it after all, and the text goes on.
        """

        def note(handler: Handler) -> Handler:
            self.sentences.append((re.compile(pattern), need, handler))
            return handler

        return note


class Router:
    """All rooms together. The `follow_` methods say whether there was a way; they raise what a handler raises."""

    def __init__(self, rooms: Iterable[Room]):
        self._commands: dict[str, tuple[str, Handler]] = {}
        self._steps: dict[str, tuple[str, Handler]] = {}
        self._presses: list[tuple[re.Pattern, str, Handler]] = []
        self._sentences: list[tuple[re.Pattern, str, Handler]] = []
        for room in rooms:
            assert not (self._commands.keys() & room.commands.keys() or self._steps.keys() & room.steps.keys())
            self._commands |= room.commands
            self._steps |= room.steps
            words, known = _first_words(room.presses), _first_words(self._presses)
            assert not words & known, f"two rooms have buttons that begin with {words & known}"
            self._presses += room.presses
            self._sentences += room.sentences

    def follow_press(self, talk: Talk, data: str) -> bool:
        for pattern, need, handler in self._presses:
            if found := pattern.fullmatch(data):
                _call(talk, need, handler, *found.groups())
                return True
        return False

    def follow_text(self, talk: Talk, text: str) -> bool:
        """A command or a button of the menu, a sentence understood anywhere, the answer to our question, or a button's word."""
        name = talk.incoming.command[0] if talk.incoming.command else buttons_by_label().get(text)
        if name in self._commands:
            if talk.step is not None:
                talk.ask(None)
            _call(talk, *self._commands[name])
            return True
        if talk.incoming.command:
            return False
        for pattern, need, handler in self._sentences:
            found = pattern.fullmatch(text)
            if found and _is_admitted(talk, need) and handler(talk, found) is not False:
                return True
        if talk.step in self._steps:
            _call(talk, *self._steps[talk.step], text)
            return True
        if (name := button_of_word(text)) in self._commands:
            _call(talk, *self._commands[name])
            return True
        return False


def _first_words(presses: Iterable[tuple[re.Pattern, str, Handler]]) -> set[str]:
    """What the data of the buttons begins with: of two rooms with the same word the first would take the other's."""
    return {re.match(r"[a-z_]*", pattern.pattern)[0] for pattern, _, _ in presses}


def admit(talk: Talk, need: str) -> None:
    """Raises `Stranger`, and for staff `NotStaff`, `PartnerSuspended`, `NotAllowed` or `FeatureLocked`: looked up anew for
    every update."""
    if need == ANYBODY:
        return
    if talk.customer is None:
        raise Stranger()
    if need != CUSTOMER:
        talk.require(need)


def _is_admitted(talk: Talk, need: str) -> bool:
    try:
        admit(talk, need)
    except LoyaltyError:
        return False
    return True


def _call(talk: Talk, need: str, handler: Handler, *found: Any) -> None:
    admit(talk, need)
    handler(talk, *found)

"""The language, and help."""

from __future__ import annotations

from bot import keyboards
from bot.router import ANYBODY, Room
from bot.talk import Talk
from bot.texts import BUTTONS, LANGUAGES
from loyalty import profiles

room = Room()


@room.command("language", ANYBODY)
def ask_language(talk: Talk) -> None:
    buttons = [[(name, f"language:{language}") for language, name in LANGUAGES.items()]]
    talk.say(talk.words("ask_language"), buttons)


@room.press(rf"language:({'|'.join(LANGUAGES)})", ANYBODY)
def choose_language(talk: Talk, language: str) -> None:
    """The person's own choice, for notices and pages too; of somebody unknown it is the chat's."""
    if talk.customer is not None:
        profiles.update_profile(talk.customer, {"locale": language}, talk.now)
        talk.know(talk.customer)
    else:
        talk.choose_language(language)
    talk.say(talk.words("language_chosen"), keyboard=keyboards.menu(talk))


@room.command("help", ANYBODY)
def show_help(talk: Talk) -> None:
    """What can be done here, for staff as for the customer, as what the person is now."""
    words = talk.words
    if talk.is_at_work:
        rooms = [name for row in keyboards.rooms_of_staff(talk) for name in row if name != "help"]
        told = [f"{words.button(name)} — {words(f'help_{name}')}" for name in rooms]
        lines = [words("line_forms")] if talk.may("points:spend") else []
        talk.say("\n\n".join([words("help_staff"), "\n".join(told), *lines]), keyboard=keyboards.menu(talk))
        return
    names = {name: words.button(name) for name in BUTTONS}
    talk.say(words("help", **names), keyboard=keyboards.menu(talk))

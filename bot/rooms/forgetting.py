"""Forgetting the person: said what goes and what stays, confirmed by a word that nobody types by mistake, then done."""

from __future__ import annotations

from bot.router import Room
from bot.talk import Buttons, Talk
from bot.texts import Words, labels_of
from loyalty import staff
from loyalty.erasure import erase_person
from loyalty.wallet import open_wallet

room = Room()


@room.press(r"forget")
def show(talk: Talk) -> None:
    """What goes, what stays, and what is lost."""
    talk.ask(None)
    words = talk.words
    if owned := staff.find_only_owned(talk.customer.id):
        told = words("forget_only_owner", partners=", ".join(f"«{name}»" for name in owned))
        talk.rewrite(told, _back(words))
        return
    lines = [words("forget_head"), words("forget_stays"), _tell_points(talk)]
    if talk.places:
        names = ", ".join(place.partner_name for place in talk.places)
        lines.append(words("forget_work", partners=names))
    buttons = [[(words("forget_on"), "forget:on")], [(words("open_data"), "my_data")], *_back(words)]
    talk.rewrite("\n\n".join(lines), buttons)


@room.press(r"forget:on")
def ask_word(talk: Talk) -> None:
    talk.ask("forget.word")
    talk.rewrite(talk.words("ask_forget_word", word=talk.words("forget_word")), _back(talk.words))


@room.step("forget.word")
def take_word(talk: Talk, text: str) -> None:
    """Raises `LastOwner`, when the other owner left in between."""
    words = talk.words
    if text.strip(' .!«»"').casefold() not in {word.casefold() for word in labels_of("forget_word")}:
        talk.say(words("not_the_word", word=words("forget_word")), _back(words))
        return
    talk.ask(None)
    erase_person(talk.customer, talk.now)
    talk.say_goodbye(words("forgotten"))


def _tell_points(talk: Talk) -> str:
    words, wallet = talk.words, open_wallet(talk.customer.id, talk.now)
    told = [(pocket.partner_name, pocket.balance + pocket.pending) for pocket in wallet.pockets]
    told = [(name, points) for name, points in told if points > 0]
    if not told:
        return words("forget_no_points")
    split = ", ".join(f"{name} — {words.number(points)}" for name, points in told)
    return words("forget_points", points=words.points(sum(points for _, points in told)), split=split)


def _back(words: Words) -> Buttons:
    return [[(words("back_to_profile"), "profile")]]

"""What the person has agreed to, with the platform and with each partner; given and withdrawn by a button."""

from __future__ import annotations

from bot import keyboards
from bot.router import Room
from bot.talk import Talk
from bot.texts import Words
from loyalty import profiles
from loyalty.consents import ADVERTISING, PERSONAL_DATA, Answers, list_answers
from loyalty.errors import PartnerNotFound
from loyalty.wallet import open_wallet

room = Room()

PLACE = "bot"
PLATFORM = "0"
"""Stands for the platform as a whole where a button has a partner's code."""
KINDS = {"p": PERSONAL_DATA, "a": ADVERTISING}
A_PAGE = 6


@room.press(r"consents:([0-9]{1,3})")
def show(talk: Talk, page: int | str) -> None:
    """Everybody the person was asked for, some to a page."""
    talk.ask(None)
    words, number = talk.words, max(int(page), 1)
    found = list_answers(talk.customer.id)
    places = found[A_PAGE * (number - 1) : A_PAGE * number]
    if not places:
        talk.rewrite(words("button_is_old"), [[(words("back_to_profile"), "profile")]])
        return
    lines = [words("consents_head"), *("\n".join(_tell(place, talk)) for place in places), words("consents_note")]
    names = [(_name(place, words), f"consent:{place.partner_code or PLATFORM}") for place in places]
    turn = keyboards.turn(words, "consents", number, has_more=len(found) > A_PAGE * number)
    rows = [names[n : n + 2] for n in range(0, len(names), 2)]
    talk.rewrite("\n\n".join(lines), [*rows, *turn, [(words("back_to_profile"), "profile")]])


@room.press(r"consent:([0-9]{1,12})")
def show_place(talk: Talk, code: str, intro: str | None = None) -> None:
    """The answers to one partner, or to the platform. Raises `PartnerNotFound` where the person is no member."""
    words, place = talk.words, _find(talk, code)
    buttons = []
    for letter, kind in KINDS.items():
        is_given = _is_given(place, kind)
        label = words("withdraw" if is_given else "give", what=words(f"consent_{kind}"))
        buttons.append([(label, f"consent:{code}:{letter}:{int(not is_given)}")])
    buttons.append([(words("back_to_consents"), "consents:1")])
    talk.rewrite("\n\n".join([*([intro] if intro else []), "\n".join(_tell(place, talk))]), buttons)


@room.press(r"consent:([0-9]{1,12}):([pa]):([01])")
def answer(talk: Talk, code: str, letter: str, given: str) -> None:
    """Before the processing of personal data is forbidden, what comes of it is said."""
    place = _find(talk, code)
    if letter == "p" and given == "0":
        words, name = talk.words, _name(place, talk.words)
        buttons = [[(words("withdraw_surely"), f"consent:{code}:p:0:sure")], [(words("keep_it"), f"consent:{code}")]]
        said = words("withdraw_platform" if code == PLATFORM else "withdraw_partner", name=name)
        talk.rewrite(said, buttons)
        return
    _note(talk, place, KINDS[letter], given == "1")


@room.press(r"consent:([0-9]{1,12}):p:0:sure")
def withdraw(talk: Talk, code: str) -> None:
    _note(talk, _find(talk, code), PERSONAL_DATA, False)


def _note(talk: Talk, place: Answers, kind: str, is_given: bool) -> None:
    """A yes may bring a welcome bonus that waited for it: the total is told then."""
    had = open_wallet(talk.customer.id, talk.now).total
    profiles.change_consents(talk.customer, {kind: is_given}, partner_id=place.partner_id, place=PLACE, now=talk.now)
    has = open_wallet(talk.customer.id, talk.now).total
    said = talk.words("consent_given" if is_given else "consent_withdrawn")
    if has > had:
        said = f"{said} {talk.words('welcomed', change=talk.words.change(has - had))}"
    show_place(talk, place.partner_code or PLATFORM, intro=said)


def _find(talk: Talk, code: str) -> Answers:
    for place in list_answers(talk.customer.id):
        if (place.partner_code or PLATFORM) == code:
            return place
    raise PartnerNotFound()


def _is_given(place: Answers, kind: str) -> bool:
    """The person's own word there; where they gave none, what they told the platform."""
    answered = place.newest.get(kind)
    return answered.granted if answered else place.allows(kind)


def _tell(place: Answers, talk: Talk) -> list[str]:
    words = talk.words
    lines = [_name(place, words)]
    for kind in KINDS.values():
        answered = place.newest.get(kind)
        if answered is not None:
            day = words.moment(answered.at, talk.customer.timezone)
            said = words("agreed_on" if answered.granted else "declined_on", day=day, version=answered.text_version)
            if answered.granted and not place.allows(kind):
                said = f"{said}; {words('platform_declined')}"
        else:
            said = words("agreed_for_all" if place.allows(kind) else "not_asked")
        lines.append(f"   {words(f'consent_{kind}')}: {said}")
    return lines


def _name(place: Answers, words: Words) -> str:
    return place.partner_name or words("platform")

"""Meeting: with and without an invitation, consents, and the person's own number.

Nothing is kept of a newcomer before they agree. Telegram vouches for the Telegram id, and for the phone only when the
card is the sender's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import current_app

from bot import keyboards
from bot.rooms import balance, work
from bot.router import ANYBODY, Room
from bot.talk import Talk
from loyalty import consents, customers, deep_links, merging, profiles, referrals, welcome
from loyalty.errors import (
    CannotMerge,
    CustomerNotFound,
    IdentityTaken,
    InvitationGone,
    LoyaltyError,
    PartnerNotFound,
)
from loyalty.identities import Identifier
from loyalty.names import tidy_name
from loyalty.partners import get_open_partner
from loyalty.phones import normalise_phone
from loyalty.sealing import seal, unseal
from models.customer import Customer, Identity
from models.partner import Partner

room = Room()

PLACE = "bot"
NOTHING = "0"
"""Stands for «no payload» and «no partner» in the data of a button."""
CONTACT_STEP = "contact"
_PURPOSE = "payload"
_PAYLOAD = re.compile(r"[a-z][A-Za-z0-9_-]{1,56}", re.ASCII)
"""Telegram allows 64 of these; with `agree:` before it, it fits into a button."""
_OF_PARTNER = re.compile(r"p(.*)|c([0-9]+)(?:-[0-9a-f]{32})?", re.ASCII)


Way = Callable[[Talk, str], None]
_WAYS: dict[str, Way] = {}


def invitation(letter: str) -> Callable[[Way], Way]:
    """What `/start` does with a payload that begins with this letter: `handler(talk, rest)`.

    Anybody can type any payload, newcomers too: those a handler may `meet`, and it is called again once they are known.
    """
    return lambda handler: _WAYS.setdefault(letter, handler)


@room.command("start", ANYBODY)
def start(talk: Talk) -> None:
    """/start, perhaps with the payload of a deep link."""
    payload = talk.incoming.command[1]
    if payload:
        follow(talk, payload)
    elif talk.customer is None:
        meet(talk, "", [])
    else:
        greet(talk, None)


def follow(talk: Talk, payload: str) -> None:
    """Go where the payload leads; one that leads nowhere is said to, and the person goes on without it."""
    way = _WAYS.get(payload[0]) if _PAYLOAD.fullmatch(payload) else None
    if way is not None:
        way(talk, payload[1:])
    else:
        go_on_without(talk)


def greet(talk: Talk, intro: str | None) -> None:
    """Somebody we know: their total, and for staff where they are."""
    balance.show(talk, intro)
    if talk.is_at_work:
        work.show_place(talk)


def go_on_without(talk: Talk) -> None:
    """The invitation is no good (any more); nobody is turned away for it."""
    said = talk.words("invitation_unknown")
    if talk.customer is None:
        meet(talk, "", [said])
    else:
        greet(talk, said)


@invitation("p")
def come_by_partner(talk: Talk, code: str) -> None:
    """A partner's own invitation, `p<code>`."""
    partner = _open_partner(code)
    if partner is None:
        go_on_without(talk)
    elif talk.customer is None:
        meet(talk, f"p{code}", [talk.words("invited", partner=partner.name)])
    elif consents.has_consent(talk.customer.id, consents.PERSONAL_DATA, partner.id):
        _join(talk, partner)
    else:
        ask_consent(talk, f"p{code}", [talk.words("invited", partner=partner.name)])


def meet(talk: Talk, payload: str, lines: list[str]) -> None:
    """A newcomer is asked for the consent, then for the number; then `payload` is followed.

    Raises `CustomerNotFound` for somebody who was shut out.
    """
    if talk.is_shut_out:
        raise CustomerNotFound()
    ask_consent(talk, payload, [talk.words("hello_newcomer"), *lines])


@room.press(rf"agree:({NOTHING}|[a-z][A-Za-z0-9_-]{{1,56}})", ANYBODY)
def agree(talk: Talk, payload: str) -> None:
    """The consent to the processing of personal data was given, to the partner whom the payload names, else to the
    platform."""
    code = _code_in(payload)
    partner = get_open_partner(code) if code else _partner_of(payload)
    if talk.customer is None:
        talk.ask(CONTACT_STEP, payload=seal(_PURPOSE, {"payload": payload}))  # it may be a key to something
        talk.rewrite(talk.words("agreed"))
        talk.say(talk.words("ask_contact"), keyboard=keyboards.contact(talk.words))
        return
    _record(talk.customer, partner, talk)
    talk.rewrite(talk.words("agreed"))
    if payload.startswith("p"):
        _join(talk, partner)
    elif payload != NOTHING:
        follow(talk, payload)
    else:
        balance.show(talk)


@room.press(r"decline", ANYBODY)
def decline(talk: Talk) -> None:
    talk.ask(None)
    talk.rewrite(talk.words("declined"))


def take_contact(talk: Talk) -> None:
    """A card was sent. Only the sender's own number counts; before the consent nothing does."""
    card = talk.incoming.contact
    if talk.customer is None and talk.step != CONTACT_STEP:
        meet(talk, "", [])
        return
    if not card.is_own:
        share = talk.words("share_contact")
        keyboard = keyboards.menu(talk) or keyboards.contact(talk.words)
        talk.say(talk.words("contact_not_own", share=share), keyboard=keyboard)
        return
    phone = normalise_phone(card.phone if card.phone.startswith("+") else f"+{card.phone}")
    if talk.customer is None:
        _settle(talk, Identifier("phone", phone))
    else:
        try:
            customers.attach_identity(talk.customer, "phone", phone, proven_at=talk.now)
        except IdentityTaken as taken:
            find_again(talk, Identifier("phone", phone), taken)
        talk.say(talk.words("contact_linked", phone=phone), keyboard=keyboards.menu(talk))


def find_again(talk: Talk, contact: Identifier, taken: IdentityTaken) -> None:
    """Whoever began without a contact has proven one that has an account: that account is theirs from now on, if there is
    nothing on the new one. Raises `taken` where there is."""
    blank, found = talk.customer, customers.find(contact)
    agreed = consents.has_consent(blank.id, consents.PERSONAL_DATA)
    try:
        merging.give_way(blank, found, talk.now)
    except CannotMerge:
        raise taken from None
    customers.prove_identity(customers.find_identity(contact), talk.now)
    talk.know(found)
    if agreed:
        _record(found, None, talk)
    balance.show(talk, talk.words("account_found"))


@room.step(CONTACT_STEP, ANYBODY)
def ask_contact_again(talk: Talk, _text: str = "") -> None:
    """Something was written where we wait for the card: a number that is typed proves nothing."""
    share, without = talk.words("share_contact"), talk.words("without_contact")
    talk.say(talk.words("ask_contact_again", share=share, without=without), keyboard=keyboards.contact(talk.words))


def go_without_contact(talk: Talk) -> None:
    """An account with nothing but the Telegram id; a number can be shared later."""
    if talk.customer is not None:
        balance.show(talk)
    elif talk.step != CONTACT_STEP:
        meet(talk, "", [])
    else:
        _settle(talk, Identifier("telegram", str(talk.incoming.user_id)))


@room.press(r"offers:([01]):([0-9]{1,12})", ANYBODY)
def answer_advertising(talk: Talk, answer: str, code: str) -> None:
    """Yes or no to offers, to one partner or to the platform."""
    if talk.customer is None:
        meet(talk, "", [])
        return
    partner = None if code == NOTHING else get_open_partner(code)
    answers = {consents.ADVERTISING: answer == "1"}
    profiles.change_consents(
        talk.customer, answers, partner_id=partner.id if partner else None, place=PLACE, now=talk.now
    )
    talk.rewrite(talk.words("advertising_yes" if answer == "1" else "advertising_no"))


def usable_name(talk: Talk) -> str | None:
    """Telegram lets people be called anything; a name we cannot keep is left out."""
    try:
        return tidy_name(talk.incoming.name)
    except LoyaltyError:
        return None


def ask_consent(talk: Talk, payload: str, lines: list[str]) -> None:
    """Ask to process their data; then `payload` is followed."""
    buttons = [[(talk.words("agree"), f"agree:{payload or NOTHING}")], [(talk.words("not_now"), "decline")]]
    talk.say("\n\n".join([*lines, talk.words("ask_consent")]), buttons)


def _settle(talk: Talk, identifier: Identifier) -> None:
    """The newcomer becomes a customer, or turns out to be one, and this Telegram is theirs."""
    known = customers.find(identifier)
    if known is not None and known.state != "active":
        talk.ask(None)
        talk.say(talk.words("account_closed"))
        return
    if known is not None and identifier.kind == "phone" and deep_links.needs_own_link(known):
        talk.ask(None)
        talk.say(talk.words("linking_needed", link=f"{current_app.config['SETTINGS'].public_url}/customer/profile"))
        return
    payload = unseal(_PURPOSE, talk.data["payload"])["payload"]
    partner = _partner_of(payload)
    name = usable_name(talk)
    customer = customers.find_or_create_by(identifier, name=name, proven_at=talk.now)
    if known is None:
        customer.locale = talk.words.language
    customers.attach_identity(customer, "telegram", str(talk.incoming.user_id), proven_at=talk.now)
    customers.issue_card(customer)
    talk.ask(None)
    talk.know(customer)
    if identifier.kind == "phone":
        talk.say(talk.words("contact_linked", phone=identifier.value))
    _record(customer, partner, talk)
    if partner is not None and payload.startswith("p"):
        _join(talk, partner, known=customers.find_identity(identifier), name=name)
    elif payload != NOTHING and not payload.startswith("p"):
        follow(talk, payload)  # what they came for; offers can wait
        return
    else:
        balance.show(talk)
    _ask_advertising(talk, partner)


def _ask_advertising(talk: Talk, partner: Partner | None) -> None:
    if not consents.has_consent(talk.customer.id, consents.ADVERTISING, partner.id if partner else None):
        code = partner.code if partner else NOTHING
        buttons = [[(talk.words("yes"), f"offers:1:{code}"), (talk.words("no"), f"offers:0:{code}")]]
        talk.say(talk.words("ask_advertising"), buttons)


def _join(talk: Talk, partner: Partner, *, known: Identity | None = None, name: str | None = None) -> None:
    met_by = known or customers.find_identity(Identifier("telegram", str(talk.incoming.user_id)))
    customers.join(talk.customer, partner, known=met_by, name=name, now=talk.now)
    welcome.grant_if_due(talk.customer.id, partner, talk.now)
    balance.show(talk, intro=talk.words("joined", partner=partner.name))


def _record(customer: Customer, partner: Partner | None, talk: Talk) -> None:
    """Note the consent; a welcome bonus that waited only for it is granted where the person is a member already."""
    if partner is None:
        profiles.change_consents(customer, {consents.PERSONAL_DATA: True}, place=PLACE, now=talk.now)
    else:
        consents.record(customer.id, consents.PERSONAL_DATA, True, partner_id=partner.id, place=PLACE, now=talk.now)


def _code_in(payload: str) -> str:
    """Whose customer one becomes by following it: of an invitation or a poster."""
    found = _OF_PARTNER.fullmatch(payload)
    return found[1] or found[2] or "" if found else ""


def _partner_of(payload: str) -> Partner | None:
    """Whose customer one becomes by following it; None for other payloads, and where there is no such partner any more."""
    if not payload.startswith("i"):
        return _open_partner(_code_in(payload))
    try:
        return referrals.find_invitation(payload[1:]).partner
    except InvitationGone:
        return None


def _open_partner(code: str) -> Partner | None:
    try:
        return get_open_partner(code) if code.isascii() and code.isdigit() else None
    except PartnerNotFound:
        return None

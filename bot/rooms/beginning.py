"""Meeting: with and without an invitation, consents, and the person's own number.

Nothing is kept of a newcomer before they agree. Telegram vouches for the Telegram id, and for the phone only when the
card is the sender's own.
"""

from __future__ import annotations

from bot import keyboards
from bot.rooms import balance, work
from bot.router import ANYBODY, Room
from bot.talk import Talk
from loyalty import consents, customers, profiles, welcome
from loyalty.errors import CustomerNotFound, LoyaltyError, PartnerNotFound
from loyalty.identities import Identifier
from loyalty.names import tidy_name
from loyalty.partners import get_open_partner
from loyalty.phones import normalise_phone
from models.customer import Customer, Identity
from models.partner import Partner

room = Room()

PLACE = "bot"
NOBODY = "0"
"""Stands for «no partner» in the data of a button."""
CONTACT_STEP = "contact"


@room.command("start", ANYBODY)
def start(talk: Talk) -> None:
    """/start, perhaps with `p<code>`: the invitation of a partner. Anybody can type any payload."""
    payload = talk.incoming.command[1]
    partner, is_broken = _invited_by(payload)
    if talk.customer is None:
        _meet(talk, partner, is_broken)
    elif partner is None:
        _greet(talk, talk.words("invitation_unknown") if is_broken else None)
    elif consents.has_consent(talk.customer.id, consents.PERSONAL_DATA, partner.id):
        _join(talk, partner)
    else:
        _ask_consent(talk, partner, [talk.words("invited", partner=partner.name)])


@room.press(r"agree:([0-9]{1,12})", ANYBODY)
def agree(talk: Talk, code: str) -> None:
    """The consent to the processing of personal data was given, to the partner of `code` or (0) to the platform."""
    partner = None if code == NOBODY else get_open_partner(code)
    if talk.customer is None:
        talk.ask(CONTACT_STEP, partner=code)
        talk.rewrite(talk.words("agreed"))
        talk.say(talk.words("ask_contact"), keyboard=keyboards.contact(talk.words))
        return
    _record(talk.customer, partner, talk)
    talk.rewrite(talk.words("agreed"))
    if partner is None:
        balance.show(talk)
    else:
        _join(talk, partner)


@room.press(r"decline", ANYBODY)
def decline(talk: Talk) -> None:
    talk.ask(None)
    talk.rewrite(talk.words("declined"))


def take_contact(talk: Talk) -> None:
    """A card was sent. Only the sender's own number counts; before the consent nothing does."""
    card = talk.incoming.contact
    if talk.customer is None and talk.step != CONTACT_STEP:
        _meet(talk, None, False)
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
        customers.attach_identity(talk.customer, "phone", phone, proven_at=talk.now)
        talk.say(talk.words("contact_linked", phone=phone), keyboard=keyboards.menu(talk))


def go_without_contact(talk: Talk) -> None:
    """An account with nothing but the Telegram id; a number can be shared later."""
    if talk.customer is not None:
        balance.show(talk)
    elif talk.step != CONTACT_STEP:
        _meet(talk, None, False)
    else:
        _settle(talk, Identifier("telegram", str(talk.incoming.user_id)))


@room.press(r"offers:([01]):([0-9]{1,12})", ANYBODY)
def answer_advertising(talk: Talk, answer: str, code: str) -> None:
    """Yes or no to offers, to one partner or to the platform."""
    if talk.customer is None:
        _meet(talk, None, False)
        return
    partner = None if code == NOBODY else get_open_partner(code)
    answers = {consents.ADVERTISING: answer == "1"}
    profiles.change_consents(
        talk.customer, answers, partner_id=partner.id if partner else None, place=PLACE, now=talk.now
    )
    talk.rewrite(talk.words("advertising_yes" if answer == "1" else "advertising_no"))


def _greet(talk: Talk, intro: str | None) -> None:
    """Somebody we know: their total, and for staff where they are."""
    balance.show(talk, intro)
    if talk.is_at_work:
        work.show_place(talk)


def _meet(talk: Talk, partner: Partner | None, is_broken: bool) -> None:
    if talk.is_shut_out:
        raise CustomerNotFound()
    lines = [talk.words("hello_newcomer")]
    if partner is not None:
        lines.append(talk.words("invited", partner=partner.name))
    elif is_broken:
        lines.append(talk.words("invitation_unknown"))
    _ask_consent(talk, partner, lines)


def _ask_consent(talk: Talk, partner: Partner | None, lines: list[str]) -> None:
    code = partner.code if partner else NOBODY
    buttons = [[(talk.words("agree"), f"agree:{code}")], [(talk.words("not_now"), "decline")]]
    talk.say("\n\n".join([*lines, talk.words("ask_consent")]), buttons)


def _settle(talk: Talk, identifier: Identifier) -> None:
    """The newcomer becomes a customer, or turns out to be one, and this Telegram is theirs."""
    code = str(talk.data.get("partner") or NOBODY)
    partner = _open_partner(code)
    name = _usable_name(talk)
    is_new = customers.find_identity(identifier) is None
    customer = customers.find_or_create_by(identifier, name=name, proven_at=talk.now)
    if customer.state != "active":
        raise CustomerNotFound()
    if is_new:
        customer.locale = talk.words.language
    customers.attach_identity(customer, "telegram", str(talk.incoming.user_id), proven_at=talk.now)
    customers.issue_card(customer)
    talk.ask(None)
    talk.know(customer)
    if identifier.kind == "phone":
        talk.say(talk.words("contact_linked", phone=identifier.value))
    _record(customer, partner, talk)
    if partner is None:
        balance.show(talk)
    else:
        _join(talk, partner, known=customers.find_identity(identifier), name=name)
    if not consents.has_consent(customer.id, consents.ADVERTISING, partner.id if partner else None):
        code = partner.code if partner else NOBODY
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


def _invited_by(payload: str) -> tuple[Partner | None, bool]:
    """The partner of an invitation, and whether a payload was given that leads nowhere."""
    if not payload:
        return None, False
    partner = _open_partner(payload[1:]) if payload.startswith("p") else None
    return partner, partner is None


def _open_partner(code: str) -> Partner | None:
    try:
        return get_open_partner(code) if code.isascii() and code.isdigit() and code != NOBODY else None
    except PartnerNotFound:
        return None


def _usable_name(talk: Talk) -> str | None:
    """Telegram lets people be called anything; a name we cannot keep is left out."""
    try:
        return tidy_name(talk.incoming.name)
    except LoyaltyError:
        return None

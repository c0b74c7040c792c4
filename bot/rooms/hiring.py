"""The other side of an invitation: somebody is asked to work for a partner and says yes or no.

Whoever holds the link may say yes, so the inviter is told who did (`loyalty.business_notices`) and can remove them at once.
"""

from __future__ import annotations

from bot import keyboards
from bot.rooms import beginning, work
from bot.router import CUSTOMER, Room
from bot.talk import Talk
from loyalty import deep_links
from loyalty.deep_links import Invitation
from loyalty.errors import AlreadyStaff, LinkGone

room = Room()


@beginning.invitation("s")
def come_as_staff(talk: Talk, token: str) -> None:
    """`s<token>`: who asks, and as what."""
    payload = f"s{token}"
    try:
        invitation = deep_links.find_invitation(payload, talk.customer.id if talk.customer else None, talk.now)
    except LinkGone:
        beginning.go_on_without(talk)
        return
    except AlreadyStaff:
        _say_already_there(talk)
        return
    asked = talk.words("hiring_asked", partner=invitation.partner.name, role=_describe(talk, invitation))
    if talk.customer is None:
        beginning.meet(talk, payload, [asked])
        return
    buttons = [
        [(talk.words("hiring_accept"), f"hire:{payload}")],
        [(talk.words("hiring_decline"), f"nohire:{payload}")],
    ]
    talk.say(f"{asked}\n\n{talk.words('hiring_tells')}", buttons)


@room.press(r"hire:(s[A-Za-z0-9_-]{22})", CUSTOMER)
def accept(talk: Talk, payload: str) -> None:
    """They work there from this moment. Raises `LinkGone`."""
    try:
        hired = deep_links.accept(payload, talk.customer, beginning.usable_name(talk), talk.now)
    except AlreadyStaff:
        _say_already_there(talk)
        return
    talk.ask(None)
    talk.know(talk.customer)
    talk.go_to_work(hired.partner_id)
    talk.rewrite(talk.words("hiring_accepted"))
    work.show_place(talk)
    if talk.may("points:credit"):
        talk.say(talk.words("hiring_first_steps", credit=talk.words.button("credit")))


@room.press(r"nohire:(s[A-Za-z0-9_-]{22})", CUSTOMER)
def decline(talk: Talk, payload: str) -> None:
    """Raises `LinkGone`."""
    deep_links.decline(payload, talk.customer.id, talk.now)
    talk.rewrite(talk.words("hiring_declined"))
    beginning.greet(talk, None)


def _describe(talk: Talk, invitation: Invitation) -> str:
    role = talk.words(f"role_{invitation.role}")
    return f"{role}, {invitation.branch_name}" if invitation.branch_name else role


def _say_already_there(talk: Talk) -> None:
    talk.say(talk.words("hiring_already_there"), keyboard=keyboards.menu(talk))

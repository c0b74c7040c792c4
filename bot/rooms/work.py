"""As what the person is here: at work for one of their partners, or with their own points; and giving up what was begun."""

from __future__ import annotations

from bot import keyboards
from bot.rooms import balance
from bot.router import ANYBODY, CUSTOMER, Room
from bot.talk import Talk
from loyalty import plans
from loyalty.errors import PartnerNotFound

room = Room()


@room.command("as_staff", CUSTOMER)
def go_to_work(talk: Talk) -> None:
    """At the only partner, else where the person says. Raises `NotStaff`, `PartnerSuspended`."""
    if len(talk.places) > 1:
        buttons = [[(place.partner_name, f"work:{place.partner_code}")] for place in talk.places]
        talk.say(talk.words("choose_place"), buttons)
        return
    for place in talk.places:
        talk.go_to_work(place.partner_id)
    show_place(talk)


@room.press(r"work:([0-9]{6,12})", CUSTOMER)
def choose_place(talk: Talk, code: str) -> None:
    """Act for another of their partners from now on; what was begun for one is not gone on with for the other.

    Raises `PartnerNotFound` for one they do not work for.
    """
    for place in talk.places:
        if place.partner_code == code:
            talk.ask(None)
            talk.go_to_work(place.partner_id)
            show_place(talk)
            return
    raise PartnerNotFound()


@room.command("as_customer", CUSTOMER)
def go_home(talk: Talk) -> None:
    talk.leave_work()
    intro = talk.words("as_customer_now", button=talk.words.button("as_staff")) if talk.places else None
    balance.show(talk, intro=intro)


@room.command("cancel", ANYBODY)
def cancel(talk: Talk) -> None:
    """Whatever was begun is given up; the router has done so already."""
    talk.say(talk.words("cancelled"), keyboard=keyboards.menu(talk))


def show_place(talk: Talk) -> None:
    """Where they are and as what, over the menu of staff. Raises `FeatureLocked` where the partner does not work here."""
    place = talk.place
    plans.require(place, "telegram_bot")
    role = talk.words(f"role_{place.role}")
    talk.say(talk.words("works_at", partner=place.partner_name, role=role), keyboard=keyboards.menu(talk))

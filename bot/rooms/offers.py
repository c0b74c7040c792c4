"""What runs for a customer at their partners."""

from __future__ import annotations

from itertools import groupby

from bot import keyboards
from bot.offers import say_terms
from bot.router import Room
from bot.talk import Talk
from loyalty.offered import list_offered

room = Room()


@room.command("promotions")
def show(talk: Talk) -> None:
    words = talk.words
    found = list_offered(talk.customer.id, talk.now)
    if not found:
        talk.say(words("offers_none"), keyboard=keyboards.menu(talk))
        return
    parts = [words("offers_head")]
    for partner, offers in groupby(found, key=lambda one: one.partner):
        lines = [words("offers_partner", partner=partner.name)]
        for one in offers:
            what = say_terms(one.promotion.terms, words, partner.currency)
            if one.promotion.ends_at is not None:
                until = words.moment(one.promotion.ends_at, partner.timezone)
                what = f"{what}, {words('promotion_until', moment=until)}"
            lines.append(words("offers_line", name=one.promotion.name, what=what))
        parts.append("\n".join(lines))
    talk.say("\n\n".join(parts), keyboard=keyboards.menu(talk))

"""What a person has: one total, the split by partner, and what happens to the points next."""

from __future__ import annotations

from bot import keyboards
from bot.router import Room
from bot.standing import say_standing
from bot.talk import Talk
from loyalty.offered import list_standings
from loyalty.wallet import Pocket, open_wallet

room = Room()


@room.command("balance")
def show(talk: Talk, intro: str | None = None) -> None:
    words = talk.words
    wallet = open_wallet(talk.customer.id, talk.now)
    lines = [words("total", points=words.points(wallet.total))]
    standings = {
        partner.id: say_standing(one, words, partner.currency)
        for partner, one in list_standings(talk.customer.id, talk.now)
    }
    lines += [line for one in wallet.pockets for line in _tell(one, words, standings.get(one.partner_id))]
    if not wallet.pockets:
        lines.append(words("no_accounts", code=words.button("code")))
    talk.say("\n".join(([intro, ""] if intro else []) + lines), keyboard=keyboards.menu(talk))


def _tell(pocket: Pocket, words, standing: str | None) -> list[str]:
    said = [words("pocket", partner=pocket.partner_name, points=words.points(pocket.balance))]
    details = [standing] if standing else []
    if pocket.waiting:
        first = pocket.waiting[0]
        details.append(words("waiting", points=words.points(first.points), day=words.day(first.day)))
    if pocket.held:
        details.append(words("held", points=words.points(pocket.held)))
    if pocket.expiring:
        first = pocket.expiring[0]
        told = {"points": words.points(first.points), "expire": words.form("expire", first.points)}
        details.append(words("expiring", **told, day=words.day(first.day)))
    return said + [f"   {detail}" for detail in details]

"""A customer asks for the points of a purchase in the bot, and sees what became of what they asked."""

from __future__ import annotations

import re
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from bot import keyboards
from bot.rooms import beginning
from bot.rooms import claims as desk
from bot.router import Room
from bot.talk import Buttons, Talk
from loyalty import claims, joining
from loyalty.claims import OwnClaim
from loyalty.errors import PartnerNotFound
from loyalty.partners import get_open_partner
from loyalty.sums import read_sum
from models import db
from models.partner import Branch, Partner

room = Room()

WHAT = "checkin.what"
"""The question: the sum of a check, or the text of a fiscal receipt's QR."""
A_PAGE = 8
_POSTER = re.compile(r"([0-9]{6,12})(?:-([0-9a-f]{32}))?", re.ASCII)
_RECEIPT = re.compile(r"(?:^|&)fn=")


@beginning.invitation("c")
def come_by_poster(talk: Talk, rest: str) -> None:
    """The poster's door into the bot, `c<code>` or `c<code>-<branch>`: the consent, and then what was bought."""
    partner, branch = _read_poster(rest)
    if partner is None:
        beginning.go_on_without(talk)
    elif talk.customer is None:
        beginning.meet(talk, f"c{rest}", [talk.words("checkin_hello", partner=partner.name)])
    elif joining.must_be_asked(talk.customer.id, partner.id):
        beginning.ask_consent(talk, f"c{rest}", [talk.words("checkin_hello", partner=partner.name)])
    else:
        talk.ask(WHAT, partner=partner.code, branch=str(branch.id) if branch else None)
        talk.say(talk.words("checkin_ask", partner=partner.name))


@room.step(WHAT)
def take_what(talk: Talk, text: str) -> None:
    """Ask for the points; within the partner's limits they come at once. Raises what is wrong with a sum or a receipt."""
    words, partner = talk.words, get_open_partner(talk.data["partner"])
    branch_id = UUID(talk.data["branch"]) if talk.data["branch"] else None
    is_receipt = _RECEIPT.search(text) is not None
    joining.join(talk.customer, partner, {}, place=beginning.PLACE, now=talk.now)
    made = claims.claim(
        partner,
        talk.customer,
        now=talk.now,
        amount=None if is_receipt else read_sum(text),
        receipt=text if is_receipt else None,
        branch_id=branch_id,
    )
    talk.ask(None)
    mine = claims.show_own(talk.customer.id, made.id)
    if mine.state == "approved":
        told = {"partner": partner.name, "points": words.change(mine.points), "amount": _money(talk, mine)}
        talk.say(words("checkin_passed", **told), keyboard=keyboards.menu(talk))
    else:
        rows = [[_withdraw_button(talk, mine)]] if mine.state == "waiting" else []
        rows.append([(words("my_claims"), "my_claims:1")])
        talk.say(words("checkin_sent", partner=partner.name, amount=_money(talk, mine)), rows)


@room.command("claims")
def open_claims(talk: Talk) -> None:
    """At work what waits for the staff, else one's own."""
    if talk.is_at_work and talk.may("points:credit"):
        desk.show(talk, "1")
    else:
        show_own(talk, "1")


@room.press(r"my_claims:([0-9]{1,3})")
def show_own(talk: Talk, page: str) -> None:
    """One's own claims everywhere, page by page."""
    words, number = talk.words, max(int(page), 1)
    found = claims.list_own(talk.customer.id, limit=A_PAGE * number + 1)
    rows = found[A_PAGE * (number - 1) : A_PAGE * number]
    if not rows:
        talk.rewrite(words("my_claims_none"))
        return
    buttons: Buttons = [[_withdraw_button(talk, row)] for row in rows if row.state == "waiting"]
    turn = keyboards.turn(words, "my_claims", number, has_more=len(found) > A_PAGE * number)
    text = "\n\n".join([words("my_claims_head"), *(_say(talk, row) for row in rows)])
    talk.rewrite(text, [*buttons, *turn])


@room.press(r"my_claim_off:([0-9a-f]{32})")
def withdraw(talk: Talk, claim_id: str) -> None:
    """Take it back while it waits; twice is once. Raises `ClaimNotFound`, `ClaimDecided`."""
    claims.withdraw(talk.customer.id, UUID(claim_id), talk.now)
    mine = claims.show_own(talk.customer.id, UUID(claim_id))
    told = talk.words("my_claim_was_withdrawn", amount=_money(talk, mine))
    talk.rewrite(told, [[(talk.words("my_claims"), "my_claims:1")]])


def _read_poster(rest: str) -> tuple[Partner | None, Branch | None]:
    """The partner of a poster, if it takes members, and the branch, if that is open."""
    found = _POSTER.fullmatch(rest)
    try:
        partner = get_open_partner(found[1]) if found else None
    except PartnerNotFound:
        partner = None
    if partner is None or found[2] is None:
        return partner, None
    branch = db.session.get(Branch, (partner.id, UUID(found[2])))
    return partner, branch if branch is not None and branch.state == "open" else None


def _say(talk: Talk, row: OwnClaim) -> str:
    words, name = talk.words, f"my_claim_{row.state}"
    values = {}
    if row.state == "approved":
        values = {"points": words.change(row.points)}
        if row.approved_amount != row.amount:
            name, values = "my_claim_corrected", values | {"approved": words.money(row.approved_amount, row.currency)}
    elif row.state == "refused":
        name, values = (name, {"reason": row.reason}) if row.reason else (f"{name}_wordless", {})
    local = row.created_at.astimezone(ZoneInfo(talk.customer.timezone))
    told = {"day": words.day(local.date()), "partner": row.partner_name, "amount": _money(talk, row)}
    return words("my_claim", state=words(name, **values), **told)


def _withdraw_button(talk: Talk, row: OwnClaim) -> tuple[str, str]:
    return talk.words("my_claim_withdraw", amount=_money(talk, row)), f"my_claim_off:{row.claim_id.hex}"


def _money(talk: Talk, row: OwnClaim) -> str:
    return talk.words.money(Decimal(row.amount), row.currency)

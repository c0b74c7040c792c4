"""QR codes as pictures for staff: the one that stands on the counter, and one with the sum of a purchase inside."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app

from bot.rooms import office, purchases
from bot.router import Room
from bot.talk import Talk
from loyalty import claims, partners, sale_codes
from loyalty.errors import BranchNotFound
from loyalty.sums import read_sum
from models.partner import Branch
from models.sale_code import SaleCode

room = Room()

SUM = "qr.sum"
MOST_BRANCHES = 50
CODE = r"([0-9a-f]{32})"


@room.press(r"qr", "branches:read")
def choose(talk: Talk) -> None:
    words, branches = talk.words, _branches(talk)
    if len(branches) > 1:
        rows = [
            [(words("qr_standing_branch", branch=branch.name[:40]), f"qr_of:{branch.id.hex}")] for branch in branches
        ]
    else:
        rows = [[(words("qr_standing"), "qr_standing")]]
    if talk.may("points:credit"):
        rows.append([(words("qr_sum"), "qr_sum")])
    talk.rewrite(words("qr_which"), [*rows, office.back(talk)])


@room.press(r"qr_standing", "branches:read")
def show_standing(talk: Talk) -> None:
    """Of the whole business."""
    _show_standing(talk, None)


@room.press(rf"qr_of:{CODE}", "branches:read")
def show_standing_of_branch(talk: Talk, branch_id: str) -> None:
    """Of one branch: claims come with it. Raises `BranchNotFound`."""
    branch = next((branch for branch in _branches(talk) if branch.id == UUID(branch_id)), None)
    if branch is None:
        raise BranchNotFound()
    _show_standing(talk, branch)


@room.press(r"qr_sum", "points:credit")
def ask_sum(talk: Talk) -> None:
    talk.ask(SUM)
    talk.say(talk.words("qr_ask_sum"))


@room.step(SUM, "points:credit")
def show_code(talk: Talk, text: str) -> None:
    """A code of this sum, good for ten minutes. Raises what is wrong with the sum."""
    words = talk.words
    # who is bound to no branch and has not said where they stand offers it for the whole business
    branch_id = talk.branch_id if talk.branch_id in {branch.id for branch in _branches(talk)} else None
    made = sale_codes.offer(talk.partner, read_sum(text), caller=talk.caller, now=talk.now, branch_id=branch_id)
    talk.ask(None)
    link = sale_codes.link_of(made, _site())
    buttons = [[(words("qr_check"), f"qr_code:{made.id.hex}"), (words("qr_revoke"), f"qr_off:{made.id.hex}")]]
    talk.show_qr(link, words("qr_sum_shown", link=link, **_told(talk, made)), buttons)


@room.press(rf"qr_code:{CODE}", "points:credit")
def look(talk: Talk, code_id: str) -> None:
    """Who took it, or that nobody has. Raises `SaleCodeGone`."""
    _tell(talk, sale_codes.show(talk.place.partner_id, UUID(code_id), caller=talk.caller))


@room.press(rf"qr_off:{CODE}", "points:credit")
def revoke(talk: Talk, code_id: str) -> None:
    """It works no more, unless somebody was quicker. Raises `SaleCodeGone`."""
    _tell(talk, sale_codes.revoke(talk.place.partner_id, UUID(code_id), caller=talk.caller, now=talk.now))


def _tell(talk: Talk, code: SaleCode) -> None:
    words = talk.words
    if code.purchase_id is not None:
        purchases.show(talk, code.purchase_id)
    elif sale_codes.is_open(code, talk.now):
        rows = [[(words("qr_check"), f"qr_code:{code.id.hex}"), (words("qr_revoke"), f"qr_off:{code.id.hex}")]]
        talk.say(words("qr_open", **_told(talk, code)), rows)
    else:
        talk.say(words("qr_ended", **_told(talk, code)), [[(words("qr_sum"), "qr_sum")]])


def _told(talk: Talk, code: SaleCode) -> dict[str, str]:
    partner = talk.partner
    until = code.expires_at.astimezone(ZoneInfo(partner.timezone))
    return {"amount": talk.words.money(code.amount, partner.currency), "until": f"{until:%H:%M}"}


def _show_standing(talk: Talk, branch: Branch | None) -> None:
    partner = talk.partner
    link = claims.link_of(partner, branch.id if branch else None, _site())
    poster = f"{_site()}/partner/poster" + (f"?branch={branch.id}" if branch else "")
    place = " · ".join([partner.name, *([branch.name] if branch else [])])
    talk.show_qr(link, talk.words("qr_standing_shown", place=place, link=link, poster=poster))


def _branches(talk: Talk) -> list[Branch]:
    """The open branches where the person may stand."""
    found, bound = partners.list_branches(talk.place.partner_id, limit=MOST_BRANCHES), talk.caller.branch_id
    return [branch for branch in found if bound in (None, branch.id)]


def _site() -> str:
    return current_app.config["SETTINGS"].public_url

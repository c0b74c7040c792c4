"""The office: what there is of a business beside the till, and where the rest is done."""

from __future__ import annotations

from flask import current_app

from bot import keyboards
from bot.rooms import settings, work
from bot.router import Room
from bot.talk import Talk
from loyalty import claims, partners
from loyalty.notices import KINDS

room = Room()

ENTRIES = (
    ("office_claims", "claims:1", "points:credit"),
    ("office_qr", "qr", "branches:read"),
    ("office_rules", "rules", "programme:read"),
    ("office_promotions", "promotions:1", "programme:read"),
    ("office_services", "services:1", "programme:read"),
    ("office_nps", "nps_results:90", "stats:read"),
    ("office_friends", "friends:1", "customers:read"),
    ("office_files", "files", "export:read"),
    ("office_branches", "branches:1", "branches:read"),
    ("office_told", "told", "partner:write"),
    ("office_invitation", "invitation", "programme:read"),
    ("office_people", "people:1", "staff:read"),
    ("office_plan", "plan", "partner:write"),
    ("office_leave", "leave", "branches:read"),
    ("office_language", "office:language", "programme:read"),
)
"""The menu: the text on each button, its data, and the scope without which it is not shown. A room that belongs into the
office writes itself down here."""
A_ROW = 2
A_PAGE = 5


@room.command("office", "programme:read")
@room.press(r"office", "programme:read")
def show(talk: Talk) -> None:
    """What the person's role may do here; another place to work for those who have one."""
    words, place = talk.words, talk.place
    buttons = [(_label(talk, name), data) for name, data, scope in ENTRIES if talk.may(scope)]
    if len(talk.places) > 1:
        buttons.append((words("office_place"), "office:place"))
    link = f"{current_app.config['SETTINGS'].public_url}/partner"
    role = words(f"role_{place.role}")
    text = words("office_head", partner=place.partner_name, role=role, link=link)
    talk.rewrite(text, [buttons[n : n + A_ROW] for n in range(0, len(buttons), A_ROW)])


@room.press(r"office:language", "programme:read")
def ask_language(talk: Talk) -> None:
    settings.ask_language(talk)


@room.press(r"office:place", "programme:read")
def change_place(talk: Talk) -> None:
    work.go_to_work(talk)


@room.press(r"branches:([0-9]{1,3})", "branches:read")
def list_branches(talk: Talk, page: str) -> None:
    """The open branches, page by page."""
    words, number = talk.words, max(int(page), 1)
    found = partners.list_branches(talk.place.partner_id, limit=A_PAGE * number + 1)
    rows = found[A_PAGE * (number - 1) : A_PAGE * number]
    lines = [f"{branch.name}\n{branch.address}" if branch.address else branch.name for branch in rows]
    link = f"{current_app.config['SETTINGS'].public_url}/partner/branches"
    lines.append(words("branches_end" if rows else "branches_empty", link=link))
    turn = keyboards.turn(words, "branches", number, has_more=len(found) > A_PAGE * number)
    talk.rewrite("\n\n".join([words("branches_head"), *lines]), [*turn, back(talk)])


@room.press(r"invitation", "programme:read")
def show_invitation(talk: Talk) -> None:
    """The partner's link as a picture for the counter: whoever opens it becomes a member."""
    partner = talk.partner
    link = current_app.config["SETTINGS"].bot_link(f"p{partner.code}")
    talk.show_qr(link, talk.words("invitation", partner=partner.name, link=link))


@room.press(r"told", "partner:write")
def show_told(talk: Talk) -> None:
    """Which kinds of notices the partner's customers are sent."""
    off = talk.partner.notices_off
    rows = [
        [(keyboards.tick(kind not in off) + talk.words(f"notice_{kind}"), f"told:{kind}:{int(kind in off)}")]
        for kind in KINDS
    ]
    talk.rewrite(talk.words("told"), [*rows, back(talk)])


@room.press(rf"told:({'|'.join(KINDS)}):([01])", "partner:write")
def switch_told(talk: Talk, kind: str, is_on: str) -> None:
    """A button carries what is to be, so that one pressed twice does what it says."""
    off = set(talk.partner.notices_off) - {kind} if is_on == "1" else {*talk.partner.notices_off, kind}
    partners.update_partner(talk.partner, {"notices_off": off}, by=talk.customer.id, now=talk.now)
    show_told(talk)


def _label(talk: Talk, name: str) -> str:
    """What stands on a button; on that of the claims, how many wait too."""
    waiting = claims.count_waiting(talk.place.partner_id, talk.caller) if name == "office_claims" else 0
    return talk.words(name) + (f" · {talk.words.number(waiting)}" if waiting else "")


def back(talk: Talk) -> list[tuple[str, str]]:
    """The row that leads back to the menu."""
    return [(talk.words("office_back"), "office")]

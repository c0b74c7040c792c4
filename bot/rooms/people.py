"""Who works here: the list, one's card, role, branch and name, removing, leaving, and invitations by a link."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from uuid import UUID

from flask import current_app

from bot import keyboards
from bot.rooms import office
from bot.router import CUSTOMER, Room
from bot.talk import Buttons, Talk
from loyalty import deep_links, drafts, partners, staff
from loyalty.access import NotStaff
from loyalty.errors import StaffNotFound
from loyalty.names import require_name
from loyalty.sessions import StaffRole
from loyalty.staff import StaffRow

room = Room()

A_PAGE = 8
MOST_BRANCHES = 80
"""Telegram shows about a hundred buttons under a message."""
ANYWHERE = "0"
"""Stands for «no branch» in the data of a button."""
_ID = "[0-9a-f]{32}"
_SHORT_ID = "[A-Za-z0-9_-]{22}"
_ROLE = "|".join(staff.ROLES)
_INVITABLE = "|".join(deep_links.ROLES)


# Everybody


@room.command("people", "staff:read")
def show_people(talk: Talk) -> None:
    list_people(talk, "1")


@room.press(r"people:([0-9]{1,3})", "staff:read")
def list_people(talk: Talk, page: str) -> None:
    """Everybody who works here, page by page; each a button to their card."""
    talk.ask(None)
    words, place = talk.words, talk.place
    everybody = staff.list_staff(place.partner_id)
    number = min(max(int(page), 1), math.ceil(len(everybody) / A_PAGE))
    shown = everybody[A_PAGE * (number - 1) : A_PAGE * number]
    rows: Buttons = [
        [(f"{_name(talk, one)} · {words(f'role_{one.role}')}", f"staff:{one.staff_id.hex}")] for one in shown
    ]
    rows += keyboards.turn(words, "people", number, has_more=len(everybody) > A_PAGE * number)
    if talk.may("staff:write"):
        rows.append([(words("people_invite"), "invite")])
        if waiting := deep_links.count_invitations(place.partner_id, talk.now):
            rows.append([(words("people_invitations", count=words.number(waiting)), "invitations:1")])
    head = words("people_head", partner=place.partner_name, people=words.count("people_count", len(everybody)))
    talk.rewrite(head, [*rows, office.back(talk)])


# One person


@room.press(rf"staff:({_ID})", "staff:read")
def show_person(talk: Talk, staff_id: str) -> None:
    """Raises `StaffNotFound`."""
    talk.ask(None)
    row = _find(talk, staff_id)
    talk.rewrite(_describe(talk, row), _deeds(talk, row))


@room.press(rf"staff:([0-9]{{6,12}}):({_ID})", CUSTOMER)
def come_from_notice(talk: Talk, code: str, staff_id: str) -> None:
    """From the notice of an accepted invitation: perhaps the owner acts for another partner now. Raises `NotStaff`."""
    go_to(talk, code)
    talk.require("staff:write")
    _ask_dismissal(talk, _find(talk, staff_id), answer=talk.say)


@room.press(rf"staff-role:({_ID})", "staff:write")
def ask_role(talk: Talk, staff_id: str) -> None:
    row, words = _find(talk, staff_id), talk.words
    lines = [words("people_ask_role", name=_name(talk, row)), *(words(f"people_can_{role}") for role in staff.ROLES)]
    buttons = [
        [(("✓ " if role == row.role else "") + _title(words(f"role_{role}")), f"staff-role:{staff_id}:{role}")]
        for role in staff.ROLES
    ]
    talk.rewrite("\n\n".join(lines), [*buttons, _back_to(talk, staff_id)])


@room.press(rf"staff-role:({_ID}):({_ROLE})", "staff:write")
def choose_role(talk: Talk, staff_id: str, role: str) -> None:
    """At once, but for an owner: who gives everything away is asked again."""
    row = _find(talk, staff_id)
    if role != "owner" or row.role == "owner":
        _change(talk, row, role=role)
        return
    sure = [(talk.words("people_make_owner_yes"), f"staff-owner:{staff_id}")]
    talk.rewrite(talk.words("people_make_owner", name=_name(talk, row)), [sure, _back_to(talk, staff_id)])


@room.press(rf"staff-owner:({_ID})", "staff:write")
def make_owner(talk: Talk, staff_id: str) -> None:
    _change(talk, _find(talk, staff_id), role="owner")


@room.press(rf"staff-at:({_ID})", "staff:write")
def ask_branch(talk: Talk, staff_id: str) -> None:
    row = _find(talk, staff_id)
    buttons = _branches(talk, f"staff-at:{staff_id}")
    talk.rewrite(talk.words("people_ask_branch", name=_name(talk, row)), [*buttons, _back_to(talk, staff_id)])


@room.press(rf"staff-at:({_ID}):({ANYWHERE}|{_SHORT_ID})", "staff:write")
def choose_branch(talk: Talk, staff_id: str, branch: str) -> None:
    """Raises `BranchNotFound`."""
    _change(talk, _find(talk, staff_id), branch_id=_read(branch))


@room.press(rf"staff-name:({_ID})", "staff:write")
def ask_name(talk: Talk, staff_id: str) -> None:
    row = _find(talk, staff_id)
    talk.ask("people.name", staff=staff_id)
    talk.rewrite(talk.words("people_ask_name", name=_name(talk, row)), [_back_to(talk, staff_id)])


@room.step("people.name", "staff:write")
def take_name(talk: Talk, text: str) -> None:
    """Raises `InvalidName`, and the question stands."""
    name = require_name(text)
    try:
        row = _find(talk, talk.data["staff"])
    except StaffNotFound as gone:
        talk.ask(None)
        talk.say(talk.words.refusal(gone), keyboard=keyboards.menu(talk))
        return
    talk.ask(None)
    _change(talk, row, name=name)


@room.press(rf"staff-out:({_ID})", "staff:write")
def ask_dismissal(talk: Talk, staff_id: str) -> None:
    _ask_dismissal(talk, _find(talk, staff_id), answer=talk.rewrite)


@room.press(rf"staff-gone:({_ID})", "staff:write")
def dismiss(talk: Talk, staff_id: str) -> None:
    """Their next press is refused. A second time says the same. Raises `StaffNotFound`, `LastOwner`."""
    row = staff.get_staff(talk.place.partner_id, UUID(staff_id))
    staff.dismiss(talk.place.partner_id, row.staff_id, by=talk.customer.id, now=talk.now)
    said = talk.words("people_removed", name=_name(talk, row))
    if row.customer_id == talk.customer.id:
        talk.forget_place()
        talk.rewrite(said)
        _show_what_is_left(talk)
        return
    talk.rewrite(said, [[(talk.words("people_back"), "people:1")]])


# Leaving


@room.press(r"leave", "branches:read")
@room.command("leave", "branches:read")
def ask_leaving(talk: Talk) -> None:
    place = talk.place
    sure = [(talk.words("people_leave_yes"), f"leave:{place.partner_code}")]
    talk.rewrite(talk.words("people_leave", partner=place.partner_name), [sure, office.back(talk)])


@room.press(r"leave:([0-9]{6,12})", CUSTOMER)
def leave(talk: Talk, code: str) -> None:
    """Of the partner that was named: perhaps they act for another by now. Raises `NotStaff`, `LastOwner`."""
    place = _place(talk, code)
    staff.leave(place.partner_id, talk.customer.id, talk.now)
    talk.forget_place()
    talk.rewrite(talk.words("people_left", partner=place.partner_name))
    _show_what_is_left(talk)


# Invitations


@room.press(r"invite", "staff:write")
def ask_invited_role(talk: Talk) -> None:
    words = talk.words
    lines = [words("invite_ask_role"), *(words(f"people_can_{role}") for role in deep_links.ROLES)]
    buttons = [[(_title(words(f"role_{role}")), f"invite:{role}")] for role in deep_links.ROLES]
    talk.rewrite("\n\n".join(lines), [*buttons, [(words("people_back"), "people:1")]])


@room.press(rf"invite:({_INVITABLE})", "staff:write")
def ask_invited_branch(talk: Talk, role: str) -> None:
    """Where a cashier stands; of others, and where there is one branch, only whether to make the link."""
    draft = drafts.propose(talk.place.partner_id, talk.customer.id, "invite", {"role": role}, talk.now)
    data = f"invited:{draft.hex}"
    open_branches = partners.list_branches(talk.place.partner_id, limit=2)
    if role == "cashier" and len(open_branches) > 1:
        text, rows = talk.words("invite_ask_branch"), _branches(talk, data)
    else:
        branch = _write(open_branches[0].id) if role == "cashier" and open_branches else ANYWHERE
        text = talk.words("invite_sure", role=talk.words(f"role_{role}"))
        rows = [[(talk.words("invite_make"), f"{data}:{branch}")]]
    talk.rewrite(text, [*rows, [(talk.words("people_back"), "people:1")]])


@room.press(rf"invited:({_ID}):({ANYWHERE}|{_SHORT_ID})", "staff:write")
def invite(talk: Talk, draft_id: str, branch: str) -> None:
    """The link, as a picture and to pass on. Once: it cannot be shown again.

    Raises `BranchNotFound`, `DraftGone`, `TooMany`.
    """
    words, place = talk.words, talk.place
    draft = drafts.take(place.partner_id, UUID(draft_id), talk.customer.id, "invite", talk.now)
    back = [(words("people_back"), "people:1")]
    if draft.state == "done":
        talk.rewrite(words("invite_made_already"), [back])
        return
    invitation, payload = deep_links.invite_staff(
        place.partner_id, draft.content["role"], _read(branch), by=talk.customer.id, now=talk.now
    )
    drafts.finish(draft, {"link": str(invitation.id)})
    role = words(f"role_{invitation.role}")
    if invitation.branch_name:
        role = f"{role}, {invitation.branch_name}"
    until = words.moment(invitation.expires_at, talk.partner.timezone)
    link = current_app.config["SETTINGS"].bot_link(payload)
    talk.rewrite(words("invite_made"), [[(words("invite_revoke"), f"uninvite:{invitation.id.hex}")], back])
    talk.show_qr(link, words("invite_link", partner=place.partner_name, role=role, until=until, link=link))


@room.press(r"invitations:([0-9]{1,3})", "staff:write")
def list_invitations(talk: Talk, page: str) -> None:
    """The open ones, each with a button that revokes it."""
    words, place, number = talk.words, talk.place, max(int(page), 1)
    found = deep_links.list_invitations(place.partner_id, talk.now, limit=A_PAGE + 1, offset=A_PAGE * (number - 1))
    lines, rows = [words("invitations_head" if found else "invitations_none")], []
    for n, one in enumerate(found[:A_PAGE], A_PAGE * (number - 1) + 1):
        role = words(f"role_{one.role}")
        until = words.moment(one.expires_at, talk.partner.timezone)
        lines.append(
            words("invitation_line", n=n, role=f"{role}, {one.branch_name}" if one.branch_name else role, until=until)
        )
        rows.append([(words("invitation_revoke", n=n), f"uninvite:{one.id.hex}")])
    rows += keyboards.turn(words, "invitations", number, has_more=len(found) > A_PAGE)
    talk.rewrite("\n\n".join(lines), [*rows, [(words("people_back"), "people:1")]])


@room.press(rf"uninvite:({_ID})", "staff:write")
def revoke(talk: Talk, link_id: str) -> None:
    """Raises `LinkGone` for one that was used meanwhile."""
    deep_links.revoke(talk.place.partner_id, UUID(link_id), by=talk.customer.id, now=talk.now)
    talk.rewrite(talk.words("invitation_revoked"), [[(talk.words("people_back"), "people:1")]])


# Parts


def _find(talk: Talk, staff_id: str) -> StaffRow:
    """Somebody who works here now. Raises `StaffNotFound`."""
    row = staff.get_staff(talk.place.partner_id, UUID(staff_id))
    if row.state != "active":
        raise StaffNotFound()
    return row


def go_to(talk: Talk, code: str) -> None:
    """Act for one of the partners they work for from now on. Raises `NotStaff`."""
    place = _place(talk, code)
    if len(talk.places) > 1:
        talk.go_to_work(place.partner_id)


def _place(talk: Talk, code: str) -> StaffRole:
    """One of the partners they work for. Raises `NotStaff`."""
    for place in talk.places:
        if place.partner_code == code:
            return place
    raise NotStaff()


def _change(talk: Talk, row: StaffRow, **changes: object) -> None:
    """Change role, branch or name, and show the card as it is then; who may see it no more sees what is left to them."""
    values = {"role": row.role, "branch_id": row.branch_id, "name": None} | changes
    staff.change(talk.place.partner_id, row.staff_id, **values, by=talk.customer.id, now=talk.now)
    if row.customer_id == talk.customer.id:
        talk.know(talk.customer)
        if not talk.may("staff:read"):
            talk.rewrite(talk.words("people_saved"))
            _show_what_is_left(talk)
            return
    row = _find(talk, row.staff_id.hex)
    talk.rewrite(f"{talk.words('people_saved')}\n\n{_describe(talk, row)}", _deeds(talk, row))


def _show_what_is_left(talk: Talk) -> None:
    """The menu of what they are from now on."""
    talk.ask(None)
    talk.know(talk.customer)
    talk.say(talk.words("people_menu_now"), keyboard=keyboards.menu(talk))


def _describe(talk: Talk, row: StaffRow) -> str:
    words, branch = talk.words, _branch(talk, row)
    lines = [
        words("person_name", name=_name(talk, row)),
        words("person_role", role=words(f"role_{row.role}")),
        *([words("person_branch", branch=branch)] if row.role == "cashier" else []),
        words("person_since", day=words.day(row.hired_at.date())),
    ]
    if row.customer_id == talk.customer.id:
        lines.append(words("person_is_you"))
    return "\n".join(lines)


def _branch(talk: Talk, row: StaffRow) -> str:
    if row.branch_id is None:
        return talk.words("anywhere")
    names = {branch.id: branch.name for branch in partners.list_branches(talk.place.partner_id, closed=True)}
    return names[row.branch_id]


def _deeds(talk: Talk, row: StaffRow) -> Buttons:
    words, staff_id, back = talk.words, row.staff_id.hex, [(talk.words("people_back"), "people:1")]
    if not talk.may("staff:write"):
        return [back]
    first = [(words("person_change_role"), f"staff-role:{staff_id}")]
    if row.role == "cashier":
        first.append((words("person_change_branch"), f"staff-at:{staff_id}"))
    second = [(words("person_rename"), f"staff-name:{staff_id}"), (words("person_remove"), f"staff-out:{staff_id}")]
    return [first, second, back]


def _ask_dismissal(talk: Talk, row: StaffRow, answer: Callable[[str, Buttons], None]) -> None:
    sure = [(talk.words("person_remove_yes"), f"staff-gone:{row.staff_id.hex}")]
    said = talk.words("person_ask_remove", name=_name(talk, row), role=talk.words(f"role_{row.role}"))
    answer(said, [sure, _back_to(talk, row.staff_id.hex)])


def _back_to(talk: Talk, staff_id: str) -> list[tuple[str, str]]:
    return [(talk.words("person_back"), f"staff:{staff_id}")]


def _branches(talk: Talk, data: str) -> Buttons:
    """The open branches as buttons `<data>:<branch>`, and that it may be any."""
    found = partners.list_branches(talk.place.partner_id, limit=MOST_BRANCHES)
    rows = [[(_cut(branch.name), f"{data}:{_write(branch.id)}")] for branch in found]
    return [*rows, [(talk.words("anywhere"), f"{data}:{ANYWHERE}")]]


def _name(talk: Talk, row: StaffRow) -> str:
    return _cut(row.name or talk.words("person_nameless"))


def _title(text: str) -> str:
    return text[:1].upper() + text[1:]


def _cut(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:39].rstrip()}…"


def _write(branch_id: UUID) -> str:
    """An id in 22 characters: two ids must fit into the 64 bytes of a button."""
    return base64.urlsafe_b64encode(branch_id.bytes).rstrip(b"=").decode()


def _read(branch: str) -> UUID | None:
    return None if branch == ANYWHERE else UUID(bytes=base64.urlsafe_b64decode(f"{branch}=="))

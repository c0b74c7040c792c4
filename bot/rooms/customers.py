"""The partner's customers: the list, the search, the card of one, and what staff note on it."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app

from bot import keyboards
from bot.masks import mask_card, mask_email, mask_phone
from bot.rooms import history
from bot.router import Room
from bot.standing import say_standing
from bot.talk import Buttons, Talk
from loyalty import customers, members
from loyalty.errors import InvalidCursor, LoyaltyError
from loyalty.identities import recognise
from loyalty.members import MemberCard
from loyalty.offered import find_standing

room = Room()

SEARCH, NAME = "customers.search", "customers.name"
"""Questions: whom to look for, and what a customer is to be called."""
A_PAGE = 8
LONGEST_QUERY = 100
LONGEST_LABEL = 30
NO_NAME = ("-", "–", "—", "−")
"""What is typed to take a name away."""

CUSTOMER = r"([0-9a-f]{32})"


# The list and the search


@room.command("customers", "customers:read")
def list_newest(talk: Talk) -> None:
    _list(talk, "")


@room.press(r"customers", "customers:read")
def go_back(talk: Talk) -> None:
    """From a card to the list it was opened from: the search that was made last, else the newest."""
    _list(talk, _present_query(talk))


@room.press(r"customers:([0-9a-f]{8}):(on|back):([A-Za-z0-9_-]{22})", "customers:read")
def turn_page(talk: Talk, mark: str, way: str, cursor: str) -> None:
    """A page beside the one shown. Raises `InvalidCursor` for a list of a search that was given up."""
    query = next((query for query in (_present_query(talk), "") if _mark(query) == mark), None)
    if query is None:
        raise InvalidCursor()
    _list(talk, query, cursor, back=way == "back")


@room.step(SEARCH, "customers:read")
def search(talk: Talk, text: str) -> None:
    """Whom a phone, card, e-mail or name, or a part of one, belongs to; the only one found is shown at once."""
    query = " ".join(text.split())
    if not query:
        talk.say(talk.words(_asks(talk)))
    elif len(query) > LONGEST_QUERY or not query.isprintable():
        _tell_nobody(talk, query)
    elif (known := _find_by_card(talk, query)) is not None:
        talk.ask(SEARCH, query="")
        show_card(talk, known.hex)
    else:
        _list(talk, query)


def _find_by_card(talk: Talk, query: str) -> UUID | None:
    """Whose card has this number; a card is found whole or not at all."""
    try:
        who = recognise(query, talk.partner)
        return customers.find_member(talk.partner, who)[0].id if who.kind == "card" else None
    except LoyaltyError:
        return None


def _list(talk: Talk, query: str, cursor: str | None = None, *, back: bool = False) -> None:
    words = talk.words
    if talk.step in (None, SEARCH):  # what else was begun stays begun
        talk.ask(SEARCH, query=query)
    rows, more = customers.search_members(
        talk.place.partner_id,
        query,
        cursor,
        A_PAGE,
        region=talk.partner.region,
        contacts=talk.may("customers:contacts"),
        back=back,
    )
    if not rows and cursor:
        _list(talk, query)
    elif not rows and query:
        _tell_nobody(talk, query)
    elif not rows:
        talk.rewrite(words("customers_empty", credit=words.button("credit"), office=words.button("office")))
    elif query and not cursor and len(rows) == 1 and talk.incoming.press is None:
        show_card(talk, rows[0].customer_id.hex)
    else:
        head = words("customers_found", query=query) if query else words("customers_head")
        lines = [head, *(_tell_row(row, talk) for row in rows), words(_asks(talk))]
        names = [[(_label(_name(row, talk)), f"customer:{row.customer_id.hex}")] for row in rows]
        talk.rewrite("\n\n".join(lines), [*names, *_turns(talk, query, cursor, rows, more, back)])


def _turns(talk: Talk, query: str, cursor: str | None, rows: list, more: str | None, back: bool) -> Buttons:
    """The buttons to the pages above and below; each carries its own place in the list."""
    above, below = (more, customers.cursor_at(rows[-1])) if back else (cursor and customers.cursor_at(rows[0]), more)
    start = f"customers:{_mark(query)}"
    turn = [(talk.words("previous_page"), f"{start}:back:{above}")] if above else []
    turn += [(talk.words("next_page"), f"{start}:on:{below}")] if below else []
    return [turn] if turn else []


def _tell_row(row: Any, talk: Talk) -> str:
    words = talk.words
    first = " · ".join([_name(row, talk), *([mask_phone(row.phone)] if row.name and row.phone else [])])
    details = [words.points(row.balance)]
    if row.visits:
        details.append(words.count("visits", row.visits))
        details.append(words("last_purchase", day=_day(row.last_purchase_at, talk)))
    return f"{first}{_star(row)}\n{' · '.join(details)}"


def _tell_nobody(talk: Talk, query: str) -> None:
    words = talk.words
    shown = "".join(char for char in query if char.isprintable())
    talk.rewrite(words("customers_nobody", query=_label(shown), asks=words(_asks(talk)), credit=words.button("credit")))


def _asks(talk: Talk) -> str:
    """What one can look for, in the words for their role."""
    return "customers_ask" if talk.may("customers:contacts") else "customers_ask_name"


def _present_query(talk: Talk) -> str:
    return str(talk.data.get("query") or "") if talk.step == SEARCH else ""


def _mark(query: str) -> str:
    """By which a button knows the search that it belongs to."""
    return hashlib.sha256(query.encode()).hexdigest()[:8]


# The card


@room.press(rf"customer:{CUSTOMER}", "customers:read")
def show_card(talk: Talk, customer: str) -> None:
    """A customer as this partner knows them. Raises `CustomerNotFound`, for another partner's too."""
    contacts = talk.may("customers:contacts")
    _show(talk, members.show_member(talk.place.partner_id, UUID(customer), talk.now, contacts=contacts))


@room.press(rf"vip:{CUSTOMER}:([01])", "customers:write")
def mark_vip(talk: Talk, customer: str, is_vip: str) -> None:
    _show(talk, _change(talk, customer, {"is_vip": is_vip == "1"}))


@room.press(rf"rename:{CUSTOMER}", "customers:write")
def ask_name(talk: Talk, customer: str) -> None:
    card = members.show_member(talk.place.partner_id, UUID(customer), talk.now, contacts=False)
    talk.ask(NAME, customer=customer)
    talk.say(talk.words("customer_ask_name", name=card.name or talk.words("no_name")))


@room.step(NAME, "customers:write")
def rename(talk: Talk, text: str) -> None:
    """The partner's own word for the customer; a dash takes it away. Raises `InvalidName`."""
    if not text:
        talk.say(talk.words("customer_name_again"))
        return
    card = _change(talk, talk.data["customer"], {"name": None if text in NO_NAME else text})
    talk.ask(None)
    talk.say(talk.words("customer_renamed"), keyboard=keyboards.menu(talk))
    _show(talk, card)


@room.press(rf"operations:{CUSTOMER}:([0-9]{{1,3}})", "transactions:read")
def show_operations(talk: Talk, customer: str, page: str) -> None:
    """What this customer's points came from here and went to, with the balance after each."""
    words, place = talk.words, talk.place
    member = members.show_member(place.partner_id, UUID(customer), talk.now, contacts=False)
    number, rows, has_more = history.read_page(member.customer_id, int(page), partner_id=place.partner_id)
    lines = [words("operations_head", name=member.name or words("no_name"), page=number)]
    lines += [_tell_operation(row, talk) for row in rows] or [words("operations_empty")]
    if has_more and number == history.MOST_PAGES:
        link = f"{current_app.config['SETTINGS'].public_url}/partner/customers/{member.customer_id}"
        lines.append(words("operations_end", link=link))
    turn = history.turn(words, f"operations:{customer}", number, has_more=has_more)
    talk.rewrite("\n\n".join(lines), [*turn, [(words("customer_back"), f"customer:{customer}")]])


def _change(talk: Talk, customer: str, changes: dict[str, Any]) -> MemberCard:
    contacts, actor = talk.may("customers:contacts"), talk.customer.id
    return members.change_member(
        talk.place.partner_id, UUID(customer), changes, by=actor, now=talk.now, contacts=contacts
    )


def _show(talk: Talk, card: MemberCard) -> None:
    words, key = talk.words, card.customer_id.hex
    rows = [
        [("card_credit", f"credit:{key}", "points:credit"), ("card_spend", f"spend:{key}", "points:spend")],
        [
            ("card_operations", f"operations:{key}:1", "transactions:read"),
            ("card_purchases", f"purchases_of:{key}", "transactions:read"),
        ],
        [
            ("card_rename", f"rename:{key}", "customers:write"),
            ("card_vip_off" if card.is_vip else "card_vip_on", f"vip:{key}:{int(not card.is_vip)}", "customers:write"),
        ],
        [("customers_back", "customers", "customers:read")],
    ]
    allowed = [[(words(name), data) for name, data, scope in row if talk.may(scope)] for row in rows]
    talk.rewrite("\n".join(_describe(card, talk)), [row for row in allowed if row])


def _describe(card: MemberCard, talk: Talk) -> list[str]:
    words, currency = talk.words, talk.partner.currency
    known = [(card.phone, mask_phone), (card.email, mask_email), (card.card, mask_card)]
    contacts = " · ".join(mask(value) for value, mask in known if value)
    lines = [f"👤 {_name(card, talk)}{_star(card)}", *([contacts] if contacts else [])]
    standing = find_standing(card.customer_id, talk.place.partner_id, talk.now)
    if standing is not None and (told := say_standing(standing, words, currency)):
        lines.append(told)
    lines.append("")
    lines.append(words("card_balance", points=words.points(card.balance)))
    if card.held:
        held, available = words.points(card.held), words.points(card.available)
        lines.append(words("card_held", held=held, available=available))
    if card.pending:
        lines.append(words("card_pending", points=words.points(card.pending)))
    if card.visits:
        visits, spent = words.count("visits", card.visits), words.money(card.spent, currency)
        lines.append(words("card_bought", visits=visits, spent=spent))
        lines.append(words("card_average", average=words.money(card.average_check, currency)))
    if card.first_purchase_at and card.last_purchase_at:
        first, last = _day(card.first_purchase_at, talk), _day(card.last_purchase_at, talk)
        lines.append(words("card_dates", first=first, last=last))
    else:
        lines.append(words("card_no_purchases"))
    return [*lines, words("card_joined", day=_day(card.joined_at, talk))]


def _tell_operation(operation: Any, talk: Talk) -> str:
    words = talk.words
    return words(
        "customer_operation",
        moment=words.moment(operation.occurred_at, operation.timezone),
        points=words.change(operation.points),
        what=history.say_why(operation, words),
        balance=words.number(operation.balance_after),
    )


def _name(row: MemberCard | customers.MemberRow, talk: Talk) -> str:
    return row.name or (mask_phone(row.phone) if row.phone else None) or talk.words("no_name")


def _star(row: MemberCard | customers.MemberRow) -> str:
    return " ⭐ VIP" if row.is_vip else ""


def _label(name: str) -> str:
    return name if len(name) <= LONGEST_LABEL else f"{name[:LONGEST_LABEL]}…"


def _day(moment: Any, talk: Talk) -> str:
    return talk.words.day(moment.astimezone(ZoneInfo(talk.partner.timezone)).date())

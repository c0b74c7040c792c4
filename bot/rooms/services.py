"""Services: the catalogue of a partner for its staff, and what a customer's partners sell."""

from __future__ import annotations

from uuid import UUID

from flask import current_app

from bot import keyboards
from bot.rooms import office
from bot.router import Room
from bot.talk import Talk
from loyalty import services
from loyalty.errors import InvalidService
from loyalty.rules import plain_number
from models.service import Service

room = Room()

NAME, PRICE, CATEGORY = "services.name", "services.price", "services.category"
NOTHING = ("-", "—", "–", "0")
"""What is written where something stays empty."""
A_PAGE = 8


@room.press(r"services:([0-9]{1,3})", "programme:read")
def show(talk: Talk, page: str) -> None:
    """The catalogue in its order, page by page."""
    words, number = talk.words, max(int(page), 1)
    found = services.list_services(talk.place.partner_id, limit=A_PAGE * number + 1)
    rows = found[A_PAGE * (number - 1) : A_PAGE * number]
    lines = [words("services_head"), "\n".join(_say(row, talk) for row in rows)]
    if not rows:
        lines[1] = words("services_empty" if number == 1 else "services_end")
    lines.append(words("services_link", link=_link()))
    buttons = []
    if talk.may("content:write"):
        buttons = [[(row.name[:40], f"service:{row.id.hex}")] for row in rows]
        buttons.append([(words("service_new"), "service_new")])
    turn = keyboards.turn(words, "services", number, has_more=len(found) > A_PAGE * number)
    talk.rewrite("\n\n".join(lines), [*buttons, *turn, office.back(talk)])


@room.press(r"service:([0-9a-f]{32})", "content:write")
def show_one(talk: Talk, service_id: str) -> None:
    """One of them, and what can be done with it."""
    row = services.get_service(talk.place.partner_id, UUID(service_id))
    words, act = talk.words, "show" if row.is_hidden else "hide"
    buttons = [[(words(f"service_{act}"), f"service_{act}:{row.id.hex}")]]
    buttons.append([(words("service_archive"), f"service_archive:{row.id.hex}")])
    if row.archived_at is not None:
        buttons = [[(words("service_restore"), f"service_restore:{row.id.hex}")]]
    lines = [_say(row, talk), row.category or "", words("service_archived") if row.archived_at else ""]
    talk.rewrite("\n".join(line for line in lines if line), [*buttons, _back(talk)])


@room.press(r"service_(hide|show|archive|restore):([0-9a-f]{32})", "content:write")
def act(talk: Talk, what: str, service_id: str) -> None:
    """A button carries what is to be, so that one pressed twice does what it says."""
    partner, by, chosen = talk.partner, talk.customer.id, UUID(service_id)
    if what == "archive":
        services.archive(partner, chosen, by=by, now=talk.now)
    elif what == "restore":
        services.restore(partner, chosen, by=by)
    else:
        services.hide(partner, chosen, what == "hide", by=by)
    show_one(talk, service_id)


@room.press(r"service_new", "content:write")
def ask_name(talk: Talk) -> None:
    talk.ask(NAME)
    talk.say(talk.words("service_ask_name"))


@room.step(NAME, "content:write")
def take_name(talk: Talk, text: str) -> None:
    draft = services.read_draft(name=text, price=0)
    services.require_free_name(talk.place.partner_id, draft.name)
    talk.ask(PRICE, name=draft.name)
    talk.say(talk.words("service_ask_price"))


@room.step(PRICE, "content:write")
def take_price(talk: Talk, text: str) -> None:
    price = plain_number(text)
    services.read_draft(name=talk.data["name"], price=price)
    talk.ask(CATEGORY, name=talk.data["name"], price=price)
    known = [category for category, _ in services.list_categories(talk.place.partner_id)]
    says = talk.words("service_known_categories", names=", ".join(known[:10])) if known else ""
    talk.say("\n".join(filter(None, (talk.words("service_ask_category"), says))))


@room.step(CATEGORY, "content:write")
def take_category(talk: Talk, text: str) -> None:
    """The last answer: minutes may follow the category after a comma, «Волосы, 45»."""
    category, _, minutes = (
        (part.strip() for part in text.rpartition(",")) if _ends_with_minutes(text) else (text, "", "")
    )
    draft = services.read_draft(
        name=talk.data["name"],
        price=talk.data["price"],
        category=None if category in NOTHING else category,
        minutes=int(minutes) if minutes else None,
    )
    row = services.make(talk.partner, draft, by=talk.customer.id, now=talk.now)
    talk.ask(None)
    more = [[(talk.words("service_new"), "service_new")], _back(talk)]
    talk.say(talk.words("service_made", service=_say(row, talk)), more)


# For a customer


@room.command("services")
def show_partners(talk: Talk) -> None:
    """What the person's partners sell: at once where it is one, else they choose."""
    found = services.list_sellers(talk.customer.id)
    if not found:
        talk.say(talk.words("menu_none"), keyboard=keyboards.menu(talk))
    elif len(found) == 1:
        show_menu(talk, found[0].id.hex)
    else:
        buttons = [[(partner.name[:40], f"menu:{partner.id.hex}")] for partner in found]
        talk.say(talk.words("menu_choose"), buttons)


@room.press(r"menu:([0-9a-f]{32})")
def show_menu(talk: Talk, partner_id: str) -> None:
    """What one of the person's partners sells, with prices."""
    seller = next((one for one in services.list_sellers(talk.customer.id) if one.id.hex == partner_id), None)
    if seller is None:
        talk.say(talk.words("menu_none"), keyboard=keyboards.menu(talk))
        return
    parts = [talk.words("menu_head", partner=seller.name)]
    for category, rows in services.by_category(services.visible(seller.id)):
        lines = [f"{category}:"] if category else []
        parts.append("\n".join([*lines, *(f"• {_tell(row, talk, seller.currency)}" for row in rows)]))
    talk.say("\n\n".join(parts), keyboard=keyboards.menu(talk))


def _ends_with_minutes(text: str) -> bool:
    minutes = text.rpartition(",")[2].strip()
    if "," in text and not (minutes.isascii() and minutes.isdigit()):
        raise InvalidService("must be a whole number", field="minutes")
    return "," in text


def _say(row: Service, talk: Talk) -> str:
    said = _tell(row, talk, talk.partner.currency)
    return talk.words("service_is_hidden", service=said) if row.is_hidden else said


def _tell(row: Service, talk: Talk, currency: str) -> str:
    words = talk.words
    price = words.money(row.price, currency) if row.price else words("service_free")
    minutes = words("service_minutes", n=row.minutes) if row.minutes else ""
    return f"{row.name} — {price}{minutes}"


def _back(talk: Talk) -> list[tuple[str, str]]:
    return [(talk.words("services_back"), "services:1")]


def _link() -> str:
    return f"{current_app.config['SETTINGS'].public_url}/partner/services"

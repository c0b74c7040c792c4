"""Who can chat: every demo person, and anybody new by a phone number."""

from __future__ import annotations

from dataclasses import dataclass

from loyalty.errors import InvalidPhone
from loyalty.phones import normalise_phone
from sandbox import guests, world


@dataclass(frozen=True)
class Person:
    """Somebody with a Telegram account; `telegram_id` is also their private chat."""

    key: str
    telegram_id: int
    name: str
    phone: str


def find_person(key: str) -> Person | None:
    """A demo person by their key, or, by a phone, whoever has it: a newcomer where nobody of the demo does."""
    people = {person.key: person for person in list_people()}
    if key in people:
        return people[key]
    try:
        phone = normalise_phone(f"+{key}" if key.startswith("7") else key)
    except InvalidPhone:
        return None
    known = next((person for person in people.values() if person.phone == phone), None)
    return known or Person(phone, world.telegram_id(phone), "Новенький", phone)


def list_people() -> list[Person]:
    """The demo's people, those first who have linked their Telegram."""
    named = [("ivan", *world.IVAN), ("admin", *world.ADMIN)]
    for business in world.BUSINESSES:
        named += [(f"{business.key}-owner", *business.owner), (f"{business.key}-cashier", *business.cashier)]
    named += [(key, guest.name, guest.phone) for key, guest in guests.GUESTS.items()]
    named.append(("applicant", guests.APPLICANT.name, guests.APPLICANT.phone))
    return [Person(key, world.telegram_id(key), name, phone) for key, name, phone in named]

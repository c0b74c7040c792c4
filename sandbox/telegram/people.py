"""Who can chat: every demo person, and anybody new by a phone number."""

from __future__ import annotations

from dataclasses import dataclass

from loyalty.errors import InvalidPhone
from loyalty.phones import normalise_phone
from sandbox import guests, world


@dataclass(frozen=True)
class Person:
    """Somebody with a Telegram account; `telegram_id` is also their private chat. `business` is where they work."""

    key: str
    telegram_id: int
    name: str
    phone: str
    role: str = "newcomer"
    business: str | None = None

    @property
    def slug(self) -> str:
        """The key as parts of a page can be named by it."""
        return self.key.removeprefix("+")


def find_person(key: str) -> Person | None:
    """A demo person by their key, or, by a phone, whoever has it: a newcomer where nobody of the demo does."""
    for person in list_people():
        if person.key == key:
            return person
    try:
        phone = normalise_phone(f"+{key}" if key.startswith("7") else key)
    except InvalidPhone:
        return None
    return find_by_phone(phone) or Person(phone, world.telegram_id(phone), "Новенький", phone)


def find_by_phone(phone: str) -> Person | None:
    """The demo person who has this phone."""
    return next((person for person in list_people() if person.phone == phone), None)


def list_people() -> list[Person]:
    """The demo's people, those first who have linked their Telegram."""
    named = [("ivan", *world.IVAN, "customer"), ("admin", *world.ADMIN, "admin")]
    for business in world.BUSINESSES:
        named.append((f"{business.key}-owner", *business.owner, "owner", business.name))
        named.append((f"{business.key}-cashier", *business.cashier, "cashier", business.name))
    named += [(key, guest.name, guest.phone, "customer") for key, guest in guests.GUESTS.items()]
    named.append(("applicant", guests.APPLICANT.name, guests.APPLICANT.phone, "applicant"))
    return [Person(key, world.telegram_id(key), *rest) for key, *rest in named]

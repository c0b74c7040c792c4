"""How a caller names a person: by exactly one of a few keys, read into one normalised form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from loyalty.cards import PREFIX as CARD_PREFIX
from loyalty.cards import normalise_card
from loyalty.emails import normalise_email
from loyalty.errors import IdentifierRequired, InvalidIdentifier
from loyalty.phones import normalise_phone
from models.partner import Partner

IDENTITY_KINDS = ("phone", "email", "telegram", "card", "crm", "onec", "import")
"""What is stored as an `Identity`; `customer_id` and `code` also name a person, but are not identities."""

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
LARGEST_TELEGRAM_ID = 2**52 - 1


@dataclass(frozen=True)
class Identifier:
    """One normalised way to name a person: an identity kind, `customer_id`, `code`, or `seen_code` (`customers.see_code`).

    `partner_id` belongs to numbers that mean something only inside one partner's system. The value is left out of
    `repr`: it is personal data.
    """

    kind: str
    value: str = field(repr=False)
    partner_id: UUID | None = None


def parse_identifier(given: Mapping[str, object], partner: Partner | None = None) -> Identifier:
    """Read `{phone | email | card | card_number | customer_id | telegram_id | code: value}`.

    Exactly one key may have a value (null counts as none), else `IdentifierRequired`; an unreadable value raises
    `InvalidPhone`, `InvalidEmail`, `InvalidCard` or `InvalidIdentifier` with the key as its field. A phone without a
    country code is read in the partner's region.
    """
    named = {key: value for key, value in given.items() if value is not None}
    if len(named) != 1 or not named.keys() <= _READERS.keys():
        raise IdentifierRequired()
    ((key, value),) = named.items()
    kind, read = _READERS[key]
    return Identifier(kind, read(value, key, partner))


def recognise(text: str, partner: Partner | None = None, *, field: str = "customer") -> Identifier:
    """Read what was typed or scanned into one field: a phone, e-mail, card number, customer's code or customer id.

    Of other text with letters the six digits at its end are the code: our address behind the customer's QR, also as a
    scanner types it into a keyboard that is switched to Russian. Raises `InvalidPhone`, `InvalidEmail`, `InvalidCard`
    or `InvalidIdentifier`.
    """
    text = text.strip()
    if _UUID.fullmatch(text):
        return Identifier("customer_id", text.lower())
    if "@" in text:
        return Identifier("email", normalise_email(text, field=field))
    if any(char.isalpha() for char in text):
        code = re.search(r"(?<![0-9])[0-9]{6}(?=[^0-9]*$)", text)
        if code is None:
            raise InvalidIdentifier("is not a phone, an e-mail, a card or a code", field=field)
        return Identifier("code", code[0])
    digits = re.sub(r"[^0-9]", "", text)
    if len(digits) == 6:
        return Identifier("code", digits)
    if digits.startswith(CARD_PREFIX) and len(digits) > 12:
        return Identifier("card", normalise_card(text, field=field))
    return Identifier("phone", normalise_phone(text, partner.region if partner else "RU", field=field))


def _read_phone(value: object, key: str, partner: Partner | None) -> str:
    return normalise_phone(value, partner.region if partner else "RU", field=key)


def _read_customer_id(value: object, key: str, partner: Partner | None) -> str:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, str) and _UUID.fullmatch(value):
        return value.lower()
    raise InvalidIdentifier("is not a UUID", field=key)


def _read_telegram_id(value: object, key: str, partner: Partner | None) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(text, str) and re.fullmatch(r"[1-9][0-9]{0,15}", text) and int(text) <= LARGEST_TELEGRAM_ID:
        return text
    raise InvalidIdentifier("is not a Telegram id", field=key)


def _read_code(value: object, key: str, partner: Partner | None) -> str:
    text = value.replace(" ", "") if isinstance(value, str) else ""
    if re.fullmatch(r"[0-9]{6}", text):
        return text
    raise InvalidIdentifier("is not six digits", field=key)


_Reader = Callable[[object, str, Partner | None], str]
_READERS: dict[str, tuple[str, _Reader]] = {
    "phone": ("phone", _read_phone),
    "email": ("email", lambda value, key, _: normalise_email(value, field=key)),
    "card": ("card", lambda value, key, _: normalise_card(value, field=key)),
    "card_number": ("card", lambda value, key, _: normalise_card(value, field=key)),
    "customer_id": ("customer_id", _read_customer_id),
    "telegram_id": ("telegram", _read_telegram_id),
    "code": ("code", _read_code),
}

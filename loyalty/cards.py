"""Card numbers of the platform: sixteen digits, ours by their prefix, with a check digit.

The prefix follows ISO/IEC 7812: 9 is left to national use, 643 is Russia, 10 is ours. A number is not a secret: it is
printed, and it opens nothing by itself.
"""

from __future__ import annotations

import secrets
import unicodedata

from loyalty.errors import InvalidCard

PREFIX = "964310"
LENGTH = 16


def normalise_card(text: object, *, field: str | None = "card_number") -> str:
    """The sixteen digits of a well-formed number, spaces and dashes dropped. Raises `InvalidCard`.

    Well-formed does not mean issued: whether a card exists is told to staff only.
    """
    if not isinstance(text, str) or len(text) > 40:
        raise InvalidCard(field=field)
    digits = "".join(char for char in unicodedata.normalize("NFKC", text) if char not in " -")
    if not (len(digits) == LENGTH and digits.isascii() and digits.isdigit() and digits.startswith(PREFIX)):
        raise InvalidCard(field=field)
    if _check_digit(digits[:-1]) != digits[-1]:
        raise InvalidCard(field=field)
    return digits


def new_card_number() -> str:
    """A random well-formed number; the caller makes sure that nobody has it yet."""
    body = PREFIX + f"{secrets.randbelow(10 ** (LENGTH - len(PREFIX) - 1)):0{LENGTH - len(PREFIX) - 1}}"
    return body + _check_digit(body)


def _check_digit(body: str) -> str:
    """Luhn's digit (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)

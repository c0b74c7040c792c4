"""Phone numbers: every spelling of one number becomes one string."""

from __future__ import annotations

import unicodedata

import phonenumbers

from loyalty.errors import InvalidPhone

_LONGEST = 40
_LEAST_TELLING = 9


def normalise_phone(text: object, region: str = "RU", *, field: str | None = "phone") -> str:
    """E.164 (`+79161234567`) of a valid number. `region` (ISO 3166) is assumed where the country code is left out.

    Raises `InvalidPhone` for anything else: letters (`8-800-FLOWERS`), extensions, numbers no operator can have.
    """
    written = _plain_digits(text) if isinstance(text, str) and len(text) <= _LONGEST else None
    if written is None:
        raise InvalidPhone(field=field)
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        raise InvalidPhone(field=field) from None
    if not phonenumbers.is_valid_number(number):
        raise InvalidPhone(field=field)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def national_digits(number: str) -> str | None:
    """What every spelling of a number in E.164 has in it once all but the digits is left out; None for what is no phone, or
    so short that other digits could be meant."""
    try:
        digits = str(phonenumbers.parse(number).national_number)
    except phonenumbers.NumberParseException:
        return None
    return digits if len(digits) >= _LEAST_TELLING else None


def _plain_digits(text: str) -> str | None:
    """ASCII digits with an optional leading plus; None where a character has no business in a phone number."""
    kept = []
    for char in unicodedata.normalize("NFKC", text):
        kind = unicodedata.category(char)
        if kind == "Nd":
            kept.append(str(unicodedata.decimal(char)))
        elif char == "+" and not kept:
            kept.append(char)
        # spaces of any width, dashes of any length, brackets and dots; invisible marks that copying from a messenger adds
        elif not (kind in ("Zs", "Pd", "Cf") or char in "\t()./−"):
            return None
    return "".join(kept) if any(char != "+" for char in kept) else None

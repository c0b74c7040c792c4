"""Names of people, partners and branches as people type them."""

from __future__ import annotations

import unicodedata

from loyalty.errors import InvalidName

LONGEST = 200


def tidy_name(text: object, *, field: str | None = "name") -> str | None:
    """The name with single spaces, in one Unicode form; None for nothing. Raises `InvalidName`.

    Refused: more than 200 characters, control characters, halves of surrogate pairs.
    """
    if text is None:
        return None
    if not isinstance(text, str):
        raise InvalidName(field=field)
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if len(name) > LONGEST or any(unicodedata.category(char) in ("Cc", "Cs", "Cn") for char in name):
        raise InvalidName(field=field)
    return name or None


def require_name(text: object, *, field: str | None = "name") -> str:
    """`tidy_name` where there must be one."""
    name = tidy_name(text, field=field)
    if name is None:
        raise InvalidName(field=field)
    return name

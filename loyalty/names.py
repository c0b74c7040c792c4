"""Names of people, partners and branches as people type them."""

from __future__ import annotations

import unicodedata

from loyalty.errors import InvalidName

LONGEST = 200

_UNSEEN = dict.fromkeys(
    [
        0x00AD, 0x200B, 0x2060, 0xFEFF,  # soft hyphen, spaces and joiners of no width
        0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0,  # letters that are drawn as nothing
        *range(0x200E, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A),  # what turns the direction of writing
    ]
)  # fmt: skip
"""Characters that nobody sees, or that make others read what was not written. What joins emoji is not among them."""


def tidy_name(text: object, *, field: str | None = "name") -> str | None:
    """The name with single spaces, in one Unicode form, without what nobody sees; None for nothing. Raises `InvalidName`.

    Refused: more than 200 characters, control characters, halves of surrogate pairs.
    """
    if text is None:
        return None
    if not isinstance(text, str):
        raise InvalidName(field=field)
    name = " ".join(unicodedata.normalize("NFC", text).translate(_UNSEEN).split())
    if len(name) > LONGEST or not is_text(name):
        raise InvalidName(field=field)
    return name if any(unicodedata.category(char) not in ("Cf", "Mn", "Me", "Zs") for char in name) else None


def require_name(text: object, *, field: str | None = "name") -> str:
    """`tidy_name` where there must be one."""
    name = tidy_name(text, field=field)
    if name is None:
        raise InvalidName(field=field)
    return name


def fold(name: str) -> str:
    """The name as it is compared where spelling must not matter: «Стрижка» and «стрижка», «ё» and «е» are one."""
    return name.casefold().replace("ё", "е")


def is_text(text: str, *, allowed: str = "") -> bool:
    """Whether there are none of the control characters, but those `allowed`, and nothing that stands for no character."""
    return not any(unicodedata.category(char) in ("Cc", "Cs", "Cn") for char in text if char not in allowed)


def first_name(name: str | None) -> str | None:
    """What one may be called before strangers: the first word of a name, if it is a word; None otherwise."""
    word = next(iter((name or "").split()), "")
    is_word = any(char.isalpha() for char in word) and not any(char.isdigit() or char in "@./:" for char in word)
    return word[:40] if is_word else None

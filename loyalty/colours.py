"""A partner's own colour: kept dark enough for white letters to be read on it (WCAG 2, 4.5 : 1)."""

from __future__ import annotations

import re

from loyalty.errors import InvalidColour

READABLE = 4.5
"""The least contrast between a colour and the white letters on it."""

_WRITTEN = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})", re.IGNORECASE)


def parse_colour(text: object, *, field: str | None = "accent") -> str:
    """`#7a3cff`, in lower case and six digits, of any way to write it. Raises `InvalidColour`."""
    written = _WRITTEN.fullmatch(text.strip()) if isinstance(text, str) else None
    if written is None:
        raise InvalidColour(field=field)
    digits = written[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


def contrast(one: str, other: str) -> float:
    """1 (the same) to 21 (black and white)."""
    darker, lighter = sorted((_luminance(_channels(one)), _luminance(_channels(other))))
    return (lighter + 0.05) / (darker + 0.05)


def contrast_with_white(colour: str) -> float:
    """1 (white itself) to 21 (black)."""
    return contrast(colour, "#ffffff")


def darken_until_readable(colour: str) -> str:
    """The colour itself, or the lightest of its darker shades on which white letters can be read."""
    red, green, blue = _channels(colour)
    for share in range(100, -1, -1):
        shade = "#" + "".join(f"{channel * share // 100:02x}" for channel in (red, green, blue))
        if contrast_with_white(shade) >= READABLE:
            return shade
    raise AssertionError("black is readable")


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(channels: tuple[int, int, int]) -> float:
    """Relative luminance as WCAG 2 defines it for sRGB."""
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in channels)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

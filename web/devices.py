"""What a browser calls itself, as a person would say it."""

from __future__ import annotations

from flask_babel import gettext

_BROWSERS = (
    ("YaBrowser", "Yandex Browser"),
    ("EdgiOS", "Edge"),
    ("EdgA", "Edge"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("FxiOS", "Firefox"),
    ("Firefox", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
"""The mark in the header, the most particular one first: every browser also names those it is like."""

_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def name_device(header: str | None) -> str:
    """«Chrome, Android»; what an app calls itself when it is no browser, cut short."""
    if not header:
        return gettext("Unknown device")
    if not header.startswith("Mozilla/"):
        return header[:60]
    found = [next((name for mark, name in marks if mark in header), None) for marks in (_BROWSERS, _SYSTEMS)]
    return ", ".join(name for name in found if name) or gettext("Browser")

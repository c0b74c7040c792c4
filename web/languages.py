"""Russian first, English second: which one a browser gets, and the catalogues.

The texts in the code are English. `translations/ru` holds one catalogue a room; they are read together and compiled in
memory at the start, so that no built file is kept and none can be stale.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, request
from flask_babel import Babel, Domain, get_locale

from config import ROOT

LANGUAGES = {"ru": "Русский", "en": "English"}
COOKIE = "kopilka_language"
FOLDER = ROOT / "web" / "translations"


def configure(app: Flask) -> None:
    _Babel(app, default_locale="ru", locale_selector=choose_language)
    app.context_processor(lambda: {"language": get_locale().language, "languages": LANGUAGES})


class _Texts(Domain):
    """The texts as Flask-Babel asks for them."""

    def get_translations(self) -> NullTranslations:
        locale = get_locale()
        return load_catalogue(locale.language if locale else "ru")


class _Babel(Babel):
    domain_instance = _Texts()


def choose_language() -> str:
    """What was chosen on this browser, else what it prefers, else Russian."""
    chosen = request.cookies.get(COOKIE)
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "ru"


@cache
def load_catalogue(language: str) -> NullTranslations:
    """All rooms' texts of a language. English is what the code says already."""
    found: NullTranslations | None = None
    for path in sorted((FOLDER / language).glob("*.po")):
        with path.open("rb") as file:
            compiled = BytesIO()
            write_mo(compiled, read_po(file, locale=language))
        compiled.seek(0)
        translations = Translations(compiled)
        found = translations if found is None else found.merge(translations)
    return found or NullTranslations()

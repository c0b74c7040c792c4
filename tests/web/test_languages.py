"""Every text of the pages has its Russian, with all the plural forms; nothing is kept that no page says."""

from __future__ import annotations

import re

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from config import ROOT
from web.languages import FOLDER

METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
OPTIONS = {"**/templates/**.html": {"extensions": "jinja2.ext.i18n", "trimmed": "true"}}
KEYWORDS = {"_": None, "lazy": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


def said() -> dict[str | tuple[str, str], str]:
    """Every text in the code, and where it is said first."""
    found: dict[str | tuple[str, str], str] = {}
    for room in ("web", "sandbox"):
        extracted = extract_from_dir(ROOT / room, METHODS, OPTIONS, keywords=KEYWORDS)
        for file, line, message, *_ in extracted:
            found.setdefault(message, f"{room}/{file}:{line}")
    return found


def catalogues():
    for path in sorted((FOLDER / "ru").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="ru"):
                if message.id:
                    yield path.name, message


def test_every_text_has_its_russian():
    known = {message.id: message for _, message in catalogues()}
    missing = {where: text for text, where in said().items() if text not in known}
    assert not missing, "\n".join(f"{where}: {text}" for where, text in missing.items())
    empty = [text for text, message in known.items() if not all(_forms(message))]
    assert not empty
    assert not [text for text, message in known.items() if "fuzzy" in message.flags]


def test_nothing_is_kept_that_no_page_says():
    texts = said()
    assert not [(file, message.id) for file, message in catalogues() if message.id not in texts]


def test_a_text_is_said_the_same_in_every_room():
    seen: dict = {}
    for file, message in catalogues():
        assert seen.setdefault(message.id, (message.string, file))[0] == message.string, (message.id, file)


def test_plurals_have_the_three_forms_of_russian():
    plurals = [message for _, message in catalogues() if isinstance(message.id, tuple)]
    assert plurals
    assert [message.id for message in plurals if len(message.string) != 3] == []


def test_the_values_of_a_text_are_the_same_in_russian():
    wrong = []
    for _, message in catalogues():
        names = set(PLACEHOLDER.findall(" ".join(message.id if isinstance(message.id, tuple) else (message.id,))))
        wrong += [message.id for form in _forms(message) if set(PLACEHOLDER.findall(form)) - names]
        wrong += [message.id for form in _forms(message)[-1:] if names - set(PLACEHOLDER.findall(form))]
    assert wrong == []


def test_the_code_says_english_only():
    paths = [*(ROOT / "web").rglob("*.py"), *(ROOT / "web").rglob("*.html"), *(ROOT / "web").rglob("*.js")]
    assert paths
    comment = re.compile(r'^\s*(#|""".*|//|\{#).*|"""[^"]*"""', re.MULTILINE)
    wrong = [
        path.relative_to(ROOT).as_posix()
        for path in paths
        if path.name != "languages.py" and CYRILLIC.search(comment.sub("", path.read_text(encoding="utf-8")))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("accepted", "chosen", "language"),
    [
        ("ru", None, "ru"),
        ("en-GB,en", None, "en"),
        ("de", None, "ru"),
        ("", None, "ru"),
        ("ru", "en", "en"),
        ("en", "xx", "en"),
    ],
)
def test_a_browser_gets_its_language(client, accepted, chosen, language):
    if chosen:
        client.set_cookie("kopilka_language", chosen)
    page = client.get("/login", headers={"Accept-Language": accepted}).text
    assert f'<html lang="{language}">' in page
    assert ("Получить код" in page) == (language == "ru")


def _forms(message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)

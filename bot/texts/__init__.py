"""Every word the bot says, in Russian and English; numbers, sums and their plurals as in all messages.

One module a room. A text with several forms for a number (`Words.count`) has them apart by ``|``: one, few, many in
Russian, one and many in English.
"""

from __future__ import annotations

import math
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.texts import (
    claims,
    customer,
    desk,
    friends,
    people,
    plans,
    profile,
    promotions,
    refusals,
    services,
    shell,
    surveys,
    till,
)
from loyalty import texts as shared
from loyalty.errors import FeatureLocked, LoyaltyError, TooMany

LANGUAGES = {"ru": "Русский", "en": "English"}
BUTTONS, COMMANDS = shell.BUTTONS, shell.COMMANDS
ROOMS = (shell, customer, desk, profile, till, people, promotions, plans, claims, services, surveys, friends, refusals)
_MOST_SECONDS = 90
"""Longer waits are told in minutes."""
TEXTS = {name: versions for room in ROOMS for name, versions in room.TEXTS.items()}


class Words:
    """The texts in one language."""

    def __init__(self, language: str):
        self.language = language

    def __call__(self, name: str, /, **values: object) -> str:
        return TEXTS[name][self.language].format(**values)

    def has(self, name: str) -> bool:
        return name in TEXTS

    def button(self, name: str) -> str:
        return BUTTONS[name][self.language]

    def count(self, name: str, number: int) -> str:
        """«21 покупка»: the number and the form of a text that agrees with it."""
        return f"{self.number(number)}\N{NO-BREAK SPACE}{self.form(name, number)}"

    def form(self, name: str, number: int) -> str:
        """The form of a text that agrees with a number, without the number."""
        return shared.agreeing(TEXTS[name][self.language].split("|"), number, self.language)

    def number(self, value: int) -> str:
        """«1 250», «−3»."""
        return shared.number(value, self.language)

    def points(self, count: int) -> str:
        """«1 250 баллов»."""
        return f"{self.number(count)}\N{NO-BREAK SPACE}{shared.points_word(count, self.language)}"

    def of_points(self, count: int) -> str:
        """After «до» and «от»: «21 балла», «52 баллов»."""
        return f"{self.number(count)}\N{NO-BREAK SPACE}{shared.of_points_word(count, self.language)}"

    def decimal(self, value: Decimal | str) -> str:
        """«1,5», «0,0333»: as many digits as it has, four behind the comma at most."""
        whole, _, rest = f"{Decimal(value):.4f}".partition(".")
        rest = rest.rstrip("0")
        return self.number(int(whole)) + (f"{',' if self.language == 'ru' else '.'}{rest}" if rest else "")

    def factor(self, value: Decimal | str) -> str:
        """«×1,5»."""
        return f"×{self.decimal(value)}"

    def exact_points(self, value: Decimal) -> str:
        """Points before rounding: «37,5 балла»."""
        if value == int(value):
            return self.points(int(value))
        return f"{self.decimal(value)}\N{NO-BREAK SPACE}{shared.points_word(2, self.language)}"

    def change(self, count: int) -> str:
        """«+50 баллов», «−1 балл»."""
        return shared.changes((count,), self.language) if count else self.points(0)

    def money(self, amount: Decimal, currency: str) -> str:
        return shared.money(amount, currency, self.language)

    def day(self, value) -> str:
        return shared.day(value, self.language)

    def moment(self, value: datetime, zone: str) -> str:
        """Day and time by the clock of a time zone: «05.12.2026 14:03»."""
        local = value.astimezone(ZoneInfo(zone))
        return f"{self.day(local.date())} {local:%H:%M}"

    def refusal(self, error: LoyaltyError, currency: str = "RUB") -> str:
        """What was wrong and what to do next. Values in a sentence are attributes of the error."""
        name = f"refused_{error.code}"
        values = {key: self._written(value, currency) for key, value in vars(error).items()}
        if isinstance(error, TooMany):
            values["wait"] = self._wait(error.retry_after)
        if isinstance(error, FeatureLocked):
            values = {"feature": self(f"feature_{error.feature}")}
            if error.plan is None:
                return self("feature_off", **values)
            values["plan"] = self(f"plan_{error.plan}")
        return self(name, **values) if self.has(name) else self("refused")

    def _wait(self, seconds: int) -> str:
        """«40 с», «57 минут»."""
        if seconds <= _MOST_SECONDS:
            return f"{self.number(seconds)} {'с' if self.language == 'ru' else 's'}"
        return self.count("count_minutes", math.ceil(seconds / 60))

    def _written(self, value: object, currency: str) -> str:
        if isinstance(value, Decimal):
            return self.money(value, currency)
        is_count = isinstance(value, int) and not isinstance(value, bool)
        return self.number(value) if is_count else str(value)


def language_of(locale: str | None) -> str:
    """The language of a person's locale or of what Telegram says of a client; Russian where nothing is said."""
    if not locale:
        return "ru"
    language = locale[:2].lower()
    if language in LANGUAGES:
        return language
    return "ru" if language in ("be", "kk", "uk", "uz", "ky", "tg", "hy") else "en"


def buttons_by_label() -> dict[str, str]:
    """Which button a text is, whatever language it was shown in."""
    return {label: name for name, labels in BUTTONS.items() for label in labels.values()}


def button_of_word(text: str) -> str | None:
    """Which button somebody means who types its word: «баланс», «Balance»."""
    word = _word(text)
    return next((name for label, name in buttons_by_label().items() if word and _word(label) == word), None)


def _word(text: str) -> str:
    return text.strip("/ ").lstrip("".join(char for char in text if not char.isalnum())).casefold()


def labels_of(name: str) -> set[str]:
    """A label that stands in `TEXTS`, in all languages."""
    return set(TEXTS[name].values())

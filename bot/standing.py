"""Where somebody stands among a partner's tiers, in a line."""

from __future__ import annotations

from bot.texts import Words
from loyalty.tiers import TierStanding


def say_standing(standing: TierStanding, words: Words, currency: str) -> str | None:
    """«🏅 Серебро ×1,2 · до «Золото» осталось 4 000,00 ₽»; None where there is nothing to say."""
    told = []
    if standing.tier is not None:
        told.append(words("tier_is", tier=standing.tier, factor=words.factor(standing.factor)))
    if standing.following is not None:
        is_money = standing.measure == "spent"
        missing = words.money(standing.missing, currency) if is_money else words.of_points(int(standing.missing))
        told.append(words("tier_next", tier=standing.following, missing=missing))
    return f"🏅 {' · '.join(told)}" if told else None

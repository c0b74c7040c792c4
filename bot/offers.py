"""What a promotion gives and asks for, in the words of the bot."""

from __future__ import annotations

from bot.texts import Words
from loyalty.offers import Hours, Terms


def say_effect(terms: Terms, words: Words) -> str:
    """«баллы ×2», «100 баллов», «10 % баллами»."""
    if terms.factor is not None:
        return words("offer_factor", factor=words.factor(terms.factor))
    if terms.points is not None:
        return words.points(terms.points)
    return words("offer_rate", percent=words.decimal(terms.rate.scaleb(2)))


def say_terms(terms: Terms, words: Words, currency: str) -> str:
    """The effect with what must hold for it; whom it is meant for is not said."""
    found = [say_effect(terms, words)]
    if terms.is_for_lines:
        found.append(words("offer_categories", names=", ".join(terms.line_names[:5])))
    if terms.min_amount is not None:
        found.append(words("offer_min_amount", amount=words.money(terms.min_amount, currency)))
    found += [_say_hours(one, words) for one in terms.hours]
    if terms.visit is not None:
        found.append(_say_visit(terms, words))
    if terms.birthday is not None:
        before, after = terms.birthday
        found.append(words("offer_birthday", before=before, after=after))
    return ", ".join(found)


def _say_visit(terms: Terms, words: Words) -> str:
    if terms.within_days is None:
        return words(f"offer_{terms.visit}")
    name = "offer_second_within" if terms.visit == "second" else "offer_return"
    return words(name, days=words.count("offer_days", terms.within_days))


def _say_hours(hours: Hours, words: Words) -> str:
    names = words("offer_weekdays").split("|")
    days = ", ".join(names[day - 1] for day in hours.days)
    return words("offer_hours", days=days, since=f"{hours.since:%H:%M}", until=f"{hours.until:%H:%M}")

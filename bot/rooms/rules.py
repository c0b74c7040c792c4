"""The rules of the programme: read by all staff, changed by the owner, one number at a time and seen before it counts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import current_app

from bot.rooms import office
from bot.router import Room
from bot.talk import Talk
from bot.terms import say_term
from bot.texts import Words
from loyalty import drafts, programmes, what_if
from loyalty.errors import InvalidProgramme
from loyalty.rules import Rules, range_to_type, read_typed
from loyalty.sales import Basket
from loyalty.terms import Term, compare_rules, list_terms
from loyalty.types import Member

room = Room()

SETTINGS = ("rate", "min_spend", "max_share", "welcome_bonus")
"""What is changed here; the rest is changed on the site."""
VALUE = "rules.value"
KIND = "rules"
EXAMPLE = Decimal(1000)


@room.press(r"rules", "programme:read")
def show(talk: Talk) -> None:
    words, currency = talk.words, talk.partner.currency
    _, rules = programmes.current_rules(talk.place.partner_id)
    lines = [f"• {say_term(term, words, currency)}" for term in list_terms(rules) if term.is_on]
    link = f"{current_app.config['SETTINGS'].public_url}/partner/programme"
    may_change = talk.may("programme:write")
    end = words("rules_change" if may_change else "rules_read", link=link)
    buttons = [[(words(f"rule_{name}"), f"rule:{name}")] for name in SETTINGS] if may_change else []
    text = "\n\n".join([words("rules_head"), "\n".join(lines), _say_example(talk, {}), end])
    talk.rewrite(text, [*buttons, office.back(talk)])


@room.press(rf"rule:({'|'.join(SETTINGS)})", "programme:write")
def ask(talk: Talk, setting: str) -> None:
    _, rules = programmes.current_rules(talk.place.partner_id)
    talk.ask(VALUE, setting=setting)
    now = say_term(_term(setting, rules), talk.words, talk.partner.currency)
    talk.say(talk.words("rule_ask", now=now, range=_say_range(setting, talk.words)))


@room.step(VALUE, "programme:write")
def preview(talk: Talk, text: str) -> None:
    """What the new value would change, with an example; nothing changes before it is confirmed."""
    words, partner, setting = talk.words, talk.partner, talk.data["setting"]
    version, rules = programmes.current_rules(partner.id)
    changes = {setting: read_typed(setting, text)}
    try:
        after = Rules.from_json(rules.to_json() | changes)
    except InvalidProgramme:
        talk.say(words("rule_refused", range=_say_range(setting, words)))
        return
    talk.ask(None)
    if after == rules:
        talk.say(words("rule_same"), [[(words("rules_back"), "rules")]])
        return
    draft_id = drafts.propose(partner.id, talk.customer.id, KIND, {"changes": changes, "version": version}, talk.now)
    told = [_say_change("rule_becomes", rules, after, talk), _say_example(talk, changes), words("rule_from_now_on")]
    buttons = [(words("rule_confirm"), f"rules_yes:{draft_id.hex}"), (words("rule_cancel"), f"rules_no:{draft_id.hex}")]
    talk.say("\n\n".join(told), [buttons])


@room.press(r"rules_yes:([0-9a-f]{32})", "programme:write")
def confirm(talk: Talk, draft_id: str) -> None:
    """Put the rules in force that were shown. Raises `ProgrammeChanged` when others are in force since, and `DraftGone`."""
    draft = drafts.take(talk.place.partner_id, UUID(draft_id), talk.customer.id, KIND, talk.now)
    if draft.state == "open":
        wanted = draft.content
        version, _ = programmes.set_rules(
            talk.place.partner_id,
            wanted["changes"],
            by=talk.customer.id,
            now=talk.now,
            based_on=wanted["version"],
        )
        drafts.finish(draft, {"version": version})
    version = draft.result["version"]
    before, after = (programmes.rules_of_version(talk.place.partner_id, n) for n in (version - 1, version))
    told = talk.words("rules_changed", change=_say_change("rule_became", before, after, talk))
    talk.rewrite(told, [[(talk.words("rules_back"), "rules")], office.back(talk)])


@room.press(r"rules_no:([0-9a-f]{32})", "programme:write")
def give_up(talk: Talk, draft_id: str) -> None:
    """Nothing changes; what was confirmed already stays so, and says so."""
    draft = drafts.take(talk.place.partner_id, UUID(draft_id), talk.customer.id, KIND, talk.now)
    if draft.state != "open":
        confirm(talk, draft_id)
        return
    drafts.cancel(draft)
    talk.rewrite(talk.words("cancelled"), [[(talk.words("rules_back"), "rules")]])


def _term(setting: str, rules: Rules) -> Term:
    return next(term for term in list_terms(rules) if term.kind == setting)


def _say_change(text: str, before: Rules, after: Rules, talk: Talk) -> str:
    words, currency = talk.words, talk.partner.currency
    changed = compare_rules(before, after)
    return "\n".join(
        words(
            text,
            before=say_term(change.before, words, currency),
            after=say_term(change.after, words, currency),
        )
        for change in changed
    )


def _say_example(talk: Talk, changes: dict[str, Any]) -> str:
    """«Пример: чек 1 000 ₽ → 70 баллов», and how much of it points could pay; beside what it is now, if it changes."""
    words, currency = talk.words, talk.partner.currency
    member, basket = Member(available=what_if.ENOUGH_POINTS), Basket(EXAMPLE)

    def price(changes: dict[str, Any]) -> tuple[str, str]:
        pricing = what_if.try_purchase(talk.partner, basket, member, at=talk.now, changes=changes)
        return words.points(pricing.earn), words.of_points(pricing.max_redeemable)

    (earns, most), check = price(changes), words.money(EXAMPLE, currency)
    if not changes:
        return words("rule_example", check=check, earns=earns, most=most)
    earned, before = price({})
    return words("rule_example_beside", check=check, earns=earns, most=most, earned=earned, before=before)


def _say_range(setting: str, words: Words) -> str:
    allowed = range_to_type(setting)
    low, high = words.decimal(allowed.low), words.decimal(allowed.high)
    return words("range_decimal" if allowed.places else "range_whole", low=low, high=high)

"""A partner's promotions: looked at, made by steps with what they would have cost, switched on, stopped."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import current_app

from bot import keyboards
from bot.offers import say_effect, say_terms
from bot.rooms import office
from bot.router import Room
from bot.talk import Talk
from loyalty import drafts, promotions, services
from loyalty.errors import InvalidPromotion
from loyalty.names import fold
from loyalty.offers import Terms
from loyalty.promotion_costs import try_on_past
from loyalty.rules import plain_number
from models.promotion import PromotionRow

room = Room()

MADE_HERE: dict[str, dict[str, Any]] = {
    "multiplier": {},
    "fixed": {},
    "happy_hours": {},
    "category": {},
    "welcome": {"visit": "first"},
    "second_visit": {"visit": "second", "within_days": 30},
    "birthday": {"birthday": [3, 3]},
    "return": {"visit": "return", "within_days": 60},
}
"""The kinds, with what they need beside the answers; more conditions are set on the site."""
HOURS, LINES, VALUE, DAYS = "promotions.hours", "promotions.lines", "promotions.value", "promotions.days"
FACTORS = ("multiplier", "happy_hours")
"""Kinds that are asked for a factor; of the others points, and of lines a percent too."""
MOST_KNOWN = 15
KIND = "promotion"
A_PAGE = 5
LONGEST = 365


@room.press(r"promotions:([0-9]{1,3})", "programme:read")
def show(talk: Talk, page: str) -> None:
    """The latest made first, page by page."""
    words, number = talk.words, max(int(page), 1)
    found = promotions.list_promotions(talk.place.partner_id, limit=A_PAGE * number + 1)
    rows = found[A_PAGE * (number - 1) : A_PAGE * number]
    lines = [words("promotions_head"), *(_say_line(row, talk) for row in rows)]
    if not rows:
        lines.append(words("promotions_empty" if number == 1 else "promotions_end"))
    lines.append(words("promotions_link", link=_link()))
    buttons = [[(row.name[:40], f"promotion:{row.id.hex}")] for row in rows]
    if talk.may("promotions:write"):
        buttons.append([(words("promotion_new"), "promotion_new")])
    turn = keyboards.turn(words, "promotions", number, has_more=len(found) > A_PAGE * number)
    talk.rewrite("\n\n".join(lines), [*buttons, *turn, office.back(talk)])


@room.press(r"promotion:([0-9a-f]{32})", "programme:read")
def show_one(talk: Talk, promotion_id: str) -> None:
    """Its terms, and for who makes them what came of it."""
    words, partner, may = talk.words, talk.partner, talk.may("promotions:write")
    row = promotions.get_promotion(partner.id, UUID(promotion_id))
    terms = Terms.from_json(row.kind, row.terms)
    lines = [_say_line(row, talk), f"{say_terms(terms, words, partner.currency)}; {_say_end(talk, row.ends_at)}"]
    buttons = []
    if may and row.state != "draft":
        found = promotions.results(partner.id, row.id)
        lines.append(
            words(
                "promotion_results",
                times=words.count("promotion_times", found.uses),
                people=words.number(found.people),
                points=words.points(found.points),
                turnover=words.money(found.turnover, partner.currency),
            )
        )
    if may and row.state == "on":
        buttons.append([(words("promotion_stop"), f"promotion_stop:{row.id.hex}")])
    if may and row.state == "draft":
        buttons.append([(words("promotion_try"), f"promotion_try:{row.id.hex}")])
    talk.rewrite("\n\n".join(lines), [*buttons, _back(talk)])


@room.press(r"promotion_new", "promotions:write")
def ask_kind(talk: Talk) -> None:
    words = talk.words
    buttons = [[(words(f"promotion_kind_{kind}"), f"promotion_kind:{kind}")] for kind in MADE_HERE]
    text = f"{words('promotion_ask_kind')}\n{words('promotions_link', link=_link() + '/new')}"
    talk.rewrite(text, [*buttons, _back(talk)])


@room.press(rf"promotion_kind:({'|'.join(MADE_HERE)})", "promotions:write")
def begin(talk: Talk, kind: str) -> None:
    """When it is, or what it is for, where the kind has such; else how much."""
    if kind == "happy_hours":
        talk.ask(HOURS, kind=kind)
        talk.say(talk.words("promotion_ask_hours"))
    elif kind == "category":
        talk.ask(LINES, kind=kind)
        sold = services.list_services(talk.place.partner_id, limit=MOST_KNOWN)
        known = dict.fromkeys([*(row.category for row in sold if row.category), *(row.name for row in sold)])
        says = talk.words("promotion_known_lines", names=", ".join([*known][:MOST_KNOWN])) if known else ""
        talk.say("\n".join(filter(None, (talk.words("promotion_ask_lines"), says))))
    else:
        _ask_value(talk, kind, MADE_HERE[kind])


@room.step(HOURS, "promotions:write")
def take_hours(talk: Talk, text: str) -> None:
    """«пн-пт 14:00-17:00»; what is none is asked for again."""
    hours = _read_hours(text, talk.words)
    if hours is None:
        talk.say(talk.words("promotion_hours_again"))
        return
    _ask_value(talk, talk.data["kind"], {"hours": [hours]})


@room.step(LINES, "promotions:write")
def take_lines(talk: Talk, text: str) -> None:
    """Names apart by commas: services of the catalogue, and everything else is a category as the till writes it."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    sold = {row.folded: row.name for row in services.list_services(talk.place.partner_id, limit=services.MOST)}
    terms = {
        "services": [sold[fold(name)] for name in names if fold(name) in sold],
        "categories": [name for name in names if fold(name) not in sold],
    }
    _ask_value(talk, talk.data["kind"], {name: value for name, value in terms.items() if value})


@room.step(VALUE, "promotions:write")
def take_value(talk: Talk, text: str) -> None:
    """The factor or the points; what is none is asked for again."""
    kind, typed = talk.data["kind"], plain_number(text)
    points = int(typed) if re.fullmatch(r"[0-9]{1,12}", typed, re.ASCII) else typed
    given: dict[str, Any] = {"points": points}
    if kind in FACTORS:
        given = {"factor": typed.lower().strip("xх")}
    elif kind == "category" and "%" in text and re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,2})?", typed, re.ASCII):
        given = {"rate": f"{Decimal(typed).scaleb(-2):f}"}
    terms = talk.data["terms"] | given
    try:
        Terms.from_json(kind, terms)
    except InvalidPromotion:
        talk.say(talk.words(f"promotion_{_value_of(kind)}_again"))
        return
    talk.ask(DAYS, kind=kind, terms=terms)
    talk.say(talk.words("promotion_ask_days"))


@room.step(DAYS, "promotions:write")
def preview(talk: Talk, text: str) -> None:
    """What it would have cost; nothing is on before it is confirmed. A budget may follow the days: «7, 5000»."""
    answer = re.fullmatch(r"([0-9]{1,3})(?:[,;]\s*([1-9][0-9 \u00a0]{0,12}))?", text.strip(), re.ASCII)
    if answer is None or int(answer[1]) > LONGEST:
        talk.say(talk.words("promotion_days_again"))
        return
    kind, terms, days = talk.data["kind"], talk.data["terms"], int(answer[1])
    if answer[2]:
        terms = terms | {"budget": int(plain_number(answer[2]))}
    what = say_effect(Terms.from_json(kind, terms), talk.words)
    name = talk.words(f"promotion_name_{kind}", what=what).replace("\N{NO-BREAK SPACE}", " ")
    talk.ask(None)
    _propose(talk, {"name": name, "kind": kind, "terms": terms, "days": days})


@room.press(r"promotion_try:([0-9a-f]{32})", "promotions:write")
def try_draft(talk: Talk, promotion_id: str) -> None:
    """The same of a draft that was made on the site."""
    row = promotions.get_promotion(talk.place.partner_id, UUID(promotion_id))
    _propose(talk, {"name": row.name, "kind": row.kind, "terms": row.terms, "promotion": str(row.id)})


@room.press(r"promotion_yes:([0-9a-f]{32})", "promotions:write")
def confirm(talk: Talk, draft_id: str) -> None:
    """Switch on what was shown, once. Raises `DraftGone`, `InvalidPromotion`."""
    draft = drafts.take(talk.place.partner_id, UUID(draft_id), talk.customer.id, KIND, talk.now)
    if draft.state == "open":
        shown, by, now = draft.content, talk.customer.id, talk.now
        if "promotion" in shown:
            made_id = UUID(shown["promotion"])
            if promotions.get_promotion(talk.place.partner_id, made_id).terms != shown["terms"]:
                raise InvalidPromotion("was changed since it was shown")
        else:
            made = promotions.make(
                talk.partner,
                name=shown["name"],
                kind=shown["kind"],
                terms=shown["terms"],
                starts_at=now,
                ends_at=now + timedelta(days=shown["days"]) if shown["days"] else None,
                by=by,
                now=now,
            )
            made_id = made.id
        promotions.switch_on(talk.partner, made_id, by=by, now=now)
        drafts.finish(draft, {"promotion": str(made_id)})
    talk.rewrite(talk.words("promotion_is_on", name=draft.content["name"]), [_back(talk)])


@room.press(r"promotion_no:([0-9a-f]{32})", "promotions:write")
def give_up(talk: Talk, draft_id: str) -> None:
    """Nothing is switched on; what was confirmed already stays so, and says so."""
    draft = drafts.take(talk.place.partner_id, UUID(draft_id), talk.customer.id, KIND, talk.now)
    if draft.state != "open":
        confirm(talk, draft_id)
        return
    drafts.cancel(draft)
    talk.rewrite(talk.words("cancelled"), [_back(talk)])


@room.press(r"promotion_stop:([0-9a-f]{32})", "promotions:write")
def ask_stop(talk: Talk, promotion_id: str) -> None:
    row = promotions.get_promotion(talk.place.partner_id, UUID(promotion_id))
    yes = [(talk.words("promotion_stop"), f"promotion_off:{row.id.hex}")]
    talk.rewrite(talk.words("promotion_ask_stop", name=row.name), [yes, _back(talk)])


@room.press(r"promotion_off:([0-9a-f]{32})", "promotions:write")
def stop(talk: Talk, promotion_id: str) -> None:
    row = promotions.stop(talk.partner, UUID(promotion_id), by=talk.customer.id, now=talk.now)
    talk.rewrite(talk.words("promotion_was_stopped", name=row.name), [_back(talk)])


def _ask_value(talk: Talk, kind: str, terms: dict[str, Any]) -> None:
    talk.ask(VALUE, kind=kind, terms=terms)
    talk.say(talk.words(f"promotion_ask_{_value_of(kind)}"))


def _value_of(kind: str) -> str:
    return "factor" if kind in FACTORS else "share" if kind == "category" else "points"


def _read_hours(text: str, words) -> dict[str, Any] | None:
    """Days of the week, one, several or from one to another, and from when until when; None for anything else."""
    match = re.fullmatch(
        r"(?P<days>[^0-9]+?)\s*(?P<since>[0-9]{1,2}(:[0-5][0-9])?)\s*[-–—]\s*(?P<until>[0-9]{1,2}(:[0-5][0-9])?)",
        text.strip().casefold(),
    )
    names = [name.casefold() for name in words("offer_weekdays").split("|")]
    if match is None:
        return None
    days: set[int] = set()
    for part in filter(None, re.split(r"[\s,]+", re.sub(r"\s*[-–—]\s*", "-", match["days"].strip(" ,-–—")))):
        first, _, last = part.partition("-")
        if first not in names or (last or first) not in names:
            return None
        begin, end = names.index(first) + 1, names.index(last or first) + 1
        days |= set(range(begin, end + 1)) if begin <= end else {*range(begin, 8), *range(1, end + 1)}
    clocks = [clock if ":" in clock else f"{clock}:00" for clock in (match["since"], match["until"])]
    hours = {"days": sorted(days), "since": clocks[0].zfill(5), "until": clocks[1].zfill(5)}
    try:
        Terms.from_json("happy_hours", {"points": 1, "hours": [hours]})
    except InvalidPromotion:
        return None
    return hours


def _propose(talk: Talk, shown: dict[str, Any]) -> None:
    words, partner = talk.words, talk.partner
    promotion_id = UUID(shown["promotion"]) if "promotion" in shown else None
    cost = try_on_past(partner, shown["kind"], shown["terms"], now=talk.now, promotion_id=promotion_id)
    terms = Terms.from_json(shown["kind"], shown["terms"])
    lines = [f"{shown['name']}\n{say_terms(terms, words, partner.currency)}"]
    if "days" in shown:
        lines[0] += f"; {_say_end(talk, talk.now + timedelta(days=shown['days']) if shown['days'] else None)}"
    if cost.purchases:
        lines.append(
            words(
                "promotion_cost",
                points=words.points(cost.points),
                times=words.count("promotion_times", cost.uses),
                people=words.number(cost.people),
                turnover=words.money(cost.turnover, partner.currency),
                purchases=words.number(cost.purchases),
            )
        )
    else:
        lines.append(words("promotion_no_past"))
    if cost.gone_on is not None:
        lines.append(words("promotion_cost_gone", day=words.day(cost.gone_on)))
    draft_id = drafts.propose(partner.id, talk.customer.id, KIND, shown, talk.now)
    buttons = [
        (words("promotion_confirm"), f"promotion_yes:{draft_id.hex}"),
        (words("promotion_cancel"), f"promotion_no:{draft_id.hex}"),
    ]
    talk.say("\n\n".join(lines), [buttons])


def _say_line(row: PromotionRow, talk: Talk) -> str:
    effect = say_effect(Terms.from_json(row.kind, row.terms), talk.words)
    return talk.words("promotion_line", name=row.name, effect=effect, state=talk.words(f"promotion_{row.state}"))


def _say_end(talk: Talk, ends_at) -> str:
    if ends_at is None:
        return talk.words("promotion_open")
    return talk.words("promotion_until", moment=talk.words.moment(ends_at, talk.partner.timezone))


def _back(talk: Talk) -> list[tuple[str, str]]:
    return [(talk.words("promotions_back"), "promotions:1")]


def _link() -> str:
    return f"{current_app.config['SETTINGS'].public_url}/partner/promotions"

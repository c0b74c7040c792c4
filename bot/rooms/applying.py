"""Becoming a partner: five short answers, a look at all of them, and what became of the application.

Each answer can be gone back to. What was answered stands in the conversation until it is sent.
"""

from __future__ import annotations

from typing import Any

from bot import keyboards
from bot.rooms import profile
from bot.router import Room
from bot.talk import Buttons, Talk
from bot.texts import Words, labels_of
from loyalty import partners
from loyalty.errors import ApplicationPending, LoyaltyError
from loyalty.partners import ANSWERS
from loyalty.rules import PRESETS, write_decimal
from loyalty.towns import guess_zone
from models.partner import PartnerApplication

room = Room()

_ANSWER = "|".join(ANSWERS)
_PRESET = "|".join(PRESETS)
CHECK = "apply.check"


@room.command("partner")
def begin(talk: Talk) -> None:
    """What became of the last application; else, or at one's wish, the first question."""
    newest = _newest(talk)
    if newest is None:
        _go_on(talk, {}, talk.words("apply_intro"))
    elif newest.state == "pending":
        _show_pending(talk, newest)
    elif newest.state == "refused":
        _show_refused(talk, newest)
    else:
        said = talk.words("apply_approved", name=newest.name, day=talk.words.day(newest.decided_at.date()))
        talk.say(said, [[(talk.words("apply_another"), "apply:new")]])


@room.press(r"apply")
def come_again(talk: Talk) -> None:
    """From the notice of a refusal."""
    talk.ask(None)
    begin(talk)


@room.press(r"apply:new")
def begin_another(talk: Talk) -> None:
    newest = _newest(talk)
    if newest is not None and newest.state == "pending":
        _show_pending(talk, newest)
    else:
        _go_on(talk, {}, talk.words("apply_intro"))


# The questions


@room.step("apply.name")
@room.step("apply.city")
@room.step("apply.timezone")
@room.step("apply.preset")
@room.step("apply.comment")
def take_text(talk: Talk, text: str) -> None:
    """What was typed for the field that was asked about; a zone and a preset are chosen by buttons."""
    field = talk.step.removeprefix("apply.")
    word = text.strip(" ←").casefold()
    if word in _words_of("apply_back"):
        go_back(talk)
    elif field == "comment" and word in _words_of("apply_skip"):
        _answer(talk, field, None)
    elif field == "timezone":
        _answer(talk, field, guess_zone(text) or text)
    elif field == "preset":
        _ask(talk, field, _answers(talk), talk.words("apply_choose"))
    else:
        _answer(talk, field, text)


@room.press(r"apply:zone:([A-Za-z_/]{3,40})")
def take_zone(talk: Talk, name: str) -> None:
    _answer(talk, "timezone", name)


@room.press(rf"apply:preset:({_PRESET})")
def take_preset(talk: Talk, preset: str) -> None:
    _answer(talk, "preset", preset)


@room.press(r"apply:skip")
def skip_comment(talk: Talk) -> None:
    _answer(talk, "comment", None)


@room.press(r"apply:back")
def go_back(talk: Talk) -> None:
    """To the question before, or, where one answer was to be changed, to all of them."""
    if not _is_under_way(talk):
        begin(talk)
        return
    answers, field = _answers(talk), talk.step.removeprefix("apply.")
    if field not in ANSWERS or len(answers) == len(ANSWERS):
        _go_on(talk, answers)
        return
    _ask(talk, ANSWERS[max(ANSWERS.index(field) - 1, 0)], answers)


@room.press(rf"apply:change:({_ANSWER})")
def change(talk: Talk, field: str) -> None:
    if _is_under_way(talk):
        _ask(talk, field, _answers(talk))
    else:
        begin(talk)


@room.press(r"apply:send")
def send(talk: Talk) -> None:
    """Only what stands before their eyes; of two presses the second is told that it waits. Raises `InvalidApplication`."""
    if talk.step != CHECK:
        begin(talk)
        return
    answers = _answers(talk)
    talk.ask(None)
    try:
        partners.apply(talk.customer, answers, talk.now)
    except ApplicationPending:
        begin(talk)
        return
    talk.rewrite(_describe(talk, answers, "apply_sent_head"))
    talk.say(talk.words("apply_sent"), keyboard=keyboards.menu(talk))


@room.press(r"apply:stop")
def stop(talk: Talk) -> None:
    if _is_under_way(talk):
        talk.ask(None)
    talk.rewrite(talk.words("apply_stopped"))


def _answers(talk: Talk) -> dict[str, Any]:
    return dict(talk.data.get("answers") or {})


def _is_under_way(talk: Talk) -> bool:
    return (talk.step or "").startswith("apply.")


def _answer(talk: Talk, field: str, value: object) -> None:
    """Take an answer and go on; one that cannot be used is said to, and asked for again."""
    if not _is_under_way(talk):
        begin(talk)
        return
    answers = _answers(talk)
    try:
        read = partners.read_answer(field, value)
        is_good = read is not None or field == "comment"
    except LoyaltyError:
        is_good = False
    if not is_good:
        _ask(talk, field, answers, talk.words(f"apply_bad_{field}"))
        return
    answers[field] = read
    if field == "city" and (zone := guess_zone(read)) is not None:
        answers["timezone"] = zone
    _go_on(talk, answers)


def _go_on(talk: Talk, answers: dict[str, Any], intro: str | None = None) -> None:
    """The first question that has no answer, else all answers."""
    for field in ANSWERS:
        if field not in answers:
            _ask(talk, field, answers, intro)
            return
    talk.ask(CHECK, answers=answers)
    text = _describe(talk, answers, "apply_check")
    talk.rewrite(f"{intro}\n\n{text}" if intro else text, _around_check(talk))


def _ask(talk: Talk, field: str, answers: dict[str, Any], intro: str | None = None) -> None:
    words = talk.words
    talk.ask(f"apply.{field}", answers=answers)
    rows: Buttons = []
    if field == "timezone":
        zones = [(profile.name_zone(name, words, talk.now), f"apply:zone:{name}") for name in profile.ZONES]
        rows = [zones[n : n + 2] for n in range(0, len(zones), 2)]
    elif field == "preset":
        rows = [[(words(f"apply_kind_{preset}"), f"apply:preset:{preset}")] for preset in PRESETS]
    elif field == "comment":
        rows = [[(words("apply_skip"), "apply:skip")]]
    question = words(f"apply_ask_{field}", **_rates(words)) if field == "preset" else words(f"apply_ask_{field}")
    around = [(words("apply_stop"), "apply:stop")]
    if answers or field != ANSWERS[0]:
        around.insert(0, (words("apply_back"), "apply:back"))
    talk.rewrite(f"{intro}\n\n{question}" if intro else question, [*rows, around])


def _describe(talk: Talk, answers: dict[str, Any], head: str) -> str:
    words = talk.words
    shown = answers | {
        "timezone": profile.name_zone(answers["timezone"], words, talk.now),
        "preset": words(f"apply_rules_{answers['preset']}", **_rates(words)),
        "comment": answers["comment"] or words("apply_no_comment"),
        "city": answers["city"] or words("apply_no_comment"),
    }
    return "\n".join([words(head), *(words(f"apply_line_{field}", value=shown[field]) for field in ANSWERS)])


def _around_check(talk: Talk) -> Buttons:
    words = talk.words
    fields = [(words(f"apply_field_{field}"), f"apply:change:{field}") for field in ANSWERS]
    return [
        [(words("apply_send"), "apply:send")],
        *(fields[n : n + 2] for n in range(0, len(fields), 2)),
        [(words("apply_stop"), "apply:stop")],
    ]


def _rates(words: Words) -> dict[str, str]:
    """What the ready sets of rules give, in percent and points."""
    rates = {f"{name}_rate": write_decimal(rules.rate.scaleb(2)) for name, rules in PRESETS.items()}
    return rates | {f"{name}_welcome": words.points(rules.welcome_bonus) for name, rules in PRESETS.items()}


# What became of it


def _newest(talk: Talk) -> PartnerApplication | None:
    mine = partners.list_applications(applicant_id=talk.customer.id)
    return mine[-1] if mine else None


def _show_pending(talk: Talk, application: PartnerApplication) -> None:
    day = talk.words.day(application.created_at.date())
    talk.say(talk.words("apply_pending", name=application.name, day=day), keyboard=keyboards.menu(talk))


def _show_refused(talk: Talk, application: PartnerApplication) -> None:
    """With the same answers, ready to be corrected and sent again."""
    words = talk.words
    reason = words("apply_reason", reason=application.reason) if application.reason else ""
    intro = words("apply_refused", name=application.name, reason=reason)
    _go_on(talk, {field: getattr(application, field) for field in ANSWERS}, intro)


def _words_of(label: str) -> set[str]:
    """What one types instead of pressing a button."""
    return {text.strip(" ←⏭").casefold() for text in labels_of(label)}

"""Surveys after a visit: a customer answers by buttons; staff see the score, the answers, and whom to talk to."""

from __future__ import annotations

from uuid import UUID

from flask import current_app

from bot import keyboards
from bot.rooms import office, people
from bot.rooms.stats import LEVELS
from bot.router import CUSTOMER, Room
from bot.talk import Buttons, Talk
from loyalty import nps, survey_tasks, surveys
from loyalty.errors import SurveyClosed, SurveyGone, SurveyTaskNotFound
from loyalty.nps import AnswerRow, NpsFilter
from models import db
from models.partner import Partner

room = Room()

COMMENT, NOTE = "survey.comment", "survey.note"
A_PAGE = 5
_ID = r"([0-9a-f]{32})"


# The customer's


@room.press(rf"nps:{_ID}:(10|[0-9])")
def answer(talk: Talk, survey_id: str, score: str) -> None:
    """The score is kept at once; words may follow. Raises `SurveyGone`, for another person's too, `SurveyClosed`."""
    survey = surveys.find_own(talk.customer.id, UUID(survey_id), talk.now)
    surveys.answer(survey, int(score), way="bot", now=talk.now)
    talk.ask(COMMENT, survey=survey_id)
    words = talk.words
    buttons = [[(words("survey_skip"), "nps_skip"), (words("survey_again"), f"nps_again:{survey_id}")]]
    talk.rewrite(words("survey_thanks", partner=_name_partner(survey), score=score), buttons)


@room.press(rf"nps_again:{_ID}")
def choose_again(talk: Talk, survey_id: str) -> None:
    """The scores once more."""
    survey = surveys.find_own(talk.customer.id, UUID(survey_id), talk.now)
    if not surveys.may_change(survey, talk.now):
        raise SurveyClosed()
    talk.rewrite(talk.words("survey_choose", partner=_name_partner(survey)), scores_of(survey_id))


@room.press(r"nps_skip")
def skip(talk: Talk) -> None:
    if talk.step == COMMENT:
        talk.ask(None)
    talk.rewrite(talk.words("survey_done"))


@room.step(COMMENT)
def take_comment(talk: Talk, text: str) -> None:
    """The words to the score that was given. Raises `InvalidNps`."""
    try:
        survey = surveys.find_own(talk.customer.id, UUID(talk.data["survey"]), talk.now)
        surveys.answer(survey, survey.score, way="bot", now=talk.now, comment=text)
    except (SurveyGone, SurveyClosed) as error:
        talk.ask(None)
        talk.say(talk.words.refusal(error), keyboard=keyboards.menu(talk))
        return
    talk.ask(None)
    talk.say(talk.words("survey_done"), keyboard=keyboards.menu(talk))


@room.press(r"nps_stop")
def stop(talk: Talk) -> None:
    surveys.stop_asking(talk.customer, talk.now)
    talk.rewrite(talk.words("survey_stopped"))


def scores_of(survey_id: str) -> Buttons:
    """0 to 5, and 6 to 10."""
    labels = [(str(score), f"nps:{survey_id}:{score}") for score in nps.SCORES]
    return [labels[:6], labels[6:]]


# What staff see


@room.press(r"nps_results:(7|30|90|365)", "stats:read")
def show_results(talk: Talk, days: str) -> None:
    """The score of a period with its interval, and how it went."""
    words, partner, wanted = talk.words, talk.partner, NpsFilter(days=int(days))
    found = nps.summarise(partner, wanted, talk.now)
    lines = [words("nps_head", partner=partner.name, period=words(f"nps_period_{days}"))]
    if found.nps.n:
        low, high = max(round(found.nps.low), -100), min(round(found.nps.high), 100)
        value = words.number(round(found.nps.value))
        lines.append(words("nps_value", value=value, low=words.number(low), high=words.number(high)))
        if found.nps.is_few:
            lines.append(words("nps_few"))
        counts = {name: words.number(getattr(found.nps, name)) for name in ("n", *nps.GROUPS)}
        lines.append(words("nps_groups", **counts))
        drawn = draw_trend([step.value for _, step in nps.draw_trend(partner, wanted, talk.now)])
        lines.append(words("nps_trend_365" if days == "365" else "nps_trend", drawn=drawn))
    else:
        lines.append(words("nps_none"))
    lines.append(words("nps_asked", asked=words.number(found.asked), answered=words.number(found.answered)))
    if not nps.settings_of(partner).is_on:
        lines.append(words("nps_off", link=f"{current_app.config['SETTINGS'].public_url}/partner/nps/settings"))
    periods = [(words(f"nps_period_{one}"), f"nps_results:{one}") for one in nps.PERIODS]
    more = [(words("nps_to_answers"), "nps_answers:1")]
    if talk.may("customers:write"):
        waiting = survey_tasks.count_open(partner.id)
        more.append((words("nps_to_tasks", count=words.number(waiting)), "nps_tasks:1"))
    talk.rewrite("\n\n".join(lines), [periods, more, office.back(talk)])


@room.press(r"nps_answers:([0-9]{1,3})", "stats:read")
def list_answers(talk: Talk, page: str) -> None:
    """The latest answers with their words, page by page."""
    words, number = talk.words, max(int(page), 1)
    found = nps.list_answers(talk.partner, NpsFilter(), contacts=False, now=talk.now, limit=A_PAGE * number + 1)
    rows = found[A_PAGE * (number - 1) : A_PAGE * number]
    lines = [words("nps_answers_head"), *(_say_line(talk, row) for row in rows)]
    if not rows:
        lines.append(words("nps_none" if number == 1 else "nps_answers_end"))
    turn = keyboards.turn(words, "nps_answers", number, has_more=len(found) > A_PAGE * number)
    talk.rewrite("\n\n".join(lines), [*turn, _back(talk)])


@room.press(r"nps_tasks:([0-9]{1,3})", "customers:write")
def list_tasks(talk: Talk, page: str) -> None:
    """Unhappy answers that somebody is to deal with."""
    words, number = talk.words, max(int(page), 1)
    found = nps.list_tasks(talk.partner.id, survey_tasks.CURRENT, contacts=False, limit=A_PAGE * number + 1)
    rows = found[A_PAGE * (number - 1) : A_PAGE * number]
    lines = [words("nps_tasks_head"), *(_say_line(talk, row) for row in rows)]
    if not rows:
        lines.append(words("nps_tasks_none" if number == 1 else "nps_answers_end"))
    buttons = [[(f"{row.score} · {_name(talk, row)}"[:40], f"nps_task:{row.survey_id.hex}")] for row in rows]
    turn = keyboards.turn(words, "nps_tasks", number, has_more=len(found) > A_PAGE * number)
    talk.rewrite("\n\n".join(lines), [*buttons, *turn, _back(talk)])


@room.press(rf"nps_task:{_ID}", "customers:write")
def show_task(talk: Talk, survey_id: str) -> None:
    talk.rewrite(*_card(talk, UUID(survey_id)))


@room.press(rf"nps_task:([0-9]{{6,12}}):{_ID}", CUSTOMER)
def come_from_notice(talk: Talk, code: str, survey_id: str) -> None:
    """From the notice: perhaps they act for another partner now. Raises `NotStaff`."""
    people.go_to(talk, code)
    talk.require("customers:write")
    talk.say(*_card(talk, UUID(survey_id)))


@room.press(rf"nps_(take|reopen):{_ID}", "customers:write")
def move(talk: Talk, what: str, survey_id: str) -> None:
    _change(talk, survey_id, "in_work" if what == "take" else "open")
    show_task(talk, survey_id)


@room.press(rf"nps_finish:{_ID}", "customers:write")
def ask_note(talk: Talk, survey_id: str) -> None:
    _find(talk, UUID(survey_id))
    talk.ask(NOTE, survey=survey_id)
    talk.say(talk.words("nps_ask_note"), [[(talk.words("nps_without_note"), f"nps_close:{survey_id}")]])


@room.press(rf"nps_close:{_ID}", "customers:write")
def close(talk: Talk, survey_id: str) -> None:
    if talk.step == NOTE:
        talk.ask(None)
    _change(talk, survey_id, "done")
    show_task(talk, survey_id)


@room.step(NOTE, "customers:write")
def take_note(talk: Talk, text: str) -> None:
    """What was done; the task is closed with it. Raises `InvalidNps`."""
    survey_id = talk.data["survey"]
    talk.ask(None)
    _change(talk, survey_id, "done", note=text)
    talk.say(*_card(talk, UUID(survey_id)))


def draw_trend(values: list[float | None]) -> str:
    """A bar for each step, from −100 to 100; a dot where nobody answered."""
    drawn = ["·" if one is None else LEVELS[round((one + 100) / 200 * (len(LEVELS) - 1))] for one in values]
    return "".join(drawn)


def _card(talk: Talk, survey_id: UUID) -> tuple[str, Buttons]:
    words, row = talk.words, _find(talk, survey_id)
    state = words(f"nps_state_{row.task_state}", who=row.task_by or words("no_name"))
    phone = f", {row.customer_phone}" if row.customer_phone and talk.may("customers:contacts") else ""
    lines = [
        words(
            "nps_task",
            score=row.score,
            name=_name(talk, row),
            phone=phone,
            visit=words.moment(row.visited_at, talk.partner.timezone),
            branch=f", {row.branch_name}" if row.branch_name else "",
            state=state,
        )
    ]
    if row.comment:
        lines.append(words("nps_comment", comment=row.comment))
    if row.task_note:
        lines.append(words("nps_note", note=row.task_note))
    key = row.survey_id.hex
    deeds = {
        "open": [("nps_take", f"nps_take:{key}"), ("nps_finish", f"nps_finish:{key}")],
        "in_work": [("nps_finish", f"nps_finish:{key}")],
        "done": [("nps_reopen", f"nps_reopen:{key}")],
    }[row.task_state]
    buttons = [[(words(name), data) for name, data in deeds], [(words("nps_back_to_tasks"), "nps_tasks:1")]]
    return "\n\n".join(lines), buttons


def _find(talk: Talk, survey_id: UUID) -> AnswerRow:
    row = nps.find_answer(talk.place.partner_id, survey_id, contacts=True)
    if row is None or row.task_state is None:
        raise SurveyTaskNotFound()
    return row


def _change(talk: Talk, survey_id: str, state: str, note: str | None = None) -> None:
    survey_tasks.change_task(
        talk.place.partner_id, UUID(survey_id), state, by=talk.customer.id, now=talk.now, note=note
    )


def _say_line(talk: Talk, row: AnswerRow) -> str:
    day = talk.words.moment(row.answered_at, talk.partner.timezone)
    said = talk.words("nps_answer", score=row.score, name=_name(talk, row), day=day)
    return f"{said}\n{talk.words('nps_comment', comment=row.comment)}" if row.comment else said


def _name(talk: Talk, row: AnswerRow) -> str:
    return row.customer_name or talk.words("no_name")


def _name_partner(survey) -> str:
    return db.session.get_one(Partner, survey.partner_id).name


def _back(talk: Talk) -> list[tuple[str, str]]:
    return [(talk.words("nps_back"), "nps_results:90")]

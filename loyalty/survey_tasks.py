"""Unhappy answers as tasks: who hears of them, who takes them, and what was done.

One task an answer, however often the answer is changed; while nobody has taken it, it is withdrawn when the customer thinks
better of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, func, select

from loyalty import audit, nps, outbox
from loyalty.business_notices import alive, telegram_of
from loyalty.errors import InvalidNps, SurveyTaskNotFound
from loyalty.notices import USUAL_QUIET, Notice, quiet_until
from loyalty.texts import button, unhappy_text
from models import db
from models.partner import Partner, Staff
from models.survey import Survey, SurveyTask

CURRENT = ("open", "in_work")
STATES = (*CURRENT, "done")
TOLD = ("owner", "manager")
"""The roles that are told of an unhappy answer."""
TOLD_AFTER = timedelta(minutes=3)
"""Whoever gives a score in the chat writes the comment after it."""


def follow_answer(survey: Survey, now: datetime) -> None:
    """Make a task of an unhappy answer, or withdraw the one that nobody took. Under the lock of the survey."""
    task = db.session.get(SurveyTask, (survey.partner_id, survey.id), with_for_update=True, populate_existing=True)
    is_unhappy = survey.score <= nps.UNHAPPY
    if task is None and is_unhappy:
        db.session.add(SurveyTask(partner_id=survey.partner_id, survey_id=survey.id, state="open", created_at=now))
        db.session.flush()
        _announce(survey, now)
    elif task is not None and is_unhappy and task.state == "withdrawn":
        task.state = "open"
    elif task is not None and not is_unhappy and task.state == "open":
        task.state = "withdrawn"
    db.session.flush()


def change_task(
    partner_id: UUID, survey_id: UUID, state: str, *, by: UUID, now: datetime, note: object = None
) -> SurveyTask:
    """Take a task, close it, open it again; without a note the one that was written stays. Twice is once.

    Raises `SurveyTaskNotFound`, for another partner's and a withdrawn one too, `InvalidNps`.
    """
    if state not in STATES:
        raise InvalidNps(f"must be one of: {', '.join(STATES)}", field="state")
    written = nps.tidy_words(note, "note")
    task = db.session.get(SurveyTask, (partner_id, survey_id), with_for_update=True, populate_existing=True)
    if task is None or task.state == "withdrawn":
        raise SurveyTaskNotFound()
    wanted = (state, task.note if written is None else written or None)
    if wanted != (task.state, task.note):
        task.state, task.note = wanted
        task.changed_by, task.changed_at = by, now
        db.session.flush()
        audit.record("nps.task", actor=by, partner_id=partner_id, subject=survey_id, details={"state": state})
    return task


def count_open(partner_id: UUID) -> int:
    """How many tasks wait for somebody to take them."""
    return db.session.scalar(select_open(partner_id))


def select_open(partner_id: UUID) -> Select:
    """The query of `count_open`, for who asks several such things at once."""
    query = select(func.count()).select_from(SurveyTask)
    return query.where(SurveyTask.partner_id == partner_id, SurveyTask.state == "open")


def task_notice(partner_id: UUID, survey_id: UUID, staff_id: UUID, now: datetime) -> Notice | None:
    """An unhappy answer, in Telegram, to somebody who may deal with it now; None when nobody has to any more."""
    task = db.session.get(SurveyTask, (partner_id, survey_id))
    staff = db.session.get(Staff, (partner_id, staff_id))
    is_due = task is not None and task.state == "open"
    if not is_due or staff is None or staff.state != "active" or staff.role not in TOLD:
        return None
    partner, person = db.session.get_one(Partner, partner_id), alive(staff.customer_id)
    routes = telegram_of(person) if person is not None else ()
    if not routes or partner.state != "active":
        return None
    row = nps.find_answer(partner_id, survey_id, contacts=False)
    text = unhappy_text(
        person.locale, partner=partner.name, score=row.score, name=row.customer_name, comment=row.comment
    )
    look = (button("unhappy_open", person.locale), f"nps_task:{partner.code}:{survey_id.hex}")
    quiet = quiet_until(person.notices.get("quiet", USUAL_QUIET), person.timezone, now)
    return Notice(text, routes, quiet, buttons=(look,))


def _announce(survey: Survey, now: datetime) -> None:
    told = select(Staff.id).where(Staff.partner_id == survey.partner_id, Staff.state == "active", Staff.role.in_(TOLD))
    for staff_id in db.session.scalars(told.order_by(Staff.id)):
        payload = {"survey_id": survey.id, "staff_id": staff_id}
        outbox.announce("notify_survey_task", payload, partner_id=survey.partner_id, at=now + TOLD_AFTER)

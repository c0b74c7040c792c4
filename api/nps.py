"""NPS: a partner's settings, results and tasks, and the customer's answer, signed in or by the link."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import current_app, g

from api.blueprint import Blueprint
from api.purchases import current_partner
from api.schemas import nps as schemas
from api.schemas.lists import page_of
from api.security import public, signed_in, staff
from loyalty import nps, survey_tasks, surveys
from loyalty.clock import utcnow
from loyalty.errors import SurveyTaskNotFound
from loyalty.nps import NpsSettings
from models import db
from models.partner import Partner
from models.survey import Survey
from models.transactions import commits

desk = Blueprint("nps", __name__, url_prefix="/api/partner/nps", description="What customers say after a visit")
own = Blueprint("own_surveys", __name__, url_prefix="/api/customer/surveys", description="What I am asked")
links = Blueprint("surveys", __name__, url_prefix="/api/surveys", description="What is asked, by its link")


@desk.get("/settings")
@staff("programme:read")
@desk.response(200, schemas.NpsSettings)
def show_settings():
    """Whether and when customers are asked."""
    return nps.settings_of(current_partner()).to_json()


@desk.put("/settings")
@staff("programme:write")
@desk.arguments(schemas.NpsSettingsIn)
@desk.response(200, schemas.NpsSettings)
@commits
def change_settings(body):
    """Ask customers so from now on."""
    partner = current_partner()
    settings = NpsSettings.from_json(nps.settings_of(partner).to_json() | body)
    nps.set_settings(partner, settings, by=g.caller.customer_id)
    return settings.to_json()


@desk.get("")
@staff("stats:read")
@desk.arguments(schemas.NpsQuery, location="query")
@desk.response(200, schemas.NpsResults)
def show_results(wanted):
    """The score of the last days with its interval, and how it went."""
    partner, now = current_partner(), utcnow()
    chosen = _read_filter(wanted)
    trend = [{"since": since, "nps": found} for since, found in nps.draw_trend(partner, chosen, now)]
    return vars(nps.summarise(partner, chosen, now)) | {"trend": trend}


@desk.get("/answers")
@staff("stats:read")
@desk.arguments(schemas.AnswersQuery, location="query")
@desk.response(200, page_of(schemas.Answer))
def list_answers(wanted):
    """The answers of the last days, the latest first."""
    found = nps.list_answers(
        current_partner(),
        _read_filter(wanted),
        contacts=g.caller.may("customers:contacts"),
        now=utcnow(),
        after=wanted["cursor"],
        limit=wanted["limit"] + 1,
    )
    return _page(found, wanted["limit"])


@desk.get("/tasks")
@staff("customers:write")
@desk.arguments(schemas.TaskQuery, location="query")
@desk.response(200, page_of(schemas.Answer))
def list_tasks(wanted):
    """Unhappy answers that somebody is to deal with, or that were dealt with, the latest first."""
    states = survey_tasks.CURRENT if wanted["state"] == "current" else ("done",)
    found = nps.list_tasks(
        g.caller.partner_id, states, contacts=True, after=wanted["cursor"], limit=wanted["limit"] + 1
    )
    return _page(found, wanted["limit"])


@desk.put("/tasks/<uuid:survey_id>")
@staff("customers:write")
@desk.arguments(schemas.TaskIn)
@desk.response(200, schemas.Answer)
@commits
def change_task(body, survey_id: UUID):
    """Take a task, close it, open it again. Without a note the one that was written stays."""
    partner_id = g.caller.partner_id
    survey_tasks.change_task(
        partner_id, survey_id, body["state"], by=g.caller.customer_id, now=utcnow(), note=body["note"]
    )
    found = nps.find_answer(partner_id, survey_id, contacts=True)
    if found is None:
        raise SurveyTaskNotFound()
    return found


@own.get("")
@signed_in
@own.response(200, page_of(schemas.OwnSurvey))
def list_own():
    """What I was asked and have not answered."""
    site = current_app.config["SETTINGS"].public_url
    found = surveys.list_waiting(g.caller.customer_id, utcnow())
    return {"items": [vars(one) | {"link": f"{site}/nps/{one.token}"} for one in found], "next_cursor": None}


@own.put("/<uuid:survey_id>")
@signed_in
@own.arguments(schemas.AnswerIn)
@own.response(200, schemas.Asked)
@commits
def answer_own(body, survey_id: UUID):
    """Answer, or answer otherwise within a day; the same once more changes nothing."""
    now = utcnow()
    survey = surveys.find_own(g.caller.customer_id, survey_id, now)
    return _describe(surveys.answer(survey, body["score"], way="page", now=now, comment=body["comment"]), now)


@links.get("/<token>")
@public
@links.response(200, schemas.Asked)
def show_asked(token: str):
    """What is asked, and what was answered."""
    now = utcnow()
    return _describe(surveys.find(token, now), now)


@links.put("/<token>")
@public
@links.arguments(schemas.AnswerIn)
@links.response(200, schemas.Asked)
@commits
def answer_link(body, token: str):
    """Answer, or answer otherwise within a day; the same once more changes nothing."""
    now = utcnow()
    survey = surveys.find(token, now)
    return _describe(surveys.answer(survey, body["score"], way="link", now=now, comment=body["comment"]), now)


def _read_filter(wanted: dict[str, Any]) -> nps.NpsFilter:
    names = ("branch_id", "staff_id", "group")
    return nps.choose(g.caller.partner_id, days=int(wanted["days"]), **{name: wanted.get(name) for name in names})


def _page(found: list[nps.AnswerRow], limit: int) -> dict[str, Any]:
    return {"items": found[:limit], "next_cursor": str(found[limit - 1].survey_id) if len(found) > limit else None}


def _describe(survey: Survey, now) -> dict[str, Any]:
    return {
        "partner_name": db.session.get_one(Partner, survey.partner_id).name,
        "score": survey.score,
        "comment": survey.comment,
        "may_change": surveys.may_change(survey, now),
    }

"""What a survey's link opens: a score, a few words, without signing in and without scripts. The token is the key."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy
from wtforms import HiddenField, RadioField, SelectChoice, TextAreaField

from loyalty import nps, surveys
from loyalty.clock import utcnow
from loyalty.errors import LoyaltyError, SurveyGone
from models import db
from models.ledger import Purchase
from models.partner import Partner
from models.survey import Survey
from models.transactions import in_transaction
from web.access import anybody
from web.formats import use_zone
from web.forms import Form, refuse
from web.sentences import say_error

blueprint = Blueprint("survey_pages", __name__, url_prefix="/nps")

WAYS = ("link", "widget", "page")


class AnswerForm(Form):
    score = RadioField(
        lazy("Your score"), choices=[SelectChoice(str(one), str(one)) for one in nps.SCORES], validate_choice=False
    )
    comment = TextAreaField(lazy("A few words, if you like"), render_kw={"rows": 3, "maxlength": nps.LONGEST_WORDS})
    way = HiddenField()


@blueprint.get("/<token>")
@anybody
def show_survey(token: str):
    """The question, or what was answered."""
    try:
        survey = surveys.find(token, utcnow())
    except SurveyGone as error:
        return _show_gone(error)
    given = {"score": None if survey.score is None else str(survey.score), "comment": survey.comment}
    return _show(survey, AnswerForm(formdata=None, data=given | {"way": request.args.get("from")}))


@blueprint.post("/<token>")
@anybody
def answer(token: str):
    """Take the answer, or another in its place within a day."""
    form, now = AnswerForm(), utcnow()
    typed = form.score.data or ""
    score = int(typed) if typed in {str(one) for one in nps.SCORES} else None
    way = form.way.data if form.way.data in WAYS else "link"

    def act() -> None:
        surveys.answer(surveys.find(token, now), score, way=way, now=now, comment=form.comment.data or "")

    try:
        in_transaction(act)
    except SurveyGone as error:
        return _show_gone(error)
    except LoyaltyError as error:
        if error.field == "score":
            form.score.errors = [gettext("Choose a score from 0 to 10.")]
        else:
            refuse(form, error)
        return _show(surveys.find(token, now), form), 422
    flash(gettext("Thank you! Your answer is saved."), "success")
    return redirect(url_for(".show_survey", token=token), 303)


@blueprint.post("/<token>/stop")
@anybody
def stop(token: str):
    """Whoever was asked wants no such questions again."""
    now = utcnow()
    try:
        in_transaction(lambda: surveys.ask_no_more(surveys.find(token, now), now))
    except SurveyGone as error:
        return _show_gone(error)
    flash(gettext("We shall not ask again."), "success")
    return redirect(url_for(".show_survey", token=token), 303)


def _show(survey: Survey, form: AnswerForm) -> str:
    partner = db.session.get_one(Partner, survey.partner_id)
    use_zone(partner.timezone)
    return render_template(
        "nps/survey.html",
        partner=partner,
        survey=survey,
        visited_at=db.session.get_one(Purchase, (survey.partner_id, survey.purchase_id)).occurred_at,
        may_change=surveys.may_change(survey, utcnow()),
        form=form,
    )


def _show_gone(error: SurveyGone):
    return render_template("nps/gone.html", sentence=say_error(error)), error.status

"""What customers say after a visit: the score and how it goes, the answers, whom to talk to, and when customers are asked."""

from __future__ import annotations

from uuid import UUID

from babel.dates import format_date
from flask import Blueprint, Response, flash, g, redirect, render_template, request, stream_with_context, url_for
from flask_babel import get_locale, gettext, ngettext
from flask_babel import lazy_gettext as lazy
from wtforms import BooleanField, IntegerField, SelectChoice, TextAreaField

from loyalty import exports, nps, staff, survey_tasks
from loyalty.clock import utcnow
from loyalty.errors import LoyaltyError, StaffNotFound, SurveyTaskNotFound
from loyalty.nps import Nps, NpsSettings
from models import transaction
from models.transactions import in_transaction
from web.access import staff as staff_only
from web.desk.fields import branch_choices, read_branch, read_cursor
from web.formats import use_zone, write_month, write_number, write_short_day
from web.forms import Form, carry_out, refuse
from web.pictures import Dot, draw_dots
from web.till.fields import may_see_contacts

blueprint = Blueprint("desk_nps", __name__, url_prefix="/partner/nps")

PAGE = 20
GROUPS = {
    "promoters": lazy("Recommend (9–10)"),
    "passives": lazy("Neutral (7–8)"),
    "detractors": lazy("Unhappy (0–6)"),
}
PERIODS = {7: lazy("7 days"), 30: lazy("30 days"), 90: lazy("90 days"), 365: lazy("Year")}
STATES = {"open": lazy("new"), "in_work": lazy("in work"), "done": lazy("dealt with")}


class SettingsForm(Form):
    is_on = BooleanField(lazy("Ask customers after a visit"))
    delay_hours = IntegerField(lazy("Hours after the visit"))
    reminds = BooleanField(lazy("Remind once, after three days"))
    sms = BooleanField(lazy("Also by text message, where there is neither Telegram nor e-mail"))


class TaskForm(Form):
    note = TextAreaField(lazy("What was done"), render_kw={"rows": 2, "maxlength": nps.LONGEST_WORDS})


@blueprint.get("")
@staff_only("stats:read")
def show_results():
    """The score of a period with its interval, how it went, and the answers."""
    partner, now = g.me.partner, utcnow()
    use_zone(partner.timezone)
    days = request.args.get("days", 90, type=int)
    days = days if days in nps.PERIODS else 90
    group = request.args.get("group") if request.args.get("group") in GROUPS else None
    branch_id, staff_id = read_branch(request.args.get("branch_id")), _read_staff(request.args.get("staff_id"))
    place = {"days": days, "branch_id": branch_id, "staff_id": staff_id}
    wanted = nps.choose(g.me.partner_id, **place)
    answers = nps.list_answers(
        partner,
        nps.choose(g.me.partner_id, **place, group=group),
        contacts=may_see_contacts(),
        now=now,
        after=read_cursor(request.args.get("after")),
        limit=PAGE + 1,
    )
    place = {name: str(value) for name, value in place.items() if value}
    return render_template(
        "partner/nps.html",
        results=nps.summarise(partner, wanted, now),
        picture=_draw(nps.draw_trend(partner, wanted, now), days),
        settings=nps.settings_of(partner),
        answers=answers[:PAGE],
        following=answers[PAGE - 1].survey_id if len(answers) > PAGE else None,
        place=place,
        days=days,
        group=group,
        kinds=GROUPS,
        periods=PERIODS,
        group_of=group_of,
        states=STATES,
        branches=branch_choices(g.me.partner_id, branch_id),
        people=_list_staff(),
    )


@blueprint.get("/export.csv")
@staff_only("export:read")
def export():
    """All answers as a file for a spreadsheet."""
    headers = {"Content-Disposition": 'attachment; filename="nps.csv"'}
    written = exports.write_csv(exports.ANSWERS, g.me.partner_id, transaction)
    return Response(stream_with_context(written), mimetype="text/csv", headers=headers)


@blueprint.get("/tasks")
@staff_only("customers:write")
def list_tasks():
    """Unhappy answers that somebody is to deal with, or with `done` those that were dealt with."""
    return _show_tasks()


@blueprint.post("/tasks/<uuid:survey_id>")
@staff_only("customers:write")
def change_task(survey_id: UUID):
    """Take a task, close it with a note, or open it again."""
    form, state = TaskForm(), request.form.get("state", "")
    try:
        in_transaction(
            lambda: survey_tasks.change_task(
                g.me.partner_id, survey_id, state, by=g.me.customer_id, now=utcnow(), note=form.note.data
            )
        )
    except SurveyTaskNotFound:
        raise
    except LoyaltyError as error:
        refuse(form, error)
        return _show_tasks(survey_id, form), 422
    said = {"in_work": gettext("You have taken it."), "done": gettext("Closed."), "open": gettext("Open again.")}
    flash(said[state], "success")
    return redirect(url_for(".list_tasks"), 303)


@blueprint.get("/settings")
@staff_only("programme:read")
def show_settings():
    """Whether and when customers are asked."""
    written = nps.settings_of(g.me.partner).to_json()
    return render_template("partner/nps_settings.html", form=SettingsForm(formdata=None, data=written))


@blueprint.post("/settings")
@staff_only("programme:write")
def change_settings():
    """Ask customers so from now on."""
    form = SettingsForm()
    wanted = {name: form[name].data for name in ("is_on", "delay_hours", "reminds", "sms")}

    def act() -> None:
        nps.set_settings(g.me.partner, NpsSettings.from_json(wanted), by=g.me.customer_id)

    if carry_out(form, act) is None:
        form.delay_hours.errors = [gettext("A whole number of hours from 0 to %(most)s.", most=nps.LONGEST_DELAY)]
        return render_template("partner/nps_settings.html", form=form), 422
    flash(gettext("Saved."), "success")
    return redirect(url_for(".show_settings"), 303)


def group_of(score: int) -> str:
    return next(name for name, (low, high) in nps.GROUPS.items() if low <= score <= high)


def _show_tasks(refused: UUID | None = None, form: TaskForm | None = None) -> str:
    use_zone(g.me.partner.timezone)
    done = bool(request.args.get("done"))
    found = nps.list_tasks(
        g.me.partner_id,
        ("done",) if done else survey_tasks.CURRENT,
        contacts=may_see_contacts(),
        after=read_cursor(request.args.get("after")),
        limit=PAGE + 1,
    )
    return render_template(
        "partner/nps_tasks.html",
        rows=found[:PAGE],
        following=found[PAGE - 1].survey_id if len(found) > PAGE else None,
        done=done,
        states=STATES,
        group_of=group_of,
        refused=refused,
        form=form,
    )


def _draw(steps, days: int):
    """The steps as a picture, each told in words; None where nobody has answered at all."""
    if not any(found.n for _, found in steps):
        return None
    is_long = days > 90
    dots = [
        Dot(
            format_date(begun, "LLL" if is_long else "d MMM", locale=get_locale()),
            found.value,
            found.low,
            found.high,
            f"{write_month(begun) if is_long else write_short_day(begun)}: {say_nps(found)}",
            found.is_few,
        )
        for begun, found in steps
    ]
    return draw_dots(dots, gettext("NPS by months") if is_long else gettext("NPS by weeks"))


def say_nps(found: Nps) -> str:
    """«NPS 30, ответов: 100»."""
    if not found.n:
        return gettext("no answers")
    answers = ngettext("%(num)s answer", "%(num)s answers", found.n)
    return gettext("NPS %(value)s, %(answers)s", value=write_number(round(found.value)), answers=answers)


def _read_staff(text: str | None) -> UUID | None:
    """Raises `StaffNotFound`."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise StaffNotFound() from None


def _list_staff() -> list[SelectChoice]:
    found = staff.list_staff(g.me.partner_id, limit=100)
    return [
        SelectChoice("", gettext("All staff")),
        *(SelectChoice(str(one.staff_id), one.name or "—") for one in found),
    ]

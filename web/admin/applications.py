"""Deciding who becomes a partner: the queue, one application, and what was decided before."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy
from wtforms import TextAreaField

from loyalty import applications, partners
from loyalty.clock import utcnow
from web.access import platform
from web.desk.fields import read_cursor, strip
from web.forms import Form, carry_out

blueprint = Blueprint("admin_applications", __name__, url_prefix="/admin/applications")

_PAGE = 20


class RefusalForm(Form):
    reason = TextAreaField(lazy("Reason"), filters=[strip], render_kw={"rows": 3, "maxlength": 2000})


@blueprint.get("")
@platform("admin")
def list_applications():
    """Those that wait, the oldest first, and under them the decided ones."""
    waiting = applications.list_pending(after=read_cursor(request.args.get("after")), limit=_PAGE + 1)
    decided = applications.list_decided(after=read_cursor(request.args.get("decided")), limit=_PAGE + 1)
    return render_template(
        "admin/applications.html",
        waiting=waiting[:_PAGE],
        more_waiting=waiting[_PAGE - 1].id if len(waiting) > _PAGE else None,
        decided=decided[:_PAGE],
        more_decided=decided[_PAGE - 1].id if len(decided) > _PAGE else None,
        count=applications.count_pending(),
    )


@blueprint.get("/<uuid:application_id>")
@platform("admin")
def show_application(application_id: UUID):
    """One application: what is asked, by whom, and what a decision does."""
    return _show(application_id, RefusalForm(formdata=None))


@blueprint.post("/<uuid:application_id>/approve")
@platform("admin")
def approve(application_id: UUID):
    """Make the partner with its first branch, its owner and its programme."""
    form = RefusalForm(formdata=None)
    done = carry_out(form, lambda: partners.approve(application_id, g.me.customer_id, utcnow()))
    if done is None:
        return _show(application_id, form), 422
    made = done.answer
    flash(gettext("%(name)s is a partner now, its code is %(code)s.", name=made.name, code=made.code), "success")
    return redirect(url_for(".list_applications"), 303)


@blueprint.post("/<uuid:application_id>/refuse")
@platform("admin")
def refuse(application_id: UUID):
    """Refuse with a reason that the applicant reads."""
    form = RefusalForm()
    if not form.reason.data:
        form.reason.errors = [gettext("Write why: the applicant reads this and may apply again.")]
        return _show(application_id, form), 422
    done = carry_out(form, lambda: partners.refuse(application_id, form.reason.data, g.me.customer_id, utcnow()))
    if done is None:
        return _show(application_id, form), 422
    flash(gettext("The application of %(name)s is refused.", name=done.answer.name), "success")
    return redirect(url_for(".list_applications"), 303)


def _show(application_id: UUID, form: RefusalForm) -> str:
    return render_template(
        "admin/application.html", one=applications.show_application(application_id), form=form, presets=PRESETS
    )


PRESETS = {
    "default": lazy("Café, salon or services: 5 % of the check and 100 points for joining"),
    "retail": lazy("Shop: 1 %, more for VIP customers, birthdays and large checks"),
}
"""What the programme of a new partner begins with."""

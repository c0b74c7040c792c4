"""Becoming a partner: one short form, and what became of it."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy
from wtforms import RadioField, SelectChoice, SelectField, StringField, TextAreaField

from loyalty import partners
from loyalty.clock import utcnow
from models.partner import PartnerApplication
from web.access import signed_in
from web.desk.fields import strip
from web.forms import Form, carry_out
from web.zones import zone_choices

blueprint = Blueprint("desk_applications", __name__, url_prefix="/partner/applications")


ANSWERS = ("name", "city", "timezone", "preset", "comment")


class ApplicationForm(Form):
    name = StringField(
        lazy("Name of the business"), filters=[strip], render_kw={"autocomplete": "organization", "maxlength": 200}
    )
    city = StringField(
        lazy("Town and address"), filters=[strip], render_kw={"autocomplete": "street-address", "maxlength": 200}
    )
    timezone = SelectField(lazy("Time zone"), validate_choice=False)
    preset = RadioField(
        lazy("What kind of business"),
        choices=[
            SelectChoice("default", lazy("Café, salon or services: 5 % of the check and 100 points for joining")),
            SelectChoice("retail", lazy("Shop: 1 %, more for VIP customers, birthdays and large checks")),
        ],
        validate_choice=False,
    )
    comment = TextAreaField(
        lazy("How do you work with customers today?"), filters=[strip], render_kw={"rows": 4, "maxlength": 2000}
    )


@blueprint.get("")
@signed_in
def show_applications():
    """My applications with their state, and the form when none waits."""
    mine = _mine()
    data = {"timezone": "Europe/Moscow", "preset": "default"}
    if mine and mine[0].state == "refused":
        data = {name: getattr(mine[0], name) for name in ANSWERS}
    return _show(ApplicationForm(formdata=None, data=data), mine)


@blueprint.post("")
@signed_in
def apply():
    """Ask to become a partner; an admin decides."""
    form = ApplicationForm()
    answers = {name: form[name].data for name in ANSWERS}
    if carry_out(form, lambda: partners.apply(g.me.customer, answers, utcnow())) is None:
        return _show(form, _mine()), 422
    flash(gettext("The application is sent. The answer will be on this page."), "success")
    return redirect(url_for(".show_applications"), 303)


def _mine() -> list[PartnerApplication]:
    """The newest first."""
    return partners.list_applications(applicant_id=g.me.customer_id)[::-1]


def _show(form: ApplicationForm, mine: list[PartnerApplication]) -> str:
    form.timezone.choices = zone_choices(utcnow())
    return render_template(
        "partner/applications.html", form=form, mine=mine, may_apply=not any(one.state == "pending" for one in mine)
    )

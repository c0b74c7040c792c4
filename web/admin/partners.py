"""Partners at the platform's desk: their plans, what they come to, and single features that are switched for one of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy
from wtforms import RadioField, SelectChoice, StringField

from loyalty import bills, partners, plans
from loyalty.clock import utcnow
from loyalty.plans import ORDER, SWITCHABLE
from web.access import platform
from web.desk.fields import read_cursor, strip
from web.formats import use_zone
from web.forms import Form, carry_out
from web.plans import FEATURES, PLAN_NAMES, name_plan

blueprint = Blueprint("admin_partners", __name__, url_prefix="/admin/partners")

_PAGE = 20
_MONTHS = 12
_SWITCHES = {"": None, "on": True, "off": False}


class PlanForm(Form):
    plan = RadioField(lazy("Plan"), choices=[SelectChoice(code, PLAN_NAMES[code]) for code in ORDER])
    reason = StringField(lazy("Reason"), filters=[strip], id="plan-reason", render_kw={"maxlength": 300})


class FeaturesForm(Form):
    reason = StringField(lazy("Reason"), filters=[strip], id="features-reason", render_kw={"maxlength": 300})


for _name in SWITCHABLE:
    _choices = [
        SelectChoice("", lazy("as the plan")),
        SelectChoice("on", lazy("open")),
        SelectChoice("off", lazy("off")),
    ]
    setattr(FeaturesForm, _name, RadioField(FEATURES[_name].name, choices=_choices))


@blueprint.get("")
@platform("admin")
def list_partners():
    """All of them or those that were searched for, with the running month."""
    query = strip(request.args.get("q"))
    after = read_cursor(request.args.get("after"))
    found = bills.list_partners(query, utcnow(), after=after, limit=_PAGE + 1)
    return render_template(
        "admin/partners.html",
        found=found[:_PAGE],
        following=found[_PAGE - 1].partner.id if len(found) > _PAGE else None,
        is_first=after is None,
        query=query,
        plan_names=PLAN_NAMES,
        features=FEATURES,
    )


@blueprint.get("/<uuid:partner_id>")
@platform("admin")
def show_partner(partner_id: UUID):
    """One partner: its months, its plan and its switches, and what was decided before."""
    return _show(partner_id)


@blueprint.post("/<uuid:partner_id>/plan")
@platform("admin")
def change_plan(partner_id: UUID):
    """Move the partner to another plan, with a reason."""
    partner, form = partners.get_partner(partner_id), PlanForm()

    def act() -> plans.Plan:
        reason = plans.read_reason(form.reason.data)
        return plans.change_plan(partner, form.plan.data or "", by=g.me.customer_id, now=utcnow(), reason=reason)

    done = carry_out(form, act)
    if done is None:
        return _show(partner_id, plan_form=form), 422
    flash(gettext("The plan is %(plan)s now.", plan=name_plan(done.answer.code)), "success")
    return redirect(url_for(".show_partner", partner_id=partner_id), 303)


@blueprint.post("/<uuid:partner_id>/features")
@platform("admin")
def switch_features(partner_id: UUID):
    """Open or close single features for the partner whatever its plan, with a reason."""
    partner, form = partners.get_partner(partner_id), FeaturesForm()

    def act() -> Any:
        reason = plans.read_reason(form.reason.data)
        wanted = {name: _SWITCHES.get(form[name].data or "", form[name].data) for name in SWITCHABLE}
        return plans.switch_features(partner, wanted, by=g.me.customer_id, now=utcnow(), reason=reason)

    if carry_out(form, act) is None:
        return _show(partner_id, features_form=form), 422
    flash(gettext("Saved."), "success")
    return redirect(url_for(".show_partner", partner_id=partner_id), 303)


def _show(partner_id: UUID, plan_form: PlanForm | None = None, features_form: FeaturesForm | None = None) -> str:
    partner = partners.get_partner(partner_id)
    use_zone(partner.timezone)
    current, *before = bills.list_bills(partner, utcnow(), _MONTHS)
    said = {True: "on", False: "off"}
    switches = {name: said.get(partner.features.get(name), "") for name in SWITCHABLE}
    return render_template(
        "admin/partner.html",
        partner=partner,
        bill=current,
        before=before,
        plan_form=plan_form or PlanForm(formdata=None, data={"plan": partner.plan}),
        features_form=features_form or FeaturesForm(formdata=None, data=switches),
        switchable=SWITCHABLE,
        changes=plans.list_changes(partner.id),
        plan_names=PLAN_NAMES,
        features=FEATURES,
    )

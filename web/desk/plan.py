"""The owner's plan: what is open, what the running month comes to, what another plan would cost, and moving to it."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext

from loyalty import bills, plans
from loyalty.clock import utcnow
from loyalty.plans import ORDER, PLANS
from web.access import staff
from web.formats import use_zone
from web.forms import Form, carry_out
from web.plans import FEATURES, PLAN_NAMES, name_plan

blueprint = Blueprint("desk_plan", __name__, url_prefix="/partner/plan")

MONTHS = 12


@blueprint.get("")
@staff("partner:write")
def show_plan():
    """The plan, the running month, the plans beside each other, and the months before."""
    partner = g.me.partner
    use_zone(partner.timezone)
    current, *before = bills.list_bills(partner, utcnow(), MONTHS)
    return render_template(
        "partner/plan.html",
        plan=plans.plan_of(partner),
        bill=current,
        before=before,
        features=FEATURES,
        opened=plans.features_of(partner),
        rows=[(code, [code in plans.open_features(plan.code, {}) for plan in PLANS]) for code in FEATURES],
        switched=partner.features,
        plans=[(plan, bills.estimate(plan, current.turnover)) for plan in PLANS],
        plan_names=PLAN_NAMES,
    )


@blueprint.get("/change")
@staff("partner:write")
def ask_change():
    """What moving to another plan, or to the next higher one, opens, closes and costs. Raises `InvalidPlan`."""
    higher = ORDER[min(ORDER.index(g.me.place.plan) + 1, len(ORDER) - 1)]
    return _ask(plans.find_plan(request.args.get("plan", higher)), Form(formdata=None))


@blueprint.post("/change")
@staff("partner:write")
def change_plan():
    """Move at once; sent twice it is one move."""
    plan, form = plans.find_plan(request.form.get("plan", "")), Form()
    done = carry_out(form, lambda: plans.change_plan(g.me.partner, plan.code, by=g.me.customer_id, now=utcnow()))
    if done is None:
        return _ask(plan, form), 422
    flash(gettext("Your plan is %(plan)s now.", plan=name_plan(plan.code)), "success")
    return redirect(url_for(".show_plan"), 303)


def _ask(plan: plans.Plan, form: Form) -> str:
    partner = g.me.partner
    opened, after = plans.features_of(partner), plans.open_features(plan.code, partner.features)
    return render_template(
        "partner/plan_change.html",
        form=form,
        plan=plan,
        present=plans.plan_of(partner),
        is_up=ORDER.index(plan.code) > ORDER.index(partner.plan),
        opens=[FEATURES[code] for code in FEATURES if code in after - opened],
        closes=[FEATURES[code] for code in FEATURES if code in opened - after],
        turnover=bills.bill(partner, utcnow()).turnover,
        estimate=bills.estimate,
        plan_names=PLAN_NAMES,
    )

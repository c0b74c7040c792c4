"""Promotions at the desk: what runs, a new one by its kind, what it would have cost, and what came of it."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext

from loyalty import promotion_costs, promotions
from loyalty.clock import utcnow
from loyalty.errors import InvalidPromotion, LoyaltyError
from loyalty.offers import KINDS, Terms
from loyalty.promotion_costs import Cost
from models.promotion import PromotionRow
from models.transactions import in_transaction
from web.access import staff
from web.desk import promotion_form as forms
from web.desk.fields import PAGE, read_cursor
from web.desk.promotion_form import PromotionForm
from web.formats import use_zone
from web.forms import Form, carry_out, refuse
from web.once import do_once
from web.promotions import KINDS as WORDS
from web.promotions import STATES, list_conditions, say_effect

blueprint = Blueprint("desk_promotions", __name__, url_prefix="/partner/promotions")


@blueprint.get("")
@staff("programme:read")
def list_promotions():
    """All of them or those of one state, the latest made first."""
    use_zone(g.me.partner.timezone)
    state = request.args.get("state")
    state = state if state in promotions.STATES else None
    after = read_cursor(request.args.get("after"))
    found = promotions.list_promotions(g.me.partner_id, state=state, after=after, limit=PAGE + 1)
    return render_template(
        "partner/promotions.html",
        rows=[(row, Terms.from_json(row.kind, row.terms)) for row in found[:PAGE]],
        after=found[PAGE - 1].id if len(found) > PAGE else None,
        state=state,
        states=STATES,
        kinds=WORDS,
        say_effect=say_effect,
    )


@blueprint.get("/new")
@staff("promotions:write")
def show_new():
    """The kinds to choose from, or the form of the one that was chosen."""
    kind = request.args.get("kind")
    if kind not in KINDS:
        return render_template("partner/promotion_kinds.html", kinds=WORDS)
    return _show_form(forms.prepare(PromotionForm(formdata=None, data=forms.begin(kind))), kind)


@blueprint.post("/new")
@staff("promotions:write")
def make_promotion():
    """Keep a draft."""
    kind, form = _read_kind(), forms.prepare(PromotionForm())

    def act() -> dict[str, str]:
        now = utcnow()
        starts_at, ends_at = forms.read_dates(form, _zone(), now)
        terms = forms.read_terms(form, kind)
        row = promotions.make(
            g.me.partner,
            name=form.name.data,
            kind=kind,
            terms=terms,
            starts_at=starts_at,
            ends_at=ends_at,
            by=g.me.customer_id,
            now=now,
        )
        return {"id": str(row.id)}

    try:
        answer, _repeated = do_once(form, act)
    except LoyaltyError as refused:
        _refuse(form, refused)
        return _show_form(form, kind), 422
    return redirect(url_for(".show_promotion", promotion_id=answer["id"], cost=1), 303)


@blueprint.post("/try")
@staff("promotions:write")
def try_promotion():
    """The same form with what it would have cost on the last 90 days; nothing is kept."""
    kind, form = _read_kind(), forms.prepare(PromotionForm())
    try:
        cost = promotion_costs.try_on_past(g.me.partner, kind, forms.read_terms(form, kind), now=utcnow())
    except LoyaltyError as refused:
        _refuse(form, refused)
        return _show_form(form, kind), 422
    return _show_form(form, kind, cost=cost)


@blueprint.get("/<uuid:promotion_id>")
@staff("programme:read")
def show_promotion(promotion_id: UUID):
    """One of them: its terms, for a draft on request what it would have cost, and otherwise what came of it."""
    return _show(promotions.get_promotion(g.me.partner_id, promotion_id))


@blueprint.get("/<uuid:promotion_id>/edit")
@staff("promotions:write")
def edit_draft(promotion_id: UUID):
    """The form of a draft."""
    row = promotions.get_promotion(g.me.partner_id, promotion_id)
    form = PromotionForm(formdata=None, data=forms.fill(row, _zone()))
    return _show_form(forms.prepare(form, row), row.kind, row)


@blueprint.post("/<uuid:promotion_id>/edit")
@staff("promotions:write")
def change_draft(promotion_id: UUID):
    """Another draft in its place."""
    row = promotions.get_promotion(g.me.partner_id, promotion_id)
    form, kind = forms.prepare(PromotionForm(), row), row.kind

    def act() -> None:
        now = utcnow()
        starts_at, ends_at = forms.read_dates(form, _zone(), now)
        terms = forms.read_terms(form, kind, promotions.get_promotion(g.me.partner_id, promotion_id))
        promotions.change(
            g.me.partner,
            promotion_id,
            name=form.name.data,
            kind=kind,
            terms=terms,
            starts_at=starts_at,
            ends_at=ends_at,
            by=g.me.customer_id,
            now=now,
        )

    try:
        in_transaction(act)
    except LoyaltyError as refused:
        _refuse(form, refused)
        return _show_form(form, kind, row), 422
    flash(gettext("Saved."), "success")
    return redirect(url_for(".show_promotion", promotion_id=promotion_id, cost=1), 303)


@blueprint.post("/<uuid:promotion_id>/on")
@staff("promotions:write")
def switch_on(promotion_id: UUID):
    """From its first day on it is part of every price."""
    row, form = promotions.get_promotion(g.me.partner_id, promotion_id), Form()
    if carry_out(form, lambda: promotions.switch_on(g.me.partner, row.id, by=g.me.customer_id, now=utcnow())) is None:
        return _show(row, form), 422
    flash(gettext("The promotion is on."), "success")
    return redirect(url_for(".show_promotion", promotion_id=promotion_id), 303)


@blueprint.get("/<uuid:promotion_id>/stop")
@staff("promotions:write")
def ask_stop(promotion_id: UUID):
    """Are you sure?"""
    row = promotions.get_promotion(g.me.partner_id, promotion_id)
    return render_template("partner/promotion_stop.html", row=row)


@blueprint.post("/<uuid:promotion_id>/stop")
@staff("promotions:write")
def stop(promotion_id: UUID):
    """From now on it gives nothing; what it gave stays."""
    row, form = promotions.get_promotion(g.me.partner_id, promotion_id), Form()
    if carry_out(form, lambda: promotions.stop(g.me.partner, row.id, by=g.me.customer_id, now=utcnow())) is None:
        return _show(row, form), 422
    flash(gettext("The promotion is stopped. What it gave stays with the customers."), "success")
    return redirect(url_for(".show_promotion", promotion_id=promotion_id), 303)


def _read_kind() -> str:
    kind = request.args.get("kind")
    return kind if kind in KINDS else KINDS[0]


def _zone() -> ZoneInfo:
    return ZoneInfo(g.me.partner.timezone)


def _refuse(form: PromotionForm, refused: LoyaltyError) -> None:
    if isinstance(refused, InvalidPromotion):
        forms.show_refusal(form, refused)
    else:
        refuse(form, refused)


def _show(row: PromotionRow, form: Form | None = None) -> str:
    use_zone(g.me.partner.timezone)
    may = g.me.may("promotions:write")
    cost = None
    if may and row.state == "draft" and request.args.get("cost"):
        cost = promotion_costs.try_on_past(g.me.partner, row.kind, row.terms, now=utcnow(), promotion_id=row.id)
    terms = Terms.from_json(row.kind, row.terms)
    return render_template(
        "partner/promotion.html",
        row=row,
        form=form,
        kind=WORDS[row.kind],
        effect=say_effect(terms),
        conditions=list_conditions(terms),
        states=STATES,
        results=promotions.results(g.me.partner_id, row.id) if may and row.state != "draft" else None,
        cost=cost,
    )


def _show_form(form: PromotionForm, kind: str, row: PromotionRow | None = None, *, cost: Cost | None = None) -> str:
    use_zone(g.me.partner.timezone)
    return render_template(
        "partner/promotion_form.html",
        form=form,
        kind=kind,
        words=WORDS[kind],
        row=row,
        effects=forms.effects_of(kind),
        own=forms.own_fields(kind),
        more=forms.more_fields(kind),
        cost=cost,
    )

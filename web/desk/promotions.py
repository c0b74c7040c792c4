"""Promotions at the desk: what runs, a new one by its kind, what it would have cost, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from loyalty import promotion_costs, promotions, service_files
from loyalty.audiences import Audience, count_people
from loyalty.clock import utcnow
from loyalty.errors import InvalidPromotion, LoyaltyError
from loyalty.offers import KINDS, Terms
from loyalty.promotion_costs import Cost
from loyalty.promotions import Contacted
from models.promotion import PromotionRow
from models.transactions import in_transaction
from web import audiences
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
    return _show_form(_prepare(PromotionForm(formdata=None, data=forms.begin(kind))), kind)


@blueprint.post("/new")
@staff("promotions:write")
def make_promotion():
    """Keep a draft."""
    kind, form = _read_kind(), _prepare(PromotionForm())

    def act() -> dict[str, str]:
        now = utcnow()
        return {"id": str(promotions.make(g.me.partner, **_read(form, kind, now), by=g.me.customer_id, now=now).id)}

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
    kind, form = _read_kind(), _prepare(PromotionForm())
    try:
        terms = forms.read_terms(form, kind)
        cost = promotion_costs.try_on_past(g.me.partner, kind, terms, now=utcnow())
    except LoyaltyError as refused:
        _refuse(form, refused)
        return _show_form(form, kind), 422
    return _show_form(form, kind, cost=cost, audience=_count(Terms.from_json(kind, terms)))


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
    data = forms.fill(row, _zone(), _prepare(PromotionForm(formdata=None)))
    return _show_form(_prepare(PromotionForm(formdata=None, data=data)), row.kind, row)


@blueprint.post("/<uuid:promotion_id>/edit")
@staff("promotions:write")
def change_draft(promotion_id: UUID):
    """Another draft in its place."""
    row = promotions.get_promotion(g.me.partner_id, promotion_id)
    form, kind = _prepare(PromotionForm()), row.kind

    def act() -> None:
        now, draft = utcnow(), promotions.get_promotion(g.me.partner_id, promotion_id)
        read = _read(form, kind, now, draft)
        promotions.change(g.me.partner, promotion_id, **read, by=g.me.customer_id, now=now)

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


@blueprint.post("/<uuid:promotion_id>/list")
@staff("customers:write")
def put_on_list(promotion_id: UUID):
    """Put customers on its list by phone, card or e-mail, typed or in a file; or take everybody off it."""
    row, form, given = promotions.get_promotion(g.me.partner_id, promotion_id), Form(), request.files.get("file")
    if request.form.get("act") == "empty":
        if carry_out(form, lambda: promotions.empty_list(g.me.partner, row.id)) is not None:
            flash(gettext("Nobody is on the list any more."), "success")
        return redirect(url_for(".show_promotion", promotion_id=promotion_id), 303)

    def act() -> Contacted:
        text = service_files.decode(given.read()) if given else ""
        lines = f"{request.form.get('contacts', '')}\n{text}".splitlines()
        contacts = [line.strip().strip('";,') for line in lines]
        return promotions.put_contacts_on_list(g.me.partner, row.id, contacts)

    done = carry_out(form, act)
    if done is None:
        return _show(row, form), 422
    if done.answer.unknown:
        return _show(row, unknown=done.answer.unknown, found=done.answer.found)
    flash(
        ngettext("%(num)s customer is new on the list.", "%(num)s customers are new on the list.", done.answer.added),
        "success",
    )
    return redirect(url_for(".show_promotion", promotion_id=promotion_id), 303)


def _read_kind() -> str:
    kind = request.args.get("kind")
    return kind if kind in KINDS else KINDS[0]


def _prepare(form: PromotionForm) -> PromotionForm:
    return forms.prepare(form, g.me.partner_id)


def _read(form: PromotionForm, kind: str, now: datetime, row: PromotionRow | None = None) -> dict[str, Any]:
    """What the core makes or changes a promotion with. Raises `InvalidPromotion`."""
    starts_at, ends_at = forms.read_dates(form, _zone(), now)
    terms = forms.read_terms(form, kind, row)
    return {"name": form.name.data, "kind": kind, "terms": terms, "starts_at": starts_at, "ends_at": ends_at}


def _zone() -> ZoneInfo:
    return ZoneInfo(g.me.partner.timezone)


def _refuse(form: PromotionForm, refused: LoyaltyError) -> None:
    if isinstance(refused, InvalidPromotion):
        forms.show_refusal(form, refused)
    else:
        refuse(form, refused)


def _count(terms: Terms) -> Audience | None:
    """How many the rule fits, where it is for whom a rule chooses."""
    return count_people(g.me.partner, terms.rule, utcnow()) if terms.rule is not None else None


def _show(row: PromotionRow, form: Form | None = None, *, unknown: tuple[str, ...] = (), found: int = 0) -> str:
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
        terms=terms,
        audience=_count(terms) if may else None,
        listed=len(promotions.list_members(g.me.partner_id, row.id)) if terms.audience == "list" else None,
        unknown=unknown,
        found=found,
    )


def _show_form(
    form: PromotionForm,
    kind: str,
    row: PromotionRow | None = None,
    *,
    cost: Cost | None = None,
    audience: Audience | None = None,
) -> str:
    use_zone(g.me.partner.timezone)
    rule = Terms.from_json(row.kind, row.terms).rule if row is not None else None
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
        audience=audience,
        rule_rows=audiences.list_typed(request.form) if request.form else audiences.write_rows(rule),
        rule_combinator=request.form.get("rule_combinator") or (rule.combinator if rule else "and"),
        rule_kept=audiences.say_rule(rule) if rule is not None and not audiences.is_simple(rule) else None,
        rule_fields=audiences.NAMES,
        rule_operators=audiences.OPERATORS,
    )

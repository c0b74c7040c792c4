"""People over all partners: the list with its filters, one person's card with the story of every point, and blocking."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy
from wtforms import DateField, SelectChoice, SelectField, StringField
from wtforms.validators import Optional

from loyalty import directory, partners, people, trail
from loyalty.clock import utcnow
from loyalty.directory import PeopleFilter
from models.transactions import commits, in_transaction
from web.access import platform
from web.admin import audit_words, trail_words
from web.admin.corrections import CorrectionForm, prepare_form
from web.desk.fields import strip
from web.formats import write_day
from web.forms import Form, carry_out
from web.operations import KINDS

blueprint = Blueprint("admin_customers", __name__, url_prefix="/admin/customers")

_PAGE = 25
_STEPS = 15
_PARTNERS = 300
"""How many partners a list to choose from may have; on a larger platform their code is typed."""

_YES_NO = {"yes": True, "no": False}


def _choose(label: str, *choices: tuple[str, str]) -> SelectField:
    """One of a few words or any; a word of nobody's making is any."""
    listed = [SelectChoice(value, words) for value, words in [("", lazy("Any")), *choices]]
    return SelectField(label, choices=listed, validate_choice=False)


class FilterForm(Form):
    """Lives in the address: what is empty does not narrow, and neither does what is not understood."""

    q = StringField(
        lazy("Phone, e-mail, card, id or name"),
        filters=[strip],
        render_kw={"type": "search", "autocomplete": "off", "spellcheck": "false", "maxlength": 200},
    )
    partner = SelectField(lazy("Partner"), validate_choice=False)
    state = _choose(lazy("State"), ("active", lazy("Active")), ("blocked", lazy("Blocked")))
    points = _choose(lazy("Points"), ("yes", lazy("Has some")), ("no", lazy("Has none")))
    proof = _choose(lazy("Contacts"), ("yes", lazy("Proven")), ("no", lazy("Not proven")))
    vip = _choose(lazy("VIP"), ("yes", lazy("VIP")), ("no", lazy("Not VIP")))
    since = DateField(lazy("Registered since"), validators=[Optional()])
    until = DateField(lazy("Registered until"), validators=[Optional()])
    sort = SelectField(
        lazy("Order"),
        choices=[
            SelectChoice("newest", lazy("The newest first")),
            SelectChoice("points", lazy("Most points first")),
            SelectChoice("spent", lazy("Most spent first")),
        ],
        validate_choice=False,
    )


@blueprint.get("")
@platform("admin")
@commits
def list_customers():
    """Everybody, narrowed as the address says."""
    now = utcnow()
    figures = directory.show_figures(now)
    form, shops = FilterForm(formdata=request.args), partners.list_partners(_PARTNERS)
    form.validate()
    partner = partners.get_partner(form.partner.data) if form.partner.data else None
    wanted = _read_filter(form, partner)
    sort = form.sort.data if form.sort.data in directory.SORTS else "newest"
    found, following = directory.list_people(wanted, sort=sort, cursor=request.args.get("cursor"), limit=_PAGE, now=now)
    form.sort.data = sort
    form.partner.choices = _partner_choices(shops, partner)
    return render_template(
        "admin/customers.html",
        figures=figures,
        is_stale=figures.at < now,
        form=form,
        people=found,
        chips=list(_chips(form, partner)),
        at=_at,
        following=following,
        is_first="cursor" not in request.args,
    )


@blueprint.get("/<uuid:customer_id>")
@platform("admin")
@commits
def show_customer(customer_id: UUID):
    """A person: who they are, what they have where, the story of their points, and what was done to them."""
    card = people.show_card(customer_id, utcnow())
    kind = request.args.get("kind") if request.args.get("kind") in KINDS else None
    code = request.args.get("partner")
    pocket = next((one for one in card.wallet.pockets if one.partner_code == code), None)
    if code and pocket is None:
        steps, following = [], None
    else:
        partner_id = pocket.partner_id if pocket else None
        cursor = request.args.get("cursor")
        steps, following = trail.follow_points(
            card.customer.id, partner_id=partner_id, kind=kind, cursor=cursor, limit=_STEPS
        )
    return render_template(
        "admin/customer.html",
        card=card,
        profile=card.profile,
        wallet=card.wallet,
        names={str(one.partner_id): one.partner_name for one in card.wallet.pockets},
        form=prepare_form(CorrectionForm(formdata=None, data={"direction": "credit"}), card.wallet),
        steps=[trail_words.tell(step) for step in steps],
        shown={step.entry.id for step in steps},
        audit=[audit_words.tell(line) for line in card.audit],
        kinds=KINDS,
        kind=kind,
        pocket=pocket,
        at=_at,
        following=following,
        is_first="cursor" not in request.args,
    )


@blueprint.get("/<uuid:customer_id>/block")
@platform("admin")
def ask_block(customer_id: UUID):
    """Ask before a person is signed out everywhere."""
    return _ask_block(customer_id, Form(formdata=None))


@blueprint.post("/<uuid:customer_id>/block")
@platform("admin")
def block(customer_id: UUID):
    """Sign the person out everywhere and let them in no more."""
    form = Form()

    def act() -> None:
        people.block_person(people.find_person(customer_id), by=g.me.customer_id, now=utcnow())

    if carry_out(form, act) is None:
        return _ask_block(customer_id, form), 422
    flash(gettext("The person is signed out everywhere and cannot sign in."), "success")
    return redirect(url_for(".show_customer", customer_id=customer_id), 303)


@blueprint.post("/<uuid:customer_id>/unblock")
@platform("admin")
def unblock(customer_id: UUID):
    """Let the person sign in again."""
    in_transaction(lambda: people.unblock_person(people.find_person(customer_id), by=g.me.customer_id))
    flash(gettext("The person may sign in again."), "success")
    return redirect(url_for(".show_customer", customer_id=customer_id), 303)


def _ask_block(customer_id: UUID, form: Form) -> str:
    return render_template("admin/block.html", person=people.find_person(customer_id), form=form)


def _read_filter(form: FilterForm, partner) -> PeopleFilter:
    return PeopleFilter(
        query=form.q.data or "",
        partner_id=partner.id if partner else None,
        state=form.state.data if form.state.data in ("active", "blocked") else None,
        has_points=_YES_NO.get(form.points.data),
        proven=_YES_NO.get(form.proof.data),
        vip=_YES_NO.get(form.vip.data),
        since=_day(form.since),
        until=_day(form.until),
    )


def _day(field: DateField) -> date | None:
    """A day of this age; another one is said to be wrong and does not narrow."""
    if field.data is None or 2000 <= field.data.year <= 2100:
        return field.data
    field.errors = [gettext("Choose a year from 2000 to 2100.")]
    return None


def _partner_choices(shops: list, partner) -> list[SelectChoice]:
    if partner is not None and all(shop.id != partner.id for shop in shops):
        shops = [partner, *shops]
    return [SelectChoice("", gettext("All partners")), *(SelectChoice(shop.code, shop.name) for shop in shops)]


def _chips(form: FilterForm, partner) -> Iterable[tuple[str, str]]:
    """Each filter that narrows, in words, with the address without it."""
    if form.q.data:
        yield f"«{form.q.data}»", _at(q=None)
    if partner is not None:
        yield partner.name, _at(partner=None)
    for field in (form.state, form.points, form.proof, form.vip):
        words = next((choice.label for choice in field.choices if choice.value == field.data), None)
        if field.data and words:
            yield f"{field.label.text}: {words}", _at(**{field.name: None})
    for field in (form.since, form.until):
        if field.data is not None and not field.errors:
            yield f"{field.label.text}: {write_day(field.data)}", _at(**{field.name: None})


def _at(**changes: str | None) -> str:
    """This page with its address changed: what is empty is left out, and what narrows otherwise begins at the first page."""
    kept = {name: request.args[name] for name in _IN_ADDRESS if request.args.get(name)}
    return url_for(request.endpoint, **(request.view_args or {}), **(kept | changes))


_IN_ADDRESS = ("q", "partner", "state", "points", "proof", "vip", "since", "until", "sort", "kind")
"""What an address keeps when it changes; where the list was read to is given anew."""

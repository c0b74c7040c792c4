"""The programme: its rules as a form, a calculator that tries the draft in the form, and the history of its versions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy

from loyalty import programmes, what_if
from loyalty.clock import utcnow
from loyalty.errors import InvalidProgramme, LoyaltyError, ProgrammeChanged
from loyalty.money import parse_money
from loyalty.rules import PRESETS, Rules, plain_number
from loyalty.sales import Basket
from loyalty.terms import Change, Term, compare_rules, list_terms
from loyalty.types import Member, Pricing
from models.transactions import in_transaction
from web.access import staff
from web.desk.programme_form import Number, ProgrammeForm, TryForm, fill, read, show_refusal, write
from web.formats import use_zone
from web.forms import refuse
from web.terms import GROUPS, NAMES, say_change, say_step, say_term

blueprint = Blueprint("desk_programme", __name__, url_prefix="/partner/programme")

PRESET_NAMES = {"default": lazy("Café or salon: 5 %"), "retail": lazy("Shop: 1 % and multipliers")}
FIRST_CHECK = 10_000
"""The check the calculator begins with."""
LONGEST_NOTICE = 600


@dataclass
class Draft:
    """What the form holds: the rules if they can be read, how they differ from those in force, and a purchase tried by them."""

    rules: Rules | None = None
    changes: list[Change] = field(default_factory=list)
    pricing: Pricing | None = None

    @property
    def terms(self) -> list[Term]:
        """What a customer would be told of these rules."""
        found = list_terms(self.rules) if self.rules else []
        return [term for term in found if term.is_on and term.group != "returns"]


@blueprint.get("")
@staff("programme:read")
def show_programme():
    """The rules in force, or an earlier version taken as a draft."""
    version, rules = programmes.current_rules(g.me.partner_id)
    wanted = request.args.get("version", type=int)
    taken = programmes.rules_of_version(g.me.partner_id, wanted) if wanted else rules
    form = ProgrammeForm(formdata=None, data=fill(taken) | {"version": version})
    trial = TryForm(formdata=None, data={"amount": write(FIRST_CHECK)})
    return _show(form, trial, version, rules, taken=wanted)


@blueprint.post("/try")
@staff("programme:read")
def try_programme():
    """The same page with the purchase tried by the draft; nothing is kept. `preset` fills the draft with a ready set."""
    version, rules = programmes.current_rules(g.me.partner_id)
    trial = TryForm()
    form = ProgrammeForm()
    preset = request.form.get("preset")
    if preset in PRESETS:
        form = ProgrammeForm(formdata=None, data=fill(PRESETS[preset]) | {"version": form.version.data})
    elif not g.me.may("programme:write"):
        form = ProgrammeForm(formdata=None, data=fill(rules))
    return _show(form, trial, version, rules)


@blueprint.post("")
@staff("programme:write")
def save_programme():
    """Put the draft in force from now on, as a new version."""
    form, trial = ProgrammeForm(), TryForm()
    before, rules = programmes.current_rules(g.me.partner_id)
    based_on = int(form.version.data) if re.fullmatch(r"[0-9]{1,9}", form.version.data or "") else before

    def put() -> tuple[int, Rules]:
        return programmes.set_rules(g.me.partner_id, read(form), by=g.me.customer_id, now=utcnow(), based_on=based_on)

    try:
        version, after = in_transaction(put)
    except InvalidProgramme as refused:
        show_refusal(form, refused)
    except ProgrammeChanged as changed:
        refuse(form, changed)
        form.version.data = str(changed.version)
    else:
        if version == before:
            flash(gettext("The rules are as they were: nothing was changed."), "info")
        else:
            flash(_tell(compare_rules(rules, after)), "success")
        return redirect(url_for(".show_programme"), 303)
    version, rules = programmes.current_rules(g.me.partner_id)
    return _show(form, trial, version, rules), 422


def _show(form: ProgrammeForm, trial: TryForm, version: int, rules: Rules, *, taken: int | None = None) -> str:
    use_zone(g.me.partner.timezone)
    before = request.args.get("before", type=int)
    versions, more = programmes.list_versions(g.me.partner_id, before=before, limit=10)
    return render_template(
        "partner/programme.html" if g.me.may("programme:write") else "partner/programme_read.html",
        form=form,
        trial=trial,
        draft=_try(form, trial, rules),
        version=version,
        terms=[(title, [term for term in list_terms(rules) if term.group == group]) for group, title in GROUPS.items()],
        versions=versions,
        more=more,
        before=before,
        taken=taken,
        presets=PRESET_NAMES,
        names=NAMES,
        say_term=say_term,
        say_change=say_change,
        say_step=say_step,
    )


def _try(form: ProgrammeForm, trial: TryForm, rules: Rules) -> Draft:
    """The draft read and tried; what cannot be read or tried is said on its form."""
    try:
        draft = Rules.from_json(read(form))
    except InvalidProgramme as refused:
        if not form.is_refused:
            show_refusal(form, refused)
        return Draft()
    found = Draft(draft, compare_rules(rules, draft))
    points, purchases = _read_whole(trial.points), _read_whole(trial.purchases)
    if not trial.amount.data or trial.is_refused:
        return found
    try:
        found.pricing = what_if.try_purchase(
            g.me.partner,
            Basket(parse_money(plain_number(trial.amount.data), field="amount")),
            Member(
                is_vip=bool(trial.is_vip.data),
                average_check=_read_average(trial),
                earlier_purchases=purchases,
                available=what_if.ENOUGH_POINTS,
            ),
            at=utcnow(),
            changes=draft.to_json(),
            points=points,
            on_birthday=bool(trial.on_birthday.data),
        )
    except LoyaltyError as refused:
        refuse(trial, refused)
    return found


def _read_average(trial: TryForm) -> Decimal | None:
    text = trial.average_check.data
    return parse_money(plain_number(text), field="average_check") if text else None


def _read_whole(asked: Number) -> int:
    """The number of a field that may stay empty; what is none is said beside it."""
    text = plain_number(asked.data) or "0"
    if text.isdecimal() and len(text) <= 12:
        return int(text)
    asked.errors = [*asked.errors, gettext("Enter a whole number.")]
    return 0


def _tell(changes: list[Change]) -> str:
    """What changed, in a sentence that fits where a page keeps it for the next one; the history tells the rest."""
    told = "; ".join(say_change(change) for change in changes)
    if len(told) <= LONGEST_NOTICE:
        return gettext("The new rules are in force from now on. %(changes)s.", changes=told)
    names = ", ".join(str(NAMES[change.kind]) for change in changes)
    return gettext("The new rules are in force from now on. Changed: %(names)s.", names=names)

"""Correcting a person's points by hand: what is asked, what it would do, and the doing, once."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy
from wtforms import RadioField, SelectChoice, SelectField, StringField, TextAreaField

from loyalty import corrections, partners, people
from loyalty.clock import utcnow
from loyalty.corrections import Forecast
from loyalty.errors import LoyaltyError
from loyalty.sales import Caller
from loyalty.wallet import Wallet, open_wallet
from models.customer import Customer
from models.partner import Partner
from models.transactions import commits
from web.access import platform
from web.desk.fields import strip
from web.formats import write_points, write_signed
from web.forms import Deed, refuse
from web.once import do_once

blueprint = Blueprint("admin_corrections", __name__, url_prefix="/admin/customers")

_MOST_POINTS = 10**9


def _tidy_number(text: str | None) -> str:
    return "".join((text or "").split())


class CorrectionForm(Deed):
    """Shown twice: to be filled in, and then, with `confirmed`, hidden behind what it would do."""

    partner = SelectField(lazy("At which partner"), validate_choice=False)
    direction = RadioField(
        lazy("What to do"),
        choices=[SelectChoice("credit", lazy("Add points")), SelectChoice("debit", lazy("Take points away"))],
        validate_choice=False,
    )
    points = StringField(lazy("How many points"), filters=[_tidy_number])
    reason = TextAreaField(lazy("Reason"), filters=[strip], render_kw={"rows": 2, "maxlength": 500})

    def read_points(self) -> int | None:
        """With its sign; None when it is no number of points."""
        text = self.points.data or ""
        if not re.fullmatch(r"[0-9]{1,12}", text) or not 0 < int(text) <= _MOST_POINTS:
            return None
        return -int(text) if self.direction.data == "debit" else int(text)

    def check(self) -> bool:
        """Whether everything is there that the core does not ask for."""
        if not self.partner.data:
            self.partner.errors = [gettext("Choose the partner whose points these are.")]
        if self.direction.data not in ("credit", "debit"):
            self.direction.errors = [gettext("Choose whether points are added or taken away.")]
        if self.read_points() is None:
            self.points.errors = [gettext("Enter a whole number of points.")]
        if not self.reason.data or len(self.reason.data) > 500:
            self.reason.errors = [
                gettext("Write why, in up to 500 characters: the customer and other admins read this.")
            ]
        return not self.errors


def prepare_form(form: CorrectionForm, wallet: Wallet) -> CorrectionForm:
    """The form with the partners to choose from; the only one is chosen already."""
    choices = [SelectChoice(one.partner_code, one.partner_name) for one in wallet.pockets]
    form.partner.choices = choices if len(choices) == 1 else [SelectChoice("", gettext("Choose")), *choices]
    return form


@blueprint.get("/<uuid:customer_id>/correction")
@platform("admin")
@commits
def show_correction(customer_id: UUID):
    """The form on a page of its own; `partner` chooses the account."""
    asked = {"direction": "credit", "partner": request.args.get("partner", "")}
    return _show(people.find_person(customer_id), CorrectionForm(formdata=None, data=asked))


@blueprint.post("/<uuid:customer_id>/correction")
@platform("admin")
def correct(customer_id: UUID):
    """Say what the correction would do; when that was confirmed, do it."""
    person, form = people.find_person(customer_id), CorrectionForm()
    step = request.form.get("step")
    if step == "change" or not form.check():
        return _show(person, form), 200 if step == "change" else 422
    try:
        partner, points = partners.get_partner(form.partner.data), form.read_points()
        if step == "do":
            return _do(person, partner, points, form)
        return _preview(person, partner, points, form)
    except LoyaltyError as refused:
        refuse(form, refused, {"customer_id": "partner"})
        return _show(person, form), 422


@commits
def _preview(person: Customer, partner: Partner, points: int, form: CorrectionForm) -> str:
    forecast: Forecast = corrections.preview_correction(partner, person.id, points, now=utcnow())
    form.deed.data = str(uuid4())  # asked for once more, it is another deed
    last_day = None
    if forecast.expires_at is not None:
        last_day = (forecast.expires_at - timedelta(microseconds=1)).astimezone(ZoneInfo(partner.timezone)).date()
    return render_template(
        "admin/correction_preview.html",
        person=person,
        partner=partner,
        forecast=forecast,
        form=form,
        last_day=last_day,
    )


def _do(person: Customer, partner: Partner, points: int, form: CorrectionForm):
    caller = Caller(g.me.caller, "admin", actor=g.me.customer_id)

    def act() -> dict[str, int]:
        posted = corrections.correct_points(
            partner, person.id, points, form.reason.data, caller=caller, key=form.deed.data, now=utcnow()
        )
        return {"points": posted.points, "balance": posted.account.balance}

    answer, repeated = do_once(form, act)
    told = gettext(
        "%(points)s at %(partner)s: %(balance)s now.",
        points=write_signed(answer["points"]),
        partner=partner.name,
        balance=write_points(answer["balance"]),
    )
    flash(gettext("This correction was made already, once.") if repeated else told, "info" if repeated else "success")
    return redirect(url_for("admin_customers.show_customer", customer_id=person.id), 303)


@commits
def _show(person: Customer, form: CorrectionForm) -> str:
    wallet = open_wallet(person.id, utcnow())
    return render_template("admin/correction.html", person=person, wallet=wallet, form=prepare_form(form, wallet))

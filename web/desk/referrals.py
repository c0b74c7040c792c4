"""Invitations of friends at the desk: what came of them, who has to be decided on, and the terms with an example."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, g, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as lazy
from wtforms import BooleanField, IntegerField, StringField

from loyalty import exports, referral_results, referral_rewards, referrals
from loyalty.clock import utcnow
from loyalty.errors import LoyaltyError, ReferralNotFound
from loyalty.lifetime import available_at
from loyalty.referral_terms import Terms
from loyalty.sums import read_sum, write_sum
from models import transaction
from models.referral import STATES
from models.transactions import in_transaction
from web.access import staff
from web.desk.fields import PAGE, read_cursor, strip
from web.formats import use_zone, write_day, write_money, write_points
from web.forms import Form, carry_out, refuse
from web.referrals import DOUBTS, REASONS, say_terms
from web.referrals import STATES as STATE_WORDS

blueprint = Blueprint("desk_referrals", __name__, url_prefix="/partner/referrals")

WAYS = {
    "link": lazy("by the link"),
    "code": lazy("by the code"),
    "bot": lazy("in the bot"),
    "till": lazy("at the till"),
}
_NUMBERS = ("inviter_points", "friend_points", "return_days", "most_a_month")


class TermsForm(Form):
    is_on = BooleanField(lazy("Customers may invite friends"))
    inviter_points = IntegerField(lazy("Points for who invites"))
    friend_points = IntegerField(lazy("Points for the friend"))
    minimum = StringField(lazy("The friend's first check is at least"), filters=[strip])
    return_days = IntegerField(lazy("Days for a return"))
    most_a_month = IntegerField(lazy("Friends a month for one customer"))
    life_days = StringField(lazy("Days the points live"), filters=[strip])


@blueprint.get("")
@staff("customers:read")
def list_referrals():
    """The figures, the friends to decide on, and everybody, of one state on request."""
    return _show_list(Form(formdata=None))


@blueprint.post("/<uuid:referral_id>/approve")
@staff("customers:write")
def approve(referral_id: UUID):
    """Both are rewarded."""
    return _decide(referral_id, approve=True)


@blueprint.post("/<uuid:referral_id>/refuse")
@staff("customers:write")
def refuse_friend(referral_id: UUID):
    """Nobody is rewarded for this friend."""
    return _decide(referral_id, approve=False)


@blueprint.get("/export.csv")
@staff("export:read")
def export():
    """Every invited friend as a file for a spreadsheet."""
    headers = {"Content-Disposition": 'attachment; filename="referrals.csv"'}
    written = exports.write_csv(referral_results.EXPORT, g.me.partner_id, transaction)
    return Response(stream_with_context(written), mimetype="text/csv", headers=headers)


@blueprint.get("/terms")
@staff("programme:read")
def show_terms():
    """The terms in words with an example, and the form for who may change them."""
    return _show_terms(_terms_form())


@blueprint.post("/terms")
@staff("programme:write")
def change_terms():
    """Friends who come from now on come on these terms."""
    form = TermsForm()
    wanted = _read(form)

    def act() -> None:
        referrals.set_terms(g.me.partner, Terms.from_json(wanted), by=g.me.customer_id)

    if form.is_refused or carry_out(form, act) is None:
        return _show_terms(form), 422
    flash(gettext("Saved."), "success")
    return redirect(url_for(".show_terms"), 303)


def _decide(referral_id: UUID, *, approve: bool):
    form = Form()

    def act() -> str:
        decided = referral_rewards.decide(g.me.partner, referral_id, approve=approve, by=g.me.customer_id, now=utcnow())
        return decided.state

    try:
        state = in_transaction(act)
    except ReferralNotFound:
        raise
    except LoyaltyError as error:
        refuse(form, error)
        return _show_list(form), 422
    said = {
        "rewarded": gettext("Both got their points and are told."),
        "refused": gettext("There is no reward; both are told why."),
    }
    flash(said.get(state, gettext("The purchase was returned meanwhile: we wait for the next one.")), "success")
    return redirect(url_for(".list_referrals"), 303)


def _show_list(form: Form) -> str:
    use_zone(g.me.partner.timezone)
    state = request.args.get("state")
    state = state if state in STATES else None
    after = read_cursor(request.args.get("after"))
    found = referral_results.list_referrals(g.me.partner_id, state=state, after=after, limit=PAGE + 1)
    waiting = referral_results.list_referrals(g.me.partner_id, state="review", limit=PAGE)
    return render_template(
        "partner/referrals.html",
        form=form,
        terms=referrals.terms_of(g.me.partner),
        results=referral_results.results(g.me.partner_id) if g.me.may("stats:read") else None,
        waiting=waiting,
        rows=found[:PAGE],
        after=found[PAGE - 1].referral_id if len(found) > PAGE else None,
        state=state,
        states=STATE_WORDS,
        reasons=REASONS,
        doubts=DOUBTS,
        ways=WAYS,
    )


def _terms_form() -> TermsForm:
    written: dict[str, Any] = vars(referrals.terms_of(g.me.partner))
    life = written["life_days"]
    data = written | {"minimum": write_sum(written["minimum"]), "life_days": "" if life is None else str(life)}
    return TermsForm(formdata=None, data=data)


def _read(form: TermsForm) -> dict[str, Any]:
    wanted: dict[str, Any] = {"is_on": form.is_on.data}
    for name in _NUMBERS:
        wanted[name] = form[name].data
        if form[name].data is None:
            form[name].errors = [gettext("Enter a whole number.")]
    try:
        text = form.minimum.data
        wanted["minimum"] = read_sum(text, field="minimum") if text.strip("0.,") else Decimal(0)
    except LoyaltyError as error:
        refuse(form, error)
    life = form.life_days.data
    wanted["life_days"] = int(life) if life.isdecimal() and len(life) < 6 else None
    if life and wanted["life_days"] is None:
        form.life_days.errors = [gettext("Enter a whole number.")]
    return wanted


def _show_terms(form: TermsForm) -> str:
    terms = referrals.terms_of(g.me.partner)
    return render_template(
        "partner/referral_terms.html",
        form=form,
        terms=terms,
        told=say_terms(terms),
        example=say_example(terms),
    )


def say_example(terms: Terms) -> list[str]:
    """The terms as a story with days and sums, and what it costs at the most."""
    now = utcnow()
    bought = max(terms.minimum, Decimal(1000))
    comes = available_at(now, terms.return_days, ZoneInfo(g.me.partner.timezone))
    return [
        gettext(
            "Anna sends the link to Boris. Today he registers by it and buys for %(sum)s.", sum=write_money(bought)
        ),
        gettext(
            "If he returns nothing, on %(day)s Anna gets %(hers)s and Boris %(his)s.",
            day=write_day(comes + timedelta(hours=12)),
            hers=write_points(terms.inviter_points),
            his=write_points(terms.friend_points),
        ),
        gettext(
            "If he returns so much that less than %(sum)s is left, also later, both lose these points.",
            sum=write_money(terms.minimum or Decimal(1)),
        ),
        gettext(
            "One customer costs at most %(points)s a month, their friends not counted.",
            points=write_points(terms.inviter_points * terms.most_a_month),
        ),
    ]

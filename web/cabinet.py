"""The customer's cabinet: the wallet with the code for the till, the history of points, the purchases."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import Blueprint, g, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as lazy
from wtforms import DateField, SelectChoice, SelectField
from wtforms.validators import Optional

from loyalty import accounts, claims, codes, offered, services, surveys, wallet
from loyalty.accounts import Figures, PurchaseFilter
from loyalty.claims import OwnClaim
from loyalty.clock import utcnow
from loyalty.offers import Promotion
from models.transactions import commits
from web import till_codes
from web.access import signed_in
from web.formats import use_zone, write_number
from web.forms import Form
from web.operations import KINDS, tell
from web.pictures import Bar, draw_bars
from web.promotions import list_conditions, say_effect, say_standing

blueprint = Blueprint("cabinet", __name__, url_prefix="/customer")

MONTHS = 6
RECENT = 5
PAGE = 20
LATEST_CLAIMS = 5
PERIODS = {"30": lazy("30 days"), "365": lazy("A year"), "all": lazy("All time")}
NOBODY = UUID(int=0)


class PurchasesForm(Form):
    """What to show of the purchases, in the address of the page."""

    since = DateField(lazy("From"), validators=[Optional()])
    until = DateField(lazy("To"), validators=[Optional()])
    partner = SelectField(lazy("Partner"), validate_choice=False)

    def validate(self, extra_validators=None) -> bool:
        is_good = super().validate(extra_validators)
        if is_good and self.since.data and self.until.data and self.since.data > self.until.data:
            self.until.errors = [*self.until.errors, gettext("The last day lies before the first one.")]
            return False
        return is_good


@blueprint.get("")
@signed_in
@commits
def show_cabinet():
    """How many points there are, what they are worth and where; the code for the till; what comes next."""
    now = utcnow()
    mine = _open_wallet(now)
    today = now.astimezone(ZoneInfo(mine.timezone)).date()
    operations, _ = accounts.list_operations(g.me.customer_id, limit=RECENT)
    return render_template(
        "customer/home.html",
        wallet=mine,
        shown=till_codes.show_code(),
        figures=_figures(today),
        surveys=surveys.list_waiting(g.me.customer_id, utcnow()),
        operations=[tell(operation) for operation in operations],
    )


@blueprint.get("/code")
@signed_in
@commits
def show_code():
    """The code for the till alone and large; what the open page looks at to know that it was used."""
    _open_wallet(utcnow())
    return render_template("customer/code.html", shown=till_codes.show_code())


@blueprint.post("/code")
@signed_in
@commits
def renew_code():
    """Show another code; the one that was shown stops working."""
    codes.issue(g.me.customer_id, utcnow())
    return redirect(url_for("cabinet.show_code" if request.form.get("alone") else "cabinet.show_cabinet"), 303)


@blueprint.get("/loyalty")
@signed_in
@commits
def show_history():
    """Every operation in words, narrowed to a partner or a kind; what waits, what is held, what expires."""
    now = utcnow()
    mine = _open_wallet(now)
    kind = request.args.get("kind") if request.args.get("kind") in KINDS else None
    pocket = next((one for one in mine.pockets if one.partner_code == request.args.get("partner")), None)
    partner_id = pocket.partner_id if pocket else NOBODY if request.args.get("partner") else None
    cursor = request.args.get("cursor")
    operations, following = accounts.list_operations(
        g.me.customer_id, partner_id=partner_id, kind=kind, cursor=cursor, limit=PAGE
    )
    standing = offered.find_standing(g.me.customer_id, pocket.partner_id, now) if pocket else None
    months = wallet.list_months(g.me.customer_id, months=MONTHS, timezone=mine.timezone, now=now)
    return render_template(
        "customer/history.html",
        wallet=mine,
        kinds=KINDS,
        kind=kind,
        pocket=pocket,
        standing=say_standing(standing) if standing else None,
        offers=_list_offers(pocket.partner_id, now) if pocket else (),
        menu=services.by_category(services.visible(pocket.partner_id)) if pocket else (),
        operations=[tell(operation) for operation in operations],
        claims=_list_undone(partner_id) if not cursor and kind is None else (),
        months=months,
        picture=_draw_months(months),
        at=_addresses("cabinet.show_history", kind=kind, partner=request.args.get("partner")),
        is_first=not cursor,
        following=following,
    )


def _list_undone(partner_id: UUID | None) -> list[OwnClaim]:
    """Of the person's latest claims those that gave nothing (yet): they stand in no line of the history."""
    found = claims.list_own(g.me.customer_id, limit=LATEST_CLAIMS)
    return [one for one in found if one.state in ("waiting", "refused") and partner_id in (None, one.partner_id)]


def _list_offers(partner_id: UUID, now: datetime) -> list[tuple[Promotion, list[str]]]:
    """What runs for the person at a partner, with its terms in words."""
    found = [one.promotion for one in offered.list_offered(g.me.customer_id, now, partner_id=partner_id)]
    return [(one, [say_effect(one.terms), *list_conditions(offered.told(one.terms))]) for one in found]


@blueprint.get("/purchases")
@signed_in
@commits
def show_purchases():
    """The purchases of some days, with lines, refunds and totals."""
    now = utcnow()
    mine = _open_wallet(now)
    form = PurchasesForm(formdata=request.args)
    form.partner.choices = [SelectChoice("", gettext("All partners"))]
    form.partner.choices += [SelectChoice(one.partner_code, one.partner_name) for one in mine.pockets]
    today = now.astimezone(ZoneInfo(mine.timezone)).date()
    is_good = form.validate()
    period, wanted = _choose_days(form, today) if is_good else (None, None)
    found, following, summary = [], None, None
    if is_good:
        named = form.partner.data or None
        pocket = next((one for one in mine.pockets if one.partner_code == named), None)
        partner_id = pocket.partner_id if pocket else NOBODY if named else None
        wanted = PurchaseFilter(partner_id=partner_id, since=wanted[0], until=wanted[1])
        found, following = accounts.list_purchases(
            g.me.customer_id, wanted, cursor=request.args.get("cursor"), limit=PAGE
        )
        summary = accounts.summarise_purchases(g.me.customer_id, wanted)
    page = render_template(
        "customer/purchases.html",
        wallet=mine,
        form=form,
        periods=PERIODS,
        period=period,
        purchases=found,
        summary=summary,
        at=_addresses(
            "cabinet.show_purchases",
            period=request.args.get("period"),
            since=request.args.get("since"),
            until=request.args.get("until"),
            partner=request.args.get("partner"),
        ),
        is_first="cursor" not in request.args,
        following=following,
    )
    return page, 200 if is_good else 422


def _open_wallet(now: datetime) -> wallet.Wallet:
    mine = wallet.open_wallet(g.me.customer_id, now)
    use_zone(mine.timezone)
    return mine


def _figures(today: date) -> list[tuple[str, Figures, Figures]]:
    """(what period, its figures, those of the equal period before), the shorter one first."""
    names = (gettext("Last 30 days"), gettext("Last 12 months"))
    periods = []
    for days in (30, 365):
        first = today - timedelta(days=days - 1)
        periods += [(first, today), (first - timedelta(days=days), first - timedelta(days=1))]
    found = accounts.list_figures(g.me.customer_id, periods)
    return list(zip(names, found[0::2], found[1::2], strict=True))


def _draw_months(months: list[wallet.Month]):
    groups = []
    for month in months:
        name = format_date(month.first_day, "LLLL", locale=get_locale())
        groups.append(
            Bar(
                format_date(month.first_day, "LLL", locale=get_locale()).rstrip("."),
                (month.earned, month.spent),
                (
                    gettext("%(month)s: %(points)s credited", month=name, points=write_number(month.earned)),
                    gettext("%(month)s: %(points)s spent", month=name, points=write_number(month.spent)),
                ),
            )
        )
    earned, spent = sum(month.earned for month in months), sum(month.spent for month in months)
    label = gettext(
        "Points of %(months)s months: %(earned)s credited, %(spent)s spent",
        months=len(months),
        earned=write_number(earned),
        spent=write_number(spent),
    )
    return draw_bars(groups, label)


def _choose_days(form: PurchasesForm, today: date) -> tuple[str | None, tuple[date | None, date | None]]:
    """The quick period that is chosen (None: days typed in), and the days."""
    if form.since.data or form.until.data:
        return None, (form.since.data, form.until.data)
    period = request.args.get("period")
    if period in ("30", "365"):
        return period, (today - timedelta(days=int(period) - 1), None)
    return "all", (None, None)


def _addresses(endpoint: str, **kept: str | None):
    """Makes addresses of the same page: `at(kind="spent")` changes one thing and keeps the others."""

    def at(**changes: str | None) -> str:
        return url_for(endpoint, **{name: value for name, value in (kept | changes).items() if value})

    return at

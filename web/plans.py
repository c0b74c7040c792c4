"""What plans and what they open are called, and the page that stands where something is locked."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, render_template
from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from loyalty import plans

PLAN_NAMES = {"basic": _("Basic"), "advanced": "Advanced", "enterprise": "Enterprise"}


@dataclass(frozen=True)
class Opened:
    """What a feature is called, what it does, and how it goes, step by step, for who has not seen it yet."""

    name: LazyString
    does: LazyString
    icon: str = "check"
    example: tuple[LazyString, ...] = ()


FEATURES = {
    "telegram_bot": Opened(
        _("Telegram bot"), _("Staff credit and spend points in a chat, customers see theirs."), "chat"
    ),
    "statistics": Opened(_("Figures"), _("Turnover, purchases, customers and points of the last month."), "chart"),
    "promotions": Opened(_("Promotions"), _("Gifts, multipliers, happy hours, birthdays."), "gift"),
    "services": Opened(_("Catalogue of services"), _("What you sell, with prices."), "receipt"),
    "nps": Opened(_("Customers' opinion"), _("A question after a visit, and what was answered."), "star"),
    "referrals": Opened(_("Bring a friend"), _("Points for a friend's first purchase."), "people"),
    "search": Opened(_("Search"), _("A customer by phone, card, code or name."), "search"),
    "export": Opened(_("Files"), _("Customers and operations as tables."), "download"),
    "qr_codes": Opened(
        _("QR on the counter"),
        _("Customers ask for the points of a purchase by themselves: no queue, and nothing to dictate."),
        "qr",
        (
            _("You print a poster or a table tent with your code."),
            _("The customer scans it, types 700 ₽ or scans the receipt."),
            _("You see the request at the till and approve it with one press: +35 points."),
        ),
    ),
    "web_widget": Opened(
        _("Widget on your site"),
        _("Your customers see their points and join right on your site."),
        "widget",
        (
            _("You paste two lines of code and choose your colour."),
            _("In the corner of the site there is a button with points."),
            _("The customer gives a phone and sees: 300 points are 300 ₽ for the next visit."),
        ),
    ),
    "widget_spending": Opened(
        _("Spending by the widget"), _("Points are reserved on your site and spent at the till."), "widget"
    ),
    "targeting": Opened(
        _("Promotions for chosen customers"),
        _("For a tier, a list, or by a rule: who spent how much and when."),
        "gift",
    ),
    "extended_statistics": Opened(
        _("Extended figures"), _("Any period up to a year, and branches beside each other."), "chart"
    ),
    "contact_base": Opened(
        _("Base of phones and e-mails"), _("Contacts of your customers as a column of your file."), "mail"
    ),
    "till_integration": Opened(
        _("Your till's own program"),
        _("The till asks Kopilka for the points itself: the cashier types nothing twice."),
        "key",
        (
            _("You make a key here and write it into the till's program."),
            _("The till asks what a purchase of 1 000 ₽ earns and what may be spent."),
            _("Credits, spending and returns post themselves."),
        ),
    ),
    "crm_sync": Opened(_("Points from your CRM"), _("A paid visit in the CRM credits points by itself."), "undo"),
    "full_sync": Opened(
        _("Full exchange with the CRM"), _("Customers, visits and balances are the same in both."), "undo"
    ),
    "ai_analytics": Opened(_("AI personalisation"), _("Whom to invite, with what and when."), "star"),
    "crm_analytics": Opened(_("Analytics of the CRM"), _("Visits, masters and services beside the points."), "chart"),
}
"""In the order in which plans are compared."""


def name_plan(code: str) -> str:
    return str(PLAN_NAMES[code])


def show_locked(feature: str, plan: str | None) -> str:
    """The page of something that is locked: what it does, which plan opens it, what that costs, and how to get it."""
    return render_template(
        "partner/locked.html",
        feature=FEATURES[feature],
        opens=plans.find_plan(plan) if plan else None,
        present=g.me.place.plan,
        plan_names=PLAN_NAMES,
    )

"""The desk's sections: a handful of groups, each with its pages. A new page is one line here.

On a phone the groups are the bar at the thumb, and the pages of the one that is open stand over the content; at a desk they
are the rail, where the open group shows its pages. What a role does not allow is not shown, and a group of one page is
that page.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, request
from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from loyalty import waiting
from web.till.fields import caller


@dataclass(frozen=True)
class Way:
    """A page that has a place of its own, and `covers`: addresses that are part of it without lying below it.

    Where the plan does not open `feature`, it stays in sight with a lock, and the page explains itself.
    """

    scope: str
    address: str
    icon: str
    text: LazyString
    covers: tuple[str, ...] = ()
    feature: str | None = None

    @property
    def is_locked(self) -> bool:
        return self.feature is not None and self.feature not in g.me.place.features

    @property
    def is_here(self) -> bool:
        """Whether the page that is shown is this one or lies below it; the till's address is the beginning of all."""
        below = self.covers if self.address == TILL else (self.address, *self.covers)
        return request.path == self.address or any(f"{request.path}/".startswith(f"{one}/") for one in below)


@dataclass(frozen=True)
class Group:
    icon: str
    text: LazyString
    ways: tuple[Way, ...]


@dataclass(frozen=True)
class Shown:
    """A group as one person sees it; `waiting` is by address how much waits there."""

    icon: str
    text: LazyString
    ways: tuple[Way, ...]
    waiting: dict[str, int]

    @property
    def is_here(self) -> bool:
        return any(way.is_here for way in self.ways)


TILL = "/partner"

GROUPS = (
    Group(
        "till",
        _("Till"),
        (
            Way("points:credit", TILL, "till", _("Till"), ("/partner/holds", "/partner/sale-codes")),
            Way("points:credit", "/partner/claims", "inbox", _("Requests")),
            Way("transactions:read", "/partner/purchases", "receipt", _("Purchases")),
        ),
    ),
    Group(
        "people",
        _("Customers"),
        (
            Way("customers:read", "/partner/customers", "people", _("Customers")),
            Way("stats:read", "/partner/nps", "chat", _("Answers")),
        ),
    ),
    Group(
        "gift",
        _("Marketing"),
        (
            Way("programme:read", "/partner/programme", "percent", _("Programme")),
            Way("programme:read", "/partner/tiers", "star", _("Tiers")),
            Way("programme:read", "/partner/promotions", "gift", _("Promotions")),
            Way("programme:read", "/partner/services", "list", _("Services")),
            Way("customers:read", "/partner/referrals", "share", _("Invitations")),
        ),
    ),
    Group(
        "share",
        _("Channels"),
        (
            Way("content:write", "/partner/poster", "qr", _("QR poster"), feature="qr_codes"),
            Way("partner:write", "/partner/widget", "widget", _("Widget"), feature="web_widget"),
        ),
    ),
    Group(
        "shop",
        _("Business"),
        (
            Way("stats:read", "/partner/stats", "chart", _("Figures")),
            Way("partner:write", "/partner/plan", "card", _("Plan")),
            Way("staff:read", "/partner/staff", "badge", _("Staff")),
            Way("branches:write", "/partner/branches", "shop", _("Branches")),
            Way("keys:read", "/partner/keys", "key", _("Keys"), feature="till_integration"),
            Way("partner:write", "/partner/settings", "gear", _("Settings")),
        ),
    ),
)


def list_ways() -> list[Shown]:
    """What the person who is signed in may open here."""
    counted = waiting.count_waiting(
        g.me.partner_id, caller(), {scope for scope in waiting.NEEDS.values() if g.me.may(scope)}
    )
    shown = {"/partner/claims": counted[waiting.CLAIMS], "/partner/nps": counted[waiting.TASKS]}
    found = []
    for group in GROUPS:
        if ways := tuple(way for way in group.ways if g.me.may(way.scope)):
            face = ways[0] if len(ways) == 1 else group
            found.append(Shown(face.icon, face.text, ways, shown))
    return found

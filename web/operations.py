"""An operation of the ledger in words."""

from __future__ import annotations

from flask_babel import lazy_gettext as lazy

TITLES = {
    "purchase": lazy("Purchase"),
    "purchase_raised": lazy("Purchase adjusted"),
    "purchase_lowered": lazy("Purchase adjusted"),
    "spent": lazy("Paid with points"),
    "spend_lowered": lazy("Points given back"),
    "refund_took": lazy("Refund"),
    "refund_gave": lazy("Refund: points given back"),
    "welcome": lazy("Welcome gift"),
    "bonus": lazy("Bonus"),
    "expired": lazy("Points have expired"),
    "corrected": lazy("Corrected by hand"),
    "undone": lazy("Taken back"),
    "merged": lazy("Accounts joined"),
}

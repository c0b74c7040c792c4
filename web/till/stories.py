"""What an operation was, in the words of the partner's staff."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from loyalty.stories import story_of

_WORDS = {
    "purchase": _("Credited for a purchase"),
    "purchase_raised": _("Credited: the check has grown"),
    "purchase_lowered": _("Taken back: the check has shrunk"),
    "spent": _("Spent on a purchase"),
    "spend_lowered": _("Given back: the check has shrunk"),
    "refund_took": _("Taken back with a return"),
    "refund_gave": _("Given back with a return"),
    "welcome": _("Welcome bonus"),
    "bonus": _("Bonus"),
    "expired": _("Expired"),
    "corrected": _("Corrected by hand"),
    "undone": _("Correction taken back"),
    "merged": _("Two accounts became one"),
}


def say_story(operation: Any) -> str:
    return str(_WORDS[story_of(operation)])

"""What staff and admins did, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext
from flask_babel import lazy_gettext as lazy

from loyalty.people import AuditLine
from web.access import ROLE_NAMES
from web.formats import write_signed

DEEDS = {
    "application.approve": lazy("Application approved"),
    "application.refuse": lazy("Application refused"),
    "customer.block": lazy("Blocked"),
    "customer.change": lazy("Profile changed"),
    "customer.link_telegram": lazy("Telegram linked"),
    "customer.merge": lazy("Two records joined"),
    "customer.unblock": lazy("Unblocked"),
    "member.change": lazy("Member's card changed"),
    "platform_role.grant": lazy("Role over the platform given"),
    "points.adjust": lazy("Points corrected"),
    "staff.change": lazy("Role changed"),
    "staff.dismiss": lazy("Dismissed"),
    "staff.hire": lazy("Hired"),
}


@dataclass(frozen=True)
class Deed:
    """A line of the audit: what, by whom, where, when."""

    title: str
    detail: str | None
    actor: str
    partner: str | None
    at: datetime


def tell(line: AuditLine) -> Deed:
    """The words of a line; an unknown deed is told by its own name."""
    return Deed(
        title=str(DEEDS.get(line.action, line.action)),
        detail=_detail(line.details),
        actor=line.actor_name or gettext("the platform"),
        partner=line.partner_name,
        at=line.at,
    )


def _detail(details: dict) -> str | None:
    if isinstance(details.get("points"), int):
        return write_signed(details["points"])
    if "role" in details:
        return str(ROLE_NAMES.get(details["role"], details["role"]))
    changed = details.get("fields") or details.get("changed")
    return ", ".join(changed) if changed else None

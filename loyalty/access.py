"""Who may come in: what is written on a route, and for which partner a person who works for several acts now.

The doors read the person from a token or a cookie; what follows from that is decided here, once for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from loyalty.errors import LoyaltyError, PartnerNotFound
from loyalty.sessions import StaffRole, staff_roles
from loyalty.staff import SCOPES


class NotAllowed(LoyaltyError):
    """The person is known, and this is not for them."""

    code = "forbidden"
    status = 403

    def __init__(self, detail: str = "Your role does not allow this."):
        super().__init__(detail)


class NotStaff(NotAllowed):
    """The person works for no partner, or no longer does."""

    code = "not_staff"

    def __init__(self) -> None:
        super().__init__("This is for people who work for a partner.")


class PartnerSuspended(NotAllowed):
    """The person works for suspended partners only."""

    code = "partner_suspended"

    def __init__(self) -> None:
        super().__init__("The partner is suspended.")


@dataclass(frozen=True)
class Policy:
    """Who may call a route: what tests and the OpenAPI description are made from.

    `kind`: public, signed_in, staff (of a partner), platform (a role over all partners) or machine (an API key).
    `scope` is the verb that staff and machines need, or the platform's role; `feature` what the partner's plan must open
    for the whole route (`loyalty.plans`). What a plan opens of a route the core asks for.
    """

    kind: str
    scope: str | None = None
    feature: str | None = None


def public(view):
    """Anybody may call this route."""
    view.policy = Policy("public")
    return view


def choose_place(staff: Sequence[StaffRole], wanted: str | UUID | None) -> StaffRole:
    """Where the person acts now: the partner `wanted` names (id or public code), or the one they have worked for longest.

    So nobody who hires a person changes what their calls elsewhere mean. Raises `NotStaff` for people who work for no
    partner, `PartnerSuspended` when all of theirs are, `PartnerNotFound` for a partner they do not work for, suspended
    ones included.
    """
    places = [place for place in staff if place.partner_state == "active"]
    if not places:
        raise PartnerSuspended() if staff else NotStaff()
    if wanted is None:
        return places[0]
    for place in places:
        if str(wanted) in (str(place.partner_id), place.partner_code):
            return place
    raise PartnerNotFound()


def bound_branch(place: StaffRole) -> UUID | None:
    """The branch a person is bound to: a cashier works at one, owners and managers anywhere."""
    return place.branch_id if place.role == "cashier" else None


def is_allowed(customer_id: UUID, partner_id: UUID, scope: str) -> bool:
    """Whether a person may do this for a partner at this moment: for what is done later than it was asked for."""
    return any(
        role.partner_id == partner_id and role.partner_state == "active" and scope in SCOPES[role.role]
        for role in staff_roles(customer_id)
    )

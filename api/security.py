"""Who is calling, and may they: the decorators that routes wear.

A person's session is looked up at each call, so that a dismissed cashier is out at once. A thing of a partner one does
not work for looks like a thing that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from uuid import UUID

from flask import g, request

from api.errors import RequestRefused
from api.schemas.fields import read_id
from api.tokens import read_access_token, unauthorized
from loyalty import api_keys, plans, sessions
from loyalty.access import NotAllowed, Policy, bound_branch, choose_place, public
from loyalty.clock import utcnow
from loyalty.sessions import Principal
from loyalty.staff import SCOPES

__all__ = ["Caller", "identify_person", "machine", "platform", "public", "require_scope", "signed_in", "staff"]

PARTNER_HEADER = "X-Partner-Id"
KEY_HEADER = "X-API-Key"


@dataclass(frozen=True)
class Caller:
    """Who calls: a person (`customer_id`, `session_id`) or a machine (`key_id`); `name` tells them all apart.

    `partner_id` is whom the call is made for, `branch_id` where the caller stands there (None: anywhere), `role` what
    the person is there.
    """

    kind: str
    name: str
    customer_id: UUID | None = None
    session_id: UUID | None = None
    key_id: UUID | None = None
    partner_id: UUID | None = None
    branch_id: UUID | None = None
    role: str | None = None
    principal: Principal | None = None

    @property
    def idempotency_scope(self) -> str:
        """Within which an Idempotency-Key means one call (≤ 80 characters): the caller at the partner called for."""
        at_partner = self.kind == "person" and self.partner_id is not None
        return f"{self.customer_id}@{self.partner_id}" if at_partner else self.name

    @property
    def is_staff(self) -> bool:
        """Whether the person works for any partner that is not suspended."""
        return self.principal is not None and any(place.partner_state == "active" for place in self.principal.staff)

    def may(self, scope: str) -> bool:
        """Whether a partner's staff member may do this there."""
        return self.role is not None and scope in SCOPES[self.role]


def signed_in(view: Callable) -> Callable:
    """Any person with a valid access token."""

    @wraps(view)
    def wrapper(*args, **kwargs):
        g.caller = identify_person()
        return view(*args, **kwargs)

    wrapper.policy = Policy("signed_in")
    return wrapper


def staff(scope: str, feature: str | None = None) -> Callable[[Callable], Callable]:
    """People who work for the partner the call is made for, in a role that has the scope; its plan must open `feature`."""

    def decorator(view: Callable) -> Callable:
        @wraps(view)
        def wrapper(*args, **kwargs):
            caller = identify_person()
            place = choose_place(caller.principal.staff, _named_partner())
            g.caller = replace(caller, partner_id=place.partner_id, branch_id=bound_branch(place), role=place.role)
            require_scope(scope)
            if feature is not None:
                plans.require(place, feature)
            return view(*args, **kwargs)

        wrapper.policy = Policy("staff", scope, feature)
        return wrapper

    return decorator


def platform(*roles: str) -> Callable[[Callable], Callable]:
    """People with one of these roles over the whole platform."""

    def decorator(view: Callable) -> Callable:
        @wraps(view)
        def wrapper(*args, **kwargs):
            caller = identify_person()
            if not caller.principal.platform_roles & set(roles):
                raise NotAllowed("This is for the platform's own staff.")
            g.caller = caller
            return view(*args, **kwargs)

        wrapper.policy = Policy("platform", " ".join(roles))
        return wrapper

    return decorator


def machine(scope: str) -> Callable[[Callable], Callable]:
    """Machines whose key has the scope, of partners whose plan opens it."""

    def decorator(view: Callable) -> Callable:
        @wraps(view)
        def wrapper(*args, **kwargs):
            g.caller = _identify_machine(scope)
            return view(*args, **kwargs)

        wrapper.policy = Policy("machine", scope, api_keys.feature_of(scope))
        return wrapper

    return decorator


def identify_person() -> Caller:
    """The person behind the access token. Raises the 401 problems of `api.tokens` and `session_ended`."""
    claims = read_access_token(request.headers.get("Authorization"))
    principal = sessions.identify(claims.session_id, utcnow())
    if principal is None or principal.customer_id != claims.customer_id:
        raise unauthorized("session_ended", "The session has ended; sign in again.")
    return Caller(
        "person",
        principal.caller,
        customer_id=principal.customer_id,
        session_id=principal.session_id,
        principal=principal,
    )


def require_scope(scope: str) -> None:
    """Raises 403 `forbidden` when the caller's role lacks the scope."""
    if not g.caller.may(scope):
        raise NotAllowed()


def _identify_machine(scope: str) -> Caller:
    plain = request.headers.get(KEY_HEADER)
    if not plain:
        raise _unknown_key("api_key_missing", f"This route needs the header {KEY_HEADER}.")
    key = api_keys.identify_key(plain, utcnow())
    if key is None:
        raise _unknown_key("api_key_invalid", "The API key is not valid.")
    if scope not in key.scopes:
        raise NotAllowed("This key may not do that.")
    plans.require(key, api_keys.feature_of(scope))
    return Caller("machine", key.caller, key_id=key.key_id, partner_id=key.partner_id, branch_id=key.branch_id)


def _named_partner() -> str | UUID | None:
    """What `X-Partner-Id` names: an id in any spelling that is one, or a public code."""
    wanted = request.headers.get(PARTNER_HEADER)
    return wanted and (read_id(wanted) or wanted)


def _unknown_key(code: str, detail: str) -> RequestRefused:
    return RequestRefused(401, code, detail, headers={"WWW-Authenticate": 'ApiKey realm="kopilka"'})

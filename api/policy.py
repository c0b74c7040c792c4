"""Who may call a route, written on the route: what tests and the OpenAPI description are made from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Policy:
    """`kind`: public, signed_in, staff (of a partner), platform (a role over all partners) or machine (an API key).

    `scope` is the verb that staff and machines need, or the platform's role.
    """

    kind: str
    scope: str | None = None

    def security(self) -> list[dict[str, list[str]]]:
        """As OpenAPI says it."""
        if self.kind == "public":
            return []
        return [{"apiKey": []}] if self.kind == "machine" else [{"bearer": []}]


def public(view):
    """Anybody may call this route."""
    view.policy = Policy("public")
    return view

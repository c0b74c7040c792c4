"""How each page is visited: what its path names and what its form sends. A route that is not here fails the matrix.

Every room has a module with `VISITS`. A GET without variables in its path needs no entry.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.api.roles import Cast, House


@dataclass(frozen=True)
class Visit:
    """`own` makes what the path names at a house (made anew at each call); what another house has is foreign to us.

    `form` is what a good form sends; `done` is the status of the answer to it, or to a good GET.
    `missing` replaces the random ids of what does not exist. `ends_session`: of the person who comes, this one or others.
    """

    route: str
    own: Callable[[Cast, House], dict[str, Any]] | None = None
    form: Callable[[Cast, House], dict[str, Any]] = field(default=lambda cast, house: {})
    done: tuple[int, ...] = (200, 303)
    missing: dict[str, Any] | None = None
    ends_session: bool = False


def all_visits() -> dict[str, Visit]:
    """Every room's visits by route, `METHOD rule`."""
    found: dict[str, Visit] = {}
    for module in pkgutil.iter_modules(__path__):
        for visit in importlib.import_module(f"{__name__}.{module.name}").VISITS:
            assert visit.route not in found, visit.route
            found[visit.route] = visit
    return found

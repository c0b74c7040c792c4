"""What waits for somebody of the staff to look at it: the counts beside the names of their pages."""

from __future__ import annotations

from collections.abc import Container
from uuid import UUID

from sqlalchemy import select

from loyalty import claims, survey_tasks
from loyalty.sales import Caller
from models import db

CLAIMS, TASKS = "claims", "tasks"
NEEDS = {CLAIMS: "points:credit", TASKS: "customers:write"}
"""The scope of who deals with what."""


def count_waiting(partner_id: UUID, caller: Caller, scopes: Container[str]) -> dict[str, int]:
    """Claims to decide on and unhappy answers to look into, 0 where the caller has not the scope. One query."""
    wanted = {
        CLAIMS: claims.select_waiting(partner_id, caller),
        TASKS: survey_tasks.select_open(partner_id),
    }
    wanted = {name: query.scalar_subquery().label(name) for name, query in wanted.items() if NEEDS[name] in scopes}
    counted = db.session.execute(select(*wanted.values())).one()._asdict() if wanted else {}
    return {name: counted.get(name, 0) for name in NEEDS}

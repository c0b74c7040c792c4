"""What several of the desk's forms and lists share: the choice of a branch, and where a list goes on."""

from __future__ import annotations

from uuid import UUID

from flask_babel import gettext
from wtforms import SelectChoice

from loyalty import partners
from loyalty.errors import BranchNotFound, InvalidCursor

PAGE = 50
"""How many rows a list shows at once."""


def strip(text: str | None) -> str:
    return (text or "").strip()


def branch_choices(partner_id: UUID, own: UUID | None = None) -> list[SelectChoice]:
    """All branches or one of the open ones; a closed one stays in the list while it is the row's `own`."""
    found = partners.list_branches(partner_id, closed=own is not None)
    open_ones = [
        SelectChoice(str(branch.id), branch.name) for branch in found if branch.state == "open" or branch.id == own
    ]
    return [SelectChoice("", gettext("All branches")), *open_ones]


def read_branch(text: str | None) -> UUID | None:
    """The branch of a select's value; empty is all. Raises `BranchNotFound`."""
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise BranchNotFound() from None


def read_cursor(text: str | None) -> UUID | None:
    """The last row of the page before. Raises `InvalidCursor`."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidCursor() from None

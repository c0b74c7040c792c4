"""What somebody of the staff was shown and has yet to confirm: confirmed once, by whoever was shown it.

The draft's id makes the document's number, so what follows from it happens once whatever is repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, delete, func, or_, select, tuple_

from loyalty.errors import DraftGone
from models import db, new_id
from models.telegram import Draft

GOOD_FOR = timedelta(minutes=15)
"""How long what was shown may be confirmed: balances and rules change."""
KEPT = timedelta(days=2)


def propose(partner_id: UUID, actor: UUID, kind: str, content: dict[str, Any], now: datetime) -> UUID:
    """Note what was shown; `content` is JSON-able."""
    draft = Draft(partner_id=partner_id, id=new_id(), actor=actor, kind=kind, content=content, created_at=now)
    db.session.add(draft)
    db.session.flush()
    return draft.id


def take(partner_id: UUID, draft_id: UUID, actor: UUID, kind: str, now: datetime) -> Draft:
    """The draft, locked until the transaction ends: open, or done already and then with its `result`.

    Raises `DraftGone` for one that was cancelled, is too old, somebody else's, another partner's, or never was.
    """
    wanted = select(Draft).where(Draft.partner_id == partner_id, Draft.id == draft_id).with_for_update()
    draft = db.session.scalar(wanted, execution_options={"populate_existing": True})
    if draft is None or (draft.actor, draft.kind) != (actor, kind) or draft.state == "cancelled":
        raise DraftGone()
    if draft.state == "open" and now - draft.created_at > GOOD_FOR:
        raise DraftGone()
    return draft


def finish(draft: Draft, result: dict[str, Any]) -> None:
    """It was confirmed, and this came of it (JSON-able)."""
    draft.state, draft.result = "done", result
    db.session.flush()


def cancel(draft: Draft) -> None:
    """It was given up."""
    draft.state = "cancelled"
    db.session.flush()


def forget_about(people: Sequence[UUID], contacts: Sequence[str]) -> None:
    """Delete the drafts that people were shown, and those of others that name them or a contact of theirs."""
    told = [Draft.actor.in_(people)]
    for word in [*map(str, people), *contacts]:
        told += [func.strpos(cast(column, Text), word) > 0 for column in (Draft.content, Draft.result)]
    db.session.execute(delete(Draft).where(or_(*told)), execution_options={"synchronize_session": False})


def forget(now: datetime, chunk: int = 1000) -> int:
    """Delete drafts of two days ago; how many."""
    key = tuple_(Draft.partner_id, Draft.id)
    old = select(Draft.partner_id, Draft.id).where(Draft.created_at < now - KEPT).limit(chunk)
    return db.session.execute(
        delete(Draft).where(key.in_(old)), execution_options={"synchronize_session": False}
    ).rowcount

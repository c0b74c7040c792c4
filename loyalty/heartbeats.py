"""Signs of life of the workers, so that another process can tell whether they run."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from models import db
from models.work import Heartbeat

PARTS = ("relay", "schedule")
SILENCE = timedelta(seconds=30)
"""A part that says nothing for longer is taken for dead; it speaks every two seconds, or between two jobs."""


def beat(name: str, now: datetime) -> None:
    """Say that the part `name` has just finished a round."""
    row = insert(Heartbeat).values(name=name, at=now)
    db.session.execute(row.on_conflict_do_update(index_elements=["name"], set_={"at": row.excluded.at}))


def is_alive(name: str, now: datetime) -> bool:
    """Whether the part `name` has said something lately."""
    at = db.session.scalar(select(Heartbeat.at).where(Heartbeat.name == name))
    return at is not None and now - at < SILENCE

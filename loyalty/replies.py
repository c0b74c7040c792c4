"""What a conversation is answered: written beside the effect it tells of, sent after the commit, in order.

A reply holds what people read about themselves, so it travels sealed. What it does is one of:
``{"text", "markup"?}`` a message, ``{"qr", "text", "markup"?}`` a picture of a QR code with a caption,
``{"edit": message_id, "text", "markup"?}`` a message of ours written anew, and ``{"file": {"kind", …}, "text", "instead"?}``
a document with a caption. A document is written when it is sent (`workers.filing`): the row says which one, by ids, and
what is said `instead` when it is "not_allowed" (any more) or "too_large". After a message marked ``"last"`` nothing of the
chat is kept.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from loyalty import outbox
from loyalty.sealing import keyed_hash, seal, unseal
from models import db
from models.customer import Identity
from models.work import Outbox

_PURPOSE = "reply"


def announce_reply(chat_id: int, reply: dict[str, Any]) -> None:
    """Have a reply sent after the caller's transaction commits; those of one chat arrive in the order they were written."""
    sealed = seal(_PURPOSE, reply | {"chat_id": chat_id})
    outbox.announce("send_reply", {}, sealed=sealed, ordering_key=_subject(chat_id), urgent=True)


def read_reply(sealed: str) -> dict[str, Any]:
    """The reply with its `chat_id`. Raises `SealBroken`."""
    return unseal(_PURPOSE, sealed)


def forget_chat(chat_id: int) -> None:
    """Nothing that is still to be sent to the chat is sent any more; what a worker has in hand is on its way."""
    waiting = select(Outbox.id).where(
        Outbox.ordering_key == _subject(chat_id), Outbox.done_at.is_(None), Outbox.job == "send_reply"
    )
    db.session.execute(
        delete(Outbox).where(Outbox.id.in_(waiting.with_for_update(skip_locked=True))),
        execution_options={"synchronize_session": False},
    )


def note_unreachable(telegram_id: str, now: datetime, connection=None) -> None:
    """The person has blocked the bot: no notice is sent there until they are `note_reachable` again."""
    _note(telegram_id, Identity.unreachable_since.is_(None), now, connection)


def note_reachable(telegram_id: str) -> None:
    """The person writes to the bot, or let it in again."""
    _note(telegram_id, Identity.unreachable_since.is_not(None), None, None)


def _subject(chat_id: int) -> str:
    return f"chat:{keyed_hash(_PURPOSE, str(chat_id))[:40]}"


def _note(telegram_id: str, condition, since: datetime | None, connection) -> None:
    noted = update(Identity).where(Identity.kind == "telegram", Identity.value == telegram_id, condition)
    (connection or db.session).execute(
        noted.values(unreachable_since=since), execution_options={"synchronize_session": False}
    )

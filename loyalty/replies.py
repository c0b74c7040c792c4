"""What a conversation is answered: written beside the effect it tells of, sent after the commit, in order.

A reply holds what people read about themselves, so it travels sealed. What it does is one of:
``{"text", "markup"?}`` a message, ``{"qr", "text", "markup"?}`` a picture of a QR code with a caption,
``{"edit": message_id, "text", "markup"?}`` a message of ours written anew, and ``{"file": {"kind", …}, "text", "instead"?}``
a document with a caption. A document is written when it is sent (`workers.filing`): the row says which one, by ids, and
what is said `instead` when it is "not_allowed" (any more) or "too_large".
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update

from loyalty import outbox
from loyalty.sealing import keyed_hash, seal, unseal
from models import db
from models.customer import Identity

_PURPOSE = "reply"


def announce_reply(chat_id: int, reply: dict[str, Any]) -> None:
    """Have a reply sent after the caller's transaction commits; those of one chat arrive in the order they were written."""
    subject = f"chat:{keyed_hash(_PURPOSE, str(chat_id))[:40]}"
    sealed = seal(_PURPOSE, reply | {"chat_id": chat_id})
    outbox.announce("send_reply", {}, sealed=sealed, ordering_key=subject, urgent=True)


def read_reply(sealed: str) -> dict[str, Any]:
    """The reply with its `chat_id`. Raises `SealBroken`."""
    return unseal(_PURPOSE, sealed)


def note_unreachable(telegram_id: str, now: datetime, connection=None) -> None:
    """The person has blocked the bot: no notice is sent there until they are `note_reachable` again."""
    _note(telegram_id, Identity.unreachable_since.is_(None), now, connection)


def note_reachable(telegram_id: str) -> None:
    """The person writes to the bot, or let it in again."""
    _note(telegram_id, Identity.unreachable_since.is_not(None), None, None)


def _note(telegram_id: str, condition, since: datetime | None, connection) -> None:
    noted = update(Identity).where(Identity.kind == "telegram", Identity.value == telegram_id, condition)
    (connection or db.session).execute(
        noted.values(unreachable_since=since), execution_options={"synchronize_session": False}
    )

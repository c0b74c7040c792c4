"""What came from Telegram, read into the few things that handlers look at."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from typing import Any

from telebot import types

_COMMAND = re.compile(r"/([a-z_]{1,32})(?:@\w+)?(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Contact:
    """A contact card that was sent. `is_own` only if it is the sender's, not forwarded, in a private chat: everybody can
    send anybody's card, and cards made by hand name nobody."""

    phone: str = field(repr=False)
    is_own: bool


@dataclass(frozen=True)
class Incoming:
    """One message or one press of a button. What people write is left out of `repr`.

    `message_id` of a press is the message under which the button stands, None when it is too old to be changed.
    """

    chat_id: int
    user_id: int
    name: str | None = field(default=None, repr=False)
    language: str | None = None
    is_private: bool = True
    text: str | None = field(default=None, repr=False)
    contact: Contact | None = None
    press_id: str | None = None
    press: str | None = field(default=None, repr=False)
    message_id: int | None = None
    has_come_back: bool = False
    has_blocked: bool = False

    @property
    def command(self) -> tuple[str, str] | None:
        """`("start", "p406631153")` of «/start p406631153», also with the bot's name behind it; None for other texts."""
        found = _COMMAND.fullmatch((self.text or "").strip())
        return (found[1].lower(), (found[2] or "").strip()) if found else None


def read_update(raw: dict[str, Any]) -> Incoming | None:
    """None for kinds that nobody answers. Raises `KeyError`, `TypeError` or `ValueError` for what Telegram cannot mean."""
    update = types.Update.de_json(copy.deepcopy(raw))  # reading takes the dicts apart
    if update.message is not None:
        return _read_message(update.message)
    if update.callback_query is not None:
        return _read_press(update.callback_query)
    if update.my_chat_member is not None:
        return _read_membership(update.my_chat_member)
    return None


def number_of(raw: Any) -> int | None:
    """The number of an update; None where there is none that could be kept."""
    number = raw.get("update_id") if isinstance(raw, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**63 else None


def chat_of(raw: Any) -> int | None:
    """The chat of an update that cannot be read, if that much can be."""
    for path in (("message", "chat", "id"), ("callback_query", "from", "id")):
        found = raw
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        if isinstance(found, int) and found > 0:
            return found
    return None


def _read_message(message: types.Message) -> Incoming | None:
    user = message.from_user
    if user is None or user.is_bot:
        return None
    is_private = message.chat.type == "private"
    contact = None
    if message.contact is not None:
        is_own = is_private and message.contact.user_id == user.id and message.forward_origin is None
        contact = Contact(str(message.contact.phone_number), is_own)
    return Incoming(
        chat_id=message.chat.id,
        user_id=user.id,
        name=_name_of(user),
        language=user.language_code,
        is_private=is_private,
        text=_tidy(message.text if message.text is not None else message.caption),
        contact=contact,
        message_id=message.message_id,
    )


def _tidy(text: str | None) -> str | None:
    """Without halves of characters, which JSON can hold and nothing else can."""
    return text and text.encode("utf-8", "replace").decode()


def _read_press(press: types.CallbackQuery) -> Incoming:
    message = press.message
    is_old = message is None or isinstance(message, types.InaccessibleMessage)
    chat = message.chat if message is not None else None
    return Incoming(
        chat_id=chat.id if chat is not None else press.from_user.id,
        user_id=press.from_user.id,
        name=_name_of(press.from_user),
        language=press.from_user.language_code,
        is_private=chat is None or chat.type == "private",
        press_id=str(press.id),
        press=press.data or "",
        message_id=None if is_old else message.message_id,
    )


def _read_membership(change: types.ChatMemberUpdated) -> Incoming | None:
    """The person has blocked the bot or let it in again."""
    if change.chat.type != "private":
        return None
    is_in = change.new_chat_member.status in ("member", "administrator", "creator")
    user_id = change.from_user.id
    return Incoming(chat_id=change.chat.id, user_id=user_id, has_come_back=is_in, has_blocked=not is_in)


def _name_of(user: types.User) -> str | None:
    return " ".join(part for part in (user.first_name, user.last_name) if part) or None

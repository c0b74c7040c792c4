"""What people do in their Telegram: write, share a card, press a button, block the bot. Each is told to the bot, and the
number it has in the chat is returned.
"""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Row

from models import new_id
from sandbox.telegram import api, store
from sandbox.telegram.people import Person, find_by_phone


class NotVisible(Exception):
    """There is no such button, or there is none any more."""


def write(person: Person, text: str) -> int:
    return _tell(person, {"text": text}, text)


def share_contact(person: Person, phone: str | None = None, *, own: bool = True, forwarded: bool = False) -> int:
    """A card: one's own, or the one of whoever has the phone; one made by hand, for a phone that nobody has, names nobody."""
    phone = phone or person.phone
    contact: dict[str, Any] = {"phone_number": phone.removeprefix("+"), "first_name": person.name}
    whose = person if own else find_by_phone(phone)
    if whose is not None:
        contact |= {"user_id": whose.telegram_id, "first_name": whose.name}
    content = {"contact": contact}
    if forwarded:
        content["forward_origin"] = {"type": "hidden_user", "date": int(time.time()), "sender_user_name": "Некто"}
    return _tell(person, content, phone, "contact")


def press(person: Person, label: str) -> int:
    """Press a visible button: under a message, the newest first, or in the keyboard. Raises `NotVisible`."""
    for row in store.list_messages_of_bot(person.telegram_id):
        for button in _flat((row.markup or {}).get("inline_keyboard", ())):
            if _reads(button) == _plain(label) and "callback_data" in button:
                return _press(person, row, button)
    return press_key(person, label)


def press_under(person: Person, message_id: int, data: str) -> int:
    """Press the button with that data under one message. Raises `NotVisible` when it does not stand there any more."""
    row = store.find_message(person.telegram_id, message_id)
    if row is not None and row.is_from_bot:
        for button in _flat((row.markup or {}).get("inline_keyboard", ())):
            if button.get("callback_data") == data:
                return _press(person, row, button)
    raise NotVisible


def press_key(person: Person, label: str) -> int:
    """Press a button of the keyboard below. Raises `NotVisible`."""
    keyboard = store.find_keyboard(person.telegram_id) or {}
    for button in _flat(keyboard.get("keyboard", ())):
        if _reads(button) == _plain(label):
            if keyboard.get("one_time_keyboard"):
                store.hide_keyboard(person.telegram_id)
            return share_contact(person) if button.get("request_contact") else write(person, button["text"])
    raise NotVisible


def block(person: Person, is_blocked: bool) -> int:
    """Block the bot, or come back to it."""
    store.block(person.telegram_id, is_blocked)
    was, now = ("member", "kicked") if is_blocked else ("kicked", "member")
    change = {
        "chat": {"id": person.telegram_id, "type": "private", "first_name": person.name},
        "from": _user(person),
        "date": int(time.time()),
        "old_chat_member": {"status": was, "user": api.describe_bot(), "until_date": 0},
        "new_chat_member": {"status": now, "user": api.describe_bot(), "until_date": 0},
    }
    store.add_update({"my_chat_member": change}, person.telegram_id)
    return _show(person, "(заблокировал бота)" if is_blocked else "(вернулся к боту)", "block")[1]


def _tell(person: Person, content: dict[str, Any], shown: str, kind: str | None = None) -> int:
    message_id, n = _show(person, shown, kind)
    message = {
        "message_id": message_id,
        "from": _user(person),
        "chat": {"id": person.telegram_id, "type": "private", "first_name": person.name},
        "date": int(time.time()),
    }
    if store.take_fault_of_delivery("malformed"):
        del message["date"]
    store.add_update({"message": message | content}, person.telegram_id)
    return n


def _show(person: Person, text: str, kind: str | None) -> tuple[int, int]:
    """The message's number and the item's."""
    store.name_chat(person.telegram_id, person.key)
    message_id = store.next_message_id()
    return message_id, store.add_item(person.telegram_id, message_id, text, is_from_bot=False, kind=kind)


def _press(person: Person, row: Row, button: dict[str, Any]) -> int:
    n = _show(person, button["text"], "press")[1]
    told = {
        "id": new_id().hex,
        "from": _user(person),
        "message": api.write_message(
            person.telegram_id, row.message_id, row.text, row.markup, file=row.file, kind=row.file_kind
        ),
        "chat_instance": str(person.telegram_id),
        "data": button["callback_data"],
    }
    store.add_press(told["id"], person.telegram_id)
    for _ in range(2 if store.take_fault_of_delivery("twice") else 1):
        store.add_update({"callback_query": told}, person.telegram_id)
    return n


def _reads(button: dict[str, Any]) -> str:
    return _plain(button["text"])


def _plain(label: str) -> str:
    """As people type it: they have no key for a space that does not break."""
    return label.replace("\N{NO-BREAK SPACE}", " ")


def _user(person: Person) -> dict[str, Any]:
    first, _, last = person.name.partition(" ")
    user = {"id": person.telegram_id, "is_bot": False, "first_name": first, "language_code": "ru"}
    return user | ({"last_name": last} if last else {})


def _flat(rows) -> list[dict[str, Any]]:
    return [button for row in rows for button in row]

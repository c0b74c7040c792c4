"""The doors for scripts: say something as a demo person, read what the bot answers, switch faults on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC
from typing import Any

from flask import Blueprint, Response, abort, request

from api.json import read_body
from connectors.messages.telegram import inline_keyboard
from loyalty.access import public
from models import new_id, transaction
from sandbox.telegram import api, store
from sandbox.telegram.people import Person, find_person

blueprint = Blueprint("sandbox_telegram", __name__, url_prefix="/sandbox/telegram")

BEFORE_DELIVERY = ("malformed", "twice")
"""Faults of what people send: the next message has no date, the next press comes twice."""
LONGEST_TEXT = 100_000


@blueprint.post("/<person_key>/messages")
@public
def send(person_key: str):
    """`{"text"}`, `{"contact": true | {"phone", "own", "forwarded"}}`, `{"press": label}` or `{"block": true | false}`.

    Answers 202 with the number of what was said in the chat; a label that is not visible: 409.
    """
    person = _person(person_key)
    body = read_body(request)
    if not isinstance(body, dict) or len(body) != 1:
        abort(400)
    ((kind, value),) = body.items()
    with transaction():
        store.prepare()
        if kind == "text" and isinstance(value, str) and value.strip() and len(value) <= LONGEST_TEXT:
            n = _say(person, {"text": value}, value)
        elif kind == "contact" and (value is True or isinstance(value, dict)):
            n = _share_contact(person, value if isinstance(value, dict) else {})
        elif kind == "press" and isinstance(value, str):
            n = _press(person, value)
        elif kind == "block" and isinstance(value, bool):
            n = _block(person, value)
        else:
            abort(400)
    return {"id": n}, 202


@blueprint.get("/<person_key>/messages.json")
@public
def read(person_key: str):
    """What stands in the chat after the item `after`, the oldest first. A message that was edited comes as a new item."""
    person = _person(person_key)
    try:
        after = int(request.args.get("after") or 0)
    except ValueError:
        abort(400)
    with transaction():
        rows = store.list_items(person.telegram_id, min(max(after, 0), 2**62))
    return {"items": [_describe(row) for row in rows]}


@blueprint.get("/files/<file_id>")
@public
def show_file(file_id: str):
    """A picture or a document that the bot sent."""
    with transaction():
        row = store.find_file(file_id)
    if row is None:
        abort(404)
    return Response(row.body, mimetype=row.mimetype)


@blueprint.post("/faults")
@public
def add_fault():
    """`{"kind", "method"?, "times"?, "seconds"?}`: the next calls of a method (* for any) of the Bot API fail like this."""
    body = read_body(request)
    if not isinstance(body, dict) or body.get("kind") not in (*api.FAULTS, *BEFORE_DELIVERY):
        abort(400)
    kind, times, seconds = body["kind"], body.get("times", 1), body.get("seconds", 1)
    if not isinstance(times, int) or not isinstance(seconds, int | float) or not 0 <= seconds <= 60:
        abort(400)
    method = kind if kind in BEFORE_DELIVERY else str(body.get("method", "*"))
    with transaction():
        store.add_fault(method, kind, times, float(seconds))
    return {}, 201


@blueprint.delete("/faults")
@public
def clear_faults():
    """Telegram is well again."""
    with transaction():
        store.clear_faults()
    return {}, 200


def mirror(telegram_id: str, text: str, buttons: Sequence[Sequence[str]] = ()) -> None:
    """Put a notice that came by another way into the person's chat too."""
    if telegram_id.isdigit():
        markup = inline_keyboard(buttons)
        store.add_item(int(telegram_id), store.next_message_id(), text, is_from_bot=True, markup=markup)


def _person(key: str) -> Person:
    person = find_person(key)
    if person is None:
        abort(404)
    return person


def _say(person: Person, content: dict[str, Any], shown: str) -> int:
    message_id = store.next_message_id()
    n = store.add_item(person.telegram_id, message_id, shown, is_from_bot=False)
    message = {
        "message_id": message_id,
        "from": _user(person),
        "chat": {"id": person.telegram_id, "type": "private", "first_name": person.name},
        "date": int(time.time()),
    }
    if store.take_fault("malformed") is not None:
        del message["date"]
    store.add_update({"message": message | content})
    return n


def _user(person: Person) -> dict[str, Any]:
    first, _, last = person.name.partition(" ")
    user = {"id": person.telegram_id, "is_bot": False, "first_name": first, "language_code": "ru"}
    return user | ({"last_name": last} if last else {})


def _share_contact(person: Person, card: dict[str, Any]) -> int:
    """One's own card, unless told otherwise; a foreign one names another account, a handmade one none."""
    phone = str(card.get("phone", person.phone))
    contact = {"phone_number": phone.removeprefix("+"), "first_name": person.name}
    if card.get("own", True):
        contact["user_id"] = person.telegram_id
    content = {"contact": contact}
    if card.get("forwarded"):
        content["forward_origin"] = {"type": "hidden_user", "date": int(time.time()), "sender_user_name": "Некто"}
    return _say(person, content, phone)


def _press(person: Person, label: str) -> int:
    """Press a visible button: under a message, the newest first, or in the keyboard."""
    for row in store.list_messages_of_bot(person.telegram_id):
        for button in _flat((row.markup or {}).get("inline_keyboard", ())):
            if button["text"] == label and "callback_data" in button:
                return _press_inline(person, label, row, button["callback_data"])
    keyboard = store.find_keyboard(person.telegram_id) or {}
    for button in _flat(keyboard.get("keyboard", ())):
        if button["text"] == label:
            if keyboard.get("one_time_keyboard"):
                store.hide_keyboard(person.telegram_id)
            return _share_contact(person, {}) if button.get("request_contact") else _say(person, {"text": label}, label)
    return abort(409)


def _press_inline(person: Person, label: str, row, data: str) -> int:
    n = store.add_item(person.telegram_id, store.next_message_id(), label, is_from_bot=False)
    press = {
        "id": new_id().hex,
        "from": _user(person),
        "message": api.write_message(person.telegram_id, row.message_id, row.text, row.markup),
        "chat_instance": str(person.telegram_id),
        "data": data,
    }
    for _ in range(2 if store.take_fault("twice") is not None else 1):
        store.add_update({"callback_query": press})
    return n


def _block(person: Person, is_blocked: bool) -> int:
    store.block(person.telegram_id, is_blocked)
    was, now = ("member", "kicked") if is_blocked else ("kicked", "member")
    store.add_update(
        {
            "my_chat_member": {
                "chat": {"id": person.telegram_id, "type": "private", "first_name": person.name},
                "from": _user(person),
                "date": int(time.time()),
                "old_chat_member": {"status": was, "user": api.describe_bot(), "until_date": 0},
                "new_chat_member": {"status": now, "user": api.describe_bot(), "until_date": 0},
            }
        }
    )
    shown = "(заблокировал бота)" if is_blocked else "(вернулся к боту)"
    return store.add_item(person.telegram_id, store.next_message_id(), shown, is_from_bot=False)


def _describe(row) -> dict[str, Any]:
    markup = row.markup or {}
    rows = markup.get("inline_keyboard") or markup.get("keyboard") or []
    link = f"/sandbox/telegram/files/{row.file}" if row.file else None
    return {
        "id": row.n,
        "from": "bot" if row.is_from_bot else "person",
        "text": row.text,
        "buttons": [[button["text"] for button in buttons] for buttons in rows],
        "photo": link if row.file_kind == "photo" else None,
        "file": link if row.file_kind == "document" else None,
        "at": row.at.astimezone(UTC).isoformat(),
    }


def _flat(rows) -> list[dict[str, Any]]:
    return [button for row in rows for button in row]

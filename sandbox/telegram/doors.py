"""The doors for scripts: say something as a demo person, read what the bot answers, switch faults on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from io import BytesIO
from typing import Any

from flask import Blueprint, abort, request
from flask import send_file as send

from api.json import read_body
from connectors.messages.telegram import inline_keyboard
from loyalty.access import public
from models import transaction
from sandbox.telegram import api, phone, store
from sandbox.telegram.people import Person, find_person

blueprint = Blueprint("sandbox_telegram", __name__, url_prefix="/sandbox/telegram")

BEFORE_DELIVERY = ("malformed", "twice")
"""Faults of what people send: the next message has no date, the next press comes twice."""
LONGEST_TEXT = 100_000


@blueprint.post("/<person_key>/messages")
@public
def say(person_key: str):
    """`{"text"}`, `{"contact": true | {"phone", "own", "forwarded"}}`, `{"press": label}` or `{"block": true | false}`.

    Answers 202 with the number of what was said in the chat; a label that is not visible: 409.
    """
    person = _person(person_key)
    body = read_body(request)
    if not isinstance(body, dict) or len(body) != 1:
        abort(400)
    ((kind, value),) = body.items()
    store.prepare()
    try:
        with transaction():
            n = _act(person, kind, value)
    except phone.NotVisible:
        abort(409)
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
def send_file(file_id: str):
    """A picture or a document that the bot sent, under its name; what is no picture is to be kept, not shown."""
    with transaction():
        row = store.find_file(file_id)
    if row is None:
        abort(404)
    shown = row.mimetype in ("image/png", "image/jpeg", "image/webp", "image/gif")
    response = send(BytesIO(row.body), mimetype=row.mimetype, as_attachment=not shown, download_name=row.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@blueprint.post("/faults")
@public
def add_fault():
    """`{"kind", "method"?, "times"?, "seconds"?}`: the next calls of a method (* for any) of the Bot API fail like this."""
    body = read_body(request)
    if not isinstance(body, dict) or body.get("kind") not in (*api.FAULTS, *BEFORE_DELIVERY):
        abort(400)
    times, seconds = body.get("times", 1), body.get("seconds", 1)
    if not isinstance(times, int) or not isinstance(seconds, int | float) or not 0 <= seconds <= 60:
        abort(400)
    with transaction():
        switch_on(body["kind"], str(body.get("method", "*")), times, float(seconds))
    return {}, 201


@blueprint.delete("/faults")
@public
def clear_faults():
    """Telegram is well again."""
    with transaction():
        store.clear_faults()
    return {}, 200


def switch_on(kind: str, method: str, times: int, seconds: float) -> None:
    """A fault for so many calls; some kinds mean something to one method only, or to none, whatever is asked for."""
    store.add_fault(kind if kind in BEFORE_DELIVERY else api.ONLY_METHOD.get(kind, method), kind, times, seconds)


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


def _act(person: Person, kind: str, value: Any) -> int:
    if kind == "text" and isinstance(value, str) and value.strip() and len(value) <= LONGEST_TEXT:
        return phone.write(person, value)
    if kind == "contact" and (value is True or isinstance(value, dict)):
        card = value if isinstance(value, dict) else {}
        whose = str(card["phone"]) if "phone" in card else None
        return phone.share_contact(
            person, whose, own=bool(card.get("own", True)), forwarded=bool(card.get("forwarded"))
        )
    if kind == "press" and isinstance(value, str):
        return phone.press(person, value)
    if kind == "block" and isinstance(value, bool):
        return phone.block(person, value)
    return abort(400)


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

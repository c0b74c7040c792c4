"""The Bot API itself: the methods that the bot uses, in Telegram's envelopes, with Telegram's refusals.

Parameters are read from the query string, from a form and from JSON, as Telegram does.
"""

from __future__ import annotations

import hmac
import json
import mimetypes
import socket
import time
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from config import SANDBOX_BOT
from loyalty.access import public
from models import new_id, transaction
from sandbox.telegram import store

blueprint = Blueprint("sandbox_telegram_api", __name__, url_prefix="/sandbox/telegram/api")

LOOK_EVERY = 0.1
LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
LONGEST_TOAST = 200

FAULTS = ("conflict", "flooded", "blocked", "bad_request", "bad_gateway", "broken_json", "hang", "cut", "redeliver")
FAULTS += ("reorder", "webhook", "chat_not_found")
"""What calls can meet: 409, 429 with retry_after, 403, 400, a 502 in HTML, JSON cut off, no answer for `seconds`, a connection
cut after the call was carried out, confirmed updates that come again, updates in the wrong order, and a webhook that
somebody left there, which ends with deleteWebhook. A chat that is gone is a 400 of its own."""
ONLY_METHOD = {"redeliver": "getUpdates", "reorder": "getUpdates", "webhook": "getUpdates"}
"""Faults that mean something to one method only."""


class Refusal(Exception):
    """What Telegram would say."""

    def __init__(self, status: int, description: str, **parameters: Any):
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


@blueprint.route("/bot<token>/<method>", methods=["GET", "POST"])
@public
def call(token: str, method: str):
    """One call of the Bot API."""
    if not _is_ours(token):
        return _refuse(Refusal(401, "Unauthorized"))
    given = _parameters()
    with transaction():
        fault = store.take_fault(method)
        store.note_call(method, _number(given.get("chat_id")), fault and fault.kind)
    if fault is not None and (answer := _fail(fault)) is not None:
        return answer
    act = METHODS.get(method)
    try:
        if act is None:
            raise Refusal(404, "Not Found")
        result = act(given, again=True) if fault is not None and fault.kind == "redeliver" else act(given)
    except Refusal as refusal:
        return _refuse(refusal)
    if fault is not None and fault.kind == "cut":
        return _cut()
    if fault is not None and fault.kind == "reorder":
        result.reverse()
    return jsonify(ok=True, result=result)


@blueprint.get("/file/bot<token>/files/<file_id>")
@public
def send_file(token: str, file_id: str):
    """What `getFile` named, as it was uploaded."""
    if not _is_ours(token):
        return _refuse(Refusal(401, "Unauthorized"))
    with transaction():
        row = store.find_file(file_id)
    return _refuse(Refusal(404, "Not Found")) if row is None else Response(row.body, mimetype=row.mimetype)


def _is_ours(token: str) -> bool:
    return hmac.compare_digest(token.encode(), current_app.config["SETTINGS"].bot_token.encode())


def _parameters() -> dict[str, Any]:
    found = request.values.to_dict()
    if request.is_json and isinstance(body := request.get_json(silent=True), dict):
        found |= body
    return found


def _fail(fault) -> Response | tuple | None:
    """What a fault answers instead of acting; None for those that act."""
    if fault.kind == "hang":
        time.sleep(fault.seconds)
    if fault.kind == "bad_gateway":
        return Response("<html><body><h1>502 Bad Gateway</h1></body></html>", 502, mimetype="text/html")
    if fault.kind == "broken_json":
        return Response('{"ok":true,"result":[{"upd', mimetype="application/json")
    refusals = {
        "conflict": Refusal(409, "Conflict: terminated by other getUpdates request"),
        "webhook": Refusal(409, "Conflict: can't use getUpdates method while webhook is active"),
        # Telegram speaks of whole seconds, tests that have little time of parts of one
        "flooded": Refusal(
            429,
            f"Too Many Requests: retry after {fault.seconds:g}",
            retry_after=round(fault.seconds) if fault.seconds >= 1 else fault.seconds or 1,
        ),
        "blocked": Refusal(403, "Forbidden: bot was blocked by the user"),
        "bad_request": Refusal(400, "Bad Request: something is wrong"),
        "chat_not_found": Refusal(400, "Bad Request: chat not found"),
    }
    return _refuse(refusals[fault.kind]) if fault.kind in refusals else None


def _refuse(refusal: Refusal):
    body = {"ok": False, "error_code": refusal.status, "description": refusal.description}
    if refusal.parameters:
        body["parameters"] = refusal.parameters
    return body, refusal.status


def _cut() -> Response:
    """Close the connection with nothing said."""
    connection = request.environ.get("werkzeug.socket") or request.environ.get("gunicorn.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    return Response("")


# Methods


def _get_me(_given: dict) -> dict:
    return describe_bot()


def describe_bot() -> dict:
    name = current_app.config["SETTINGS"].telegram_bot_name
    return {"id": SANDBOX_BOT, "is_bot": True, "first_name": "Копилка", "username": name}


def _get_updates(given: dict, *, again: bool = False) -> list[dict]:
    limit = min(max(_number(given.get("limit")) or 100, 1), 100)
    deadline = time.monotonic() + min(_number(given.get("timeout")) or 0, 50)
    with transaction():
        poll = store.begin_poll()
        if offset := _number(given.get("offset")):
            store.confirm_updates(offset)
    while True:
        with transaction():
            if not store.is_present_poll(poll):
                raise Refusal(409, "Conflict: terminated by other getUpdates request")
            found = store.list_updates(limit, again=again)
        if found or time.monotonic() >= deadline:
            return found
        time.sleep(LOOK_EVERY)


def _delete_webhook(_given: dict) -> bool:
    with transaction():
        store.clear_faults("webhook")
    return True


def _done(_given: dict) -> bool:
    return True


def _set_commands(given: dict) -> bool:
    try:
        commands = json.loads(given["commands"]) if isinstance(given["commands"], str) else given["commands"]
        listed = [{name: str(one[name]) for name in ("command", "description")} for one in commands]
    except (KeyError, TypeError, ValueError):
        raise Refusal(400, "Bad Request: can't parse commands") from None
    with transaction():
        store.set_commands(str(given.get("language_code") or ""), listed)
    return True


def _answer_press(given: dict) -> bool:
    text = str(given.get("text") or "")
    if len(text) > LONGEST_TOAST:
        raise Refusal(400, "Bad Request: MESSAGE_TOO_LONG")
    with transaction():
        if not store.answer_press(str(given.get("callback_query_id")), text or None):
            raise Refusal(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
    return True


def _send_message(given: dict) -> dict:
    return _put(given, _text(given.get("text"), LONGEST_TEXT))


def _send_photo(given: dict) -> dict:
    return _put(given, given.get("caption") or "", file=_keep_file(given, "photo"), kind="photo")


def _send_document(given: dict) -> dict:
    return _put(given, given.get("caption") or "", file=_keep_file(given, "document"), kind="document")


def _put(given: dict, text: str, *, file: str | None = None, kind: str | None = None) -> dict:
    if len(text.encode("utf-16-le")) // 2 > (LONGEST_CAPTION if kind else LONGEST_TEXT):
        raise Refusal(400, "Bad Request: message caption is too long")
    chat_id, markup = _chat(given), _markup(given)
    with transaction():
        if store.is_blocked(chat_id):
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        message_id = store.next_message_id()
        store.add_item(chat_id, message_id, text, is_from_bot=True, markup=markup, file=file, file_kind=kind)
    return write_message(chat_id, message_id, text, markup, file=file, kind=kind)


def _edit_text(given: dict) -> dict:
    return _edit(given, _text(given.get("text"), LONGEST_TEXT))


def _edit_markup(given: dict) -> dict:
    return _edit(given, None)


def _edit(given: dict, text: str | None) -> dict:
    chat_id, message_id, markup = _chat(given), _number(given.get("message_id")), _markup(given)
    with transaction():
        row = store.find_message(chat_id, message_id or 0)
        if row is None or not row.is_from_bot:
            raise Refusal(400, "Bad Request: message to edit not found")
        if text is not None and row.file:
            raise Refusal(400, "Bad Request: there is no text in the message to edit")
        text = row.text if text is None else text
        if (text, markup) == (row.text, row.markup):
            raise Refusal(
                400,
                "Bad Request: message is not modified: specified new message content and reply markup are exactly"
                " the same",
            )
        store.add_item(
            chat_id, message_id, text, is_from_bot=True, markup=markup, file=row.file, file_kind=row.file_kind
        )
    return write_message(chat_id, message_id, text, markup, file=row.file, kind=row.file_kind)


def _get_file(given: dict) -> dict:
    with transaction():
        row = store.find_file(str(given.get("file_id")))
    if row is None:
        raise Refusal(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
    return {"file_id": row.id, "file_unique_id": row.id, "file_size": len(row.body), "file_path": f"files/{row.id}"}


METHODS: dict[str, Callable[..., Any]] = {
    "getMe": _get_me,
    "getUpdates": _get_updates,
    "deleteWebhook": _delete_webhook,
    "setMyCommands": _set_commands,
    "answerCallbackQuery": _answer_press,
    "sendChatAction": _done,
    "sendMessage": _send_message,
    "sendPhoto": _send_photo,
    "sendDocument": _send_document,
    "editMessageText": _edit_text,
    "editMessageReplyMarkup": _edit_markup,
    "getFile": _get_file,
}


def write_message(
    chat_id: int,
    message_id: int,
    text: str,
    markup: dict | None,
    *,
    file: str | None = None,
    kind: str | None = None,
) -> dict:
    """A message of the bot as Telegram describes it; `file` of a photo or a document has `text` under it."""
    message: dict[str, Any] = {
        "message_id": message_id,
        "from": describe_bot(),
        "chat": {"id": chat_id, "type": "private"},
        "date": int(time.time()),
    }
    message |= {"caption": text} if file else {"text": text}
    if file:
        attached = {"file_id": file, "file_unique_id": file}
        message |= {"photo": [attached | {"width": 1, "height": 1}]} if kind == "photo" else {"document": attached}
    return message | ({"reply_markup": markup} if markup and "inline_keyboard" in markup else {})


def _number(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _chat(given: dict) -> int:
    chat_id = _number(given.get("chat_id"))
    if not chat_id:
        raise Refusal(400, "Bad Request: chat not found")
    return chat_id


def _text(value: Any, longest: int) -> str:
    text = str(value or "").strip()
    if not text:
        raise Refusal(400, "Bad Request: message text is empty")
    if len(text.encode("utf-16-le")) // 2 > longest:
        raise Refusal(400, "Bad Request: message is too long")
    return text


def _markup(given: dict) -> dict | None:
    written = given.get("reply_markup")
    if not written:
        return None
    try:
        markup = json.loads(written) if isinstance(written, str) else written
    except ValueError:
        raise Refusal(400, "Bad Request: can't parse reply keyboard markup JSON object") from None
    for row in markup.get("inline_keyboard", ()):
        for button in row:
            if not 1 <= len(button.get("callback_data", "").encode()) <= 64 and "url" not in button:
                raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")
    return markup


def _keep_file(given: dict, name: str) -> str:
    upload = request.files.get(name)
    if upload is None:
        with transaction():
            row = store.find_file(str(given.get(name)))
        if row is None:
            raise Refusal(400, "Bad Request: wrong file identifier/HTTP URL specified")
        return row.id
    file_id, called = new_id().hex, upload.filename or name
    # clients say "a stream of bytes" or nothing where they do not know; the name often does
    said = upload.mimetype if upload.mimetype != "application/octet-stream" else None
    mimetype = said or mimetypes.guess_type(called)[0] or "application/octet-stream"
    with transaction():
        store.keep_file(file_id, called, mimetype, upload.read())
    return file_id

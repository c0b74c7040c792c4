"""What the stand-in keeps, in the sandbox's own schema: all web processes see one Telegram."""

from __future__ import annotations

import json
from typing import Any

from flask import current_app
from sqlalchemy import Row, text

from models import db, transaction

LATEST = 200
MOST_READ = 5000
"""How many items a script reads at once."""
_TABLES = (
    "CREATE SCHEMA IF NOT EXISTS sandbox",
    # what the bot is to be told; `confirmed` once it asked for what comes after
    "CREATE TABLE IF NOT EXISTS sandbox.tg_update (update_id bigint GENERATED ALWAYS AS IDENTITY (START WITH 1000) PRIMARY KEY,"
    " body json NOT NULL, is_confirmed boolean NOT NULL DEFAULT false)",
    "ALTER TABLE sandbox.tg_update ADD COLUMN IF NOT EXISTS chat_id bigint,"
    " ADD COLUMN IF NOT EXISTS at timestamptz NOT NULL DEFAULT now()",
    "CREATE INDEX IF NOT EXISTS tg_update_waiting ON sandbox.tg_update (update_id) WHERE NOT is_confirmed",
    # what a person sees; a message that is edited stands here again under the same message_id; `kind` is contact, press
    # or block of what people do that is no text
    "CREATE TABLE IF NOT EXISTS sandbox.tg_item (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, chat_id bigint NOT NULL,"
    " message_id bigint NOT NULL, is_from_bot boolean NOT NULL, text text NOT NULL, markup json, file text, file_kind text,"
    " at timestamptz NOT NULL DEFAULT now())",
    "ALTER TABLE sandbox.tg_item ADD COLUMN IF NOT EXISTS kind text",
    "CREATE INDEX IF NOT EXISTS tg_item_chat ON sandbox.tg_item (chat_id, n)",
    "CREATE SEQUENCE IF NOT EXISTS sandbox.tg_message",
    "CREATE TABLE IF NOT EXISTS sandbox.tg_chat (chat_id bigint PRIMARY KEY, keyboard json,"
    " is_blocked boolean NOT NULL DEFAULT false)",
    "ALTER TABLE sandbox.tg_chat ADD COLUMN IF NOT EXISTS person_key text",
    "CREATE TABLE IF NOT EXISTS sandbox.tg_file (id text PRIMARY KEY, name text NOT NULL, mimetype text NOT NULL,"
    " body bytea NOT NULL)",
    "CREATE TABLE IF NOT EXISTS sandbox.tg_fault (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, method text NOT NULL,"
    " kind text NOT NULL, times int NOT NULL, seconds double precision NOT NULL)",
    "CREATE TABLE IF NOT EXISTS sandbox.tg_call (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, method text NOT NULL,"
    " chat_id bigint, at timestamptz NOT NULL DEFAULT clock_timestamp())",
    "CREATE TABLE IF NOT EXISTS sandbox.tg_poll (id int PRIMARY KEY, number bigint NOT NULL)",
    "CREATE TABLE IF NOT EXISTS sandbox.tg_commands (language text PRIMARY KEY, commands json NOT NULL)",
    # a press waits for its answer, which may have words for the person
    "CREATE TABLE IF NOT EXISTS sandbox.tg_press (id text PRIMARY KEY, chat_id bigint NOT NULL, toast text,"
    " answered_at timestamptz)",
    "ALTER TABLE sandbox.tg_fault ADD COLUMN IF NOT EXISTS share double precision NOT NULL DEFAULT 1",
    "ALTER TABLE sandbox.tg_call ADD COLUMN IF NOT EXISTS fault text",
)
_IS_THERE = "SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass('sandbox.tg_call') AND attname = 'fault'"
"""Whether what was added last is there: then all is."""


def prepare() -> None:
    """Make the tables if they are not there; two processes that start at once take turns."""
    if current_app.extensions.get("sandbox_telegram"):
        return
    with transaction():
        db.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('sandbox telegram', 0))"))
        if db.session.scalar(text(_IS_THERE)) is None:
            db.session.execute(text(";".join(_TABLES)))
    current_app.extensions["sandbox_telegram"] = True


def _run(statement: str, **values: Any):
    prepare()
    return db.session.execute(text(statement), values)


# Updates


def add_update(body: dict[str, Any], chat_id: int | None = None) -> int:
    """Have the bot told; what is returned is the update's number. With its chat, who waits there can be told too."""
    return _run(
        "INSERT INTO sandbox.tg_update (chat_id, body) VALUES (:chat, :body) RETURNING update_id",
        chat=chat_id,
        body=json.dumps(body),
    ).scalar()


def confirm_updates(before: int) -> None:
    _run(
        "UPDATE sandbox.tg_update SET is_confirmed = true WHERE update_id < :before AND NOT is_confirmed", before=before
    )


def list_updates(limit: int, *, again: bool = False) -> list[dict[str, Any]]:
    """Updates that wait, the oldest first; with `again` those that were confirmed last come before them."""
    rows = _run(
        "SELECT update_id, body FROM sandbox.tg_update WHERE NOT is_confirmed ORDER BY update_id LIMIT :limit",
        limit=limit,
    ).all()
    if again:
        known = _run(
            "SELECT update_id, body FROM sandbox.tg_update WHERE is_confirmed ORDER BY update_id DESC LIMIT 5"
        ).all()
        rows = [*reversed(known), *rows]
    return [{"update_id": row.update_id} | row.body for row in rows]


def begin_poll() -> int:
    """The number of a question for updates; it is the only one until the next begins."""
    return _run(
        "INSERT INTO sandbox.tg_poll (id, number) VALUES (1, 1)"
        " ON CONFLICT (id) DO UPDATE SET number = tg_poll.number + 1 RETURNING number"
    ).scalar()


def is_present_poll(number: int) -> bool:
    return _run("SELECT number FROM sandbox.tg_poll WHERE id = 1").scalar() == number


# Chats


def next_message_id() -> int:
    return _run("SELECT nextval('sandbox.tg_message')").scalar()


def add_item(
    chat_id: int,
    message_id: int,
    text: str,
    *,
    is_from_bot: bool,
    markup: dict | None = None,
    file: str | None = None,
    file_kind: str | None = None,
    kind: str | None = None,
) -> int:
    """Put something into a chat; its number there. A reply keyboard stays until another one comes."""
    if markup and ("keyboard" in markup or "remove_keyboard" in markup):
        _run(
            "INSERT INTO sandbox.tg_chat (chat_id, keyboard) VALUES (:chat, :keyboard)"
            " ON CONFLICT (chat_id) DO UPDATE SET keyboard = excluded.keyboard",
            chat=chat_id,
            keyboard=json.dumps(markup) if "keyboard" in markup else None,
        )
    return _run(
        "INSERT INTO sandbox.tg_item (chat_id, message_id, is_from_bot, text, markup, file, file_kind, kind)"
        " VALUES (:chat, :message, :bot, :text, :markup, :file, :file_kind, :kind) RETURNING n",
        chat=chat_id,
        message=message_id,
        bot=is_from_bot,
        text=text,
        markup=json.dumps(markup) if markup else None,
        file=file,
        file_kind=file_kind,
        kind=kind,
    ).scalar()


def list_items(chat_id: int, after: int) -> list[Row]:
    """What stands in a chat after the item `after`, the oldest first."""
    return _run(
        "SELECT * FROM sandbox.tg_item WHERE chat_id = :chat AND n > :after ORDER BY n LIMIT :limit",
        chat=chat_id,
        after=after,
        limit=MOST_READ,
    ).all()


def list_messages_of_bot(chat_id: int) -> list[Row]:
    """The bot's messages as they read now, the newest first."""
    return _run(
        "SELECT DISTINCT ON (message_id) * FROM sandbox.tg_item WHERE chat_id = :chat AND is_from_bot"
        " ORDER BY message_id DESC, n DESC LIMIT :limit",
        chat=chat_id,
        limit=LATEST,
    ).all()


def find_message(chat_id: int, message_id: int) -> Row | None:
    return _run(
        "SELECT * FROM sandbox.tg_item WHERE chat_id = :chat AND message_id = :message ORDER BY n DESC LIMIT 1",
        chat=chat_id,
        message=message_id,
    ).one_or_none()


def list_messages(chat_id: int, limit: int) -> list[Row]:
    """A chat as it stands now, the oldest message first: each as it reads after its last edit, with when it was said, how
    many `versions` it had, and name and size of what is attached."""
    return _run(
        "SELECT * FROM (SELECT DISTINCT ON (i.message_id) i.*, min(i.at) OVER message AS said_at,"
        " count(*) OVER message AS versions, f.name AS file_name, octet_length(f.body) AS file_size"
        " FROM sandbox.tg_item AS i LEFT JOIN sandbox.tg_file AS f ON f.id = i.file WHERE i.chat_id = :chat"
        " WINDOW message AS (PARTITION BY i.message_id) ORDER BY i.message_id DESC, i.n DESC LIMIT :limit) AS latest"
        " ORDER BY message_id",
        chat=chat_id,
        limit=limit,
    ).all()


def read_chat(chat_id: int) -> Row:
    """How a chat stands: its keyboard, the number of its last item, whether the bot is blocked, the words that a press was
    answered with just now, for how many seconds the bot has not taken what was said (`waiting`), and for how many nothing
    has followed what was said (`silent`)."""
    return _run(
        "SELECT chat.keyboard, coalesce(chat.is_blocked, false) AS is_blocked, coalesce(last.n, 0) AS last_n, press.toast,"
        " (SELECT extract(epoch FROM now() - min(at)) FROM sandbox.tg_update WHERE chat_id = :chat AND NOT is_confirmed)"
        " AS waiting, CASE WHEN NOT last.is_from_bot AND coalesce(last.kind, 'contact') = 'contact'"
        " THEN extract(epoch FROM now() - last.at) END AS silent"
        " FROM (SELECT) AS nothing LEFT JOIN sandbox.tg_chat AS chat ON chat.chat_id = :chat"
        " LEFT JOIN LATERAL (SELECT * FROM sandbox.tg_item WHERE chat_id = :chat ORDER BY n DESC LIMIT 1) AS last ON true"
        " LEFT JOIN LATERAL (SELECT toast FROM sandbox.tg_press WHERE chat_id = :chat"
        " AND answered_at > now() - interval '5 seconds' ORDER BY answered_at DESC LIMIT 1) AS press ON true",
        chat=chat_id,
    ).one()


def name_chat(chat_id: int, person_key: str) -> None:
    """Note whose chat it is, so that somebody new is found again."""
    _run(
        "INSERT INTO sandbox.tg_chat (chat_id, person_key) VALUES (:chat, :key)"
        " ON CONFLICT (chat_id) DO UPDATE SET person_key = excluded.person_key"
        " WHERE tg_chat.person_key IS DISTINCT FROM excluded.person_key",
        chat=chat_id,
        key=person_key,
    )


def list_chats() -> list[Row]:
    """All chats with the last thing said in each, the liveliest first; `person_key` where the person has said something."""
    return _run(
        "SELECT one.chat_id, chat.person_key, last.text, last.file_kind, last.is_from_bot, last.at"
        " FROM (SELECT DISTINCT chat_id FROM sandbox.tg_item) AS one LEFT JOIN sandbox.tg_chat AS chat USING (chat_id)"
        " JOIN LATERAL (SELECT * FROM sandbox.tg_item AS i WHERE i.chat_id = one.chat_id"
        " ORDER BY n DESC LIMIT 1) AS last ON true ORDER BY last.n DESC LIMIT :limit",
        limit=LATEST,
    ).all()


def find_keyboard(chat_id: int) -> dict | None:
    return _run("SELECT keyboard FROM sandbox.tg_chat WHERE chat_id = :chat", chat=chat_id).scalar()


def hide_keyboard(chat_id: int) -> None:
    _run("UPDATE sandbox.tg_chat SET keyboard = NULL WHERE chat_id = :chat", chat=chat_id)


def block(chat_id: int, is_blocked: bool) -> None:
    _run(
        "INSERT INTO sandbox.tg_chat (chat_id, is_blocked) VALUES (:chat, :blocked)"
        " ON CONFLICT (chat_id) DO UPDATE SET is_blocked = excluded.is_blocked",
        chat=chat_id,
        blocked=is_blocked,
    )


def is_blocked(chat_id: int) -> bool:
    return bool(_run("SELECT is_blocked FROM sandbox.tg_chat WHERE chat_id = :chat", chat=chat_id).scalar())


def add_press(press_id: str, chat_id: int) -> None:
    _run("INSERT INTO sandbox.tg_press (id, chat_id) VALUES (:id, :chat)", id=press_id, chat=chat_id)


def answer_press(press_id: str, toast: str | None) -> bool:
    """End the waiting of a press; False when there is no such press."""
    return bool(
        _run(
            "UPDATE sandbox.tg_press SET toast = :toast, answered_at = now() WHERE id = :id", id=press_id, toast=toast
        ).rowcount
    )


# Commands, files, calls and faults


def set_commands(language: str, commands: list[dict[str, str]]) -> None:
    """The menu of commands for people of a language, "" for all others."""
    _run(
        "INSERT INTO sandbox.tg_commands (language, commands) VALUES (:language, :commands)"
        " ON CONFLICT (language) DO UPDATE SET commands = excluded.commands",
        language=language,
        commands=json.dumps(commands),
    )


def find_commands(language: str) -> list[dict[str, str]]:
    return (
        _run(
            "SELECT commands FROM sandbox.tg_commands WHERE language IN (:language, '') ORDER BY language DESC LIMIT 1",
            language=language,
        ).scalar()
        or []
    )


def keep_file(file_id: str, name: str, mimetype: str, body: bytes) -> None:
    _run(
        "INSERT INTO sandbox.tg_file (id, name, mimetype, body) VALUES (:id, :name, :mimetype, :body)",
        id=file_id,
        name=name,
        mimetype=mimetype,
        body=body,
    )


def find_file(file_id: str) -> Row | None:
    return _run("SELECT * FROM sandbox.tg_file WHERE id = :id", id=file_id).one_or_none()


def note_call(method: str, chat_id: int | None, fault: str | None = None) -> None:
    _run(
        "INSERT INTO sandbox.tg_call (method, chat_id, fault) VALUES (:method, :chat, :fault)",
        method=method,
        chat=chat_id,
        fault=fault,
    )


def list_calls(method: str) -> list[Row]:
    """When a method was called, for which chat, and which fault the call met, the first call first."""
    return _run("SELECT chat_id, at, fault FROM sandbox.tg_call WHERE method = :method ORDER BY n", method=method).all()


def add_fault(method: str, kind: str, times: int, seconds: float, share: float = 1) -> None:
    """From now on so many calls of `method` (* for any, send* for those that begin so) fail in this way: each next one,
    or a `share` of them by chance."""
    _run(
        "INSERT INTO sandbox.tg_fault (method, kind, times, seconds, share)"
        " VALUES (:method, :kind, :times, :seconds, :share)",
        method=method,
        kind=kind,
        times=times,
        seconds=seconds,
        share=share,
    )


def take_fault(method: str) -> Row | None:
    """The fault that this call meets."""
    return _run(
        "UPDATE sandbox.tg_fault SET times = times - 1 WHERE n = (SELECT n FROM sandbox.tg_fault"
        " WHERE times > 0 AND :method LIKE replace(method, '*', '%') AND random() < share"
        " ORDER BY n LIMIT 1 FOR UPDATE SKIP LOCKED)"
        " RETURNING kind, seconds",
        method=method,
    ).one_or_none()


def take_fault_of_delivery(kind: str) -> bool:
    """Whether what a person sends now is to be delivered with this fault."""
    return bool(
        _run(
            "UPDATE sandbox.tg_fault SET times = times - 1 WHERE n = (SELECT n FROM sandbox.tg_fault"
            " WHERE times > 0 AND kind = :kind ORDER BY n LIMIT 1 FOR UPDATE SKIP LOCKED)",
            kind=kind,
        ).rowcount
    )


def list_faults() -> dict[str, int]:
    """How many more times each kind of fault will be met."""
    rows = _run("SELECT kind, sum(times) AS times FROM sandbox.tg_fault WHERE times > 0 GROUP BY kind")
    return {row.kind: row.times for row in rows}


def clear_faults(kind: str | None = None) -> None:
    """Switch all faults off, or those of a kind."""
    _run("DELETE FROM sandbox.tg_fault WHERE CAST(:kind AS text) IS NULL OR kind = :kind", kind=kind)

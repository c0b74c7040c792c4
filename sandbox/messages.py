"""The stand-in that every message of the sandbox ends in, and the feed that shows them.

It keeps its messages in a schema of its own, made when first needed and unknown to the migrations: production never has
it. A message is kept once however often its id comes.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import UTC

from flask import Blueprint, Flask, abort, current_app, request
from sqlalchemy import Row, text

from api.json import read_body
from connectors.messages.sandbox import SECRET_HEADER, gateway_secret
from loyalty.access import public
from loyalty.emails import normalise_email
from loyalty.errors import LoyaltyError
from loyalty.phones import normalise_phone
from models import db, transaction
from sandbox.telegram import store as telegram
from sandbox.telegram.doors import mirror

LATEST = 50
FIELDS = ("id", "channel", "to", "subject", "text")

messages = Blueprint("sandbox_messages", __name__, url_prefix="/sandbox")


def register(app: Flask) -> None:
    """Add the stand-in and the feed to an application of the sandbox."""
    app.register_blueprint(messages)


@messages.post("/gateway/messages")
@public
def take():
    """Keep a message; only processes of this installation know the secret. Answers 201 the first time, then 200."""
    secret = gateway_secret(current_app.config["SETTINGS"].secret_key)
    if not hmac.compare_digest(request.headers.get(SECRET_HEADER, "").encode(), secret.encode()):
        abort(401)
    body = read_body(request)
    if not isinstance(body, dict) or not all(isinstance(body.get(name), str) for name in FIELDS):
        abort(400)
    _prepare()
    telegram.prepare()
    with transaction():
        added = db.session.execute(
            text(
                'INSERT INTO sandbox.message (id, channel, "to", subject, text) '
                "VALUES (:id, :channel, :to, :subject, :text) ON CONFLICT (id) DO NOTHING"
            ),
            {name: body[name] for name in FIELDS},
        ).rowcount
        if added and body["channel"] == "telegram":
            mirror(body["to"], body["text"], body.get("buttons") or ())
    return {"id": body["id"]}, 201 if added else 200


@messages.get("/messages.json")
@public
def feed():
    """The latest messages, newest first; with `to`, a phone in any spelling or an e-mail, that person's whatever the way."""
    return {"items": latest(request.args.get("to", "").strip())}


def latest(to: str = "") -> list[dict[str, str]]:
    """The newest messages, of everybody or of the person who has this phone or e-mail."""
    return [
        {"channel": row.channel, "to": row.to, "text": row.text, "at": row.at.astimezone(UTC).isoformat()}
        for row in list_messages(to, LATEST)
    ]


def list_messages(to: str, limit: int) -> Sequence[Row]:
    """The newest messages with their number `n`, the `name` of the person, if it is one, and a `contact` to find theirs by."""
    _prepare()
    with transaction():
        return db.session.execute(
            text(
                'SELECT m.n, m.channel, m."to", m.text, m.at, who.name, who.contact FROM sandbox.message AS m '
                "LEFT JOIN LATERAL (SELECT c.name, every.value AS contact FROM identity AS one "
                "JOIN customer AS c ON c.id = one.customer_id JOIN identity AS every USING (customer_id) "
                "WHERE one.value = m.\"to\" AND one.kind IN ('phone', 'email', 'telegram') "
                "AND every.kind IN ('phone', 'email') ORDER BY every.kind DESC, every.id LIMIT 1) AS who ON true "
                'WHERE CAST(:addresses AS text[]) IS NULL OR m."to" = ANY(CAST(:addresses AS text[])) '
                "ORDER BY m.n DESC LIMIT :limit"
            ),
            {"addresses": _addresses_of(to) if to else None, "limit": limit},
        ).all()


def _addresses_of(to: str) -> list[str]:
    """Everything the person with this phone or e-mail can be reached by; the address alone when nobody has it."""
    address = _normalised(to)
    rows = db.session.scalars(
        text(
            "SELECT every.value FROM identity AS one JOIN identity AS every USING (customer_id) "
            "WHERE one.value = :address AND one.kind IN ('phone', 'email') AND every.kind IN ('phone', 'email', 'telegram')"
        ),
        {"address": address},
    )
    return [address, *rows]


def _normalised(to: str) -> str:
    try:
        if "@" in to:
            return normalise_email(to)
        # a plus sign that was not escaped arrives as a space, and was stripped
        return normalise_phone(f"+{to}" if to.startswith("7") and len(to) > 10 else to)
    except LoyaltyError:
        return to


def _prepare() -> None:
    """Make the schema if it is not there; two processes that start at once take turns."""
    if current_app.extensions.get("sandbox_messages"):
        return
    with transaction():
        db.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('sandbox messages', 0))"))
        db.session.execute(text("CREATE SCHEMA IF NOT EXISTS sandbox"))
        db.session.execute(
            text(
                "CREATE TABLE IF NOT EXISTS sandbox.message (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
                'id text NOT NULL UNIQUE, channel text NOT NULL, "to" text NOT NULL, subject text NOT NULL, '
                "text text NOT NULL, at timestamptz NOT NULL DEFAULT now())"
            )
        )
        db.session.execute(text('CREATE INDEX IF NOT EXISTS message_to_n ON sandbox.message ("to", n)'))
    current_app.extensions["sandbox_messages"] = True

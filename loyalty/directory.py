"""The platform's own list of people, for its admins: over all partners, one line a person."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from uuid import UUID

from sqlalchemy import text

from loyalty.customers import find
from loyalty.errors import InvalidCursor, LoyaltyError
from loyalty.identities import parse_identifier
from models import db

_PEOPLE = """
SELECT c.id AS customer_id, c.name, c.state, c.created_at,
       (SELECT value FROM identity i WHERE i.customer_id = c.id AND i.kind = 'phone'
         ORDER BY i.proven_at NULLS LAST, i.id LIMIT 1) AS phone,
       (SELECT value FROM identity i WHERE i.customer_id = c.id AND i.kind = 'email'
         ORDER BY i.proven_at NULLS LAST, i.id LIMIT 1) AS email,
       coalesce(m.points, 0) AS loyalty_points, coalesce(m.visits, 0) AS total_purchases, coalesce(m.spent, 0) AS total_spent
  FROM customer c
  LEFT JOIN LATERAL (
    SELECT sum(balance)::bigint AS points, sum(visits)::bigint AS visits, sum(spent) AS spent
      FROM membership WHERE customer_id = c.id AND state = 'open'
  ) m ON true
 WHERE c.state IN ('active', 'blocked') {narrowed}
 ORDER BY c.id DESC LIMIT :many
"""


def list_people(query: str = "", cursor: str | None = None, limit: int = 50) -> tuple[list[Any], str | None]:
    """People, the newest first, and the cursor of the next page. Raises `InvalidCursor`.

    `query` is a whole phone, e-mail, card number or customer id, or a part of a name; empty lists everybody.
    """
    values: dict[str, Any] = {"many": limit + 1}
    narrowed = ""
    if cursor:
        narrowed += " AND c.id < :before"
        values["before"] = _read_cursor(cursor)
    if words := query.strip():
        found = _find_exactly(words)
        if found is not None:
            narrowed += " AND c.id = :found"
            values["found"] = found
        else:
            narrowed += " AND c.name ILIKE :part"
            values["part"] = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    rows = db.session.execute(text(_PEOPLE.format(narrowed=narrowed)), values).all()
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], base64.urlsafe_b64encode(rows[limit - 1].customer_id.bytes).rstrip(b"=").decode()


def _find_exactly(words: str) -> UUID | None:
    """Whom the words name as a whole; None when they name nobody that way."""
    for kind in ("customer_id", "card", "email", "phone"):
        try:
            customer = find(parse_identifier({kind: words}))
        except LoyaltyError:
            continue
        if customer is not None:
            return customer.id
    return None


def _read_cursor(cursor: str) -> UUID:
    try:
        return UUID(bytes=base64.b64decode(cursor.encode("ascii") + b"==", altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise InvalidCursor() from None

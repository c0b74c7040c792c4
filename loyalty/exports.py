"""Everything a partner has, line by line, for its own files.

Read page by page from a `place` on, so that neither the size matters nor how slowly a file is fetched: the caller ends
its transaction after each page. `BEGINNING` is before every place; a page shorter than `PAGE` is the last.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from loyalty import plans
from loyalty.money import format_money
from models import db
from models.partner import Partner

PAGE = 1000
BEGINNING = UUID(int=0)


def _known(kind: str) -> str:
    """The earliest identity of a kind that the partner knows of the member."""
    return (
        "(SELECT i.value FROM membership_identity k JOIN identity i ON i.id = k.identity_id"
        " WHERE k.partner_id = m.partner_id AND k.membership_id = m.id AND i.customer_id = m.customer_id"
        f" AND i.kind = '{kind}' ORDER BY i.id LIMIT 1) AS {kind}"
    )


_CUSTOMERS = text(
    f"SELECT m.id AS place, m.customer_id, m.name, {_known('phone')}, {_known('email')}, m.balance, m.pending, m.visits,"
    " m.spent, m.first_purchase_at, m.last_purchase_at, m.is_vip, m.created_at AS joined_at FROM membership m"
    " WHERE m.partner_id = :partner AND m.state = 'open' AND m.id > :after ORDER BY m.id LIMIT :page"
)
_TRANSACTIONS = text(
    "SELECT e.id AS place, e.id AS entry_id, e.occurred_at, m.customer_id, e.kind, e.points, e.balance_after, e.source,"
    " e.purchase_id, b.source_ref AS document, b.branch_id, b.amount AS check_amount, b.refunded FROM entry e"
    " JOIN membership m ON m.partner_id = e.partner_id AND m.id = e.membership_id"
    " LEFT JOIN purchase b ON b.partner_id = e.partner_id AND b.id = e.purchase_id"
    " WHERE e.partner_id = :partner AND e.id > :after ORDER BY e.id LIMIT :page"
)
_ANSWERS = text(
    "SELECT s.id AS place, s.id AS survey_id, s.answered_at, s.score, s.comment, s.way, m.customer_id, m.name,"
    " b.occurred_at AS visited_at, b.branch_id, f.id AS staff_id, t.state AS task_state, t.note AS task_note"
    " FROM survey s JOIN membership m ON m.partner_id = s.partner_id AND m.id = s.membership_id"
    " JOIN purchase b ON b.partner_id = s.partner_id AND b.id = s.purchase_id"
    " LEFT JOIN staff f ON f.partner_id = b.partner_id AND f.customer_id = b.actor"
    " LEFT JOIN survey_task t ON t.partner_id = s.partner_id AND t.survey_id = s.id AND t.state <> 'withdrawn'"
    " WHERE s.partner_id = :partner AND s.score IS NOT NULL AND s.id > :after ORDER BY s.id LIMIT :page"
)

CUSTOMER_COLUMNS = (
    "customer_id", "name", "phone", "email", "balance", "pending", "visits", "spent", "first_purchase_at",
    "last_purchase_at", "is_vip", "joined_at",
)  # fmt: skip
CONTACTS = ("phone", "email")
TRANSACTION_COLUMNS = (
    "entry_id", "occurred_at", "customer_id", "kind", "points", "balance_after", "source", "purchase_id", "document",
    "branch_id", "check_amount", "refunded",
)  # fmt: skip

ANSWER_COLUMNS = (
    "survey_id", "answered_at", "score", "comment", "way", "customer_id", "name", "visited_at", "branch_id", "staff_id",
    "task_state", "task_note",
)  # fmt: skip


def list_customers(partner_id: UUID, after: UUID) -> list[Any]:
    """The next `PAGE` of the partner's members after a `place`, the oldest first: rows with `CUSTOMER_COLUMNS`."""
    return _page(_CUSTOMERS, partner_id, after)


def list_transactions(partner_id: UUID, after: UUID) -> list[Any]:
    """The next `PAGE` of the partner's entries after a `place`, the oldest first: rows with `TRANSACTION_COLUMNS`."""
    return _page(_TRANSACTIONS, partner_id, after)


def list_answers(partner_id: UUID, after: UUID) -> list[Any]:
    """The next `PAGE` of the answers after visits after a `place`, in no order of time: rows with `ANSWER_COLUMNS`."""
    return _page(_ANSWERS, partner_id, after)


@dataclass(frozen=True)
class Export:
    """A file that a partner may fetch: its name, its columns and what lists its rows."""

    name: str
    columns: tuple[str, ...]
    list_page: Callable[[UUID, UUID], list[Any]]


CUSTOMERS = Export("customers", CUSTOMER_COLUMNS, list_customers)
TRANSACTIONS = Export("transactions", TRANSACTION_COLUMNS, list_transactions)
ANSWERS = Export("nps", ANSWER_COLUMNS, list_answers)
EXPORTS = {export.name: export for export in (CUSTOMERS, TRANSACTIONS, ANSWERS)}


def of_partner(export: Export, partner: Partner) -> Export:
    """The file as the partner may have it: phones and e-mails only where its plan opens the base of contacts."""
    hidden = () if plans.is_open(partner, "contact_base") else CONTACTS
    return replace(export, columns=tuple(column for column in export.columns if column not in hidden))


def write_csv(export: Export, partner_id: UUID, transaction: Callable[[], AbstractContextManager]) -> Iterator[str]:
    """The file piece by piece, as it is sent; it begins with the mark by which spreadsheets know UTF-8.

    Each page is a `transaction` of its own: one held open while a client stalls would be cut off, and the file with it.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(export.columns)
    after, rows = BEGINNING, None
    while rows is None or len(rows) == PAGE:
        with transaction():
            rows = export.list_page(partner_id, after)
        for row in rows:
            writer.writerow([_cell(getattr(row, column)) for column in export.columns])
            after = row.place
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _cell(value: object) -> str:
    """As a cell; text that a spreadsheet would take for a formula is made harmless, a phone's plus stays."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format_money(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    is_number = text[:1] in "+-" and text[1:].isdigit()
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not is_number else text


def _page(query, partner_id: UUID, after: UUID) -> list[Any]:
    return db.session.execute(query, {"partner": partner_id, "after": after, "page": PAGE}).all()

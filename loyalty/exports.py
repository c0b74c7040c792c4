"""Everything a partner has, line by line, for its own files.

Read page by page from a `place` on, so that neither the size matters nor how slowly a file is fetched: the caller ends
its transaction after each page. `BEGINNING` is before every place; a page shorter than `PAGE` is the last.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text

from models import db

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

CUSTOMER_COLUMNS = (
    "customer_id", "name", "phone", "email", "balance", "pending", "visits", "spent", "first_purchase_at",
    "last_purchase_at", "is_vip", "joined_at",
)  # fmt: skip
TRANSACTION_COLUMNS = (
    "entry_id", "occurred_at", "customer_id", "kind", "points", "balance_after", "source", "purchase_id", "document",
    "branch_id", "check_amount", "refunded",
)  # fmt: skip


def list_customers(partner_id: UUID, after: UUID) -> list[Any]:
    """The next `PAGE` of the partner's members after a `place`, the oldest first: rows with `CUSTOMER_COLUMNS`."""
    return _page(_CUSTOMERS, partner_id, after)


def list_transactions(partner_id: UUID, after: UUID) -> list[Any]:
    """The next `PAGE` of the partner's entries after a `place`, the oldest first: rows with `TRANSACTION_COLUMNS`."""
    return _page(_TRANSACTIONS, partner_id, after)


def _page(query, partner_id: UUID, after: UUID) -> list[Any]:
    return db.session.execute(query, {"partner": partner_id, "after": after, "page": PAGE}).all()

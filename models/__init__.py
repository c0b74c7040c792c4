"""The tables and their constraints; one file per aggregate, no rules.

Importing this package registers every table on `db.metadata`.
"""

from models import (
    claim,
    customer,
    ledger,
    partner,
    promotion,
    referral,
    sale_code,
    service,
    survey,
    telegram,
    tier,
    widget,
    wish,
    work,
)
from models.base import db, new_id, ping_after_rest, transaction, transaction_apart

__all__ = [
    "claim",
    "customer",
    "db",
    "ledger",
    "new_id",
    "partner",
    "ping_after_rest",
    "promotion",
    "referral",
    "sale_code",
    "service",
    "survey",
    "telegram",
    "tier",
    "transaction",
    "transaction_apart",
    "widget",
    "wish",
    "work",
]

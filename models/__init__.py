"""The tables and their constraints; one file per aggregate, no rules.

Importing this package registers every table on `db.metadata`.
"""

from models import customer, ledger, partner, work
from models.base import db, new_id, transaction, transaction_apart

__all__ = ["customer", "db", "ledger", "new_id", "partner", "transaction", "transaction_apart", "work"]

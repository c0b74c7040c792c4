"""The tables and their constraints; one file per aggregate, no rules.

Importing this package registers every table on `db.metadata`.
"""

from models.base import db

__all__ = ["db"]

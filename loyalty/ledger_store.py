"""Loading and writing of accounts for `loyalty.ledger`, which alone may import this module.

Everything one operation changes is written by one statement, built of the parts that have rows and prepared once per
connection; a document is claimed and its account locked in one round trip (bench P1).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy.dialects import postgresql

from loyalty.book import Book, Debt, Hold, Lot, LotUse
from loyalty.errors import CustomerNotFound, PurchaseNotFound
from loyalty.prepared import Prepared, Row, array_of, execute_together
from models import db, new_id


@dataclass
class Account:
    """A membership under its lock: the book, and what pricing needs to know of the person at this partner."""

    book: Book
    customer_id: UUID
    state: str
    visits: int
    spent: Decimal
    is_vip: bool
    birth_date: date | None
    birthday_used_on: date | None
    first_purchase_at: datetime | None
    last_purchase_at: datetime | None
    tier: str | None
    timezone: str


def execute(sql: str, parameters: Sequence[Any] = ()) -> Any:
    return db.session.connection().exec_driver_sql(sql, tuple(parameters))


_ACCOUNT = """
    SELECT m.partner_id, m.id, m.customer_id, m.state, m.merged_into, m.active, m.pending, m.held, m.debt, m.seq,
           m.next_due_at, m.visits, m.spent, m.is_vip, m.birthday_used_on, m.first_purchase_at, m.last_purchase_at,
           m.tier, c.birth_date, p.timezone
    FROM membership m JOIN customer c ON c.id = m.customer_id JOIN partner p ON p.id = m.partner_id
"""
_ONE = f"{_ACCOUNT} WHERE m.partner_id = $1 AND m.id = $2"
_LOCK = " FOR NO KEY UPDATE OF m"
_read = Prepared("kopilka_account", "uuid, uuid", _ONE)
_lock = Prepared("kopilka_lock", "uuid, uuid", _ONE + _LOCK)
_lock_claimed = Prepared(
    "kopilka_lock_claimed",
    "uuid, uuid, uuid",
    f"{_ONE} AND EXISTS (SELECT FROM purchase d WHERE d.partner_id = $1 AND d.id = $3) {_LOCK}",
)
_lock_open = Prepared(
    "kopilka_lock_open",
    "uuid[], uuid[]",
    f"{_ACCOUNT} WHERE (m.partner_id, m.id) IN (SELECT * FROM unnest($1, $2)) AND m.state = 'open' ORDER BY m.id {_LOCK}",
)


def lock_account(partner_id: UUID, membership_id: UUID) -> Account:
    """Lock the membership and open its book; of a merged one, the survivor's. Raises `CustomerNotFound`."""
    return _open(_lock, partner_id, membership_id)


def lock_accounts(keys: Sequence[tuple[UUID, UUID]]) -> list[Account]:
    """Lock those of these memberships (partner, id) that are open, in the order of their ids, by one query."""
    return [_account(row.partner_id, row.id, row) for row in _lock_open(*_arrays(keys))]


def read_account(partner_id: UUID, membership_id: UUID) -> Account:
    """As `lock_account` without the lock, for who only looks: it waits for nobody. Raises `CustomerNotFound`."""
    return _open(_read, partner_id, membership_id)


def _open(statement: Prepared, partner_id: UUID, membership_id: UUID) -> Account:
    rows = statement(partner_id, membership_id)
    if not rows:
        raise CustomerNotFound()
    if rows[0].state == "merged":
        return _open(statement, partner_id, rows[0].merged_into)
    return _account(partner_id, membership_id, rows[0])


def _account(partner_id: UUID, membership_id: UUID, row: Row) -> Account:
    book = Book(partner_id, membership_id, row.active, row.pending, row.held, row.debt, row.seq, row.next_due_at)
    return Account(
        book=book,
        customer_id=row.customer_id,
        state=row.state,
        visits=row.visits,
        spent=row.spent,
        is_vip=row.is_vip,
        birth_date=row.birth_date,
        birthday_used_on=row.birthday_used_on,
        first_purchase_at=row.first_purchase_at,
        last_purchase_at=row.last_purchase_at,
        tier=row.tier,
        timezone=row.timezone,
    )


_LOT_COLUMNS = "id, entry_id, purchase_id, points, remaining, held, state, available_at, expires_at, expiries"


def load_book(book: Book) -> None:
    """Read the live lots, unpaid debts and open holds; once per operation, and only after the lock is held."""
    if not book.loaded:
        load_books([book])


def load_books(books: Sequence[Book]) -> None:
    """As `load_book` for several accounts that nothing was read of yet, in as many queries as for one."""
    by_id = {book.membership_id: book for book in books}
    for row in _execute_for(books, f"SELECT {_LOT_COLUMNS}, membership_id FROM lot WHERE {{mine}} AND remaining > 0"):
        by_id[row.membership_id].lots.setdefault(row.id, Lot(*row[:-1]))
    if owing := [book for book in books if book.debt]:
        for row in _execute_for(
            owing,
            "SELECT entry_id, points, remaining, membership_id FROM debt WHERE {mine} AND remaining > 0"
            " ORDER BY entry_id",
        ):
            by_id[row.membership_id].debts.append(Debt(*row[:-1]))
    if holding := [book for book in books if book.held]:
        for row in _execute_for(
            holding,
            "SELECT h.id, h.membership_id, h.quote_id, h.points, h.expires_at, h.created_at,"
            " array_agg(l.lot_id ORDER BY l.n) AS lots, array_agg(l.points ORDER BY l.n) AS reserved"
            " FROM hold h JOIN hold_lot l ON l.partner_id = h.partner_id AND l.hold_id = h.id"
            " WHERE {mine} AND h.state = 'open' GROUP BY h.partner_id, h.id",
            "h.",
        ):
            parts = [(UUID(str(lot)), points) for lot, points in zip(row.lots, row.reserved, strict=True)]
            hold = Hold(row.id, row.quote_id, row.points, row.expires_at, row.created_at, parts)
            by_id[row.membership_id].holds[row.id] = hold
    for book in books:
        book.loaded = True


def _execute_for(books: Sequence[Book], sql: str, table: str = "") -> Any:
    """Run a query of these accounts' rows: `{mine}` in it says so."""
    if len(books) == 1:
        mine = f"{table}partner_id = %s AND {table}membership_id = %s"
        return execute(sql.format(mine=mine), (books[0].partner_id, books[0].membership_id))
    mine = f"({table}partner_id, {table}membership_id) IN (SELECT * FROM unnest(%s::uuid[], %s::uuid[]))"
    return execute(sql.format(mine=mine), _arrays([(book.partner_id, book.membership_id) for book in books]))


def _arrays(keys: Sequence[tuple[UUID, UUID]]) -> tuple[str, str]:
    return array_of(key[0] for key in keys), array_of(key[1] for key in keys)


def load_spent_lots(book: Book, lot_ids: Iterable[UUID]) -> None:
    """Add lots that have nothing left, so that points can be given back to them."""
    missing = [lot_id for lot_id in lot_ids if lot_id not in book.lots]
    if missing:
        rows = execute(
            f"SELECT {_LOT_COLUMNS} FROM lot WHERE partner_id = %s AND membership_id = %s AND id = ANY(%s::uuid[])",
            (book.partner_id, book.membership_id, [str(lot_id) for lot_id in missing]),
        )
        for row in rows:
            book.lots[row.id] = Lot(*row)


def outstanding_uses(partner_id: UUID, entry_id: UUID) -> list[LotUse]:
    """What an entry took from lots, oldest first, with later returns taken off the last takings."""
    rows = execute(
        "SELECT lot_id, entry_id, points FROM lot_use WHERE partner_id = %s AND entry_id = ANY("
        " ARRAY[%s::uuid] || ARRAY(SELECT id FROM entry WHERE partner_id = %s AND reverses_id = %s)) ORDER BY id",
        (partner_id, entry_id, partner_id, entry_id),
    ).all()
    takings = [[row.lot_id, row.points] for row in rows if row.points > 0]
    for row in rows:
        back = -row.points
        for taking in reversed(takings):
            if back <= 0:
                break
            if taking[0] == row.lot_id:
                returned = min(back, taking[1])
                taking[1] -= returned
                back -= returned
    return [LotUse(lot_id, entry_id, points) for lot_id, points in takings if points]


# Purchases


@dataclass
class PurchaseRow:
    """A purchase with its lines and awards, under its lock."""

    row: Row
    lines: list[Row]
    awards: list[Row]


_claim = Prepared(
    "kopilka_claim",
    "uuid, uuid, uuid, uuid, varchar, varchar, varchar, varchar, bigint, varchar, timestamptz, numeric, uuid",
    """
    INSERT INTO purchase (partner_id, id, membership_id, branch_id, kind, source, origin, source_ref, version, fingerprint,
                          occurred_at, amount, actor)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    ON CONFLICT (partner_id, source, origin, source_ref) DO NOTHING
    RETURNING id
    """,
)


def claim_purchase(partner_id: UUID, membership_id: UUID, values: Sequence[Any]) -> UUID | None:
    """Insert the document's row, its lock from now on; None when the document is already known (rule 6).

    `values`: branch, kind, source, origin, reference, version, fingerprint, occurred_at, amount, actor.
    """
    rows = _claim(partner_id, new_id(), membership_id, *values)
    return rows[0].id if rows else None


def claim_and_lock(partner_id: UUID, membership_id: UUID, values: Sequence[Any]) -> tuple[UUID, Account] | None:
    """As `claim_purchase` and then `lock_account`, together; a known document locks nothing."""
    purchase_id = new_id()
    rows = execute_together(
        (_claim, (partner_id, purchase_id, membership_id, *values)),
        (_lock_claimed, (partner_id, membership_id, purchase_id)),
    )
    if not rows:
        return None
    if rows[0].state == "merged":
        return purchase_id, lock_account(partner_id, rows[0].merged_into)
    return purchase_id, _account(partner_id, membership_id, rows[0])


def lock_document(partner_id: UUID, source: str, origin: str | None, source_ref: str) -> PurchaseRow | None:
    """The known document, locked; None when there is none, also when it lost its number while the lock was waited for."""
    row = execute(
        "SELECT id FROM purchase WHERE partner_id = %s AND source = %s AND origin IS NOT DISTINCT FROM %s"
        " AND source_ref = %s",
        (partner_id, source, origin, source_ref),
    ).one_or_none()
    known = None if row is None else lock_purchase(partner_id, row.id)
    return known if known is not None and known.row.source_ref == source_ref else None


def other_visits(purchase: PurchaseRow) -> tuple[datetime | None, datetime | None]:
    """When the member's first and last other purchase was, without those that were wholly returned."""
    row = execute(
        "SELECT min(occurred_at) AS first, max(occurred_at) AS last FROM purchase"
        " WHERE partner_id = %s AND membership_id = %s AND id <> %s AND amount > refunded",
        (purchase.row.partner_id, purchase.row.membership_id, purchase.row.id),
    ).one()
    return row.first, row.last


def is_celebrated_elsewhere(purchase: PurchaseRow, within: timedelta, undone_by: str) -> bool:
    """Whether another purchase of the member, so near to this one, got a birthday's multiplier and kept it."""
    row = purchase.row
    return execute(
        "SELECT EXISTS (SELECT FROM purchase d WHERE d.partner_id = %s AND d.membership_id = %s AND d.id <> %s"
        " AND d.occurred_at BETWEEN %s AND %s AND d.rules @> %s::jsonb"
        " AND NOT EXISTS (SELECT FROM refund r WHERE r.partner_id = d.partner_id AND r.purchase_id = d.id"
        " AND r.reference = %s))",
        (row.partner_id, row.membership_id, row.id, row.occurred_at - within, row.occurred_at + within, _CELEBRATED,
         undone_by),
    ).scalar_one()  # fmt: skip


_CELEBRATED = '{"factors": [{"kind": "birthday"}]}'


def lock_purchase(partner_id: UUID, purchase_id: UUID) -> PurchaseRow:
    """Lock a purchase and read it with lines and awards (newest award last). Raises `PurchaseNotFound`."""
    key = (partner_id, purchase_id)
    row = execute("SELECT * FROM purchase WHERE partner_id = %s AND id = %s FOR NO KEY UPDATE", key).one_or_none()
    if row is None:
        raise PurchaseNotFound()
    lines = execute("SELECT * FROM purchase_line WHERE partner_id = %s AND purchase_id = %s ORDER BY n", key).all()
    awards = execute(
        "SELECT a.*, l.membership_id AS holder_id, e.rules ->> 'label' AS label FROM award a"
        " JOIN entry e ON e.partner_id = a.partner_id AND e.id = a.entry_id"
        " LEFT JOIN lot l ON l.partner_id = a.partner_id AND l.entry_id = a.entry_id"
        " WHERE a.partner_id = %s AND a.purchase_id = %s ORDER BY a.entry_id",
        key,
    ).all()
    return PurchaseRow(row, lines, awards)


# Writing

_UPDATED = {
    "membership": "active pending held debt seq next_due_at visits spent birthday_used_on first_purchase_at"
    " last_purchase_at state merged_into",
    "purchase": "membership_id version revision fingerprint occurred_at amount paid_with_points refunded money_back rules"
    " breakdown",
}
_UPSERTED = {
    "lot": (
        "id membership_id entry_id purchase_id points remaining held state available_at expires_at expiries",
        "id",
        "membership_id remaining held state expires_at expiries",
    ),
    "debt": ("entry_id membership_id points remaining", "entry_id", "membership_id remaining"),
    "hold": (
        "id membership_id quote_id purchase_id points captured state expires_at resolved_at created_at",
        "id",
        "membership_id purchase_id captured state resolved_at",
    ),
    "award": ("entry_id purchase_id kind points kept shortfall", "entry_id", "points kept shortfall"),
    "purchase_line": (
        "purchase_id n name sku category quantity amount remaining weight spent no_accrual no_spending",
        "purchase_id n",
        "name sku category quantity amount remaining weight spent no_accrual no_spending",
    ),
}
_INSERTED = {
    "entry": "id membership_id seq kind points total_before total_after balance_after source source_ref purchase_id"
    " reverses_id rules actor occurred_at",
    "entry_reason": "entry_id text",
    "hold_lot": "hold_id n lot_id points",
    "lot_use": "lot_id entry_id points",
    "refund": "id purchase_id n reference amount lines taken given_back shortfall money_back actor occurred_at",
    "outbox": "job payload ordering_key",
}
_ORDER = (
    "purchase", "membership", "entry", "lot", "lot_use", "debt", "hold", "hold_lot", "purchase_line", "award", "refund",
    "entry_reason", "outbox",
)  # fmt: skip


@cache
def _part(table: str) -> str:
    """One table's piece of the statement; rows come as a JSON array, in order."""
    columns = db.metadata.tables[table].c
    if table in _UPDATED:
        changed, keys = _UPDATED[table].split(), ["id"]
        names = ["partner_id", *keys, *changed]
    elif table in _UPSERTED:
        all_names, key_names, change_names = _UPSERTED[table]
        names, keys, changed = ["partner_id", *all_names.split()], key_names.split(), change_names.split()
    else:
        names, keys, changed = ["partner_id", *_INSERTED[table].split()], [], []
    dialect = postgresql.dialect()
    shape = ", ".join(f"{name} {columns[name].type.compile(dialect)}" for name in names)
    rows = f"jsonb_to_recordset($1 -> '{table}') AS r ({shape})"
    if table in _UPDATED:
        assignments = ", ".join(f"{name} = r.{name}" for name in changed)
        match = " AND ".join(f"t.{name} = r.{name}" for name in ["partner_id", *keys])
        return f"UPDATE {table} t SET {assignments} FROM {rows} WHERE {match}"
    insert = f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(names)} FROM {rows}"
    if not keys:
        return insert
    assignments = ", ".join(f"{name} = excluded.{name}" for name in changed)
    return f"{insert} ON CONFLICT ({', '.join(['partner_id', *keys])}) DO UPDATE SET {assignments}"


def write(rows: dict[str, list[dict[str, Any]]]) -> None:
    """Write all parts at once; tables without rows cost nothing."""
    tables = [table for table in _ORDER if rows.get(table)]
    _writing(*tables)(json.dumps({table: rows[table] for table in tables}, default=str, ensure_ascii=False))


@cache
def _writing(*tables: str) -> Prepared:
    name = "kopilka_write_" + "_".join(str(_ORDER.index(table)) for table in tables)
    *first, last = tables
    sql = "".join(f"{', ' if n else 'WITH '}w{n} AS ({_part(table)})" for n, table in enumerate(first))
    return Prepared(name, "jsonb", f"{sql} {_part(last)}")


def account_rows(account: Account, rows: dict[str, list[dict[str, Any]]], **changes: Any) -> None:
    """Add what one open book changed to the rows to be written."""
    book, partner = account.book, {"partner_id": account.book.partner_id}
    mine = partner | {"membership_id": book.membership_id}

    def add(table: str, values: Iterable[dict[str, Any]]) -> None:
        rows.setdefault(table, []).extend(values)

    membership = {
        "id": book.membership_id,
        "active": book.active,
        "pending": book.pending,
        "held": book.held,
        "debt": book.debt,
        "seq": book.seq,
        "next_due_at": book.next_due_at,
        "visits": account.visits,
        "spent": account.spent,
        "birthday_used_on": account.birthday_used_on,
        "first_purchase_at": account.first_purchase_at,
        "last_purchase_at": account.last_purchase_at,
        "state": account.state,
        "merged_into": None,
    }
    add("membership", [partner | membership | changes])
    add("entry", (mine | vars(entry) | {"total_after": entry.total_before + entry.points} for entry in book.entries))
    add("lot", (mine | vars(lot) for lot in book.touched_lots.values()))
    add("lot_use", (partner | vars(use) for use in book.uses))
    add("debt", (mine | vars(debt) for debt in book.touched_debts.values()))
    for hold in book.touched_holds.values():
        add("hold", [mine | {name: value for name, value in vars(hold).items() if name != "parts"}])

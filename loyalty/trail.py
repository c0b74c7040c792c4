"""Where points came from and what became of them: a person's entries with the credits and debits behind each.

Read from what the ledger keeps of every taking and return (`lot_use`), so it is what happened and not a guess. A debit
names the credits it took from; a credit names the debits that took from it and what is still left.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from loyalty.accounts import list_operations
from loyalty.prepared import Prepared, array_of

LINKS_SHOWN = 12
"""How many other entries are listed for one; the rest is counted."""


@dataclass(frozen=True)
class Link:
    """Points that went between an entry and this other one; `returned` of them went back later."""

    points: int
    returned: int
    entry_id: UUID
    kind: str
    source: str
    occurred_at: datetime
    check_amount: Decimal | None

    @property
    def kept(self) -> int:
        return self.points - self.returned


@dataclass(frozen=True)
class Rest:
    """What is left of a credit: `held` of it by tills; pending until `available_at`, to be spent before `expires_at`."""

    points: int
    held: int
    is_pending: bool
    available_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True)
class Reversed:
    """The entry that a reversal takes back, or gives back, a part of."""

    entry_id: UUID
    kind: str
    points: int
    occurred_at: datetime
    check_amount: Decimal | None


@dataclass(frozen=True)
class Step:
    """An entry (a row of `accounts.list_operations`) and the whole of its points.

    `links`, the earliest first, are the debits that took from a credit, the credits that a debit took from, or the
    credits that a give-back returned to; `more` others with `more_points` are not listed. `owed` is what no credit has
    paid yet, `cancelled` what was owed and never will be, `moved` what came or went with a merged account.
    """

    entry: Any
    links: tuple[Link, ...]
    more: int
    more_points: int
    rest: Rest | None
    owed: int
    cancelled: int
    moved: int
    reverses: Reversed | None

    @property
    def is_credit(self) -> bool:
        return _is_credit(self.entry)

    @property
    def explained(self) -> int:
        """The points that the parts add up to: always those of the entry."""
        linked = sum(link.kept if self.is_credit else link.points for link in self.links) + self.more_points
        return linked + (self.rest.points if self.rest else 0) + self.owed + self.cancelled + self.moved


_PAGE = "page AS (SELECT * FROM unnest($1, $2) AS p (partner_id, entry_id))"

_sources = Prepared(
    "kopilka_trail_sources",
    "uuid[], uuid[], bigint",
    f"""
    WITH {_PAGE}, linked AS (
        SELECT p.partner_id, p.entry_id, l.entry_id AS other_id, abs(sum(u.points)) AS points, coalesce(max(b.back), 0) AS returned,
               min(u.id) AS at
        FROM page p
        JOIN lot_use u ON u.partner_id = p.partner_id AND u.entry_id = p.entry_id
        JOIN lot l ON l.partner_id = u.partner_id AND l.id = u.lot_id
        LEFT JOIN LATERAL (
            SELECT -sum(g.points) AS back
            FROM entry r JOIN lot_use g ON g.partner_id = r.partner_id AND g.entry_id = r.id
            WHERE r.partner_id = p.partner_id AND r.reverses_id = p.entry_id AND g.lot_id = l.id AND g.points < 0
        ) b ON true
        GROUP BY p.partner_id, p.entry_id, l.id, l.entry_id
    ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY entry_id ORDER BY at) AS n, count(*) OVER whole AS many,
               sum(points) OVER whole AS all_points, sum(returned) OVER whole AS all_returned
        FROM linked WINDOW whole AS (PARTITION BY entry_id)
    )
    SELECT k.entry_id AS step_id, k.other_id, k.points, k.returned, k.many, k.all_points, k.all_returned, e.kind, e.source,
           e.occurred_at, d.amount AS check_amount
    FROM ranked k
    JOIN entry e ON e.partner_id = k.partner_id AND e.id = k.other_id
    LEFT JOIN purchase d ON d.partner_id = e.partner_id AND d.id = e.purchase_id
    WHERE k.n <= $3 ORDER BY k.entry_id, k.n
    """,
)

_uses = Prepared(
    "kopilka_trail_uses",
    "uuid[], uuid[], bigint",
    f"""
    WITH {_PAGE}, linked AS (
        SELECT p.partner_id, p.entry_id, CASE WHEN u.points < 0 THEN e.reverses_id ELSE e.id END AS other_id,
               coalesce(sum(u.points) FILTER (WHERE u.points > 0), 0) AS points,
               coalesce(-sum(u.points) FILTER (WHERE u.points < 0), 0) AS returned, min(u.id) AS at
        FROM page p
        JOIN lot l ON l.partner_id = p.partner_id AND l.entry_id = p.entry_id
        JOIN lot_use u ON u.partner_id = l.partner_id AND u.lot_id = l.id
        JOIN entry e ON e.partner_id = u.partner_id AND e.id = u.entry_id
        GROUP BY 1, 2, 3
    ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY entry_id ORDER BY at) AS n, count(*) OVER whole AS many,
               sum(points - returned) OVER whole AS all_points
        FROM linked WINDOW whole AS (PARTITION BY entry_id)
    )
    SELECT k.entry_id AS step_id, k.other_id, k.points, k.returned, k.many, k.all_points, e.kind, e.source,
           e.occurred_at, d.amount AS check_amount
    FROM ranked k
    JOIN entry e ON e.partner_id = k.partner_id AND e.id = k.other_id
    LEFT JOIN purchase d ON d.partner_id = e.partner_id AND d.id = e.purchase_id
    WHERE k.n <= $3 ORDER BY k.entry_id, k.n
    """,
)

_states = Prepared(
    "kopilka_trail_states",
    "uuid[], uuid[]",
    f"""
    WITH {_PAGE}
    SELECT e.id AS step_id, e.source = 'system' AND starts_with(e.source_ref, 'merge:') AS is_merge,
           l.id AS lot_id, l.remaining, l.held, l.state, l.available_at, l.expires_at, coalesce(b.remaining, 0) AS owed,
           (SELECT coalesce(sum(g.points), 0) FROM entry g
             WHERE g.partner_id = e.partner_id AND g.reverses_id = e.id AND g.points > 0) AS given_back,
           r.id AS reversed_id, r.kind, r.points, r.occurred_at, d.amount AS check_amount
    FROM page p
    JOIN entry e ON e.partner_id = p.partner_id AND e.id = p.entry_id
    LEFT JOIN lot l ON l.partner_id = e.partner_id AND l.entry_id = e.id
    LEFT JOIN debt b ON b.partner_id = e.partner_id AND b.entry_id = e.id
    LEFT JOIN entry r ON r.partner_id = e.partner_id AND r.id = e.reverses_id
    LEFT JOIN purchase d ON d.partner_id = r.partner_id AND d.id = r.purchase_id
    """,
)


def follow_points(
    customer_id: UUID,
    *,
    partner_id: UUID | None = None,
    kind: str | None = None,
    cursor: str | None = None,
    limit: int = 20,
) -> tuple[list[Step], str | None]:
    """The person's entries over all partners (or one), the newest first, each explained; and the next page's cursor.

    `kind` is one of `accounts.OPERATION_KINDS`. The points of a step's parts add up to those of its entry. Four statements however long the history; what is due by now is the caller's to
    let happen first (`accounts.list_accounts`). Raises `InvalidCursor`.
    """
    entries, next_cursor = list_operations(customer_id, partner_id=partner_id, kind=kind, cursor=cursor, limit=limit)
    credits = [entry for entry in entries if _is_credit(entry)]
    others = [entry for entry in entries if not _is_credit(entry)]
    states = {row.step_id: row for row in _states(*_keys(entries))} if entries else {}
    linked = _by_step(_uses(*_keys(credits), LINKS_SHOWN)) if credits else {}
    linked |= _by_step(_sources(*_keys(others), LINKS_SHOWN)) if others else {}
    return [_explain(entry, states[entry.id], linked.get(entry.id, [])) for entry in entries], next_cursor


def _explain(entry: Any, state: Any, rows: list[Any]) -> Step:
    linked = int(rows[0].all_points) if rows else 0
    shown = sum(row.points - row.returned if _is_credit(entry) else row.points for row in rows)
    return Step(
        entry=entry,
        links=tuple(_link(row) for row in rows),
        more=rows[0].many - len(rows) if rows else 0,
        more_points=linked - int(shown),
        rest=_rest(state),
        owed=state.owed,
        cancelled=_cancelled(entry, state, rows, linked),
        moved=abs(entry.points) if state.is_merge else 0,
        reverses=_reversed(state),
    )


def _is_credit(entry: Any) -> bool:
    return entry.points > 0 and entry.reverses_id is None


def _cancelled(entry: Any, state: Any, rows: list[Any], linked: int) -> int:
    """Debt that was not paid but called off: what a give-back did not return to any credit (rule 19)."""
    if _is_credit(entry):
        return 0
    if entry.points > 0:
        return entry.points - linked
    return int(state.given_back) - (int(rows[0].all_returned) if rows else 0)


def _link(row: Any) -> Link:
    return Link(
        points=int(row.points),
        returned=int(row.returned),
        entry_id=row.other_id,
        kind=row.kind,
        source=row.source,
        occurred_at=row.occurred_at,
        check_amount=row.check_amount,
    )


def _rest(state: Any) -> Rest | None:
    if not state.lot_id or not state.remaining:
        return None
    return Rest(state.remaining, state.held, state.state == "pending", state.available_at, state.expires_at)


def _reversed(state: Any) -> Reversed | None:
    if state.reversed_id is None:
        return None
    return Reversed(state.reversed_id, state.kind, state.points, state.occurred_at, state.check_amount)


def _by_step(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row.step_id, []).append(row)
    return found


def _keys(entries: Iterable[Any]) -> tuple[str, str]:
    entries = list(entries)
    return array_of(entry.partner_id for entry in entries), array_of(entry.id for entry in entries)

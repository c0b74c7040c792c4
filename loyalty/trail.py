"""Where points came from and what became of them: a person's entries with the credits and debits behind each.

Read from what the ledger keeps of every taking and return (`lot_use`), so it is what happened and not a guess. A debit
names the credits it took from; a credit names the debits that took from it and what is still left.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from loyalty.accounts import OPERATIONS, list_operations
from loyalty.prepared import Prepared
from loyalty.stories import story_of

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
    """An entry (a row of `accounts.list_operations`, and more) and the whole of its points.

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


_LINKS = """
    SELECT json_agg(json_build_object('points', k.points, 'returned', k.returned, 'entry_id', e.id, 'kind', e.kind,
                                      'source', e.source, 'occurred_at', e.occurred_at, 'check_amount', d.amount::text)
                    ORDER BY k.n) FILTER (WHERE k.n <= {shown}) AS links,
           count(*) AS many, sum(k.points) AS points, sum(k.returned) AS returned
    FROM ({linked}) k
    JOIN entry e ON e.partner_id = o.partner_id AND e.id = k.other_id
    LEFT JOIN purchase d ON d.partner_id = e.partner_id AND d.id = e.purchase_id
"""

_TAKEN_FROM_CREDIT = """
    SELECT CASE WHEN u.points < 0 THEN t.reverses_id ELSE t.id END AS other_id,
           coalesce(sum(u.points) FILTER (WHERE u.points > 0), 0) AS points,
           coalesce(-sum(u.points) FILTER (WHERE u.points < 0), 0) AS returned,
           row_number() OVER (ORDER BY min(u.id)) AS n
    FROM lot_use u JOIN entry t ON t.partner_id = u.partner_id AND t.id = u.entry_id
    WHERE u.partner_id = o.partner_id AND u.lot_id = l.id
    GROUP BY 1
"""

_CREDITS_OF_ANOTHER = """
    SELECT c.entry_id AS other_id, abs(sum(u.points)) AS points, coalesce(max(b.back), 0) AS returned,
           row_number() OVER (ORDER BY min(u.id)) AS n
    FROM lot_use u
    JOIN lot c ON c.partner_id = u.partner_id AND c.id = u.lot_id
    LEFT JOIN LATERAL (
        SELECT -sum(g.points) AS back
        FROM entry t JOIN lot_use g ON g.partner_id = t.partner_id AND g.entry_id = t.id
        WHERE t.partner_id = o.partner_id AND t.reverses_id = o.id AND g.lot_id = c.id AND g.points < 0
    ) b ON true
    WHERE u.partner_id = o.partner_id AND u.entry_id = o.id
    GROUP BY c.id, c.entry_id
"""

_trail = Prepared(
    "kopilka_trail",
    OPERATIONS.types,
    f"""
    SELECT o.*, l.remaining AS lot_left, l.held AS lot_held, l.state AS lot_state, l.available_at AS lot_available_at,
           l.expires_at AS lot_expires_at, coalesce(b.remaining, 0) AS owed, r.kind AS reversed_kind,
           r.points AS reversed_points, r.occurred_at AS reversed_at, f.amount AS reversed_check,
           k.links, coalesce(k.many, 0) AS many, coalesce(k.points, 0)::bigint AS linked,
           coalesce(k.returned, 0)::bigint AS returned,
           (SELECT coalesce(sum(g.points), 0)::bigint FROM entry g
             WHERE g.partner_id = o.partner_id AND g.reverses_id = o.id AND g.points > 0) AS given_back
    FROM ({OPERATIONS.sql}) o
    LEFT JOIN lot l ON l.partner_id = o.partner_id AND l.entry_id = o.id
    LEFT JOIN debt b ON b.partner_id = o.partner_id AND b.entry_id = o.id
    LEFT JOIN entry r ON r.partner_id = o.partner_id AND r.id = o.reverses_id
    LEFT JOIN purchase f ON f.partner_id = r.partner_id AND f.id = r.purchase_id
    LEFT JOIN LATERAL (
        {_LINKS.format(shown=LINKS_SHOWN, linked=_TAKEN_FROM_CREDIT)}
        WHERE o.points > 0 AND o.reverses_id IS NULL
        UNION ALL
        {_LINKS.format(shown=LINKS_SHOWN, linked=_CREDITS_OF_ANOTHER)}
        WHERE o.points < 0 OR o.reverses_id IS NOT NULL
    ) k ON k.many > 0
    ORDER BY o.id DESC
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

    `kind` is one of `accounts.OPERATION_KINDS`. The points of a step's parts add up to those of its entry. One statement
    however long the history; what is due by now is the caller's to let happen first. Raises `InvalidCursor`.
    """
    rows, next_cursor = list_operations(
        customer_id, partner_id=partner_id, kind=kind, cursor=cursor, limit=limit, statement=_trail
    )
    return [_explain(row) for row in rows], next_cursor


def _explain(row: Any) -> Step:
    links = tuple(_link(one) for one in row.links or ())
    linked = row.linked - row.returned if _is_credit(row) else row.linked
    shown = sum(link.kept if _is_credit(row) else link.points for link in links)
    return Step(
        entry=row,
        links=links,
        more=row.many - len(links),
        more_points=linked - shown,
        rest=_rest(row),
        owed=row.owed,
        cancelled=_cancelled(row),
        moved=abs(row.points) if story_of(row) == "merged" else 0,
        reverses=_reversed(row),
    )


def _is_credit(row: Any) -> bool:
    return row.points > 0 and row.reverses_id is None


def _cancelled(row: Any) -> int:
    """Debt that was not paid but called off: what a give-back did not return to any credit (rule 19)."""
    if _is_credit(row):
        return 0
    return row.points - row.linked if row.points > 0 else row.given_back - row.returned


def _link(made: dict[str, Any]) -> Link:
    amount = made["check_amount"]
    return Link(
        points=made["points"],
        returned=made["returned"],
        entry_id=UUID(made["entry_id"]),
        kind=made["kind"],
        source=made["source"],
        occurred_at=datetime.fromisoformat(made["occurred_at"]),
        check_amount=None if amount is None else Decimal(amount),
    )


def _rest(row: Any) -> Rest | None:
    if not row.lot_left:
        return None
    is_pending = row.lot_state == "pending"
    return Rest(row.lot_left, row.lot_held, is_pending, row.lot_available_at, row.lot_expires_at)


def _reversed(row: Any) -> Reversed | None:
    if row.reverses_id is None:
        return None
    return Reversed(row.reverses_id, row.reversed_kind, row.reversed_points, row.reversed_at, row.reversed_check)

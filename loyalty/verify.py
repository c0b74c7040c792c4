"""What must hold over the whole ledger, asked of the database in one pass a rule; a breach is named by its ids.

The chain of entries is kept by foreign keys already; it is counted here all the same, because a restored or repaired
database may have come without them.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.engine import Connection

RULES: dict[str, str] = {
    "entries of a membership are numbered without a gap and add up to its total": """
        SELECT m.partner_id, m.id FROM membership m
        LEFT JOIN (SELECT partner_id, membership_id, count(*) AS n, max(seq) AS last, sum(points) AS total
                   FROM entry GROUP BY 1, 2) e ON e.partner_id = m.partner_id AND e.membership_id = m.id
        WHERE coalesce(e.n, 0) <> m.seq OR coalesce(e.last, 0) <> m.seq OR coalesce(e.total, 0) <> m.total
    """,
    "each entry begins at the total where the one before ended": """
        SELECT partner_id, id FROM (
            SELECT partner_id, id, total_before,
                   lag(total_after, 1, 0::bigint) OVER (PARTITION BY partner_id, membership_id ORDER BY seq) AS expected
            FROM entry) chained
        WHERE total_before <> expected
    """,
    "lots add up to the membership's active, pending and held points": """
        SELECT m.partner_id, m.id FROM membership m
        LEFT JOIN (SELECT partner_id, membership_id,
                          sum(remaining) FILTER (WHERE state = 'active') AS active,
                          sum(remaining) FILTER (WHERE state = 'pending') AS pending, sum(held) AS held
                   FROM lot GROUP BY 1, 2) l ON l.partner_id = m.partner_id AND l.membership_id = m.id
        WHERE m.active <> coalesce(l.active, 0) OR m.pending <> coalesce(l.pending, 0) OR m.held <> coalesce(l.held, 0)
    """,
    "unpaid debts add up to the membership's debt": """
        SELECT m.partner_id, m.id FROM membership m
        LEFT JOIN (SELECT partner_id, membership_id, sum(remaining) AS debt FROM debt GROUP BY 1, 2) d
               ON d.partner_id = m.partner_id AND d.membership_id = m.id
        WHERE m.debt <> coalesce(d.debt, 0)
    """,
    "a lot has left what its uses left": """
        SELECT l.partner_id, l.id FROM lot l
        LEFT JOIN (SELECT partner_id, lot_id, sum(points) AS used FROM lot_use GROUP BY 1, 2) u
               ON u.partner_id = l.partner_id AND u.lot_id = l.id
        WHERE l.remaining <> l.points - coalesce(u.used, 0)
    """,
    "open holds reserve exactly what lots hold": """
        SELECT l.partner_id, l.id FROM lot l
        LEFT JOIN (SELECT hl.partner_id, hl.lot_id, sum(hl.points) AS held FROM hold_lot hl
                   JOIN hold h ON h.partner_id = hl.partner_id AND h.id = hl.hold_id AND h.state = 'open'
                   GROUP BY 1, 2) r ON r.partner_id = l.partner_id AND r.lot_id = l.id
        WHERE l.held <> coalesce(r.held, 0)
    """,
    "the lots of a hold add up to it": """
        SELECT h.partner_id, h.id FROM hold h
        LEFT JOIN (SELECT partner_id, hold_id, sum(points) AS points FROM hold_lot GROUP BY 1, 2) l
               ON l.partner_id = h.partner_id AND l.hold_id = h.id
        WHERE h.points <> coalesce(l.points, 0)
    """,
    "reversals are opposite to the entry they name and never exceed it": """
        SELECT e.partner_id, e.id FROM entry e
        JOIN (SELECT partner_id, reverses_id, sum(points) AS points, bool_or(points > 0) AS up, bool_or(points < 0) AS down
              FROM entry WHERE reverses_id IS NOT NULL GROUP BY 1, 2) r
          ON r.partner_id = e.partner_id AND r.reverses_id = e.id
        WHERE e.kind = 'reversal' OR abs(r.points) > abs(e.points) OR (e.points > 0 AND r.up) OR (e.points < 0 AND r.down)
    """,
    "a credit opened one lot of its points": """
        SELECT e.partner_id, e.id FROM entry e
        LEFT JOIN lot l ON l.partner_id = e.partner_id AND l.entry_id = e.id
        WHERE e.points > 0 AND e.kind <> 'reversal' AND e.source_ref NOT LIKE 'merge:%'
          AND l.points IS DISTINCT FROM e.points
    """,
    "a debit took its points from lots, or owes them": """
        SELECT e.partner_id, e.id FROM entry e
        LEFT JOIN (SELECT partner_id, entry_id, sum(points) AS used FROM lot_use GROUP BY 1, 2) u
               ON u.partner_id = e.partner_id AND u.entry_id = e.id
        LEFT JOIN debt d ON d.partner_id = e.partner_id AND d.entry_id = e.id
        LEFT JOIN (SELECT r.partner_id, r.reverses_id, sum(r.points + coalesce(b.returned, 0)) AS cancelled FROM entry r
                   LEFT JOIN (SELECT partner_id, entry_id, sum(points) AS returned FROM lot_use GROUP BY 1, 2) b
                          ON b.partner_id = r.partner_id AND b.entry_id = r.id
                   WHERE r.reverses_id IS NOT NULL AND r.points > 0 GROUP BY 1, 2) c
               ON c.partner_id = e.partner_id AND c.reverses_id = e.id
        WHERE e.points < 0 AND e.source_ref NOT LIKE 'merge:%'
          AND -e.points <> coalesce(u.used, 0) + coalesce(d.remaining, 0) + coalesce(c.cancelled, 0)
    """,
    "an award stands for what its entry gave and reversals left": """
        SELECT a.partner_id, a.entry_id FROM award a
        JOIN entry e ON e.partner_id = a.partner_id AND e.id = a.entry_id
        LEFT JOIN (SELECT partner_id, reverses_id, sum(points) AS points FROM entry
                   WHERE reverses_id IS NOT NULL GROUP BY 1, 2) r
               ON r.partner_id = a.partner_id AND r.reverses_id = a.entry_id
        WHERE a.kept + a.shortfall <> abs(e.points + coalesce(r.points, 0)) AND (a.kept > 0 OR a.shortfall > 0)
    """,
    "the lines of a purchase add up to it": """
        SELECT p.partner_id, p.id FROM purchase p
        LEFT JOIN (SELECT partner_id, purchase_id, sum(amount) AS amount, sum(remaining) AS remaining, sum(spent) AS spent
                   FROM purchase_line GROUP BY 1, 2) l ON l.partner_id = p.partner_id AND l.purchase_id = p.id
        WHERE p.amount <> coalesce(l.amount, 0) OR p.amount - p.refunded <> coalesce(l.remaining, 0)
           OR p.paid_with_points <> coalesce(l.spent, 0)
    """,
    "a reward of an invitation is named by it and was not given twice": """
        SELECT e.partner_id, e.id FROM entry e
        LEFT JOIN referral r ON r.partner_id = e.partner_id AND e.id IN (r.inviter_entry_id, r.friend_entry_id)
             AND starts_with(e.source_ref, 'referral:' || r.id || '/')
        WHERE e.kind = 'bonus' AND e.source = 'referral' AND r.id IS NULL
    """,
    "an entry has a cause": """
        SELECT partner_id, id FROM entry
        WHERE source_ref = ''
           OR kind IN ('earn', 'spend') AND NOT coalesce(starts_with(source_ref, purchase_id || '#'), false)
    """,
}
"""Each query streams (partner, id) of what breaks the rule it is named by."""


def breaches(connection: Connection) -> Iterator[str]:
    """Every breach as «rule: partner …, id …»; nothing when the ledger is clean. Rows are streamed, not gathered."""
    for rule, query in RULES.items():
        with connection.execute(text(query), execution_options={"stream_results": True}) as rows:
            for row in rows:
                yield f"{rule}: partner {row[0]}, id {row[1]}"


def count_entries(connection: Connection) -> int:
    return connection.execute(text("SELECT count(*) FROM entry")).scalar_one()

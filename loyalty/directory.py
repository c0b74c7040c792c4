"""The platform's own list of people, for its admins: over all partners, one line a person, and the figures above it.

What orders and narrows the list by points, spend and VIP is summed up beforehand (`sum_up`): on a small platform at each
look, on a large one by the schedule. The figures in the lines themselves are always those of the moment.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text

from loyalty.customers import find
from loyalty.errors import InvalidCursor, LoyaltyError
from loyalty.identities import parse_identifier
from models import db
from models.customer import PlatformFigures

SORTS = ("newest", "points", "spent")
HOME = ZoneInfo("Europe/Moscow")
"""Whose days "registered since" means."""
SMALL = 20_000
"""Of so many people everything is summed up at each look (under 0.1 s); of more the schedule does it."""
NEW = timedelta(days=30)
ACTIVE = timedelta(days=90)
_MOST_NAMESAKES = 2000


@dataclass(frozen=True)
class PeopleFilter:
    """Who is listed; None does not narrow. Days are both included.

    `query` is a whole phone, e-mail, card number or customer id, or the beginnings of words of a name. `vip` is meant at
    the partner when one is named; `proven` people have shown at least one identity to be theirs.
    """

    query: str = ""
    partner_id: UUID | None = None
    state: str | None = None
    has_points: bool | None = None
    proven: bool | None = None
    vip: bool | None = None
    since: date | None = None
    until: date | None = None


def list_people(
    wanted: PeopleFilter, *, sort: str = "newest", cursor: str | None = None, limit: int = 50, now: datetime
) -> tuple[list[Any], str | None]:
    """People in one of the orders of `SORTS`, the greatest first, and the cursor of the next page. Raises `InvalidCursor`.

    By points and spend only members of some partner are listed: others have none.
    """
    if sort != "newest" or wanted.has_points is not None or wanted.vip is not None:
        _freshen(now)
    narrowed, values = _narrow(wanted, sort)
    if cursor:
        narrowed.append(f"({_KEYS[sort]}, c.id) < (:key, :id)")
        values |= dict(zip(("key", "id"), _read_cursor(cursor, sort), strict=True))
    where = "".join(f" AND {condition}" for condition in narrowed)
    sql = _PEOPLE.format(source=_SOURCES[sort], key=_KEYS[sort], narrowed=where)
    rows = db.session.execute(text(sql), values | {"many": limit + 1}).all()
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], _write_cursor(rows[limit - 1], sort)


_SOURCES = {
    "newest": "customer c",
    "points": "standing s JOIN customer c ON c.id = s.customer_id",
    "spent": "standing s JOIN customer c ON c.id = s.customer_id",
}
_KEYS = {"newest": "c.created_at", "points": "s.points", "spent": "s.spent"}

_PEOPLE = """
WITH page AS (
    SELECT c.id, c.name, c.state, c.created_at, {key} AS key FROM {source}
    WHERE c.state IN ('active', 'blocked'){narrowed}
    ORDER BY {key} DESC, c.id DESC LIMIT :many
)
SELECT c.id AS customer_id, c.name, c.state, c.created_at, c.key,
       (SELECT value FROM identity i WHERE i.customer_id = c.id AND i.kind = 'phone'
         ORDER BY i.proven_at NULLS LAST, i.id LIMIT 1) AS phone,
       (SELECT value FROM identity i WHERE i.customer_id = c.id AND i.kind = 'email'
         ORDER BY i.proven_at NULLS LAST, i.id LIMIT 1) AS email,
       EXISTS (SELECT FROM identity i WHERE i.customer_id = c.id AND i.proven_at IS NOT NULL) AS is_proven,
       coalesce(m.points, 0) AS loyalty_points, coalesce(m.visits, 0) AS total_purchases,
       coalesce(m.spent, 0) AS total_spent, coalesce(m.is_vip, false) AS is_vip, coalesce(m.partners, 0) AS partners
FROM page c
LEFT JOIN LATERAL (
    SELECT sum(balance)::bigint AS points, sum(visits)::bigint AS visits, sum(spent) AS spent, bool_or(is_vip) AS is_vip,
           count(*) AS partners
    FROM membership WHERE customer_id = c.id AND state = 'open'
) m ON true
ORDER BY c.key DESC, c.id DESC
"""

_WORDS = "to_tsvector('simple', coalesce(c.name, '')) @@ to_tsquery('simple', :words)"
_NAMESAKES = text(f"SELECT c.id FROM customer c WHERE {_WORDS} LIMIT :most")
_AT_PARTNER = (
    "EXISTS (SELECT FROM membership m WHERE m.partner_id = :partner AND m.customer_id = c.id AND m.state = 'open'{vip})"
)
_STANDING = "EXISTS (SELECT FROM standing s WHERE s.customer_id = c.id AND {})"
_PROVEN = "EXISTS (SELECT FROM identity i WHERE i.customer_id = c.id AND i.proven_at IS NOT NULL)"


def _narrow(wanted: PeopleFilter, sort: str) -> tuple[list[str], dict[str, Any]]:
    """The conditions on `c`, and on `s` where the order has it, and their values."""
    standing = _STANDING if sort == "newest" else "({})"
    found: list[str] = []
    values: dict[str, Any] = {}
    if words := wanted.query.strip():
        condition, values = _match(words)
        found.append(condition)
    if wanted.state is not None:
        found.append("c.state = 'blocked'" if wanted.state == "blocked" else "c.state = 'active'")
    if wanted.partner_id is not None:
        vip = "" if wanted.vip is None else f" AND m.is_vip = {'true' if wanted.vip else 'false'}"
        found.append(_AT_PARTNER.format(vip=vip))
        values["partner"] = wanted.partner_id
    elif wanted.vip is not None:
        found.append(_either(standing.format("s.is_vip"), wanted.vip))
    if wanted.has_points is not None:
        found.append(_either(standing.format("s.points > 0"), wanted.has_points))
    if wanted.proven is not None:
        found.append(_either(_PROVEN, wanted.proven))
    if wanted.since is not None:
        found.append("c.created_at >= :since")
        values["since"] = _start_of(wanted.since)
    if wanted.until is not None:
        found.append("c.created_at < :until")
        values["until"] = _start_of(wanted.until + timedelta(days=1))
    return found, values


def _either(condition: str, is_so: bool) -> str:
    return condition if is_so else f"NOT {condition}"


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=HOME).astimezone(UTC)


def _match(words: str) -> tuple[str, dict[str, Any]]:
    """Whom the words name as a whole, else whose name has words that begin so."""
    if (found := _find_exactly(words)) is not None:
        return "c.id = :found", {"found": found}
    parts = re.findall(r"\w+", words)
    if not parts:
        return "false", {}
    sought = {"words": " & ".join(f"'{part}':*" for part in parts)}
    # few namesakes are looked up one by one; many are met soon enough in any order
    namesakes = db.session.scalars(_NAMESAKES, sought | {"most": _MOST_NAMESAKES + 1}).all()
    if len(namesakes) <= _MOST_NAMESAKES:
        return "c.id = ANY (CAST(:namesakes AS uuid[]))", {"namesakes": [str(one) for one in namesakes]}
    return _WORDS, sought


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


def _write_cursor(row: Any, sort: str) -> str:
    key = row.key.isoformat() if sort == "newest" else str(row.key)
    return base64.urlsafe_b64encode(json.dumps([sort, key, str(row.customer_id)]).encode()).rstrip(b"=").decode()


def _read_cursor(cursor: str, sort: str) -> tuple[datetime | int | Decimal, UUID]:
    """The key and the person after whom the next page begins; another order's cursor is not this one's."""
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        made_for, key, customer_id = json.loads(raw)
        if made_for != sort:
            raise InvalidCursor()
        return _KEY_READERS[sort](key), UUID(customer_id)
    except (binascii.Error, ValueError, TypeError, AttributeError, RecursionError, OverflowError):
        raise InvalidCursor() from None


def _read_moment(key: str) -> datetime:
    moment = datetime.fromisoformat(key)
    if moment.utcoffset() is None:
        raise ValueError(key)
    return moment


def _read_points(key: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", key):
        raise ValueError(key)
    return int(key)


def _read_money(key: str) -> Decimal:
    if not re.fullmatch(r"-?[0-9]{1,16}(\.[0-9]{1,2})?", key):
        raise ValueError(key)
    return Decimal(key)


_KEY_READERS = {"newest": _read_moment, "points": _read_points, "spent": _read_money}


# The figures


@dataclass(frozen=True)
class Figures:
    """The platform at `at`. People are active and blocked ones; `members` have joined at least one partner.

    `new_people` registered in the last 30 days, `active_people` bought something in the last 90; `points` is the sum of
    the balances, `pending` stands beside it.
    """

    at: datetime
    people: int
    members: int
    memberships: int
    new_people: int
    active_people: int
    points: int
    pending: int


def show_figures(now: datetime) -> Figures:
    """The latest figures; on a small platform those of `now`."""
    _freshen(now)
    kept = db.session.get_one(PlatformFigures, 1, populate_existing=True)
    return Figures(**{name: getattr(kept, name) for name in Figures.__dataclass_fields__})


def _freshen(now: datetime) -> None:
    """Sum up where that takes no time, or was never done."""
    kept = db.session.execute(text("SELECT at, people FROM platform_figures")).one_or_none()
    if kept is None:
        db.session.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        sum_up(now)
    elif kept.people <= SMALL and kept.at < now:
        sum_up(now)


_LOCK = "hashtextextended('sum up the platform', 0)"


def sum_up(now: datetime) -> int:
    """Bring every person's sums and the platform's figures up to now; how many people's sums changed.

    Of two at once the second leaves it to the first.
    """
    if not db.session.scalar(text(f"SELECT pg_try_advisory_xact_lock({_LOCK})")):
        return 0
    return db.session.scalar(_SUM_UP, {"now": now, "new": now - NEW, "active": now - ACTIVE})


_SUMS = "memberships, points, pending, spent, last_purchase_at, is_vip"
_FIGURES = "at, people, new_people, members, memberships, active_people, points, pending"


def _each(names: str, pattern: str) -> str:
    return ", ".join(pattern.format(name) for name in names.split(", "))


# only what changed is written: a row that is merely compared stays as it lies on the disk
_SUM_UP = text(f"""
    WITH sums AS MATERIALIZED (
        SELECT customer_id, count(*) AS memberships, sum(balance) AS points, sum(pending) AS pending, sum(spent) AS spent,
               max(last_purchase_at) AS last_purchase_at, bool_or(is_vip) AS is_vip
        FROM membership WHERE state = 'open' GROUP BY customer_id
    ), written AS (
        INSERT INTO standing (customer_id, {_SUMS})
        SELECT m.customer_id, {_each(_SUMS, "m.{}")}
        FROM sums m LEFT JOIN standing s ON s.customer_id = m.customer_id
        WHERE ({_each(_SUMS, "s.{}")}) IS DISTINCT FROM ({_each(_SUMS, "m.{}")})
        ON CONFLICT (customer_id) DO UPDATE SET {_each(_SUMS, "{0} = excluded.{0}")}
        RETURNING 1
    ), gone AS (
        DELETE FROM standing s WHERE NOT EXISTS (SELECT FROM sums m WHERE m.customer_id = s.customer_id)
        RETURNING 1
    ), figured AS (
        INSERT INTO platform_figures (id, {_FIGURES})
        SELECT 1, CAST(:now AS timestamptz), p.people, p.new_people, s.members, s.memberships, s.active_people, s.points,
               s.pending
        FROM (SELECT count(*) AS people, count(*) FILTER (WHERE created_at >= :new) AS new_people
              FROM customer WHERE state IN ('active', 'blocked')) p,
             (SELECT count(*) AS members, coalesce(sum(memberships), 0) AS memberships,
                     coalesce(sum(points), 0) AS points, coalesce(sum(pending), 0) AS pending,
                     count(*) FILTER (WHERE last_purchase_at >= :active) AS active_people
              FROM sums) s
        ON CONFLICT (id) DO UPDATE SET {_each(_FIGURES, "{0} = excluded.{0}")}
    )
    SELECT (SELECT count(*) FROM written) + (SELECT count(*) FROM gone)
""")

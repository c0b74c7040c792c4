"""Taking a partner's old purchases in from a file: staged line by line, put together as documents, posted in time order.

Every function is one step inside the caller's transaction and leaves the run where the next step goes on, so a process
may die between any two statements: what was committed is never done again, what was not is done anew. A document is
known for ever by (partner, "import", origin, number), so nothing is taken in twice, whatever file brings it. Nobody is
told anything.

The sums of a run tie to its file: imported + returned + set aside = the sum of all lines.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from io import StringIO
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from loyalty import customers, ledger
from loyalty.errors import ImportBusy, ImportNotFound
from loyalty.import_file import Line as FileLine
from loyalty.import_file import Mapping
from loyalty.ledger import Document
from loyalty.money import KOPECK, LIMIT, format_money
from loyalty.programme import price
from loyalty.programmes import current_rules
from loyalty.rules import Rules
from loyalty.types import Line
from models import db, new_id
from models.partner import Partner
from models.work import ImportDocument, ImportLine, ImportReturn, ImportRun

MAX_LINES = 32_767
"""Of one purchase; a document with more is set aside."""

# Runs


def open_run(partner: Partner, mapping: Mapping, *, file_hash: str, file_name: str, now: datetime) -> ImportRun:
    """The run of this file with this mapping: begun now, or where it was left."""
    key = {"partner_id": partner.id, "file_hash": file_hash, "mapping_hash": mapping.fingerprint}
    begun = insert(ImportRun).values(
        **key,
        id=new_id(),
        file_name=file_name[-200:],
        mapping=asdict(mapping),
        origin=mapping.source_name,
        started_at=now,
    )
    db.session.execute(begun.on_conflict_do_nothing())
    return db.session.scalars(select(ImportRun).filter_by(**key)).one()


def find_run(run_id: UUID) -> ImportRun:
    """For those who run the platform: a run of whatever partner. Raises `ImportNotFound`."""
    run = db.session.scalar(select(ImportRun).where(ImportRun.id == run_id))
    if run is None:
        raise ImportNotFound()
    return run


def list_runs(partner_id: UUID | None = None, *, limit: int = 50) -> list[ImportRun]:
    """The latest runs, of one partner or (for those who run the platform) of all."""
    query = select(ImportRun).order_by(ImportRun.started_at.desc(), ImportRun.id.desc()).limit(limit)
    return list(db.session.scalars(query if partner_id is None else query.where(ImportRun.partner_id == partner_id)))


def discard(run: ImportRun) -> None:
    """Forget a run whose file cannot be read: nothing of it was posted, nothing of it stays."""
    assert run.state == "staging", "a run that posts is never forgotten"
    db.session.delete(run)
    db.session.flush()


def _lock_run(partner_id: UUID, run_id: UUID) -> ImportRun:
    query = select(ImportRun).where(ImportRun.partner_id == partner_id, ImportRun.id == run_id).with_for_update()
    run = db.session.scalar(query.execution_options(populate_existing=True))
    if run is None:
        raise ImportNotFound()
    return run


# Staging

_STAGED = (
    "partner_id, run_id, n, document, is_return, customer, occurred_at, sku, name, category, quantity, price, amount,"
    " outcome, reason"
)
_SPECIAL = re.compile(r"[\\\t\r\n]")
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\r": "\\r", "\n": "\\n"}


def stage(partner_id: UUID, run_id: UUID, lines: Sequence[tuple[FileLine, int]], *, after: int) -> None:
    """Store the next lines of the file, read from where the run stood (`after`).

    Raises `ImportBusy` when another process has read further meanwhile: no line is ever stored twice.
    """
    run = _lock_run(partner_id, run_id)
    if run.state != "staging" or run.staged != after:
        raise ImportBusy()
    text = "".join(_copy_rows(f"{partner_id}\t{run_id}", (line for line, _ in lines)))
    with db.session.connection().connection.cursor() as cursor:
        cursor.copy_expert(f"COPY import_line ({_STAGED}) FROM STDIN", StringIO(text))
    run.staged = lines[-1][1]
    db.session.flush()


def _copy_rows(prefix: str, lines: Iterable[FileLine]) -> Iterable[str]:
    """Rows of COPY's text format."""
    clean = _SPECIAL.search
    for line in lines:
        n, document, is_return, customer, at, item, name, category, quantity, price_, amount, reason = line
        words = [
            "\\N" if word is None else word if clean(word) is None else _SPECIAL.sub(_escape, word)
            for word in (document, customer, item, name, category)
        ]
        yield (
            f"{prefix}\t{n}\t{words[0]}\t{'t' if is_return else 'f'}\t{words[1]}\t{at or _NULL}\t{words[2]}\t{words[3]}\t"
            f"{words[4]}\t{quantity or _NULL}\t{price_ or _NULL}\t{amount or _NULL}\t"
            f"{_NULL if reason is None else 'set_aside'}\t{reason or _NULL}\n"
        )


_NULL = "\\N"


def _escape(match: re.Match[str]) -> str:
    return _ESCAPES[match.group()]


_ARRANGE = """
    INSERT INTO import_document (partner_id, run_id, n, document, is_return, customer, occurred_at, outcome, reason)
    SELECT %(partner)s, %(run)s, row_number() OVER (ORDER BY at, is_return, first), document, is_return, customer, at,
           CASE WHEN reason IS NULL THEN NULL ELSE 'set_aside' END, reason
    FROM (
        SELECT document, is_return, min(occurred_at) AS at, min(n) AS first,
               min(customer) FILTER (WHERE outcome IS NULL) AS customer,
               CASE WHEN count(DISTINCT customer) FILTER (WHERE outcome IS NULL) > 1 THEN 'several_customers'
                    WHEN count(*) FILTER (WHERE outcome IS NULL) > %(lines)s THEN 'too_many_lines'
                    WHEN abs(sum(amount) FILTER (WHERE outcome IS NULL)) >= %(limit)s THEN 'too_large' END AS reason
        FROM import_line WHERE partner_id = %(partner)s AND run_id = %(run)s AND document IS NOT NULL
        GROUP BY document, is_return HAVING count(*) FILTER (WHERE outcome IS NULL) > 0) d
"""


def arrange(partner_id: UUID, run_id: UUID) -> None:
    """All lines are there: put them together as documents in the order of time; of one minute, sales first."""
    run = _lock_run(partner_id, run_id)
    if run.state != "staging":
        return
    key = {"partner": partner_id, "run": run_id}
    _execute(_ARRANGE, key | {"lines": MAX_LINES, "limit": LIMIT})
    refused = _execute(
        "SELECT n, document, is_return, customer, occurred_at, outcome, reason FROM import_document"
        " WHERE partner_id = %(partner)s AND run_id = %(run)s AND outcome IS NOT NULL",
        key,
    )
    _set_lines_aside(run, [_Staged(*row) for row in refused])
    _execute("ANALYZE import_line, import_document", ())  # a plan made for empty tables would read them whole
    run.state = "posting"
    db.session.flush()


def _set_lines_aside(run: ImportRun, documents: Iterable[_Staged]) -> None:
    """Mark the lines of documents that were set aside whole."""
    groups: dict[tuple[str | None, bool], list[str]] = defaultdict(list)
    for document in documents:
        if document.outcome == "set_aside":
            groups[document.reason, document.is_return].append(document.document)
    for (reason, is_return), numbers in groups.items():
        _execute(
            "UPDATE import_line SET outcome = 'set_aside', reason = %s WHERE partner_id = %s AND run_id = %s"
            " AND document = ANY(%s) AND is_return = %s AND outcome IS NULL",
            (reason, run.partner_id, run.id, numbers, is_return),
        )


# Posting


def post_batch(partner: Partner, run_id: UUID, *, limit: int, now: datetime) -> int:
    """Post the next documents by the rules in force, each dated by itself; returns how many were dealt with, 0 at the end.

    `now` dates what is made on the way (people), not what is posted.
    """
    run = _lock_run(partner.id, run_id)
    rows = _execute(
        "SELECT n, document, is_return, customer, occurred_at, outcome FROM import_document"
        " WHERE partner_id = %s AND run_id = %s AND n > %s ORDER BY n LIMIT %s",
        (partner.id, run_id, run.posted, limit),
    ).all()
    if not rows:
        return 0
    waiting = [_Staged(*row) for row in rows if row.outcome is None]
    _post(_Batch(partner, run, waiting, _lines_of(run, waiting)), now)
    run.posted = rows[-1].n
    db.session.flush()
    return len(rows)


def learn_sizes() -> None:
    """Let the planner see how the tables have grown. Call it after the first postings.

    Plans made while they were empty (those of the foreign keys too) read all of a partner's purchases for each line, and
    a session keeps them until somebody analyses: measured, 270 documents a second fell to 40 before autovacuum came.
    """
    _execute(
        "ANALYZE customer, identity, membership, membership_identity, purchase, purchase_line, entry, lot, award, refund,"
        " import_return",
        (),
    )


@dataclass
class _Staged:
    """A document as it waits, and what becomes of it."""

    n: int
    document: str
    is_return: bool
    customer: str
    occurred_at: datetime
    outcome: str | None = None
    reason: str | None = None
    purchase_id: UUID | None = None
    points: int = 0


@dataclass
class _Batch:
    partner: Partner
    run: ImportRun
    documents: list[_Staged]
    lines: dict[tuple[str, bool], list[Any]]
    members: dict[str, UUID] = field(default_factory=dict)
    matched: list[tuple[int, Decimal, bool]] = field(default_factory=list)
    returns: list[dict[str, Any]] = field(default_factory=list)

    def lines_of(self, document: _Staged) -> list[Any]:
        return self.lines[document.document, document.is_return]


def _lines_of(run: ImportRun, documents: list[_Staged]) -> dict[tuple[str, bool], list[Any]]:
    rows = _execute(
        "SELECT n, document, is_return, sku, name, category, quantity, amount FROM import_line"
        " WHERE partner_id = %s AND run_id = %s AND document = ANY(%s) AND outcome IS NULL ORDER BY n",
        (run.partner_id, run.id, [document.document for document in documents]),
    )
    lines: dict[tuple[str, bool], list[Any]] = defaultdict(list)
    for row in rows:
        lines[row.document, row.is_return].append(row)
    return lines


def _post(batch: _Batch, now: datetime) -> None:
    partner, run = batch.partner, batch.run
    rules, zone = current_rules(partner.id)[1], ZoneInfo(partner.timezone)
    _set_known_aside(batch)
    new = [document for document in batch.documents if document.outcome is None]
    enrolled = customers.enrol_numbers(partner, "import", {document.customer for document in new}, now=now)
    batch.members = enrolled.memberships
    run.enrolled += enrolled.made
    for document in new:
        if document.customer not in batch.members:
            document.outcome, document.reason = "set_aside", "closed_account"
        elif document.is_return:
            _return(batch, document)
        else:
            _sell(batch, document, rules, zone)
    _settle_lines(batch)
    _set_lines_aside(batch.run, batch.documents)
    _settle_documents(batch)


def _set_known_aside(batch: _Batch) -> None:
    """Documents that an earlier import of whatever file has posted."""
    run = batch.run
    sales = {document.document: document for document in batch.documents if not document.is_return}
    returns = {document.document: document for document in batch.documents if document.is_return}
    origin, key = _is_origin(run)
    known = _execute(
        "SELECT source_ref, fingerprint FROM purchase p WHERE partner_id = %s AND source = 'import'"
        f" AND {origin} AND source_ref = ANY(%s)",
        (run.partner_id, *key, list(sales)),
    )
    for reference, fingerprint in known:
        document = sales[reference]
        same = fingerprint == _document(run, document, batch.lines_of(document)).fingerprint
        document.outcome, document.reason = "set_aside", "already_imported" if same else "differs_from_imported"
    known = _execute(
        "SELECT DISTINCT r.reference FROM refund r JOIN purchase p ON p.partner_id = r.partner_id AND p.id = r.purchase_id"
        f" WHERE r.partner_id = %s AND r.reference = ANY(%s) AND p.source = 'import' AND {origin}",
        (run.partner_id, list(returns), *key),
    )
    for (reference,) in known:
        returns[reference].outcome, returns[reference].reason = "set_aside", "already_imported"


def _is_origin(run: ImportRun) -> tuple[str, tuple[Any, ...]]:
    """The condition on `p.origin`, written so that the key of documents serves it."""
    return ("p.origin IS NULL", ()) if run.origin is None else ("p.origin = %s", (run.origin,))


def _document(run: ImportRun, document: _Staged, lines: list[Any]) -> Document:
    """What a repeat must equal: whose it is, and the same lines in whatever order."""
    content = sorted([row.sku or "", f"{row.quantity:f}", format_money(row.amount)] for row in lines)
    return Document(
        source="import",
        source_ref=document.document,
        occurred_at=document.occurred_at,
        origin=run.origin,
        content={"customer": document.customer, "lines": content},
    )


def _sell(batch: _Batch, document: _Staged, rules: Rules, zone: ZoneInfo) -> None:
    at, rows = document.occurred_at, batch.lines_of(document)
    lines = [
        Line(amount=row.amount, name=row.name, sku=row.sku, category=row.category, quantity=row.quantity)
        for row in rows
    ]
    sale = ledger.sell(
        batch.partner.id,
        batch.members[document.customer],
        _document(batch.run, document, rows),
        lambda member: price(lines, rules, member, at=at, zone=zone),
        now=at,
    )
    document.outcome, document.purchase_id, document.points = "imported", sale.purchase_id, sale.earned


# Cancellations


@dataclass
class _Bought:
    """A line of an earlier purchase: what a cancellation can still take back of it."""

    purchase_id: UUID
    n: int
    quantity: Decimal
    amount: Decimal


def _return(batch: _Batch, document: _Staged) -> None:
    """Match every line to the person's latest earlier purchases of that item, and refund those by one reference.

    Pieces and money are both limited by what the purchase has left: a piece comes back once, at the cancellation's price,
    for no more than was paid. What finds no purchase stays unmatched and is listed.
    """
    rows = batch.lines_of(document)
    bought = _bought_before(batch, document, {row.sku for row in rows if row.sku})
    counts_pieces = "quantity" in batch.run.mapping["columns"]
    refunds: dict[UUID, dict[int, Decimal]] = {}
    for row in rows:
        settled = Decimal(0)
        for part, quantity, amount in _match(row, bought.get(row.sku, []), counts_pieces):
            sums = refunds.setdefault(part.purchase_id, {})
            sums[part.n] = sums.get(part.n, Decimal(0)) + amount
            settled += amount
            batch.returns.append(_return_values(batch.run, row.n, part, quantity, amount))
        batch.matched.append((row.n, -settled, settled == -row.amount))
    for purchase_id, sums in refunds.items():
        done = ledger.refund(
            batch.partner.id, purchase_id, reference=document.document, lines=sums, now=document.occurred_at
        )
        document.points -= done.taken
    if refunds:
        document.outcome = "returned"
    else:
        document.outcome, document.reason = "set_aside", "unmatched_cancellation"


def _match(row: Any, bought: list[_Bought], counts_pieces: bool) -> Iterable[tuple[_Bought, Decimal, Decimal]]:
    """Take the line's pieces from purchases, the latest first: (from where, pieces, sum). Sums add up to the kopeck."""
    pieces, money = -row.quantity, -row.amount
    taken = shared = Decimal(0)
    for part in bought:
        if counts_pieces:
            quantity = min(pieces - taken, part.quantity)
            if quantity <= 0:
                continue
            share = (money * (taken + quantity) / pieces).quantize(KOPECK, ROUND_HALF_UP) - shared
            amount = min(share, part.amount)
        else:
            quantity, share = Decimal(0), min(money - shared, part.amount)
            amount = share
        taken += quantity
        shared += share
        part.quantity -= quantity
        part.amount -= amount
        if amount > 0:
            yield part, quantity, amount


def _bought_before(batch: _Batch, document: _Staged, items: set[str]) -> dict[str, list[_Bought]]:
    """By item, the lines of the person's imported purchases up to the cancellation's time, the latest first."""
    if not items:
        return {}
    origin, key = _is_origin(batch.run)
    rows = _execute(
        "SELECT l.purchase_id, l.n, l.sku, l.remaining, l.quantity - coalesce((SELECT sum(r.quantity) FROM import_return r"
        " WHERE r.partner_id = l.partner_id AND r.purchase_id = l.purchase_id AND r.purchase_line_n = l.n), 0) AS quantity"
        # OFFSET 0 keeps the planner from reading all the partner's lines instead of this person's
        " FROM purchase p CROSS JOIN LATERAL (SELECT * FROM purchase_line l WHERE l.partner_id = p.partner_id"
        " AND l.purchase_id = p.id AND l.sku = ANY(%s) AND l.remaining > 0 OFFSET 0) l"
        f" WHERE p.partner_id = %s AND p.membership_id = %s AND p.occurred_at <= %s AND p.source = 'import' AND {origin}"
        " ORDER BY p.occurred_at DESC, p.id DESC, l.n",
        (list(items), batch.partner.id, batch.members[document.customer], document.occurred_at, *key),
    )
    bought: dict[str, list[_Bought]] = defaultdict(list)
    for row in rows:
        taken = _taken_in_batch(batch, row.purchase_id, row.n)
        bought[row.sku].append(_Bought(row.purchase_id, row.n, row.quantity - taken, row.remaining))
    return bought


def _taken_in_batch(batch: _Batch, purchase_id: UUID, n: int) -> Decimal:
    """Pieces that this batch took back and has not written yet."""
    return sum(
        (
            values["quantity"]
            for values in batch.returns
            if values["purchase_id"] == purchase_id and values["purchase_line_n"] == n
        ),
        Decimal(0),
    )


def _return_values(run: ImportRun, line_n: int, part: _Bought, quantity: Decimal, amount: Decimal) -> dict[str, Any]:
    return {
        "partner_id": run.partner_id,
        "run_id": run.id,
        "line_n": line_n,
        "purchase_id": part.purchase_id,
        "purchase_line_n": part.n,
        "quantity": quantity,
        "amount": amount,
    }


def _settle_lines(batch: _Batch) -> None:
    """Write on the lines what became of them; lines of documents set aside are marked by the caller."""
    key = (batch.run.partner_id, batch.run.id)
    sold = [document.document for document in batch.documents if document.outcome == "imported"]
    if sold:
        _execute(
            "UPDATE import_line SET outcome = 'imported', settled = amount WHERE partner_id = %s AND run_id = %s"
            " AND document = ANY(%s) AND NOT is_return AND outcome IS NULL",
            (*key, sold),
        )
    if batch.matched:
        _execute(
            "UPDATE import_line l SET settled = m.settled,"
            " outcome = CASE WHEN m.settled = 0 THEN 'set_aside' ELSE 'returned' END,"
            " reason = CASE WHEN m.whole THEN NULL ELSE 'unmatched_cancellation' END"
            " FROM unnest(%s::bigint[], %s::numeric[], %s::boolean[]) AS m (n, settled, whole)"
            " WHERE l.partner_id = %s AND l.run_id = %s AND l.n = m.n",
            (*(list(column) for column in zip(*batch.matched, strict=True)), *key),
        )
    if batch.returns:
        db.session.execute(insert(ImportReturn), batch.returns)


def _settle_documents(batch: _Batch) -> None:
    columns = [
        (document.n, document.outcome, document.reason, document.purchase_id, document.points)
        for document in batch.documents
    ]
    if columns:
        numbers, outcomes, reasons, purchases, points = (list(column) for column in zip(*columns, strict=True))
        _execute(
            "UPDATE import_document d SET outcome = s.outcome, reason = s.reason, purchase_id = s.purchase_id,"
            " points = s.points FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::uuid[], %s::bigint[])"
            " AS s (n, outcome, reason, purchase_id, points) WHERE d.partner_id = %s AND d.run_id = %s AND d.n = s.n",
            (
                numbers,
                outcomes,
                reasons,
                [purchase and str(purchase) for purchase in purchases],
                points,
                batch.run.partner_id,
                batch.run.id,
            ),
        )


# The end


def enrol_rest(partner: Partner, run_id: UUID, *, limit: int, now: datetime) -> int:
    """Make the people of whom the file says nothing that could be posted; returns how many it looked at, 0 at the end."""
    run = _lock_run(partner.id, run_id)
    rows = _execute(
        "SELECT DISTINCT l.customer FROM import_line l WHERE l.partner_id = %s AND l.run_id = %s AND l.customer IS NOT NULL"
        " AND l.reason NOT IN ('already_imported', 'differs_from_imported', 'closed_account') AND NOT EXISTS ("
        " SELECT 1 FROM identity i WHERE i.kind = 'import' AND i.value = l.customer AND i.partner_id = l.partner_id)"
        " LIMIT %s",
        (partner.id, run_id, limit),
    )
    numbers = [number for (number,) in rows]
    if numbers:
        enrolled = customers.enrol_numbers(partner, "import", numbers, now=now)
        run.enrolled += enrolled.made
        db.session.flush()
        forgotten = [number for number in numbers if number not in enrolled.memberships]
        _execute(
            "UPDATE import_line SET customer = NULL WHERE partner_id = %s AND run_id = %s AND customer = ANY(%s)",
            (partner.id, run_id, forgotten),
        )
    return len(numbers)


def finish(partner_id: UUID, run_id: UUID, *, now: datetime) -> dict[str, Any]:
    """Close the run and keep its report."""
    run = _lock_run(partner_id, run_id)
    if run.state != "done":
        run.report = report(partner_id, run_id)
        run.state, run.finished_at = "done", now
        db.session.flush()
    return run.report


def report(partner_id: UUID, run_id: UUID) -> dict[str, Any]:
    """What became of the file so far. `waiting` is what is staged and not dealt with yet; `ties` says the sums add up.

    Sums are decimal strings with their sign: what cancellations took back is negative. A line that was returned in part
    counts as returned; its rest stands under its reason as `partly`.
    """
    of_run = (ImportLine.partner_id == partner_id, ImportLine.run_id == run_id)
    rest = func.coalesce(ImportLine.amount, 0) - ImportLine.settled
    groups = db.session.execute(
        select(
            ImportLine.outcome,
            ImportLine.reason,
            func.count(),
            func.coalesce(func.sum(ImportLine.amount), 0),
            func.coalesce(func.sum(ImportLine.settled), 0),
            func.coalesce(func.sum(rest), 0),
            func.count().filter(ImportLine.amount.is_(None)),
        )
        .where(*of_run)
        .group_by(ImportLine.outcome, ImportLine.reason)
    ).all()
    whole = _Sum()
    parts: dict[str, _Sum] = defaultdict(_Sum)
    reasons: dict[str, dict[str, Any]] = {}
    for outcome, reason, lines, amount, settled, left, without in groups:
        whole.add(lines, amount, without)
        if outcome in (None, "set_aside"):
            parts[outcome or "waiting"].add(lines, amount)
        else:
            parts[outcome].add(lines, settled)
            parts["set_aside"].add(0, left)
        if reason is not None:
            told = reasons.setdefault(reason, {"reason": reason, "lines": 0, "partly": 0, "amount": Decimal(0)})
            told["lines" if outcome == "set_aside" else "partly"] += lines
            told["amount"] += left
    documents = {
        outcome: (count, points)
        for outcome, count, points in db.session.execute(
            select(ImportDocument.outcome, func.count(), func.coalesce(func.sum(ImportDocument.points), 0))
            .where(ImportDocument.partner_id == partner_id, ImportDocument.run_id == run_id)
            .group_by(ImportDocument.outcome)
        )
    }
    people = db.session.scalar(select(func.count(func.distinct(ImportLine.customer))).where(*of_run))
    run = db.session.get(ImportRun, (partner_id, run_id))
    currency = db.session.scalar(select(Partner.currency).where(Partner.id == partner_id))
    earned, taken = int(documents.get("imported", (0, 0))[1]), -int(documents.get("returned", (0, 0))[1])
    settled = parts["imported"].amount + parts["returned"].amount
    return {
        "run_id": str(run_id),
        "currency": currency,
        "file": whole.told() | {"lines_without_sum": whole.without},
        "imported": parts["imported"].told() | {"purchases": documents.get("imported", (0, 0))[0]},
        "returned": parts["returned"].told() | {"cancellations": documents.get("returned", (0, 0))[0]},
        "set_aside": parts["set_aside"].told()
        | {
            "reasons": [
                told | {"amount": format_money(told["amount"])}
                for told in sorted(reasons.values(), key=lambda told: (-told["lines"], told["reason"]))
            ]
        },
        "waiting": parts["waiting"].told(),
        "money": format_money(settled),
        "points": {"earned": earned, "taken_back": taken, "kept": earned - taken},
        "people": {"in_file": people, "new": run.enrolled},
        "ties": whole.amount == settled + parts["set_aside"].amount + parts["waiting"].amount,
    }


@dataclass
class _Sum:
    lines: int = 0
    amount: Decimal = Decimal(0)
    without: int = 0

    def add(self, lines: int, amount: Decimal, without: int = 0) -> None:
        self.lines += lines
        self.amount += amount
        self.without += without

    def told(self) -> dict[str, Any]:
        return {"lines": self.lines, "amount": format_money(self.amount)}


def list_issues(
    run: ImportRun, *, reason: str | None = None, after: int = 0, limit: int = 100
) -> list[tuple[ImportLine, Decimal | None]]:
    """Lines after line `after` that were set aside, wholly or in part, each with the sum that was (None: unreadable)."""
    query = select(ImportLine).where(
        ImportLine.partner_id == run.partner_id,
        ImportLine.run_id == run.id,
        ImportLine.n > after,
        ImportLine.reason.is_not(None) if reason is None else ImportLine.reason == reason,
    )
    rows = db.session.scalars(query.order_by(ImportLine.n).limit(limit))
    return [(row, None if row.amount is None else row.amount - row.settled) for row in rows]


def count_documents(partner_id: UUID, run_id: UUID) -> int:
    """How many documents the run has to deal with, those done included."""
    last = select(func.max(ImportDocument.n)).where(
        ImportDocument.partner_id == partner_id, ImportDocument.run_id == run_id
    )
    return db.session.scalar(last) or 0


def _execute(sql: str, parameters: Any) -> Any:
    return db.session.connection().exec_driver_sql(sql, parameters)

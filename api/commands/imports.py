"""``flask --app wsgi import …``: take in a partner's old purchases from a file, and look at what became of them."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import click
from psycopg2.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from api.commands.group import CommandGroup
from loyalty import imports
from loyalty.clock import utcnow
from loyalty.errors import ImportBusy, ImportNotFound, LoyaltyError
from loyalty.import_file import (
    DEFAULT_COLUMNS,
    Mapping,
    chunks,
    hash_file,
    make_mapping,
    open_source,
    read_lines,
    read_mapping,
)
from models import db, transaction
from models.partner import Partner
from models.work import ImportRun

import_group = CommandGroup("import", help="Take in a partner's old purchases from a file.")

LINES_AT_ONCE = 10_000
DOCUMENTS_AT_ONCE = 100
PEOPLE_AT_ONCE = 1_000
LEARNING_AFTER = (1, 10)
"""Batches of a start after which the planner is told how large the tables have become."""
TRIES = 6
"""Of a batch that meets somebody else's lock; the waits between them double from a quarter of a second."""

_Result = TypeVar("_Result")


class Refused(click.ClickException):
    """Bad input: one sentence on stderr, exit code 2."""

    exit_code = 2


# Taking in


@import_group.command("purchases")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--partner", "partner_name", required=True, metavar="CODE|UUID")
@click.option("--mapping", "mapping_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source-name", help="Where the documents are numbered; known documents of it are left out.")
@click.option("--encoding", help="Of the file: utf-8 (default), cp1251, latin-1, utf-16 …")
@click.option("--dry-run", is_flag=True, help="Read everything, say what would happen, keep nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before posting.")
@click.option("--report", "report_file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def take_in(
    file: Path,
    partner_name: str,
    mapping_file: Path | None,
    source_name: str | None,
    encoding: str | None,
    dry_run: bool,
    yes: bool,
    report_file: Path | None,
) -> None:
    """Import FILE (CSV, gzip too). The same command again goes on where it was stopped, and never imports twice.

    Without --mapping the first line must name the columns document, time, customer, item, name, quantity, price;
    docs/mappings/online-retail.toml shows a mapping and explains it. Nobody gets a notice.
    """
    partner = find_partner(partner_name)
    try:
        mapping = _choose_mapping(mapping_file, source_name, encoding)
        report = _dry_run(partner, file, mapping) if dry_run else run_import(partner.id, file, mapping, ask=_asker(yes))
    except LoyaltyError as problem:
        raise Refused(str(problem)) from None
    if report_file is not None:
        report_file.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", "utf-8")
    click.echo(tell(report))
    if not report["ties"]:
        raise click.ClickException("The sums do not tie to the file: please report this.")


def run_import(
    partner_id: UUID, file: Path, mapping: Mapping, *, ask: Callable[[dict[str, Any]], None] | None = None
) -> dict[str, Any]:
    """Take the whole file in, committing step by step, and return the report; every step may be the last one.

    `ask` gets the report after staging and before anything is posted, and raises to stop there. Raises `InvalidMapping`,
    `UnreadableFile` (nothing is kept then) and `ImportBusy`.
    """
    digest = hash_file(file)
    with transaction():
        partner = db.session.get(Partner, partner_id)
        run = imports.open_run(partner, mapping, file_hash=digest, file_name=file.name, now=utcnow())
        run_id, state = run.id, run.state
    if state == "done":
        click.echo("This file was imported before: nothing is new.", err=True)
        return find_report(partner_id, run_id)
    if state == "staging":
        stage_all(partner_id, run_id, file, mapping)
        _committed(lambda: imports.arrange(partner_id, run_id))
    if ask is not None:
        ask(find_report(partner_id, run_id))
    _post_all(partner_id, run_id)
    while _committed(lambda: imports.enrol_rest(_partner(partner_id), run_id, limit=PEOPLE_AT_ONCE, now=utcnow())):
        continue
    return _committed(lambda: imports.finish(partner_id, run_id, now=utcnow()))


def stage_all(partner_id: UUID, run_id: UUID, file: Path, mapping: Mapping) -> None:
    """Read the file into the database. A file that cannot be read to its end leaves nothing behind."""
    for attempt in range(TRIES):
        try:
            return _stage_rest(partner_id, run_id, file, mapping)
        except ImportBusy:  # a process that was killed may still have committed its last lines
            if attempt == TRIES - 1:
                raise
            time.sleep(0.5)
        except LoyaltyError:
            with transaction():
                imports.discard(_run(partner_id, run_id))
            raise
    return None


def _stage_rest(partner_id: UUID, run_id: UUID, file: Path, mapping: Mapping) -> None:
    with transaction():
        zone, position = ZoneInfo(_partner(partner_id).timezone), _run(partner_id, run_id).staged
    progress = Progress("reading", "lines", position)
    with open_source(file, mapping) as source:
        for chunk in chunks(read_lines(source, mapping, zone, utcnow(), after=position), LINES_AT_ONCE):
            _committed(lambda chunk=chunk, after=position: imports.stage(partner_id, run_id, chunk, after=after))
            position = chunk[-1][1]
            progress.show(position, source.share)
    progress.end()


def _post_all(partner_id: UUID, run_id: UUID) -> None:
    with transaction():
        total, posted = imports.count_documents(partner_id, run_id), _run(partner_id, run_id).posted
    progress, batches = Progress("posting", "documents", posted), 0
    while done := _committed(
        lambda: imports.post_batch(_partner(partner_id), run_id, limit=DOCUMENTS_AT_ONCE, now=utcnow())
    ):
        posted += done
        batches += 1
        if batches in LEARNING_AFTER:
            _committed(imports.learn_sizes)
        progress.show(posted, posted / total)
    progress.end()


def _committed(step: Callable[[], _Result]) -> _Result:
    """One step in one transaction; one that met somebody's lock for too long is done anew."""
    for attempt in range(TRIES):
        try:
            with transaction():
                return step()
        except OperationalError as problem:
            if not isinstance(problem.orig, DeadlockDetected | LockNotAvailable) or attempt == TRIES - 1:
                raise
            time.sleep(0.25 * 2**attempt)
    raise AssertionError("unreachable")


def _dry_run(partner: Partner, file: Path, mapping: Mapping) -> dict[str, Any]:
    """Stage everything in one transaction and roll it back: what is set aside then is what the file alone decides."""
    digest, now = hash_file(file), utcnow()
    zone = ZoneInfo(partner.timezone)
    try:
        run = imports.open_run(partner, mapping, file_hash=digest, file_name=file.name, now=now)
        if run.state == "staging":
            with open_source(file, mapping) as source:
                for chunk in chunks(read_lines(source, mapping, zone, now, after=run.staged), LINES_AT_ONCE):
                    imports.stage(partner.id, run.id, chunk, after=run.staged)
            imports.arrange(partner.id, run.id)
        return imports.report(partner.id, run.id)
    finally:
        db.session.rollback()


def _choose_mapping(path: Path | None, source_name: str | None, encoding: str | None) -> Mapping:
    if path is None:
        mapping = make_mapping(columns=DEFAULT_COLUMNS)
    else:
        try:
            mapping = read_mapping(path.read_text("utf-8"))
        except OSError as problem:
            raise Refused(f"Cannot read {path.name}: {problem.strerror}.") from None
        except UnicodeDecodeError:
            raise Refused(f"The mapping {path.name} is not written in UTF-8.") from None
    changed = {"source_name": source_name, "encoding": encoding}
    changed = {name: value for name, value in changed.items() if value is not None}
    return make_mapping(**(vars(mapping) | changed)) if changed else mapping


def _asker(yes: bool) -> Callable[[dict[str, Any]], None] | None:
    """Asks where somebody sits at both ends; a script has decided by starting the command."""
    if yes or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None

    def ask(report: dict[str, Any]) -> None:
        click.echo(tell(report), err=True)
        click.confirm("Post the waiting lines?", abort=True, err=True)

    return ask


def find_partner(name: str) -> Partner:
    """A partner by its public code or its id."""
    try:
        condition = Partner.id == UUID(name)
    except ValueError:
        condition = Partner.code == name
    partner = db.session.scalar(select(Partner).where(condition)) if "\0" not in name else None
    if partner is None:
        raise Refused("There is no such partner: give its code or its id.")
    return partner


def _partner(partner_id: UUID) -> Partner:
    return db.session.get_one(Partner, partner_id)


def _run(partner_id: UUID, run_id: UUID) -> ImportRun:
    return db.session.get_one(ImportRun, (partner_id, run_id))


class Progress:
    """How far, how fast, how long still: on stderr, over itself on a terminal and every few seconds elsewhere."""

    def __init__(self, verb: str, what: str, begun_at: int):
        self._verb, self._what, self._begun_at = verb, what, begun_at
        self._started = self._shown = time.monotonic()
        self._share_at_start: float | None = None
        self._on_terminal = sys.stderr.isatty()
        self._text = ""

    def show(self, count: int, share: float) -> None:
        now = time.monotonic()
        if self._share_at_start is None:
            self._share_at_start = 0.0 if not self._begun_at else share
        rate = (count - self._begun_at) / max(now - self._started, 1e-9)
        gone = share - self._share_at_start
        left = f", about {(now - self._started) * (1 - share) / gone:.0f} s left" if gone > 0.001 else ""
        self._text = f"{self._verb}: {count} {self._what}, {share:.0%}, {rate:.0f}/s{left}"
        if now - self._shown >= (0.2 if self._on_terminal else 5):
            self._shown = now
            self._write()

    def end(self) -> None:
        if self._text:
            self._write()
            if self._on_terminal:
                click.echo(err=True)

    def _write(self) -> None:
        click.echo(f"\r{self._text:<79}" if self._on_terminal else self._text, nl=not self._on_terminal, err=True)


# Looking


def find_report(partner_id: UUID, run_id: UUID) -> dict[str, Any]:
    """A finished run's report as it was kept, an unfinished one's as it stands."""
    with transaction():
        run = _run(partner_id, run_id)
        return run.report if run.state == "done" else imports.report(partner_id, run_id)


@import_group.command("list")
@click.option("--partner", "partner_name", metavar="CODE|UUID")
def list_runs(partner_name: str | None) -> None:
    """The latest imports."""
    partner = find_partner(partner_name) if partner_name else None
    for run in imports.list_runs(partner and partner.id):
        click.echo(f"{run.id}  {run.state:8}  {_minute(run.started_at)}  {run.staged:>9} lines  {run.file_name}")


@import_group.command("status")
@click.argument("run_id", metavar="RUN")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(run_id: str, as_json: bool) -> None:
    """How far an import has come, or its report."""
    run = _find_run(run_id)
    report = find_report(run.partner_id, run.id)
    if as_json:
        click.echo(json.dumps(report | {"state": run.state}, ensure_ascii=False, indent=2))
        return
    click.echo(f"{run.file_name}: {run.state} since {_minute(run.finished_at or run.started_at)}\n{tell(report)}")


_COLUMNS = (
    "line",
    "reason",
    "set_aside",
    "amount",
    "document",
    "customer",
    "time",
    "item",
    "name",
    "quantity",
    "price",
)


@import_group.command("issues")
@click.argument("run_id", metavar="RUN")
@click.option("--reason", help="Only lines set aside for this reason.")
@click.option("--after", default=0, show_default=True, type=click.IntRange(0, 2**62), help="Go on after this line.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@click.option(
    "--csv", "csv_file", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="All to a file."
)
def issues(run_id: str, reason: str | None, after: int, limit: int, csv_file: Path | None) -> None:
    """List the lines that were set aside, wholly or in part, and why; sums as in the file, with their sign."""
    run = _find_run(run_id)
    if csv_file is not None:
        count = 0
        with csv_file.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
            while page := imports.list_issues(run, reason=reason, after=after, limit=5_000):
                writer.writerows([_harmless(cell) for cell in _cells(*row)] for row in page)
                after, count = page[-1][0].n, count + len(page)
                db.session.expunge_all()
        click.echo(f"{count} lines written to {csv_file.name}.")
        return
    page = imports.list_issues(run, reason=reason, after=after, limit=limit)
    click.echo("\t".join(_COLUMNS))
    for row in page:
        click.echo("\t".join(" ".join(str(cell).split()) for cell in _cells(*row)))
    if len(page) == limit:
        click.echo(f"More: --after {page[-1][0].n}", err=True)


def _cells(line: Any, left: Any) -> list[Any]:
    values = [line.n, line.reason, left, line.amount, line.document, line.customer, line.occurred_at]
    values += [line.sku, line.name, line.quantity, line.price]
    return ["" if value is None else value.isoformat() if isinstance(value, datetime) else value for value in values]


def _harmless(cell: Any) -> Any:
    """A text that a spreadsheet would run as a formula is shown as text."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell else cell


def _find_run(run_id: str) -> ImportRun:
    try:
        return imports.find_run(UUID(run_id))
    except (ValueError, ImportNotFound):
        raise Refused("There is no such import: `import list` names them.") from None


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def tell(report: dict[str, Any]) -> str:
    """The report for people."""
    currency = report["currency"]
    file, imported, returned, aside = (report[name] for name in ("file", "imported", "returned", "set_aside"))
    rows = [
        (
            "file",
            file,
            f"{file['lines_without_sum']} lines without a readable sum" if file["lines_without_sum"] else "",
        ),
        ("imported", imported, f"{imported['purchases']} purchases"),
        ("returned", returned, f"{returned['cancellations']} cancellations"),
        ("set aside", aside, ""),
    ]
    told = [_row(name, part["lines"], part["amount"], currency, note) for name, part, note in rows]
    for reason in aside["reasons"]:
        note = f"and a part of {reason['partly']} returned lines" if reason["partly"] else ""
        told.append(_row(f"  {reason['reason']}", reason["lines"], reason["amount"], currency, note))
    if report["waiting"]["lines"]:
        told.append(_row("waiting", report["waiting"]["lines"], report["waiting"]["amount"], currency, ""))
    points, people = report["points"], report["people"]
    told += [
        f"points: {points['earned']} earned, {points['taken_back']} taken back, {points['kept']} kept",
        f"money: {report['money']} {currency}",
        f"people: {people['in_file']} in the file, {people['new']} new",
        f"import {report['run_id']}: imported + returned + set aside "
        + ("ties to the file" if report["ties"] else "DOES NOT TIE to the file"),
    ]
    return "\n".join(told)


def _row(name: str, lines: int, amount: str, currency: str, note: str) -> str:
    return f"{name:28} {lines:>9} lines {amount:>16} {currency}  {note}".rstrip()

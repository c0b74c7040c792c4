"""P9: a file of purchases staged by `loyalty.imports`, against `execute_values` of the same file into the same table.

Both sides read the same text with the csv module, work out the same columns and commit in chunks of the same size; what
differs is what each would be written with. Ours also keeps its place, so that the second run writes nothing.
"""

from __future__ import annotations

import csv
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg2
from psycopg2.extras import execute_values, register_uuid
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from api import create_app
from api.commands.imports import LINES_AT_ONCE, stage_all
from bench.figure import Figure, alternate
from bench.ground import MANY, Ground
from loyalty import imports
from loyalty.import_file import hash_file, make_mapping
from models import db, transaction
from models.partner import Partner

LINES = 1_000_000
COLUMNS = {name: name for name in ("document", "time", "customer", "item", "name", "quantity", "price")}


def measure_p9(ground: Ground, *, rounds: int, seconds: float) -> Iterator[Figure]:
    """`seconds` below one means the small size. Raises `AssertionError` when a second run writes a row."""
    lines = LINES if seconds >= 1 else LINES // 200
    grown: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "purchases.csv"
        _write_file(path, lines)

        def ours() -> float:
            rate, mebibytes = _measure(_stage_ours, ground, path, lines)
            grown.append(mebibytes)
            return rate

        mine, others = alternate(rounds, ours, lambda: _measure(_stage_theirs, ground, path, lines)[0])
    yield Figure(
        "P9",
        f"staging {lines} lines, +{max(grown):.0f} MiB at the peak",
        "execute_values of the same file",
        mine,
        others,
        goal=1.50,
        why="both sides read the text and keep the same indexes; only the way in differs",
    )


def _write_file(path: Path, lines: int) -> None:
    chance = random.Random(9)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for n in range(lines):
            minute = f"2025-{n * 12 // lines + 1:02}-{n % 28 + 1:02} {n % 24:02}:{n % 60:02}"
            item = chance.randrange(4_000)
            name = f"ITEM NUMBER {item}, ASSORTED"
            price = f"{chance.randrange(1, 99_999) / 1000:.3f}"
            writer.writerow([n // 20, minute, chance.randrange(50_000), item, name, chance.randrange(1, 24), price])


def _measure(side, ground: Ground, path: Path, lines: int) -> tuple[float, float]:
    """Lines a second, and by how many MiB the process grew at its peak; a new process and empty tables each time."""
    _empty_tables(ground)
    ground.checkpoint()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        seconds, mebibytes = pool.apply(side, (ground, path))
    assert ground.count("import_line") == lines
    return lines / seconds, mebibytes


def _empty_tables(ground: Ground) -> None:
    engine = create_engine(ground.url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE import_run CASCADE"))


def _peak() -> float:
    """The most memory that this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def _stage_ours(ground: Ground, path: Path) -> tuple[float, float]:
    app = create_app(ground.settings, ground.url)
    mapping = make_mapping(columns=COLUMNS)
    with app.app_context():
        before, started = _peak(), time.perf_counter()
        run_id = _open_run(path, mapping)
        stage_all(MANY, run_id, path, mapping)
        seconds = time.perf_counter() - started
        assert _open_run(path, mapping) == run_id
        written = ground.count("import_line")
        stage_all(MANY, run_id, path, mapping)
        assert ground.count("import_line") == written, "the second run wrote rows"
        return seconds, _peak() - before


def _stage_theirs(ground: Ground, path: Path) -> tuple[float, float]:
    app = create_app(ground.settings, ground.url)
    mapping = make_mapping(columns=COLUMNS)
    with app.app_context():
        before, started = _peak(), time.perf_counter()
        run_id = _open_run(path, mapping)
        url = make_url(ground.url).set(drivername="postgresql")
        connection = psycopg2.connect(url.render_as_string(hide_password=False))
        register_uuid(conn_or_curs=connection)
        with connection.cursor() as cursor:
            for rows in _their_rows(path, run_id):
                execute_values(cursor, _THEIR_INSERT, rows, page_size=1_000)
                connection.commit()
        connection.close()
        return time.perf_counter() - started, _peak() - before


_THEIR_INSERT = (
    "INSERT INTO import_line (partner_id, run_id, n, document, is_return, customer, occurred_at, sku, name, category,"
    " quantity, price, amount, outcome, reason) VALUES %s"
)


def _their_rows(path: Path, run_id: UUID) -> Iterator[list[tuple]]:
    zone, kopeck = ZoneInfo("Europe/Moscow"), Decimal("0.01")
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        while chunk := list(islice(reader, LINES_AT_ONCE)):
            rows = []
            for document, minute, customer, item, name, quantity, price in chunk:
                at = datetime.fromisoformat(minute).replace(tzinfo=zone)
                pieces, each = Decimal(quantity), Decimal(price)
                amount = (pieces * each).quantize(kopeck, ROUND_HALF_UP)
                rows.append((MANY, run_id, reader.line_num - len(chunk) + len(rows) + 1, document, False, customer, at,
                             item, name, None, pieces, each, amount, None, None))  # fmt: skip
            yield rows


def _open_run(path: Path, mapping) -> UUID:
    with transaction():
        partner = db.session.get(Partner, MANY)
        return imports.open_run(
            partner, mapping, file_hash=hash_file(path), file_name=path.name, now=datetime.now(UTC)
        ).id

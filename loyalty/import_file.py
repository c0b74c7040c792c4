"""Reading a file of purchases: a mapping says what its columns mean; every line becomes values, or a reason why not.

A line is never lost and never stops the rest: what cannot be read keeps its number and a reason. Lines stream, whatever
the file's size, and no field, however long, is held in memory beyond `FIELD_LIMIT`. No database here.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import json
import re
import tomllib
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TextIO
from zoneinfo import ZoneInfo

from loyalty.errors import InvalidMapping, UnreadableFile

FIELD_LIMIT = 100_000
"""Characters of one record, and of one line of the file; a longer one is set aside as `too_long`."""

LINES_OF_RECORD = 100
"""A quoted field may run over this many lines; more means that a quotation mark was never closed."""

KEPT_VALUES = 50_000
"""How many different times and numbers are remembered as read: files repeat them."""

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
COLUMNS = ("document", "time", "customer", "item", "name", "category", "quantity", "price", "amount")

# Mapping


@dataclass(frozen=True)
class Mapping:
    """What the columns of a file mean; docs/mappings/online-retail.toml explains every setting."""

    columns: dict[str, str | int]
    source_name: str | None = None
    encoding: str = "utf-8"
    undecodable: str = "refuse"
    delimiter: str = ","
    quote: str = '"'
    header: bool = True
    decimal: str = "."
    time_format: str = "iso"
    document_prefix: str | None = None
    negative_quantity: bool = False
    exclude: tuple[str, ...] = field(default=())

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


DEFAULT_COLUMNS = {name: name for name in ("document", "time", "customer", "item", "name", "quantity", "price")}
"""Without a mapping the file's header must use our own words."""

_TABLES = {
    "file": ("encoding", "undecodable", "delimiter", "quote", "header", "decimal"),
    "time": ("format",),
    "cancellations": ("document_prefix", "negative_quantity"),
    "items": ("exclude",),
}
_TYPES = {"header": bool, "negative_quantity": bool, "exclude": list}


def read_mapping(text: str) -> Mapping:
    """A mapping from TOML. Raises `InvalidMapping` naming the setting at fault; an unknown one is an error too."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise InvalidMapping(f"The mapping is not TOML: {problem}.") from None
    values: dict[str, Any] = {"columns": content.pop("columns", None)}
    if "source_name" in content:
        values["source_name"] = _typed("source_name", content.pop("source_name"), str)
    for table, names in _TABLES.items():
        settings = content.pop(table, {})
        if not isinstance(settings, dict):
            raise InvalidMapping(f"[{table}] must be a table.")
        for name in names:
            if name in settings:
                value = _typed(f"{table}.{name}", settings.pop(name), _TYPES.get(name, str))
                values["time_format" if table == "time" else name] = value
        if settings:
            raise InvalidMapping(f"[{table}] knows no setting {min(settings)!r}.")
    if content:
        raise InvalidMapping(f"The mapping knows no setting {min(content)!r}.")
    return make_mapping(**values)


def make_mapping(**values: Any) -> Mapping:
    """A checked mapping. Raises `InvalidMapping`."""
    exclude = values.get("exclude", ())
    if not all(isinstance(code, str) for code in exclude):
        raise InvalidMapping("items.exclude must list codes in quotation marks.")
    values["exclude"] = tuple(exclude)
    mapping = Mapping(**values)
    _check_columns(mapping)
    if len(mapping.delimiter) != 1 or mapping.delimiter in '"\r\n\0' or len(mapping.quote) > 1:
        raise InvalidMapping("file.delimiter must be one character, file.quote one or none.")
    if mapping.quote and (mapping.quote == mapping.delimiter or mapping.quote in "\r\n\0"):
        raise InvalidMapping("file.quote cannot be the delimiter or a line break.")
    if mapping.decimal not in (".", ","):
        raise InvalidMapping('file.decimal must be "." or ",".')
    if mapping.undecodable not in ("refuse", "replace"):
        raise InvalidMapping('file.undecodable must be "refuse" or "replace".')
    try:
        if not getattr(codecs.lookup(mapping.encoding), "_is_text_encoding", True):
            raise LookupError
    except (LookupError, ValueError):
        raise InvalidMapping(f"There is no encoding {mapping.encoding!r}.") from None
    if mapping.time_format != "iso" and not re.search(r"%[Yy].*%|%.*%[Yy]|%c|%x", mapping.time_format):
        raise InvalidMapping('time.format must be "iso" or like "%Y-%m-%d %H:%M".')
    if mapping.source_name is not None and not 1 <= len(mapping.source_name) <= 80:
        raise InvalidMapping("The source name must have 1 to 80 characters.")
    if mapping.document_prefix == "":
        raise InvalidMapping("cancellations.document_prefix must not be empty: leave it out instead.")
    return mapping


def _check_columns(mapping: Mapping) -> None:
    columns = mapping.columns
    if not isinstance(columns, dict):
        raise InvalidMapping("The mapping needs a table [columns].")
    if unknown := set(columns) - set(COLUMNS):
        raise InvalidMapping(f"[columns] knows no {min(unknown)!r}: it takes {', '.join(COLUMNS)}.")
    needed = ["document", "time", "customer"]
    needed += ["item"] if mapping.document_prefix or mapping.negative_quantity else []
    if missing := [name for name in needed if name not in columns]:
        raise InvalidMapping(f"[columns] must name {', '.join(missing)}.")
    if ("price" in columns) == ("amount" in columns):
        raise InvalidMapping("[columns] must name either price or amount.")
    kind = str if mapping.header else int
    for name, column in columns.items():
        _typed(f"columns.{name}", column, kind)
        if kind is int and not 1 <= column <= 1000:
            raise InvalidMapping(f"columns.{name} must be from 1 to 1000.")


def _typed(name: str, value: Any, kind: type) -> Any:
    if type(value) is not kind:
        words = {str: "text in quotation marks", bool: "true or false", int: "a number", list: "a list"}
        raise InvalidMapping(f"{name} must be {words[kind]}.")
    return value


# File


def hash_file(path: Path) -> str:
    """SHA-256 of the file as it lies there. Raises `UnreadableFile`."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as problem:
        raise UnreadableFile(f"Cannot read {path.name}: {problem.strerror}.") from None


class Source:
    """An open file: its lines as text, and how far the reading has come (`share`, 0 to 1)."""

    def __init__(self, raw: io.BufferedReader, mapping: Mapping):
        self._raw = raw
        self._size = max(raw.seek(0, io.SEEK_END), 1)
        raw.seek(0)
        begin = raw.read(4)
        raw.seek(0)
        binary: Any = gzip.GzipFile(fileobj=raw) if begin[:2] == b"\x1f\x8b" else raw
        encoding = mapping.encoding
        if codecs.lookup(encoding).name == "utf-8":
            encoding = "utf-8-sig"
        errors = "replace" if mapping.undecodable == "replace" else "strict"
        self.text: TextIO = io.TextIOWrapper(binary, encoding=encoding, errors=errors, newline="")

    @property
    def share(self) -> float:
        return min(self._raw.tell() / self._size, 1.0)


@contextmanager
def open_source(path: Path, mapping: Mapping) -> Iterator[Source]:
    """The file, gzip or not. What goes wrong while it is read leaves as `UnreadableFile`."""
    try:
        with path.open("rb") as raw:
            yield Source(raw, mapping)
    except UnicodeError:
        encoding = mapping.encoding
        raise UnreadableFile(
            f"{path.name} is not written in {encoding}: name its encoding, for example --encoding cp1251 or utf-16."
        ) from None
    except (gzip.BadGzipFile, zlib.error, EOFError):
        raise UnreadableFile(f"{path.name} is a damaged or unfinished gzip file.") from None
    except OSError as problem:
        raise UnreadableFile(f"Cannot read {path.name}: {problem.strerror or problem}.") from None


class Record(NamedTuple):
    """One record: the number of its first line in the file (from 1), its fields, and the last line it took."""

    n: int
    fields: list[str] | None
    last: int
    problem: str | None = None


def read_records(
    text: TextIO, mapping: Mapping, *, before: int = 0, after: int = 0, width: int | None = None
) -> Iterator[Record]:
    """All records that begin after line `after` of the file, of which `before` lines are read already.

    Blank lines are passed over. `width`: how many fields a record should have.

    A record that breaks the format (a quotation mark never closed, say) costs its first line only: reading goes on with
    the next line, so that one stray mark does not swallow what follows.
    """
    lines = _Lines(text, before, after)
    quoting = csv.QUOTE_MINIMAL if mapping.quote else csv.QUOTE_NONE
    reader = csv.reader(
        lines,
        delimiter=mapping.delimiter,
        quotechar=mapping.quote or None,
        quoting=quoting,
        strict=True,
    )
    csv.field_size_limit(FIELD_LIMIT)
    taken = lines.taken
    while True:
        taken.clear()
        problem = None
        fields: list[str] | None = None
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:
            problem = "broken_line"
        if len(taken) == 1:
            n, _, is_cut = taken[0]
            if is_cut:
                yield Record(n, None, n, "too_long")
            elif fields != []:
                yield Record(n, fields, n, problem)
            continue
        first, last = taken[0][0], taken[-1][0]
        if problem is None and width is not None and len(fields) != width:
            problem = "broken_line"
        if any(is_cut for _, _, is_cut in taken):
            problem = "too_long"
        if problem is not None:
            fields, last = None, first
            lines.put_back()
        yield Record(first, fields, last, problem)


class _Lines:
    """Physical lines for the csv reader, numbered, each held to `FIELD_LIMIT`, with those of the last record kept."""

    def __init__(self, text: TextIO, before: int, after: int):
        self._text = text
        self._waiting: deque[tuple[int, str, bool]] = deque()
        self.taken: list[tuple[int, str, bool]] = []
        self._n = before
        while self._n < after and self._read() is not None:
            continue

    def put_back(self) -> None:
        """Keep the first line as the broken record; the others are read again."""
        self._waiting.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= LINES_OF_RECORD:
            raise csv.Error("a record runs over too many lines")
        line = self._waiting.popleft() if self._waiting else self._read()
        if line is None:
            raise StopIteration
        self.taken.append(line)
        return line[1]

    def _read(self) -> tuple[int, str, bool] | None:
        line = self._text.readline(FIELD_LIMIT)
        if not line:
            return None
        self._n += 1
        if len(line) < FIELD_LIMIT or line[-1] in "\r\n":
            return self._n, line, False
        while True:  # the rest of a line that nobody wrote by hand
            rest = self._text.readline(FIELD_LIMIT)
            if not rest or rest[-1] in "\r\n":
                return self._n, "", True


# Lines


class Line(NamedTuple):
    """A line's values as text for the database, with `reason` where it is set aside already; `at` is UTC, ISO 8601."""

    n: int
    document: str | None = None
    is_return: bool = False
    customer: str | None = None
    at: str | None = None
    item: str | None = None
    name: str | None = None
    category: str | None = None
    quantity: str | None = None
    price: str | None = None
    amount: str | None = None
    reason: str | None = None


_AMOUNT_LIMIT = 10**12 * 100
_QUANTITY_LIMIT = 10**11 * 1000
_INTEGER_DIGITS = 14


class LineReader:
    """Turns records into lines by a mapping. `now`: what is dated more than a day later is set aside.

    Times without an offset are local times of `zone`; one that the change to summer time skips is read as if the clock
    had not been changed yet, one that happens twice is its first.
    """

    def __init__(self, mapping: Mapping, zone: ZoneInfo, now: datetime, header: list[str] | None = None):
        self._mapping, self._zone = mapping, zone
        self._latest = now.timestamp() + 86_400
        self._places = _find_columns(mapping, header)
        self._width = len(header) if header is not None else None
        self._needed = max(place for place in self._places.values() if place is not None) + 1
        self._exclude = frozenset(mapping.exclude)
        self._times: dict[str, str | None] = {}
        comma = mapping.decimal == ","
        self._read_quantity = _number_reader(3, comma)
        self._read_money = _number_reader(4, comma)
        self._by_sum = self._places["amount"] is not None
        self._money_place = self._places["amount" if self._by_sum else "price"]

    def read(self, record: Record) -> Line:
        n, fields, _, problem = record
        if problem is not None:
            return Line(n, reason=problem)
        if len(fields) < self._needed or (self._width is not None and len(fields) != self._width):
            return Line(n, reason="wrong_number_of_columns")
        places = self._places
        document = fields[places["document"]].strip()
        customer = fields[places["customer"]].strip() or None
        item = None if places["item"] is None else fields[places["item"]].strip() or None
        at = self._time(fields[places["time"]])
        place = places["quantity"]
        quantity, pieces = self._read_quantity("1" if place is None else fields[place])
        money, price = self._read_money(fields[self._money_place])
        if self._by_sum:
            price = None
            if place is None and money is not None and money < 0:
                quantity, pieces = self._read_quantity("-1")
        prefix = self._mapping.document_prefix
        is_return = (prefix is not None and document.startswith(prefix)) or (
            self._mapping.negative_quantity and quantity is not None and quantity < 0
        )
        kopecks = None
        if quantity is not None and money is not None:
            kopecks = _half_up(money, 100) if self._by_sum else _half_up(quantity * money, 100_000)
            if abs(kopecks) >= _AMOUNT_LIMIT or abs(quantity) >= _QUANTITY_LIMIT:
                kopecks = None
        reason = self._judge(document, customer, item, at, quantity, money, kopecks, is_return)
        if reason is not None:
            document, customer, item = _fitting(document, 120), _fitting(customer, 120), _fitting(item, 100)
        return Line(
            n,
            document,
            is_return,
            customer,
            at,
            item,
            self._text(fields, "name", 300),
            self._text(fields, "category", 100),
            pieces,
            price,
            None if kopecks is None else _decimal(kopecks, 2),
            reason,
        )

    def _judge(self, document, customer, item, at, quantity, money, kopecks, is_return) -> str | None:
        """The first reason to set the line aside; what the file got wrong comes before what it left out."""
        if not document:
            return "no_document"
        if len(document) > 120 or "\0" in document:
            return "bad_document"
        if item is not None and (len(item) > 100 or "\0" in item):
            return "bad_item"
        if at is None:
            return "bad_time"
        if quantity is None:
            return "bad_quantity"
        if money is None:
            return "bad_price" if self._places["amount"] is None else "bad_amount"
        if kopecks is None:
            return "too_large"
        if customer is None:
            return "no_customer"
        if len(customer) > 120 or "\0" in customer:
            return "bad_customer"
        if item is not None and item in self._exclude:
            return "excluded_item"
        if self._places["amount"] is None:
            if money <= 0:
                return "not_positive_price"
        elif (money < 0) != (quantity < 0) or money == 0:
            return "not_positive_amount"
        if is_return:
            if quantity >= 0:
                return "not_negative_quantity"
        elif quantity <= 0:
            return "not_positive_quantity"
        return None

    def _text(self, fields: list[str], name: str, limit: int) -> str | None:
        """A word for people: cut where it is too long, and freed of what the database cannot hold."""
        place = self._places[name]
        if place is None:
            return None
        text = fields[place]
        return (text.replace("\0", "") if "\0" in text else text).strip()[:limit] or None

    def _time(self, text: str) -> str | None:
        if text in self._times:
            return self._times[text]
        if len(self._times) >= KEPT_VALUES:
            self._times.clear()
        moment = self._read_time(text.strip())
        self._times[text] = moment
        return moment

    def _read_time(self, text: str) -> str | None:
        if (
            len(text) > 60 or not text.isascii() or not text.isprintable()
        ):  # fromisoformat is content with what stands before a NUL
            return None
        try:
            if self._mapping.time_format == "iso":
                moment = datetime.fromisoformat(text)
            else:
                moment = datetime.strptime(text, self._mapping.time_format)  # noqa: DTZ007 (the zone comes next)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=self._zone)
            moment = moment.astimezone(UTC)
        except (ValueError, OverflowError):
            return None
        if moment < EARLIEST or moment.timestamp() > self._latest:
            return None
        return moment.isoformat()


def _find_columns(mapping: Mapping, header: list[str] | None) -> dict[str, int | None]:
    """Where each column stands, from 0. Raises `InvalidMapping` naming those the file lacks."""
    places: dict[str, int | None] = dict.fromkeys(COLUMNS)
    if header is None:
        return places | {name: column - 1 for name, column in mapping.columns.items()}
    names = [name.strip() for name in header]
    if missing := [column for column in mapping.columns.values() if column.strip() not in names]:
        raise InvalidMapping(
            f"The file has no column {', '.join(repr(name) for name in missing)}: name them in a mapping (--mapping)."
        )
    if double := [column for column in mapping.columns.values() if names.count(column.strip()) > 1]:
        raise InvalidMapping(f"The file has more than one column {double[0]!r}.")
    return places | {name: names.index(column.strip()) for name, column in mapping.columns.items()}


_Number = tuple[int | None, str | None]
"""A number in whole units of its last decimal place, and as it is written for the database; twice None: it is none."""


def _number_reader(places: int, comma: bool) -> Callable[[str], _Number]:
    """Reads numbers of at most so many places, and remembers those it has read."""
    point = "," if comma else "[.]"
    pattern = re.compile(rf"([+-]?)([0-9]{{0,{_INTEGER_DIGITS}}})(?:{point}([0-9]{{1,{places}}})0*)?")
    known: dict[str, _Number] = {}

    def read(text: str) -> _Number:
        if text in known:
            return known[text]
        if len(text) > 40:
            return None, None
        if len(known) >= KEPT_VALUES:
            known.clear()
        known[text] = number = parse(text.strip())
        return number

    def parse(text: str) -> _Number:
        match = pattern.fullmatch(text)
        if match is None:
            return None, None
        sign, whole, part = match.groups()
        if not whole and not part:
            return None, None
        units = int((whole or "0") + (part or "").ljust(places, "0"))
        units = -units if sign == "-" else units
        return units, _decimal(units, places)

    return read


def _half_up(units: int, divisor: int) -> int:
    """Divide and round to the nearest, halves away from zero: the one rounding of a line's sum."""
    whole = (abs(units) + divisor // 2) // divisor
    return -whole if units < 0 else whole


def _decimal(units: int, places: int) -> str:
    digits = str(abs(units)).rjust(places + 1, "0")
    return f"{'-' if units < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def _fitting(text: str | None, limit: int) -> str | None:
    """What is too long or cannot be stored is left out; its line says so."""
    return None if not text or len(text) > limit or "\0" in text else text


def read_lines(
    source: Source, mapping: Mapping, zone: ZoneInfo, now: datetime, *, after: int = 0
) -> Iterator[tuple[Line, int]]:
    """The file's lines, and with each the last line of the file it took. `after`: only those that begin later.

    Raises `InvalidMapping` when the header lacks a column and `UnreadableFile` when there is nothing to read.
    """
    header, before = None, 0
    if mapping.header:
        first = next(read_records(source.text, mapping), None)
        if first is None or first.fields is None:
            raise UnreadableFile("The file is empty, or its first line cannot be read.")
        header, before = first.fields, first.last
    read = LineReader(mapping, zone, now, header).read
    width = len(header) if header is not None else None
    for record in read_records(source.text, mapping, before=before, after=after, width=width):
        yield read(record), record.last


def chunks(lines: Iterator[tuple[Line, int]], size: int) -> Iterator[list[tuple[Line, int]]]:
    """The lines in lists of `size`."""
    while chunk := list(islice(lines, size)):
        yield chunk

"""Reading files of purchases: whatever stands in a line, it becomes values or a reason, and the next line is read."""

from __future__ import annotations

import csv
import gzip
import io
import random
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config import ROOT
from loyalty.errors import InvalidMapping, UnreadableFile
from loyalty.import_file import FIELD_LIMIT, Line, Mapping, make_mapping, open_source, read_lines, read_mapping

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
MOSCOW = ZoneInfo("Europe/Moscow")
HEADER = "document,time,customer,item,name,quantity,price"
COLUMNS = {name: name for name in HEADER.split(",")}
GOOD = "7,2026-01-05 10:00,42,A1,Tea,2,3.50"


def read(tmp_path: Path, content: str | bytes, *, zone=MOSCOW, after: int = 0, **settings) -> list[Line]:
    path = tmp_path / "file.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    mapping = make_mapping(**{"columns": COLUMNS, "document_prefix": "C"} | settings)
    with open_source(path, mapping) as source:
        return [line for line, _ in read_lines(source, mapping, zone, NOW, after=after)]


def read_one(tmp_path: Path, **changes: str) -> Line:
    values = dict(zip(COLUMNS, GOOD.split(","), strict=True)) | changes
    row = io.StringIO()
    csv.writer(row).writerow(values.values())
    (line,) = read(tmp_path, f"{HEADER}\n{row.getvalue()}")
    return line


def test_a_good_line_becomes_values_in_utc(tmp_path):
    line = read_one(tmp_path)
    assert line == Line(
        n=2,
        document="7",
        customer="42",
        at="2026-01-05T07:00:00+00:00",
        item="A1",
        name="Tea",
        quantity="2.000",
        price="3.5000",
        amount="7.00",
    )


@pytest.mark.parametrize(
    ("quantity", "price", "amount"),
    [
        ("1", "0.005", "0.01"),
        ("1", "0.0049", "0.00"),
        ("3", "0.335", "1.01"),
        ("-3", "0.335", "-1.01"),
        ("1", "2.675", "2.68"),
        ("12", "0.001", "0.01"),
        ("4", "0.001", "0.00"),
        ("0.333", "3", "1.00"),
        ("1.5000", "1.10000", "1.65"),
        ("+2", "10", "20.00"),
        ("2", ".5", "1.00"),
        ("9999999", "99999", "999989900001.00"),
    ],
)
def test_a_sum_is_rounded_half_up_once(tmp_path, quantity, price, amount):
    line = read_one(tmp_path, quantity=quantity, price=price)
    assert line.amount == amount
    assert Decimal(amount) == (Decimal(quantity) * Decimal(price)).quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"customer": ""}, "no_customer"),
        ({"customer": "  "}, "no_customer"),
        ({"customer": "4" * 121}, "bad_customer"),
        ({"customer": "4\0"}, "bad_customer"),
        ({"document": ""}, "no_document"),
        ({"document": "7" * 121}, "bad_document"),
        ({"document": "7\0"}, "bad_document"),
        ({"item": "A" * 101}, "bad_item"),
        ({"item": "A\0"}, "bad_item"),
        ({"item": "GIFT"}, "excluded_item"),
        ({"price": "0"}, "not_positive_price"),
        ({"price": "-0.00"}, "not_positive_price"),
        ({"price": "-11062.06"}, "not_positive_price"),
        ({"price": "0", "document": "C7", "quantity": "-1"}, "not_positive_price"),
        ({"quantity": "0"}, "not_positive_quantity"),
        ({"quantity": "-0"}, "not_positive_quantity"),
        ({"quantity": "-3"}, "not_positive_quantity"),
        ({"quantity": "3", "document": "C7"}, "not_negative_quantity"),
        ({"quantity": "0", "document": "C7"}, "not_negative_quantity"),
        ({"price": "999999999999", "quantity": "2"}, "too_large"),
        ({"price": "0.0001", "quantity": "99999999999999"}, "too_large"),
    ]
    + [
        ({"quantity": text}, "bad_quantity")
        for text in (
            "",
            "two",
            "1e3",
            "NaN",
            "inf",
            "1 000",
            "1_000",
            "٣",
            "0x1",
            "--1",
            "+",
            ".",
            "1.0001",
            "9" * 15,
            "9" * 400,
            "1,5",
            "1\0",
        )
    ]
    + [({"price": text}, "bad_price") for text in ("", "free", "1e309", "£5", "1.23456", "5.", "1,50", "9" * 10_000)]
    + [
        ({"time": text}, "bad_time")
        for text in (
            "",
            "yesterday",
            "2026-02-29 10:00",
            "2026-13-01 10:00",
            "2026-01-05 25:00",
            "05.01.2026",
            "0001-01-01",
            "9999-12-31 23:59",
            "1969-12-31 23:00",
            "2026-03-12 12:00",
            "2026-01-05 10:00+99:00",
            "1767607200",
            "2026-01-05 10:00\0",
            "٢٠٢٦-01-05 10:00",
            "2026-01-05T10:00:00" + "0" * 100,
        )
    ],
)
def test_a_line_that_cannot_count_is_set_aside_with_the_reason(tmp_path, changes, reason):
    (line,) = read(tmp_path, "\n".join([HEADER, _row(changes)]), exclude=["GIFT"])
    assert line.reason == reason


def _row(changes: dict[str, str]) -> str:
    row = io.StringIO()
    csv.writer(row).writerow((dict(zip(COLUMNS, GOOD.split(","), strict=True)) | changes).values())
    return row.getvalue()


@pytest.mark.parametrize(
    "row",
    ["7", "7,2026-01-05 10:00,42,A1,Tea,2", f"{GOOD},more", "   ", '7,2026-01-05 10:00,42,A1,"Tea" bag,2,3.50', '"'],
)
def test_a_broken_line_costs_itself_only(tmp_path, row):
    lines = read(tmp_path, f"{HEADER}\n{GOOD}\n{row}\n{GOOD}\n{GOOD}\n")
    assert [line.reason is None for line in lines] == [True, False, True, True]
    assert [line.n for line in lines] == [2, 3, 4, 5]
    assert lines[1].reason in ("broken_line", "wrong_number_of_columns")


def test_a_quotation_mark_never_closed_swallows_nothing(tmp_path):
    broken = '7,2026-01-05 10:00,42,A1,"Tea,2,3.50'
    lines = read(tmp_path, "\n".join([HEADER, broken, *[GOOD] * 250, broken, GOOD]))
    assert [line.n for line in lines if line.reason] == [2, 253]
    assert sum(line.reason is None for line in lines) == 251


def test_quoted_commas_marks_and_line_breaks_belong_to_the_name(tmp_path):
    content = f'{HEADER}\r\n7,2026-01-05 10:00,42,A1,"Tea, ""green""\r\nloose\tleaf \\N",2,3.50\r\n{GOOD}\r\n'
    first, second = read(tmp_path, content)
    assert (first.n, first.name, first.reason) == (2, 'Tea, "green"\r\nloose\tleaf \\N', None)
    assert (second.n, second.reason) == (4, None)


def test_blank_lines_are_passed_over_and_keep_their_numbers(tmp_path):
    assert [line.n for line in read(tmp_path, f"{HEADER}\n\n{GOOD}\n\n\n{GOOD}")] == [3, 6]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_understood(tmp_path, end):
    assert [line.amount for line in read(tmp_path, end.join([HEADER, GOOD, GOOD, ""]))] == ["7.00", "7.00"]


@pytest.mark.parametrize("size", [FIELD_LIMIT, 10_000_000])
def test_a_field_of_any_length_is_set_aside_and_the_rest_is_read(tmp_path, size):
    long = f"7,2026-01-05 10:00,42,A1,{'x' * size},2,3.50"
    lines = read(tmp_path, "\n".join([HEADER, GOOD, long, GOOD]))
    assert [(line.n, line.reason) for line in lines] == [(2, None), (3, "too_long"), (4, None)]


def test_a_name_is_cut_and_freed_of_nul(tmp_path):
    line = read_one(tmp_path, name="a\0b" + "x" * 1000)
    assert line.reason is None
    assert (line.name[:3], len(line.name)) == ("abx", 300)


@pytest.mark.parametrize(
    ("encoding", "begin"), [("utf-8", b"\xef\xbb\xbf"), ("utf-8", b""), ("latin-1", b""), ("utf-16", b"")]
)
def test_a_file_is_read_in_its_encoding_with_or_without_a_mark(tmp_path, encoding, begin):
    row = GOOD.replace("Tea", "Café £")
    content = begin + f"{HEADER}\n{row}\n".encode(encoding)
    for packed in (content, gzip.compress(content)):
        (line,) = read(tmp_path, packed, encoding=encoding)
        assert line.name == "Café £"


def test_a_file_in_another_encoding_is_refused_or_repaired_as_the_mapping_says(tmp_path):
    content = f"{HEADER}\n{GOOD.replace('Tea', 'Café')}\n".encode("latin-1")
    with pytest.raises(UnreadableFile, match="not written in utf-8"):
        read(tmp_path, content)
    (line,) = read(tmp_path, content, undecodable="replace")
    assert line.name == "Caf\ufffd"


@pytest.mark.parametrize("keep", [10, 40, -1])
def test_an_unfinished_gzip_file_is_refused(tmp_path, keep):
    content = gzip.compress(f"{HEADER}\n{GOOD}\n".encode() + random.Random(1).randbytes(100).hex().encode())
    with pytest.raises(UnreadableFile, match="gzip"):
        read(tmp_path, content[:keep])


@pytest.mark.parametrize("content", [b"", b"\n\n", b'"'])
def test_an_empty_file_is_refused(tmp_path, content):
    with pytest.raises(UnreadableFile, match="empty"):
        read(tmp_path, content)


def test_a_column_that_is_not_there_or_there_twice_is_named(tmp_path):
    with pytest.raises(InvalidMapping, match="'price'"):
        read(tmp_path, HEADER.replace("price", "cost") + "\n")
    with pytest.raises(InvalidMapping, match="more than one column 'item'"):
        read(tmp_path, f"{HEADER},item\n")


def test_reading_goes_on_after_any_line_as_if_never_stopped(tmp_path):
    rows = [GOOD, '7,2026-01-05 10:00,42,A1,"two\nlines",2,3.50', '"', "", GOOD, "short", GOOD]
    content = "\n".join([HEADER, *rows])
    path = tmp_path / "whole.csv"
    path.write_text(content)
    mapping = make_mapping(columns=COLUMNS)
    with open_source(path, mapping) as source:
        whole = list(read_lines(source, mapping, MOSCOW, NOW))
    for index, (_, last) in enumerate(whole):
        assert read(tmp_path, content, document_prefix=None, after=last) == [line for line, _ in whole[index + 1 :]]


def test_local_times_follow_the_partners_zone_through_the_clock_change(tmp_path):
    times = ["2025-03-30 00:59", "2025-03-30 02:00", "2025-10-26 01:30", "2025-07-01 12:00+05:00"]
    rows = [GOOD.replace("2026-01-05 10:00", time) for time in times]
    lines = read(tmp_path, "\n".join([HEADER, *rows]), zone=ZoneInfo("Europe/London"))
    assert [line.at for line in lines] == [
        "2025-03-30T00:59:00+00:00",
        "2025-03-30T01:00:00+00:00",
        "2025-10-26T00:30:00+00:00",
        "2025-07-01T07:00:00+00:00",
    ]


def test_other_delimiters_decimals_and_columns_by_number(tmp_path):
    columns = {"document": 1, "time": 2, "customer": 3, "item": 4, "amount": 5}
    (line,) = read(
        tmp_path,
        "7;05.01.2026 10:00;42;A1;3,505\n",
        columns=columns,
        header=False,
        delimiter=";",
        decimal=",",
        time_format="%d.%m.%Y %H:%M",
    )
    assert (line.n, line.quantity, line.price, line.amount, line.reason) == (1, "1.000", None, "3.51", None)


def test_a_line_with_a_negative_quantity_takes_back_where_the_mapping_says_so(tmp_path):
    rows = [GOOD, GOOD.replace(",2,", ",-2,")]
    lines = read(tmp_path, "\n".join([HEADER, *rows]), document_prefix=None, negative_quantity=True)
    assert [(line.is_return, line.amount, line.reason) for line in lines] == [
        (False, "7.00", None),
        (True, "-7.00", None),
    ]


def test_a_million_random_bytes_are_read_or_refused_but_never_break_the_reader(tmp_path):
    chance = random.Random(7)
    alphabet = '",\n\r\0\\\t7CА£ .-0123456789:'
    for _ in range(40):
        text = "".join(chance.choice(alphabet) for _ in range(25_000))
        lines = read(tmp_path, f"{HEADER}\n{text}")
        assert all(line.reason is not None for line in lines)


TOML = """
[columns]
document = "document"
time = "time"
customer = "customer"
item = "item"
price = "price"
"""


def test_the_shipped_mapping_is_read():
    mapping = read_mapping((ROOT / "docs/mappings/online-retail.toml").read_text("utf-8"))
    assert (mapping.source_name, mapping.document_prefix, mapping.columns["price"]) == (
        "online-retail",
        "C",
        "unit_price",
    )
    assert isinstance(mapping, Mapping)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[columns", "not TOML"),
        ("", "table .columns."),
        ("columns = 1", "table .columns."),
        ("[columns]\nprice = 'p'", "document, time, customer"),
        (TOML.replace('price = "price"', ""), "either price or amount"),
        (TOML + 'amount = "sum"', "either price or amount"),
        (TOML + "colour = 'c'", "knows no 'colour'"),
        (TOML.replace('"time"', "2"), "columns.time must be text"),
        (TOML + "[file]\nheader = false", "columns.document must be a number"),
        (TOML + "[file]\nheader = 'no'", "true or false"),
        (TOML + "[file]\nencoding = 'klingon'", "no encoding"),
        (TOML + "[file]\nencoding = 'base64'", "no encoding"),
        (TOML + "[file]\ndelimiter = '::'", "one character"),
        (TOML + "[file]\nquote = ','", "delimiter"),
        (TOML + "[file]\ndecimal = '٫'", "decimal"),
        (TOML + "[file]\nundecodable = 'ignore'", "undecodable"),
        (TOML + "[file]\ncolour = 1", "no setting 'colour'"),
        (TOML + "[time]\nformat = 'never'", "time.format"),
        (TOML + "[items]\nexclude = 'POST'", "a list"),
        (TOML + "[items]\nexclude = [1]", "codes"),
        (TOML + "[cancellations]\ndocument_prefix = ''", "must not be empty"),
        (TOML.replace('item = "item"', "") + "[cancellations]\ndocument_prefix = 'C'", "must name item"),
        ("source_name = ''\n" + TOML, "1 to 80"),
        ("colour = 1\n" + TOML, "no setting 'colour'"),
        ("file = 1\n" + TOML, "must be a table"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_refused_by_name(text, says):
    with pytest.raises(InvalidMapping, match=says):
        read_mapping(text)

"""One spelling of each thing is taken; everything else is refused in words, never with a crash."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from marshmallow import ValidationError

from api.json import parse_json
from api.schemas.fields import (
    Choice,
    Day,
    Digits,
    Email,
    Flag,
    Id,
    Moment,
    Money,
    PartnerRef,
    Phone,
    Points,
    Quantity,
    Text,
    Whole,
)

ODD = [True, False, [], {}, [1], {"a": 1}, "", " ", "\x00", "слово", "NaN", "Infinity", "-1", "1e5", "0x10", "١٢٣"]

REFUSED = [
    (Money(), [0, -1, "0", "0.00", "-5", "1.005", Decimal("1.000"), Decimal("1e309"), Decimal("NaN"), 10**30, "9" * 30]),
    (Money(), ["1 000", "1,5", "+1", ".5", "5.", "01", "1_000", *ODD]),
    (Money(allow_zero=True), [-1, "-0.01", "1.005", *ODD]),
    (Points(), [0, -1, 10**12, "5", Decimal("5"), Decimal("5.5"), *ODD]),
    (Whole(), [0, "0", "-1", "1.5", "9" * 13, *ODD]),
    (Flag(), [0, 1, "true", "false", None, [], "yes"]),
    (Text(), [1, Decimal("1.5"), True, [], {}, "", "   ", "a\x00b", "a\nb", "a\x7fb", "x" * 201]),
    (Digits(minimum=6, maximum=6), [123456, "12345", "1234567", "12345x", "١٢٣٤٥٦", *ODD]),
    (Phone(), [79161234567, "1" * 41, "+7916\x001234567", *ODD[:8]]),
    (Email(), ["a", "a@b", "a b@c.ru", "@c.ru", "a@@c.ru", 5, *ODD]),
    (Id(), ["1", "0190f3b27c1e7a4b9d523f6a1c0e8b7d", "{0190f3b2-7c1e-7a4b-9d52-3f6a1c0e8b7d}", 5, *ODD]),
    (PartnerRef(), [406631, "12345", "1" * 13, "drop table", *ODD]),
    (Moment(), ["2026-11-20", "2026-11-20T14:30:00", "1999-12-31T23:00:00Z", "2101-01-02T00:00:00Z", 1, *ODD]),
    (Moment(), ["2026-02-30T00:00:00Z", "2026-11-20T25:00:00Z", "2026-11-20T10:00:00+99:00", "9999-12-31T23:59:59-23:59"]),
    (Day(), ["1899-12-31", "2023-02-29", "20230228", "2023-W01-1", 1, *ODD]),
    (Choice("accrual"), ["Accrual", "redemption", 1, *ODD]),
    (Quantity(), [0, -1, "0.0001", Decimal("1e309"), Decimal("1e-9"), 10**7, 10**30, *ODD]),
]  # fmt: skip


@pytest.mark.parametrize(("field", "values"), REFUSED, ids=lambda part: type(part).__name__)
def test_everything_but_the_one_spelling_is_refused(field, values):
    for value in values:
        with pytest.raises(ValidationError):
            field.deserialize(value)


TAKEN = [
    (Money(), "1000", Decimal("1000.00")),
    (Money(), 1000, Decimal("1000.00")),
    (Money(), parse_json(b"1000.5"), Decimal("1000.50")),
    (Money(allow_zero=True), "0", Decimal("0.00")),
    (Points(), 10**12 - 1, 10**12 - 1),
    (Whole(), "20", 20),
    (Flag(), False, False),
    (Text(), "  Анна  ", "Анна"),
    (Text(lines=True), "a\nb", "a\nb"),
    (Digits(minimum=6, maximum=6), "123 456", "123456"),
    (Phone(), "8 (916) 123-45-67", "8 (916) 123-45-67"),
    (Email(), "ivan@example.ru", "ivan@example.ru"),
    (Id(), "0190F3B2-7C1E-7A4B-9D52-3F6A1C0E8B7D", UUID("0190f3b2-7c1e-7a4b-9d52-3f6a1c0e8b7d")),
    (PartnerRef(), "406631153", "406631153"),
    (Moment(), "2026-11-20T14:30:00+03:00", datetime(2026, 11, 20, 11, 30, tzinfo=UTC)),
    (Moment(), "2026-11-20T14:30Z", datetime(2026, 11, 20, 14, 30, tzinfo=UTC)),
    (Day(), "2024-02-29", date(2024, 2, 29)),
    (Choice("accrual", "redemption"), "accrual", "accrual"),
    (Quantity(), parse_json(b"1.5"), Decimal("1.5")),
    (Quantity(), 2, Decimal(2)),
]


@pytest.mark.parametrize(("field", "given", "read"), TAKEN, ids=lambda part: str(part)[:30])
def test_the_one_spelling_is_read(field, given, read):
    value = field.deserialize(given)
    assert (type(value), value) == (type(read), read)

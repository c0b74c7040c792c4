"""The QR of a fiscal receipt: only what the standard allows is read, and it is read exactly."""

from __future__ import annotations

import random
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.errors import InvalidFiscalReceipt
from loyalty.fiscal import KINDS, FiscalReceipt, read_receipt

TEXT = "t=20180518T220500&s=975.88&fn=8710000101125654&i=99456&fp=1250448795&n=1"


def test_a_receipt_is_read_with_and_without_seconds_and_in_any_order():
    expected = FiscalReceipt(
        "8710000101125654", 99456, 1250448795, datetime(2018, 5, 18, 22, 5), Decimal("975.88"), "sale"
    )
    assert read_receipt(TEXT) == read_receipt(f"  {TEXT}\n") == expected
    assert read_receipt(TEXT.replace("T220500", "T2205")) == expected
    assert read_receipt("&".join(reversed(TEXT.split("&")))) == expected


def test_leading_zeros_make_no_other_receipt():
    assert read_receipt(TEXT.replace("i=99456", "i=0000099456").replace("fp=1250", "fp=1250")) == read_receipt(TEXT)
    assert read_receipt(TEXT.replace("fn=8", "fn=0")).drive.startswith("0"), "a drive's number is a text"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "https://example.com/?" + TEXT,
        TEXT + "&n=1",
        TEXT + "&x=1",
        TEXT.replace("&n=1", ""),
        TEXT.replace("n=1", "n=5"),
        TEXT.replace("n=1", "n="),
        TEXT.replace("s=975.88", "s=975.8"),
        TEXT.replace("s=975.88", "s=975,88"),
        TEXT.replace("s=975.88", "s=-975.88"),
        TEXT.replace("s=975.88", "s=9e5"),
        TEXT.replace("s=975.88", "s=0.00"),
        TEXT.replace("s=975.88", "s=97588"),
        TEXT.replace("s=975.88", "s=1234567890.00"),
        TEXT.replace("s=975.88", "s=٩٧٥.٨٨"),
        TEXT.replace("20180518", "20180230"),
        TEXT.replace("T220500", "T250500"),
        TEXT.replace("T220500", "T22050"),
        TEXT.replace("fn=8710000101125654", "fn=871000010112565"),
        TEXT.replace("i=99456", "i=99456789012"),
        TEXT.replace("fp=1250448795", "fp=12504487951"),
        TEXT.replace("&", ";"),
        TEXT.replace("t=", "T="),
        TEXT + "\x00",
        TEXT + "&" * 300,
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(InvalidFiscalReceipt):
        read_receipt(text)


@given(
    at=st.datetimes(min_value=datetime(2017, 1, 1), max_value=datetime(2060, 1, 1)).map(
        lambda at: at.replace(microsecond=0)
    ),
    kopecks=st.integers(1, 10**11 - 1),
    drive=st.from_regex(r"[0-9]{16}", fullmatch=True),
    number=st.integers(0, 10**10 - 1),
    sign=st.integers(0, 10**10 - 1),
    kind=st.sampled_from(sorted(KINDS)),
    order=st.randoms(),
)
def test_what_is_written_is_read(at, kopecks, drive, number, sign, kind, order: random.Random):
    parts = [
        f"t={at:%Y%m%dT%H%M%S}", f"s={kopecks // 100}.{kopecks % 100:02}", f"fn={drive}", f"i={number}", f"fp={sign}",
        f"n={kind}",
    ]  # fmt: skip
    order.shuffle(parts)
    read = read_receipt("&".join(parts))
    assert read == FiscalReceipt(drive, number, sign, at, Decimal(kopecks) / 100, KINDS[kind])


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text):
    try:
        read_receipt(text)
    except InvalidFiscalReceipt as refused:
        assert refused.field == "receipt"

"""Bytes from anywhere, read strictly."""

from decimal import Decimal

import pytest

from api.errors import RequestRefused
from api.json import MAX_DEPTH, flatten, parse_json

REFUSED = {
    "nothing": b"",
    "broken": b'{"a": 1',
    "trailing comma": b'{"a": 1,}',
    "two values": b"{} {}",
    "single quotes": b"{'a': 1}",
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": Infinity}',
    "minus Infinity": b'{"a": -Infinity}',
    "NUL in a value": b'{"a": "x\\u0000y"}',
    "NUL in a name": b'{"x\\u0000y": 1}',
    "NUL in a list in a list": b'{"a": [["\\u0000"]]}',
    "raw control character": b'{"a": "\x01"}',
    "lone high surrogate": b'{"a": "\\ud800"}',
    "lone low surrogate": b'{"a": "\\udc00"}',
    "surrogates the wrong way round": b'{"a": "\\udc00\\ud800"}',
    "not UTF-8": b'{"a": "\xff"}',
    "overlong UTF-8": b'{"a": "\xc0\xaf"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "a name twice": b'{"a": 1, "a": 2}',
    "a name twice, deeper": b'{"b": [{"a": 1, "a": 2}]}',
    "5 000 digits": b'{"a": ' + b"9" * 5000 + b"}",
    "an exponent beyond Decimal": b'{"a": 1e9999999999999999999}',
    "too deep": b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
    "too deep in objects": b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1),
    "deeper than the parser": b"[" * 200_000,
    "deeper than the parser, closed": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_a_body_that_is_not_plain_json_is_malformed(body):
    with pytest.raises(RequestRefused) as refused:
        parse_json(body)
    assert (refused.value.status, refused.value.code) == (400, "malformed_json")


def test_fractions_are_read_as_they_are_written():
    assert parse_json(b'{"a": 0.10, "b": 1e309, "c": 3}') == {"a": Decimal("0.10"), "b": Decimal("1e309"), "c": 3}


def test_as_deep_as_allowed_is_read():
    assert parse_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH) is not None


def test_a_whole_surrogate_pair_is_a_character():
    assert parse_json(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}


def test_nested_messages_become_dotted_names():
    assert flatten({"lines": {0: {"amount": ["Bad."]}}, "_schema": ["Odd."]}) == {
        "lines.0.amount": ["Bad."],
        "body": ["Odd."],
    }

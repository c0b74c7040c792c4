"""Strict JSON in: what stands between bytes from anywhere and the schemas.

Decimals are read as `Decimal`, never as floats; NaN, infinities, duplicate keys, deep nesting, NUL and lone surrogates
are refused, so that nothing PostgreSQL or a parser chokes on gets further.
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from flask import Request
from gunicorn.http.errors import ParseException
from webargs import core
from webargs.flaskparser import FlaskParser

from api.errors import RequestRefused, refuse_input

MAX_DEPTH = 32
JSON = "application/json"


def parse_json(body: bytes) -> Any:
    """Read a request's body. Raises `RequestRefused` 400 `malformed_json`, saying what is wrong but not where."""
    try:
        value = json.loads(
            body.decode("utf-8"),
            parse_float=_parse_decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_build_object,
        )
        _check(value, MAX_DEPTH)
    except UnicodeDecodeError:
        raise _malformed("The body is not UTF-8.") from None
    except RecursionError:
        raise _malformed(f"The body is nested deeper than {MAX_DEPTH} levels.") from None
    except json.JSONDecodeError:
        raise _malformed("The body is not JSON.") from None
    except ValueError as refused:
        raise _malformed(str(refused) if type(refused) is _Refused else "A number is too long.") from None
    return value


def read_body(request: Request) -> Any:
    """The request's JSON, or `webargs.core.missing` when there is no body at all. 415 for anything that is not JSON."""
    try:
        body = request.get_data(cache=True)
    except (OSError, ParseException):  # the server reads on while we do: a bad chunk, or the caller has gone
        raise _malformed("The body could not be read to its end.") from None
    if not request.mimetype and not body:
        return core.missing
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != JSON or charset not in ("utf-8", "utf8") or request.headers.get("Content-Encoding"):
        raise RequestRefused(415, "unsupported_media_type", "Send the body as application/json in UTF-8.")
    return parse_json(body) if body else core.missing


class StrictParser(FlaskParser):
    """webargs over `parse_json`; unknown fields and query arguments are errors, all of them 400 problems."""

    DEFAULT_VALIDATION_STATUS = 400
    DEFAULT_UNKNOWN_BY_LOCATION = dict.fromkeys(FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION)

    def load_json(self, req: Request, schema) -> Any:
        body = read_body(req)
        if body is core.missing:
            raise RequestRefused(400, "body_required", "This route needs a JSON body.")
        return body

    def load_querystring(self, req: Request, schema) -> Any:
        repeated = {name: ["Given more than once."] for name, values in req.args.lists() if len(values) > 1}
        if repeated:
            raise refuse_input(repeated)
        return req.args.to_dict()

    def handle_error(self, error, req, schema, *, error_status_code, error_headers) -> NoReturn:
        messages = next(iter(error.messages.values()))
        raise refuse_input(flatten(messages)) from None


def flatten(messages: Any, prefix: str = "") -> dict[str, list[str]]:
    """marshmallow's nested messages as ``{"lines.0.amount": [...]}``; what concerns the whole body stands under ``body``."""
    if isinstance(messages, dict):
        found: dict[str, list[str]] = {}
        for name, inner in messages.items():
            part = "" if name == "_schema" else _printable(str(name))
            found |= flatten(inner, ".".join(filter(None, (prefix, part))))
        return found
    texts = messages if isinstance(messages, list) else [messages]
    return {prefix or "body": [str(text) for text in texts]}


class _Refused(ValueError):
    pass


def _malformed(detail: str) -> RequestRefused:
    return RequestRefused(400, "malformed_json", detail)


def _parse_decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise _Refused("A number is out of range.") from None


def _refuse_constant(_name: str) -> NoReturn:
    raise _Refused("NaN and infinities are not JSON.")


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) < len(pairs):
        raise _Refused("An object names a field twice.")
    return built


def _check(value: Any, depth: int) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict | list):
        if depth == 0:
            raise _Refused(f"The body is nested deeper than {MAX_DEPTH} levels.")
        if isinstance(value, dict):
            for name in value:
                _check_text(name)
            value = value.values()
        for inner in value:
            _check(inner, depth - 1)


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise _Refused("A text holds the character U+0000.")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise _Refused("A text holds half of a surrogate pair.") from None


def _printable(name: str) -> str:
    """A field name that came from outside, cut to what may stand in an answer."""
    return "".join(character for character in name[:60] if character.isprintable()) or "?"

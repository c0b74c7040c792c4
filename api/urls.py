"""Refuses addresses that are malformed before anything is made of them."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from flask import Request

from api.errors import RequestRefused

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile("[\x00-\x1f\x7f]")


def check_url(request: Request) -> None:
    """Raises 400 `malformed_url` for broken percent escapes, bytes that are not UTF-8 and control characters.

    The server's own spelling of the address is looked at where it gives one (gunicorn and Werkzeug do): in `PATH_INFO`
    the escapes are gone.
    """
    environ = request.environ
    query = environ.get("QUERY_STRING", "")
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or query
    if _BAD_ESCAPE.search(raw) or _BAD_ESCAPE.search(query):
        raise _malformed("The address holds a % that is not an escape.")
    path = environ.get("PATH_INFO", "").encode("latin-1", "replace")
    for piece in (path, unquote_to_bytes(raw), unquote_to_bytes(query.encode("latin-1", "replace"))):
        try:
            text = piece.decode("utf-8")
        except UnicodeDecodeError:
            raise _malformed("The address is not UTF-8.") from None
        if _CONTROL.search(text):
            raise _malformed("The address holds a control character.")


def _malformed(detail: str) -> RequestRefused:
    return RequestRefused(400, "malformed_url", detail)

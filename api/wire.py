"""What is wrong before there is a request: bytes that are not HTTP get a problem too, not the server's HTML."""

from __future__ import annotations

import json
import socket
import uuid

from gunicorn import util

from api.errors import PROBLEM, name_http_problem


def answer_with_problems() -> None:
    """Have gunicorn refuse what it cannot read in our words. It has no setting for this, so its writer is replaced."""
    util.write_error = _write_problem


def _write_problem(connection: socket.socket, status: int, reason: str, _message: str) -> None:
    """The server's own message is left out: it repeats what was sent."""
    title, code = name_http_problem(status)
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": code,
        "detail": f"{title}.",
        "request_id": uuid.uuid4().hex,
    }
    text = json.dumps(body).encode()
    head = (
        f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: {PROBLEM}\r\nContent-Length: {len(text)}\r\n"
    )
    util.write_nonblock(connection, head.encode("latin-1") + b"X-Content-Type-Options: nosniff\r\n\r\n" + text)

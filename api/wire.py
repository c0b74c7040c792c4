"""What is wrong before there is a request: bytes that are not HTTP get a problem too, not the server's HTML."""

from __future__ import annotations

import json
import socket
import sys
import uuid

import structlog
from gunicorn import util
from gunicorn.glogging import Logger

from api.errors import PROBLEM, name_http_problem

_HINT = "The server cannot read this as HTTP. In an address, letters beyond ASCII must be percent-encoded."


def answer_with_problems() -> None:
    """Have gunicorn refuse what it cannot read in our words. It has no setting for this, so its writer is replaced."""
    util.write_error = _write_problem


class QuietLogger(Logger):
    """Gunicorn's log, less what callers sent: it repeats request lines that it refuses, and people type phones there."""

    def warning(self, msg, *args, **kwargs):
        if msg.startswith("Invalid request"):
            structlog.get_logger("kopilka.wire").warning("refused_by_server")
        else:
            super().warning(msg, *args, **kwargs)

    def exception(self, msg, *args, **kwargs):
        error = sys.exc_info()[1]
        structlog.get_logger("kopilka.wire").error("failed_in_server", error=type(error).__name__)


def _write_problem(connection: socket.socket, status: int, reason: str, _message: str) -> None:
    """The server's own message is left out: it repeats what was sent."""
    if status == 501:  # it calls an encoding it does not know its own lack; for the caller it is a header to mend
        status, reason = 400, "Bad Request"
    title, code = name_http_problem(status)
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": code,
        "detail": _HINT if status == 400 else f"{title}.",
        "request_id": uuid.uuid4().hex,
    }
    text = json.dumps(body).encode()
    head = (
        f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: {PROBLEM}\r\nContent-Length: {len(text)}\r\n"
    )
    util.write_nonblock(connection, head.encode("latin-1") + b"X-Content-Type-Options: nosniff\r\n\r\n" + text)

"""Bytes that are no HTTP, sent to the real server: a problem comes back, and the server lives on."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time

import pytest

from config import ROOT
from tests.support.redis_server import free_port


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    """gunicorn as `make run` starts it; no request here needs the database."""
    number = free_port()
    env = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "SANDBOX")}
    log = tmp_path_factory.mktemp("log") / "server.log"
    env |= {"KOPILKA_HOME": str(tmp_path_factory.mktemp("home")), "PORT": str(number), "WEB_WORKERS": "1"}
    command = [sys.executable, "-m", "gunicorn", "--config", "api/gunicorn_conf.py", "wsgi:app"]
    server = subprocess.Popen(command, env=env, cwd=ROOT, stderr=log.open("wb"), stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", number), 1).close()
            break
        except OSError:
            time.sleep(0.1)
    yield number
    server.terminate()
    server.wait(15)
    written = log.read_text()
    assert "refused_by_server" in written  # gunicorn's own words repeat what was sent
    assert "79161234567" not in written and "Invalid request" not in written


def send(port: int, sent: bytes) -> tuple[int, str, bytes]:
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.settimeout(10)
        connection.sendall(sent)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    content_type = next(
        (line.split(":", 1)[1].strip() for line in lines if line.lower().startswith("content-type")), ""
    )
    return int(lines[0].split()[1]), content_type, body


END = b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
BODY = b"POST /api/auth/refresh HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /a%zz" + END,
        b"GET /%c0%af" + END,
        b"GET /%00" + END,
        b"GET /\xff" + END,
        "GET /кофе".encode() + END,
        "GET /api/partner/customers?query=Иван+79161234567".encode() + END,
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: foo\r\n\r\n",
        b"GET /healthz?q=\xff" + END,
        b"GET /healthz\x01" + END,
        b"GET *" + END,
        b"GET /" + b"a" * 9000 + END,
        b"BREW /healthz" + END,
        b"GET /healthz HTTP/9.9\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nbad header\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nX: " + b"a" * 20000 + b"\r\n\r\n",
        BODY + b"Content-Length: abc\r\n\r\n",
        BODY + b"Content-Length: -5\r\n\r\n",
        BODY + b"Content-Length: 2\r\nContent-Encoding: gzip\r\n\r\n{}",
        BODY + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        BODY + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    ],
)
def test_whatever_is_sent_a_problem_comes_back(port, sent):
    status, content_type, body = send(port, sent)
    assert 400 <= status < 500 or status == 505, (status, body)
    assert content_type == "application/problem+json"
    assert json.loads(body)["status"] == status
    assert send(port, b"GET /healthz" + END)[0] == 200

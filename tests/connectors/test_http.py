"""HTTP outwards against a real server that behaves badly."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from connectors import http
from connectors.errors import ConnectorError


class _BadServer(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/slow":
            time.sleep(1)
        status = int(self.path.strip("/")) if self.path.strip("/").isdigit() else 200
        self.send_response(status)
        self.send_header("Location", "/200")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        return


@pytest.fixture(scope="module")
def server():
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), _BadServer)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def test_success_is_answered(server):
    assert http.post_json(f"{server}/204", {}).status_code == 204


@pytest.mark.parametrize(
    ("status", "retryable"),
    [(302, False), (400, False), (401, False), (404, False), (408, True), (429, True), (500, True), (503, True)],
)
def test_a_refusal_says_whether_waiting_may_help_and_a_redirect_is_one(server, status, retryable):
    with pytest.raises(ConnectorError) as caught:
        http.post_json(f"{server}/{status}", {"phone": "+79161234567"})
    assert (caught.value.code, caught.value.retryable, caught.value.status) == ("refused", retryable, status)
    assert "9161234567" not in str(caught.value)


def test_silence_ends_in_time(server, monkeypatch):
    monkeypatch.setattr(http, "READ_SECONDS", 0.2)
    with pytest.raises(ConnectorError) as caught:
        http.post_json(f"{server}/slow", {})
    assert (caught.value.code, caught.value.retryable) == ("timed_out", True)


def test_nobody_there_is_worth_another_try():
    with pytest.raises(ConnectorError) as caught:
        http.post_json("http://127.0.0.1:1/", {})
    assert (caught.value.code, caught.value.retryable) == ("unreachable", True)


def test_proxies_of_the_environment_are_not_used(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert http.post_json(f"{server}/200", {}).status_code == 200

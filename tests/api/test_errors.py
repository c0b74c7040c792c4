"""Whatever goes wrong, the answer is a problem and tells nothing it should not."""

import json

import pytest
from psycopg2 import errors as pg
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from api.errors import PROBLEM, register_error_handlers
from api.requests import MAX_BODY
from loyalty.errors import NotEnoughPoints


def check_problem(response, status: int, code: str) -> dict:
    assert response.mimetype == PROBLEM
    body = json.loads(response.data)
    assert (response.status_code, body["status"], body["code"]) == (status, status, code)
    assert body["request_id"] == response.headers["X-Request-Id"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    return body


@pytest.mark.parametrize(
    ("method", "url", "status", "code"),
    [
        ("GET", "/nope", 404, "not_found"),
        ("GET", "/api//docs", 404, "not_found"),
        ("GET", "/healthz/", 404, "not_found"),
        ("POST", "/healthz", 405, "method_not_allowed"),
        ("TRACE", "/healthz", 405, "method_not_allowed"),
        ("BREW", "/healthz", 405, "method_not_allowed"),
        ("GET", "/healthz?a=1", 400, "validation_error"),
        ("GET", "/api/docs?q=1&q=2", 400, "validation_error"),
        ("GET", "/api/docs?nobody=1", 400, "validation_error"),
        ("GET", "/static/../config.py", 404, "not_found"),
        ("GET", "/a%zz", 400, "malformed_url"),
        ("GET", "/a%", 400, "malformed_url"),
        ("GET", "/api/docs?q=%f", 400, "malformed_url"),
        ("GET", "/%c0%af", 400, "malformed_url"),
        ("GET", "/api/docs?q=%ff", 400, "malformed_url"),
        ("GET", "/%00", 400, "malformed_url"),
        ("GET", "/api/docs?q=%00", 400, "malformed_url"),
        ("GET", "/api/docs?q=%0a", 400, "malformed_url"),
    ],
)
def test_a_wrong_address_or_method_is_a_problem(client, method, url, status, code):
    check_problem(client.open(url, method=method), status, code)


def test_a_method_that_is_not_there_names_those_that_are(client):
    assert "GET" in client.post("/healthz").headers["Allow"]


@pytest.mark.parametrize("given", ["", "short", "a b c d e f g h", "x" * 65, "пример-номер"])
def test_a_request_id_that_is_not_sane_is_replaced(client, given):
    kept = client.get("/healthz", headers={"X-Request-Id": given.encode().decode("latin-1")}).headers["X-Request-Id"]
    assert kept != given
    assert len(kept) == 32


def test_a_sane_request_id_is_kept(client):
    assert (
        client.get("/healthz", headers={"X-Request-Id": "till-7.20261120"}).headers["X-Request-Id"] == "till-7.20261120"
    )


class Boom(Exception):
    pass


def raised(error):
    def view():
        raise error

    return view


def database_error(kind, original):
    class Original(original):
        pgcode = None

    made = Original("the phone +79161234567 is already there")
    made.pgcode = {pg.UniqueViolation: "23505", pg.CheckViolation: "23514", pg.LockNotAvailable: "55P03"}.get(original)
    return kind("INSERT INTO secret_table", {"phone": "+79161234567"}, made)


@pytest.fixture
def failing(settings_app):
    return settings_app.test_client()


@pytest.fixture
def settings_app():
    """A bare application with the door's error handlers and views that fail in every way there is."""
    from flask import Flask, g

    app = Flask("failing")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    register_error_handlers(app)
    app.before_request(lambda: g.setdefault("request_id", "r" * 32) and None)
    views = {
        "/boom": Boom("+79161234567"),
        "/race": database_error(IntegrityError, pg.UniqueViolation),
        "/broken-rule-of-ours": database_error(IntegrityError, pg.CheckViolation),
        "/locked": database_error(OperationalError, pg.LockNotAvailable),
        "/data": database_error(DataError, pg.NumericValueOutOfRange),
        "/rule": NotEnoughPoints(5, 7),
    }
    for url, error in views.items():
        app.add_url_rule(url, url, raised(error))
    return app


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        ("/boom", 500, "internal_error"),
        ("/race", 409, "conflict"),
        ("/broken-rule-of-ours", 500, "internal_error"),
        ("/locked", 503, "busy"),
        ("/data", 400, "validation_error"),
        ("/rule", 409, "not_enough_points"),
    ],
)
def test_a_failure_inside_keeps_what_it_knows(failing, capfd, url, status, code):
    response = failing.get(url)
    told = response.get_data(as_text=True) + "".join(capfd.readouterr())
    assert (response.status_code, response.mimetype, response.get_json(force=True)["code"]) == (status, PROBLEM, code)
    for secret in ("+79161234567", "INSERT", "secret_table", "Traceback"):
        assert secret not in told


def test_what_is_busy_says_when_to_come_back(failing):
    assert int(failing.get("/locked").headers["Retry-After"]) >= 1

"""Every route × every kind of bad input: a 4xx problem with a code, nothing stored, nothing moved.

The cells are made from the routes and their input schemas, so a new route or field is covered the day it appears.
"""

import copy
import json
from dataclasses import replace

import pytest
from marshmallow import fields as base
from sqlalchemy import text

from api.errors import PROBLEM
from api.schemas.fields import Day, Flag, Id, Moment, Money, Points, Some, Text
from models import db
from tests.api.roles import is_page
from tests.api.samples import make_samples
from tests.api.test_tokens import headers_of

pytestmark = pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")

MISSING = "0190f3b2-7c1e-7a4b-9d52-3f6a1c0e8b7d"

BAD_AMOUNTS = ["0", 0, "-5", -5, "1.005", 1.005, "NaN", "Infinity", 1e300, "1e309", "1 000", " 5", "пять", "", "9" * 30]
BAD_AMOUNTS += [10**30, [], {}, True, False, ["5"], "0x10", "1_000", "+5", "１２"]
BAD_VALUES = {
    Money: BAD_AMOUNTS,
    Points: [-1, 1.5, "5", True, [], {}, 10**30, 1e300, "NaN", ""],
    Id: ["1", "", 5, [], {}, True, "x" * 5000, MISSING[:-1], "{" + MISSING + "}", MISSING.replace("-", "")],
    Moment: [
        "",
        "now",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        5,
        [],
        True,
    ],
    Day: ["", "1990-13-01", "1990-02-30", "90-01-01", 5, [], True, "0001-01-01"],
    Flag: ["yes", 1, 0, [], {}, ""],
    Text: [5, 1.5, True, [], {}, "", "x" * 5000, "a\x00b", "a\x07b"],
}
BODIES = {
    "nothing": b"",
    "broken": b'{"a": ',
    "a list": b"[]",
    "a text": b'"x"',
    "a number": b"5",
    "null": b"null",
    "NaN": b'{"a": NaN}',
    "not UTF-8": b'{"a": "\xff"}',
    "too deep": b'{"a":' * 40 + b"1" + b"}" * 40,
    "deeper than a parser": b"[" * 100_000 + b"]" * 100_000,
    "NUL": b'{"a": "\\u0000"}',
    "half a pair": b'{"a": "\\ud800"}',
    "twice": b'{"a": 1, "a": 1}',
    "unknown field": b'{"nobody_knows_this": 1}',
}


@pytest.fixture(scope="module")
def samples(cast):
    return make_samples(cast)


def routes(app):
    for rule in app.url_map.iter_rules():
        if not is_page(app, rule) and not rule.rule.startswith("/sandbox"):
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                yield method, rule.rule, app.view_functions[rule.endpoint]


def schema_of(view):
    for parameter in getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", []):
        if parameter["in"] == "json":
            return parameter["schema"]
    return None


def queries(view):
    parameters = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", [])
    return [parameter["schema"] for parameter in parameters if parameter["in"] == "query"]


@pytest.fixture
def unmoved(app):
    """What a refused call must leave as it was."""

    def count():
        tables = (
            "entry", "purchase", "refund", "hold", "quote", "lot", "idempotency", "customer", "identity", "membership",
            "claim", "sale_code", "fiscal_drive", "consent", "branch", "staff", "api_key", "programme", "partner", "partner_application", "outbox", "audit_record",
        )  # fmt: skip
        with app.app_context():
            return {name: db.session.execute(text(f"SELECT count(*) FROM {name}")).scalar() for name in tables}

    before = count()
    yield
    assert count() == before


def check_refused(response, what, statuses=range(400, 500)):
    assert response.status_code in statuses, (what, response.status_code, response.text[:300])
    assert response.mimetype == PROBLEM, (what, response.mimetype)
    body = json.loads(response.data)
    assert body["status"] == response.status_code, what
    assert body["code"], what
    assert "Traceback" not in response.text, what
    return body


def test_every_route_has_a_sample_that_is_taken(app, samples):
    assert {f"{method} {rule}" for method, rule, _ in routes(app)} == set(samples)


def test_bad_bodies(app, samples, unmoved):
    cells = 0
    for method, rule, view in routes(app):
        if method == "GET":
            continue
        sample = samples[f"{method} {rule}"]
        for name, body in BODIES.items():
            is_optional = sample.body is None and name in ("nothing",)
            if is_optional:
                continue
            sent = sample.actor.headers | {"Idempotency-Key": "bad-body"}
            answer = app.test_client().open(
                sample.url, method=method, data=body, headers=sent, content_type="application/json"
            )
            check_refused(answer, (method, rule, name), (400,))
            cells += 1
        wrong = json.dumps(sample.body or {}).encode()
        for content_type in (
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/xml",
            "",
            "application/json; charset=koi8-r",
        ):
            if rule == "/register" and content_type == "application/x-www-form-urlencoded":
                continue  # that is the page's form, which tests/web looks at
            answer = app.test_client().open(
                sample.url,
                method=method,
                data=wrong,
                headers=sample.actor.headers | {"Idempotency-Key": "bad-type"},
                content_type=content_type,
            )
            assert check_refused(answer, (method, rule, content_type), (415,))["code"] == "unsupported_media_type"
            cells += 1
        large = b'{"a": "' + b"x" * 1_100_000 + b'"}'
        answer = app.test_client().open(
            sample.url, method=method, data=large, headers=sample.actor.headers, content_type="application/json"
        )
        assert check_refused(answer, (method, rule, "large"), (413,))["code"] == "body_too_large"
        cells += 1
    assert cells > 500


def spoil(schema, body, path=()):
    """(path, field, changed body) for every field of the schema that has a value in the body, and every nested one."""
    for name, field in schema.fields.items():
        here = (*path, field.data_key or name)
        inner = field.inner if isinstance(field, base.List) else field
        if isinstance(inner, base.Nested):
            value = body.get(name) if isinstance(body, dict) else None
            value = value[0] if isinstance(value, list) and value else value
            if isinstance(value, dict):
                yield from spoil(inner.schema, value, (*here, 0) if isinstance(field, base.List) else here)
            yield here, None
        elif isinstance(body, dict) and (name in body or isinstance(field, Money | Points | Id | Moment)):
            yield here, field


def put(body, path, value):
    changed = copy.deepcopy(body)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


def bad_values_of(field):
    if field is None:
        return ["x", 5, True]
    found = next((values for kind, values in BAD_VALUES.items() if isinstance(field, kind)), [[], {}, True])
    if isinstance(field, Money) and field.allow_zero:
        found = [value for value in found if value not in ("0", 0) or isinstance(value, bool)]
    if isinstance(field, Text) and field.minimum == 0:
        found = [value for value in found if value != ""]
    if isinstance(field, Some) and field.validate.min == 0:
        found = [value for value in found if value != []]
    return found


ITEM_BY_ITEM = ("/api/inbound/clients", "/api/inbound/purchases")
"""Routes that judge each item of a batch by itself."""


def test_bad_values_in_every_field(app, samples, unmoved):
    cells = 0
    for method, rule, view in routes(app):
        schema = schema_of(view)
        sample = samples[f"{method} {rule}"]
        if schema is None:
            continue
        for path, field in spoil(schema, sample.body):
            if type(field) is base.Raw:
                continue
            for value in bad_values_of(field):
                body, what = put(sample.body, path, value), (method, rule, path, repr(value)[:40])
                answer = sample.call(body)
                if rule in ITEM_BY_ITEM and path[0] == "items" and answer.status_code == 200:
                    assert [one["status"] for one in answer.json["items"]] == ["refused"], what
                else:
                    check_refused(answer, what, (400, 422))
                cells += 1
        for name, field in schema.fields.items():
            if field.required:
                without = {key: value for key, value in sample.body.items() if key != name}
                check_refused(sample.call(without), (method, rule, "without", name), (400,))
            if not field.allow_none:
                check_refused(sample.call(sample.body | {name: None}), (method, rule, "null", name), (400,))
            cells += 2
        check_refused(sample.call(sample.body | {"nobody_knows": 1}), (method, rule, "unknown"), (400,))
    assert cells > 500


def test_bad_phones(app, samples, unmoved):
    phones = [
        "",
        "5",
        "abc",
        "+7",
        "+7916",
        "+79161234567890",
        "12345",
        "+7 916 CALL ME",
        "0" * 11,
        [],
        {},
        True,
        79161234567,
    ]
    for key, sample in samples.items():
        if sample.body is None:
            continue
        for phone in phones:
            if "phone" in sample.body and "profile" not in key:
                check_refused(sample.call(sample.body | {"phone": phone}), (key, phone), (400,))
            if "customer" in sample.body:
                check_refused(sample.call(sample.body | {"customer": {"phone": phone}}), (key, phone), (400,))


def test_a_customer_is_named_in_one_way(samples, unmoved):
    for key, sample in samples.items():
        if sample.body and "customer" in sample.body:
            for customer in ({}, {"phone": "+79161234567", "email": "a@example.ru"}, {"name": "Иван"}, [], "Иван"):
                check_refused(sample.call(sample.body | {"customer": customer}), (key, customer), (400,))


def test_unknown_query_arguments_and_bad_pages(app, samples, unmoved):
    for method, rule, view in routes(app):
        sample = samples[f"{method} {rule}"]
        for query in (
            "nobody=1",
            "limit=0",
            "limit=-1",
            "limit=1e3",
            "limit=x",
            "limit=1&limit=2",
            "q=%00",
            "cursor=%ff",
            "a=%zz",
        ):
            if query.startswith("limit=") and query != "limit=1&limit=2":
                is_known = any("limit" in schema.fields for schema in queries(view))
                if not is_known:
                    continue
            check_refused(sample.call(url=f"{sample.url}?{query}"), (method, rule, query), (400,))


def test_cursors_that_no_list_gave_out(app, samples, unmoved):
    for method, rule, view in routes(app):
        if any("cursor" in schema.fields for schema in queries(view)):
            sample = samples[f"{method} {rule}"]
            infinity = "eyIwMTkwZjNiMi03YzFlLTdhNGItOWQ1Mi0zZjZhMWMwZThiN2QiOiBJbmZpbml0eX0="
            for cursor in ("x", "AAAA", "e30", "bnVsbA", "W10", "WyIxIiwgIjIiXQ==", "%D1%84", "A" * 5000, infinity):
                answer = sample.call(url=f"{sample.url}?cursor={cursor}")
                if answer.status_code != 200:  # an empty cursor object is a beginning
                    check_refused(answer, (rule, cursor), (400,))


def test_malformed_and_missing_ids_in_a_path(app, samples, unmoved):
    for key, sample in samples.items():
        for name in sample.ids:
            for wrong in (
                "1",
                "x",
                "-1",
                "null",
                MISSING[:-1],
                MISSING + "0",
                "%00",
                "%zz",
                "%c0%af",
                "..%2f",
                "0" * 300,
            ):
                url = replace(sample, ids=sample.ids | {name: wrong}).url
                check_refused(sample.call(url=url), (key, wrong), (400, 404))
            check_refused(sample.call(url=sample.url.replace(str(sample.ids[name]), MISSING)), (key, "missing"), (404,))


def test_wrong_methods(app, samples, unmoved):
    allowed: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():  # pages too: one address may be both
        allowed.setdefault(rule.rule, set()).update(rule.methods)
    for method, rule, _ in routes(app):
        sample = samples[f"{method} {rule}"]
        for wrong in {"GET", "POST", "PUT", "PATCH", "DELETE"} - allowed[rule]:
            answer = sample.actor.call(wrong, sample.url, key="wrong-method")
            assert check_refused(answer, (wrong, rule), (405, 404))["code"] in ("method_not_allowed", "not_found")


def test_calls_that_move_points_need_a_key(app, samples, unmoved):
    found = 0
    for method, rule, view in routes(app):
        if getattr(view, "needs_idempotency_key", False):
            sample = samples[f"{method} {rule}"]
            assert check_refused(sample.call(key=None), (method, rule), (400,))["code"] == "idempotency_key_required"
            for bad in ("a b", "x" * 256, "ключ".encode().decode("latin-1"), "a\tb"):
                answer = check_refused(sample.call(key=bad), (method, rule, bad), (400,))
                assert answer["code"] == "idempotency_key_invalid"
            found += 1
    assert found >= 6


def test_callers_without_good_credentials(app, samples, unmoved):
    forged = headers_of(app)
    for method, rule, view in routes(app):
        if view.policy.kind == "public":
            continue
        sample = samples[f"{method} {rule}"]
        name = "X-API-Key" if view.policy.kind == "machine" else "Authorization"
        values = (
            forged.values()
            if name == "Authorization"
            else ["", "x", "kp_x", "kp_" + "a" * 8 + "_" + "b" * 43, "Bearer x"]
        )
        for value in values:
            headers = {name: value, "Idempotency-Key": "no-credentials"}
            data = None if sample.body is None else json.dumps(sample.body)
            answer = app.test_client().open(
                sample.url, method=method, headers=headers, data=data, content_type=data and "application/json"
            )
            check_refused(answer, (method, rule, value), (401,))
            assert answer.headers["WWW-Authenticate"], (method, rule)


def test_another_partner_and_a_missing_one_look_alike(samples, unmoved):
    """Ids of the other partner's things in a body."""
    for key, sample in samples.items():
        if sample.body is not None and "branch_id" in json.dumps(sample.body):
            answer = sample.call(sample.body | {"branch_id": MISSING})
            assert check_refused(answer, key, (404,))["code"] == "branch_not_found"


def test_every_sample_is_good(samples):
    """Last, for it does what the samples say: a sample that is refused for its form proves nothing above."""
    order = sorted(samples, key=lambda key: ("DELETE" in key, "logout" in key, "void" in key, "refuse" in key, key))
    for key in order:
        answer = samples[key].call()
        assert answer.status_code not in (400, 403, 405, 415, 422, 500), (key, answer.status_code, answer.text[:300])

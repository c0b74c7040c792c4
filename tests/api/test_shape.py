"""What review forgets: every route says who may call it and stands in the description; the description is valid."""

import re

from api.blueprint import SECURITY
from tests.api.roles import is_page


def routes(app):
    for rule in app.url_map.iter_rules():
        yield rule, app.view_functions[rule.endpoint]


def test_every_route_says_who_may_call_it(app):
    assert [rule.rule for rule, view in routes(app) if not hasattr(view, "policy")] == []


def test_every_route_of_the_api_is_described(app, client):
    described = client.get("/api/openapi.json").get_json()["paths"]
    for rule, view in routes(app):
        if is_page(app, rule) or rule.endpoint.startswith("sandbox"):
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            operation = described[path][method.lower()]
            assert operation["summary"], rule.rule
            assert operation["security"] == SECURITY[view.policy.kind], rule.rule
            for status, answer in operation["responses"].items():
                if status >= "400" and status != "503":
                    assert list(answer["content"]) == ["application/problem+json"], (rule.rule, status)


def test_the_page_of_the_description_shows_every_operation_without_a_script(client):
    page = client.get("/api/docs")
    text = page.get_data(as_text=True)
    for path in client.get("/api/openapi.json").get_json()["paths"]:
        assert path in text
    assert "<script" not in text
    assert "style=" not in text
    assert "//" not in re.sub(r"https?://[^\s<]*", "", text)
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_the_page_can_be_searched(client):
    found = client.get("/api/docs?q=readyz").get_data(as_text=True)
    assert "/readyz" in found
    assert 'id="get-healthz"' not in found


def test_the_front_page_leads_on(client):
    text = client.get("/").get_data(as_text=True)
    assert 'href="/api/docs"' in text
    assert 'href="/sandbox"' in text
    assert re.findall("<script[^>]*>", text) == re.findall('<script type="module" src="/static/[^"]*">', text) != []


def test_pages_and_answers_are_dressed_for_the_open(client):
    for url in ("/", "/api/docs", "/healthz", "/nope"):
        headers = client.get(url).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"

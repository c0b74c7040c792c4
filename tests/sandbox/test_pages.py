"""The door of the demo: being anybody with one press, and nothing of it in production."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from werkzeug.routing import UUIDConverter

from api import create_app
from loyalty import sessions
from loyalty.clock import utcnow
from models import db
from models.transactions import transaction
from sandbox import world
from sandbox.application import add_sandbox
from tests.sandbox.test_messages import give

PEOPLE = {"ivan": "/customer", "admin": "/admin"} | {
    f"{business.key}-{role}": "/partner" for business in world.BUSINESSES for role in ("owner", "cashier")
}


@pytest.fixture(scope="module")
def demo(settings, databases):
    """The demo world, for tests that change nothing of it but sessions."""
    url = databases.clone(settings)
    app = add_sandbox(create_app(replace(settings, database_url=url), url))
    world.build(app)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    databases.drop(url)


@pytest.fixture
def visitor(demo):
    return demo.test_client()


def page_cookie(answer) -> str:
    (cookie,) = (line for line in answer.headers.getlist("Set-Cookie") if line.startswith("kopilka_page="))
    return cookie


def who_is(demo, cookie: str):
    with demo.app_context():
        principal = sessions.identify_page(cookie.split("=")[1].split(";")[0], utcnow())
        return principal and principal.customer_id


@pytest.mark.parametrize(("key", "home"), PEOPLE.items())
def test_one_press_makes_a_browser_somebodys(demo, visitor, key, home):
    answer = visitor.post(f"/sandbox/sign-in/{key}")
    assert (answer.status_code, answer.headers["Location"]) == (303, home)
    cookie = page_cookie(answer)
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    assert who_is(demo, cookie) == world.fixed_id(key)
    assert visitor.get(home, follow_redirects=True).status_code == 200


def test_the_list_for_scripts_has_everybody_who_can_sign_in(visitor):
    people = visitor.get("/sandbox/people.json").json["items"]
    assert {person["key"] for person in people if not person["api_key"]} == PEOPLE.keys()


@pytest.mark.parametrize("key", ["espresso-till", "nobody", "maria", "Ivan", "ivan/", "../ivan"])
def test_a_till_and_whoever_is_not_in_the_list_cannot_sign_in(visitor, key):
    answer = visitor.post(f"/sandbox/sign-in/{key}")
    assert answer.status_code == 404
    assert "kopilka_page" not in answer.headers.get("Set-Cookie", "")


def test_signing_in_takes_a_post(visitor):
    assert visitor.get("/sandbox/sign-in/ivan").status_code == 405


def test_the_next_person_ends_the_session_of_the_one_before(demo, visitor):
    first = page_cookie(visitor.post("/sandbox/sign-in/ivan"))
    second = page_cookie(visitor.post("/sandbox/sign-in/espresso-cashier"))
    assert who_is(demo, first) is None
    assert who_is(demo, second) == world.fixed_id("espresso-cashier")


def test_signing_out_ends_the_session_and_says_who_one_can_be(demo, visitor):
    cookie = page_cookie(visitor.post("/sandbox/sign-in/ivan"))
    assert "/sandbox/sign-in/ivan" not in visitor.get("/sandbox").text
    answer = visitor.post("/sandbox/sign-out")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sandbox")
    assert who_is(demo, cookie) is None
    assert "/sandbox/sign-in/ivan" in visitor.get("/sandbox").text
    assert visitor.post("/sandbox/sign-out").status_code == 303


def test_somebody_who_was_blocked_while_others_played_is_told(fresh_app):
    world.build(fresh_app)
    with fresh_app.app_context(), transaction():
        db.session.execute(
            db.text("UPDATE customer SET state = 'blocked' WHERE id = :id"), {"id": world.fixed_id("glame-owner")}
        )
    visitor = fresh_app.test_client()
    answer = visitor.post("/sandbox/sign-in/glame-owner")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sandbox")
    assert "заблокировали" in visitor.get("/sandbox").text


def list_pages(app) -> list[str]:
    """The path of every page that can be looked at, with things of the demo world in it."""
    found = []
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods or not getattr(app.view_functions[rule.endpoint], "is_page", False):
            continue
        uuids = {name for name, converter in rule._converters.items() if isinstance(converter, UUIDConverter)}
        things = {name: world.fixed_id("ivan") if name in uuids else "espresso" for name in rule.arguments}
        found.append(app.url_map.bind("localhost").build(rule.endpoint, things))
    return sorted(set(found))


@pytest.mark.parametrize("key", PEOPLE)
def test_a_page_is_shown_refused_or_led_away_from_but_never_breaks(demo, visitor, key):
    visitor.post(f"/sandbox/sign-in/{key}")
    wrong = []
    pages = list_pages(demo)
    assert len(pages) > 5
    for path in pages:
        answer = visitor.get(path)
        if answer.status_code in (301, 302, 303):
            if urlsplit(answer.headers["Location"]).path == path:
                wrong.append(f"{path} leads to itself")
        elif answer.status_code not in (200, 403, 404):
            wrong.append(f"{path} answered {answer.status_code}")
    assert wrong == []


def test_a_message_to_somebody_unknown_is_shown_as_it_was_sent(fresh_app):
    client = fresh_app.test_client()
    give(client, "1", to="new@example.com", channel="email", text='<b onclick="x">482913</b> — код')
    give(client, "2", to="other@example.com", channel="email", text="чужое")
    for path in ("/sandbox", "/sandbox/messages?to=new@example.com", "/sandbox/messages/latest?to=new@example.com"):
        page = client.get(path).text
        assert "&lt;b onclick=&#34;x&#34;&gt;482913&lt;/b&gt; — код" in page
        assert 'href="/sandbox/messages?to=new%40example.com"' in page
        assert re.search(r'<code id="code-\d+">482913</code>', page)
        assert ("чужое" in page) == (path == "/sandbox")


def test_a_filter_that_is_nonsense_finds_nothing(visitor):
    for to in ("'; DROP", "+" * 50, "7" * 500):
        answer = visitor.get("/sandbox/messages", query_string={"to": to})
        assert answer.status_code == 200
        assert "Пока тихо" in answer.text


def test_production_has_no_door(demo, settings):
    app = create_app(replace(settings, sandbox=False), demo.config["SQLALCHEMY_DATABASE_URI"])
    client = app.test_client()
    for path in ("/sandbox", "/sandbox/messages", "/sandbox/messages/latest", "/sandbox/people.json"):
        assert client.get(path).status_code == 404
    for path in ("/sandbox/telegram", "/sandbox/telegram/ivan", "/sandbox/telegram/ivan/messages.json"):
        assert client.get(path).status_code == 404
    for path in ("/sandbox/sign-in/ivan", "/sandbox/sign-out", "/sandbox/gateway/messages", "/sandbox/telegram/ivan"):
        assert client.post(path).status_code == 404
    assert "sandbox" not in client.get("/login").text
    with app.app_context():
        db.engine.dispose()

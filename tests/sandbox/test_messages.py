"""The stand-in for all gateways and its feed."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import inspect

from api import create_app
from connectors.messages.sandbox import SECRET_HEADER, gateway_secret
from loyalty.customers import attach_identity
from models import db, transaction
from sandbox.application import add_sandbox
from tests.factories import NOW, identity_of, make_customer, make_email


@pytest.fixture
def sandbox(fresh_app):
    return fresh_app.test_client()


def give(client, message_id, to="+79161234567", text="Привет", channel="sms", secret=None, **changes):
    secret = secret or gateway_secret(client.application.config["SETTINGS"].secret_key)
    message = {"id": message_id, "channel": channel, "to": to, "subject": "Тема", "text": text} | changes
    return client.post("/sandbox/gateway/messages", json=message, headers={SECRET_HEADER: secret})


def feed(client, to=None):
    answer = client.get("/sandbox/messages.json", query_string={"to": to} if to is not None else {})
    assert answer.status_code == 200
    return [item["text"] for item in answer.json["items"]]


def test_a_message_is_kept_once_however_often_it_comes(sandbox):
    assert [give(sandbox, "1").status_code, give(sandbox, "1").status_code] == [201, 200]
    (item,) = sandbox.get("/sandbox/messages.json").json["items"]
    assert item.keys() == {"channel", "to", "text", "at"}
    assert (item["channel"], item["to"], item["text"]) == ("sms", "+79161234567", "Привет")
    assert item["at"].endswith("+00:00")


def test_the_newest_message_comes_first_and_fifty_at_most(sandbox):
    for number in range(53):
        give(sandbox, str(number), text=str(number))
    assert feed(sandbox) == [str(number) for number in range(52, 2, -1)]


@pytest.mark.parametrize(
    "spelling", ["+79161234567", "8 (916) 123-45-67", "79161234567", "9161234567", " 7 916 123 45 67", "+7 916 1234567"]
)
def test_any_spelling_of_a_phone_finds_its_messages(sandbox, spelling):
    give(sandbox, "1")
    give(sandbox, "2", to="+79160000000", text="чужое")
    assert feed(sandbox, spelling) == ["Привет"]


def test_an_unescaped_plus_finds_them_too(sandbox):
    give(sandbox, "1")
    assert sandbox.get("/sandbox/messages.json?to=+79161234567").json["items"]


def test_a_persons_messages_are_found_whatever_the_way(sandbox, fresh_app):
    with fresh_app.app_context(), transaction():
        ivan, other = make_customer(email=make_email()), make_customer()
        attach_identity(ivan, "telegram", "777000", proven_at=NOW)
        phone, email = identity_of(ivan, "phone").value, identity_of(ivan, "email").value
        foreign = identity_of(other, "phone").value
    give(sandbox, "1", to="777000", channel="telegram", text="в Telegram")
    give(sandbox, "2", to=email, channel="email", text="письмом")
    give(sandbox, "3", to=phone, text="сообщением")
    give(sandbox, "4", to=foreign, text="чужое")
    assert feed(sandbox, phone) == feed(sandbox, email.upper()) == ["сообщением", "письмом", "в Telegram"]


@pytest.mark.parametrize("to", ["nobody", "+1", "x@y", "'; DROP", "+" * 50, "7" * 400])
def test_an_address_that_is_none_finds_nothing(sandbox, to):
    give(sandbox, "1")
    assert feed(sandbox, to) == []


def test_only_this_installation_may_add_messages(sandbox):
    assert give(sandbox, "1", secret="guessed").status_code == 401
    assert sandbox.post("/sandbox/gateway/messages", json={"id": "1"}).status_code == 401
    assert feed(sandbox) == []


@pytest.mark.parametrize("change", [{"text": 5}, {"to": None}, {"id": ["1"]}, {"text": "a\u0000b"}])
def test_a_malformed_message_is_refused(sandbox, change):
    assert give(sandbox, "1", **change).status_code == 400
    assert feed(sandbox) == []


def test_many_processes_may_make_the_schema_at_once(fresh_app, settings):
    url = fresh_app.config["SQLALCHEMY_DATABASE_URI"]
    apps = [add_sandbox(create_app(settings, url)) for _ in range(4)]
    statuses = []
    threads = [
        threading.Thread(target=lambda app=app, n=n: statuses.append(give(app.test_client(), str(n)).status_code))
        for n, app in enumerate(apps)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [201] * 4
    for app in apps:
        with app.app_context():
            db.engine.dispose()


def test_production_has_neither_the_routes_nor_the_schema(fresh_app, settings):
    app = create_app(replace(settings, sandbox=False), fresh_app.config["SQLALCHEMY_DATABASE_URI"])
    client = app.test_client()
    assert client.get("/sandbox/messages.json").status_code == 404
    assert give(client, "1").status_code == 404
    with app.app_context():
        assert "sandbox" not in inspect(db.engine).get_schema_names()
        db.engine.dispose()

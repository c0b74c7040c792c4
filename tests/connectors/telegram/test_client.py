"""Calls of the Bot API: what can come back, and that no error tells the token."""

from __future__ import annotations

import json

import pytest
import requests
from telebot import apihelper

from connectors.telegram import BotApi, TelegramError

TOKEN = "123456789:AAE-the-secret-part-of-the-token-abc"


def answer(status: int, body: str) -> requests.Response:
    response = requests.Response()
    response.status_code, response._content = status, body.encode()
    return response


def refusal(status: int, description: str, **more) -> requests.Response:
    return answer(status, json.dumps({"ok": False, "error_code": status, "description": description, **more}))


@pytest.fixture
def call(monkeypatch):
    """Calls with a prepared answer, or an exception; what was sent is kept in `call.sent`."""
    api = BotApi(TOKEN, "http://telegram.test")

    def call(prepared):
        def send(method, url, **given):
            call.sent = given
            if isinstance(prepared, Exception):
                raise prepared
            return prepared

        monkeypatch.setattr(apihelper, "CUSTOM_REQUEST_SENDER", send)
        api.send_text(7, "Привет", {"keyboard": []})

    return call


@pytest.mark.parametrize(
    ("prepared", "code", "retryable", "retry_after"),
    [
        (refusal(429, "Too Many Requests", parameters={"retry_after": 7}), "flooded", True, 7),
        (refusal(429, "Too Many Requests"), "flooded", True, 5),
        (
            answer(429, '{"ok":false,"error_code":429,"description":"","parameters":{"retry_after":1e999}}'),
            "flooded",
            True,
            5,
        ),
        (refusal(429, "Too Many Requests", parameters={"retry_after": -1}), "flooded", True, 5),
        (refusal(403, "Forbidden: bot was blocked by the user"), "blocked", False, None),
        (refusal(409, "Conflict: terminated by other getUpdates request"), "conflict", True, None),
        (refusal(409, "Conflict: can't use getUpdates method while webhook is active"), "webhook_set", True, None),
        (refusal(401, "Unauthorized"), "token_refused", True, None),
        (refusal(400, "Bad Request: chat not found"), "chat_not_found", False, None),
        (refusal(400, "Bad Request: message text is empty"), "refused", False, None),
        (refusal(500, "Internal Server Error"), "refused", True, None),
        (answer(502, "<html>Bad Gateway</html>"), "broken_answer", True, None),
        (answer(200, '{"ok":true,"resu'), "broken_answer", True, None),
        (answer(200, '{"ok":false}'), "broken_answer", True, None),
        (answer(200, "[]"), "broken_answer", True, None),
        (requests.Timeout(f"/bot{TOKEN}/sendMessage"), "timed_out", True, None),
        (requests.ConnectTimeout(f"/bot{TOKEN}/sendMessage"), "unreachable", True, None),
        (requests.ConnectionError(f"/bot{TOKEN}/sendMessage"), "cut_off", True, None),
    ],
)
def test_whatever_comes_back_has_a_code_and_hides_the_token(call, prepared, code, retryable, retry_after):
    with pytest.raises(TelegramError) as caught:
        call(prepared)
    error = caught.value
    assert (error.code, error.retryable, error.retry_after) == (code, retryable, retry_after)
    assert error.__context__ is None and error.__cause__ is None
    assert TOKEN not in repr(error) and TOKEN not in str(error)


@pytest.mark.parametrize(
    ("prepared", "may_have_arrived"),
    [
        (refusal(429, "Too Many Requests"), False),
        (refusal(403, "Forbidden: bot was blocked by the user"), False),
        (refusal(400, "Bad Request: message text is empty"), False),
        (refusal(401, "Unauthorized"), False),
        (refusal(500, "Internal Server Error"), True),
        (answer(502, "<html>Bad Gateway</html>"), True),
        (answer(200, '{"ok":true,"resu'), True),
        (requests.ReadTimeout(), True),
        (requests.ConnectionError(), True),
        (requests.ConnectTimeout(), False),
    ],
)
def test_only_what_telegram_may_have_carried_out_may_have_arrived(call, prepared, may_have_arrived):
    with pytest.raises(TelegramError) as caught:
        call(prepared)
    assert caught.value.may_have_arrived is may_have_arrived


def test_where_nobody_listens_nothing_arrives():
    with pytest.raises(TelegramError) as caught:
        BotApi(TOKEN, "http://127.0.0.1:1").send_text(7, "Привет")
    assert (caught.value.code, caught.value.may_have_arrived) == ("unreachable", False)


def test_a_message_that_already_reads_so_is_fine(monkeypatch):
    said = refusal(400, "Bad Request: message is not modified: specified new message content…")
    api = BotApi(TOKEN, "http://telegram.test")
    asked = []
    monkeypatch.setattr(apihelper, "CUSTOM_REQUEST_SENDER", lambda method, url, **given: asked.append(url) or said)
    api.edit_text(7, 1, "Привет")
    assert [url.rpartition("/")[2] for url in asked] == ["editMessageText"], "asked once, and not again"


def test_parameters_go_in_the_body(app, live_server):
    """The stand-in answers 404 to an unknown method, and never saw a query string."""
    url = live_server(app)
    settings = app.config["SETTINGS"]
    api = BotApi(settings.bot_token, f"{url}/sandbox/telegram/api")
    assert api.bot_id == 7000000001
    api.send_text(5_000_111, "я" * 4096)
    with pytest.raises(TelegramError, match="refused"):
        api.send_text(5_000_111, "я" * 4097)
    answer = requests.get(
        f"{url}/sandbox/telegram/api/bot{settings.bot_token}/sendMessage",
        params={"chat_id": 5_000_111, "text": "в адресе"},
        timeout=10,
    )
    assert answer.json()["result"]["text"] == "в адресе", "as the library itself would send it"


def test_a_document_goes_under_its_name_with_its_caption(monkeypatch):
    sent = {}

    def send(method, url, **given):
        sent.update(given, url=url)
        return answer(200, '{"ok":true,"result":{}}')

    api = BotApi(TOKEN, "http://telegram.test")
    monkeypatch.setattr(apihelper, "CUSTOM_REQUEST_SENDER", send)
    api.send_document(7, "kopilka.json", b"{}", "Ваши данные")
    assert sent["url"].endswith("/sendDocument") and sent["files"] == {"document": ("kopilka.json", b"{}")}
    assert sent["params"]["caption"] == "Ваши данные" and sent["params"]["chat_id"] == 7

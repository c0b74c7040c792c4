"""What is sent when a message cannot be written anew, or a document may not be sent, or cannot be."""

from __future__ import annotations

import pytest

from connectors.telegram import TelegramError
from loyalty.clock import utcnow
from workers import filing, replying

REPLY = {"chat_id": 7, "text": "Клиенты", "file": {"kind": "test"}}
INSTEAD = {"not_allowed": "Нет права", "too_large": "Слишком большой"}


class Api:
    """What would have gone to Telegram."""

    def __init__(self, refusal=None):
        self.sent = []
        self._refusal = refusal or TelegramError("refused", retryable=False, status=400)

    def edit_text(self, *_):
        raise self._refusal

    def send_text(self, *what):
        self.sent.append(what)

    def send_document(self, *what):
        self.sent.append(what)


@pytest.fixture
def send(monkeypatch):
    """Send a reply whose document is written by `write`."""

    def send(write, **more):
        monkeypatch.setitem(filing.FILES, "test", lambda *_: write())
        api = Api()
        replying._send(api, REPLY | more, utcnow())
        return api.sent

    return send


def too_large():
    raise filing.TooLarge


def test_a_document_that_was_written_is_sent(send):
    file = filing.File("a.csv", b"1,2")
    assert send(lambda: file, instead=INSTEAD) == [(7, "a.csv", b"1,2", "Клиенты")]


def test_one_that_may_not_be_seen_any_more_is_told_and_not_sent(send):
    assert send(lambda: None, instead=INSTEAD) == [(7, "Нет права")]
    assert send(lambda: None) == [], "without a sentence nothing is said"


def test_one_that_is_too_large_is_told_and_not_sent(send):
    assert send(too_large, instead=INSTEAD) == [(7, "Слишком большой")]


def test_what_cannot_be_written_anew_is_said_below():
    api = Api()
    replying._send(api, {"chat_id": 7, "edit": 5, "text": "Начислено", "markup": {"inline_keyboard": []}}, utcnow())
    assert api.sent == [(7, "Начислено", {"inline_keyboard": []})]


def test_what_telegram_could_not_do_just_now_is_tried_again_and_not_said_twice():
    api = Api(TelegramError("refused", retryable=True, status=500))
    with pytest.raises(TelegramError):
        replying._send(api, {"chat_id": 7, "edit": 5, "text": "Начислено"}, utcnow())
    assert api.sent == []

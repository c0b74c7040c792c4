"""The stand-in refuses what Telegram refuses, so that nothing works here that would fail there."""

from __future__ import annotations

import pytest


def test_the_text_of_a_picture_cannot_be_edited_its_buttons_can(chat):
    number = chat.call("sendPhoto", {"photo": ("qr.png", b"1")}, caption="Код").json["result"]["message_id"]
    refused = chat.call("editMessageText", message_id=number, text="Другой")
    assert (refused.status_code, refused.json["description"]) == (
        400,
        "Bad Request: there is no text in the message to edit",
    )
    keyboard = {"inline_keyboard": [[{"text": "Новый", "callback_data": "code"}]]}
    changed = chat.call("editMessageReplyMarkup", message_id=number, reply_markup=keyboard)
    assert changed.json["result"]["caption"] == "Код" and changed.json["result"]["photo"]
    assert chat.items()[-1]["buttons"] == [["Новый"]]


def test_a_press_is_answered_once_it_was_made_and_no_other(chat):
    assert chat.call("answerCallbackQuery", callback_query_id="1").status_code == 400
    chat.bot_says("Да?", ["Да"])
    chat.say(press="Да")
    press = chat.told()[0]["callback_query"]
    assert chat.call("answerCallbackQuery", callback_query_id=press["id"], text="я" * 201).status_code == 400
    assert chat.call("answerCallbackQuery", callback_query_id=press["id"], text="Готово").status_code == 200


def test_a_press_under_a_picture_brings_the_picture_along(chat):
    keyboard = {"inline_keyboard": [[{"text": "Новый", "callback_data": "code"}]]}
    chat.call("sendPhoto", {"photo": ("qr.png", b"1")}, caption="Код", reply_markup=keyboard)
    chat.say(press="Новый")
    message = chat.told()[0]["callback_query"]["message"]
    assert message["caption"] == "Код" and message["photo"] and "text" not in message


@pytest.mark.parametrize("commands", ["", "{", '{"a": 1}', '[{"command": "x"}]', "5"])
def test_commands_that_are_none_are_refused(chat, commands):
    assert chat.call("setMyCommands", commands=commands).status_code == 400


def test_what_telegram_does_not_know_is_unknown_here(chat):
    assert chat.call("sendNothing").status_code == 404
    assert chat.app.test_client().get("/sandbox/telegram/api/bot1:x/getMe").status_code == 401

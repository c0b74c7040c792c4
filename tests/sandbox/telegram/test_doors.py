"""What scripts are promised: to chat as anybody, to read what stands in a chat, to break the line."""

from __future__ import annotations

import pytest

from sandbox import world
from sandbox.telegram.people import find_person


def test_what_is_said_and_answered_stands_in_the_chat_in_order(chat):
    said = chat.say(text="Привет\nбот")
    assert said.status_code == 202 and said.json.keys() == {"id"}
    chat.bot_says("Здравствуйте", ["Да", "Нет"], ["Потом"])
    mine, its = chat.items()
    assert mine.keys() == its.keys() == {"id", "from", "text", "buttons", "photo", "file", "at"}
    assert (mine["id"], mine["from"], mine["text"], mine["buttons"]) == (said.json["id"], "person", "Привет\nбот", [])
    assert (its["from"], its["buttons"], its["photo"], its["file"]) == ("bot", [["Да", "Нет"], ["Потом"]], None, None)
    assert its["id"] > mine["id"]
    assert chat.items(after=mine["id"]) == [its]


def test_buttons_of_the_keyboard_are_listed_and_pressed_like_others(chat):
    chat.call("sendMessage", text="Что?", reply_markup={"keyboard": [[{"text": "Баланс"}]]})
    assert chat.items()[-1]["buttons"] == [["Баланс"]]
    assert chat.say(press="Баланс").status_code == 202
    (update,) = chat.told()
    assert update["message"]["text"] == "Баланс"


def test_a_message_that_was_edited_comes_again_and_its_old_buttons_are_gone(chat):
    number = chat.bot_says("Начислить?", ["Начислить"])
    before = chat.items()[-1]["id"]
    assert chat.call("editMessageText", message_id=number, text="Готово").status_code == 200
    (again,) = chat.items(after=before)
    assert (again["text"], again["buttons"]) == ("Готово", [])
    assert chat.say(press="Начислить").status_code == 409
    assert chat.told() == []


def test_a_button_under_an_older_message_can_still_be_pressed(chat):
    older = chat.bot_says("Первое", ["Ещё"])
    newer = chat.bot_says("Второе", ["Ещё"])
    chat.bot_says("Третье")
    assert chat.say(press="Ещё").status_code == 202
    chat.call("editMessageText", message_id=newer, text="Было второе")
    assert chat.say(press="Ещё").status_code == 202
    pressed = [update["callback_query"]["message"]["message_id"] for update in chat.told()]
    assert pressed == [newer, older]


@pytest.mark.parametrize(
    ("card", "whose"),
    [
        (True, "own"),
        ({"forwarded": True}, "own"),
        ({"phone": world.IVAN[1], "own": False}, "ivan"),
        ({"phone": "+79990000000", "own": False}, None),
    ],
)
def test_a_contact_card_names_whose_it_is(chat, card, whose):
    assert chat.say(contact=card).status_code == 202
    (update,) = chat.told()
    message = update["message"]
    known = {"own": chat.person.telegram_id, "ivan": find_person("ivan").telegram_id, None: None}
    assert message["contact"].get("user_id") == known[whose]
    assert ("forward_origin" in message) == (isinstance(card, dict) and "forwarded" in card)


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"text": " "},
        {"text": 5},
        {"press": None},
        {"contact": False},
        {"text": "a", "press": "b"},
        {"do": "it"},
    ],
)
def test_what_is_no_deed_is_refused(chat, body):
    client = chat.app.test_client()
    assert client.post(f"{chat.page}/messages", json=body).status_code == 400
    assert chat.items() == []


def test_nobody_has_no_chat(stand_in):
    client = stand_in.test_client()
    assert client.get("/sandbox/telegram/nobody/messages.json").status_code == 404
    assert client.post("/sandbox/telegram/nobody/messages", json={"text": "я"}).status_code == 404
    assert client.get("/sandbox/telegram/nobody").status_code == 404


def test_a_document_comes_under_its_name_and_as_what_it_is(chat):
    body = "Телефон;Баллы\n+79161234567;250\n".encode()
    sent = chat.call("sendDocument", {"document": ("Клиенты.csv", body)}, caption="Ваши клиенты")
    assert sent.status_code == 200
    item = chat.items()[-1]
    assert (item["text"], item["photo"]) == ("Ваши клиенты", None)
    answer = chat.app.test_client().get(item["file"])
    assert (answer.data, answer.mimetype) == (body, "text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "filename*=UTF-8''%D0%9A%D0%BB%D0%B8%D0%B5%D0%BD%D1%82%D1%8B.csv" in answer.headers["Content-Disposition"]

    found = chat.call("getFile", file_id=sent.json["result"]["document"]["file_id"]).json["result"]
    token = chat.app.config["SETTINGS"].bot_token
    client = chat.app.test_client()
    assert client.get(f"/sandbox/telegram/api/file/bot{token}/{found['file_path']}").data == body
    assert client.get(f"/sandbox/telegram/api/file/bot1:x/{found['file_path']}").status_code == 401


def test_a_picture_is_shown_and_can_be_sent_again_by_its_number(chat):
    sent = chat.call("sendPhoto", {"photo": ("qr.png", b"\x89PNG")}, caption="Код").json["result"]
    assert chat.call("sendPhoto", photo=sent["photo"][0]["file_id"]).status_code == 200
    first, second = chat.items()
    assert first["photo"] == second["photo"] and first["file"] is None
    answer = chat.app.test_client().get(first["photo"])
    assert (answer.data, answer.mimetype) == (b"\x89PNG", "image/png")
    assert "attachment" not in answer.headers["Content-Disposition"]


def test_faults_meet_the_calls_they_are_for_and_are_switched_off(chat):
    client = chat.app.test_client()

    def fail(**fault):
        assert client.post("/sandbox/telegram/faults", json=fault).status_code == 201

    fail(kind="bad_gateway", method="send*", times=2)
    assert chat.call("getMe").status_code == 200
    assert chat.call("sendMessage", text="раз").status_code == 502
    assert chat.call("sendPhoto", {"photo": ("qr.png", b"1")}).status_code == 502
    assert chat.call("sendMessage", text="два").status_code == 200
    fail(kind="redeliver")
    assert chat.call("getMe").status_code == 200
    fail(kind="flooded", method="*", times=100, seconds=7)
    answer = chat.call("sendMessage", text="три")
    assert (answer.status_code, answer.json["parameters"]) == (429, {"retry_after": 7})
    assert client.delete("/sandbox/telegram/faults").status_code == 200
    assert chat.call("sendMessage", text="три").status_code == 200
    for wrong in ({"kind": "nonsense"}, {"kind": "hang", "seconds": 61}, {"kind": "hang", "times": "1"}, []):
        assert client.post("/sandbox/telegram/faults", json=wrong).status_code == 400


def test_a_fault_of_the_line_is_not_taken_for_one_of_what_people_send(chat):
    client = chat.app.test_client()
    client.post("/sandbox/telegram/faults", json={"kind": "bad_gateway"})
    chat.say(text="целое")
    assert chat.call("getMe").status_code == 502
    client.post("/sandbox/telegram/faults", json={"kind": "malformed"})
    client.post("/sandbox/telegram/faults", json={"kind": "twice"})
    chat.bot_says("Нажмите", ["Да"])
    chat.say(text="битое")
    chat.say(press="Да")
    whole, broken, pressed, again = chat.told()
    assert "date" in whole["message"] and "date" not in broken["message"]
    assert pressed["callback_query"] == again["callback_query"] and pressed["update_id"] != again["update_id"]

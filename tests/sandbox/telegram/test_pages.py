"""The chat page without a browser: what it shows, and what its forms do."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from models import db, transaction
from sandbox.telegram import api, doors, pages
from sandbox.telegram.people import find_person, list_people
from tests.factories import identity_of, make_customer
from tests.web.browser import Browser

KNOWN = re.compile(r'data-known="(\w+)"')


@pytest.fixture
def visitor(stand_in):
    return Browser(stand_in)


@pytest.fixture
def look(visitor, chat):
    """The chat's page now."""

    def look(**query) -> str:
        answer = visitor.get(f"{chat.page}?{urlencode(query)}")
        assert answer.status_code == 200
        return answer.text

    return look


def test_everybody_can_be_chosen_and_somebody_new_by_a_phone(visitor):
    page = visitor.get("/sandbox/telegram").text
    assert all(f'href="/sandbox/telegram/{person.key}"' in page for person in list_people())
    found = visitor.get("/sandbox/telegram?q=123-45-67").text
    assert "Иван Петров" in found and "Мария Лебедева" not in found
    led = visitor.get("/sandbox/telegram?phone=8 (999) 123-45-60")
    assert (led.status_code, led.headers["Location"]) == (303, "/sandbox/telegram/+79991234560")
    assert "Это не номер телефона" in visitor.get("/sandbox/telegram?phone=12").text


def test_what_a_link_to_the_bot_carries_goes_along_to_the_chat_and_is_sent_by_a_press(visitor, chat, look):
    link = chat.app.config["SETTINGS"].bot_link("p406631153")
    people = visitor.get(link.removeprefix("http://localhost:8000")).text
    assert 'href="/sandbox/telegram/ivan?start=p406631153"' in people
    assert 'name="text" value="/start p406631153"' in look(start="p406631153")
    assert chat.told() == []
    assert visitor.post(chat.page, text="/start p406631153").status_code == 303
    assert chat.told()[0]["message"]["text"] == "/start p406631153"
    assert "&lt;b&gt;" not in look(start="<b>") and 'value="/start <' not in look(start="<b>")


def test_whoever_has_said_something_is_found_again(visitor, chat):
    chat.say(text="Это я")
    assert f'href="{chat.page}"' in visitor.get("/sandbox/telegram").text


def test_who_is_signed_in_on_this_browser_is_offered_first(visitor):
    with visitor.app.app_context(), transaction():
        person = make_customer(name="Аня")
        anya, number = person.id, identity_of(person, "phone").value
    assert "Вы здесь" not in visitor.get("/sandbox/telegram?start=abc").text
    visitor.sign_in(anya)
    page = visitor.get("/sandbox/telegram?start=abc").text
    assert "Вы здесь" in page and f'href="/sandbox/telegram/{number}?start=abc"' in page


def test_a_chat_that_began_with_a_notice_is_found_too(visitor, chat):
    nina = find_person("nina")
    chat.call("sendMessage", chat_id=nina.telegram_id, text="Вам начислили 50 баллов")
    assert "Вам начислили 50 баллов" in visitor.get("/sandbox/telegram").text


def test_what_people_and_the_bot_write_is_shown_as_it_is_written_with_its_links(chat, look):
    chat.say(text='<script>alert("x")</script>\nвторая строка')
    chat.bot_says("Кабинет: https://kopilka.example/customer?a=1&b=2, там всё.")
    page = look()
    assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;\nвторая строка" in page and "<script>alert" not in page
    link = "https://kopilka.example/customer?a=1&amp;b=2"
    assert f'<a href="{link}" target="_blank" rel="noopener">{link}</a>, там всё.' in page


def test_an_edited_message_stands_where_it_stood(chat, look):
    number = chat.bot_says("Страница 1", ["Раньше"])
    chat.bot_says("Другое")
    chat.call("editMessageText", message_id=number, text="Страница 2")
    page = look()
    assert "Страница 1" not in page and "изменено" in page
    assert page.index("Страница 2") < page.index("Другое")
    assert 'name="press"' not in page


def test_a_form_presses_the_very_button_and_says_when_it_is_gone(visitor, chat, look):
    older, newer = chat.bot_says("Раз", ["Да"]), chat.bot_says("Два", ["Да"])
    assert f'value="{older} Да"' in look()
    assert visitor.post(chat.page, press=f"{older} Да").status_code == 303
    assert [update["callback_query"]["message"]["message_id"] for update in chat.told()] == [older]
    chat.call("editMessageText", message_id=newer, text="Сделано")
    for gone in (f"{newer} Да", f"{older} Нет", "0 Да", "", "x y", f"{10**17} Да"):
        assert visitor.post(chat.page, press=gone).headers["Location"] == chat.page
        assert "Этой кнопки уже нет" in look()
    assert chat.told() == []


def test_the_keyboard_stays_until_another_comes_or_it_was_for_once(visitor, chat, look):
    chat.call("sendMessage", text="Что?", reply_markup={"keyboard": [[{"text": "Меню & всё"}]]})
    chat.bot_says("Ещё")
    assert 'name="key" value="Меню &amp; всё"' in look()
    keyboard = {"keyboard": [[{"text": "Мой номер", "request_contact": True}]], "one_time_keyboard": True}
    chat.call("sendMessage", text="Номер?", reply_markup=keyboard)
    visitor.post(chat.page, key="Мой номер")
    assert chat.told()[0]["message"]["contact"]["user_id"] == chat.person.telegram_id
    assert 'name="key"' not in look()
    visitor.post(chat.page, key="Мой номер")
    assert "Этой кнопки уже нет" in look()


def test_cards_of_others_are_sent_as_telegram_would_send_them(visitor, chat):
    visitor.post(chat.page, card="own")
    visitor.post(chat.page, card="forwarded")
    visitor.post(chat.page, card="foreign", phone="+79161234567")
    own, forwarded, foreign = (update["message"] for update in chat.told())
    assert own["contact"]["user_id"] == forwarded["contact"]["user_id"] == chat.person.telegram_id
    assert "forward_origin" in forwarded and "forward_origin" not in own
    assert foreign["contact"]["user_id"] not in (None, chat.person.telegram_id)


def test_the_bot_can_be_blocked_and_come_back_to(visitor, chat, look):
    visitor.post(chat.page, block="1")
    assert chat.call("sendMessage", text="Слышите?").status_code == 403
    assert "Вернуться к боту" in look()
    visitor.post(chat.page, text="Слышно?")
    assert "сначала вернитесь к нему" in look()
    visitor.post(chat.page, block="0")
    assert chat.call("sendMessage", text="Слышите?").status_code == 200
    changes = [update["my_chat_member"]["new_chat_member"]["status"] for update in chat.told()]
    assert changes == ["kicked", "member"]


def test_the_menu_lists_the_commands_in_russian_if_the_bot_has_named_them(chat, look):
    chat.call("setMyCommands", commands=[{"command": "help", "description": "Help"}])
    assert 'value="/help"' in look()
    chat.call("setMyCommands", commands=[{"command": "balance", "description": "Баллы"}], language_code="ru")
    page = look()
    assert 'value="/balance"' in page and 'value="/help"' not in page


def test_words_for_a_press_are_shown_for_a_moment(chat, look):
    chat.bot_says("Да?", ["Да"])
    chat.say(press="Да")
    press = chat.told()[0]["callback_query"]
    chat.call("answerCallbackQuery", callback_query_id=press["id"], text="Уже сделано")
    assert "Уже сделано" in look()
    with chat.app.app_context(), transaction():
        db.session.execute(db.text("UPDATE sandbox.tg_press SET answered_at = now() - interval '6 seconds'"))
    assert "Уже сделано" not in look()


def test_who_waits_is_told_why(chat, look):
    def pass_time():
        with chat.app.app_context(), transaction():
            for table in ("tg_update", "tg_item"):
                db.session.execute(db.text(f"UPDATE sandbox.{table} SET at = at - interval '1 minute'"))

    chat.say(text="Кто-нибудь?")
    assert "Бот не берёт сообщения" not in look()
    pass_time()
    assert "Бот не берёт сообщения" in look()
    chat.told()
    assert "Бот это прочёл" in look()
    chat.bot_says("Я здесь")
    pass_time()
    assert "Бот не берёт" not in look() and "Бот это прочёл" not in look()


def test_a_page_that_is_known_is_not_sent_again(visitor, chat, look):
    known = KNOWN.search(look())[1]
    answer = visitor.get(f"{chat.page}?{urlencode({'known': known})}")
    assert (answer.status_code, answer.data) == (204, b"")
    chat.bot_says("Новое")
    assert visitor.get(f"{chat.page}?{urlencode({'known': known})}").status_code == 200


def test_two_phones_stand_side_by_side_and_stay_so(visitor, chat):
    chat.bot_says("Это вам")
    page = visitor.get(f"/sandbox/telegram/espresso-cashier?{urlencode({'with': chat.person.key})}").text
    assert page.count('class="phone"') == 2 and "Это вам" in page
    answer = visitor.post(chat.page, text="Спасибо", page="espresso-cashier", **{"with": chat.person.key})
    assert answer.headers["Location"] == f"/sandbox/telegram/espresso-cashier?with=%2B{chat.person.slug}"
    alone = visitor.get(f"{chat.page}?{urlencode({'with': chat.person.key})}").text
    assert alone.count('class="phone"') == 1


def test_faults_are_switched_on_and_off_in_words(visitor, chat, look):
    assert pages.FAULTS.keys() == {*api.FAULTS, *doors.BEFORE_DELIVERY}
    visitor.post(chat.page, fault="bad_request", times="5")
    assert "включено, ещё 5 раз" in look()
    assert chat.call("sendMessage", text="раз").status_code == 400
    assert "включено, ещё 4 раза" in look()
    visitor.post(chat.page, repair="bad_request")
    assert chat.call("sendMessage", text="два").status_code == 200
    for kind in pages.FAULTS:
        visitor.post(chat.page, fault=kind, times="1000000")
    assert look().count('name="repair"') == len(pages.FAULTS) + 1
    visitor.post(chat.page, repair="all")
    assert chat.call("sendMessage", text="три").status_code == 200 and 'name="repair"' not in look()
    assert visitor.post(chat.page, fault="nonsense").status_code == 400


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"text": "   "}, "Сначала напишите"),
        ({}, "Сначала напишите"),
        ({"text": "я" * 100_001}, "Слишком длинно"),
        ({"card": "foreign", "phone": " "}, "Чей номер?"),
    ],
)
def test_what_cannot_be_sent_is_explained(visitor, chat, look, form, said):
    assert visitor.post(chat.page, **form).status_code == 303
    assert said in look()
    assert chat.items() == []


def test_a_text_of_any_length_can_be_sent_and_is_shown(visitor, chat, look):
    visitor.post(chat.page, text="начало " + "я" * 5000)
    assert len(chat.told()[0]["message"]["text"]) == 5007
    assert "начало я" in look()

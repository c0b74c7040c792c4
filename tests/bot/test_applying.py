"""Becoming a partner in the bot. Raw updates in, replies out of the outbox."""

from __future__ import annotations

import pytest

from loyalty import partners
from loyalty.clock import utcnow
from models import db, transaction
from models.customer import Customer
from models.partner import PartnerApplication
from tests.bot.rooms import Chat, make_cashier, make_known
from tests.concurrency import at_once


@pytest.fixture
def person(app, chat):
    return make_known(app, chat)


def mine(app, person):
    with app.app_context():
        return partners.list_applications(applicant_id=person)


def answer_all(chat, *, name="Булочная", city="Самара, Ленина 5", comment="Тетрадка"):
    chat.say("/partner")
    chat.say(name)
    chat.say(city)
    chat.press("apply:preset:default")
    return chat.say(comment) if comment else chat.press("apply:skip")


def test_a_customer_applies_step_by_step_and_it_waits(app, chat, person):
    chat.say("/start")
    assert "🤝 Стать партнёром" in chat.labels()
    assert "Как называется" in chat.say("🤝 Стать партнёром")
    assert "В каком вы городе" in chat.say("Кофейня «Зёрна» ☕")
    assert "5 % с чека и 100\N{NO-BREAK SPACE}баллов" in chat.say("Екатеринбург, Ленина 5"), (
        "the zone follows from the town"
    )
    assert "CRM" in chat.press("apply:preset:retail")
    checked = chat.say("Тетрадка,\nтри точки 👩\u200d🍳")
    assert "Екатеринбург, UTC+5" in checked and "магазин — 1 % с чека" in checked and "Кофейня «Зёрна» ☕" in checked
    assert mine(app, person) == []
    assert "на рассмотрении" in chat.press("apply:send")
    (application,) = mine(app, person)
    kept = (application.name, application.city, application.timezone, application.preset, application.comment)
    assert kept == (
        "Кофейня «Зёрна» ☕", "Екатеринбург, Ленина 5", "Asia/Yekaterinburg", "retail", "Тетрадка,\nтри точки 👩\u200d🍳",
    )  # fmt: skip
    assert application.state == "pending"


def test_where_the_town_is_unknown_the_zone_is_asked_for(app, chat, person):
    chat.say("/partner")
    chat.say("Булочная")
    assert "По какому времени" in chat.say("Урюпинск")
    assert "apply:zone:Asia/Omsk" in chat.data()
    assert "Такого времени не знаю" in chat.say("Луна")
    assert "Такого времени не знаю" in chat.press("apply:zone:Mars/Olympus")
    assert "Чем вы занимаетесь" in chat.say("рядом с Волгоградом, то есть Волгоград")
    assert "Здесь выберите кнопкой" in chat.say("кафе")
    chat.press("apply:preset:default")
    assert "Время: Волгоград, UTC+3" in chat.press("apply:skip") and "Комментарий: нет" in chat.replies[-1]["text"]


def test_one_goes_back_and_changes_what_was_said(app, chat, person):
    chat.say("/partner")
    assert "apply:back" not in chat.data()
    chat.say("Булошная")
    assert "Как называется" in chat.press("apply:back")
    assert "В каком вы городе" in chat.say("Булочная")
    assert "Как называется" in chat.say("Назад")
    chat.say("Булочная")
    chat.say("Самара")
    assert "По какому времени" in chat.press("apply:back"), "the guess can be changed"
    chat.press("apply:zone:Europe/Moscow")
    chat.press("apply:preset:default")
    assert "Время: Москва, UTC+3" in chat.say("Пропустить")
    assert "В каком вы городе" in chat.press("apply:change:city")
    assert "Проверьте заявку" in chat.press("apply:back")
    chat.press("apply:change:name")
    assert "Название: Хлеб" in chat.say("Хлеб") and "Город: Самара" in chat.replies[-1]["text"]
    chat.press("apply:send")
    assert mine(app, person)[0].name == "Хлеб"


@pytest.mark.parametrize("name", ["я" * 5000, "\u200b\u2060", " \n ", "a\x00b", "\u3164"])
def test_a_name_that_nobody_could_read_is_asked_for_again(app, chat, person, name):
    chat.say("/partner")
    assert "до 200 знаков" in chat.say(name) and "Как называется" in chat.replies[-1]["text"]
    assert "В каком вы городе" in chat.say("Булочная\n«Заря»")
    assert "до 200 знаков" in chat.say(name)
    chat.say("Самара")
    chat.press("apply:preset:default")
    assert "Название: Булочная «Заря»" in chat.press("apply:skip")


def test_a_comment_that_is_too_long_is_asked_for_again(app, chat, person):
    assert "слишком длинно" in answer_all(chat, comment="я" * 5000)
    assert "Проверьте заявку" in chat.say("я" * 2000)
    assert "на рассмотрении" in chat.press("apply:send")


def test_what_is_no_text_is_no_answer(app, chat, person):
    chat.say("/partner")
    photo = [{"file_id": "1", "file_unique_id": "1", "width": 1, "height": 1}]
    assert "Как называется" in chat.say(photo=photo)


@pytest.mark.parametrize("text", ["/balance", "💰 Баланс", "/cancel", "/start"])
def test_a_command_in_the_middle_is_no_answer_and_ends_the_questions(app, chat, person, text):
    chat.say("/partner")
    assert "В каком вы городе" not in chat.say(text)
    assert "Не понял" in chat.say("Булочная") and mine(app, person) == []


def test_an_unknown_command_is_no_name(app, chat, person):
    chat.say("/partner")
    assert "Не понял" in chat.say("/bakery")
    assert "В каком вы городе" in chat.say("Булочная")


def test_stopping_sends_nothing_and_old_buttons_begin_anew(app, chat, person):
    answer_all(chat)
    assert "не отправлена" in chat.press("apply:stop")
    for data in ("apply:send", "apply:back", "apply:change:name", "apply:preset:retail", "apply:zone:Asia/Omsk"):
        assert "Как называется" in chat.press(data), data
        chat.press("apply:stop")
    assert mine(app, person) == []


def test_two_presses_send_one_application(app, chat, person):
    answer_all(chat)
    assert "на рассмотрении" in chat.press("apply:send")
    assert "«Булочная»" in chat.press("apply:send") and "на рассмотрении" in chat.replies[-1]["text"]
    assert "на рассмотрении" in chat.say("/partner") and "на рассмотрении" in chat.press("apply:new")
    assert len(mine(app, person)) == 1


def test_an_application_from_the_site_meanwhile_is_the_only_one(app, chat, person):
    answer_all(chat)
    with app.app_context(), transaction():
        partners.apply(db.session.get_one(Customer, person), {"name": "С сайта"}, utcnow())
    assert "«С сайта»" in chat.press("apply:send")
    assert [one.name for one in mine(app, person)] == ["С сайта"]
    assert "Не понял" in chat.say("ещё что-то"), "nothing is asked any more"


def test_of_applications_at_the_same_moment_one_waits(app, chat, person):
    def apply(n):
        return partners.apply(db.session.get_one(Customer, person), {"name": f"Кафе {n}"}, utcnow()).id

    outcomes = at_once(app, apply, 4)
    assert sum(not isinstance(one, Exception) for one in outcomes) == 1 and len(mine(app, person)) == 1


def test_a_refused_applicant_reads_why_and_sends_it_again_corrected(app, chat, person):
    answer_all(chat)
    chat.press("apply:send")
    with app.app_context(), transaction():
        partners.refuse(mine(app, person)[0].id, "Укажите улицу", None, utcnow())
    for said in (chat.press("apply"), chat.say("/partner")):
        assert "Причина: Укажите улицу" in said and "Город: Самара, Ленина 5" in said
    chat.press("apply:change:city")
    chat.say("Казань, Баумана 1")
    chat.press("apply:send")
    again = mine(app, person)[-1]
    assert (again.city, again.timezone, again.comment) == ("Казань, Баумана 1", "Europe/Moscow", "Тетрадка")


def test_an_approved_applicant_is_an_owner_at_once_even_in_the_middle_of_something(app, chat, person):
    answer_all(chat)
    chat.press("apply:send")
    chat.press("profile:name")
    with app.app_context(), transaction():
        partner = partners.approve(mine(app, person)[0].id, None, utcnow())
        code, zone = partner.code, partner.timezone
    assert zone == "Europe/Samara"
    assert "Имя: Пётр" in chat.say("Пётр"), "the question that was asked keeps its place"
    assert "Вы в «Булочная», владелец." in chat.press(f"work:{code}")
    assert "➕ Начислить" in chat.labels() and "⚙️ Управление" in chat.labels()
    assert "одобрена" in chat.say("/partner") and chat.data() == ["apply:new"]
    assert "Как называется" in chat.press("apply:new")


def test_an_owner_elsewhere_may_take_in_another_business(app, chat, cafe):
    make_cashier(app, chat, cafe, role="owner")
    chat.say("/start")
    assert "🤝 Стать партнёром" not in chat.labels()
    answer_all(chat, name="Вторая")
    chat.press("apply:send")
    with app.app_context():
        person = chat.owner.id
    with app.app_context(), transaction():
        partners.approve(mine(app, person)[0].id, None, utcnow())
    assert "Где вы сейчас работаете?" in chat.say("/as_staff")
    assert len(chat.data()) == 2


def test_strangers_and_those_shut_out_do_not_apply(app, taker, chat, person):
    stranger = Chat(app, taker)
    assert "не знакомы" in stranger.say("/partner") and "не знакомы" in stranger.press("apply:send")
    answer_all(chat)
    with app.app_context(), transaction():
        db.session.get_one(Customer, person).state = "blocked"
    for said in (chat.say("/partner"), chat.press("apply:send"), chat.say("Булочная")):
        assert "Этот счёт закрыт" in said
    with app.app_context():
        assert db.session.scalar(db.select(PartnerApplication).where(PartnerApplication.applicant_id == person)) is None


def test_the_questions_are_asked_in_english_too(app, chat):
    make_known(app, chat, locale="en")
    assert "What is your business called?" in chat.say("🤝 Become a partner")
    chat.say("The Corner")
    chat.say("Moscow")
    chat.press("apply:preset:default")
    assert (
        "Time: Moscow, UTC+3" in chat.say("skip")
        and "5 % of the check and 100\N{NO-BREAK SPACE}points" in chat.replies[-1]["text"]
    )
    assert "is being looked at" in chat.press("apply:send")

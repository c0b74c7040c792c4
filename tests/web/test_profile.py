from __future__ import annotations

import json
import re
from datetime import date

import pytest

from loyalty import consents, customers, deep_links, sessions
from loyalty.clock import utcnow
from models import db, transaction
from models.customer import Customer, Identity
from tests.api.test_sign_in_story import code_sent_to
from tests.factories import make_email, make_phone
from tests.web.browser import Browser
from tests.web.shopper import Shopper

PAGE = "/customer/profile"
ABOUT = {"name": "Анна", "locale": "ru", "timezone": "Europe/Moscow"}


@pytest.fixture
def anna(app):
    return Shopper(app)


@pytest.fixture
def cabinet(app, anna):
    return Browser(app).sign_in(anna.customer_id)


@pytest.fixture
def customer(app, anna):
    """The person's row as it is now."""

    def read() -> Customer:
        with app.app_context():
            return db.session.get(Customer, anna.customer_id)

    return read


def test_what_is_left_to_a_person_is_changed(cabinet, customer, words):
    changes = {"name": " Анна  Ким ", "birth_date": "1990-05-31", "locale": "en", "timezone": "Asia/Omsk"}
    assert cabinet.post(PAGE, **changes).headers["Location"] == f"{PAGE}#me"
    me = customer()
    assert (me.name, me.birth_date, me.locale, me.timezone) == ("Анна Ким", date(1990, 5, 31), "en", "Asia/Omsk")
    assert "Сохранено." in words(cabinet.get(PAGE))
    cabinet.post(PAGE, **ABOUT)
    assert customer().birth_date is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"birth_date": "1990-02-30"}, "День рождения:"),
        ({"birth_date": "2999-01-01"}, "День рождения: Проверьте это поле"),
        ({"name": "И" * 201}, "Имя: Введите имя"),
        ({"timezone": "Mars/Olympus"}, "Часовой пояс: Проверьте это поле"),
        ({"locale": "de"}, "Язык сообщений:"),
    ],
)
def test_a_refused_change_is_said_beside_its_field_and_what_was_typed_stays(
    cabinet, customer, words, changes, sentence
):
    refused = cabinet.post(PAGE, **ABOUT | {"name": "Другая"} | changes)
    assert refused.status_code == 422
    assert sentence in words(refused)
    assert 'value="' + changes.get("name", "Другая") in refused.text
    assert customer().name == "Анна"


def test_notices_are_chosen_by_kind_place_and_hour(cabinet, customer):
    answers = {"wanted": ["credited", "returned"], "channel": "email", "quiet_from": "23:00", "quiet_until": "08:30"}
    assert cabinet.post(f"{PAGE}/notices", **answers).status_code == 303
    assert customer().notices == {
        "channel": "email",
        "off": ["spent", "expiring", "welcome", "referral", "survey"],
        "quiet": ["23:00", "08:30"],
    }
    page = cabinet.get(PAGE).text
    assert "Баллы скоро сгорят" in page
    assert re.search(r'checked[^>]*value="email"', page) and 'value="23:00' in page
    assert cabinet.post(f"{PAGE}/notices", channel="").status_code == 303
    assert customer().notices["quiet"] is None, "both times empty: never quiet"


def test_leaving_the_usual_hours_alone_asks_for_no_quiet(cabinet, customer):
    usual = {"quiet_from": "22:00", "quiet_until": "09:00"}
    cabinet.post(f"{PAGE}/notices", wanted="credited", channel="", **usual)
    assert "quiet" not in customer().notices
    cabinet.post(f"{PAGE}/notices", wanted="credited", channel="", quiet_from="21:00", quiet_until="09:00")
    cabinet.post(f"{PAGE}/notices", wanted="credited", channel="", **usual)
    assert customer().notices["quiet"] == ["22:00", "09:00"], "who had hours of their own wishes for these"


def test_half_of_the_quiet_hours_is_no_answer(cabinet, customer, words):
    refused = cabinet.post(f"{PAGE}/notices", channel="", quiet_from="22:00")
    assert refused.status_code == 422 and "Укажите оба времени" in words(refused)
    assert customer().notices == {}


# Contacts


def test_an_e_mail_becomes_ones_own_by_the_code_sent_to_it(app, cabinet, words):
    email = make_email()
    assert cabinet.post("/customer/contacts", contact=email).headers["Location"] == "/customer/contacts/code"
    assert email in words(cabinet.get("/customer/contacts/code"))
    code = code_sent_to(app, email)
    wrong = cabinet.post("/customer/contacts/code", code=f"{(int(code) + 1) % 10**6:06}")
    assert wrong.status_code == 422 and "Код неверный" in words(wrong)
    assert cabinet.post("/customer/contacts/code", code=f"{code[:3]} {code[3:]}").status_code == 303
    page = words(cabinet.get(PAGE))
    assert f"Подтверждено: {email}" in page and f"{email} Почта, подтверждено" in page
    assert cabinet.get("/customer/contacts/code").headers["Location"] == f"{PAGE}#contacts"


def test_a_contact_of_another_account_is_not_taken_over(app, cabinet, words):
    phone = make_phone()
    other = Shopper(app, phone=phone)
    cabinet.post("/customer/contacts", contact=phone)
    refused = cabinet.post("/customer/contacts/code", code=code_sent_to(app, phone))
    assert refused.status_code == 422 and "другого" in words(refused)
    with app.app_context():
        (identity,) = db.session.scalars(db.select(Identity).where(Identity.value == phone))
        assert identity.customer_id == other.customer_id


@pytest.mark.parametrize("typed", ["", "двенадцать", "123456", "1" * 40])
def test_what_is_neither_phone_nor_e_mail_gets_no_code(cabinet, words, typed):
    refused = cabinet.post("/customer/contacts", contact=typed)
    assert refused.status_code == 422
    assert "Проверьте Телефон или почта:" in words(refused)


def test_telegram_is_offered_until_it_is_linked(app, anna, cabinet, words):
    assert "Привязать Telegram" in words(cabinet.get(PAGE))
    with app.app_context(), transaction():
        me = db.session.get_one(Customer, anna.customer_id)
        customers.attach_identity(me, "telegram", str(hash(anna.customer_id) % 10**12 + 10**12))
    page = words(cabinet.get(PAGE))
    assert "Telegram привязан" in page and "Привязать Telegram" not in page


def test_a_link_to_the_bot_makes_the_telegram_that_opens_it_the_persons_own(app, anna, cabinet, words):
    answer = cabinet.post("/customer/telegram")
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    link = app.config["SETTINGS"].bot_link("l")
    payload = re.search(re.escape(link) + r"([\w-]{22})\"", answer.text)[1]
    assert "15 минут" in words(answer).replace("\N{NO-BREAK SPACE}", " ") and "<svg" in answer.text
    telegram = str(hash(payload) % 10**12 + 10**12)
    with app.app_context(), transaction():
        assert deep_links.link_telegram(f"l{payload}", telegram, utcnow()).id == anna.customer_id
    assert "Telegram привязан" in words(cabinet.get(PAGE))


def test_nobody_makes_links_to_the_bot_without_end(cabinet, words, monkeypatch):
    monkeypatch.setattr(deep_links, "ACCOUNT_LINKS_AN_HOUR", 1)
    assert cabinet.post("/customer/telegram").status_code == 200
    refused = cabinet.post("/customer/telegram")
    assert refused.headers["Location"] == f"{PAGE}#contacts"
    assert "Слишком много попыток" in words(cabinet.get(PAGE))


# Consents


def test_a_consent_is_given_and_withdrawn_for_one_partner_or_all(app, anna, cabinet, words):
    partner_id, _ = anna.join("Кофейня")

    def allowed() -> bool:
        with app.app_context():
            return consents.has_consent(anna.customer_id, "advertising", partner_id)

    def answer(granted: str, to="") -> None:
        assert cabinet.post("/customer/consents", kind="advertising", granted=granted, to=to).status_code == 303

    answer("yes")
    assert allowed()
    assert "Кофейня Обработка персональных данных ещё не спрашивали Согласиться" in words(cabinet.get(PAGE))
    assert "Предложения и новости действует общее согласие Отозвать" in words(cabinet.get(PAGE))
    answer("no", str(partner_id))
    assert not allowed()
    answer("yes", str(partner_id))
    assert allowed()
    answer("no")
    assert not allowed()
    with app.app_context():
        assert {one.place for one in consents.current(anna.customer_id)} == {"page"}


def test_a_consent_to_a_partner_one_is_no_member_of_is_refused(app, anna, cabinet):
    stranger = Shopper(app).join("Чужая")[0]
    for to in (str(stranger), "01a1f92c-4efc-7000-bae0-60e05e40f869", "nonsense"):
        assert cabinet.post("/customer/consents", kind="advertising", granted="yes", to=to).status_code == 404
    assert cabinet.post("/customer/consents", kind="nonsense", granted="yes").status_code in (400, 422)
    with app.app_context():
        assert consents.current(anna.customer_id) == []


# Sessions and data


def test_a_device_is_signed_out_from_another(app, anna, cabinet, words):
    phone = Browser(app).sign_in(anna.customer_id)
    with app.app_context():
        (phones,) = [
            one.id
            for one in sessions.list_sessions(anna.customer_id, utcnow())
            if str(one.id) not in cabinet.client.get_cookie(app.config["PAGE_COOKIE_NAME"]).value
        ]
    assert phone.get(PAGE).status_code == 200
    assert cabinet.post(f"/customer/sessions/{phones}/end").headers["Location"] == f"{PAGE}#sessions"
    ended = phone.get(PAGE)
    assert ended.headers["Location"].startswith("/login?next=")
    assert "сеанс закончился или его закрыли с другого устройства" in words(phone.get(ended.headers["Location"]))
    assert cabinet.get(PAGE).status_code == 200


def test_every_other_device_is_signed_out_at_once(app, anna, cabinet):
    others = [Browser(app).sign_in(anna.customer_id) for _ in range(3)]
    neighbour = Browser(app).sign_in(anna.neighbour_id)
    assert cabinet.post("/customer/sessions/end-others").status_code == 303
    assert [other.get(PAGE).status_code for other in others] == [303] * 3
    assert cabinet.get(PAGE).status_code == neighbour.get(PAGE).status_code == 200


def test_signing_this_device_out_leads_to_the_door(app, anna, cabinet):
    cookie = cabinet.client.get_cookie(app.config["PAGE_COOKIE_NAME"]).value
    answer = cabinet.post(f"/customer/sessions/{cookie.split('.')[0]}/end")
    assert answer.headers["Location"] == "/login"
    assert cabinet.get(PAGE).status_code == 303


def test_a_persons_data_are_a_file_of_their_own(anna, cabinet):
    partner = anna.join("Кофейня")
    anna.buy(partner, "1234.00")
    answer = cabinet.get("/customer/data.json")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="kopilka.json"'
    file = json.loads(answer.data)
    assert file["profile"]["customer_id"] == str(anna.customer_id)
    assert [one["amount"] for one in file["purchases"]] == ["1234.00"]
    assert str(anna.neighbour_id) not in answer.text

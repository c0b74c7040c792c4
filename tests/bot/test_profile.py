"""The person's own rooms: profile, notices, consents, one's data, being forgotten."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from bot import taking
from bot.texts import Words
from bot.typed import read_code, read_date, read_hours
from connectors.telegram import BotApi
from loyalty import ledger, sign_in
from loyalty.clock import utcnow
from loyalty.consents import has_consent, list_answers
from loyalty.customers import find, find_identity, membership_of
from loyalty.identities import Identifier
from loyalty.notices import KINDS, routes_to
from loyalty.personal_data import FILES_AN_HOUR
from loyalty.sealing import unseal
from models import db, transaction
from models.customer import Customer, SignInCode
from models.partner import Partner
from models.telegram import BotChat, ChatPace
from models.work import Outbox
from tests.bot.rooms import make_cashier, make_known
from tests.factories import identity_of, make_customer, make_email, make_member, make_partner, make_phone, make_staff
from workers import filing
from workers.jobs import carry_out

TODAY = date(2026, 11, 20)


@pytest.fixture
def person(app, chat):
    """The chat's person is known."""
    return make_known(app, chat)


# Profile


def test_the_profile_says_what_is_known_and_what_is_not(app, chat, person):
    said = chat.say("👤 Профиль")
    with app.app_context():
        phone = identity_of(chat.owner, "phone").value
    assert "Имя: Иван" in said and "День рождения: не указано" in said and "Часовой пояс: Москва, UTC+3" in said
    assert f"Телефон: {phone}\n" in said and "Почта: нет" in said
    assert "profile:email" in chat.data()


def test_the_name_is_changed_in_the_chat(app, chat, person):
    assert "как к вам обращаться" in chat.press("profile:name")
    assert "до 200 знаков" in chat.say("я" * 201), "the question stands"
    assert "до 200 знаков" in chat.say("")
    assert "Имя: Аня Белова 🦊" in chat.say("  Аня \n Белова 🦊 ")
    assert "Не понял" in chat.say("Борис"), "the question was answered"


def test_the_birthday_is_asked_for_with_the_reason_and_can_be_taken_back(app, chat, person):
    assert "только для подарков" in chat.press("profile:birthday") and "birthday:none" not in chat.data()
    assert "Не понял дату" in chat.say("зимой")
    assert "родиться не могли" in chat.say("5.12.2990") and "родиться не могли" in chat.say("5.12.1790")
    assert "День рождения: 05.12.1990" in chat.say("5 декабря 1990")
    chat.press("profile:birthday")
    assert "День рождения: не указано" in chat.press(chat.data()[0])


def test_a_question_is_left_by_its_button(chat, person):
    chat.press("profile:name")
    assert "👤 Профиль" in chat.press(chat.data()[-1])
    assert "Не понял" in chat.say("Борис")


def test_the_time_zone_is_chosen_or_typed(app, chat, person):
    chat.press("profile:zone")
    assert "zone:Asia/Omsk" in chat.data()
    assert "Часовой пояс: Омск, UTC+6" in chat.press("zone:Asia/Omsk")
    chat.press("profile:zone")
    assert "Такого пояса не знаю" in chat.say("Луна")
    assert "Часовой пояс: Kathmandu, UTC+5:45" in chat.say("Asia/Kathmandu")
    assert "Такого пояса не знаю" in chat.press("zone:Mars/Olympus")


def test_the_profile_speaks_english_when_told_to(chat, person):
    chat.press("profile:language")
    chat.press("language:en")
    assert "Time zone: Moscow, UTC+3" in chat.say("👤 Profile")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("5.12.1990", date(1990, 12, 5)),
        ("05.12.90", date(1990, 12, 5)),
        ("1990-12-05", date(1990, 12, 5)),
        ("5/12/1990", date(1990, 12, 5)),
        ("5 декабря 1990 г.", date(1990, 12, 5)),
        ("7 Мая 85", date(1985, 5, 7)),
        ("8 марта 2001 года", date(2001, 3, 8)),
        ("December 5, 1990", date(1990, 12, 5)),
        ("5th of May 2001", date(2001, 5, 5)),
        ("20.11.26", TODAY),
        ("21.11.26", date(1926, 11, 21)),
        ("29.02.2000", date(2000, 2, 29)),
        ("29.02.2001", None),
        ("31.04.1990", None),
        ("5.12", None),
        ("1 брюмера 1799", None),
        ("٥.١٢.١٩٩٠", None),
        ("0.0.0000", None),
        ("", None),
    ],
)
def test_days_are_read_as_people_write_them(text, read):
    assert read_date(text, TODAY) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("22:00-08:00", ("22:00", "08:00")),
        ("22-8", ("22:00", "08:00")),
        ("с 22 до 8:30", ("22:00", "08:30")),
        ("From 23 to 7", ("23:00", "07:00")),
        ("0.00 — 9.00", ("00:00", "09:00")),
        ("24:00-08:00", None),
        ("22:60-8", None),
        ("8-8", None),
        ("ночью", None),
    ],
)
def test_hours_are_read_as_people_write_them(text, read):
    assert read_hours(text) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("012345", "012345"),
        (" 012 345 ", "012345"),
        ("012345 — код для входа в «Копилку».", "012345"),
        ("12345", None),
        ("1234567", None),
        ("123456 или 654321", None),
        ("шесть цифр", None),
    ],
)
def test_a_code_is_read_out_of_what_was_written(text, read):
    assert read_code(text) == read


# Phone


def test_the_phone_is_added_by_the_own_card_alone(app, chat):
    chat.say("/start")
    chat.press(chat.data()[0])
    chat.say("Продолжить без номера")
    assert "подтвердит, что он ваш" in chat.press("profile:phone") and "📱 Поделиться номером" in chat.labels()
    phone = make_phone()
    assert "Не понял" in chat.say(phone)
    chat.press("profile:phone")
    assert f"Номер {phone} привязан" in chat.share(phone) and "👤 Профиль" in chat.labels()
    assert f"Телефон: {phone}" in chat.say("/profile")


# E-mail


def code_sent_to(app, email):
    """The newest code on its way there."""
    with app.app_context():
        query = db.select(Outbox.sealed).where(Outbox.job == "send_code", Outbox.sealed.is_not(None))
        for sealed in db.session.scalars(query.order_by(Outbox.id.desc())):
            told = unseal(sign_in.SEAL, sealed)
            if ["email", email] in told["routes"]:
                return told["code"]
    return None


def wrong(code):
    return f"{(int(code) + 1) % 1_000_000:06}"


def tries_of(app, person):
    with app.app_context():
        query = db.select(SignInCode.tries).where(SignInCode.customer_id == person).order_by(SignInCode.id.desc())
        return db.session.scalars(query).first()


@pytest.fixture
def asked(app, chat, person):
    """An address whose code is awaited in the chat."""
    email = make_email()
    chat.press("profile:email")
    assert f"Отправили код на {email}" in chat.say(email.upper())
    return email


def test_an_email_is_linked_by_the_code_that_came_to_it(app, chat, person, asked):
    code = code_sent_to(app, asked)
    assert "шесть цифр" in chat.say("пришёл!")
    assert "не подошёл" in chat.say(wrong(code)) and "profile:again" in chat.data()
    said = chat.say(f"{code} — код для входа")
    assert f"Почта {asked} привязана." in said and said.endswith(f"Почта: {asked}")
    with app.app_context():
        identity = find_identity(Identifier("email", asked))
        assert (identity.customer_id, identity.proven_at is None) == (person, False)
    chat.press("profile:email")
    assert "уже привязана" in chat.say(asked)


def test_what_is_no_address_is_asked_for_again(chat, person):
    chat.press("profile:email")
    assert "не похоже на почту" in chat.say("ivan на собачка")
    assert "Отправили код" in chat.say(make_email())


def test_a_code_is_good_five_times_and_five_minutes(app, chat, person, asked, monkeypatch):
    code = code_sent_to(app, asked)
    for _ in range(5):
        assert "не подошёл" in chat.say(wrong(code))
    assert "не подошёл" in chat.say(code), "tried too often"
    later = utcnow() + timedelta(seconds=61)
    monkeypatch.setattr(taking, "utcnow", lambda: later)
    assert "новый код" in chat.press("profile:again")
    fresh = code_sent_to(app, asked)
    monkeypatch.setattr(taking, "utcnow", lambda: later + timedelta(minutes=5, seconds=1))
    assert "не подошёл" in chat.say(fresh), "expired"


def test_an_address_of_another_account_is_refused_after_the_proof_and_not_before(app, chat, cafe):
    make_known(app, chat, cafe, points=1)
    email = make_email()
    with app.app_context(), transaction():
        other = make_customer(email=email).id
    chat.press("profile:email")
    assert f"Отправили код на {email}" in chat.say(email)
    assert "к другому счёту" in chat.say(code_sent_to(app, email))
    with app.app_context():
        assert find(Identifier("email", email)).id == other
    assert "Не понял" in chat.say("123456"), "no code is awaited any more"


def test_an_address_of_the_earlier_account_of_a_newcomer_leads_to_it(app, chat, person):
    email = make_email()
    with app.app_context(), transaction():
        earlier = make_customer(email=email).id
    chat.press("profile:email")
    chat.say(email)
    assert "Нашёлся ваш прежний счёт" in chat.say(code_sent_to(app, email))
    with app.app_context():
        assert chat.owner.id == earlier
    assert f"Почта: {email}" in chat.say("/profile")


def test_codes_to_one_address_are_limited(app, chat, person, monkeypatch):
    monkeypatch.setattr(sign_in._limits, "per_target_an_hour", 1)
    email, now = make_email(), utcnow().replace(minute=0, second=1)
    monkeypatch.setattr(taking, "utcnow", lambda: now)
    chat.press("profile:email")
    chat.say(email)
    monkeypatch.setattr(taking, "utcnow", lambda: now + timedelta(minutes=2))
    assert "Слишком часто" in chat.press("profile:again")


def test_a_try_is_counted_once_though_its_update_comes_again(app, chat, person, asked, monkeypatch):
    """The count is committed apart from the update: what cuts the update off leaves it standing."""
    code = code_sent_to(app, asked)
    for _ in range(4):
        chat.say(wrong(code))
    attach, failures = sign_in.customers.attach_identity, iter([RuntimeError("cut off"), RuntimeError("again")])

    def break_twice(*given, **more):
        for failure in failures:
            raise failure
        return attach(*given, **more)

    monkeypatch.setattr(sign_in.customers, "attach_identity", break_twice)
    said = chat.insist(code)
    assert tries_of(app, person) == 5
    assert f"Почта {asked} привязана." in said, "the fifth try was right, however often it came"


def test_a_wrong_try_that_comes_again_is_wrong_again_and_counted_once(app, chat, person, asked, monkeypatch):
    code, finish, failures = code_sent_to(app, asked), taking.Talk.finish, iter([RuntimeError("cut off")])

    def break_once(talk):
        for failure in failures:
            raise failure
        finish(talk)

    monkeypatch.setattr(taking.Talk, "finish", break_once)
    assert "не подошёл" in chat.insist(wrong(code))
    assert tries_of(app, person) == 1


# Notices


def settings_of(app, chat):
    with app.app_context():
        return chat.owner.notices


def buttons(chat):
    """Label → data of what is shown under the messages."""
    rows = [row for reply in chat.replies for row in reply.get("markup", {}).get("inline_keyboard", ())]
    return {button["text"]: button["callback_data"] for row in rows for button in row}


def test_every_kind_of_notice_is_switched_off_and_on_by_its_own_button(app, chat, person):
    chat.press("notices")
    for kind in KINDS:
        label = Words("ru")(f"notice_{kind}")
        chat.press(buttons(chat)[f"✅ {label}"])
        assert chat.replies[0]["edit"] == 5 and settings_of(app, chat)["off"] == [kind]
        chat.press(f"notice:{kind}:0")
        assert settings_of(app, chat)["off"] == [kind], "pressed twice it does what it says"
        chat.press(buttons(chat)[f"▫️ {label}"])
        assert settings_of(app, chat)["off"] == []


def test_notices_go_where_one_wishes_of_the_ways_one_has(app, chat, person):
    chat.press("channel")
    assert buttons(chat) == {
        "✅ Как получится": "channel:None",
        "▫️ Telegram": "channel:telegram",
        "▫️ СМС": "channel:sms",
        "← Уведомления": "notices",
    }
    assert "Куда: СМС" in chat.press("channel:sms")
    with app.app_context():
        assert routes_to(chat.owner)[0].channel == "sms"
    assert "Куда: Как получится" in chat.press("channel:None")
    assert "больше не действует" in chat.press("channel:pigeon")


def test_quiet_hours_are_chosen_typed_switched_off_and_left_as_usual(app, chat, person):
    assert "Тихие часы: как обычно, 22:00–09:00" in chat.press("notices")
    assert "как обычно" in chat.press("quiet")
    assert "Тихие часы: 23:00–09:00" in chat.press("quiet:23:00-09:00")
    assert settings_of(app, chat)["quiet"] == ["23:00", "09:00"]
    chat.press("quiet")
    assert "Не понял часы" in chat.say("ночью")
    assert "Тихие часы: 22:30–08:00" in chat.say("с 22:30 до 8")
    assert "Тихие часы: выключены (Москва, UTC+3)" in chat.press("quiet:never")
    assert settings_of(app, chat)["quiet"] is None
    assert "Тихие часы: как обычно" in chat.press("quiet:usual")
    assert "quiet" not in settings_of(app, chat)
    assert "Так записать нельзя" in chat.press("quiet:25:00-08:00")


def test_one_setting_of_notices_leaves_the_others_alone(app, chat, person):
    for data in ("quiet:21:00-10:00", "channel:sms", "notice:spent:0"):
        chat.press(data)
    assert settings_of(app, chat) == {"quiet": ["21:00", "10:00"], "channel": "sms", "off": ["spent"]}


# Consents


def test_a_consent_is_given_and_withdrawn_with_its_day_and_text(app, chat, cafe):
    make_known(app, chat, cafe)
    said = chat.press("consents:1")
    assert "«Копилка» целиком" in said and "Эспрессо" in said and "ещё не спрашивали" in said
    assert "ещё не спрашивали" in chat.press(f"consent:{cafe.code}")
    said = chat.press(f"consent:{cafe.code}:a:1")
    assert "вы согласны" in said and "предложения и новости: согласие от" in said and "текст 2026-11" in said
    with app.app_context():
        assert has_consent(chat.owner.id, "advertising", cafe.id) and not has_consent(chat.owner.id, "advertising")
    assert "отказ от" in chat.press(buttons(chat)["✖️ Отозвать: предложения и новости"])
    with app.app_context():
        assert not has_consent(chat.owner.id, "advertising", cafe.id)


def test_before_personal_data_are_withdrawn_it_is_said_what_comes_of_it(app, chat, cafe):
    person = make_known(app, chat, cafe)
    chat.press("consent:0")
    assert "+100 баллов в подарок" in chat.press("consent:0:p:1"), "the welcome waited for it"
    said = chat.press(buttons(chat)["✖️ Отозвать: персональные данные"])
    assert "Баллы останутся" in said and "Забыть меня" in said
    with app.app_context():
        assert has_consent(person, "personal_data"), "nothing is withdrawn yet"
    assert "согласие от" in chat.press(buttons(chat)["Оставить как есть"])
    chat.press("consent:0:p:0")
    assert "отказ от" in chat.press(buttons(chat)["Да, отозвать"])
    with app.app_context():
        assert not has_consent(person, "personal_data", cafe.id)
        assert membership_of(person, cafe.id).balance == 100
    chat.press(f"consent:{cafe.code}:p:1")
    assert "не действует, пока вы отказали" in chat.press(f"consent:{cafe.code}")


def test_consents_are_shown_a_page_at_a_time_and_of_ones_own_partners_alone(app, chat, cafe):
    person = make_known(app, chat, cafe)
    with app.app_context(), transaction():
        for number in range(7):
            make_member(make_partner(name=f"Салон {number}"), db.session.get_one(Customer, person))
        foreign = make_partner(name="Чужой").code
    assert "Салон 5" not in chat.press("consents:1") and "consents:2" in chat.data()
    assert "Салон 5" in chat.press("consents:2") and "consents:1" in chat.data()
    assert "больше не действует" in chat.press("consents:9")
    for data in (f"consent:{foreign}", f"consent:{foreign}:a:1", f"consent:{foreign}:p:0:sure"):
        assert "Такого партнёра нет" in chat.press(data)
    with app.app_context():
        assert all(place.partner_name != "Чужой" for place in list_answers(person))


# One's data


def test_ones_data_are_told_in_a_few_words_and_come_as_a_file_to_the_own_chat(app, chat, cafe):
    make_known(app, chat, cafe, points=21)
    said = chat.press("my_data").replace("\N{NO-BREAK SPACE}", " ")
    assert "2 контакта, 1 партнёр, 0 покупок, 21 балл." in said
    assert chat.replies[-1]["file"] == {"kind": "my_data"}, "the row names nobody"
    with app.app_context():
        file = filing.write(chat.replies[-1]["file"], chat.id, utcnow())
        assert json.loads(file.content)["profile"]["customer_id"] == str(chat.owner.id)


def test_the_file_is_not_made_without_end(chat, person, monkeypatch):
    now = utcnow()
    monkeypatch.setattr(taking, "utcnow", lambda: now)
    for _ in range(FILES_AN_HOUR):
        assert "файл" in chat.press("my_data")
    assert "Слишком часто" in chat.press("my_data")


# Being forgotten


def test_who_wants_to_be_forgotten_is_told_what_goes_what_stays_and_what_is_lost(app, chat, cafe):
    make_known(app, chat, cafe, points=300)
    with app.app_context(), transaction():
        salon = make_partner(name="Салон")
        member = make_member(salon, chat.owner)
        ledger.grant(salon.id, member.id, 500, source="promotion", source_ref="1", now=utcnow())
    said = chat.press("forget").replace("\N{NO-BREAK SPACE}", " ")
    assert "Удалим навсегда" in said and "Останутся суммы" in said
    assert "У вас 800 баллов (Салон — 500, Эспрессо — 300). Они пропадут" in said
    assert "forget:on" in chat.data()


def test_one_is_forgotten_by_the_word_alone_and_begins_anew(app, chat, cafe):
    person = make_known(app, chat, cafe, points=21)
    with app.app_context():
        phone = identity_of(chat.owner, "phone").value
    chat.press("forget")
    assert "слово УДАЛИТЬ" in chat.press("forget:on")
    assert "Ничего не удалено" in chat.say("да")
    assert "👤 Профиль" in chat.press("profile") and "Не понял" in chat.say("УДАЛИТЬ"), "one may think better of it"
    chat.press("forget:on")
    assert "мы вас больше не знаем" in chat.say(" «Удалить». ")
    assert chat.replies[0]["markup"] == {"remove_keyboard": True} and chat.replies[0]["last"]
    with app.app_context():
        assert find(Identifier("phone", phone)) is None and chat.owner is None
        assert db.session.get_one(Customer, person).state == "erased"
        assert db.session.scalar(db.select(BotChat.step).where(BotChat.chat_id == chat.id)) is None
    assert "Пока мы не знакомы" in chat.say("💰 Баланс")
    assert "Здравствуйте" in chat.say(f"/start p{cafe.code}")
    chat.press(chat.data()[0])
    assert "100\N{NO-BREAK SPACE}баллов" in chat.share(phone), "a newcomer with the welcome and nothing else"
    with app.app_context():
        assert chat.owner.id != person


def test_the_only_owner_is_not_forgotten_before_there_is_another(app, chat, cafe):
    make_cashier(app, chat, cafe, role="owner")
    assert "единственный владелец: «Эспрессо»" in chat.press("forget") and "forget:on" not in chat.data()
    chat.press("forget:on")
    assert "Последнего владельца убрать нельзя" in chat.say("УДАЛИТЬ")
    with app.app_context(), transaction():
        assert chat.owner.state == "active"
        make_staff(db.session.get(Partner, cafe.id), "owner")
    assert "перестанете быть сотрудником: Эспрессо" in chat.press("forget")


def test_after_the_goodbye_the_chat_itself_is_forgotten(app, chat, person, monkeypatch):
    sent = []
    monkeypatch.setattr(BotApi, "send_text", lambda api, chat_id, text, markup: sent.append((chat_id, text)))
    chat.press("forget:on")
    chat.say("УДАЛИТЬ")
    with app.app_context(), transaction():
        db.session.execute(db.delete(ChatPace))  # nobody else's silence is waited for
    with app.app_context():
        row = db.session.scalars(db.select(Outbox).where(Outbox.job == "send_reply").order_by(Outbox.id.desc())).first()
        assert carry_out(row.id, utcnow()) == "done"
        db.session.refresh(row)
        assert sent[-1][0] == chat.id and "больше не знаем" in sent[-1][1]
        assert row.sealed is None and db.session.get(ChatPace, chat.id) is None

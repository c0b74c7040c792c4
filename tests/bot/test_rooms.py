"""The customer's rooms: raw updates in, replies out of the outbox."""

from __future__ import annotations

import string
from datetime import timedelta

import pytest

from bot.rooms import balance, beginning
from bot.talk import split
from bot.texts import BUTTONS, TEXTS, Words, language_of
from bot.texts import ROOMS as TEXT_MODULES
from bot.texts.refusals import ELSEWHERE
from loyalty import consents, ledger, notices, staff
from loyalty.clock import utcnow
from loyalty.customers import find, membership_of
from loyalty.errors import LoyaltyError, TooMany
from loyalty.identities import Identifier
from loyalty.rules import Rules
from loyalty.stories import STORIES
from models import db, transaction
from models.customer import Customer
from models.partner import Partner
from tests.bot.rooms import Chat, make_cashier, make_known
from tests.factories import identity_of, make_customer, make_member, make_partner, make_phone, make_staff

# Meeting


def test_an_invited_newcomer_agrees_shares_the_number_and_is_welcomed_once(app, chat, cafe):
    phone = make_phone()
    said = chat.say(f"/start p{cafe.code}")
    assert "Вас приглашает Эспрессо" in said and "согласие" in said
    with app.app_context():
        assert chat.owner is None, "nothing is kept before the consent"
    chat.press(chat.data()[0])
    assert "📱 Поделиться номером" in chat.labels()
    said = chat.share(phone)
    assert "Вы участник программы «Эспрессо»" in said and "100\N{NO-BREAK SPACE}баллов" in said
    assert "Присылать вам акции" in said
    with app.app_context():
        owner = chat.owner
        assert owner.id == find(Identifier("phone", phone)).id and owner.name == "Аня 🦊"
        assert consents.has_consent(owner.id, "personal_data", cafe.id)
        assert not consents.has_consent(owner.id, "personal_data"), "the platform was not asked about"
        assert not consents.has_consent(owner.id, "advertising", cafe.id)
        assert membership_of(owner.id, cafe.id).balance == 100
    assert "100\N{NO-BREAK SPACE}баллов" in chat.say(f"/start p{cafe.code}")
    with app.app_context():
        assert membership_of(chat.owner.id, cafe.id).balance == 100
    chat.press(f"offers:1:{cafe.code}")
    with app.app_context():
        assert consents.has_consent(chat.owner.id, "advertising", cafe.id)


def test_points_credited_by_phone_before_are_found_and_the_welcome_comes_with_the_consent(app, chat, cafe):
    with app.app_context(), transaction():
        customer = make_customer(proven_at=None)
        member = make_member(db.session.get(Partner, cafe.id), customer)
        ledger.grant(cafe.id, member.id, 250, source="manual", source_ref="1", now=utcnow())
        phone = identity_of(customer, "phone").value
    chat.say("/start")
    chat.press(chat.data()[0])
    said = chat.share(phone)
    assert "350\N{NO-BREAK SPACE}баллов" in said and "Эспрессо: 350" in said


def test_one_may_go_on_without_a_number_and_share_it_later(app, chat):
    chat.say("/start")
    chat.press(chat.data()[0])
    assert "0\N{NO-BREAK SPACE}баллов" in chat.say("Продолжить без номера")
    phone = make_phone()
    assert f"Номер {phone} привязан" in chat.share(phone)
    with app.app_context():
        assert chat.owner.id == find(Identifier("phone", phone)).id


def test_who_does_not_agree_is_not_kept(app, chat, cafe):
    chat.say(f"/start p{cafe.code}")
    assert "ничего не сохраняем" in chat.press("decline")
    with app.app_context():
        assert chat.owner is None


@pytest.mark.parametrize(
    "payload", ["p000000", "p", "p406631153406631153", "pабв", "x1", "p" * 64, "p-1", "../../etc", "p٤٠٦٦٣١"]
)
def test_an_invitation_that_leads_nowhere_is_said_to_and_one_may_go_on(chat, payload):
    assert "больше не действует" in chat.say(f"/start {payload}")
    assert chat.data()[0] == "agree:0"


def test_a_suspended_partner_invites_nobody(app, chat):
    with app.app_context(), transaction():
        code = make_partner(state="suspended").code
    assert "больше не действует" in chat.say(f"/start p{code}")
    make_known(app, chat)
    assert "больше не принимает" in chat.press(f"agree:p{code}")


def test_a_person_known_by_a_partner_is_invited_by_another_and_joins_it_too(app, chat, cafe):
    make_known(app, chat, cafe, points=40)
    with app.app_context(), transaction():
        salon = make_partner(Rules(welcome_bonus=7), name="Салон")
        salon_id, code = salon.id, salon.code
    assert "Вас приглашает Салон" in chat.say(f"/start p{code}") and "Здравствуйте" not in chat.say(f"/start p{code}")
    assert "47\N{NO-BREAK SPACE}баллов" in chat.press(chat.data()[0])
    with app.app_context():
        assert membership_of(chat.owner.id, salon_id).balance == 7
        assert consents.has_consent(chat.owner.id, "personal_data", salon_id)


def test_an_invitation_pressed_at_work_leaves_one_at_work(app, chat, cafe):
    make_cashier(app, chat, cafe)
    with app.app_context(), transaction():
        code = make_partner(name="Салон").code
    chat.say(f"/start p{code}")
    assert "Вы участник программы «Салон»" in chat.press(chat.data()[0])
    assert "➕ Начислить" in chat.labels()


@pytest.mark.parametrize("text", ["89161234567", "💰 Баланс", "/code", "🦊"])
def test_a_newcomer_who_writes_instead_of_sharing_is_asked_again_with_the_button(app, chat, cafe, text):
    chat.say(f"/start p{cafe.code}")
    chat.press(chat.data()[0])
    assert "Остался один шаг" in chat.say(text) and "📱 Поделиться номером" in chat.labels()
    assert "Вы участник программы «Эспрессо»" in chat.share(make_phone()), "the invitation is not forgotten"


def test_a_newcomer_who_begins_again_is_met_again(app, chat, cafe):
    chat.say(f"/start p{cafe.code}")
    chat.press(chat.data()[0])
    assert "согласие" in chat.say("/start")
    assert "Остался" not in chat.say("что?") and "не знакомы" in chat.say("что?")


def test_the_number_of_a_closed_account_opens_no_other(app, chat):
    with app.app_context(), transaction():
        closed = make_customer()
        closed.state = "blocked"
        phone = identity_of(closed, "phone").value
    chat.say("/start")
    chat.press(chat.data()[0])
    assert "Этот счёт закрыт" in chat.share(phone)
    with app.app_context():
        assert chat.owner is None


def test_a_payload_leads_to_the_room_of_its_letter_and_back_there_once_one_is_known(app, chat, monkeypatch):
    came = []

    def come(talk, rest):
        came.append((rest, talk.customer is not None))
        if talk.customer is None:
            beginning.meet(talk, f"z{rest}", [])
        else:
            balance.show(talk)

    monkeypatch.setitem(beginning._WAYS, "z", come)
    assert "согласие" in chat.say("/start zAb_9-")
    chat.press(chat.data()[0])
    chat.share(make_phone())
    assert came == [("Ab_9-", False), ("Ab_9-", True)]


def test_who_blocked_the_bot_and_let_it_in_again_is_told_things_again(app, chat):
    person = make_known(app, chat)
    chat.block()
    with app.app_context():
        assert {route.channel for route in notices.routes_to(db.session.get_one(Customer, person))} == {"sms"}
    assert chat.let_in() == ""
    with app.app_context():
        assert "telegram" in {route.channel for route in notices.routes_to(db.session.get_one(Customer, person))}


# The own contact


@pytest.mark.parametrize(
    "card",
    [
        {"user_id": 4},
        {"user_id": None},
        {"forward_origin": {"type": "hidden_user", "date": 1_700_000_000, "sender_user_name": "Некто"}},
    ],
)
def test_anothers_or_a_forwarded_or_a_handmade_contact_proves_nothing(app, chat, card):
    phone = make_phone()
    chat.say("/start")
    chat.press(chat.data()[0])
    assert "не ваш номер" in chat.share(phone, **card)
    with app.app_context():
        assert chat.owner is None and find(Identifier("phone", phone)) is None


def test_a_contact_before_the_consent_leads_to_the_consent(app, chat):
    phone = make_phone()
    assert "согласие" in chat.share(phone)
    with app.app_context():
        assert find(Identifier("phone", phone)) is None


def test_who_began_without_a_number_finds_the_account_of_the_number_later(app, chat, cafe):
    with app.app_context(), transaction():
        member = make_member(db.session.get(Partner, cafe.id), make_customer(name=None, proven_at=None))
        ledger.grant(cafe.id, member.id, 250, source="manual", source_ref="1", now=utcnow())
        earlier, phone = member.customer_id, identity_of(db.session.get(Customer, member.customer_id), "phone").value
    chat.say("/start")
    chat.press(chat.data()[0])
    chat.say("Продолжить без номера")
    with app.app_context():
        later = chat.owner.id
    said = chat.share(phone)
    assert "Нашёлся ваш прежний счёт" in said and f"Номер {phone} привязан" in said
    assert "350\N{NO-BREAK SPACE}баллов" in said, "the welcome waited for the consent, which was given"
    with app.app_context():
        assert chat.owner.id == earlier == find(Identifier("customer_id", str(later))).id
        assert chat.owner.name == "Аня 🦊" and consents.has_consent(earlier, "personal_data", cafe.id)
    assert "350" in chat.say("💰 Баланс")


def test_a_number_of_another_account_is_refused_clearly_and_nothing_changes(app, chat, cafe):
    make_known(app, chat, cafe, points=1)
    with app.app_context(), transaction():
        other = make_customer()
        phone, other_id = identity_of(other, "phone").value, other.id
    assert "привязан к другому счёту" in chat.share(phone)
    with app.app_context():
        assert find(Identifier("phone", phone)).id == other_id != chat.owner.id


def test_a_foreign_number_that_is_no_phone_gets_a_sentence(chat):
    chat.say("/start")
    chat.press(chat.data()[0])
    assert "не похож на телефонный" in chat.share("+123")


def test_a_blocked_person_learns_that_the_account_is_closed(app, chat):
    person = make_known(app, chat)
    with app.app_context(), transaction():
        db.session.get_one(Customer, person).state = "blocked"
    assert "Этот счёт закрыт" in chat.say("/start")
    assert "Этот счёт закрыт" in chat.say("💰 Баланс")


# Rooms


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "1\N{NO-BREAK SPACE}балл."),
        (2, "2\N{NO-BREAK SPACE}балла."),
        (11, "11\N{NO-BREAK SPACE}баллов."),
        (1021, "1\N{NO-BREAK SPACE}021\N{NO-BREAK SPACE}балл."),
    ],
)
def test_the_total_agrees_with_its_number(app, chat, cafe, count, said):
    make_known(app, chat, cafe, points=count)
    assert chat.say("💰 Баланс").startswith(f"У вас {said}")


def test_the_rooms_speak_english_too(app, chat, cafe):
    make_known(app, chat, cafe, points=1, locale="en")
    assert chat.say("/balance").startswith("You have 1\N{NO-BREAK SPACE}point.")
    assert chat.say("💰 Баланс").startswith("You have"), "a button of before the change of language"
    assert "Operations, page 1" in chat.say("🧾 History") and "a bonus" in chat.say("/history")


def test_history_is_paged_with_reasons_and_an_impossible_page_is_answered(app, chat, cafe):
    person = make_known(app, chat, cafe)
    with app.app_context(), transaction():
        member = membership_of(person, cafe.id)
        for n in range(23):
            at = utcnow() - timedelta(minutes=30 - n)
            ledger.grant(cafe.id, member.id, n + 1, source="promotion", source_ref=f"h{n}", now=at)
    first = chat.say("/history")
    assert (
        first.count("Эспрессо") == 10 and "+23\N{NO-BREAK SPACE}балла" not in first.replace(" ", " ")
    ) or "+23" in first
    assert chat.data() == ["history:2"]
    second = chat.press("history:2")
    assert chat.replies[0]["edit"] == 5 and chat.data() == ["history:1", "history:3"]
    third = chat.press("history:3")
    assert third.count("Эспрессо") == 3 and chat.data() == ["history:2"]
    assert "+13" in second and "+1 " in third.replace("\N{NO-BREAK SPACE}", " ")
    assert "больше не действует" in chat.press("history:999")


def test_the_own_code_is_shown_with_a_picture_and_no_other_six_digits(app, chat):
    make_known(app, chat)
    said = chat.say("🔢 Мой код")
    digits = said.split("\n")[0].removeprefix("Ваш код: ").replace(" ", "")
    assert len(digits) == 6 and chat.replies[0]["qr"].endswith(f"/partner?code={digits}")
    assert digits[:3] in chat.press("code"), "the living code is shown again"


def test_the_language_is_changed_for_notices_too(app, chat):
    make_known(app, chat)
    chat.say("🌐 Язык")
    assert chat.press("language:en") == "I speak English now."
    with app.app_context():
        assert chat.owner.locale == "en"
    assert "What I can do" in chat.say("❓ Помощь")


def test_a_newcomer_is_met_in_the_language_of_their_telegram(app, taker):
    assert "Hello! This is Kopilka" in Chat(app, taker, "de").say("/start")
    assert "Здравствуйте" in Chat(app, taker, "kk").say("/start")


# Whatever comes


@pytest.mark.parametrize(
    "text", ["я" * 5000, "🦊", "   ", "/", "/nothing", "/balance@kopilka_demo_bot", "\u202e", "💰 Баланс\x00"]
)
def test_a_text_of_any_kind_gets_an_answer(app, chat, text):
    assert chat.say(text)
    make_known(app, chat)
    assert chat.say(text)


@pytest.mark.parametrize("content", [{"photo": [{"file_id": "1", "file_unique_id": "1", "width": 1, "height": 1}]}, {}])
def test_what_is_no_text_gets_an_answer(chat, content):
    assert chat.say(**content)


@pytest.mark.parametrize(
    "data", ["", "agree:", "agree:x", "history:-1", "sale:1:2:3", "language:xx", "я" * 30, "offers:2:0"]
)
def test_data_made_by_hand_is_answered_and_does_nothing(app, chat, data):
    make_known(app, chat)
    assert "больше не действует" in chat.press(data)


def test_a_press_under_a_message_too_old_to_change_is_answered_anew(app, chat):
    make_known(app, chat)
    old = {"message_id": 5, "chat": {"id": chat.id, "type": "private"}, "date": 0}
    for message in (old, None):
        chat.press("history:1", message=message)
        assert [("edit" in reply) for reply in chat.replies] == [False]


def test_nobody_elses_points_are_told_in_a_group(app, chat, cafe):
    make_known(app, chat, cafe, points=77)
    group = {"id": -5000000000, "type": "supergroup", "title": "Двор"}
    assert "в личные сообщения" in chat.say("/balance", chat=group)
    assert chat.say("привет", chat=group) == ""


def test_a_name_nobody_can_keep_is_left_out(app, chat):
    chat.say("/start", name="А" * 300)
    chat.press(chat.data()[0])
    chat.say("Продолжить без номера", name="А" * 300)
    with app.app_context():
        assert chat.owner.name is None


# Texts


def test_every_text_exists_in_both_languages_with_the_same_places():
    for name, versions in {**TEXTS, **BUTTONS}.items():
        assert versions.keys() == {"ru", "en"}, name
        places = [{field for _, field, _, _ in string.Formatter().parse(text) if field} for text in versions.values()]
        assert places[0] == places[1], name
    assert len(TEXTS) == sum(len(module.TEXTS) for module in TEXT_MODULES), "two rooms use one name"
    assert not Words("ru").has("nothing")
    assert [language_of(locale) for locale in ("ru-RU", "en", "de", None, "kk")] == ["ru", "en", "en", "ru", "ru"]


def test_points_after_a_preposition_stand_in_its_case():
    said = [Words("ru").of_points(count).replace("\N{NO-BREAK SPACE}", " ") for count in (1, 2, 11, 21, 52, 100)]
    assert said == ["1 балла", "2 баллов", "11 баллов", "21 балла", "52 баллов", "100 баллов"]
    assert Words("en").of_points(1) == "1\N{NO-BREAK SPACE}point"


def test_a_wait_of_an_hour_is_not_told_in_seconds():
    said = [Words("ru").refusal(TooMany(seconds)).replace("\N{NO-BREAK SPACE}", " ") for seconds in (40, 91, 3541)]
    assert [one.partition("через ")[2] for one in said] == ["40 с.", "2 минуты.", "60 минут."]
    assert Words("en").refusal(TooMany(1)).endswith("in 1 s.")


def test_every_refusal_of_the_core_has_a_sentence_or_a_reason_to_have_none():
    codes, families = set(), [LoyaltyError]
    while families:
        family = families.pop()
        families += family.__subclasses__()
        codes |= {family.code} if family.__module__.startswith("loyalty.") else set()
    ours = {name.removeprefix("refused_") for name in TEXTS if name.startswith("refused_")}
    assert not codes - ours - ELSEWHERE
    assert ours <= codes and not ours & ELSEWHERE


def test_every_story_of_a_point_has_words():
    assert {f"story_{story}" for story in STORIES} <= TEXTS.keys()


@pytest.mark.parametrize("text", ["Баланс", "баланс", "БАЛАНС", "/Баланс", "Balance", "💰 баланс"])
def test_the_word_of_a_button_is_understood_without_its_picture(app, chat, text):
    make_known(app, chat)
    assert "У вас 0" in chat.say(text)


def test_a_number_agrees_with_its_word_in_texts_of_the_rooms(monkeypatch):
    monkeypatch.setitem(TEXTS, "test", {"ru": "чек|чека|чеков", "en": "check|checks"})
    said = [Words("ru").count("test", n).replace("\N{NO-BREAK SPACE}", " ") for n in (1, 3, 11, 1021)]
    assert said == ["1 чек", "3 чека", "11 чеков", "1 021 чек"]
    assert Words("en").count("test", 2).endswith("checks") and Words("en").count("test", 1).endswith("check")


def test_a_long_text_is_split_where_lines_end_and_never_into_nothing():
    assert split("а" * 4096, 4096) == ["а" * 4096]
    text = "\n".join(["строка " * 20] * 60)
    parts = split(text, 4000)
    assert len(parts) == 3 and all(0 < len(part) <= 4000 for part in parts)
    assert all(len(part.encode("utf-16-le")) <= 200 for part in split("🦊" * 1000, 100))


# At work


def test_staff_see_their_own_menu_and_go_to_their_points_and_back(app, chat, cafe):
    make_cashier(app, chat, cafe)
    said = chat.say("/start")
    assert "У вас 0\N{NO-BREAK SPACE}баллов" in said and "Вы в «Эспрессо», кассир." in said
    assert "➕ Начислить" in chat.labels() and "💰 Баланс" not in chat.replies[-1]["markup"]["keyboard"][0]
    assert "Вернуться к работе" in chat.say("👛 Мои баллы")
    assert "💰 Баланс" in chat.labels() and "🏪 Работа" in chat.labels() and "➕ Начислить" not in chat.labels()
    assert "Вы в «Эспрессо»" in chat.say("🏪 Работа")


def test_who_works_in_two_places_says_where_and_no_hand_made_button_opens_a_third(app, chat, cafe):
    make_cashier(app, chat, cafe)
    with app.app_context(), transaction():
        other = make_partner(name="Салон")
        make_staff(other, role="owner", customer=chat.owner)
        code, foreign = other.code, make_partner().code
    assert "Где вы сейчас работаете?" in chat.say("🏪 Работа")
    assert chat.data() == [f"work:{cafe.code}", f"work:{code}"]
    assert "Вы в «Салон», владелец." in chat.press(f"work:{code}")
    assert "Такого партнёра нет" in chat.press(f"work:{foreign}")
    assert "Вы в «Салон»" in chat.say("/start"), "where one works is remembered"


def test_a_dismissed_cashiers_old_keyboard_opens_nothing(app, chat, cafe):
    staff_id = make_cashier(app, chat, cafe)
    chat.say("/start")
    with app.app_context(), transaction():
        staff.dismiss(cafe.id, staff_id, by=None, now=utcnow())
    assert "Это для сотрудников" in chat.say("🏪 Работа")
    assert "➕ Начислить" not in chat.labels() and "💰 Баланс" in chat.labels()


def test_who_lost_one_of_two_places_is_told_so_by_whatever_goes_wrong_next(app, chat, cafe):
    staff_id = make_cashier(app, chat, cafe)
    with app.app_context(), transaction():
        make_staff(make_partner(name="Другое"), customer=chat.owner)
    chat.press(f"work:{cafe.code}")
    with app.app_context(), transaction():
        staff.dismiss(cafe.id, staff_id, by=None, now=utcnow())
    assert "больше не в штате" in chat.press(f"work:{cafe.code}")
    assert "Другое" in chat.say("🏪 Работа")


def test_who_works_at_two_places_is_told_that_one_is_suspended(app, chat, cafe):
    make_cashier(app, chat, cafe)
    with app.app_context(), transaction():
        make_staff(make_partner(name="Другое"), customer=chat.owner)
    chat.press(f"work:{cafe.code}")
    with app.app_context(), transaction():
        db.session.get_one(Partner, cafe.id).state = "suspended"
    assert "приостановлена" in chat.say("➕ Начислить")
    assert "Другое" in chat.say("🏪 Работа")


def test_what_was_begun_for_one_partner_is_not_gone_on_with_for_another(app, chat, cafe):
    make_cashier(app, chat, cafe)
    with app.app_context(), transaction():
        other = make_partner(name="Другое")
        make_staff(other, customer=chat.owner)
        code = other.code
    chat.press(f"work:{cafe.code}")
    chat.say("/credit")
    chat.say(make_phone())
    chat.press(f"work:{code}")
    assert "Не понял" in chat.say("500")


def test_a_suspended_partner_is_no_place_to_work(app, chat, cafe):
    make_cashier(app, chat, cafe)
    with app.app_context(), transaction():
        db.session.get(Partner, cafe.id).state = "suspended"
    assert "приостановлена" in chat.say("🏪 Работа")


def test_a_newcomer_finds_no_staffs_room(chat):
    assert "Пока мы не знакомы" in chat.say("🏪 Работа")
    assert "Пока мы не знакомы" in chat.press("work:123456")


def test_what_was_begun_can_be_given_up(app, chat):
    make_known(app, chat)
    assert "ничего не изменилось" in chat.say("/cancel")

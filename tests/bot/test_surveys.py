"""Surveys in the bot: a customer answers by buttons and in words, the manager hears of it and deals with it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from bot.rooms import surveys as room
from loyalty import nps, sales, survey_tasks, surveys
from loyalty.clock import utcnow
from loyalty.customers import membership_of
from loyalty.identities import Identifier
from loyalty.nps import NpsSettings
from loyalty.sales import Basket, Caller
from models import db, transaction
from models.customer import Customer
from models.partner import Partner
from models.survey import Survey
from tests.bot.rooms import Chat, make_cashier, make_known
from tests.factories import make_partner


@pytest.fixture
def ask(app, cafe):
    """Has a person bought something and been asked: the hex of the survey."""

    def ask(customer_id):
        with app.app_context(), transaction():
            partner = db.session.get_one(Partner, cafe.id)
            partner.nps = NpsSettings(is_on=True).to_json()
            now = utcnow()
            sale = sales.post_transaction(
                partner,
                Identifier("customer_id", str(customer_id)),
                Basket(Decimal("500.00")),
                kind="accrual",
                caller=Caller("counter", "manual"),
                key=str(uuid4()),
                now=now,
            )
            member = membership_of(customer_id, cafe.id)
            survey = surveys.add(cafe.id, uuid4(), member.id, sale.purchase_id, now)
            surveys.note_asked(cafe.id, survey.id, now)
            return survey.id.hex

    return ask


@pytest.fixture
def anna(app, chat, cafe):
    chat.customer_id = make_known(app, chat, cafe)
    return chat


@pytest.fixture
def manager(app, taker, cafe):
    chat = Chat(app, taker)
    make_cashier(app, chat, cafe, "manager")
    return chat


def read(app, cafe, survey_id):
    with app.app_context():
        survey = db.session.get_one(Survey, (cafe.id, UUID(survey_id)))
        return survey.score, survey.comment, survey.way


def test_a_score_by_button_then_words_then_another_score(app, cafe, anna, ask):
    survey = ask(anna.customer_id)
    assert "Ваша оценка для «" in anna.press(f"nps:{survey}:3")
    assert "сохранён" in anna.say("Долго ждал кофе")
    assert read(app, cafe, survey) == (3, "Долго ждал кофе", "bot")
    assert "порекомендуете" in anna.press(f"nps_again:{survey}")
    assert [data for data in anna.data() if data.startswith("nps:")] == [f"nps:{survey}:{n}" for n in range(11)]
    anna.press(f"nps:{survey}:9")
    assert "сохранён" in anna.press("nps_skip")
    anna.say("просто слова")
    assert read(app, cafe, survey) == (9, "Долго ждал кофе", "bot")


def test_a_command_ends_the_question_and_too_many_words_are_refused(app, cafe, anna, ask):
    survey = ask(anna.customer_id)
    anna.press(f"nps:{survey}:7")
    assert "до 1000" in anna.say("я" * 1001)
    anna.say("/balance")
    anna.say("не комментарий")
    assert read(app, cafe, survey) == (7, None, "bot")


def test_another_persons_survey_a_forged_one_and_an_old_one_are_over(app, taker, cafe, anna, ask):
    survey, other = ask(anna.customer_id), Chat(app, taker)
    make_known(app, other, cafe)
    for data in (f"nps:{survey}:9", f"nps:{uuid4().hex}:9", f"nps_again:{survey}"):
        assert "закончился" in other.press(data)
    assert "больше не действует" in anna.press(f"nps:{survey}:11")
    with app.app_context(), transaction():
        for row in db.session.scalars(db.select(Survey).where(Survey.partner_id == cafe.id)):
            row.expires_at = utcnow() - timedelta(seconds=1)
    assert "закончился" in anna.press(f"nps:{survey}:9")
    assert read(app, cafe, survey) == (None, None, None)


def test_who_wants_no_questions_says_so_once_and_finds_the_switch(app, anna):
    assert "Больше не будем" in anna.press("nps_stop")
    with app.app_context():
        assert db.session.get_one(Customer, anna.customer_id).notices == {"off": ["survey"]}
    anna.press("notices")
    assert "notice:survey:1" in anna.data()
    anna.press("notice:survey:1")
    with app.app_context():
        assert db.session.get_one(Customer, anna.customer_id).notices["off"] == []


def test_the_manager_sees_the_score_the_words_and_closes_the_task(app, cafe, anna, ask, manager):
    survey = ask(anna.customer_id)
    assert "Ответов за это время нет" in manager.press("nps_results:90")
    anna.press(f"nps:{survey}:2")
    anna.say("Грубо ответили")
    manager.say("⚙️ Управление")
    assert "nps_results:90" in manager.data()
    said = manager.press("nps_results:90")
    assert "NPS −100" in said and "Мало ответов" in said and "недовольны (0–6): 1" in said
    assert "«Грубо ответили»" in manager.press("nps_answers:1")
    manager.press("nps_tasks:1")
    assert f"nps_task:{survey}" in manager.data()
    assert "Состояние: новая" in manager.press(f"nps_task:{cafe.code}:{survey}")
    assert "в работе" in manager.press(f"nps_take:{survey}")
    assert "Что сделали" in manager.press(f"nps_finish:{survey}")
    assert "Заметка: Позвонил, извинился" in manager.say("Позвонил, извинился")
    assert "нет" in manager.press("nps_tasks:1")
    assert "новая" in manager.press(f"nps_reopen:{survey}")
    manager.press(f"nps_finish:{survey}")
    assert "закрыта" in manager.press(f"nps_close:{survey}")


def test_a_cashier_a_stranger_and_another_partners_owner_see_no_task(app, taker, cafe, anna, ask):
    survey = ask(anna.customer_id)
    anna.press(f"nps:{survey}:2")
    cashier, other = Chat(app, taker), Chat(app, taker)
    make_cashier(app, cashier, cafe)
    with app.app_context(), transaction():
        elsewhere = make_partner()
        db.session.flush()
        db.session.expunge(elsewhere)
    make_cashier(app, other, elsewhere, "owner")
    assert "роль" in cashier.press(f"nps_task:{survey}") and "роль" in cashier.press("nps_results:90")
    assert "Такой задачи нет" in other.press(f"nps_take:{survey}")
    assert "Такой задачи нет" in other.press(f"nps_task:{survey}")
    other.press(f"nps_task:{cafe.code}:{survey}")
    assert all("из 10" not in reply["text"] for reply in other.replies)
    with app.app_context():
        assert survey_tasks.count_open(cafe.id) == 1


def test_the_trend_is_drawn_from_minus_to_plus_a_hundred():
    assert room.draw_trend([-100, None, 0, 100]) == "▁·▅█"
    assert len(nps.SCORES) == 11

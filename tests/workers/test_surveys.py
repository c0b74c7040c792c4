"""Surveys on their way out: sent once, held in quiet hours, given up where nobody can be reached, told to the manager."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.errors import ConnectorError
from connectors.messages.telegram import inline_keyboard
from loyalty import surveys
from loyalty.customers import attach_identity
from loyalty.nps import NpsSettings
from models import db, transaction
from models.partner import Partner
from models.survey import Survey, SurveyTurn
from models.work import Outbox
from tests.factories import make_customer, make_member, make_partner, make_staff
from tests.loyalty.surveyed import HOUR, NOON, invite, survey_of, visit
from workers import telling
from workers.jobs import carry_out

NIGHT = NOON + 11 * HOUR


@pytest.fixture
def sent(monkeypatch):
    """What was handed to gateways; one that is in `fails` raises the error that it names."""

    class Sender:
        fails: dict[str, ConnectorError]
        messages: list

        def send(self, message):
            if message.channel in self.fails:
                raise self.fails[message.channel]
            self.messages.append(message)

    sender = Sender()
    sender.fails, sender.messages = {}, []
    monkeypatch.setattr(telling, "gateways", lambda _settings: dict.fromkeys(("telegram", "sms", "email"), sender))
    return sender


@pytest.fixture
def asked(app):
    """`asked(at)` is a survey that waits about a visit at that time: (partner_id, id), of somebody with Telegram."""

    def make(at=NOON - 3 * HOUR):
        with app.app_context(), transaction():
            partner = make_partner()
            partner.nps = NpsSettings(is_on=True).to_json()
            customer = make_customer()
            attach_identity(customer, "telegram", str(customer.id.int % 10**11 + 10**11), proven_at=NOON)
            bought = visit(partner, make_member(partner, customer), at=at)
            invite(at + 3 * HOUR)
            survey = survey_of(bought)
            return survey.partner_id, survey.id

    return make


def carry(app, partner_id, job, now):
    """Carry out the partner's rows of a job."""
    with app.app_context():
        query = db.select(Outbox.id).where(Outbox.partner_id == partner_id, Outbox.job == job, Outbox.done_at.is_(None))
        rows = db.session.scalars(query.order_by(Outbox.id)).all()
        db.session.rollback()
        return [carry_out(row, now) for row in rows]


def state(app, key):
    with app.app_context():
        return db.session.get_one(Survey, key).state


def test_a_survey_is_sent_once_and_reminded_of_once(app, asked, sent):
    key = asked()
    assert carry(app, key[0], "ask_survey", NOON) == ["done"]
    assert carry(app, key[0], "ask_survey", NOON) == [] and state(app, key) == "asked"
    (message,) = sent.messages
    rows = inline_keyboard(message.buttons)["inline_keyboard"]
    assert [[one["text"] for one in row] for row in rows[:2]] == [list("012345"), ["6", "7", "8", "9", "10"]]
    assert len(rows) == 3
    assert carry(app, key[0], "remind_survey", NOON + timedelta(days=2)) == ["taken"]
    assert carry(app, key[0], "remind_survey", NOON + timedelta(days=3)) == ["done"]
    assert len(sent.messages) == 2 and sent.messages[0].id != sent.messages[1].id


def test_at_night_it_waits_for_the_morning(app, asked, sent):
    key = asked(NIGHT - 3 * HOUR)
    assert carry(app, key[0], "ask_survey", NIGHT) == ["later"]
    assert state(app, key) == "waiting" and sent.messages == []
    assert carry(app, key[0], "ask_survey", NIGHT + HOUR) == ["taken"]
    assert carry(app, key[0], "ask_survey", NIGHT + 10 * HOUR) == ["done"]
    assert state(app, key) == "asked" and len(sent.messages) == 1


def test_killed_after_sending_it_is_sent_again_as_the_same_message_and_asked_once(app, asked, sent, monkeypatch):
    key = asked()
    note_asked = surveys.note_asked
    with monkeypatch.context() as dying:
        dying.setattr(surveys, "note_asked", lambda *_: 1 / 0)
        assert carry(app, key[0], "ask_survey", NOON) == ["failed"]
    assert state(app, key) == "waiting" and surveys.note_asked is note_asked
    assert carry(app, key[0], "ask_survey", NOON + HOUR) == ["done"]
    assert len({message.id for message in sent.messages}) == 1 and state(app, key) == "asked"
    with app.app_context():
        reminders = db.select(db.func.count()).select_from(Outbox)
        assert db.session.scalar(reminders.where(Outbox.partner_id == key[0], Outbox.job == "remind_survey")) == 1


def test_who_has_blocked_the_bot_and_has_nothing_else_is_given_up_and_free_for_others(app, asked, sent):
    key = asked()
    sent.fails["telegram"] = ConnectorError("blocked", retryable=False)
    assert carry(app, key[0], "ask_survey", NOON) == ["done"]
    assert state(app, key) == "void" and sent.messages == []
    with app.app_context():
        assert db.session.scalar(db.select(SurveyTurn).where(SurveyTurn.survey_id == key[1])) is None


def test_the_manager_hears_of_an_unhappy_answer_with_its_words(app, asked, sent):
    key = asked()
    with app.app_context(), transaction():
        manager = make_customer(name="Ольга")
        attach_identity(manager, "telegram", str(manager.id.int % 10**11 + 10**11), proven_at=NOON)
        make_staff(db.session.get_one(Partner, key[0]), "manager", manager)
    carry(app, key[0], "ask_survey", NOON)
    sent.messages.clear()
    with app.app_context(), transaction():
        surveys.answer(db.session.get_one(Survey, key), 2, way="bot", now=NOON)
        surveys.answer(db.session.get_one(Survey, key), 2, way="bot", now=NOON, comment="Нахамили")
    assert carry(app, key[0], "notify_survey_task", NOON) == ["taken"]
    assert carry(app, key[0], "notify_survey_task", NOON + timedelta(minutes=3)) == ["done"]
    (message,) = sent.messages
    assert "2 из 10" in message.text and "Нахамили" in message.text
    assert message.buttons[0][1].startswith("nps_task:")

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from loyalty import sessions, widget_sessions
from loyalty.errors import SessionNotFound
from models import db, transaction
from models.customer import Customer
from models.partner import Partner
from models.widget import WidgetSession
from tests.factories import NOW, make_customer, make_partner


def after(**delta):
    return NOW + timedelta(**delta)


@pytest.fixture
def opened(app):
    """(partner id, person id, secret) of a committed session."""
    with app.app_context(), transaction():
        partner, person = make_partner(), make_customer()
        secret = widget_sessions.open_session(partner.id, person.id, "Телефон\u0000 Ивана", NOW)
        return partner.id, person.id, secret


def row_of(partner_id):
    query = select(WidgetSession).where(WidgetSession.partner_id == partner_id)
    return db.session.scalars(query, execution_options={"populate_existing": True}).one()


def test_a_session_is_a_persons_at_one_partner_for_a_day(db_session, opened):
    partner_id, person_id, secret = opened
    assert widget_sessions.identify(partner_id, secret, after(hours=23)).customer_id == person_id
    assert widget_sessions.identify(partner_id, secret, after(hours=24)) is None


def test_a_session_means_nothing_at_another_partner(db_session, opened):
    other = make_partner()
    widget_sessions.open_session(other.id, opened[1], None, NOW)
    assert widget_sessions.identify(other.id, opened[2], NOW) is None


@pytest.mark.parametrize("secret", [None, "", "x", "x" * 43, "é" * 43, "x" * 5000])
def test_a_secret_that_is_none_opens_nothing(db_session, opened, secret):
    assert widget_sessions.identify(opened[0], secret, NOW) is None


def test_the_secret_is_kept_nowhere(db_session, opened):
    row = row_of(opened[0])
    assert opened[2] not in str(vars(row))
    assert row.device == "Телефон Ивана"


def test_signing_out_ends_it_here_and_nowhere_else(db_session, opened):
    partner_id, person_id, secret = opened
    other = widget_sessions.open_session(partner_id, person_id, None, NOW)
    session_id = widget_sessions.identify(partner_id, secret, NOW).session_id
    widget_sessions.end(partner_id, session_id, NOW)
    widget_sessions.end(partner_id, session_id, after(hours=1))
    assert widget_sessions.identify(partner_id, secret, NOW) is None
    assert widget_sessions.identify(partner_id, other, NOW) is not None
    assert db.session.get_one(WidgetSession, (partner_id, session_id), populate_existing=True).ended_at == NOW


@pytest.mark.parametrize(
    ("what", "state", "reason"),
    [(Partner, "suspended", "partner_suspended"), (Customer, "blocked", "customer_blocked")],
)
def test_it_ends_for_good_with_a_suspended_partner_or_a_blocked_person(app, opened, what, state, reason):
    partner_id, person_id, secret = opened
    for now_is in (state, "active"):
        with app.app_context(), transaction():
            db.session.get_one(what, partner_id if what is Partner else person_id).state = now_is
        with app.app_context():
            assert widget_sessions.identify(partner_id, secret, NOW) is None
            assert row_of(partner_id).end_reason == reason


def test_when_it_was_used_last_is_written_down_now_and_then(db_session, opened):
    partner_id, _, secret = opened
    widget_sessions.identify(partner_id, secret, after(minutes=9))
    assert row_of(partner_id).last_seen_at == NOW
    widget_sessions.identify(partner_id, secret, after(minutes=11))
    assert row_of(partner_id).last_seen_at == after(minutes=11)


def test_a_frame_token_names_the_browser_to_its_own_partner_only(db_session):
    browser, partner, other = widget_sessions.new_browser(), make_partner(), make_partner()
    token = widget_sessions.frame_token(browser, partner.id)
    assert widget_sessions.read_frame_token(token, partner.id) == browser
    assert widget_sessions.read_frame_token(token, other.id) is None


@pytest.mark.parametrize(
    "spoil", [lambda t: t[:-1], lambda t: "x" + t[1:], lambda t: t + "0", lambda t: t.split(".")[0]]
)
def test_a_spoilt_frame_token_names_nobody(db_session, spoil):
    partner = make_partner()
    token = widget_sessions.frame_token("a" * 43, partner.id)
    assert widget_sessions.read_frame_token(spoil(token), partner.id) is None


@pytest.mark.parametrize("token", [None, "", ".", "é.é", "a" * 43 + "."])
def test_a_token_that_is_none_names_nobody(db_session, token):
    assert widget_sessions.read_frame_token(token, make_partner().id) is None


def test_a_person_finds_their_widgets_among_their_sessions_and_ends_them(db_session, opened):
    partner_id, person_id, secret = opened
    device = sessions.open_session(person_id, "Ноутбук", after(hours=-1))
    widget, app = sessions.list_sessions(person_id, NOW)
    assert (widget.kind, widget.partner_name, widget.device) == ("widget", "Кофейня", "Телефон Ивана")
    assert (app.kind, app.partner_name, app.id) == ("api", None, device.session_id)
    with pytest.raises(SessionNotFound):
        sessions.end_session(make_customer().id, widget.id, NOW)
    sessions.end_session(person_id, widget.id, NOW)
    assert widget_sessions.identify(partner_id, secret, NOW) is None
    assert [line.id for line in sessions.list_sessions(person_id, NOW)] == [device.session_id]


def test_signing_out_everywhere_ends_widgets_too_and_those_of_nobody_else(db_session, opened):
    partner_id, person_id, secret = opened
    stranger = make_customer()
    theirs = widget_sessions.open_session(partner_id, stranger.id, None, NOW)
    here = sessions.open_session(person_id, None, NOW).session_id
    assert sessions.end_all(person_id, NOW, but=here) == 1
    assert widget_sessions.identify(partner_id, secret, NOW) is None
    assert widget_sessions.identify(partner_id, theirs, NOW) is not None


def test_a_widget_that_ended_or_of_a_suspended_partner_is_not_listed(db_session, opened):
    partner_id, person_id, _ = opened
    assert sessions.list_sessions(person_id, after(hours=24)) == []
    db.session.get_one(Partner, partner_id).state = "suspended"
    assert sessions.list_sessions(person_id, NOW) == []


def test_old_ones_are_forgotten(db_session, opened):
    sessions.forget_old_sessions(after(days=90))
    assert row_of(opened[0])
    sessions.forget_old_sessions(after(days=92))
    assert not db.session.scalars(select(WidgetSession).where(WidgetSession.partner_id == opened[0])).all()

from __future__ import annotations

from datetime import timedelta

import pytest

from loyalty import platform_roles, sessions, staff
from loyalty.errors import SessionEnded, SessionNotFound
from models import db, new_id, transaction
from models.customer import Customer, Session
from tests.concurrency import at_once
from tests.factories import NOW, make_customer, make_partner, make_staff, noise
from tests.statements import counted_statements


@pytest.fixture
def tokens(app):
    """A committed session of a committed person."""
    with app.app_context(), transaction():
        return sessions.open_session(make_customer().id, "Телефон\u0000 Ивана", NOW)


def after(**delta):
    return NOW + timedelta(**delta)


def end_reason(session_id):
    session = db.session.get(Session, session_id, populate_existing=True)
    return session.end_reason if session.ended_at else None


def test_a_refresh_token_is_swapped_for_the_next(db_session, tokens):
    second = sessions.rotate(tokens.refresh_token, after(minutes=10))
    third = sessions.rotate(second.refresh_token, after(minutes=20))
    assert len({tokens.refresh_token, second.refresh_token, third.refresh_token}) == 3
    assert (third.customer_id, third.session_id) == (tokens.customer_id, tokens.session_id)
    assert end_reason(tokens.session_id) is None


def test_the_secret_is_kept_nowhere_and_not_shown(db_session, tokens):
    secret = tokens.refresh_token.partition(".")[2]
    row = db_session.execute(db.select(Session.__table__).where(Session.id == tokens.session_id)).one()
    assert secret not in str(row)
    assert secret not in repr(tokens)
    assert row.device == "Телефон Ивана"


def test_of_parallel_clicks_one_gets_the_next_token_and_the_session_ends(app, tokens):
    results = at_once(app, lambda _: sessions.rotate(tokens.refresh_token, after(minutes=10)))
    assert len([result for result in results if isinstance(result, sessions.Tokens)]) == 1
    assert all(isinstance(result, SessionEnded | sessions.Tokens) for result in results)
    with app.app_context():
        assert end_reason(tokens.session_id) == "reuse"


def test_a_token_used_again_ends_the_session_for_everybody(db_session, tokens):
    thief = sessions.rotate(tokens.refresh_token, after(minutes=10))
    with pytest.raises(SessionEnded):
        sessions.rotate(tokens.refresh_token, after(minutes=10))
    assert end_reason(tokens.session_id) == "reuse"
    with pytest.raises(SessionEnded):
        sessions.rotate(thief.refresh_token, after(minutes=11))
    assert sessions.identify(tokens.session_id, after(minutes=11)) is None


def test_a_token_from_two_generations_ago_ends_the_session(db_session, tokens):
    second = sessions.rotate(tokens.refresh_token, after(seconds=1))
    sessions.rotate(second.refresh_token, after(seconds=2))
    with pytest.raises(SessionEnded):
        sessions.rotate(tokens.refresh_token, after(seconds=3))
    assert end_reason(tokens.session_id) == "reuse"


def test_an_ended_session_stays_ended_when_the_request_fails(app, tokens):
    with app.app_context():
        sessions.rotate(tokens.refresh_token, after(minutes=10))
    with app.app_context(), pytest.raises(SessionEnded), transaction():
        sessions.rotate(tokens.refresh_token, after(minutes=20))
    with app.app_context():
        assert end_reason(tokens.session_id) == "reuse"


def test_a_session_ends_when_it_is_idle_for_a_month(db_session, tokens):
    with pytest.raises(SessionEnded):
        sessions.rotate(tokens.refresh_token, after(days=30))
    assert end_reason(tokens.session_id) == "expired"


def test_a_session_in_use_lasts_half_a_year_and_no_longer(db_session, tokens):
    refresh = tokens.refresh_token
    for days in range(20, 180, 20):
        refresh = sessions.rotate(refresh, after(days=days)).refresh_token
    with pytest.raises(SessionEnded):
        sessions.rotate(refresh, after(days=180))


@pytest.mark.parametrize("refresh", ["", "x", ".", "a.b", None, 5, "\u0000", "é" * 90])
def test_nonsense_is_an_ended_session(db_session, refresh):
    with pytest.raises(SessionEnded):
        sessions.rotate(refresh, NOW)


def test_a_token_of_nobodys_session_is_an_ended_session(db_session, tokens):
    secret = tokens.refresh_token.partition(".")[2]
    with pytest.raises(SessionEnded):
        sessions.rotate(f"{new_id()}.{secret}", NOW)


def test_a_blocked_person_is_signed_out(app, tokens):
    with app.app_context(), transaction():
        db.session.get(Customer, tokens.customer_id).state = "blocked"
    with app.app_context():
        assert sessions.identify(tokens.session_id, NOW) is None
        with pytest.raises(SessionEnded):
            sessions.rotate(tokens.refresh_token, NOW)


def test_identify_tells_all_roles_in_one_query(db_session, tokens):
    person = db_session.get(Customer, tokens.customer_id)
    here, there, former = make_partner(name="А"), make_partner(name="Б", state="suspended"), make_partner(name="В")
    make_staff(here, "owner", person)
    make_staff(there, "cashier", person)
    make_staff(former, "manager", person).state = "dismissed"
    noise()
    platform_roles.grant_role(person.id, "admin", by=None, now=NOW)
    platform_roles.grant_role(person.id, "ai_marketer", by=None, now=NOW)
    with counted_statements() as statements:
        principal = sessions.identify(tokens.session_id, NOW)
    assert len(statements) == 1
    assert (principal.customer_id, principal.session_id) == (person.id, tokens.session_id)
    assert principal.platform_roles == {"admin", "ai_marketer"}
    assert [(role.partner_id, role.role, role.partner_state) for role in principal.staff] == [
        (here.id, "owner", "active"),
        (there.id, "cashier", "suspended"),
    ]


def test_identify_knows_a_person_without_roles(db_session, tokens):
    principal = sessions.identify(tokens.session_id, NOW)
    assert (principal.platform_roles, principal.staff) == (frozenset(), ())
    assert sessions.identify(new_id(), NOW) is None
    assert sessions.identify(tokens.session_id, after(days=30)) is None


def test_a_dismissal_is_seen_by_the_next_request(db_session, tokens):
    partner = make_partner()
    make_staff(partner, "owner")
    cashier = make_staff(partner, "cashier", db_session.get(Customer, tokens.customer_id))
    assert sessions.identify(tokens.session_id, NOW).staff
    staff.dismiss(partner.id, cashier.id, None, NOW)
    assert sessions.identify(tokens.session_id, NOW).staff == ()


def test_a_person_sees_and_ends_their_own_sessions_only(db_session):
    person, other = make_customer(), make_customer()
    old = sessions.open_session(person.id, "Ноутбук", NOW)
    new = sessions.open_session(person.id, None, after(hours=1))
    foreign = sessions.open_session(other.id, None, NOW)
    assert [session.id for session in sessions.list_sessions(person.id, NOW)] == [new.session_id, old.session_id]
    for session_id in (foreign.session_id, new_id()):
        with pytest.raises(SessionNotFound):
            sessions.end_session(person.id, session_id, NOW)
    sessions.end_session(person.id, old.session_id, NOW)
    sessions.end_session(person.id, old.session_id, after(days=1))
    assert db_session.get(Session, old.session_id).ended_at == NOW
    assert [session.id for session in sessions.list_sessions(person.id, NOW)] == [new.session_id]
    assert sessions.identify(old.session_id, NOW) is None
    assert sessions.identify(foreign.session_id, NOW)


def test_all_sessions_but_this_one_are_ended(db_session):
    person, other = make_customer(), make_customer()
    mine = [sessions.open_session(person.id, None, NOW).session_id for _ in range(3)]
    foreign = sessions.open_session(other.id, None, NOW).session_id
    assert sessions.end_all(person.id, NOW, but=mine[1]) == 2
    assert [session.id for session in sessions.list_sessions(person.id, NOW)] == [mine[1]]
    assert sessions.identify(foreign, NOW)

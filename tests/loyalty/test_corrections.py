"""Points corrected by hand: what is foreseen is what is done, once, and the reason stays apart."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import select

from loyalty.corrections import correct_points, preview_correction
from loyalty.errors import CustomerNotFound, InvalidPoints, NotEnoughPoints
from loyalty.rules import Rules
from loyalty.sales import Caller
from models.customer import AuditRecord
from models.ledger import Entry, EntryReason
from tests.factories import NOW, make_customer, make_member, make_partner, noise


@pytest.fixture
def partner(db_session):
    noise()
    return make_partner()


@pytest.fixture
def caller(partner):
    admin = make_customer(name="Админ")
    return Caller(f"customer:{admin.id}", "admin", actor=admin.id)


@pytest.fixture
def correct(caller):
    def act(partner, member, points, key="key", reason="касса ошиблась"):
        return correct_points(partner, member.customer_id, points, reason, caller=caller, key=key, now=NOW)

    return act


@pytest.mark.parametrize(
    "clawback, before, asked, moved",
    [
        ("debt", 0, 50, 50),
        ("debt", 70, -50, -50),
        ("debt", 30, -50, -50),
        ("within_balance", 30, -50, -30),
        ("within_balance", 70, -50, -50),
    ],
)
def test_what_is_foreseen_is_what_is_done(db_session, correct, clawback, before, asked, moved):
    partner = make_partner(Rules(clawback=clawback))
    member = make_member(partner)
    if before:
        correct(partner, member, before, "before")
    foreseen = preview_correction(partner, member.customer_id, asked, now=NOW)
    assert (foreseen.balance, foreseen.points, foreseen.balance_after) == (before, moved, before + moved)
    done = correct(partner, member, asked)
    assert (done.points, done.account.balance) == (foreseen.points, foreseen.balance_after)


def test_a_credit_lives_as_long_as_the_programmes_bonuses(db_session, correct):
    partner = make_partner(Rules(bonus_life_days=10))
    member = make_member(partner)
    foreseen = preview_correction(partner, member.customer_id, 50, now=NOW)
    assert foreseen.expires_at == datetime(2026, 3, 20, 21, tzinfo=UTC)
    entry = db_session.get_one(Entry, (partner.id, correct(partner, member, 50).entry_id))
    assert (entry.kind, entry.source, entry.points) == ("manual", "admin", 50)


def test_nothing_is_taken_where_there_is_nothing_and_no_debt_is_made(db_session, correct):
    partner = make_partner(Rules(clawback="within_balance"))
    member = make_member(partner)
    for act in (
        lambda: preview_correction(partner, member.customer_id, -5, now=NOW),
        lambda: correct(partner, member, -5),
    ):
        with pytest.raises(NotEnoughPoints):
            act()


def test_no_points_are_no_correction(partner, correct):
    member = make_member(partner)
    for act in (
        lambda: preview_correction(partner, member.customer_id, 0, now=NOW),
        lambda: correct(partner, member, 0),
    ):
        with pytest.raises(InvalidPoints):
            act()


def test_who_is_no_member_there_is_not_found(partner, correct):
    elsewhere = make_member(make_partner())
    for act in (
        lambda: preview_correction(partner, elsewhere.customer_id, 5, now=NOW),
        lambda: correct(partner, elsewhere, 5),
        lambda: preview_correction(partner, uuid4(), 5, now=NOW),
    ):
        with pytest.raises(CustomerNotFound):
            act()


def test_one_key_corrects_once_and_is_noted_once(partner, caller, correct, db_session):
    member = make_member(partner)
    first, again = correct(partner, member, 50), correct(partner, member, 50)
    assert (again.entry_id, again.repeated, again.account.balance) == (first.entry_id, True, 50)
    noted = db_session.scalars(select(AuditRecord).where(AuditRecord.subject == str(member.customer_id)))
    assert [(line.action, line.actor_id, line.partner_id, line.details) for line in noted] == [
        ("points.adjust", caller.actor, partner.id, {"points": 50, "entry_id": str(first.entry_id)})
    ]


def test_the_reason_stands_apart_from_the_ledger(partner, correct, db_session):
    done = correct(partner, make_member(partner), 50, reason="звонил Иван")
    assert db_session.get_one(EntryReason, (partner.id, done.entry_id)).text == "звонил Иван"

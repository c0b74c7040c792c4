"""The owner sets within which limits requests pass by themselves, and says which tills are theirs."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from loyalty import claims
from loyalty.claims import ClaimPolicy
from models import transaction
from models.partner import Partner
from tests.factories import make_branch
from tests.web.visits.claims import LIMITS

PAGE = "/partner/claims/settings"
DRIVE = "9960440300000555"


@pytest.fixture
def policy(app, cast):
    def read():
        with app.app_context(), transaction() as session:
            return claims.policy_of(session.get_one(Partner, cast.ours.partner_id))

    return read


@pytest.fixture
def drives(app, cast):
    def read(house=cast.ours):
        with app.app_context():
            return [(one.drive, one.branch_id) for one in claims.list_drives(house.partner_id)]

    return read


def test_the_limits_are_told_in_words_with_examples(desk, policy, words):
    owner = desk("owner")
    page = words(owner.get(PAGE))
    assert "Каждую заявку решает сотрудник." in page and "баллы сразу" not in page
    wish = LIMITS | {"is_automatic": "y", "receipt_only": "y", "most_amount": "1 500,50", "a_day": "2"}
    assert owner.post(PAGE, **wish).status_code == 303
    expected = ClaimPolicy(True, Decimal("1500.50"), 2, known_only=False, receipt_only=True)
    assert policy() == expected
    page = words(owner.get(PAGE))
    assert "Автоматически: чек до 1 500,50 ₽, с чеком вашей кассы, 2 раза в день на человека." in page
    assert "Новый клиент: 1 500,50 ₽, чек отсканирован баллы сразу" in page
    assert "Постоянный клиент: 1 500,50 ₽, без чека ждёт сотрудника" in page
    owner.post(PAGE, **LIMITS | {"is_automatic": "y"})
    assert policy() == replace(expected, most_amount=Decimal(3000), a_day=1, receipt_only=False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("a_day", "0"),
        ("a_day", "21"),
        ("a_day", "x"),
        ("receipt_hours", "721"),
        ("most_amount", "-5"),
        ("large_amount", ""),
    ],
)
def test_a_wrong_limit_is_said_at_its_field_and_nothing_changes(desk, policy, field, value):
    refused = desk("owner").post(PAGE, **LIMITS | {field: value, "is_automatic": "y"})
    assert refused.status_code == 422 and f'id="{field}-error"' in refused.text
    assert policy() == ClaimPolicy()


def test_tills_are_added_by_branch_and_taken_off(app, cast, desk, drives, words):
    owner = desk("owner")
    owner.post(f"{PAGE}/drives", drive="9960 4403 0000 0555")
    assert drives() == [(DRIVE, cast.ours.branch_id)], "the only branch there is"
    with app.app_context(), transaction() as session:
        second = make_branch(session.get_one(Partner, cast.ours.partner_id), "Вторая").id
    refused = owner.post(f"{PAGE}/drives", drive=DRIVE, branch="")
    assert refused.status_code == 422 and "Такого филиала нет" in words(refused)
    owner.post(f"{PAGE}/drives", drive=DRIVE, branch=str(second))
    assert drives() == [(DRIVE, second)] and "Вторая" in words(owner.get(PAGE))
    owner.post(f"{PAGE}/drives/remove", drive=DRIVE)
    assert drives() == []


def test_a_number_that_is_none_and_a_branch_of_others_are_refused(cast, desk, drives, words):
    owner = desk("owner")
    short = owner.post(f"{PAGE}/drives", drive="123")
    assert short.status_code == 422 and "16 цифр" in words(short) and 'value="123"' in short.text
    assert drives() == [] and drives(cast.theirs) == []


def test_a_foreign_till_is_not_taken_off(app, cast, desk, drives):
    with app.app_context(), transaction() as session:
        partner = session.get_one(Partner, cast.theirs.partner_id)
        claims.register_drive(partner, DRIVE, cast.theirs.branch_id, by=cast.admin.customer_id, now=partner.created_at)
    assert desk("owner").post(f"{PAGE}/drives/remove", drive=DRIVE).status_code == 404
    assert drives(cast.theirs) == [(DRIVE, cast.theirs.branch_id)]

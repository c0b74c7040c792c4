"""The queue of applications: the oldest waits at the top, the latest decision tells who made it."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from loyalty import applications, partners
from loyalty.errors import ApplicationNotFound
from tests.factories import NOW, identifier_of, make_customer, noise


@pytest.fixture
def alone(fresh_app):
    """A database without other people's applications."""
    with fresh_app.app_context():
        noise()
        yield


@pytest.fixture
def admin(alone):
    return make_customer(name="Админ")


def apply(name):
    return partners.apply(make_customer(name="Нина"), {"name": name, "city": "Тверь"}, NOW)


def test_those_who_wait_longest_come_first_page_by_page(alone):
    asked = [apply(f"Пекарня {number}") for number in range(5)]
    first = applications.list_pending(limit=3)
    assert [row.id for row in first] == [one.id for one in asked[:3]]
    assert [row.id for row in applications.list_pending(after=first[-1].id, limit=3)] == [one.id for one in asked[3:]]
    assert applications.count_pending() == 5


def test_an_application_says_who_asks_and_how_to_reach_them(alone):
    applicant = make_customer(name="Нина")
    asked = partners.apply(applicant, {"name": "Пекарня", "comment": "очень ждём"}, NOW)
    row = applications.show_application(asked.id)
    assert (row.name, row.comment, row.applicant_name, row.contact) == (
        "Пекарня",
        "очень ждём",
        "Нина",
        identifier_of(applicant).value,
    )
    assert (row.state, row.decided_by_name, row.partner_code) == ("pending", None, None)


def test_decided_ones_come_by_the_latest_decision_with_who_decided(admin):
    old, new, waiting = (apply(name) for name in ("Старая", "Новая", "Ждёт"))
    made = partners.approve(new.id, admin.id, NOW + timedelta(hours=1))
    partners.refuse(old.id, "нет адреса", None, NOW + timedelta(hours=2))
    refused, approved = applications.list_decided()
    assert (refused.id, refused.reason, refused.decided_by_name) == (old.id, "нет адреса", None)
    assert (approved.id, approved.decided_by_name, approved.partner_code) == (new.id, "Админ", made.code)
    assert [row.id for row in applications.list_decided(limit=1)] == [old.id]
    assert [row.id for row in applications.list_decided(after=old.id)] == [new.id]
    assert [row.id for row in applications.list_pending()] == [waiting.id]


def test_decisions_of_one_moment_are_paged_too(admin):
    asked = [apply(f"Пекарня {number}") for number in range(3)]
    for one in asked:
        partners.refuse(one.id, "нет", admin.id, NOW)
    found, after = [], None
    while page := applications.list_decided(after=after, limit=1):
        found.append(page[0].id)
        after = page[0].id
    assert sorted(found) == sorted(one.id for one in asked)
    assert len(found) == 3


def test_an_unknown_application_is_not_found(alone):
    with pytest.raises(ApplicationNotFound):
        applications.show_application(uuid4())

import pytest

from loyalty import partners
from loyalty.clock import utcnow
from models import transaction
from tests.factories import make_customer

QUEUE = "/admin/applications"


@pytest.fixture
def asked(app):
    """`asked(name)` is an application of somebody new."""

    def ask(name="Пекарня на углу", **more):
        with app.app_context(), transaction():
            return partners.apply(make_customer(name="Нина"), {"name": name, "city": "Тверь", **more}, utcnow()).id

    return ask


@pytest.fixture
def state_of(app):
    def read(application_id):
        with app.app_context():
            application = partners.list_applications()
            found = next(one for one in application if one.id == application_id)
            return found.state, found.reason

    return read


def test_an_application_tells_who_asks_what_and_what_a_decision_does(admin, asked, words):
    page = words(admin.get(f"{QUEUE}/{asked(comment='Две точки, CRM нет')}"))
    for told in ("Пекарня на углу", "Тверь", "Нина", "Две точки, CRM нет", "заявитель станет владельцем"):
        assert told in page


def test_an_approved_application_makes_a_partner_and_is_listed_with_who_decided(admin, asked, state_of, words):
    application = asked("Пекарня Одобрена")
    answer = admin.post(f"{QUEUE}/{application}/approve")
    assert (answer.status_code, answer.headers["Location"]) == (303, QUEUE)
    assert state_of(application)[0] == "approved"
    page = words(admin.get(QUEUE))
    assert "«Пекарня Одобрена» теперь партнёр" in page
    decided = page[page.index("Решённые") :]
    assert "Пекарня Одобрена" in decided
    assert "Админ" in decided
    assert "Код партнёра" in words(admin.get(f"{QUEUE}/{application}"))


def test_an_application_is_decided_once(admin, asked, state_of, words):
    application = asked()
    admin.post(f"{QUEUE}/{application}/refuse", reason="нет адреса")
    for way, fields in (("approve", {}), ("refuse", {"reason": "ещё раз"})):
        again = admin.post(f"{QUEUE}/{application}/{way}", **fields)
        assert again.status_code == 422
        assert "По этой заявке уже решили" in words(again)
    assert state_of(application) == ("refused", "нет адреса")


def test_nobody_is_refused_without_a_reason(admin, asked, state_of, words):
    application = asked()
    for reason in ("", "   "):
        answer = admin.post(f"{QUEUE}/{application}/refuse", reason=reason)
        assert answer.status_code == 422
        assert "Причина: Напишите причину" in words(answer)
    assert state_of(application) == ("pending", None)


def test_the_queue_goes_on_after_the_last_one_shown(admin, asked, words):
    for number in range(25):
        asked(f"Пекарня № {number}")
    page, seen = QUEUE, ""
    while page:
        text = admin.get(page).text
        seen += text
        found = text.partition('href="/admin/applications?after=')[2].partition('"')[0]
        page = f"{QUEUE}?after={found}" if found else None
    assert all(f"Пекарня № {number}<" in seen for number in range(25))


def test_a_place_in_the_queue_of_nobodys_making_is_refused(admin):
    assert admin.get(f"{QUEUE}?after=nowhere").status_code == 400

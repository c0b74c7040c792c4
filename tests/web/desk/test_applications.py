import pytest

from loyalty import partners
from loyalty.clock import utcnow
from models import transaction
from tests.web.browser import Browser

PAGE = "/partner/applications"
WISH = {
    "name": "Пекарня на углу",
    "city": "Тверь, Мира, 5",
    "timezone": "Asia/Omsk",
    "preset": "retail",
    "comment": "1С",
}


@pytest.fixture
def stranger(app, cast):
    return Browser(app).sign_in(cast.stranger.customer_id)


@pytest.fixture
def mine(app, cast):
    def read():
        with app.app_context():
            return partners.list_applications(applicant_id=cast.stranger.customer_id)

    return read


def test_an_application_is_sent_and_waits(stranger, mine, words):
    assert stranger.post(PAGE, **WISH).status_code == 303
    (sent,) = mine()
    assert (sent.name, sent.city, sent.timezone, sent.preset, sent.comment) == tuple(WISH.values())
    page = words(stranger.get(PAGE))
    assert "Заявка отправлена" in page
    assert "на рассмотрении" in page
    assert "Отправить заявку" not in page


def test_while_one_waits_another_is_refused(stranger, mine, words):
    stranger.post(PAGE, **WISH)
    again = stranger.post(PAGE, **WISH)
    assert again.status_code == 422
    assert len(mine()) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Название:"),
        ({"timezone": "Mars/Olympus"}, "Часовой пояс:"),
        ({"preset": "everything"}, "Чем вы занимаетесь:"),
        ({"comment": "я" * 2001}, "Как вы ведёте клиентов сейчас?:"),
    ],
)
def test_a_refusal_is_said_beside_its_field_and_keeps_the_rest(stranger, mine, words, values, changes, sentence):
    refused = stranger.post(PAGE, **WISH | changes)
    assert refused.status_code == 422
    assert sentence in words(refused)
    assert values(refused)["city"] == WISH["city"]
    assert mine() == []


def test_a_refused_application_tells_the_reason_and_is_filled_in_again(app, cast, stranger, mine, words, values):
    stranger.post(PAGE, **WISH)
    with app.app_context(), transaction():
        partners.refuse(mine()[0].id, "Нет адреса", by=cast.admin.customer_id, now=utcnow())
    page = stranger.get(PAGE)
    assert "отказ" in words(page)
    assert "Причина: Нет адреса" in words(page)
    shown = values(page)
    assert {name: shown[name] for name in WISH} == WISH
    assert stranger.post(PAGE, **WISH).status_code == 303
    assert [one.state for one in mine()] == ["refused", "pending"]


def test_an_approved_applicant_is_led_to_the_till(app, cast, stranger, mine, words):
    stranger.post(PAGE, **WISH)
    with app.app_context(), transaction():
        partner_id = partners.approve(mine()[0].id, by=cast.admin.customer_id, now=utcnow()).id
    page = stranger.get(PAGE)
    assert "одобрена" in words(page)
    assert f'value="{partner_id}"' in page.text
    assert stranger.get("/partner/programme").status_code == 200


def test_nobody_sees_anothers_application(app, cast, stranger, words):
    stranger.post(PAGE, **WISH)
    member = Browser(app).sign_in(cast.ours.member.customer_id)
    assert WISH["name"] not in words(member.get(PAGE))

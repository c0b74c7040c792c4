import re

import pytest

from models import db
from models.partner import Partner

PAGE = "/partner/settings"


@pytest.fixture
def partner(app, cast):
    def read():
        with app.app_context():
            return db.session.get(Partner, cast.ours.partner_id)

    return read


def test_name_and_time_zone_change(desk, partner, words):
    owner = desk("owner")
    assert owner.post(PAGE, name=" Кофейня  у дома ", timezone="Asia/Omsk").status_code == 303
    assert (partner().name, partner().timezone) == ("Кофейня у дома", "Asia/Omsk")
    page = words(owner.get(PAGE))
    assert "Сохранено." in page
    assert "Омск (UTC+6)" in page
    assert partner().code in page


@pytest.mark.parametrize(
    ("changes", "sentence"), [({"name": ""}, "Название, которое видят клиенты:"), ({"timezone": "X"}, "Часовой пояс:")]
)
def test_a_refusal_is_said_beside_its_field(desk, partner, words, changes, sentence):
    before = partner().name
    refused = desk("owner").post(PAGE, **{"name": "Новая", "timezone": "Europe/Moscow"} | changes)
    assert refused.status_code == 422
    assert sentence in words(refused)
    assert partner().name == before


def test_only_an_owner_changes_settings(desk, partner):
    before = partner().name
    assert desk("manager").post(PAGE, name="Другая", timezone="Europe/Moscow").status_code == 403
    assert partner().name == before


def test_an_owner_chooses_what_customers_are_told(desk, partner, words):
    owner = desk("owner")
    answer = owner.post(f"{PAGE}/notices", told=["credited", "expiring"])
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{PAGE}#notices")
    assert partner().notices_off == ["spent", "returned", "welcome", "referral"]
    page = owner.get(PAGE).text
    ticked = re.findall(r'<input[^>]*checked[^>]*name="told"[^>]*value="([a-z]+)"', page)
    assert ticked == ["credited", "expiring"] and "Баллы скоро сгорят" in page
    assert owner.post(f"{PAGE}/notices", told=["codes"]).status_code == 422
    assert desk("manager").post(f"{PAGE}/notices", told=["spent"]).status_code == 403
    assert partner().notices_off == ["spent", "returned", "welcome", "referral"]
    owner.post(f"{PAGE}/notices")
    assert len(partner().notices_off) == 6, "nothing chosen: customers are told nothing"

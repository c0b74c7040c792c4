import re

import pytest

from loyalty import api_keys
from loyalty.clock import utcnow

PAGE = "/partner/keys"
KEY = re.compile(r"kp_[A-Za-z0-9_-]{8}_[A-Za-z0-9_-]{43}")


@pytest.fixture
def keys(app, cast):
    def read():
        with app.app_context():
            return {key.name: key for key in api_keys.list_keys(cast.ours.partner_id)}

    return read


@pytest.fixture
def opens(app):
    def opens(plain: str) -> bool:
        with app.app_context():
            return api_keys.identify_key(plain, utcnow()) is not None

    return opens


def make(browser, **changes):
    return browser.post(f"{PAGE}/new", **{"name": "У окна", "scopes": ["pos:quote", "pos:sale"]} | changes)


def test_a_key_is_made_and_shown_once(desk, keys, opens, words):
    owner = desk("owner")
    made = make(owner)
    assert made.status_code == 200
    assert made.headers["Cache-Control"] == "no-store"
    (plain,) = set(KEY.findall(made.text))
    assert opens(plain)
    assert "показывается один раз" in words(made)
    assert keys()["У окна"].scopes == ["pos:quote", "pos:sale"]
    listed = owner.get(PAGE)
    assert not KEY.search(listed.text)
    assert "У окна" in words(listed)


def test_a_form_sent_twice_makes_one_key_and_shows_it_to_nobody_again(desk, keys, words):
    owner, deed = desk("owner"), "9c1e0c40-2d11-4f0f-9a55-7b7a2f6f1d21"
    assert make(owner, deed=deed).status_code == 200
    again = make(owner, deed=deed)
    assert (again.status_code, again.headers["Location"]) == (303, PAGE)
    assert "уже создан и больше не показывается" in words(owner.get(PAGE))
    assert len(keys()) == 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"scopes": []}, "Что можно с этим ключом:"),
        ({"scopes": ["everything"]}, "Что можно с этим ключом:"),
        ({"name": " "}, "Для чего ключ:"),
        ({"branch_id": "nonsense"}, "Филиал:"),
    ],
)
def test_a_refusal_is_said_beside_its_field(desk, keys, words, changes, sentence):
    refused = make(desk("owner"), **changes)
    assert refused.status_code == 422
    assert sentence in words(refused)
    assert not KEY.search(refused.text)
    assert len(keys()) == 1


def test_a_revoked_key_stops_at_once(desk, keys, opens, words):
    owner = desk("owner")
    plain = KEY.search(make(owner).text)[0]
    place = f"{PAGE}/{keys()['У окна'].id}/revoke"
    assert "Отозвать ключ «У окна»?" in words(owner.get(place))
    assert owner.post(place).status_code == 303
    assert not opens(plain)
    assert "«У окна» больше не действует" in words(owner.get(PAGE))
    assert "отозван" in words(owner.get(f"{PAGE}?all=1"))


def test_a_key_that_replaces_another_is_the_same_till(desk, keys, values, words):
    owner = desk("owner")
    make(owner)
    old = keys()["У окна"]
    page = owner.get(f"{PAGE}/new?replaces={old.id}")
    assert values(page)["name"] == "У окна"
    assert "та же касса" in words(page)
    make(owner, name="У окна, новый", replaces=str(old.id))
    assert keys()["У окна, новый"].till_id == old.till_id


def test_a_key_of_another_partner_is_not_replaced(desk, app, cast):
    with app.app_context():
        (theirs,) = [key.id for key in api_keys.list_keys(cast.theirs.partner_id)]
    owner = desk("owner")
    assert owner.get(f"{PAGE}/new?replaces={theirs}").status_code == 404
    assert owner.get(f"{PAGE}/new?replaces=nonsense").status_code == 404
    assert make(owner, replaces=str(theirs)).status_code == 422


@pytest.mark.parametrize("role", ["manager", "cashier"])
def test_only_an_owner_sees_keys(desk, keys, role):
    other = desk(role)
    assert other.get(PAGE).status_code == 403
    assert make(other).status_code == 403
    assert len(keys()) == 1

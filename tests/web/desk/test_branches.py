import pytest

from loyalty import partners

PAGE = "/partner/branches"


@pytest.fixture
def branches(app, cast):
    def read():
        with app.app_context():
            return {branch.name: branch for branch in partners.list_branches(cast.ours.partner_id, closed=True)}

    return read


def test_a_branch_opens_once_however_often_the_form_is_sent(desk, branches, words):
    manager = desk("manager")
    sent = {"name": "На Мира", "address": "Мира, 5", "deed": "e2a7a5dd-6b43-4ec6-b5f5-9f1a0cbb0a31"}
    assert [manager.post(f"{PAGE}/new", **sent).status_code for _ in range(2)] == [303, 303]
    assert (len(branches()), branches()["На Мира"].address) == (2, "Мира, 5")
    assert "Филиал «На Мира» открыт." in words(manager.get(PAGE))


def test_a_branch_needs_a_name(desk, branches, words):
    refused = desk("owner").post(f"{PAGE}/new", name=" ", address="Мира, 5")
    assert refused.status_code == 422
    assert "Название филиала:" in words(refused)
    assert "Мира, 5" in refused.text
    assert len(branches()) == 1


def test_a_branch_is_renamed_closed_and_opened_again(desk, branches, words):
    owner = desk("owner")
    owner.post(f"{PAGE}/new", name="На Мира")
    place = f"{PAGE}/{branches()['На Мира'].id}"
    owner.post(place, name="На Ленина", address="Ленина, 1")
    assert branches()["На Ленина"].address == "Ленина, 1"
    assert "Закрыть «На Ленина»?" in words(owner.get(f"{place}/close"))
    owner.post(f"{place}/close")
    assert branches()["На Ленина"].state == "closed"
    assert "На Ленина" not in words(owner.get(PAGE))
    assert "закрыт" in words(owner.get(f"{PAGE}?all=1"))
    assert "Открыть снова" in words(owner.get(place))
    owner.post(f"{place}/open")
    assert branches()["На Ленина"].state == "open"


def test_the_last_open_branch_stays(desk, branches, words, cast):
    refused = desk("owner").post(f"{PAGE}/{cast.ours.branch_id}/close")
    assert refused.status_code == 422
    assert "Последний открытый филиал не закрыть" in words(refused)
    assert [branch.state for branch in branches().values()] == ["open"]


def test_a_cashier_sees_branches_and_changes_none(desk, branches, cast):
    cashier = desk("cashier")
    assert cashier.get(PAGE).status_code == 200
    for url in (f"{PAGE}/new", f"{PAGE}/{cast.ours.branch_id}", f"{PAGE}/{cast.ours.branch_id}/close"):
        assert cashier.post(url, name="X").status_code == 403
    assert "X" not in branches()

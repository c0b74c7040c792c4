import re

import pytest

from loyalty import staff as staff_book
from loyalty.staff import ROLES, SCOPES
from models import transaction
from models.partner import Partner
from tests.factories import make_email, make_phone, make_staff
from web.desk.staff import ABILITIES, ROLE_SUMMARIES, describe_roles

PAGE = "/partner/staff"


@pytest.fixture
def rows(app, cast):
    """Our staff by name."""

    def read():
        with app.app_context():
            return {row.name: row for row in staff_book.list_staff(cast.ours.partner_id, dismissed=True)}

    return read


@pytest.fixture
def place_of(app, cast):
    """The id of our member of staff in a role."""

    def find(role: str):
        with app.app_context():
            found = staff_book.list_staff(cast.ours.partner_id)
        return next(row.staff_id for row in found if row.customer_id == cast.ours.staff[role].customer_id)

    return find


def hire(browser, **changes):
    return browser.post(f"{PAGE}/new", **{"contact": make_phone(), "name": "Дарья", "role": "cashier"} | changes)


@pytest.mark.parametrize("contact", ["8 916 {}", "{}@example.com"])
def test_somebody_is_hired_by_phone_or_e_mail(desk, rows, words, contact):
    owner = desk("owner")
    hired = hire(owner, contact=contact.format(make_phone()[5:]))
    assert (hired.status_code, hired.headers["Location"]) == (303, PAGE)
    said = words(owner.get(PAGE))
    assert "Дарья теперь работает у вас. Попросите открыть страницу входа" in said
    assert (rows()["Дарья"].role, rows()["Дарья"].state) == ("cashier", "active")


def test_a_form_sent_twice_hires_once_and_says_so(desk, cast, app):
    owner, sent = desk("owner"), {"contact": make_email(), "deed": "0b9bbf3c-5a0a-4f0e-a5d0-0f9e3d1c9a11"}
    assert [hire(owner, **sent).status_code for _ in range(2)] == [303, 303]
    with app.app_context():
        assert len(staff_book.list_staff(cast.ours.partner_id)) == len(ROLES) + 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"contact": "ничего"}, "Телефон или почта для входа:"),
        ({"contact": ""}, "Телефон или почта для входа:"),
        ({"contact": "123456"}, "Никого не нашли"),
        ({"role": "king"}, "Что можно делать:"),
        ({"branch_id": "nonsense"}, "Филиал:"),
        ({"name": "я" * 201}, "Имя:"),
    ],
)
def test_a_refusal_is_said_beside_its_field_and_keeps_what_was_typed(desk, rows, words, changes, sentence):
    owner, before = desk("owner"), rows()
    refused = hire(owner, **changes)
    assert refused.status_code == 422
    assert sentence in words(refused)
    assert rows() == before


def test_who_works_here_already_is_not_hired_again(desk, rows, words, cast):
    contact = make_email()
    owner = desk("owner")
    hire(owner, contact=contact)
    again = hire(owner, contact=contact, name="Другая")
    assert again.status_code == 422
    assert "уже работает здесь" in words(again)
    assert "Другая" not in rows()


def test_name_role_and_branch_change(desk, rows, cast):
    owner = desk("owner")
    hire(owner)
    place = f"{PAGE}/{rows()['Дарья'].staff_id}"
    page = owner.get(place)
    assert re.search(r'checked[^>]*value="cashier"', page.text)
    owner.post(place, name="Дарья Котова", role="manager", branch_id=str(cast.ours.branch_id))
    row = rows()["Дарья Котова"]
    assert (row.role, row.branch_id) == ("manager", cast.ours.branch_id)


def test_a_branch_of_another_partner_is_none_of_ours(desk, rows, cast):
    owner = desk("owner")
    assert hire(owner, branch_id=str(cast.theirs.branch_id)).status_code == 422
    assert "Дарья" not in rows()


def test_a_dismissed_person_is_out_at_once_and_can_come_back(desk, place_of, words):
    owner, cashier = desk("owner"), desk("cashier")
    staff_id = place_of("cashier")
    assert cashier.get("/partner/programme").status_code == 200
    assert "Уволить сотрудника" in words(owner.get(f"{PAGE}/{staff_id}/dismiss"))
    assert owner.post(f"{PAGE}/{staff_id}/dismiss").status_code == 303
    assert cashier.get("/partner/programme").status_code == 403
    assert ">уволен<" not in owner.get(PAGE).text
    assert ">уволен<" in owner.get(f"{PAGE}?all=1").text
    assert "Взять обратно" in words(owner.get(f"{PAGE}/{staff_id}"))
    owner.post(f"{PAGE}/{staff_id}", name="", role="cashier")
    assert cashier.get("/partner/programme").status_code == 200


def test_the_last_owner_stays(desk, place_of, words, cast):
    owner = desk("owner")
    place = f"{PAGE}/{place_of('owner')}"
    sentence = "Последнего владельца не убрать"
    for answer in (
        owner.post("/partner/leave", partner=str(cast.ours.partner_id)),
        owner.post(f"{place}/dismiss"),
        owner.post(place, role="manager"),
    ):
        assert answer.status_code == 422
        assert sentence in words(answer)
    assert owner.get(PAGE).status_code == 200


def test_a_person_leaves_by_themselves(desk, words, cast):
    cashier = desk("cashier")
    assert cashier.post("/partner/leave").status_code == 422, "the form names nobody"
    assert "Больше не работать" in words(cashier.get("/partner/leave"))
    assert cashier.post("/partner/leave", partner=str(cast.ours.partner_id)).headers["Location"] == "/customer"
    assert cashier.get("/partner/programme").status_code == 403


def test_a_manager_sees_the_staff_and_changes_nobody(desk, place_of):
    manager = desk("manager")
    page = manager.get(PAGE)
    assert page.status_code == 200
    assert f"{PAGE}/new" not in page.text
    staff_id = place_of("cashier")
    for url in (f"{PAGE}/new", f"{PAGE}/{staff_id}", f"{PAGE}/{staff_id}/dismiss"):
        assert manager.get(url).status_code == 403
        assert manager.post(url, name="X", role="owner").status_code == 403
    assert desk("cashier").get(PAGE).status_code == 403


def test_the_list_goes_on_by_pages(desk, app, cast, words):
    with app.app_context(), transaction() as session:
        partner = session.get_one(Partner, cast.ours.partner_id)
        for number in range(60):
            make_staff(partner).name = f"Кассир {number:02}"
    owner = desk("owner")
    first = owner.get(PAGE)
    assert "Кассир 00" in words(first)
    assert "Кассир 59" not in words(first)
    following = re.search(rf'href="({PAGE}\?after=[^"]+)" rel="next"', first.text)[1]
    assert "Кассир 59" in words(owner.get(following))
    assert owner.get(f"{PAGE}?after=nonsense").status_code == 400


def test_every_role_is_told_by_what_it_may(app):
    with app.test_request_context():
        told = dict(describe_roles())
    assert len(told) == len(ROLE_SUMMARIES) == len(ROLES)
    assert "нанимать и увольнять" in told["Владелец"]
    assert "нанимать и увольнять" not in told["Управляющий"]
    assert told["Контент-менеджер"] == "видеть правила и филиалы"
    assert ABILITIES.keys() <= SCOPES["owner"]

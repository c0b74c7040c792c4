"""What was bought: undone within a minute, returned by sum or by line, found again."""

from __future__ import annotations

import uuid

import pytest

from models import db, transaction
from models.partner import Partner
from tests.api.roles import new_key
from tests.factories import make_branch

LINES = [{"amount": "300.00", "name": "Капучино"}, {"amount": "700.00", "name": "Торт"}]


@pytest.fixture
def bought(cast):
    """A check of two lines, 1 000 ₽, credited with 50 points."""

    def buy(**more) -> str:
        body = {"customer": {"phone": cast.ours.phone}, "amount": "1000.00", "lines": LINES, "type": "accrual"} | more
        return cast.ours.staff["cashier"].post("/api/partner/transactions", body, key=new_key()).json["id"]

    return buy


def refund(browser, purchase_id, **fields):
    return browser.post(f"/partner/purchases/{purchase_id}/refund", **{"deed": str(uuid.uuid4())} | fields)


def test_a_mistake_is_undone_within_a_minute_and_typed_again(desk, sell, account, words, values, last_id):
    cashier = desk("cashier")
    done = sell("10000", browser=cashier, receipt="77").headers["Location"]
    assert "Отменить" in words(cashier.get(done))
    for _ in range(2):
        undone = cashier.post(f"{done}/undo")
        assert (undone.status_code, undone.headers["Location"]) == (303, done)
    page = cashier.get(done)
    assert "Отменено" in words(page) and account() == (0, 0, 0)
    again = cashier.get(
        page.text.split('href="/partner?')[1].split('"')[0].replace("&amp;", "&").join(["/partner?", ""])
    )
    assert (values(again)["amount"], values(again)["receipt"]) == ("10000", "77")
    assert sell("1000", browser=cashier, receipt="77").status_code == 303
    assert account() == (50, 0, 1)


def test_after_a_minute_the_page_tells_to_return_instead(app, desk, sell, account, words, last_id):
    cashier = desk("cashier")
    answer = sell(browser=cashier)
    with app.app_context(), transaction():
        db.session.execute(
            db.text("UPDATE purchase SET created_at = created_at - interval '61 s' WHERE id = :id"),
            {"id": last_id(answer)},
        )
    done = answer.headers["Location"]
    assert 'data-module="undo"' not in cashier.get(done).text
    late = cashier.post(f"{done}/undo")
    assert late.status_code == 422
    assert "возврат" in words(late)
    assert account() == (50, 0, 1)


def test_a_sum_is_returned_and_the_money_to_hand_back_is_said(desk, bought, account, words):
    cashier, purchase_id = desk("cashier"), bought()
    answer = refund(cashier, purchase_id, amount="300")
    assert answer.status_code == 303
    said = words(cashier.get(answer.headers["Location"]))
    assert "Выдайте клиенту 300 ₽" in said and "Снято начисленных баллов: 15." in said
    assert "Можно вернуть ещё 700 ₽" in said
    assert account() == (35, 0, 1)


def test_all_that_is_left_is_returned_by_one_press_and_no_more_than_was_shown(desk, bought, account, words, values):
    cashier, purchase_id = desk("cashier"), bought()
    refund(cashier, purchase_id, amount="300")
    page = cashier.get(f"/partner/purchases/{purchase_id}")
    assert "Вернуть всё: 700 ₽" in words(page) and values(page)["amount"] == ""
    refund(cashier, purchase_id, amount="100")
    late = refund(cashier, purchase_id, all="700", amount="")
    assert late.status_code == 422 and "Вернуть можно не больше 600 ₽" in words(late)
    assert refund(cashier, purchase_id, all="600", amount="").status_code == 303
    assert account() == (0, 0, 0)


def test_lines_are_returned_each_by_its_own_sum(desk, bought, account, words):
    cashier, purchase_id = desk("cashier"), bought()
    answer = refund(cashier, purchase_id, **{"by": "lines", "line-1": "", "line-2": "700"})
    assert answer.status_code == 303
    assert "Выдайте клиенту 700 ₽" in words(cashier.get(answer.headers["Location"]))
    assert account() == (15, 0, 1)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"amount": "1000,01"}, "Вернуть можно не больше 1 000 ₽"),
        ({"amount": "0"}, "Введите сумму"),
        ({"amount": "минус"}, "Введите сумму"),
        ({"by": "lines", "line-2": "700.01"}, "Вернуть можно не больше 700 ₽"),
        ({"by": "lines", "line-1": "x"}, "Позиция 1: Введите сумму"),
        ({"by": "lines"}, "Напишите у позиций"),
    ],
)
def test_more_than_was_bought_is_not_returned(desk, bought, account, words, fields, said):
    answer = refund(desk("cashier"), bought(), **fields)
    assert answer.status_code == 422
    assert said in words(answer)
    assert all(f'value="{value}"' in answer.text for name, value in fields.items() if name != "by")
    assert account() == (50, 0, 1)


def test_a_return_sent_twice_is_one(desk, bought, account):
    cashier, purchase_id, deed = desk("cashier"), bought(), str(uuid.uuid4())
    answers = [refund(cashier, purchase_id, amount="300", deed=deed) for _ in range(3)]
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert account() == (35, 0, 1)
    other = refund(cashier, purchase_id, amount="400", deed=deed)
    assert other.status_code == 422
    assert account() == (35, 0, 1)


def test_nothing_is_offered_of_what_was_wholly_returned(desk, bought):
    cashier, purchase_id = desk("cashier"), bought()
    refund(cashier, purchase_id, amount="1000")
    assert "/refund" not in cashier.get(f"/partner/purchases/{purchase_id}").text


def test_who_may_only_look_is_offered_no_return(desk, bought):
    page = desk("ai_marketer").get(f"/partner/purchases/{bought()}")
    assert page.status_code == 200
    assert "/refund" not in page.text and "/undo" not in page.text


def test_a_purchase_of_another_branch_looks_like_none(app, cast, desk, bought):
    with app.app_context(), transaction():
        there = make_branch(db.session.get_one(Partner, cast.ours.partner_id)).id
    owner = cast.ours.staff["owner"]
    body = {"customer": {"phone": cast.ours.phone}, "amount": "500.00", "type": "accrual", "branch_id": str(there)}
    foreign = owner.post("/api/partner/transactions", body, key=new_key()).json["id"]
    cashier = desk("cashier")
    for answer in (
        cashier.get(f"/partner/purchases/{foreign}"),
        cashier.get(f"/partner/done/{foreign}"),
        cashier.post(f"/partner/done/{foreign}/undo"),
        refund(cashier, foreign, amount="1"),
    ):
        assert answer.status_code == 404
    assert foreign not in cashier.get("/partner/purchases").text
    assert foreign in desk("owner").get("/partner/purchases").text


def test_purchases_are_found_by_receipt_and_go_on_page_by_page(desk, bought, words):
    cashier = desk("cashier")
    wanted = bought(receipt_id="77-A")
    others = [bought() for _ in range(31)]
    first = cashier.get("/partner/purchases")
    assert wanted not in first.text and "Показать ещё" in first.text
    following = next(part for part in first.text.split('"') if part.startswith("/partner/purchases?cursor="))
    rest = cashier.get(following.replace("&amp;", "&"))
    assert wanted in rest.text and others[-1] not in rest.text
    found = cashier.get("/partner/purchases?query=77-A")
    assert wanted in found.text and others[0] not in found.text
    nothing = words(cashier.get("/partner/purchases?query=nothing"))
    assert "Ничего не нашлось" in nothing and "Показать все покупки" in nothing
    assert cashier.get("/partner/purchases?cursor=nonsense").status_code == 400


def test_a_shop_without_purchases_is_shown_the_way_to_its_first(desk, words):
    said = words(desk("cashier").get("/partner/purchases"))
    assert "Покупок пока нет" in said and "К кассе" in said


def test_the_file_of_operations_is_the_one_the_api_gives(cast, desk, bought):
    bought()
    by_page = desk("manager").get("/partner/purchases/export.csv")
    assert (by_page.status_code, by_page.mimetype) == (200, "text/csv")
    assert 'filename="transactions.csv"' in by_page.headers["Content-Disposition"]
    assert by_page.data == cast.ours.staff["manager"].get("/api/partner/export/transactions.csv").data
    cashier = desk("cashier")
    assert cashier.get("/partner/purchases/export.csv").status_code == 403
    assert "export.csv" not in cashier.get("/partner/purchases").text

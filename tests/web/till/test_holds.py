"""Paying with points: reserve, take the rest, finish or give up."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from loyalty import programmes
from loyalty.clock import utcnow
from models import db, transaction
from models.ledger import Hold
from tests.web.browser import Browser


@pytest.fixture
def held(desk, sell, give, last_id):
    """Our member has 500 points, and 300 of them are reserved for a check of 1 000 ₽."""
    give(500)
    return f"/partner/holds/{last_id(sell(act='hold', points='300'))}"


@pytest.fixture
def forget(app):
    """Let the time of a reservation pass."""

    def forget(page: str) -> None:
        with app.app_context(), transaction():
            hold_id = uuid.UUID(page.rpartition("/")[2])
            hold = db.session.scalars(db.select(Hold).where(Hold.id == hold_id)).one()
            db.session.execute(
                db.text("UPDATE hold SET expires_at = :now WHERE id = :id"), {"now": utcnow(), "id": hold.id}
            )
            db.session.execute(
                db.text("UPDATE membership SET next_due_at = :now WHERE id = :id"),
                {"now": utcnow(), "id": hold.membership_id},
            )

    return forget


def test_points_are_reserved_then_spent_when_the_money_is_taken(desk, held, account, words):
    cashier = desk("cashier")
    said = words(cashier.get(held))
    assert "К оплате 700 ₽" in said and "Спишется баллов −300" in said and "Начислится баллов +35" in said
    assert account() == (500, 300, 0)
    done = cashier.post(f"{held}/capture", deed=str(uuid.uuid4()))
    assert done.status_code == 303
    said = words(cashier.get(done.headers["Location"]))
    assert "−300 +35 баллов" in said and "Баланс теперь 235 баллов" in said
    assert account() == (235, 0, 1)


def test_giving_up_frees_the_points_and_brings_the_purchase_back_to_the_till(desk, held, account, values):
    cashier = desk("cashier")
    back = cashier.post(f"{held}/void")
    assert back.status_code == 303
    assert account() == (500, 0, 0)
    till = cashier.get(back.headers["Location"])
    assert values(till)["amount"] == "1000"
    assert "Баллы снова свободны" in till.text
    assert cashier.post(f"{held}/void").status_code == 303


def test_a_reservation_finished_twice_or_in_two_tabs_is_one_purchase(desk, held, account):
    cashier = desk("cashier")
    answers = [cashier.post(f"{held}/capture", deed=str(uuid.uuid4())) for _ in range(3)]
    assert {answer.headers["Location"] for answer in answers} == {answers[0].headers["Location"]}
    assert account() == (235, 0, 1)
    assert cashier.get(held).headers["Location"] == answers[0].headers["Location"]
    assert cashier.post(f"{held}/void").headers["Location"].endswith(held)


def test_of_many_who_finish_a_reservation_at_once_one_does_and_all_see_it(app, cast, held, account):
    browsers = [Browser(app).sign_in(cast.ours.staff["cashier"].customer_id) for _ in range(6)]
    tokens = [browser.token() for browser in browsers]

    def finish(n: int):
        return browsers[n].post(f"{held}/capture", token=tokens[n], deed=str(uuid.uuid4()))

    with ThreadPoolExecutor(len(browsers)) as pool:
        answers = list(pool.map(finish, range(len(browsers))))
    assert {answer.status_code for answer in answers} == {303}
    done = browsers[0].get(held).headers["Location"]
    assert {answer.headers["Location"] for answer in answers} <= {done, held}
    assert account() == (235, 0, 1)


def test_a_colleague_finishes_what_one_has_begun(desk, held, account):
    assert desk("manager").post(f"{held}/capture", deed=str(uuid.uuid4())).status_code == 303
    assert account() == (235, 0, 1)


def test_a_price_that_changed_meanwhile_is_said_and_asked_again(app, cast, desk, held, account, words, last_id):
    with app.app_context(), transaction():
        programmes.set_rules(cast.ours.partner_id, {"rate": "0.1", "max_share": "20"}, by=None, now=utcnow())
    cashier = desk("cashier")
    asked = cashier.post(f"{held}/capture", deed=str(uuid.uuid4()))
    assert asked.status_code == 409
    said = words(asked)
    assert "Спишется баллов: 200 вместо 300" in said
    assert "К оплате: 800 ₽ вместо 700 ₽" in said
    assert account() == (500, 200, 0)
    action = next(part for part in asked.text.split('"') if part.endswith("/capture"))
    assert cashier.post(action, deed=str(uuid.uuid4())).status_code == 303
    assert account() == (500 - 200 + 80, 0, 1)


def test_a_forgotten_reservation_has_ended_by_itself(desk, held, forget, account, words):
    forget(held)
    cashier = desk("cashier")
    refused = cashier.post(f"{held}/capture", deed=str(uuid.uuid4()))
    assert refused.status_code == 422
    said = words(refused)
    assert "Резерв закончился" in said and "Ввести заново" in said
    assert "Резерв закончился" in words(cashier.get(held))
    assert account() == (500, 0, 0)


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ("501", "Доступно только баллов: 500"),
        ("2", "не меньше 100"),
        ("0", "целое число"),
        ("много", "целое число"),
        ("-1", "целое число"),
    ],
)
def test_points_that_cannot_be_spent_are_refused_at_their_field(app, cast, sell, give, account, words, points, said):
    with app.app_context(), transaction():
        programmes.set_rules(cast.ours.partner_id, {"min_spend": 100}, by=None, now=utcnow())
    give(500)
    answer = sell(act="hold", points=points)
    assert answer.status_code == 422
    assert "Списать до 500: " in words(answer) and said in words(answer)
    assert f'value="{points}"' in answer.text
    assert account() == (500, 0, 0)


def test_a_cleared_field_reserves_nothing(sell, give, account, words):
    give(500)
    answer = sell(act="hold", points="")
    assert answer.status_code == 422 and "целое число" in words(answer)
    assert account() == (500, 0, 0)


def test_nobody_becomes_a_customer_by_wanting_to_spend(sell, words):
    answer = sell(act="hold", customer="+79160000000", points="100")
    assert answer.status_code == 422
    assert "Никого не нашли" in words(answer)


def test_points_that_wait_for_the_return_window_are_told_apart(app, cast, desk, sell, words):
    with app.app_context(), transaction():
        programmes.set_rules(cast.ours.partner_id, {"pending_days": 14}, by=None, now=utcnow())
    cashier = desk("cashier")
    said = words(cashier.get(sell(browser=cashier).headers["Location"]))
    assert "+50 баллов" in said and "Баланс теперь 0 баллов" in said
    assert "ждут конца срока возврата: 50" in said

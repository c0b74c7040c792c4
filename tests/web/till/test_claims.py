"""Requests for points at the till: what looks odd is said, and each is approved, corrected or refused once."""

from __future__ import annotations

import re
from decimal import Decimal
from uuid import uuid4

import pytest

from loyalty import claims, sales
from loyalty.claims import DOUBTS
from loyalty.clock import utcnow
from loyalty.customers import membership_of
from models import db, transaction
from models.customer import Customer
from models.ledger import Purchase
from models.partner import Branch, Partner, Staff
from tests.factories import make_branch, make_customer, make_phone
from web.doubts import DOUBTS as WORDS

COUNTER = sales.Caller("counter", "manual")


@pytest.fixture
def ask(app, cast):
    """Somebody (by default new) asks for points: (claim id, customer id)."""

    def ask(amount="700", *, person=None, house=cast.ours, branch=None, name="Нина", receipt=None):
        with app.app_context(), transaction() as session:
            asking = session.get_one(Customer, person) if person else make_customer(make_phone(), name=name)
            partner = session.get_one(Partner, house.partner_id)
            asked = claims.claim(
                partner,
                asking,
                amount=None if receipt else Decimal(amount),
                receipt=receipt,
                branch_id=branch,
                now=utcnow(),
            )
            membership_of(asking.id, partner.id).name = name
            return asked.id, asking.id

    return ask


@pytest.fixture
def state(app, cast):
    def read(claim_id):
        with app.app_context():
            return claims.show_claim(cast.ours.partner_id, claim_id, caller=COUNTER, contacts=False)

    return read


@pytest.fixture
def balance(app, cast):
    def read(person):
        with app.app_context():
            return membership_of(person, cast.ours.partner_id).balance

    return read


def test_every_doubt_has_its_sentence():
    assert WORDS.keys() == set(DOUBTS)


def test_a_cashier_approves_and_the_way_back_is_at_hand(app, cast, desk, ask, balance, words):
    cashier, (claim_id, person) = desk("cashier"), ask()
    page = cashier.get("/partner/claims")
    assert "Нина" in words(page) and "700 ₽" in words(page) and "без чека" in words(page)
    assert "новый клиент" in words(page)
    assert re.search(r'class="count"[^>]*>1<', page.text), "the way to it says how many wait"
    answer = cashier.post(f"/partner/claims/{claim_id}/approve", amount="700")
    assert answer.status_code == 303
    page = cashier.get(answer.headers["Location"])
    assert "Нина: 35 баллов за 700 ₽" in words(page)
    assert balance(person) == 35
    with app.app_context():
        purchase = db.session.scalar(db.select(Purchase).where(Purchase.partner_id == cast.ours.partner_id))
        assert (purchase.source, purchase.actor) == ("qr_code", cast.ours.staff["cashier"].customer_id)
    refund = re.search(r'href="(/partner/purchases/[^"]+)">Ошиблись', page.text)[1]
    cashier.post(f"{refund}/refund", all="700", deed=str(uuid4()))
    assert balance(person) == 0
    assert "Заявок нет" in words(page) and "одобрена" in words(cashier.get("/partner/claims?decided=1"))


def test_a_corrected_sum_is_credited(desk, ask, balance, words):
    cashier, (claim_id, person) = desk("cashier"), ask("10000")
    cashier.post(f"/partner/claims/{claim_id}/approve", amount="1 000,00")
    assert balance(person) == 50
    page = words(cashier.get("/partner/claims?decided=1"))
    assert "1 000 ₽" in page and "просили: 10 000 ₽" in page


def test_a_wrong_sum_is_said_at_its_card_and_nothing_is_credited(desk, ask, balance, words):
    cashier, (claim_id, person) = desk("cashier"), ask()
    refused = cashier.post(f"/partner/claims/{claim_id}/approve", amount="сто")
    assert refused.status_code == 422 and "Введите сумму в рублях" in words(refused)
    assert f'href="#amount-{claim_id}"' in refused.text and f'id="amount-{claim_id}"' in refused.text
    assert 'value="сто"' in refused.text and balance(person) == 0


def test_a_refusal_needs_a_reason_ready_or_own(desk, ask, state, words):
    cashier = desk("cashier")
    first, second = ask()[0], ask("800")[0]
    empty = cashier.post(f"/partner/claims/{first}/refuse", reason="  ")
    assert empty.status_code == 422 and "Напишите причину" in words(empty) and "<details open>" in empty.text
    page = cashier.get("/partner/claims").text
    ready = re.search(r'name="ready" value="([^"]+)"', page)[1]
    assert cashier.post(f"/partner/claims/{first}/refuse", ready=ready).status_code == 303
    own = "<b>не было</b> такой покупки"
    cashier.post(f"/partner/claims/{second}/refuse", reason=own, ready="")
    assert [state(one).reason for one in (first, second)] == ["Такой покупки не было.", own]
    decided = cashier.get("/partner/claims?decided=1").text
    assert "<b>не было</b>" not in decided and "&lt;b&gt;не было&lt;/b&gt;" in decided


def test_what_looks_odd_is_said_in_words(desk, ask, words):
    ask("20000")
    receipt = f"t={utcnow():%Y%m%d}T0001&s=10.00&fn=9960440300001234&i={uuid4().int % 10**9}&fp=1&n=1"
    ask(receipt=receipt)
    page = words(desk("cashier").get("/partner/claims"))
    assert "Необычно крупная сумма." in page
    assert "Кассы из этого чека нет в вашем списке." in page and "Чек пробит глубокой ночью." in page


def test_those_without_questions_are_approved_together(desk, ask, state, balance, words):
    cashier = desk("cashier")
    sure = [ask(str(n)) for n in (100, 200)]
    odd, _ = ask("20000")
    unseen, _ = ask("300")
    page = cashier.get("/partner/claims")
    assert "Одобрить 3 заявки без вопросов" in words(page)
    shown = [str(one) for one in (*[claim for claim, _ in sure], odd, "x")]
    answer = cashier.client.post(
        "/partner/claims/approve-all", data={"csrf_token": cashier.token(), "claim": shown}, buffered=True
    )
    assert answer.status_code == 303 and "Одобрено 2 заявки" in words(cashier.get(answer.headers["Location"]))
    assert [balance(person) for _, person in sure] == [5, 10]
    assert [state(one).state for one in (odd, unseen)] == ["waiting", "waiting"]


def test_a_colleague_was_quicker(desk, ask, balance, words):
    cashier, (claim_id, person) = desk("cashier"), ask()
    desk("owner").post(f"/partner/claims/{claim_id}/refuse", reason="нет")
    late = cashier.post(f"/partner/claims/{claim_id}/approve", amount="700")
    assert (late.status_code == 422 and "рассмотрена" in words(late)) or "уже решили" in words(late)
    assert balance(person) == 0
    again, _ = ask("900")
    for role in ("cashier", "owner"):
        assert desk(role).post(f"/partner/claims/{again}/approve", amount="900").status_code == 303


def test_a_foreign_claim_is_like_none(cast, desk, ask, words):
    claim_id, _ = ask(house=cast.theirs, name="Чужая")
    for verb, fields in (("approve", {"amount": "700"}), ("refuse", {"reason": "нет"})):
        assert desk("owner").post(f"/partner/claims/{claim_id}/{verb}", **fields).status_code == 404
    assert "Чужая" not in words(desk("owner").get(f"/partner/claims?done={claim_id}"))


def test_a_cashier_sees_the_requests_of_the_own_branch_and_of_none(app, cast, desk, ask, words):
    with app.app_context(), transaction() as session:
        partner = session.get_one(Partner, cast.ours.partner_id)
        here, there = session.get_one(Branch, (partner.id, cast.ours.branch_id)), make_branch(partner, "Вторая")
        cashier = db.select(Staff).where(Staff.customer_id == cast.ours.staff["cashier"].customer_id)
        session.scalar(cashier).branch_id = here.id
        here_id, there_id = here.id, there.id
    ask(branch=here_id, name="Здешняя")
    ask(branch=there_id, name="Дальняя")
    ask(name="Ничья")
    seen = words(desk("cashier").get("/partner/claims"))
    assert "Здешняя" in seen and "Ничья" in seen and "Дальняя" not in seen
    assert "Дальняя" in words(desk("owner").get("/partner/claims"))


def test_the_list_goes_on_where_it_ended(desk, ask, monkeypatch):
    monkeypatch.setattr("web.till.claims.PAGE", 2)
    for n in range(3):
        ask(str(n + 1))
    page = desk("cashier").get("/partner/claims").text
    following = re.search(r'/partner/claims\?after=[^"&]+', page)[0]
    assert page.count('class="card claim"') == 2
    assert desk("cashier").get(following).text.count('class="card claim"') == 1
    assert desk("cashier").get("/partner/claims?after=x").status_code == 400

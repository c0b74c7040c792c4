"""The till: who pays, how much, what it comes to, one press."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from loyalty import codes, services, staff
from loyalty.clock import utcnow
from models import db, transaction
from models.ledger import Membership, Purchase
from models.partner import Partner, Staff
from tests.factories import make_branch, make_phone
from tests.statements import counted_statements


@pytest.fixture
def purchases(app, cast):
    """Our purchases, the first one first."""

    def read() -> list[Purchase]:
        with app.app_context():
            query = db.select(Purchase).where(Purchase.partner_id == cast.ours.partner_id).order_by(Purchase.id)
            return list(db.session.scalars(query))

    return read


@pytest.fixture
def show_code(app, cast):
    def show() -> str:
        with app.app_context(), transaction():
            return codes.show(cast.ours.member.customer_id, utcnow())[0]

    return show


def test_a_cashier_credits_and_sees_the_new_balance(desk, sell, account, words):
    cashier = desk("cashier")
    answer = sell("1 000,00", browser=cashier)
    assert answer.status_code == 303
    page = words(cashier.get(answer.headers["Location"]))
    assert "+50 баллов" in page
    assert "Баланс теперь 50 баллов = 50 ₽" in page
    assert "5 % от 1 000 ₽" in page
    assert account() == (50, 0, 1)


def test_what_it_comes_to_is_shown_before_it_is_posted(sell, give, account, words):
    give(300)
    page = sell(act="preview")
    assert page.status_code == 200
    said = words(page)
    assert "Баланс 300 баллов = 300 ₽" in said
    assert "Начислить 50 баллов" in said
    assert "До 300 баллов = 300 ₽: к оплате останется 700 ₽, начислится 35 баллов" in said
    assert 'name="points"' in page.text and 'value="300"' in page.text
    assert account() == (300, 0, 0)


def test_a_new_customer_is_named_so_before_points_are_given_away(app, cast, sell, purchases, words):
    phone = make_phone()
    asked = sell(customer=phone, name="Пётр")
    assert asked.status_code == 422
    assert "Новый клиент" in words(asked) and "нажмите ещё раз" in words(asked)
    assert 'value="Пётр"' in asked.text and f'name="met" value="{phone}"' in asked.text
    assert purchases() == []
    assert sell(customer=phone, name="Пётр", met=phone).status_code == 303
    with app.app_context():
        names = db.session.scalars(
            db.select(Membership.name).where(Membership.partner_id == cast.ours.partner_id)
        ).all()
    assert "Пётр" in names


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"customer": "12345"}, "не похоже на номер телефона"),
        ({"customer": ""}, "не похоже на номер телефона"),
        ({"customer": "Иван"}, "телефон, номер карты или шесть цифр кода"),
        ({"customer": "9643 1000 0000 0010"}, "Никого не нашли"),
        ({"customer": "000000"}, "Код уже использован или истёк"),
        ({"amount": ""}, "Введите сумму"),
        ({"amount": "0"}, "Введите сумму"),
        ({"amount": "1,000.50"}, "Введите сумму"),
        ({"receipt": "7" * 201}, "до 120 знаков"),
    ],
)
def test_what_cannot_be_posted_is_said_and_what_was_typed_stays(sell, purchases, words, typed, said):
    answer = sell(**{"amount": "1234", "receipt": "77"} | typed)
    assert answer.status_code == 422
    assert said in words(answer)
    kept = {"amount": "1234", "receipt": "77"} | typed
    assert all(f'value="{value}"' in answer.text for value in kept.values() if value)
    assert purchases() == []


def test_a_form_sent_twice_posts_once(sell, account, last_id):
    deed = str(uuid.uuid4())
    answers = [sell(deed=deed) for _ in range(3)]
    assert len({last_id(answer) for answer in answers}) == 1
    assert account() == (50, 0, 1)


def test_whoever_goes_back_and_types_another_purchase_posts_that_one_by_pressing_again(sell, account, values, words):
    deed = str(uuid.uuid4())
    sell("1000", deed=deed)
    answer = sell("2000", deed=deed)
    assert answer.status_code == 422
    assert "уже проведена" in words(answer)
    fresh = values(answer)
    assert fresh["amount"] == "2000" and fresh["deed"] != deed
    assert account() == (50, 0, 1)
    assert sell("2000", deed=fresh["deed"]).status_code == 303
    assert account() == (150, 0, 2)


def test_a_customers_code_or_the_address_of_their_qr_pays_once(sell, show_code, account, words):
    code, deed = show_code(), str(uuid.uuid4())
    assert sell(act="live", customer=code).status_code == 200
    assert sell(customer=f"https://kopilka.example/partner?code={code}", deed=deed).status_code == 303
    assert sell(customer=f"https://kopilka.example/partner?code={code}", deed=deed).status_code == 303
    again = sell(customer=code)
    assert again.status_code == 422 and "Код уже использован или истёк" in words(again)
    assert account() == (50, 0, 1)


def test_a_code_that_reserved_points_reserves_no_more(sell, give, show_code, account, words):
    give(300)
    code = show_code()
    assert sell(act="hold", customer=code, points="100").status_code == 303
    again = sell(act="hold", customer=code, points="100")
    assert again.status_code == 422 and "Код уже использован или истёк" in words(again)
    assert account() == (300, 100, 0)


def test_the_qr_of_a_customer_opens_the_till_with_their_code(desk, show_code, words):
    code = show_code()
    page = desk("cashier").get(f"/partner?code={code}")
    assert f'value="{code}"' in page.text
    assert "Баланс 0 баллов" in words(page)


def test_a_question_while_somebody_types_is_never_an_error(sell, words):
    for typed in ({"customer": "+7 91"}, {"amount": "1000,"}, {"amount": "тысяча"}, {"customer": "000000"}):
        assert sell(act="live", **typed).status_code == 200
    assert "Код уже использован или истёк" in words(sell(act="live", customer="000000"))


def test_a_receipt_number_of_another_purchase_is_refused_at_its_field(sell, words):
    assert sell("1000", receipt="77").status_code == 303
    assert sell("1000", receipt="77").status_code == 303
    other = sell("1001", receipt="77")
    assert other.status_code == 422
    assert "Номер чека: Чек с таким номером уже есть, и он другой" in words(other)


def test_with_several_branches_one_is_chosen_and_remembered(app, cast, desk, sell, purchases, values, words):
    with app.app_context(), transaction():
        second = make_branch(db.session.get_one(Partner, cast.ours.partner_id), "У вокзала").id
    owner = desk("owner")
    asked = sell(browser=owner)
    assert asked.status_code == 422 and "У вокзала" in words(asked)
    assert sell(browser=owner, branch=str(second)).status_code == 303
    assert purchases()[-1].branch_id == second
    assert values(owner.get("/partner"))["branch"] == str(second)
    foreign = sell(browser=owner, branch=str(cast.theirs.branch_id))
    assert foreign.status_code == 422
    assert sell().status_code == 303
    assert purchases()[-1].branch_id == cast.ours.branch_id, "a cashier sells at their own"


def test_the_only_branch_is_nobodys_question(cast, desk, sell, purchases):
    assert "<select" not in desk("owner").get("/partner").text
    sell(browser=desk("owner"))
    assert purchases()[-1].branch_id == cast.ours.branch_id


def test_people_who_take_no_money_are_led_to_what_they_may_see(desk):
    for role, home in (("ai_marketer", "/partner/customers"), ("content_manager", "/partner/programme")):
        answer = desk(role).get("/partner")
        assert (answer.status_code, answer.headers["Location"]) == (303, home)


def test_a_dismissed_cashier_and_one_of_a_suspended_partner_get_a_clear_page(app, cast, desk, sell, words):
    cashier = desk("cashier")
    assert cashier.get("/partner").status_code == 200
    with app.app_context(), transaction():
        partner = db.session.get_one(Partner, cast.ours.partner_id)
        partner.state = "suspended"
    suspended = sell(browser=cashier)
    assert suspended.status_code == 403
    assert "приостановлен" in words(suspended)
    with app.app_context(), transaction():
        db.session.get_one(Partner, cast.ours.partner_id).state = "active"
        mine = Staff.customer_id == cast.ours.staff["cashier"].customer_id
        staff.dismiss(cast.ours.partner_id, db.session.scalars(db.select(Staff.id).where(mine)).one(), None, utcnow())
    dismissed = cashier.get("/partner")
    assert dismissed.status_code == 403
    assert "попросите владельца" in words(dismissed)


def test_the_tills_pages_ask_the_database_little(app, cast, desk, sell, give, last_id):
    give(500)
    cashier = desk("cashier")
    for _ in range(7):
        done = sell(browser=cashier)
    looks = {
        "/partner": lambda: cashier.get("/partner"),
        "with a customer": lambda: cashier.get(f"/partner?customer={cast.ours.member.customer_id}&amount=1000"),
        "done": lambda: cashier.get(done.headers["Location"]),
        "live": lambda: cashier.client.post(
            "/partner", data={"csrf_token": token, "customer": cast.ours.phone, "amount": "1000", "act": "live"}
        ),
    }
    token = cashier.token()
    for name, look in looks.items():
        with app.app_context(), counted_statements() as statements:
            assert look().status_code == 200
        assert len(statements) <= 13, (name, len(statements), statements)


def test_a_till_shows_its_latest_purchases(desk, sell, words):
    cashier = desk("cashier")
    for amount in ("111", "222", "333"):
        sell(amount, browser=cashier)
    said = words(cashier.get("/partner"))
    assert said.index("333 ₽") < said.index("222 ₽") < said.index("111 ₽")


def test_times_are_those_of_the_partners_clock(app, cast, desk, sell):
    with app.app_context(), transaction():
        db.session.get_one(Partner, cast.ours.partner_id).timezone = "Asia/Vladivostok"
    sell()
    here = (utcnow() + timedelta(hours=10)).strftime("%H:")
    assert f", {here}" in desk("cashier").get("/partner").text


def test_services_fill_the_sum_which_may_be_corrected_and_stay_in_the_purchase(app, cast, desk, sell, purchases, words):
    with app.app_context(), transaction():
        shop = db.session.get_one(Partner, cast.ours.partner_id)
        drafts = [
            services.read_draft(name="Стрижка", price="1500", category="Волосы"),
            services.read_draft(name="Для своих", price="700", is_hidden=True),
        ]
        cut, tip = (str(services.make(shop, one, by=None, now=utcnow()).id) for one in drafts)
    page = desk("cashier").get("/partner")
    assert "Для своих" in words(page), "hidden from customers, not from the till"
    seen = sell("", act="live", service=[cut, tip])
    assert "Начислить 110 баллов" in words(seen)
    assert sell("", act="preview", service=[cut, tip]).text.count(" checked>") == 2
    assert sell("", service=[cut, tip]).status_code == sell("1000", service=[cut]).status_code == 303
    assert [one.amount for one in purchases()] == [2200, 1000]
    refused = sell("", service=[str(uuid.uuid4())])
    assert refused.status_code == 422 and "Такой услуги нет" in words(refused)
    assert sell("", service=["what"]).status_code == 422
    assert len(purchases()) == 2

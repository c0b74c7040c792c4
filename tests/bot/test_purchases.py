"""Purchases in the bot: the list, one of them, undoing it within a minute, and returning it later."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from loyalty import sales, staff
from loyalty.clock import utcnow
from loyalty.customers import find_member
from loyalty.identities import Identifier
from models import db, transaction
from models.ledger import Purchase
from models.partner import Branch, Partner, Staff
from tests.bot.counter import balance, button, change_rules, count_purchases, labels, plain, spend
from tests.bot.rooms import Chat, make_cashier
from tests.factories import make_branch, make_customer, make_member, make_partner


def sell(cashier, shop, line="500 {phone}"):
    """Post a sale and stand before its result; the purchase's id."""
    cashier.say(line.format(phone=shop.phone))
    cashier.press(cashier.data()[0])
    return button(cashier, "Возврат").split(":")[1]


def make_old(app, shop, by=sales.UNDO_WITHIN):
    """Time passes."""
    with app.app_context(), transaction():
        for purchase in db.session.scalars(db.select(Purchase).where(Purchase.partner_id == shop.id)):
            purchase.created_at -= by


@pytest.fixture
def foreign(app):
    """A purchase of 100 at another partner."""
    with app.app_context(), transaction():
        partner = make_partner()
        return post(partner, make_member(partner).customer_id, "100.00")


def post(partner, customer_id, amount, *, branch_id=None, receipt_id=None, ago=timedelta()):
    caller = sales.Caller("counter", "manual", actor=None)
    sale = sales.post_transaction(
        partner,
        Identifier("customer_id", str(customer_id)),
        sales.Basket(Decimal(amount)),
        kind="accrual",
        caller=caller,
        key=f"{amount}{receipt_id}{ago}",
        now=utcnow() - ago,
        branch_id=branch_id,
        receipt_id=receipt_id,
    )
    return sale.purchase_id.hex


# Undo


def test_a_mistake_is_undone_within_a_minute_by_the_button_of_the_result(app, cashier, shop):
    sell(cashier, shop, "500 -200 {phone}")
    assert labels(cashier) == ["↩️ Отменить", "💸 Возврат"] and balance(app, shop) == 65
    said = plain(cashier.press(button(cashier, "Отменить")))
    assert "Покупка отменена" in said and "Баланс: 250 баллов" in said and not cashier.data()
    assert balance(app, shop) == 250


def test_undoing_twice_is_undoing_once(app, cashier, shop):
    sell(cashier, shop)
    undo = button(cashier, "Отменить")
    assert cashier.press(undo) == cashier.press(undo)
    assert balance(app, shop) == 250


def test_after_a_minute_the_undo_says_what_to_do_instead(app, cashier, shop):
    sell(cashier, shop)
    undo = button(cashier, "Отменить")
    make_old(app, shop)
    assert "Оформите возврат" in cashier.press(undo)
    assert balance(app, shop) == 275
    assert "Сколько вернуть?" in cashier.press(button(cashier, "Возврат"))


def test_what_was_returned_is_not_undone_besides(app, cashier, shop):
    purchase = sell(cashier, shop)
    cashier.press(f"refund_all:{purchase}")
    cashier.press(cashier.data()[0])
    assert "уже всё возвращено" in cashier.press(f"undo:{purchase}")
    assert "уже всё возвращено" in cashier.press(f"refund:{purchase}")
    assert "уже всё возвращено" in cashier.press(f"refund_all:{purchase}")
    assert balance(app, shop) == 250


# Refunds


def test_a_whole_purchase_is_returned_after_a_look_and_a_press(app, cashier, shop):
    sell(cashier, shop, "500 -200 {phone}")
    said = plain(cashier.press(button(cashier, "Возврат")))
    assert "до 500,00 ₽" in said and labels(cashier) == ["Всё: 500,00 ₽"]
    said = plain(cashier.press(cashier.data()[0]))
    assert "Возврат 500,00 ₽ из чека 500,00 ₽" in said and "Отдать деньгами: 300,00 ₽" in said
    assert "Вернётся списанное: 200 баллов" in said and "Снимется начисленное: 15 баллов" in said
    assert "Баланс: 65 → 250 баллов" in said and labels(cashier) == ["✅ Вернуть 500,00 ₽", "✖️ Отмена"]
    assert balance(app, shop) == 65, "a look moves nothing"
    refund = cashier.data()[0]
    said = plain(cashier.press(refund))
    assert "Отдайте клиенту 300,00 ₽" in said and "возвращена целиком" in said and "Баланс: 250 баллов" in said
    assert plain(cashier.press(refund)) == said
    assert balance(app, shop) == 250


def test_a_part_is_returned_by_its_sum_and_the_rest_later(app, cashier, shop):
    sell(cashier, shop)
    make_old(app, shop)
    cashier.press(button(cashier, "Возврат"))
    for text, says in (
        ("сто", "Напишите сумму"),
        ("-5", "Напишите сумму"),
        ("501", "не больше 500,00"),
        ("0", "сумму"),
    ):
        assert says in plain(cashier.say(text))
    said = plain(cashier.say("100,00"))
    assert "Отдать деньгами: 100,00 ₽" in said and "Снимется начисленное: 5 баллов" in said
    said = plain(cashier.press(cashier.data()[0]))
    assert "Начислено 20 баллов" in said and "Возврат " in said and "Ещё можно вернуть: 400,00 ₽" in said
    assert balance(app, shop) == 270
    cashier.press(button(cashier, "Возврат"))
    cashier.press(button(cashier, "Всё: 400,00 ₽"))
    cashier.press(cashier.data()[0])
    assert balance(app, shop) == 250


def test_a_refund_is_carried_out_once_however_often_it_is_pressed(app, cashier, shop):
    purchase = sell(cashier, shop)
    cashier.press(f"refund:{purchase}")
    cashier.say("100")
    refund = cashier.data()[0]
    first = cashier.press(refund)
    assert "Отдайте клиенту" in first and cashier.press(refund) == first == cashier.press(refund, message=None)
    assert balance(app, shop) == 270


def test_a_refund_that_was_given_up_returns_nothing(app, cashier, shop):
    purchase = sell(cashier, shop)
    cashier.press(f"refund_all:{purchase}")
    now, no = cashier.data()
    assert "ничего не изменилось" in cashier.press(no) and "Начислено" in plain(cashier.replies[0]["text"])
    assert "больше не действует" in cashier.press(now)
    assert balance(app, shop) == 275


def test_a_refund_that_would_do_something_else_by_now_is_shown_again(app, cashier, shop):
    change_rules(app, shop, {"clawback": "within_balance"})
    purchase = sell(cashier, shop)
    cashier.press(f"refund_all:{purchase}")
    first = cashier.data()[0]
    spend(app, shop, 265)
    said = plain(cashier.press(first))
    assert "условия изменились" in said and "Снимется начисленное: 10 баллов" in said
    assert "Снять не удастся: 15 баллов" in said and balance(app, shop) == 10
    cashier.press(cashier.data()[0])
    assert balance(app, shop) == 0


def test_of_two_refunds_of_the_whole_one_is_carried_out(app, cashier, shop):
    purchase = sell(cashier, shop)
    cashier.press(f"refund_all:{purchase}")
    first = cashier.data()[0]
    cashier.press(f"refund_all:{purchase}")
    cashier.press(cashier.data()[0])
    assert "не больше 0,00" in plain(cashier.press(first))
    assert balance(app, shop) == 250


def test_a_refund_that_leads_below_zero_says_so(app, cashier, shop):
    purchase = sell(cashier, shop)
    spend(app, shop, 275)
    said = plain(cashier.press(f"refund_all:{purchase}"))
    assert "Баланс: 0 → −25 баллов" in said and "уйдёт в минус" in said


def test_nobody_returns_by_another_persons_button_or_after_the_dismissal(app, taker, cashier, shop, cafe):
    purchase = sell(cashier, shop)
    cashier.press(f"refund_all:{purchase}")
    refund = cashier.data()[0]
    colleague = Chat(app, taker)
    make_cashier(app, colleague, cafe)
    assert "больше не действует" in colleague.press(refund)
    assert "Сколько вернуть?" in colleague.press(f"refund:{purchase}"), "a colleague may return the purchase"
    with app.app_context(), transaction():
        staff.dismiss(shop.id, cashier.staff_id, by=None, now=utcnow())
    for data in (refund, f"undo:{purchase}", f"refund:{purchase}", f"purchase:{purchase}"):
        assert "Это для сотрудников" in cashier.press(data)
    assert balance(app, shop) == 275


@pytest.mark.parametrize("action", ["undo", "refund", "refund_all", "purchase"])
def test_a_foreign_partners_purchase_is_none(app, cashier, foreign, action):
    assert "Такого чека здесь нет" in cashier.press(f"{action}:{foreign}")
    assert "Такого чека здесь нет" in cashier.press(f"{action}:{'0' * 32}")


@pytest.mark.parametrize(
    "data", ["undo:", "undo:1", f"refund_now:{'0' * 32}", f"refund_no:{'f' * 32}", "purchases:0:xyz"]
)
def test_purchase_data_made_by_hand_is_answered(cashier, data):
    assert cashier.press(data)


def test_a_sales_button_is_no_refunds_button(app, cashier, shop):
    cashier.say(f"500 {shop.phone}")
    sale = cashier.data()[0].split(":")[1]
    assert "больше не действует" in cashier.press(f"refund_now:{sale}")
    purchase = sell(cashier, shop)
    cashier.press(f"refund_all:{purchase}")
    refund = cashier.data()[0].split(":")[1]
    assert "больше не действует" in cashier.press(f"sale:{refund}")
    assert balance(app, shop) == 275 and count_purchases(app, shop) == 1


@pytest.mark.parametrize("role", ["ai_marketer"])
def test_who_only_looks_takes_nothing_back(app, chat, shop, cafe, role):
    with app.app_context(), transaction():
        purchase = post(db.session.get_one(Partner, cafe.id), shop.customer, "500.00")
    make_cashier(app, chat, cafe, role)
    said = chat.press(f"purchase:{purchase}")
    assert "Иван" in said and "•••" not in said and labels(chat) == ["← Чеки"]
    for action in ("undo", "refund", "refund_all"):
        assert "роль этого не позволяет" in chat.press(f"{action}:{purchase}")


# The list


def test_purchases_are_listed_page_by_page_the_latest_first(app, cashier, shop, cafe, foreign):
    assert "Чеков пока нет" in cashier.say("🧾 Чеки")
    with app.app_context(), transaction():
        partner = db.session.get_one(Partner, cafe.id)
        for n in range(1, 19):
            post(partner, shop.customer, f"{n}00.00", ago=timedelta(minutes=n))
    first = plain(cashier.say("🧾 Чеки"))
    assert (
        "1. Иван" in first and " · 100,00 ₽ · +5 баллов" in first and " 800,00 ₽" in first and " 900,00 ₽" not in first
    )
    second = plain(cashier.press(button(cashier, "Дальше")))
    assert " 900,00 ₽" in second and "edit" in cashier.replies[0]
    third = plain(cashier.press(button(cashier, "Дальше")))
    assert " 1 800,00 ₽" in third and not any("Дальше" in label for label in labels(cashier))
    assert " 900,00 ₽" in plain(cashier.press(button(cashier, "Назад")))
    said = plain(cashier.press(cashier.data()[0]))
    assert "Чек 900,00 ₽" in said and "Баланс: " in said
    assert "1. Иван" in cashier.press(button(cashier, "← Чеки"))


def test_purchases_are_found_by_receipt_and_by_customer(app, cashier, shop, cafe):
    with app.app_context(), transaction():
        partner = db.session.get_one(Partner, cafe.id)
        other = make_member(partner, make_customer(), name="Пётр").customer_id
        post(partner, other, "700.00", receipt_id="А-17")
        post(partner, shop.customer, "500.00")
    cashier.say("🧾 Чеки")
    assert "чек А-17" in cashier.say("А-17") and "Пётр" in cashier.say("А-17")
    for query in ("иван", shop.phone, shop.phone[-7:], str(shop.customer)):
        said = plain(cashier.say(query))
        assert "500,00 ₽" in said and "700,00 ₽" not in said, query
    assert "700,00 ₽" in plain(cashier.press(f"purchases_of:{other.hex}"))
    for nothing in ("Б-1", "я" * 5000, "{}", "%", "🦊"):
        assert "не нашлось" in cashier.say(nothing)


def test_a_page_of_a_search_that_was_given_up_is_out_of_date(app, cashier, shop, cafe):
    with app.app_context(), transaction():
        for n in range(1, 11):
            post(db.session.get_one(Partner, cafe.id), shop.customer, f"{n}00.00")
    cashier.say("🧾 Чеки")
    cashier.say("иван")
    more = button(cashier, "Дальше")
    cashier.say("❓ Помощь")
    assert "список устарел" in cashier.press(more)


def test_a_bound_cashier_sees_the_purchases_of_their_branch(app, cashier, shop, cafe):
    with app.app_context(), transaction():
        partner = db.session.get_one(Partner, cafe.id)
        here = db.session.scalars(db.select(Branch).where(Branch.partner_id == cafe.id)).one().id
        there = make_branch(partner, "Там").id
        post(partner, shop.customer, "500.00", branch_id=here)
        hidden = post(partner, shop.customer, "700.00", branch_id=there)
        db.session.get_one(Staff, (cafe.id, cashier.staff_id)).branch_id = here
    said = plain(cashier.say("🧾 Чеки"))
    assert "500,00 ₽" in said and "700,00 ₽" not in said
    for action in ("purchase", "undo", "refund", "refund_all"):
        assert "Такого чека здесь нет" in cashier.press(f"{action}:{hidden}")


def test_a_card_tells_what_a_purchase_was_and_what_came_back(app, cashier, shop, cafe):
    with app.app_context(), transaction():
        purchase = post(db.session.get_one(Partner, cafe.id), shop.customer, "500.00", receipt_id="А-17")
    cashier.press(f"refund:{purchase}")
    cashier.say("100")
    cashier.press(cashier.data()[0])
    said = plain(cashier.press(f"purchase:{purchase}"))
    for part in ("Номер чека: А-17", "Точка: Главный", "100,00 ₽, деньгами 100,00 ₽, −5 баллов", "вернуть: 400,00 ₽"):
        assert part in said, part
    assert "возврат 100,00 ₽" in plain(cashier.say("🧾 Чеки"))
    with app.app_context():
        partner = db.session.get_one(Partner, cafe.id)
        assert find_member(partner, Identifier("customer_id", str(shop.customer)))[1].balance == 270


def test_purchases_are_told_in_english_too(app, cashier, shop):
    purchase = sell(cashier, shop)
    with app.app_context(), transaction():
        cashier.owner.locale = "en"
    assert "Latest purchases, page 1" in cashier.say("🧾 Purchases")
    assert "Credited: 25 points" in plain(cashier.press(f"purchase:{purchase}"))
    assert "A return of ₽500.00" in plain(cashier.press(f"refund_all:{purchase}"))
    assert "Hand back ₽500.00" in plain(cashier.press(cashier.data()[0]))


def test_the_purchases_of_somebody_are_headed_by_the_name(app, cashier, shop):
    assert "По «Иван» чеков не нашлось" in cashier.press(f"purchases_of:{shop.customer.hex}")
    sell(cashier, shop)
    assert "🧾 «Иван»" in cashier.press(f"purchases_of:{shop.customer.hex}")


def test_the_question_for_a_sum_ends_when_nothing_is_left_to_return(cashier, shop):
    purchase = sell(cashier, shop)
    cashier.press(f"refund:{purchase}")
    cashier.press(f"undo:{purchase}")
    said = cashier.say("100")
    assert "уже всё возвращено" in said and "Покупка отменена" in said
    assert "Не понял" in cashier.say("100")

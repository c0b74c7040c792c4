"""The till in the bot: raw updates in, replies and the ledger's state out."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import UUID

import pytest

from bot.rooms import doors
from bot.taking import Taker
from loyalty import drafts, ledger, spending, staff
from loyalty.cards import new_card_number
from loyalty.clock import utcnow
from loyalty.customers import find, membership_of
from loyalty.identities import Identifier
from models import db, transaction
from models.customer import Customer
from models.ledger import Purchase
from models.partner import Branch, Partner, Staff
from models.telegram import Draft
from tests.bot.counter import (
    balance,
    button,
    change_rules,
    count_purchases,
    labels,
    let_codes_end,
    plain,
    show_code,
    spend,
)
from tests.bot.rooms import Chat, make_cashier, make_known
from tests.factories import identity_of, make_branch, make_customer, make_member, make_partner, make_phone

# One line


def test_one_line_credits_by_phone_after_a_look_and_a_press(app, cashier, shop):
    said = plain(cashier.say(f"500 {shop.phone}"))
    assert "Эспрессо" in said and "Иван" in said and "Чек: 500,00 ₽" in said
    assert "5 % от 500,00 ₽ = 25 баллов" in said and "Начислится 25 баллов" in said
    assert "Баланс: 250 → 275 баллов" in said
    assert shop.phone not in said, "a chat stays on the phone of whoever was staff once"
    assert labels(cashier)[0] == "✅ Начислить 25 баллов"
    assert balance(app, shop) == 250, "a look moves nothing"
    said = plain(cashier.press(cashier.data()[0]))
    assert "edit" in cashier.replies[0], "the preview became the result"
    assert "Начислено 25 баллов" in said and "Баланс: 275 баллов" in said
    assert balance(app, shop) == 275 and count_purchases(app, shop) == 1


def test_a_press_that_comes_again_posts_nothing_twice_and_says_what_was_done(app, cashier, shop):
    cashier.say(f"500 {shop.phone}")
    data = cashier.data()[0]
    first = cashier.press(data)
    assert cashier.press(data) == first
    assert plain(cashier.press(data, message=None)).startswith("✅ Начислено 25 баллов"), "under no message at all"
    assert balance(app, shop) == 275 and count_purchases(app, shop) == 1


def test_two_lines_at_once_are_two_previews_and_each_is_posted_once(app, cashier, shop):
    cashier.say(f"500 {shop.phone}")
    first = cashier.data()[0]
    cashier.say(f"500 {shop.phone}")
    second = cashier.data()[0]
    for data in (second, first, second, first):
        cashier.press(data)
    assert balance(app, shop) == 300 and count_purchases(app, shop) == 2


def test_a_button_from_before_a_restart_still_works(app, taker, cashier, shop):
    cashier.say(f"500 {shop.phone}")
    cashier._taker = Taker(app, taker._api, respond=doors.respond, refuse=doors.refuse, apologise=doors.apologise)
    assert "Начислено" in cashier.press(cashier.data()[0])
    assert balance(app, shop) == 275


def test_an_old_button_posts_nothing_and_says_so(app, cashier, shop):
    cashier.say(f"500 {shop.phone}")
    data = cashier.data()[0]
    with app.app_context(), transaction():
        db.session.get_one(Draft, (shop.id, UUID(data.split(":")[1]))).created_at -= drafts.GOOD_FOR
    assert "больше не действует" in cashier.press(data)
    assert balance(app, shop) == 250


def test_what_was_given_up_cannot_be_posted(app, cashier, shop):
    cashier.say(f"500 {shop.phone}")
    confirm = cashier.data()[0]
    assert "ничего не изменилось" in cashier.press(button(cashier, "Отмена"))
    assert "больше не действует" in cashier.press(confirm)
    assert balance(app, shop) == 250


def test_nobody_posts_by_another_persons_button(app, taker, cashier, shop, cafe):
    colleague, stranger = Chat(app, taker), Chat(app, taker)
    make_cashier(app, colleague, cafe)
    cashier.say(f"500 {shop.phone}")
    data = cashier.data()[0]
    assert "больше не действует" in colleague.press(data)
    assert "Пока мы не знакомы" in stranger.press(data)
    make_known(app, stranger, cafe)
    assert "Это для сотрудников" in stranger.press(data)
    assert balance(app, shop) == 250
    cashier.press(data)
    assert "больше не действует" in colleague.press(data), "a colleague's sale is not shown by its button either"
    assert balance(app, shop) == 275


@pytest.mark.parametrize(
    "data",
    ["sale:", "sale:1", f"sale:{'0' * 32}", f"sale:{'G' * 32}", f"sale_no:{'f' * 32}", f"branch:{'0' * 32}", "most:5"],
)
def test_till_data_made_by_hand_is_answered_and_moves_nothing(app, cashier, shop, data):
    assert cashier.press(data)
    assert count_purchases(app, shop) == 0


def test_a_dismissed_cashiers_keyboard_buttons_and_lines_are_worth_nothing(app, cashier, shop):
    cashier.say(f"500 {shop.phone}")
    data = cashier.data()[0]
    with app.app_context(), transaction():
        staff.dismiss(shop.id, cashier.staff_id, by=None, now=utcnow())
    for said in (cashier.press(data), cashier.say("➕ Начислить"), cashier.say(f"500 {shop.phone}")):
        assert "Это для сотрудников" in said
    assert balance(app, shop) == 250


def test_somebody_dismissed_in_the_middle_of_a_sale_is_told_so(app, cashier, shop):
    cashier.say("➕ Начислить")
    cashier.say(shop.phone)
    with app.app_context(), transaction():
        staff.dismiss(shop.id, cashier.staff_id, by=None, now=utcnow())
    assert "Это для сотрудников" in cashier.say("500")
    assert count_purchases(app, shop) == 0


def test_nothing_is_posted_at_a_suspended_partner(app, cashier, shop):
    cashier.say(f"500 {shop.phone}")
    data = cashier.data()[0]
    with app.app_context(), transaction():
        db.session.get_one(Partner, shop.id).state = "suspended"
    for said in (cashier.press(data), cashier.say("➕ Начислить"), cashier.say(f"500 {shop.phone}")):
        assert "приостановлена" in said
    assert balance(app, shop) == 250


@pytest.mark.parametrize("role", ["ai_marketer", "content_manager"])
def test_roles_that_take_no_money_have_no_till(app, chat, shop, cafe, role):
    make_cashier(app, chat, cafe, role)
    for said in (chat.say(f"500 {shop.phone}"), chat.say("➕ Начислить"), chat.say(f"-200 {shop.phone}")):
        assert "роль этого не позволяет" in said
    assert count_purchases(app, shop) == 0


def test_a_customer_who_writes_such_a_line_is_told_whom_it_is_for(app, chat, shop, cafe):
    make_known(app, chat, cafe)
    assert "Это для сотрудников" in chat.say(f"500 {shop.phone}")
    assert count_purchases(app, shop) == 0


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("сто {phone}", "Не разобрал сумму «сто»"),
        ("1e9 {phone}", "Не разобрал сумму «1e9»"),
        ("12,345 {phone}", "Не разобрал сумму «12,345»"),
        ("12.345 {phone}", "Не разобрал сумму «12.345»"),
        ("0 {phone}", "Не разобрал сумму «0»"),
        ("0,001 {phone}", "Не разобрал сумму «0,001»"),
        ("５００ {phone}", "Не разобрал сумму «５００»"),
        ("007 {phone}", "Не разобрал сумму «007»"),
        ("+500 {phone}", "Не разобрал сумму «+500»"),
        ("-0 {phone}", "Не разобрал сумму «-0»"),
        ("-200,50 {phone}", "Не разобрал сумму «-200,50»"),
        ("10 000 000 000 {phone}", "больше 10 000 000,00 ₽"),
        ("500{phone}", "Поставьте пробел между «500»"),
        ("500 +7916", "Не разобрал, кому: «+7916»"),
        ("500 {phone} привет", "Не разобрал, кому"),
        ("500 12345", "Не разобрал, кому: «12345»"),
        ("89161 234567", "можно прочитать по-разному"),
    ],
)
def test_a_line_that_cannot_be_read_is_explained_and_moves_nothing(app, cashier, shop, line, says):
    said = plain(cashier.say(line.format(phone=shop.phone)))
    assert says in said and "500 +79161234567" in said
    assert not cashier.data() and count_purchases(app, shop) == 0


def test_lines_are_understood_and_explained_in_the_middle_of_a_search_too(cashier, shop):
    for begin in ("🧾 Чеки", "🔎 Клиенты"):
        cashier.say(begin)
        assert "Не разобрал сумму «сто»" in cashier.say(f"сто {shop.phone}")
        assert "Начислится 25 баллов" in plain(cashier.say(f"500 {shop.phone}"))
        assert "Не разобрал" not in cashier.say("916 1234"), "a part of a phone is looked for"


def test_another_rooms_question_gets_its_answer_even_with_a_phone_in_it(app, chat, shop, cafe):
    make_cashier(app, chat, cafe, "owner")
    chat.press(f"rename:{shop.customer.hex}")
    assert "Записано" in chat.say(f"Иван {shop.phone}")


@pytest.mark.parametrize("text", ["5" * 5000, "5 " * 2500, "я" * 5000])
def test_a_text_of_five_thousand_characters_is_no_line(app, cashier, shop, text):
    assert "Не понял" in cashier.say(text)
    assert "Не понял" in cashier.say(f"500 {shop.phone} {text}")
    assert count_purchases(app, shop) == 0


@pytest.mark.parametrize(
    ("write", "amount"),
    [
        (lambda phone: f"500 8{phone[2:]}", "500,00 ₽"),
        (lambda phone: f"1 250,50 +7 {phone[2:5]} {phone[5:8]}-{phone[8:10]}-{phone[10:]}", "1 250,50 ₽"),
        (lambda phone: f"1\N{NO-BREAK SPACE}250.5 ₽ {phone[2:]}", "1 250,50 ₽"),
        (lambda phone: f"{phone} 500", "500,00 ₽"),
        (lambda phone: f"8{phone[2:]} 1 250", "1 250,00 ₽"),
        (lambda phone: f"+7 {phone[2:5]} {phone[5:]} 1 250", "1 250,00 ₽"),
        (lambda phone: f"  500\n{phone}  ", "500,00 ₽"),
    ],
)
def test_a_line_is_understood_however_people_write_it(cashier, shop, write, amount):
    said = plain(cashier.say(write(shop.phone)))
    assert f"Чек: {amount}" in said and "Иван" in said and cashier.data(), said


def test_a_phone_alone_is_no_sale(cashier):
    for phone in ("8 916 123-45-67", "+7 916 123 45 67", "916 123 45 67"):
        assert "Не понял" in cashier.say(phone)


def test_a_card_and_a_customer_id_will_do_for_the_phone(app, cashier, shop):
    for who in (shop.card, " ".join(shop.card[n : n + 4] for n in range(0, 16, 4)), shop.customer):
        assert "Иван" in cashier.say(f"500 {who}")


def test_whoever_is_unknown_by_phone_becomes_a_customer_by_being_credited(app, cashier, shop):
    phone = make_phone()
    said = plain(cashier.say(f"500 {phone}"))
    assert f"Новый клиент: {phone}" in said and "Баланс: 0 → 25 баллов" in said
    with app.app_context():
        assert find(Identifier("phone", phone)) is None, "a look makes nobody"
    assert "Начислено 25 баллов" in plain(cashier.press(cashier.data()[0]))
    with app.app_context():
        new = find(Identifier("phone", phone)).id
    assert balance(app, shop, new) == 25


def test_a_card_that_was_never_issued_is_nobodys(cashier, shop):
    assert "Никого не нашлось" in cashier.say(f"500 {new_card_number()}")


def test_points_alone_pay_a_whole_check(app, cashier, shop):
    said = plain(cashier.say(f"−200 {shop.phone}"))
    assert "Спишется 200 баллов = 200,00 ₽" in said and "Чек: 200,00 ₽" in said and "деньгами: 0,00 ₽" in said
    assert "Баланс: 250 → 50 баллов" in said and labels(cashier)[0] == "✅ Списать 200 баллов"
    said = plain(cashier.press(cashier.data()[0]))
    assert "Списано 200 баллов" in said and "Баланс: 50 баллов" in said
    assert balance(app, shop) == 50
    with app.app_context():
        assert db.session.scalars(db.select(Purchase).where(Purchase.partner_id == shop.id)).one().kind == "redemption"


def test_points_are_spent_on_a_check_and_the_rest_is_credited_in_one_line(app, cashier, shop):
    said = plain(cashier.say(f"500 -200 {shop.phone}"))
    assert "Чек: 500,00 ₽" in said and "К оплате деньгами: 300,00 ₽" in said and "Начислится 15 баллов" in said
    assert "Баланс: 250 → 65 баллов" in said
    said = plain(cashier.press(cashier.data()[0]))
    assert "Списано 200 баллов, начислено 15 баллов" in said and "деньгами 300,00 ₽" in said
    assert balance(app, shop) == 65


def test_more_than_there_is_cannot_be_asked_for(app, cashier, shop):
    assert "доступно 250" in cashier.say(f"-300 {shop.phone}")
    assert "за раз списывают от 100" in plain(cashier.say(f"-99 {shop.phone}"))
    assert "самое большее — 120" in plain(cashier.say(f"120 -200 {shop.phone}"))
    assert not cashier.data()


def test_somebody_unknown_has_nothing_to_spend(app, cashier, shop):
    phone = make_phone()
    assert "списывать нечего" in cashier.say(f"-200 {phone}")
    with app.app_context():
        assert find(Identifier("phone", phone)) is None


def test_where_points_pay_only_a_part_the_check_is_asked_for(app, cashier, shop):
    change_rules(app, shop, {"max_share": "50"})
    said = plain(cashier.say(f"-200 {shop.phone}"))
    assert "до 50 %" in said and "Сумма чека?" in said
    assert "самое большее — 150" in plain(cashier.say("300"))
    said = plain(cashier.say("400"))
    assert "К оплате деньгами: 200,00 ₽" in said and "Начислится 10 баллов" in said
    cashier.press(cashier.data()[0])
    assert balance(app, shop) == 60


# What changed between the look and the press


def test_rules_that_changed_after_the_look_are_shown_before_anything_is_posted(app, cashier, shop):
    cashier.say(f"500 {shop.phone}")
    old = cashier.data()[0]
    change_rules(app, shop, {"rate": "0.1"})
    said = plain(cashier.press(old))
    assert "условия изменились" in said and "Начислится 50 баллов" in said and balance(app, shop) == 250
    new = cashier.data()[0]
    assert new != old and "больше не действует" in cashier.press(old) and balance(app, shop) == 250
    assert "Начислено 50 баллов" in plain(cashier.press(new))
    assert balance(app, shop) == 300


def test_a_balance_that_fell_after_the_look_is_shown_before_anything_is_posted(app, cashier, shop):
    cashier.say(f"500 -200 {shop.phone}")
    first = cashier.data()[0]
    spend(app, shop, 100)
    said = plain(cashier.press(first))
    assert "условия изменились" in said and "Спишется 150 баллов" in said and balance(app, shop) == 150
    cashier.press(cashier.data()[0])
    assert balance(app, shop) == 17


def test_of_two_lines_that_spend_the_same_points_one_is_posted(app, cashier, shop):
    cashier.say(f"-200 {shop.phone}")
    first = cashier.data()[0]
    cashier.say(f"-200 {shop.phone}")
    cashier.press(cashier.data()[0])
    assert "доступно 50" in cashier.press(first)
    assert balance(app, shop) == 50 and count_purchases(app, shop) == 1


def test_when_nothing_is_left_to_spend_the_check_can_still_be_credited(app, cashier, shop):
    cashier.say(f"500 -200 {shop.phone}")
    first = cashier.data()[0]
    spend(app, shop, 200)
    said = plain(cashier.press(first))
    assert "условия изменились" in said and "Спишется" not in said and "Начислится 25 баллов" in said
    assert labels(cashier)[0] == "✅ Начислить 25 баллов"


# Codes


def test_a_code_is_used_up_by_the_posting_and_not_by_the_look(app, cashier, shop):
    code = show_code(app, shop)
    for line in (f"500 {code}", f"500 {code[:3]} {code[3:]}", f"500 http://localhost:8000/partner?code={code}"):
        assert "Иван" in cashier.say(line)
    first = cashier.data()[0]
    cashier.say(f"300 {code}")
    second = cashier.data()[0]
    cashier.press(first)
    assert "истёк или уже использован" in cashier.press(second)
    assert "истёк или уже использован" in cashier.say(f"300 {code}")
    assert balance(app, shop) == 275 and count_purchases(app, shop) == 1
    assert "Начислено" in cashier.press(first), "what was done is told without the code"


def test_a_code_that_ends_while_the_sum_is_typed_is_still_good_for_this_purchase(app, cashier, shop):
    code = show_code(app, shop)
    cashier.say(f"500 {code}")
    data = cashier.data()[0]
    let_codes_end(app, shop)
    assert "истёк" in cashier.say(f"500 {code}")
    assert "Начислено" in cashier.press(data)
    assert balance(app, shop) == 275


def test_a_code_makes_its_owner_a_customer(app, cashier, cafe, shop):
    with app.app_context(), transaction():
        new = make_customer().id
    code = show_code(app, SimpleNamespace(customer=new))
    assert "тот, кто показал код" in cashier.say(f"500 {code}")
    cashier.press(cashier.data()[0])
    assert balance(app, shop, new) == 25


def test_a_wrong_code_is_refused(cashier):
    assert "истёк или уже использован" in cashier.say("500 000001")


# Step by step


@pytest.mark.parametrize("command", ["➕ Начислить", "/credit", "➕ Credit"])
def test_crediting_step_by_step(app, cashier, shop, command):
    assert "Кому начислить?" in cashier.say(command)
    said = plain(cashier.say(shop.phone))
    assert "Иван" in said and "Баланс: 250 баллов" in said and "Сумма чека?" in said
    assert "Начислится 62 балла" in plain(cashier.say("1 250,50"))
    assert "округлено вниз: 62 балла" in plain(cashier.replies[0]["text"])
    assert "Не понял" in cashier.say("500"), "after the preview nothing is asked"
    cashier.say(f"500 {shop.phone}")
    cashier.press(cashier.data()[0])
    assert balance(app, shop) == 275


def test_spending_step_by_step_credits_the_rest(app, cashier, shop):
    assert "У кого списать?" in cashier.say("➖ Списать")
    cashier.say(shop.phone)
    said = plain(cashier.say("500"))
    assert "можно списать до 250 баллов" in said and labels(cashier) == ["Максимум: 250 баллов"]
    assert "доступно 250" in cashier.say("251") and "за раз списывают от 100" in plain(cashier.say("5"))
    said = plain(cashier.say("100"))
    assert "Спишется 100 баллов" in said and "Начислится 20 баллов" in said and "Баланс: 250 → 170" in said
    cashier.press(cashier.data()[0])
    assert balance(app, shop) == 170


def test_what_the_customer_wishes_to_spend_is_offered_to_who_sees_the_code(app, cashier, shop):
    with app.app_context(), transaction():
        spending.wish(shop.customer, db.session.get_one(Partner, shop.id), 120, utcnow())
    code = show_code(app, shop)
    assert "Хочет списать: 120 баллов" in plain(cashier.say(f"500 {code}"))
    assert "Хочет списать" not in plain(cashier.say(f"500 {shop.phone}"))
    for text in ("➖ Списать", code, "500"):
        cashier.say(text)
    assert labels(cashier) == ["Хочет списать: 120 баллов", "Максимум: 250 баллов"]
    assert "Спишется 120 баллов" in plain(cashier.press(cashier.data()[0]))
    cashier.press(cashier.data()[0])
    with app.app_context():
        assert spending.show(shop.customer, shop.id, utcnow()).state == "spent"


def test_the_most_points_are_spent_by_a_press(app, cashier, shop):
    for text in ("➖ Списать", shop.phone, "500"):
        cashier.say(text)
    most = cashier.data()[0]
    assert "Спишется 250 баллов" in plain(cashier.press(most))
    assert "больше не действует" in cashier.press(most), "the question was answered"
    cashier.say("➖ Списать")
    assert "больше не действует" in cashier.press(most)


def test_a_credit_can_become_a_payment_with_points(app, cashier, shop):
    cashier.say(f"500 {shop.phone}")
    credit, pay = cashier.data()[0], button(cashier, "Оплатить баллами: до 250 баллов")
    assert "Сколько списать?" in plain(cashier.press(pay))
    assert "больше не действует" in cashier.press(credit), "what was shown before is no longer offered"
    said = plain(cashier.say("250"))
    assert "К оплате деньгами: 250,00 ₽" in said and "Начислится 12 баллов" in said
    cashier.press(cashier.data()[0])
    assert balance(app, shop) == 12


def test_whoever_may_spend_nothing_yet_can_be_credited(app, cashier, cafe):
    with app.app_context(), transaction():
        customer = make_customer()
        make_member(db.session.get_one(Partner, cafe.id), customer, name="Новичок")
        phone = identity_of(customer, "phone").value
    for text in ("➖ Списать", phone):
        cashier.say(text)
    said = plain(cashier.say("500"))
    assert "Списать на этот чек нельзя: доступно 0 баллов, за раз списывают от 100 баллов" in said
    assert labels(cashier)[0] == "✅ Начислить 25 баллов"


def test_nobody_unknown_is_asked_how_much_to_spend(cashier, shop):
    cashier.say("➖ Списать")
    assert "списывать нечего" in cashier.say(make_phone())
    assert "Сумма чека?" in cashier.say(shop.phone), "one may answer again"


@pytest.mark.parametrize(
    "text", ["сто", "1e9", "−5", "12,345", "12.345", "0", "0,001", "５００", "🦊", "я" * 5000, "{}", "\u202e500", "١٠٠"]
)
def test_a_sum_that_is_none_is_asked_for_again(app, cashier, shop, text):
    cashier.say("➕ Начислить")
    cashier.say(shop.phone)
    assert "Напишите сумму" in cashier.say(text)
    assert "больше 10 000 000,00 ₽" in plain(cashier.say("10 000 000 000"))
    assert count_purchases(app, shop) == 0
    assert "Начислится 25 баллов" in plain(cashier.say("500"))


@pytest.mark.parametrize("text", ["сто", "1,5", "−100", "0", "1e3", "５００", "я" * 5000])
def test_points_that_are_none_are_asked_for_again(cashier, shop, text):
    for said in ("➖ Списать", shop.phone, "500"):
        cashier.say(said)
    assert "целое число баллов" in cashier.say(text)
    assert "Спишется 100 баллов" in plain(cashier.say("100"))


@pytest.mark.parametrize(
    "text", ["абракадабра", "🦊", "12", "8 000 000 000 0", "+7 916 000", "я" * 5000, "a@b", "   ", "%", "{0}"]
)
def test_whoever_cannot_be_found_is_asked_for_again(app, cashier, shop, text):
    cashier.say("➕ Начислить")
    assert cashier.say(text)
    assert not cashier.data()
    assert "Сумма чека?" in cashier.say(shop.phone)


@pytest.mark.parametrize(
    ("text", "amount"), [("1 250 000", "1 250 000,00 ₽"), ("250 000", "250 000,00 ₽"), ("123456", "123 456,00 ₽")]
)
def test_a_sum_that_was_asked_for_is_no_code(cashier, shop, text, amount):
    cashier.say("➕ Начислить")
    cashier.say(shop.phone)
    assert f"Чек: {amount}" in plain(cashier.say(text))


def test_a_phone_that_was_asked_for_is_no_check_with_a_code(cashier, shop):
    cashier.say("➕ Начислить")
    assert "Иван" in cashier.say(f"{shop.phone[2:6]} {shop.phone[6:]}")


def test_other_buttons_end_what_was_begun(cashier, shop):
    cashier.say("➕ Начислить")
    cashier.say("❓ Помощь")
    assert "Не понял" in cashier.say(shop.phone)


# Who it is


def find_in(chat, text):
    chat.say("➕ Начислить")
    return chat.say(text)


def test_a_customer_is_found_by_card_code_address_id_and_parts_of_name_and_phone(app, cashier, shop):
    code = show_code(app, shop)
    address = f"http://localhost:8000/partner?code={code}"
    for text in (shop.card, code, f"{code[:3]} {code[3:]}", address, str(shop.customer), "ива", shop.phone[-6:-1]):
        said = find_in(cashier, text)
        assert "Иван" in said and "Сумма чека?" in said, text


def test_a_telegram_id_finds_ones_own_customers_only(app, taker, cashier, cafe):
    own, stranger = Chat(app, taker), Chat(app, taker)
    make_known(app, own, cafe, points=77)
    make_known(app, stranger)
    for text in (f"tg {own.id}", f"tg{own.id}", f"id: {own.id}", f"TG {own.id}"):
        assert "77 баллов" in plain(find_in(cashier, text))
    assert "Никого не нашлось" in find_in(cashier, f"tg {stranger.id}")
    assert "Никого не нашлось" in find_in(cashier, "tg 99999")


def test_a_bare_telegram_id_is_understood_where_it_is_no_phone(app, taker, cashier, cafe):
    own = Chat(app, taker)
    own.id = 5_000_000_000 + own.id % 10**6  # no Russian phone begins so
    make_known(app, own, cafe, points=77)
    assert "77 баллов" in plain(find_in(cashier, str(own.id)))


def test_of_several_namesakes_one_is_chosen_by_a_button(app, cashier, shop, cafe):
    name = "Анна 🦊 {x} %s"
    with app.app_context(), transaction():
        for n in range(12):
            make_member(db.session.get_one(Partner, cafe.id), name=f"{name} {n}")
    assert "вот первые" in find_in(cashier, "Анна")
    assert len(cashier.data()) == 10 and all("🦊 {x} %s" in label for label in labels(cashier))
    said = cashier.press(cashier.data()[0])
    assert "Анна 🦊 {x} %s 11" in said and "Сумма чека?" in said
    assert "Начислится 25 баллов" in plain(cashier.say("500"))


def test_a_foreign_partners_customer_is_nobody(app, cashier, cafe):
    with app.app_context(), transaction():
        foreign = make_member(make_partner(), name="Чужая Редкость")
        customer = foreign.customer_id
    assert "Никого не нашлось" in find_in(cashier, "Чужая Редкость")
    assert "Никого не нашлось" in find_in(cashier, str(customer))
    assert "Никого не нашлось" in cashier.press(f"credit:{customer.hex}")
    assert "Никого не нашлось" in cashier.press(f"spend:{customer.hex}")


def test_a_sale_begins_from_a_customers_card_too(app, cashier, shop):
    assert "Сумма чека?" in cashier.press(f"credit:{shop.customer.hex}")
    assert "Начислится 25 баллов" in plain(cashier.say("500"))
    cashier.press(f"spend:{shop.customer.hex}")
    assert "Сколько списать?" in cashier.say("500")


def test_a_blocked_customers_purchases_go_on_as_at_the_other_tills(app, cashier, shop):
    with app.app_context(), transaction():
        db.session.get_one(Customer, shop.customer).state = "blocked"
    cashier.say(f"500 {shop.phone}")
    assert "Начислено 25 баллов" in plain(cashier.press(cashier.data()[0]))


def test_an_erased_customer_is_nobody_also_after_the_look(app, cashier, shop):
    cashier.say(f"500 {shop.phone}")
    with app.app_context(), transaction():
        ledger.erase(shop.id, membership_of(shop.customer, shop.id).id, now=utcnow())
    assert "Никого не нашлось" in cashier.press(cashier.data()[0])
    assert "Никого не нашлось" in cashier.say(f"500 {shop.phone}")


# Where it happens


@pytest.fixture
def branches(app, cafe):
    """A second branch, and a closed one."""
    with app.app_context(), transaction():
        partner = db.session.get_one(Partner, cafe.id)
        second = make_branch(partner, "На Соколе")
        closed = make_branch(partner, "Закрытый", state="closed")
        first = db.session.scalars(db.select(Branch).where(Branch.partner_id == cafe.id).order_by(Branch.id)).first()
        return SimpleNamespace(first=first.id, second=second.id, closed=closed.id)


def where(app, shop):
    with app.app_context():
        return db.session.scalars(db.select(Purchase.branch_id).where(Purchase.partner_id == shop.id)).all()


def test_one_of_several_branches_is_asked_for_once_and_can_be_changed(app, cashier, shop, branches):
    assert "Где вы сейчас?" in cashier.say(f"500 {shop.phone}")
    assert labels(cashier) == ["Главный", "На Соколе"]
    said = cashier.press(button(cashier, "Соколе"))
    assert "Эспрессо · На Соколе" in said and "Иван" in said
    cashier.press(cashier.data()[0])
    assert "Эспрессо · На Соколе" in cashier.say(f"300 {shop.phone}"), "it is remembered"
    old = cashier.data()[0]
    cashier.press(button(cashier, "Сменить точку"))
    assert "больше не действует" in cashier.press(old)
    cashier.say(f"300 {shop.phone}")
    cashier.press(button(cashier, "Сменить точку"))
    assert "Эспрессо · Главный" in cashier.say("главный"), "its name will do for the button"
    cashier.press(cashier.data()[0])
    assert where(app, shop) == [branches.second, branches.first]


def test_the_branch_is_remembered_while_one_looks_at_ones_own_points(app, cashier, shop, branches):
    cashier.say(f"500 {shop.phone}")
    cashier.press(f"branch:{branches.second.hex}")
    cashier.say("👛 Мои баллы")
    cashier.say("🏪 Работа")
    assert "Начислится" in cashier.say(f"500 {shop.phone}")


def test_a_closed_or_foreign_branch_cannot_be_stood_in(app, cashier, shop, branches):
    with app.app_context(), transaction():
        foreign = make_branch(make_partner()).id
    cashier.say(f"500 {shop.phone}")
    for branch in (branches.closed, foreign):
        assert "нет или она закрыта" in cashier.press(f"branch:{branch.hex}")
    assert "Где вы сейчас?" in cashier.say("Закрытый")
    assert count_purchases(app, shop) == 0


def test_a_branch_that_closes_after_the_look_is_asked_for_again(app, cashier, shop, branches):
    cashier.say(f"500 {shop.phone}")
    cashier.press(button(cashier, "Соколе"))
    with app.app_context(), transaction():
        make_branch(db.session.get_one(Partner, shop.id), "Третий")
        db.session.get_one(Branch, (shop.id, branches.second)).state = "closed"
    assert "Где вы сейчас?" in cashier.press(cashier.data()[0])
    assert count_purchases(app, shop) == 0
    cashier.press(button(cashier, "Третий"))
    cashier.press(cashier.data()[0])
    assert count_purchases(app, shop) == 1


def test_who_is_bound_to_a_branch_sells_there_and_nowhere_when_it_is_closed(app, cashier, shop, branches):
    with app.app_context(), transaction():
        db.session.get_one(Staff, (shop.id, cashier.staff_id)).branch_id = branches.second
    cashier.say(f"500 {shop.phone}")
    assert not any("Сменить" in label for label in labels(cashier))
    assert "нет или она закрыта" in cashier.press(f"branch:{branches.first.hex}")
    cashier.say(f"500 {shop.phone}")
    confirm = cashier.data()[0]
    with app.app_context(), transaction():
        db.session.get_one(Branch, (shop.id, branches.second)).state = "closed"
    for said in (cashier.press(confirm), cashier.say(f"500 {shop.phone}")):
        assert "скажите владельцу" in said
    assert count_purchases(app, shop) == 0
    with app.app_context(), transaction():
        db.session.get_one(Branch, (shop.id, branches.second)).state = "open"
    cashier.press(confirm)
    assert where(app, shop) == [branches.second]


# What is said


def test_a_preview_tells_of_multipliers_and_of_the_return_window(app, cashier, shop):
    change_rules(app, shop, {"vip_factor": "1.5", "rate": "0.033", "pending_days": 14})
    with app.app_context(), transaction():
        membership_of(shop.customer, shop.id).is_vip = True
    said = plain(cashier.say(f"500 {shop.phone}"))
    assert "⭐ VIP" in said and "3,3 % от 500,00 ₽ = 16,5 балла" in said and "VIP ×1,5 = 24,75 балла" in said
    assert "округлено вниз: 24 балла" in said and "Потратить их можно через 14 дней" in said
    assert "Баланс: 250 → 250 баллов" in said
    said = plain(cashier.press(cashier.data()[0]))
    assert "Баланс: 250 баллов" in said and "Ещё ждут своего срока: 24 балла" in said


@pytest.mark.parametrize(
    ("check", "label"), [("20", "1 балл"), ("40", "2 балла"), ("220", "11 баллов"), ("10", "0 баллов")]
)
def test_the_button_agrees_with_its_number(cashier, shop, check, label):
    cashier.say(f"{check} {shop.phone}")
    assert labels(cashier)[0] == f"✅ Начислить {label}"


def test_the_till_speaks_english_too(app, cashier, shop):
    with app.app_context(), transaction():
        cashier.owner.locale = "en"
    assert "Whom shall we credit?" in cashier.say("➕ Credit")
    assert "The sum of the check?" in cashier.say(shop.phone)
    said = plain(cashier.say("20"))
    assert "5 % of ₽20.00 = 1 point" in said and labels(cashier)[0] == "✅ Credit 1 point"
    assert "Credited: 1 point" in plain(cashier.press(cashier.data()[0]))
    assert "I cannot read the sum" in cashier.say(f"ten {shop.phone}")


@pytest.mark.parametrize(("role", "knows"), [("owner", True), ("cashier", True), ("ai_marketer", False)])
def test_the_help_of_staff_names_their_rooms_and_the_one_line_forms(app, chat, cafe, role, knows):
    make_cashier(app, chat, cafe, role)
    said = chat.say("/help")
    assert "🧾 Чеки — " in said and ("➕ Начислить — " in said) == ("500 +79161234567" in said) == knows
    chat.say("👛 Мои баллы")
    assert "💰 Баланс — " in chat.say("/help")

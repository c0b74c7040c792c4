"""The staff's desk in the bot: the office, customers, figures, files and rules."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import requests

from bot.rooms import files, office, rules, stats
from bot.terms import say_term
from bot.texts import Words
from loyalty import corrections, ledger, pos, programmes, sales, staff
from loyalty.clock import utcnow
from loyalty.customers import find_identity, issue_card, membership_of, remember_known_identity
from loyalty.identities import Identifier
from loyalty.rules import Birthday, LargeCheck, Rules
from loyalty.sales import Basket, Caller
from loyalty.terms import list_terms
from models import db, new_id, transaction
from models.customer import Customer
from models.ledger import Membership
from models.partner import Partner
from models.work import Outbox
from tests.bot.rooms import Chat, make_cashier
from tests.factories import (
    identifier_of,
    identity_of,
    make_branch,
    make_customer,
    make_member,
    make_partner,
    make_staff,
)
from tests.web.browser import Browser

# The office


@pytest.mark.parametrize("role", ["owner", "manager", "cashier", "ai_marketer", "content_manager"])
def test_the_office_shows_to_each_role_what_it_may_open_and_nothing_else(app, chat, cafe, role):
    make_cashier(app, chat, cafe, role)
    said = chat.say("⚙️ Управление")
    assert "«Эспрессо»" in said and "/partner" in said
    shown = chat.data()
    for data in shown:
        assert "не позволяет" not in chat.press(data) and chat.replies, data
    hidden = {data for _, data, _ in office.ENTRIES} - set(shown)
    for data in hidden:
        assert "не позволяет" in chat.press(data), data


def test_the_office_is_for_staff(chat, app):
    assert "Пока мы не знакомы" in chat.press("office")


def test_who_works_in_two_places_changes_them_from_the_office(app, chat, cafe):
    make_cashier(app, chat, cafe)
    chat.say("/office")
    assert "office:place" not in chat.data()
    with app.app_context(), transaction():
        other = make_partner(name="Салон")
        make_staff(other, role="owner", customer=chat.owner)
        code = other.code
    chat.say("/office")
    assert "Где вы сейчас работаете?" in chat.press("office:place")
    chat.press(f"work:{code}")
    assert "«Салон», вы — владелец" in chat.say("/office")


def test_branches_are_listed_page_by_page_and_foreign_ones_never(app, chat, cafe):
    make_cashier(app, chat, cafe)
    with app.app_context(), transaction():
        partner = db.session.get_one(Partner, cafe.id)
        for n in range(office.A_PAGE + 1):
            make_branch(partner, f"Точка {n}")
        make_branch(partner, "Закрытая", state="closed")
        make_branch(make_partner(), "Чужая")
    first = chat.press("branches:1")
    assert "Главный" in first and "Точка 3" in first and "Точка 4" not in first and "branches:2" in chat.data()
    second = chat.press("branches:2")
    assert "Точка 5" in second and "Закрытая" not in second and "Чужая" not in second
    assert chat.data() == ["branches:1", "office"]
    assert "точек нет" in chat.press("branches:999")


def test_the_invitation_for_the_counter_is_the_partners_own_link(app, chat, cafe):
    make_cashier(app, chat, cafe)
    assert "Эспрессо" in chat.press("invitation")
    assert chat.replies[0]["qr"].endswith(f"p{cafe.code}")
    assert "Вас приглашает Эспрессо" in chat.say(f"/start p{cafe.code}")


# Customers


@pytest.fixture
def people(app, cafe):
    """Twenty customers of the café, «Клиент 0» the oldest; their ids and phones in this order."""
    with app.app_context(), transaction():
        partner = db.session.get_one(Partner, cafe.id)
        made = [make_customer(name=f"Клиент {n}") for n in range(20)]
        for customer in made:
            make_member(partner, customer)
        return [SimpleNamespace(id=one.id, phone=identity_of(one, "phone").value) for one in made]


def test_the_list_is_turned_forth_and_back_under_one_message(app, chat, cafe, people):
    make_cashier(app, chat, cafe)
    first = chat.say("🔎 Клиенты")
    assert "Клиент 19" in first and "Клиент 12" in first and "Клиент 11" not in first
    (onward,) = turns(chat)
    second = chat.press(onward)
    assert "Клиент 11" in second and "Клиент 4" in second and chat.replies[0]["edit"] == 5
    back, onward = turns(chat)
    third = chat.press(onward)
    assert "Клиент 3" in third and "Клиент 0" in third and len(turns(chat)) == 1
    assert chat.press(turns(chat)[0]) == second
    assert turns(chat) == [back, onward]
    assert chat.press(back) == first and len(turns(chat)) == 1


def turns(chat):
    return [data for data in chat.data() if data.startswith("customers:")]


@pytest.mark.parametrize("spelling", ["{phone}", "8 {local}", "{last}", "  Клиент   7 ", "клиент 7"])
def test_one_is_found_by_phone_a_part_of_it_or_the_name_and_shown_at_once(app, chat, cafe, people, spelling):
    make_cashier(app, chat, cafe)
    phone = people[7].phone
    chat.say("🔎 Клиенты")
    said = chat.say(spelling.format(phone=phone, local=phone[2:], last=phone[-7:]))
    assert said.startswith("👤 Клиент 7") and phone not in said and f"-{phone[-4:-2]}-{phone[-2:]}" in said
    assert chat.data()[:2] == [f"credit:{people[7].id.hex}", f"spend:{people[7].id.hex}"]


def test_one_is_found_by_card_and_nobody_by_anothers(app, chat, cafe, people):
    make_cashier(app, chat, cafe)
    with app.app_context(), transaction():
        ours, foreign = db.session.get_one(Customer, people[3].id), make_customer()
        member = membership_of(ours.id, cafe.id)
        card, other = issue_card(ours), issue_card(foreign)
        remember_known_identity(member, find_identity(Identifier("card", card)))
    chat.say("🔎 Клиенты")
    assert "👤 Клиент 3" in chat.say(card) and f"••••\N{NO-BREAK SPACE}{card[-4:]}" in chat.say(card)
    assert "никого нет" in chat.say(other)


@pytest.mark.parametrize(
    "text", ["+7 916 999-99-99", "Никто", "я" * 5000, "a\u200db", "\x00", "%", "'; --", "🦊", "\ud83d", "customers"]
)
def test_a_search_for_nobody_says_what_to_do_next_and_goes_on(app, chat, cafe, people, text):
    make_cashier(app, chat, cafe)
    chat.say("🔎 Клиенты")
    assert "➕ Начислить" in chat.say(text)
    assert "👤 Клиент 7" in chat.say("Клиент 7")


def test_a_picture_is_no_search(app, chat, cafe, people):
    make_cashier(app, chat, cafe)
    chat.say("🔎 Клиенты")
    assert "напишите телефон" in chat.say(photo=[{"file_id": "1", "file_unique_id": "1", "width": 1, "height": 1}])


def test_a_search_is_turned_page_by_page_and_forgets_the_pages_of_the_one_before(app, chat, cafe, people):
    make_cashier(app, chat, cafe)
    chat.say("🔎 Клиенты")
    newest = turns(chat)[0]
    found = chat.say("Клиент 1")
    assert "по запросу «Клиент 1»" in found and "Клиент 19" in found and "Клиент 9" not in found
    onward = turns(chat)[0]
    assert "Клиент 11 ·" in chat.press(onward) and "Клиент 1 ·" in chat.replies[0]["text"]
    chat.press(f"customer:{people[1].id.hex}")
    assert chat.press("customers") == found, "back from the card to the search"
    chat.say("Клиент")
    assert "устарел" in chat.press(onward)
    assert "сначала новые" in chat.press(newest), "a list of everybody never ages"


def test_turning_an_old_list_does_not_end_what_was_begun(app, chat, cafe, people):
    make_cashier(app, chat, cafe, "manager")
    chat.say("🔎 Клиенты")
    onward = turns(chat)[0]
    chat.press(f"rename:{people[0].id.hex}")
    chat.press(onward)
    assert "Записано." in chat.say("Новое имя")


def test_a_partner_without_customers_learns_how_to_get_some(app, chat, cafe):
    make_cashier(app, chat, cafe)
    said = chat.say("🔎 Клиенты")
    assert "Клиентов пока нет" in said and "➕ Начислить" in said and "QR" in said


def test_the_card_tells_balance_reserve_and_purchases(app, chat, cafe):
    make_cashier(app, chat, cafe)
    with app.app_context(), transaction():
        partner = db.session.get_one(Partner, cafe.id)
        programmes.set_rules(cafe.id, {"pending_days": 3}, by=None, now=utcnow())
        customer = make_customer(name="Пётр", email="petr@example.com")
        member = make_member(partner, customer)
        sell(partner, customer, "1000.00")
        sell(partner, customer, "2000.00")
        ledger.grant(cafe.id, member.id, 201, source="promotion", source_ref="gift", now=utcnow())
        till = Caller("till:1", "pos_api")
        quote = pos.quote(partner, identifier_of(customer), Basket(Decimal(500)), caller=till, now=utcnow())
        pos.hold(partner, quote.quote_id, 101, caller=till, now=utcnow())
        key = customer.id.hex
    said = plain(chat.press(f"customer:{key}"))
    assert "👤 Пётр\n+7 916 •••-" in said and "p•••@example.com" in said
    assert "Баланс: 201 балл\nВ резерве 101 балл, доступно 100 баллов\nОжидают: 150 баллов" in said
    assert "2 покупки на 3 000,00 ₽\nСредний чек 1 500,00 ₽" in said
    assert "Первая покупка" in said and "Клиент с 10.03.2026" in said


def plain(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


def sell(partner, customer, amount, **more):
    options = {"kind": "accrual", "caller": Caller("desk", "manual"), "key": str(new_id()), "now": utcnow()} | more
    return sales.post_transaction(partner, identifier_of(customer), Basket(Decimal(amount)), **options)


def test_who_may_not_see_contacts_sees_none_and_cannot_search_by_them(app, chat, cafe, people):
    make_cashier(app, chat, cafe, "ai_marketer")
    assert "•••" not in chat.say("🔎 Клиенты")
    assert "никого нет" in chat.say(people[7].phone)
    card = chat.say("Клиент 7")
    assert "👤 Клиент 7" in card and "•••" not in card
    assert not [data for data in chat.data() if data.startswith(("credit", "spend", "rename", "vip"))]


@pytest.mark.parametrize("press", ["customer:{}", "operations:{}:1", "rename:{}", "vip:{}:1"])
def test_anothers_customer_looks_like_nobody(app, chat, cafe, press):
    make_cashier(app, chat, cafe, "owner")
    with app.app_context(), transaction():
        foreign = make_member(make_partner(), make_customer(name="Чужой")).customer_id
    said = chat.press(press.format(foreign.hex))
    assert said == chat.press(press.format("0" * 32)) and "Никого не нашлось" in said
    with app.app_context():
        assert db.session.scalar(db.select(Membership.is_vip).where(Membership.customer_id == foreign)) is False


def test_staff_name_a_customer_and_take_the_name_away(app, chat, cafe, people):
    make_cashier(app, chat, cafe, "manager")
    key = people[0].id.hex
    assert "Сейчас: Клиент 0" in chat.press(f"rename:{key}")
    assert "до 200 знаков" in chat.say("Ф" * 201)
    assert "текстом" in chat.say(photo=[{"file_id": "1", "file_unique_id": "1", "width": 1, "height": 1}])
    assert "👤 Аня 👨‍👩‍👧 из 5-й" in chat.say("  Аня 👨‍👩‍👧   из 5-й ")
    chat.press(f"rename:{key}")
    assert "👤 +7" in chat.say("-"), "without a name the phone stands for it"
    chat.press(f"rename:{key}")
    assert "ничего не изменилось" in chat.say("/cancel")


def test_a_long_name_is_cut_on_its_button_and_whole_on_the_card(app, chat, cafe):
    make_cashier(app, chat, cafe)
    with app.app_context(), transaction():
        customer = make_customer(name="Ж" * 200)
        make_member(db.session.get_one(Partner, cafe.id), customer)
        key = customer.id.hex
    chat.say("/customers")
    assert "Ж" * 200 in chat.press(f"customer:{key}")


def test_vip_is_set_and_taken_by_who_may_and_pressed_twice_is_set_once(app, chat, cafe, people):
    make_cashier(app, chat, cafe, "manager")
    key = people[0].id.hex
    chat.press(f"vip:{key}:1")
    assert "⭐ VIP" in chat.press(f"vip:{key}:1") and f"vip:{key}:0" in chat.data()
    assert "⭐ VIP" not in chat.press(f"vip:{key}:0")


def test_a_cashier_notes_nothing(app, chat, cafe, people):
    make_cashier(app, chat, cafe)
    key = people[0].id.hex
    chat.press(f"customer:{key}")
    assert not [data for data in chat.data() if data.startswith(("rename", "vip"))]
    assert "не позволяет" in chat.press(f"rename:{key}") and "не позволяет" in chat.press(f"vip:{key}:1")


def test_the_history_of_a_customer_is_this_partners_own_and_told_with_reasons(app, chat, cafe):
    make_cashier(app, chat, cafe)
    with app.app_context(), transaction():
        partner, customer = db.session.get_one(Partner, cafe.id), make_customer(name="Пётр")
        member = make_member(partner, customer)
        sell(partner, customer, "1000.00")
        by_hand = Caller("admin", "admin")
        corrections.correct_points(partner, customer.id, 30, "извинение", caller=by_hand, key="a", now=utcnow())
        for n in range(12):
            ledger.grant(cafe.id, member.id, n + 1, source="promotion", source_ref=f"o{n}", now=utcnow())
        other = make_partner()
        sell(other, customer, "7777.00")
        key = customer.id.hex
    said = plain(chat.press(f"operations:{key}:1"))
    assert "Пётр: операции, страница 1" in said and "+12 баллов — бонус; стало 158" in said
    assert f"operations:{key}:2" in chat.data()
    said = plain(chat.press(f"operations:{key}:2"))
    assert "+50 баллов — покупка на 1 000,00 ₽; стало 50" in said and "извинение" in said
    assert "7 777" not in said
    assert chat.data() == [f"operations:{key}:1", f"customer:{key}"]
    assert "операций нет" in chat.press(f"operations:{key}:9")


# Figures


@pytest.fixture
def sold(app, cafe):
    """Sales of the café: today, three days ago, nine days ago with a return; and a foreign one."""
    with app.app_context(), transaction():
        partner, customer = db.session.get_one(Partner, cafe.id), make_customer()
        now = utcnow()
        partner.timezone = f"Etc/GMT{now.hour - 12:+d}"  # where it is noon: no day ends while the test runs
        sell(partner, customer, "1000.00")
        sell(partner, customer, "500.00", occurred_at=now - timedelta(days=3))
        sale = sell(partner, make_customer(), "800.00", occurred_at=now - timedelta(days=9))
        by_hand = Caller("desk", "manual")
        sales.post_refund(partner, sale.purchase_id, amount=Decimal("300.00"), caller=by_hand, key="r", now=now)
        sell(make_partner(), customer, "7777.00")


@pytest.mark.parametrize("days", [7, 30])
def test_the_figures_are_those_of_the_page(app, chat, cafe, sold, days):
    make_cashier(app, chat, cafe, "owner")
    said = plain(chat.press(f"stats:{days}")).replace(",00 ₽", " ₽")
    with app.app_context():
        owner = chat.owner.id
    page = plain(Browser(app).sign_in(owner).get(f"/partner/stats?days={days}").text)
    shown = re.findall(r"<dt[^>]*>([^<]*)</dt>\s*<dd[^>]*>([^<]*)</dd>", page)
    assert len(shown) >= 10
    for label, value in shown[:10]:
        assert f"{label}: {value}" in said
    for _, value in shown[10:]:
        assert value in said
    assert "7 777" not in said


def test_a_week_is_compared_in_words_and_drawn_day_by_day(app, chat, cafe, sold):
    make_cashier(app, chat, cafe, "manager")
    said = plain(chat.press("stats:7"))
    assert "Оборот: 1 500,00 ₽ ▲ на 200 % больше (было 500,00 ₽)" in said
    assert "Возвращено клиентам: 0,00 ₽ ▼ на 100 % меньше (было 300,00 ₽)" in said
    assert "Клиентов с покупками: 1 = столько же (было 1)" in said
    with app.app_context():
        today = utcnow().astimezone(ZoneInfo(db.session.get_one(Partner, cafe.id).timezone)).date()
    assert f"{today - timedelta(days=6):%d.%m} ▁▁▁▅▁▁█ {today:%d.%m}" in said
    assert "самый высокий столбик — 1 000,00 ₽" in said


def test_today_stands_beside_yesterday_and_is_shown_first(app, chat, cafe, sold):
    make_cashier(app, chat, cafe, "manager")
    said = plain(chat.say("📊 Статистика"))
    assert "Эспрессо: сегодня" in said and "Оборот: 1 000,00 ₽ (раньше не было)" in said
    assert "7 777" not in said and "Всего: 2 клиента" in said
    assert chat.data() == ["stats:1", "stats:7", "stats:30", "office"], "one branch is not told apart"


def test_figures_of_a_branch_are_a_part_of_all(app, chat, cafe, sold):
    make_cashier(app, chat, cafe, "manager")
    with app.app_context(), transaction():
        partner = db.session.get_one(Partner, cafe.id)
        branch = make_branch(partner, "Вокзал")
        sell(partner, make_customer(), "200.00", branch_id=branch.id)
        key, foreign = branch.id.hex, make_branch(make_partner()).id.hex
    chat.press("stats:7")
    assert "stats_branches:7:1" in chat.data()
    listed = plain(chat.press("stats_branches:7:1"))
    assert "Без точки\n1 500,00 ₽, 2 покупки" in listed and "Вокзал\n200,00 ₽, 1 покупка" in listed
    assert "Главный\n0,00 ₽, 0 покупок" in listed and f"stats:7:{key}" in chat.data()
    alone = plain(chat.press(f"stats:7:{key}"))
    assert "📊 Вокзал: 7 дней" in alone and "Оборот: 200,00 ₽" in alone and "Всего:" not in alone
    assert f"stats:30:{key}" in chat.data() and "stats:7" in chat.data()
    assert "Здесь точек нет" in chat.press("stats_branches:7:99")
    assert chat.press(f"stats:7:{foreign}") == chat.press(f"stats:7:{'0' * 32}")
    assert "Такой точки нет" in chat.replies[0]["text"]


def test_a_partner_with_no_past_learns_when_figures_come(app, chat, cafe):
    make_cashier(app, chat, cafe, "owner")
    said = chat.say("/stats")
    assert "За это время ничего не было" in said and "▁▁▁▁▁▁▁" in said and "продаж не было" in said


def test_figures_are_not_for_cashiers(app, chat, cafe):
    make_cashier(app, chat, cafe)
    for said in (chat.say("📊 Статистика"), chat.press("stats:7"), chat.press("stats_branches:7:1")):
        assert "не позволяет" in said
    assert "📊 Статистика" not in chat.labels()


@pytest.mark.parametrize(
    ("values", "drawn"), [((0, 0), "▁▁"), ((1, 1000), "▂█"), ((0, 1, 2, 4, 7), "▁▂▃▅█"), ((5,), "█")]
)
def test_only_a_day_without_sales_has_the_lowest_bar(values, drawn):
    assert stats.draw_trend([Decimal(value) for value in values]) == drawn


# Files


def test_a_file_is_asked_for_by_ids_and_its_making_is_told(app, chat, cafe, people):
    make_cashier(app, chat, cafe, "manager")
    chat.say("/office")
    assert "files" in chat.data()
    assert "не пересылайте" in chat.press("files") and chat.data() == [
        "export:customers",
        "export:transactions",
        "export:nps",
        "office",
    ]
    assert "Готовлю файл «👥 Клиенты»" in chat.press("export:customers")
    file = chat.replies[1]
    assert file["file"] == {"kind": "export", "export": "customers", "partner_id": str(cafe.id)}
    assert "«Эспрессо»" in file["text"] and file["instead"].keys() == {"not_allowed", "too_large"}
    assert "/partner/customers/export.csv" in file["instead"]["too_large"]
    with app.app_context():
        row = db.session.scalar(db.select(Outbox).order_by(Outbox.id.desc()).limit(1))
        assert row.payload == {} and "Эспрессо" not in row.sealed
    assert people[0].phone not in str(file) and "Клиент" not in str(file["file"])


def test_files_are_for_those_who_may_export(app, chat, cafe):
    make_cashier(app, chat, cafe)
    chat.say("/office")
    assert "files" not in chat.data()
    assert "не позволяет" in chat.press("export:transactions") and "file" not in chat.replies[0]
    assert "больше не действует" in chat.press("export:staff")


def test_who_asks_for_files_again_and_again_waits(app, chat, cafe):
    make_cashier(app, chat, cafe, "owner")
    said = [chat.press("export:customers") for _ in range(2 * files.AN_HOUR + 1)]  # an hour may end in between
    assert "Готовлю" in said[0] and any("Слишком часто" in one for one in said)


def test_the_owner_gets_the_customers_as_a_document_through_the_real_bot(demo):
    owner = demo.person("espresso-owner")
    owner.ask("Вы в «Кофейня Эспрессо»", text="/start")
    owner.ask("Что открыть?", press="⚙️ Управление")
    owner.ask("Какой файл", press="📥 Файлы")
    asked = owner.send(press="👥 Клиенты")
    assert "Готовлю файл" in owner.hear(asked)["text"]
    shown = owner.hear(asked, "«Кофейня Эспрессо», на")
    rows = requests.get(demo.url + shown["file"], timeout=10).content.decode("utf-8-sig").splitlines()
    assert rows[0].startswith("customer_id,name,phone") and any("+79161234567" in row for row in rows)


# Rules


def rules_of(app, cafe):
    with app.app_context():
        return programmes.current_rules(cafe.id)


def change(chat, setting, text):
    """Ask for a change and see what it would do."""
    chat.press(f"rule:{setting}")
    return plain(chat.say(text))


def test_all_staff_read_the_rules_and_the_owner_alone_changes_them(app, taker, cafe):
    owner, cashier = Chat(app, taker), Chat(app, taker)
    make_cashier(app, owner, cafe, "owner")
    make_cashier(app, cashier, cafe)
    said = plain(owner.press("rules"))
    assert "• начисляется 5 % от чека" in said and "• новому клиенту 100 баллов" in said
    assert "чек 1 000,00 ₽ → 50 баллов; баллами можно оплатить до 1 000 баллов" in said
    assert [data for data in owner.data() if data.startswith("rule:")] == [f"rule:{name}" for name in rules.SETTINGS]
    assert "Правила меняет владелец" in cashier.press("rules") and cashier.data() == ["office"]
    assert "не позволяет" in cashier.press("rule:rate")


@pytest.mark.parametrize(
    ("setting", "text", "becomes", "example", "value"),
    [
        ("rate", "7", "начисляется 7 % от чека", "→ 70 баллов (сейчас 50 баллов)", Decimal("0.07")),
        ("rate", " 7,5 % ", "начисляется 7,5 % от чека", "→ 75 баллов (сейчас", Decimal("0.075")),
        ("min_spend", "1 000", "списать можно от 1 000 баллов", "до 1 000 баллов", 1000),
        ("min_spend", "0", "списать можно любое число баллов", "до 1 000 баллов", 0),
        ("max_share", "30%", "баллами — до 30 % чека", "до 300 баллов (сейчас 1 000 баллов)", Decimal(30)),
        ("max_share", "0", "баллами платить нельзя", "до 0 баллов", Decimal(0)),
        ("welcome_bonus", "0", "приветственного бонуса нет", "→ 50 баллов", 0),
    ],
)
def test_a_rule_is_changed_after_it_was_seen_beside_an_example(app, chat, cafe, setting, text, becomes, example, value):
    make_cashier(app, chat, cafe, "owner")
    said = change(chat, setting, text)
    assert f"Станет: {becomes}." in said and example in said
    before = rules_of(app, cafe)
    assert getattr(before[1], setting) != value, "nothing counts before it is confirmed"
    yes, no = chat.data()
    assert f"Стало: {becomes}." in plain(chat.press(yes))
    version, after = rules_of(app, cafe)
    assert (version, getattr(after, setting)) == (before[0] + 1, value)
    assert "Новые правила действуют" in chat.press(yes) and "Новые правила действуют" in chat.press(no)
    assert rules_of(app, cafe)[0] == version, "pressed again it is done once"


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ("rate", "сто"), ("rate", "-5"), ("rate", "101"), ("rate", "1e2"), ("rate", "7.12345"), ("rate", ""),
        ("min_spend", "1,5"), ("min_spend", "1000001"), ("min_spend", "9" * 5000), ("max_share", "100,001"),
        ("welcome_bonus", "١٠٠"), ("welcome_bonus", "\x00"), ("rate", "7 8 9 7"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_is_told_with_what_can_and_asked_for_again(app, chat, cafe, setting, text):
    make_cashier(app, chat, cafe, "owner")
    said = change(chat, setting, text)
    assert "Так нельзя. Нужно" in said and " от 0 до 1" in said
    assert rules_of(app, cafe)[0] == 1
    assert "Станет: " in plain(chat.say("9")), "the question stands"


def test_a_value_that_is_in_force_changes_nothing(app, chat, cafe):
    make_cashier(app, chat, cafe, "owner")
    assert "менять нечего" in change(chat, "rate", "5,0")
    assert "Не понял" in chat.say("6")


def test_rules_that_somebody_else_changed_meanwhile_are_not_overwritten(app, chat, cafe):
    make_cashier(app, chat, cafe, "owner")
    change(chat, "rate", "7")
    yes, _ = chat.data()
    with app.app_context(), transaction():
        programmes.set_rules(cafe.id, {"min_spend": 50}, by=None, now=utcnow())
    assert "изменил кто-то другой" in chat.press(yes)
    version, found = rules_of(app, cafe)
    assert (version, found.rate, found.min_spend) == (2, Decimal("0.05"), 50)


def test_a_change_that_was_given_up_is_gone(app, chat, cafe):
    make_cashier(app, chat, cafe, "owner")
    change(chat, "rate", "7")
    yes, no = chat.data()
    assert "ничего не изменилось" in chat.press(no)
    assert "Начните заново" in chat.press(yes)
    assert rules_of(app, cafe)[0] == 1


def test_nobody_confirms_what_another_was_shown_or_what_is_not_theirs_any_more(app, taker, cafe):
    owner, other = Chat(app, taker), Chat(app, taker)
    staff_id = make_cashier(app, owner, cafe, "owner")
    make_cashier(app, other, cafe, "owner")
    change(owner, "rate", "7")
    yes, _ = owner.data()
    assert "Начните заново" in other.press(yes)
    with app.app_context(), transaction():
        staff.change(cafe.id, staff_id, role="manager", branch_id=None, by=None, now=utcnow())
    assert "не позволяет" in owner.press(yes)
    assert rules_of(app, cafe)[0] == 1


def test_who_lost_the_right_while_being_asked_changes_nothing(app, chat, cafe):
    staff_id = make_cashier(app, chat, cafe, "owner")
    with app.app_context(), transaction():
        make_staff(db.session.get_one(Partner, cafe.id), "owner")
    chat.press("rule:rate")
    with app.app_context(), transaction():
        staff.change(cafe.id, staff_id, role="cashier", branch_id=None, by=None, now=utcnow())
    assert "не позволяет" in chat.say("7")


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_term_of_a_programme_has_its_words_on_and_off(language):
    off = Rules(rate=Decimal(0), welcome_bonus=0, min_spend=0, max_share=Decimal(0), grace_days=0)
    on = Rules(
        vip_factor=Decimal("1.5"),
        large_check=LargeCheck(Decimal("1.2"), Decimal(50), 3),
        birthday=Birthday(Decimal(2), 3, 1),
        combine="best",
        eligible_categories=("Кофе", "Чай", "Торт", "Сок", "Вода", "Зерно", "Какао"),
        max_share=Decimal("33.5"),
        points_step=10,
        pending_days=14,
        base_life_months=12,
        bonus_life_days=21,
        clawback="pending_only",
    )
    in_days = Rules(base_life_days=90, clawback="within_balance")
    for written in (off, on, in_days):
        for term in list_terms(written):
            said = say_term(term, Words(language), "RUB")
            assert said and "{" not in said
    told = [plain(say_term(term, Words("ru"), "RUB")) for term in list_terms(on)]
    assert "VIP-клиентам ×1,5" in told and "×2 в день рождения, 3 дня до и 1 день после" in told
    assert "начисляем только за: Кофе, Чай, Торт, Сок, Вода и ещё 2" in told
    assert "баллы можно тратить через 14 дней после покупки" in told and "баллы сгорают через 12 месяцев" in told


# Notices to the partner's customers


def test_the_owner_switches_off_what_customers_are_told(app, chat, cafe):
    make_cashier(app, chat, cafe, "owner")
    chat.press("told")
    assert "told:welcome:0" in chat.data()
    for _ in range(2):
        chat.press("told:welcome:0")
    assert "told:welcome:1" in chat.data()
    with app.app_context():
        assert db.session.get_one(Partner, cafe.id).notices_off == ["welcome"]
    chat.press("told:welcome:1")
    with app.app_context():
        assert db.session.get_one(Partner, cafe.id).notices_off == []
    assert "больше не действует" in chat.press("told:codes:0")

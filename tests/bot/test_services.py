"""Services in the bot: kept by staff by steps, and shown to customers of the partner."""

from __future__ import annotations

from loyalty import services
from loyalty.clock import utcnow
from models import db, transaction
from models.customer import Customer
from models.partner import Partner
from tests.bot.rooms import Chat, make_cashier, make_known
from tests.factories import make_member, make_partner


def pick(chat, name):
    return next(data for data in chat.data() if data.startswith(f"{name}:"))


def put(partner_id, name, **more):
    draft = services.read_draft(**({"name": name, "price": "900"} | more))
    return services.make(db.session.get_one(Partner, partner_id), draft, by=None, now=utcnow()).id


def test_a_service_is_added_by_steps_hidden_and_archived(app, chat, cafe):
    make_cashier(app, chat, cafe, "manager")
    chat.say("⚙️ Управление")
    assert "Каталог пуст" in chat.press("services:1")
    chat.press("service_new")
    chat.say("Стрижка")
    for wrong in ("дорого", "-5", "1.001"):
        assert "Категория" not in chat.say(wrong)
    assert "Категория" in chat.say("1 500,50")
    assert "Проверьте" in chat.say("Волосы, долго")
    assert "Стрижка — 1 500,50 ₽, 45 мин" in chat.say("Волосы, 45").replace("\xa0", " ")
    chat.press("service_new")
    assert "уже есть" in chat.say("СТРИЖКА")
    chat.say("Укладка")
    assert "Уже есть: Волосы" in chat.say("900")
    chat.say("-")
    chat.press("services:1")
    chat.press(pick(chat, "service"))
    hide = pick(chat, "service_hide")
    for _ in "12":
        assert "🙈" in chat.press(hide)
    assert "В архиве" in chat.press(pick(chat, "service_archive"))
    with app.app_context():
        assert [row.name for row in services.list_services(cafe.id)] == ["Укладка"]
    assert "🙈" in chat.press(pick(chat, "service_restore"))


def test_a_cashier_looks_and_changes_nothing(app, chat, cafe):
    make_cashier(app, chat, cafe)
    with app.app_context(), transaction():
        made = put(cafe.id, "Капучино")
    chat.say("⚙️ Управление")
    assert "Капучино" in chat.press("services:1") and "service_new" not in chat.data()
    assert "не позволяет" in chat.press(f"service_archive:{made.hex}")
    with app.app_context():
        assert len(services.list_services(cafe.id)) == 1


def test_a_customer_sees_what_their_partners_sell_and_nothing_hidden(app, taker, cafe):
    chat = Chat(app, taker)
    customer_id = make_known(app, chat, cafe)
    assert "пока не показывают" in chat.say("💇 Услуги")
    with app.app_context(), transaction():
        put(cafe.id, "Капучино", category="Кофе", price="250", minutes=5)
        put(cafe.id, "Для своих", is_hidden=True)
        foreign = make_partner(name="Чужая").id
        put(foreign, "Чужое")
    said = chat.say("💇 Услуги").replace("\xa0", " ")
    assert "Кофе:\n• Капучино — 250,00 ₽, 5 мин" in said and "Для своих" not in said
    assert "Чужое" not in chat.press(f"menu:{foreign.hex}")
    with app.app_context(), transaction():
        second = make_partner(name="Вторая")
        make_member(second, db.session.get_one(Customer, customer_id))
        put(second.id, "Массаж")
        second_id = second.id
    assert "Чьи услуги" in chat.say("/services")
    assert "Массаж" in chat.press(f"menu:{second_id.hex}")

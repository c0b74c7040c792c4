"""Promotions in the bot: made by steps, seen before they are on, stopped, and told to customers."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from loyalty import promotions, sales, services
from loyalty.clock import utcnow
from loyalty.identities import Identifier
from loyalty.sales import Basket, Caller
from models import db, transaction
from models.partner import Partner
from tests.bot.rooms import Chat, make_cashier, make_known
from tests.factories import make_partner


def buy(app, cafe, customer_id, amount="1000.00"):
    with app.app_context(), transaction():
        partner = db.session.get(Partner, cafe.id)
        sales.post_transaction(
            partner,
            Identifier("customer_id", str(customer_id)),
            Basket(Decimal(amount)),
            kind="accrual",
            caller=Caller("counter", "manual"),
            key=str(uuid4()),
            now=utcnow(),
        )


def list_states(app, cafe):
    with app.app_context():
        return [(row.kind, row.terms, row.state) for row in promotions.list_promotions(cafe.id)]


def pick(chat, name):
    return next(data for data in chat.data() if data.startswith(f"{name}:"))


@pytest.fixture
def ivan(app, taker, cafe):
    chat = Chat(app, taker)
    chat.customer_id = make_known(app, chat, cafe)
    return chat


def test_a_promotion_is_made_by_steps_switched_on_once_and_stopped(app, chat, cafe, ivan):
    buy(app, cafe, ivan.customer_id)
    make_cashier(app, chat, cafe, "manager")
    chat.say("⚙️ Управление")
    assert "promotions:1" in chat.data()
    assert "Акций пока нет" in chat.press("promotions:1")
    chat.press("promotion_new")
    assert "Во сколько раз" in chat.press("promotion_kind:multiplier")
    for wrong in ("1", "много", "-2", "101"):
        assert "больше 1 и до 100" in chat.say(wrong)
    assert "Сколько дней" in chat.say("×2")
    assert "от 0 до 365" in chat.say("366")
    said = chat.say("7").replace("\xa0", " ")
    assert "Больше баллов: баллы ×2" in said and "это стоило бы" in said and "1 раз" in said
    assert list_states(app, cafe) == []
    yes = pick(chat, "promotion_yes")
    assert [("включена" in chat.press(yes)) for _ in "12"] == [True, True]
    assert list_states(app, cafe) == [("multiplier", {"factor": "2", "audience": "all"}, "on")]
    assert "Больше баллов" in ivan.say("🎁 Акции")
    chat.press("promotions:1")
    one = pick(chat, "promotion")
    assert "Это описание, а не эффект" in chat.press(one).replace("\n", " ")
    assert "Остановить" in chat.press(pick(chat, "promotion_stop"))
    assert "остановлена" in chat.press(pick(chat, "promotion_off"))
    assert list_states(app, cafe)[0][2] == "stopped"
    assert "акций для вас нет" in ivan.say("/promotions")


@pytest.mark.parametrize(
    ("kind", "terms"),
    [
        ("fixed", {}),
        ("welcome", {"visit": "first"}),
        ("second_visit", {"visit": "second", "within_days": 30}),
        ("birthday", {"birthday": [3, 3]}),
        ("return", {"visit": "return", "within_days": 60}),
    ],
)
def test_gifts_are_made_by_their_number(app, chat, cafe, kind, terms):
    make_cashier(app, chat, cafe, "owner")
    assert "Сколько баллов дарить" in chat.press(f"promotion_kind:{kind}")
    assert "целое число от 1" in chat.say("сто")
    chat.say("100")
    assert "покупок не было" in chat.say("0")
    chat.press(pick(chat, "promotion_yes"))
    assert list_states(app, cafe) == [(kind, terms | {"points": 100, "audience": "all"}, "on")]


def test_happy_hours_with_a_budget_are_made_by_steps(app, chat, cafe):
    make_cashier(app, chat, cafe, "owner")
    assert "По каким дням" in chat.press("promotion_kind:happy_hours")
    for wrong in ("всегда", "пн-пт", "14-17", "пн 25-26", "ян 14-17"):
        assert "Нужны дни и часы" in chat.say(wrong)
    assert "Во сколько раз" in chat.say("Пн-Ср, сб 9:30 – 12")
    chat.say("2")
    assert "от 0 до 365" in chat.say("7, -5")
    assert "Счастливые часы" in chat.say("7, 5 000")
    chat.press(pick(chat, "promotion_yes"))
    terms = {"factor": "2", "audience": "all", "budget": 5000}
    hours = {"days": [1, 2, 3, 6], "since": "09:30", "until": "12:00"}
    assert list_states(app, cafe) == [("happy_hours", terms | {"hours": [hours]}, "on")]


def test_a_bonus_for_services_takes_their_names_from_the_catalogue(app, chat, cafe):
    make_cashier(app, chat, cafe, "owner")
    with app.app_context(), transaction():
        draft = services.read_draft(name="Стрижка", price="1500", category="Волосы")
        services.make(db.session.get(Partner, cafe.id), draft, by=None, now=utcnow())
    assert "В каталоге: Волосы, Стрижка" in chat.press("promotion_kind:category")
    assert "процент" in chat.say("СТРИЖКА, Ногти")
    for wrong in ("много", "200%", "-5"):
        assert "Нужен процент" in chat.say(wrong)
    chat.say("10%")
    assert "за: Ногти, Стрижка" in chat.say("0")
    chat.press(pick(chat, "promotion_yes"))
    terms = {"rate": "0.1", "audience": "all", "categories": ["Ногти"], "services": ["Стрижка"]}
    assert list_states(app, cafe) == [("category", terms, "on")]


def test_what_was_given_up_is_not_made(app, chat, cafe):
    make_cashier(app, chat, cafe, "owner")
    chat.press("promotion_kind:fixed")
    chat.say("50")
    chat.say("7")
    yes = pick(chat, "promotion_yes")
    chat.press(pick(chat, "promotion_no"))
    chat.press(yes)
    assert list_states(app, cafe) == []


def test_a_draft_of_the_site_is_tried_and_switched_on_as_it_was_shown(app, chat, cafe):
    make_cashier(app, chat, cafe, "owner")
    with app.app_context(), transaction():
        partner, now = db.session.get(Partner, cafe.id), utcnow()
        made = {"name": "С сайта", "kind": "fixed", "starts_at": now, "ends_at": None, "by": None, "now": now}
        row_id = promotions.make(partner, terms={"points": 30, "budget": 90}, **made).id
    chat.press("promotions:1")
    chat.press(pick(chat, "promotion"))
    chat.press(pick(chat, "promotion_try"))
    old = pick(chat, "promotion_yes")
    with app.app_context(), transaction():
        promotions.change(db.session.get(Partner, cafe.id), row_id, terms={"points": 300}, **made)
    assert "Проверьте условия акции" in chat.press(old)
    chat.press(f"promotion_try:{row_id.hex}")
    assert "включена" in chat.press(pick(chat, "promotion_yes"))
    assert list_states(app, cafe)[0][2] == "on"


def test_a_cashier_looks_and_another_partners_promotion_is_none(app, chat, cafe):
    with app.app_context(), transaction():
        other, now = make_partner(name="Чужие"), utcnow()
        made = {"name": "Чужая", "kind": "fixed", "starts_at": now, "ends_at": now + timedelta(days=1)}
        foreign = promotions.make(other, terms={"points": 5}, by=None, now=now, **made).id
    make_cashier(app, chat, cafe)
    assert "promotion_new" not in (chat.press("promotions:1"), chat.data())[1]
    assert "Такой акции нет" in chat.press(f"promotion:{UUID(str(foreign)).hex}")
    assert "не позволяет" in chat.press(f"promotion_off:{foreign.hex}")
    assert "не позволяет" in chat.press("promotion_kind:fixed")

from decimal import Decimal

import pytest
from flask_babel import force_locale

from loyalty.programme import price
from loyalty.rules import PRESETS, Birthday, Rules
from loyalty.terms import compare_rules, list_terms
from loyalty.types import Line, Member
from tests.loyalty.test_programme import BIRTHDAY, MOSCOW, NOON
from tests.loyalty.test_terms import OTHER
from web.terms import GROUPS, NAMES, say_change, say_step, say_term


@pytest.fixture(autouse=True)
def in_russian(app):
    with app.test_request_context(), force_locale("ru"):
        yield


def say(rules: Rules) -> dict[str, str]:
    """Everything about a programme, with breaking spaces as people type them."""
    return {term.kind: say_term(term).replace("\N{NO-BREAK SPACE}", " ") for term in list_terms(rules)}


def test_a_new_partners_programme_in_words():
    said = say(PRESETS["default"])
    assert said["rate"] == "5 % от чека"
    assert said["vip"] == said["birthday"] == said["large_check"] == "без надбавки"
    assert said["welcome_bonus"] == "100 баллов новому клиенту"
    assert (said["point_value"], said["min_spend"]) == ("1 балл оплачивает 1 ₽", "от 100 баллов")
    assert said["max_share"] == "баллами можно оплатить весь чек"
    assert said["life"] == "не сгорают"


def test_the_retail_programme_in_words():
    said = say(PRESETS["retail"])
    assert said["vip"] == "×1,5 VIP-клиентам"
    assert said["birthday"] == "×2 в день рождения, 3 дня до и 3 дня после"
    assert said["large_check"] == "×1,2, если чек на 50 % больше обычного для клиента, после 3 покупок"


@pytest.mark.parametrize(
    ("rules", "kind", "sentence"),
    [
        ({"rate": Decimal("0.0125")}, "rate", "1,25 % от чека"),
        ({"vip_factor": Decimal("1.0625")}, "vip", "×1,0625 VIP-клиентам"),
        ({"birthday": Birthday(Decimal(3), 0, 0)}, "birthday", "×3 в день рождения"),
        ({"birthday": Birthday(Decimal(3), 1, 5)}, "birthday", "×3 в день рождения, 1 день до и 5 дней после"),
        ({"min_spend": 21}, "min_spend", "от 21 балла"),
        ({"min_spend": 0}, "min_spend", "любое число баллов"),
        ({"max_share": Decimal(30)}, "max_share", "баллами можно оплатить до 30 % чека"),
        ({"max_share": Decimal(0)}, "max_share", "списывать баллы нельзя"),
        ({"base_life_months": 12}, "life", "сгорают через 12 месяцев"),
        ({"base_life_days": 1}, "life", "сгорают через 1 день"),
        ({"bonus_life_days": 30}, "bonus_life", "сгорают через 30 дней"),
        ({"pending_days": 14}, "pending", "баллы можно тратить через 14 дней после покупки"),
        ({"welcome_bonus": 0}, "welcome_bonus", "нет"),
        ({"eligible_categories": ("Кофе", "Торты")}, "categories", "только: Кофе, Торты"),
        ({"eligible_categories": tuple("абвгдеёж")}, "categories", "только: а, б, в, г, д и ещё 3"),
        ({"grace_days": 0}, "grace", "сгорают сразу"),
    ],
)
def test_a_term_in_words(rules, kind, sentence):
    assert say(Rules(**rules))[kind] == sentence


@pytest.mark.parametrize("name", OTHER)
def test_every_change_is_told_and_differs_in_words(name):
    (change,) = compare_rules(Rules(), Rules(**{name: OTHER[name]}))
    assert say_term(change.before) != say_term(change.after)
    assert say_change(change).startswith(f"{NAMES[change.kind]}: {say_term(change.after)} (было:")


def test_every_group_of_terms_has_a_heading():
    assert [term.group for term in list_terms(Rules()) if term.group not in GROUPS] == []


def test_a_breakdown_in_words():
    rules, member = PRESETS["retail"], Member(is_vip=True, **BIRTHDAY)
    lines = [Line(Decimal("9000")), Line(Decimal("1200.50"), no_accrual=True)]
    priced = price(lines, rules, member, at=NOON, zone=MOSCOW, spend_points=100, order_discount=Decimal("200.50"))
    said = [tuple(part.replace("\N{NO-BREAK SPACE}", " ") for part in say_step(step)) for step in priced.breakdown]
    assert said == [
        ("Чек", "10 200,50 ₽"),
        ("Скидка на чек", "−200,50 ₽"),
        ("Оплачено баллами", "−100 ₽"),
        ("Не участвует в начислении", "−1 165,13 ₽"),
        ("1 % от 8 734,87 ₽", "87,35 балла"),
        ("VIP ×1,5", "131,02 балла"),
        ("День рождения ×2", "262,05 балла"),
        ("Округлено вниз", "262 балла"),
    ]

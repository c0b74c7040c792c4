from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest

from loyalty.stories import STORIES
from web import operations
from web.operations import tell

SPACES = re.compile(r"\s")


@pytest.fixture(autouse=True)
def in_russian(app):
    with app.test_request_context(headers={"Accept-Language": "ru"}):
        yield


def operation(**columns):
    usual = {
        "kind": "earn",
        "source": "manual",
        "points": 50,
        "source_ref": "x#1",
        "label": None,
        "purchase_id": "x",
        "check_amount": Decimal("1000.00"),
        "purchase_at": datetime(2026, 3, 10, 21, 30, tzinfo=UTC),
        "refund_amount": None,
        "is_undo": None,
        "reason": None,
        "breakdown": None,
        "waits_until": None,
        "timezone": "Europe/Moscow",
    }
    return SimpleNamespace(**usual | columns)


def said(**columns) -> tuple[str, str]:
    told = tell(operation(**columns))
    return told.title, SPACES.sub(" ", ", ".join(told.details))


STEPS = [
    {"kind": "check", "amount": "1100.00"},
    {"kind": "order_discount", "amount": "100.00"},
    {"kind": "paid_with_points", "amount": "200.00", "points": "200"},
    {"kind": "not_eligible", "amount": "300.00"},
    {"kind": "base", "amount": "500.00", "rate": "0.05", "points": "25"},
    {"kind": "vip", "factor": "1.5", "points": "37.5"},
    {"kind": "birthday", "factor": "2", "points": "75"},
]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            {"points": 75, "breakdown": STEPS},
            (
                "Покупка",
                "5 % от 500 ₽, скидка 100 ₽, 200 ₽ оплачено баллами, на 300 ₽ баллы не начисляются, VIP ×1,5, "
                "день рождения ×2",
            ),
        ),
        ({"breakdown": STEPS}, ("Покупка", "чек на 1 000 ₽")),
        ({"source_ref": "x#2"}, ("Покупка уточнена", "чек на 1 000 ₽")),
        ({"kind": "spend", "points": -30}, ("Оплачено баллами", "часть чека на 1 000 ₽")),
        (
            {"kind": "reversal", "points": -20, "refund_amount": Decimal("400.50")},
            ("Возврат покупки", "400,50 ₽ из чека на 1 000 ₽"),
        ),
        (
            {"kind": "reversal", "points": 20, "refund_amount": Decimal("400.00")},
            ("Возврат: баллы вернулись", "400 ₽ из чека на 1 000 ₽"),
        ),
        (
            {"kind": "reversal", "points": -20, "refund_amount": Decimal("1000.00"), "is_undo": True},
            ("Покупка отменена", "чек на 1 000 ₽"),
        ),
        ({"kind": "expire", "points": -9}, ("Баллы сгорели", "не потрачены с покупки 11 марта 2026 г.")),
        (
            {"kind": "expire", "points": -9, "purchase_at": None, "check_amount": None},
            ("Баллы сгорели", ""),
        ),
        (
            {"kind": "bonus", "label": "welcome", "purchase_id": None, "check_amount": None},
            ("Приветственный подарок", ""),
        ),
        (
            {"kind": "manual", "check_amount": None, "reason": "Ошибка кассы"},
            ("Исправлено вручную", "Ошибка кассы"),
        ),
        (
            {"kind": "manual", "check_amount": None, "source_ref": "merge:y"},
            ("Счета объединены", ""),
        ),
        ({"kind": "reversal", "points": -9, "purchase_id": None, "check_amount": None}, ("Отменено", "")),
        (
            {"waits_until": datetime(2026, 12, 4, 21, tzinfo=UTC)},
            ("Покупка", "чек на 1 000 ₽, можно потратить с 5 декабря 2026 г."),
        ),
    ],
)
def test_an_operation_is_told_in_words(columns, expected):
    assert said(**columns) == expected


def test_every_story_has_a_title():
    assert operations.TITLES.keys() == set(STORIES)

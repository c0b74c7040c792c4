"""The one line of the till, read without a chat."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.lines import Line, Unread, is_an_answer, read_line
from loyalty.identities import Identifier
from models.partner import Partner

PHONE = Identifier("phone", "+79161234567")


def code(digits):
    return Identifier("code", digits)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("500 +79161234567", Line(PHONE, Decimal("500.00"))),
        ("500 8 916 123 45 67", Line(PHONE, Decimal("500.00"))),
        ("1 250 916 123 45 67", Line(PHONE, Decimal("1250.00"))),
        ("9161234567 500", Line(PHONE, Decimal("500.00"))),
        ("9161234567 500123", Line(PHONE, Decimal("500123.00"))),
        ("8 916 123 45 67 500", Line(PHONE, Decimal("500.00"))),
        ("+7 916 123-45-67 -200", Line(PHONE, None, 200)),
        ("— 1 200 +79161234567", Line(PHONE, None, 1200)),
        ("500 -200 +79161234567", Line(PHONE, Decimal("500.00"), 200)),
        ("500 - 200 89161234567", Line(PHONE, Decimal("500.00"), 200)),
        ("500 123456", Line(code("123456"), Decimal("500.00"))),
        ("500 123 456", Line(code("123456"), Decimal("500.00"))),
        ("1 000 123 456", Line(code("123456"), Decimal("1000.00"))),
        ("123456 500", Line(code("123456"), Decimal("500.00"))),
        ("9161 234567", Line(code("234567"), Decimal("9161.00"))),
        ("-200 123456", Line(code("123456"), None, 200)),
    ],
)
def test_a_line_says_what_and_whose(text, line):
    assert read_line(text, None) == line


@pytest.mark.parametrize(
    "text",
    ["", "500", "-200", "привет", "123456", "123 456", "+79161234567", "8 916 123-45-67", "8 9161234567", "916 123 45 67",
     "10 20", "22 08", "Тверская, 5", "9643101234567894", "500 " * 200],
)  # fmt: skip
def test_other_texts_are_no_line(text):
    assert read_line(text, None) is None


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("8 916 8916123 1 250", "order"),  # 8916 to 8 916 123-12-50, or 1250 to 8 916 891-61-23
        ("89161 234567", "order"),
        ("десять +79161234567", "amount"),
        ("0 +79161234567", "amount"),
        ("500-200 +79161234567", "amount"),
        ("12,345 123456", "amount"),
        ("10 000 001 +79161234567", "large"),
        ("500+79161234567", "space"),
        ("-200+79161234567", "space"),
        ("500 +7916", "who"),
        ("500 +79161234567 спасибо", "who"),
        ("5 12 1990", "who"),
    ],
)
def test_what_is_meant_as_a_line_and_cannot_be_read_says_what_is_wrong(text, trouble):
    read = read_line(text, None)
    assert isinstance(read, Unread) and read.trouble == trouble


def test_a_phone_without_a_country_code_is_read_in_the_partners_region():
    line = read_line("500 80291234567", Partner(region="BY"))
    assert line.who == Identifier("phone", "+375291234567")


@pytest.mark.parametrize("text", ["500", "1 250 000", "250 000", "1250,50 ₽", "9161 234567", "+79161234567", "123 456"])
def test_what_answers_a_question_is_left_to_it(text):
    assert is_an_answer(text, None)


@pytest.mark.parametrize("text", ["500 +79161234567", "500 123456", "-200 123456", "Иван"])
def test_a_line_is_no_answer(text):
    assert not is_an_answer(text, None)

"""Whatever a rule refuses, people read a sentence of their own language that says what to do next."""

from __future__ import annotations

import importlib
import pkgutil
from decimal import Decimal

import pytest
from flask_babel import force_locale

import loyalty
from loyalty.errors import AboveShare, BelowMinimum, InvalidAmount, LoyaltyError, RefundTooLarge
from web.sentences import SENTENCES, say, say_error


def rules_that_refuse() -> list[type[LoyaltyError]]:
    for module in pkgutil.iter_modules(loyalty.__path__):
        importlib.import_module(f"loyalty.{module.name}")
    found, waiting = [], [LoyaltyError]
    while waiting:
        found.append(waiting.pop())
        waiting += found[-1].__subclasses__()
    return [rule for rule in found if rule.__module__.startswith(("loyalty", "web"))]


def test_every_rule_has_its_sentence():
    assert len(rules_that_refuse()) > 60
    assert sorted({rule.code for rule in rules_that_refuse()} - SENTENCES.keys()) == []


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (BelowMinimum(100, 7), "За один раз списывают не меньше 100 баллов."),
        (AboveShare(Decimal(50), 300, 400), "Баллами можно оплатить не больше 50% чека: до 300 баллов."),
        (RefundTooLarge(Decimal("10.50"), Decimal(20)), "Вернуть можно не больше 10,50\N{NO-BREAK SPACE}₽."),
        (InvalidAmount("1 %(x)s", "is not money"), "Введите сумму в рублях, например 1250 или 1250,50."),
    ],
)
def test_a_sentence_names_the_numbers_it_speaks_of(app, error, sentence):
    with app.test_request_context(headers={"Accept-Language": "ru"}):
        assert say_error(error) == sentence


def test_a_problem_known_by_its_code_alone_is_told_without_numbers(app):
    with app.test_request_context(), force_locale("en"):
        assert say("below_minimum", 422) == say("no such code", 500)
        assert say("partner_not_found", 404) == "There is no such partner, or it is suspended."
        assert "%(" not in "".join(say(code, 400) for code in SENTENCES)

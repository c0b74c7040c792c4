from datetime import date
from decimal import Decimal
from string import Formatter

import pytest

from loyalty import texts

NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("count", "word"),
    [
        (0, "баллов"), (1, "балл"), (2, "балла"), (4, "балла"), (5, "баллов"), (10, "баллов"), (11, "баллов"),
        (12, "баллов"), (14, "баллов"), (15, "баллов"), (20, "баллов"), (21, "балл"), (22, "балла"), (25, "баллов"),
        (100, "баллов"), (101, "балл"), (111, "баллов"), (112, "баллов"), (122, "балла"), (1001, "балл"),
        (1011, "баллов"), (-1, "балл"), (-3, "балла"), (-11, "баллов"),
    ],
)  # fmt: skip
def test_russian_words_agree_with_their_number(count, word):
    assert texts.points_word(count, "ru") == word


@pytest.mark.parametrize(("count", "word"), [(0, "points"), (1, "point"), (2, "points"), (21, "points"), (-1, "point")])
def test_english_words_agree_with_their_number(count, word):
    assert texts.points_word(count, "en") == word


def sale(locale="ru", **changes):
    values = {
        "partner": "Эспрессо", "credited": 50, "spent": 0, "amount": Decimal("1000"), "currency": "RUB", "balance": 300,
    } | changes  # fmt: skip
    return texts.sale_text(locale, **values).body


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        ({}, "Эспрессо: +50 баллов за чек 1 000,00 ₽. Баланс 300."),
        ({"credited": 1, "balance": 1251}, "Эспрессо: +1 балл за чек 1 000,00 ₽. Баланс 1 251."),
        ({"credited": 0, "spent": 300}, "Эспрессо: −300 баллов за чек 1 000,00 ₽. Баланс 300."),
        ({"credited": 32, "spent": 300}, "Эспрессо: −300 и +32 балла за чек 1 000,00 ₽. Баланс 300."),
        ({"spendable_from": date(2026, 12, 5)},
         "Эспрессо: +50 баллов за чек 1 000,00 ₽, можно потратить с 05.12.2026. Баланс 300."),
        ({"balance": -15}, "Эспрессо: +50 баллов за чек 1 000,00 ₽. Баланс −15."),
        ({"currency": "KZT", "amount": Decimal("12.5")}, "Эспрессо: +50 баллов за чек 12,50 ₸. Баланс 300."),
    ],
)  # fmt: skip
def test_a_sale_reads_well_in_russian(changes, body):
    assert sale(**changes).replace(NBSP, " ") == body


def test_a_sale_reads_well_in_english():
    assert sale("en", credited=1) == "Эспрессо: +1 point for a purchase of ₽1,000.00. Balance 300."
    assert sale("en-GB", spent=1200) == "Эспрессо: −1,200 and +50 points for a purchase of ₽1,000.00. Balance 300."


def test_refunds_and_welcomes_read_well():
    values = {"partner": "Эспрессо", "amount": Decimal("300"), "currency": "RUB", "balance": 285}
    refund = texts.refund_text("ru", taken=15, given_back=0, **values).body.replace(NBSP, " ")
    assert refund == "Эспрессо: возврат 300,00 ₽, −15 баллов. Баланс 285."
    both = texts.refund_text("ru", taken=3, given_back=100, **values).body.replace(NBSP, " ")
    assert both == "Эспрессо: возврат 300,00 ₽, +100 и −3 балла. Баланс 285."
    welcome = texts.welcome_text("ru", partner="Эспрессо", points=100, balance=100).body
    assert welcome == "Эспрессо: добро пожаловать! +100 баллов в подарок. Баланс 100."


def expiring(points, locale="ru", **changes):
    values = {
        "partner": "Эспрессо", "points": points, "first": points, "last_day": date(2026, 3, 17),
        "gone_by": date(2026, 3, 18), "held": 0, "balance": 300,
    } | changes  # fmt: skip
    return texts.expiring_text(locale, **values).body.replace(NBSP, " ")


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (1, "1 балл сгорит"), (2, "2 балла сгорят"), (11, "11 баллов сгорят"), (21, "21 балл сгорит"),
        (22, "22 балла сгорят"), (25, "25 баллов сгорят"), (101, "101 балл сгорит"), (111, "111 баллов сгорят"),
        (1251, "1 251 балл сгорит"),
    ],
)  # fmt: skip
def test_what_expires_agrees_with_its_number(points, said):
    assert expiring(points) == f"Эспрессо: {said} после 17.03.2026. Баланс 300."


def test_expiring_points_read_well_in_parts_beside_held_ones_and_in_english():
    parts = {"first": 10, "gone_by": date(2026, 3, 25)}
    assert expiring(35, **parts, held=1) == (
        "Эспрессо: 35 баллов сгорят: 10 — после 17.03.2026, остальные — до 25.03.2026, ещё 1 балл в резерве. Баланс 300."
    )
    assert expiring(1, "en") == "Эспрессо: 1 point expires after 2026-03-17. Balance 300."
    assert expiring(35, "en", **parts, held=50) == (
        "Эспрессо: 35 points expire: 10 after 2026-03-17, the rest before 2026-03-25, another 50 points on hold."
        " Balance 300."
    )


@pytest.mark.parametrize("links", [False, True])
@pytest.mark.parametrize("locale", texts.LOCALES)
def test_a_code_fits_one_sms_and_stands_in_one_piece(locale, links):
    body = texts.code_text("012345", locale, links=links).body
    assert body.startswith("012345 ")
    assert len(body) <= 70


def test_an_unknown_language_is_answered_in_russian():
    assert texts.code_text("012345", "fr").body == texts.code_text("012345", "ru").body


def test_every_text_is_written_in_every_language_with_the_same_blanks():
    for name, versions in texts.TEXTS.items():
        assert versions.keys() == set(texts.LOCALES), name
        blanks = {frozenset(field for _, field, _, _ in Formatter().parse(text) if field) for text in versions.values()}
        assert len(blanks) == 1, name


def test_a_partner_whose_name_looks_like_a_blank_is_only_a_name():
    assert sale(partner="{balance}").startswith("{balance}: +50")

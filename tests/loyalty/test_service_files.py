"""The catalogue goes into a spreadsheet and comes back; a file says what it would change before it does."""

from __future__ import annotations

from decimal import Decimal

import pytest

from loyalty import service_files, services
from loyalty.clock import utcnow
from loyalty.errors import UnreadableFile
from tests.factories import make_partner, noise


@pytest.fixture
def salon(db_session):
    noise()
    shop = make_partner(name="Салон")
    for name, price, category, minutes in (
        ("Стрижка", "1500", "Волосы", 45),
        ("=2+2", "10.50", None, None),
        ("'Тюль'", "1", None, None),
    ):
        draft = services.read_draft(name=name, price=price, category=category, minutes=minutes)
        services.make(shop, draft, by=None, now=utcnow())
    return shop


def changes(salon, text):
    return [(row.name, row.change) for row in service_files.read_file(salon.id, text)]


def test_what_was_written_is_read_back_as_the_same_and_is_no_formula(salon):
    text = service_files.write_file(salon.id)
    assert text.startswith("\ufeffname;category;price;minutes;hidden\r\nСтрижка;Волосы;1500.00;45;\r\n'=2+2;")
    assert {change for _, change in changes(salon, text)} == {"same"}
    assert service_files.decode(text.encode("utf-8")) == text.lstrip("\ufeff")


def test_a_file_says_what_it_would_change_and_then_changes_that(salon):
    text = (
        "Услуга,Цена,Категория,Минуты,Скрыта\n"
        'стрижка,"1 800,50 ₽",волосы,60,\n'
        "Укладка,900,Волосы,,да\n"
        "\n"
        "=2+2,10.50,,,\n"
        "Плохая,-5,,,\n"
        "Долгая,5,,три часа,\n"
        "укладка,1,,,\n"
        "Странная,1,,,может быть\n"
    )
    rows = service_files.read_file(salon.id, text)
    assert [(row.line, row.name, row.change, row.refusal and row.refusal.code) for row in rows] == [
        (2, "стрижка", "changed", None),
        (3, "Укладка", "new", None),
        (5, "=2+2", "same", None),
        (6, "Плохая", "refused", "invalid_amount"),
        (7, "Долгая", "refused", "invalid_service"),
        (8, "укладка", "refused", "service_exists"),
        (9, "Странная", "refused", "invalid_service"),
    ]
    assert len(services.list_services(salon.id)) == 3, "nothing is changed by looking"
    service_files.take(salon, rows, by=None, now=utcnow())
    kept = services.list_services(salon.id)
    assert [(row.name, row.category, row.price, row.minutes, row.is_hidden) for row in kept] == [
        ("стрижка", "Волосы", Decimal("1800.50"), 60, False),
        ("Укладка", "Волосы", Decimal("900.00"), None, True),
        ("=2+2", None, Decimal("10.50"), None, False),
        ("'Тюль'", None, Decimal("1.00"), None, False),
    ]
    # the spelling of a category is the catalogue's own, so the file changes nothing the second time but says so
    assert {row.change for row in service_files.read_file(salon.id, service_files.write_file(salon.id))} == {"same"}


@pytest.mark.parametrize(
    "text",
    ["", "цена;минуты\n1;2\n", 'name;price\n"открыта', "name;price\n" + "а;1\n" * 1001, "name;price\n" + "а" * 600_000],
)
def test_what_is_no_table_is_refused(salon, text):
    with pytest.raises(UnreadableFile):
        service_files.read_file(salon.id, text)


def test_files_of_old_spreadsheets_are_read_too():
    assert service_files.decode("Стрижка".encode("cp1251")) == "Стрижка"
    with pytest.raises(UnreadableFile):
        service_files.decode(b"\x98")

"""The catalogue at the desk: kept by hand or by a table, without a script."""

from __future__ import annotations

import io
import re

import pytest

from loyalty import services

PAGE = "/partner/services"


@pytest.fixture
def stored(app, cast):
    def read(state="living"):
        with app.app_context():
            return services.list_services(cast.ours.partner_id, state=state)

    return read


def add(browser, name, price="1500", **fields):
    return browser.post(f"{PAGE}/new", **({"name": name, "price": price, "deed": ""} | fields))


def test_a_service_is_added_changed_hidden_moved_and_archived_and_comes_back(desk, words, stored):
    manager = desk("manager")
    assert "Каталог пуст" in words(manager.get(PAGE))
    assert add(manager, "Стрижка", "1 500,50", category="Волосы", minutes="45").status_code == 303
    again = add(manager, "Укладка", category="Волосы", again="1")
    assert again.status_code == 303 and "/new?category=" in again.headers["Location"]
    page = words(manager.get(PAGE)).replace("\xa0", " ")
    assert "1 500,50 ₽ · 45 мин" in page and "Волосы · 2" in page
    one = f"{PAGE}/{stored()[0].id}"
    assert 'value="1500.50"' in manager.get(one).text
    changed = manager.post(one, name="Стрижка", price="1800", category="Волосы", minutes="")
    assert changed.status_code == 303
    assert manager.post(f"{one}/act", act="down").status_code == 303
    assert [row.name for row in stored()] == ["Укладка", "Стрижка"]
    manager.post(f"{one}/act", act="hide")
    assert "Стрижка" in words(manager.get(f"{PAGE}?state=hidden"))
    manager.post(f"{one}/act", act="show")
    gone = manager.post(f"{one}/act", act="archive")
    assert "«Стрижка» в архиве" in words(manager.get(gone.headers["Location"]))
    assert manager.get(one).status_code == 404
    assert [row.name for row in stored()] == ["Укладка"]
    manager.post(f"{one}/act", act="restore")
    assert [(row.name, int(row.price), row.minutes) for row in stored()][1] == ("Стрижка", 1800, None)
    assert "Укладка" in words(manager.get(f"{PAGE}?query=укл")) and "Стрижка" not in words(
        manager.get(f"{PAGE}?query=укл")
    )


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "стрижка"}, "уже есть услуга с таким названием"),
        ({"name": "А", "price": "-5"}, "Введите сумму"),
        ({"name": "А", "price": ""}, "Введите сумму"),
        ({"name": "А", "minutes": "час"}, "Проверьте отмеченные поля"),
        ({"name": ""}, "Введите имя"),
    ],
)
def test_what_is_no_service_is_refused_beside_its_field(desk, words, stored, fields, said):
    manager = desk("manager")
    add(manager, "Стрижка")
    refused = add(manager, **({"name": "Б"} | fields))
    assert refused.status_code == 422 and said in words(refused)
    assert len(stored()) == 1


def test_a_table_says_what_it_would_change_before_it_does(desk, words, stored):
    manager = desk("manager")
    add(manager, "Стрижка", category="Волосы")
    table = "name;price;category\nСтрижка;1800;Волосы\nУкладка;900;Волосы\nДорого;много;\n"

    def hand_in(content):
        fields = {"csrf_token": manager.token(), "file": (io.BytesIO(content), "services.csv")}
        return manager.client.post(f"{PAGE}/import", data=fields, content_type="multipart/form-data")

    preview = hand_in(table.encode("cp1251"))
    page = words(preview)
    assert "изменится: 1, новая: 1, пропущена: 1" in page and "Строка 4" in page
    assert "Принять 2 строки" in page
    assert [int(row.price) for row in stored()] == [1500]
    text = re.search(r"<textarea name=\"text\" hidden>(.*?)</textarea>", preview.text, re.DOTALL)[1]
    assert manager.post(f"{PAGE}/import", text=text, act="take").status_code == 303
    assert [(row.name, int(row.price)) for row in stored()] == [("Стрижка", 1800), ("Укладка", 900)]
    refused = hand_in(b"\x98")
    assert refused.status_code == 422 and "Файл не читается" in words(refused)
    sent = manager.get(f"{PAGE}/export.csv")
    assert sent.text.splitlines()[1] == "Стрижка;Волосы;1800.00;;"

"""The story of a customer with the real bot process, over the stand-in's HTTP."""

from __future__ import annotations

import requests


def test_ivan_sees_his_points_and_polina_is_invited(demo):
    ivan = demo.person("ivan")
    shown = ivan.ask(text="/start")
    assert "750" in shown["text"] and "Кофейня Эспрессо: 250" in shown["text"] and "Салон Стиль: 500" in shown["text"]
    assert ["💰 Баланс", "🧾 История"] in shown["buttons"]
    assert ivan.ask(press="💰 Баланс")["text"] == shown["text"]
    assert "покупка на 6" in ivan.ask(press="🧾 История")["text"]
    picture = ivan.ask(press="🔢 Мой код")
    assert requests.get(demo.url + picture["photo"], timeout=10).content.startswith(b"\x89PNG")
    assert demo.post("ivan/messages", {"press": "нет такой кнопки"}).status_code == 409

    polina = demo.person("polina")
    assert "Салон Стиль" in polina.ask(text="/start p406631201")["text"]
    polina.ask("Поделитесь", press="Согласен на обработку данных")
    # she was credited at two businesses before; the old agreement had its welcome
    assert "Вы участник программы «Салон Стиль»" in polina.ask("участник", press="📱 Поделиться номером")["text"]


def test_ivan_takes_his_data_along_and_is_forgotten(demo):
    ivan = demo.person("ivan")
    ivan.ask(text="/start")
    assert "Имя: Иван Петров" in ivan.ask(press="👤 Профиль")["text"]
    document = ivan.hear(ivan.send(press="📦 Мои данные"), "Файл видите только вы")
    file = requests.get(demo.url + document["file"], timeout=10).json()
    assert file["profile"]["name"] == "Иван Петров" and len(file["purchases"]) == 4
    assert "Имя: Иван Петров" in ivan.ask(text="/profile")["text"]
    assert "750" in ivan.ask("пропадут", press="🗑 Забыть меня")["text"]
    ivan.ask("Последний шаг", press="Понятно, продолжить")
    assert "больше не знаем" in ivan.ask(text="УДАЛИТЬ")["text"]
    assert demo.post("ivan/messages", {"press": "💰 Баланс"}).status_code == 409, "the menu is gone"
    assert "Здравствуйте" in ivan.ask(text="/start")["text"]
    assert demo.scalar("SELECT count(*) FROM identity WHERE value = '+79161234567'") == 0

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

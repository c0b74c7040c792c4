"""A morning at the counter with the real bot process, over the stand-in's HTTP."""

from __future__ import annotations

from loyalty import verify
from models import db


def test_a_cashier_credits_spends_and_takes_back_and_the_customer_hears_of_it(demo):
    cashier, ivan = demo.person("espresso-cashier"), demo.person("ivan")
    assert "Кофейня Эспрессо" in cashier.ask("кассир", text="/start")["text"]

    preview = cashier.ask("Начислится", text="500 +79161234567")
    assert "25" in preview["text"] and preview["buttons"][0] == ["✅ Начислить 25\N{NO-BREAK SPACE}баллов"]
    heard = len(ivan.items())
    done = cashier.ask("Начислено", press=preview["buttons"][0][0])
    assert "275" in done["text"] and done["buttons"] == [["↩️ Отменить", "💸 Возврат"]]
    assert demo.post("espresso-cashier/messages", {"press": preview["buttons"][0][0]}).status_code == 409
    assert "Покупка отменена" in cashier.ask("отменена", press="↩️ Отменить")["text"]
    assert "+25" in ivan.hear(0, "Баланс 275")["text"]
    assert "возврат" in ivan.hear(0, "Баланс 250")["text"] and len(ivan.items()) == heard + 2

    preview = cashier.ask("Спишется", text="-200 +79161234567")
    assert "50" in cashier.ask("Списано 200", press=preview["buttons"][0][0])["text"]
    assert "−200" in ivan.hear(0, "Баланс 50")["text"]
    cashier.ask("Сколько вернуть?", press="💸 Возврат")
    preview = cashier.ask("Вернётся", press="Всё: 200,00\N{NO-BREAK SPACE}₽")
    assert "Покупка возвращена" in cashier.ask("возвращена", press=preview["buttons"][0][0])["text"]
    assert "Эспрессо: 250" in ivan.ask("У вас", text="/balance")["text"]
    with demo.app.app_context():
        assert list(verify.breaches(db.session.connection())) == []

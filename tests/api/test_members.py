"""The card of one customer as their partner sees it."""

from __future__ import annotations

from tests.api.roles import new_key


def card_url(cast, more=""):
    return f"/api/partner/customers/{cast.ours.member.customer_id}{more}"


def credit(cast, amount):
    body = {"customer": {"phone": cast.ours.phone}, "type": "accrual", "amount": amount}
    return cast.ours.staff["cashier"].post("/api/partner/transactions", body, key=new_key())


def test_the_card_adds_up_to_what_was_bought(cast):
    credit(cast, "1000.00")
    credit(cast, "500.00")
    card = cast.ours.staff["cashier"].get(card_url(cast)).json
    assert (card["visits"], card["spent"], card["average_check"]) == (2, "1500.00", "750.00")
    assert (card["balance"], card["phone"]) == (75, cast.ours.phone)
    operations = cast.ours.staff["cashier"].get(card_url(cast, "/transactions")).json["items"]
    assert [item["points"] for item in operations] == [25, 50]


def test_a_vip_is_noted_by_a_manager_and_not_by_a_cashier(cast):
    assert cast.ours.staff["cashier"].put(card_url(cast), {"is_vip": True}).status_code == 403
    changed = cast.ours.staff["manager"].put(card_url(cast), {"is_vip": True})
    assert changed.status_code == 200 and changed.json["is_vip"] is True
    named = cast.ours.staff["manager"].put(card_url(cast), {"name": "Иван из третьего подъезда"}).json
    assert (named["name"], named["is_vip"]) == ("Иван из третьего подъезда", True)


def test_who_works_without_contacts_sees_none(cast):
    card = cast.ours.staff["ai_marketer"].get(card_url(cast)).json
    assert (card["phone"], card["email"], card["card"]) == (None, None, None)


def test_another_partners_customer_looks_like_nobody(cast):
    foreign = cast.theirs.staff["owner"]
    for method, body in (("GET", ...), ("PUT", {"is_vip": True})):
        found = foreign.call(method, card_url(cast), body)
        missing = foreign.call(method, "/api/partner/customers/00000000-0000-7000-8000-000000000000", body)
        assert found.status_code == missing.status_code == 404
        assert found.json["code"] == missing.json["code"] == "customer_not_found"

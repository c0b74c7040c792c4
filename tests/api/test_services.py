"""The catalogue through the API: staff keep it, anybody reads what is shown."""

from tests.api.roles import make_cast, new_key
from tests.api.samples import SERVICE

RULE = "/api/partner/services"


def test_a_catalogue_is_kept_by_staff_and_read_by_anybody(app):
    cast = make_cast(app)
    manager = cast.ours.staff["manager"]
    cut = manager.post(RULE, SERVICE)
    assert cut.status_code == 201
    assert {name: cut.json[name] for name in SERVICE} == SERVICE
    one = f"{RULE}/{cut.json['id']}"
    hidden = manager.post(RULE, {"name": "Для своих", "price": "0", "is_hidden": True}).json
    assert (hidden["price"], hidden["minutes"], hidden["category"]) == ("0.00", None, None)
    tint = manager.post(RULE, SERVICE | {"name": "Тонирование", "price": "2000.50"}).json
    assert manager.post(f"{RULE}/{tint['id']}/move", {"to": "up"}).status_code == 200
    shown = cast.nobody.get(f"/api/partners/{cast.ours.partner_code}/services").json["items"]
    assert [row["name"] for row in shown] == ["Тонирование", "Стрижка"]
    assert shown[0].keys() == {"id", "name", "category", "price", "minutes"}
    first = manager.get(f"{RULE}?limit=2").json
    rest = manager.get(f"{RULE}?limit=2&cursor={first['next_cursor']}").json
    assert [row["name"] for row in first["items"] + rest["items"]] == ["Тонирование", "Стрижка", "Для своих"]
    assert [row["name"] for row in manager.get(f"{RULE}?query=тониро").json["items"]] == ["Тонирование"]
    assert [row["name"] for row in manager.get(f"{RULE}?state=hidden").json["items"]] == ["Для своих"]
    changed = manager.put(one, SERVICE | {"price": "1800"})
    assert (changed.json["price"], manager.get(one).json["price"]) == ("1800.00", "1800.00")
    assert [manager.delete(one).json["archived_at"] is None for _ in "12"] == [False, False]
    assert manager.put(one, SERVICE).status_code == 404
    taken = manager.post(RULE, SERVICE | {"name": "СТРИЖКА"})
    assert taken.status_code == 201
    assert (manager.post(f"{one}/restore").status_code, manager.post(f"{one}/restore").json["code"]) == (
        409,
        "service_exists",
    )


def test_what_is_no_service_is_refused_by_name(app):
    manager = make_cast(app).ours.staff["manager"]
    for change, field in (
        ({"price": "-1"}, "price"),
        ({"price": "1.001"}, "price"),
        ({"minutes": 0}, "minutes"),
        ({"category": "а" * 101}, "category"),
        ({"cost": "1"}, "cost"),
    ):
        refused = manager.post(RULE, SERVICE | change)
        assert refused.status_code in (400, 422) and field in refused.text, refused.text
    assert manager.get(RULE).json["items"] == []


def test_a_sale_names_services_and_keeps_them_as_lines(app):
    house = make_cast(app).ours
    manager, cashier = house.staff["manager"], house.staff["cashier"]
    cut = manager.post(RULE, SERVICE).json["id"]
    sold = {"customer": {"phone": house.phone}, "type": "accrual", "services": [cut, cut]}
    sale = cashier.post("/api/partner/transactions", sold, key=new_key()).json
    assert (sale["check_amount"], sale["points"]) == ("3000.00", 150)
    dearer = cashier.post("/api/partner/transactions", sold | {"amount": "3200.00"}, key=new_key()).json
    assert dearer["check_amount"] == "3200.00"
    kept = [one["lines"] for one in house.member.get("/api/customer/purchase-history").json["items"]]
    assert [[(line["name"], line["amount"]) for line in lines] for lines in kept] == [
        [("Стрижка", "3000.00"), (None, "200.00")],
        [("Стрижка", "3000.00")],
    ]
    foreign = make_cast(app).ours.staff["manager"].post(RULE, SERVICE).json["id"]
    for change, status, code in (
        ({"services": [foreign]}, 404, "service_not_found"),
        ({"services": []}, 400, None),
        ({"lines": [{"amount": "1.00"}]}, 400, None),
    ):
        refused = cashier.post("/api/partner/transactions", sold | change, key=new_key())
        assert refused.status_code == status and (code is None or refused.json["code"] == code), refused.text
    assert len(house.member.get("/api/customer/purchase-history").json["items"]) == 2

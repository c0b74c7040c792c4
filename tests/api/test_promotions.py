"""Promotions and tiers through the API: from a draft to what came of it, as the partner and the customer see it."""

from datetime import timedelta

from loyalty.clock import utcnow
from loyalty.rules import Rules
from tests.api.roles import make_cast, new_key
from tests.api.samples import PROMOTION, basket_of, make_purchase

FIXED = {"name": "Сто баллов", "kind": "fixed", "terms": {"points": 100, "min_amount": "500.00", "budget": 150}}


def make(actor, body=FIXED):
    answer = actor.post("/api/partner/promotions", body)
    assert answer.status_code == 201, answer.text
    return answer.json


def test_a_promotion_goes_from_a_draft_to_its_results(app):
    house = make_cast(app, Rules(welcome_bonus=0, min_spend=1)).ours
    manager, member = house.staff["manager"], house.member
    make_purchase(house)
    cost = manager.post("/api/partner/promotions/try", {"kind": "fixed", "terms": FIXED["terms"]}).json
    assert {name: cost[name] for name in ("purchases", "uses", "people", "points", "turnover", "gone_on")} == {
        "purchases": 1,
        "uses": 1,
        "people": 1,
        "points": 100,
        "turnover": "1000.00",
        "gone_on": None,
    }
    draft = make(manager)
    assert (draft["state"], draft["uses"], draft["ends_at"]) == ("draft", 0, None)
    assert member.get("/api/customer/promotions").json["items"] == []
    url = f"/api/partner/promotions/{draft['id']}"
    assert manager.put(url, FIXED | {"name": "Сотня"}).json["name"] == "Сотня"
    assert [manager.post(f"{url}/on").json["state"] for _ in "12"] == ["on", "on"]
    refused = manager.put(url, FIXED)
    assert (refused.status_code, refused.json["code"]) == (422, "invalid_promotion")
    offer = member.get("/api/customer/promotions").json["items"][0]
    assert offer["name"] == "Сотня"
    assert offer["terms"] == {"points": 100, "min_amount": "500"}, "what it may cost is the partner's own"
    make_purchase(house)
    results = manager.get(f"{url}/results").json
    assert results == {"uses": 1, "people": 1, "points": 100, "turnover": "1000.00"}
    assert manager.post(f"{url}/stop").json["state"] == "stopped"
    assert member.get("/api/customer/promotions").json["items"] == []
    assert manager.post(f"{url}/on").status_code == 422


def test_a_list_is_of_the_partners_own_customers_and_only_they_hear_of_it(app):
    cast = make_cast(app)
    manager = cast.ours.staff["manager"]
    draft = make(manager, FIXED | {"terms": {"points": 5, "audience": "list"}})
    url = f"/api/partner/promotions/{draft['id']}"
    ours, theirs = str(cast.ours.member.customer_id), str(cast.theirs.member.customer_id)
    manager.post(f"{url}/on")
    assert cast.ours.member.get("/api/customer/promotions").json["items"] == []
    assert manager.post(f"{url}/list", {"customer_ids": [ours, theirs]}).status_code == 404
    assert [manager.post(f"{url}/list", {"customer_ids": [ours]}).json["added"] for _ in "12"] == [1, 0]
    assert len(cast.ours.member.get("/api/customer/promotions").json["items"]) == 1


def test_the_list_of_promotions_goes_on_page_by_page(app):
    manager = make_cast(app).ours.staff["manager"]
    made = [make(manager, FIXED | {"name": f"Акция {n}"})["id"] for n in range(3)]
    first = manager.get("/api/partner/promotions?limit=2").json
    second = manager.get(f"/api/partner/promotions?limit=2&cursor={first['next_cursor']}").json
    assert [one["id"] for one in first["items"] + second["items"]] == made[::-1]
    assert second["next_cursor"] is None
    assert manager.get("/api/partner/promotions?state=on").json["items"] == []


def test_bad_terms_are_refused_by_name(app):
    manager = make_cast(app).ours.staff["manager"]
    yesterday = (utcnow() - timedelta(days=1)).isoformat()
    for change, field in (
        ({"terms": {"points": 5, "budget": -1}}, "budget"),
        ({"terms": {"factor": "2"}, "kind": "happy_hours"}, "hours"),
        ({"terms": {"points": 5, "nobody": 1}}, "nobody"),
        ({"terms": {"points": 5, "audience": "rule", "rule": {"version": 1, "where": {}}}}, "rule"),
        ({"terms": []}, "terms"),
        ({"ends_at": yesterday}, "ends_at"),
    ):
        for url in ("/api/partner/promotions", "/api/partner/promotions/try"):
            if field == "ends_at" and url.endswith("try"):
                continue
            body = FIXED | change
            if url.endswith("try"):
                body = {name: body[name] for name in ("kind", "terms")}
            answer = manager.post(url, body)
            assert (answer.status_code, list(answer.json["errors"])) == (422, [field]), (url, change, answer.text)


def test_terms_come_back_as_they_were_given(app):
    manager = make_cast(app).ours.staff["manager"]
    made = make(manager, PROMOTION)
    assert made["terms"] == PROMOTION["terms"] | {"audience": "all"}
    assert manager.get(f"/api/partner/promotions/{made['id']}").json == made


def test_tiers_are_set_read_and_stood_on(app):
    house = make_cast(app).ours
    owner, member = house.staff["owner"], house.member
    assert owner.get("/api/partner/tiers").json["levels"] == []
    levels = [
        {"name": "Серебро", "threshold": "900.00", "factor": "1.2"},
        {"name": "Золото", "threshold": "5000.00", "factor": "2"},
    ]
    scheme = {"measure": "spent", "window": "days", "days": 365, "falls_on_refund": True, "levels": levels}
    assert owner.put("/api/partner/tiers", scheme).json == scheme
    assert owner.get("/api/partner/tiers").json == scheme
    sold = basket_of(house) | {"type": "accrual"}
    assert house.staff["cashier"].post("/api/partner/transactions", sold, key=new_key()).status_code == 201
    standing = member.get("/api/customer/tiers").json["items"][0]
    told = [standing[name] for name in ("tier", "factor", "sum", "following", "missing")]
    assert told == ["Серебро", "1.2", "1000.00", "Золото", "4000.00"]
    upside_down = owner.put("/api/partner/tiers", scheme | {"levels": levels[::-1]})
    assert (upside_down.status_code, list(upside_down.json["errors"])) == (422, ["levels"])
    assert owner.put("/api/partner/tiers", {"levels": []}).json["levels"] == []
    assert member.get("/api/customer/tiers").json["items"] == []

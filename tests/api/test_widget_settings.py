"""The widget as a partner sets it through the API."""

from __future__ import annotations

from models import transaction
from tests.factories import make_site


def test_a_look_is_read_and_changed_in_parts(cast):
    owner = cast.ours.staff["owner"]
    assert owner.get("/api/partner/widget").json == {
        "partner_code": cast.ours.partner_code,
        "accent": None,
        "colour": "#0b6b63",
        "contrast": {"letters": "6.3", "on_light": "6.3", "on_dark": "2.5"},
        "theme": "auto",
        "position": "bottom-right",
        "label_ru": None,
        "label_en": None,
    }
    changed = owner.put("/api/partner/widget", {"accent": "#FFF", "label_ru": "Бонусы"})
    assert (changed.status_code, changed.json["accent"], changed.json["contrast"]["letters"]) == (200, "#757575", "4.6")
    assert owner.put("/api/partner/widget", {"theme": "light"}).json["label_ru"] == "Бонусы"
    refused = owner.put("/api/partner/widget", {"accent": "red", "theme": "dark"})
    assert (refused.status_code, refused.json["code"]) == (400, "invalid_colour")
    assert owner.get("/api/partner/widget").json["theme"] == "light"
    assert owner.put("/api/partner/widget", {"label_en": "Bonus points for everybody"}).status_code == 400
    assert owner.put("/api/partner/widget", {"accent": None}).json["colour"] == "#0b6b63"


def test_sites_are_added_listed_and_taken_off(cast):
    owner, elsewhere = cast.ours.staff["owner"], cast.theirs.staff["owner"]
    made = owner.post("/api/partner/widget/sites", {"origin": "Shop.example/menu"})
    assert (made.status_code, made.json["origin"]) == (201, "https://shop.example")
    assert owner.post("/api/partner/widget/sites", {"origin": "https://shop.example"}).json == made.json
    listed = owner.get("/api/partner/widget/sites").json["items"]
    assert made.json in listed
    assert (made.json["state"], made.json["is_being_checked"], made.json["failure"]) == ("unproved", True, None)
    proof = made.json["proof"]
    assert proof["address"] == f"https://shop.example/.well-known/kopilka-{cast.ours.partner_code}.txt"
    assert proof["meta"] == f'<meta name="kopilka-site" content="{proof["text"]}">'
    checked = owner.post(f"/api/partner/widget/sites/{made.json['id']}/check")
    assert (checked.status_code, checked.json) == (200, made.json)
    assert elsewhere.post(f"/api/partner/widget/sites/{made.json['id']}/check").status_code == 404
    assert elsewhere.delete(f"/api/partner/widget/sites/{made.json['id']}").status_code == 404
    assert owner.post("/api/partner/widget/sites", {"origin": "*.shop.example"}).json["code"] == "invalid_origin"
    assert owner.delete(f"/api/partner/widget/sites/{made.json['id']}").status_code == 204
    assert made.json not in owner.get("/api/partner/widget/sites").json["items"]


def test_who_saw_and_opened_it_is_read_day_by_day(app, cast):
    owner, code = cast.ours.staff["owner"], cast.ours.partner_code
    with app.app_context(), transaction():
        make_site(cast.ours.partner_id, "https://seen.example")
    before = owner.get("/api/partner/widget/stats?days=2").json["total"]
    for origin in ("https://seen.example", "https://elsewhere.example", "null"):
        assert cast.nobody.get(f"/api/widget/{code}", Origin=origin).status_code == 200
    cast.nobody.get(f"/api/widget/{code}")
    found = owner.get("/api/partner/widget/stats?days=2").json
    assert found["total"]["shown"] == before["shown"] + 1
    assert len(found["days"]) == 2
    assert sum(day["shown"] for day in found["days"]) == found["total"]["shown"]
    assert found["before"]["shown"] == 0
    assert owner.get("/api/partner/widget/stats?days=0").status_code == 400

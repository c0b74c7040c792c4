"""The widget as a partner sets it through the API."""

from __future__ import annotations


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

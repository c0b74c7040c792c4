"""A code with the sum inside over HTTP: made by staff, taken once, and nothing to be had by a code that is not good."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest

from loyalty import sale_codes
from loyalty.clock import utcnow
from models import db, transaction
from tests.api.roles import new_key, sign_in
from tests.factories import make_customer
from tests.support.qr import read_png, read_svg

YES = {"personal_data": True}
RULE = "/api/partner/sale-codes"


@pytest.fixture
def reader(app):
    """Somebody who is no customer of anybody's yet."""
    with app.test_request_context(), transaction():
        return sign_in(app, "reader", make_customer(name="Нина").id)


@pytest.fixture
def cashier(cast):
    return cast.ours.staff["cashier"]


@pytest.fixture
def code(cashier):
    made = cashier.post(RULE, {"amount": "1000.00"}, key=new_key())
    assert made.status_code == 201, made.text
    return made.json


def url_of(code):
    return "/api/customer/sale-codes/" + code["link"].rpartition("/")[2]


def take(actor, code, points, *, consents=YES, key=None):
    return actor.post(f"{url_of(code)}/take", {"points": points, "consents": consents}, key=key or new_key())


def test_a_code_is_shown_as_link_png_and_svg_and_one_person_takes_it(cast, cashier, code, reader):
    pictures = [cashier.get(f"{RULE}/{code['id']}/qr.{kind}") for kind in ("png", "svg")]
    assert [picture.mimetype for picture in pictures] == ["image/png", "image/svg+xml"]
    assert read_png(pictures[0].data) == read_svg(pictures[1].text) == code["link"]
    offer = reader.get(url_of(code)).json
    assert (offer["amount"], offer["state"], offer["needs_consent"]) == ("1000.00", "open", True)
    assert offer["points"] > 0 and reader.get("/api/customer/balance").json["total"] == 0
    taken = take(reader, code, offer["points"])
    assert (taken.status_code, taken.json["state"], taken.json["points"]) == (201, "used", offer["points"])
    shown = cashier.get(f"{RULE}/{code['id']}").json
    assert (shown["state"], shown["link"], shown["purchase_id"]) == ("used", None, taken.json["purchase_id"])
    assert cashier.get(f"{RULE}/{code['id']}/qr.png").json["code"] == "sale_code_gone"


def test_a_replayed_qr_credits_nobody_a_second_time(app, cast, code, reader):
    points = reader.get(url_of(code)).json["points"]
    first = take(reader, code, points).json
    again = take(reader, code, points)
    assert (again.status_code, again.json["purchase_id"]) == (201, first["purchase_id"])
    other = cast.stranger
    assert [other.get(url_of(code)).json["code"], take(other, code, points).json["code"]] == ["sale_code_used"] * 2


def test_a_tampered_token_is_no_code(code, reader):
    token = code["link"].rpartition("/")[2]
    for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), token + "A", token[:-1], secrets.token_urlsafe(16)):
        refused = reader.get(f"/api/customer/sale-codes/{wrong}")
        assert (refused.status_code, refused.json["code"]) == (404, "sale_code_gone")


def test_an_expired_token_credits_nothing(app, cashier, code, reader, monkeypatch):
    points = reader.get(url_of(code)).json["points"]
    late = utcnow() + sale_codes.LIFE + timedelta(seconds=1)
    monkeypatch.setattr("api.sale_codes.utcnow", lambda: late)
    refused = take(reader, code, points)
    assert (refused.status_code, refused.json["code"]) == (404, "sale_code_gone")
    assert reader.get("/api/customer/balance").json["total"] == 0
    assert cashier.get(f"{RULE}/{code['id']}").json["link"] is None


def test_another_price_than_was_shown_and_a_missing_consent_credit_nothing(code, reader):
    points = reader.get(url_of(code)).json["points"]
    assert take(reader, code, points + 1).json["code"] == "quote_changed"
    assert take(reader, code, points, consents={}).json["code"] == "consent_required"
    assert reader.get("/api/customer/balance").json["total"] == 0
    assert reader.get(url_of(code)).json["state"] == "open"


def test_a_revoked_code_and_another_partners_are_gone(cast, cashier, code, reader):
    assert cast.theirs.staff["owner"].get(f"{RULE}/{code['id']}").status_code == 404
    assert cast.theirs.staff["owner"].post(f"{RULE}/{code['id']}/revoke").status_code == 404
    states = [cashier.post(f"{RULE}/{code['id']}/revoke").json["state"] for _ in "12"]
    assert states == ["revoked", "revoked"]
    assert reader.get(url_of(code)).json["code"] == "sale_code_gone"


def test_what_is_kept_for_a_repeat_is_no_key_to_the_points(app, cashier):
    key = new_key()
    made = [cashier.post(RULE, {"amount": "700.00"}, key=key).json for _ in "12"]
    assert made[0] == made[1] and made[0]["link"]
    with app.app_context():
        kept = db.session.execute(db.text("SELECT answer FROM idempotency WHERE key = :key"), {"key": key}).all()
    assert [row.answer["link"] for row in kept] == [None]

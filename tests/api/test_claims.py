"""Customers ask for points over HTTP, staff decide, and what is wrong is told by a code."""

from __future__ import annotations

import itertools
import random
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from loyalty.clock import utcnow
from models import transaction
from models.partner import Partner
from tests.api.roles import new_key, sign_in
from tests.factories import make_customer

YES = {"personal_data": True}
_numbers = itertools.count(random.randrange(10**6))


def receipt(amount="1000.00", *, ago=timedelta(), kind=1, drive="9960440300000777", number=None):
    at = (utcnow() - ago).astimezone(ZoneInfo("Europe/Moscow"))
    return f"t={at:%Y%m%dT%H%M}&s={amount}&fn={drive}&i={number or next(_numbers)}&fp=1234567890&n={kind}"


@pytest.fixture
def guest(app):
    """Somebody who is no customer of anybody's yet."""
    with app.test_request_context(), transaction():
        return sign_in(app, "guest", make_customer(name="Нина").id)


@pytest.fixture
def ask(cast, guest):
    def ask(actor=guest, key=None, **body):
        body = {"partner_id": cast.ours.partner_code, "consents": YES} | body
        return actor.post("/api/customer/claims", body, key=key or new_key())

    return ask


@pytest.fixture
def decide(cast):
    def decide(claim, verb, body=None, role="cashier", house=None):
        url = f"/api/partner/claims/{claim['id']}/{verb}"
        return (house or cast.ours).staff[role].post(url, body or {}, key=new_key())

    return decide


def test_points_come_when_the_cashier_agrees(cast, guest, ask, decide):
    asked = ask(amount="1000.00", receipt=receipt(), branch_id=str(cast.ours.branch_id))
    assert asked.status_code == 201
    claim = asked.json
    assert (claim["state"], claim["points"], claim["has_receipt"]) == ("waiting", 0, True)
    assert "doubts" not in claim, "what looks odd is for the staff"
    assert guest.get("/api/customer/balance").json["total"] == 0
    waiting = cast.ours.staff["cashier"].get("/api/partner/claims").json["items"][-1]
    assert (waiting["id"], waiting["customer_name"], waiting["is_new"]) == (claim["id"], "Нина", True)
    assert waiting["customer_phone"].startswith("+7") and "drive_unknown" in waiting["doubts"]
    done = decide(claim, "approve").json
    assert (done["state"], done["points"]) == ("approved", 50)
    assert decide(claim, "approve").json == done
    own = guest.get(f"/api/customer/claims/{claim['id']}").json
    assert (own["state"], own["points"], own["purchase_id"]) == ("approved", 50, done["purchase_id"])
    assert guest.get("/api/customer/claims").json["items"] == [own]
    assert guest.get("/api/customer/balance").json["total"] == 50


def test_a_cashier_corrects_the_sum_or_refuses_with_a_reason(cast, guest, ask, decide):
    corrected = decide(ask(amount="10000").json, "approve", {"amount": "1000"}).json
    assert (corrected["amount"], corrected["approved_amount"], corrected["points"]) == ("10000.00", "1000.00", 50)
    claim = ask(amount="500").json
    reason = "<script>alert(1)</script> нет такой покупки"
    assert decide(claim, "refuse", {"reason": reason}).json["reason"] == reason
    own = guest.get(f"/api/customer/claims/{claim['id']}")
    assert (own.json["state"], own.json["reason"], own.mimetype) == ("refused", reason, "application/json")
    assert decide(claim, "approve").json["code"] == "claim_decided"
    decided = cast.ours.staff["cashier"].get("/api/partner/claims?state=decided").json["items"]
    assert [one["state"] for one in decided[:2]] == ["refused", "approved"]


def test_a_refund_shows_in_the_claim(cast, guest, ask, decide):
    done = decide(ask(amount="1000").json, "approve").json
    url = f"/api/partner/transactions/{done['purchase_id']}/refunds"
    assert cast.ours.staff["cashier"].post(url, {"amount": "1000"}, key=new_key()).status_code == 201
    assert guest.get(f"/api/customer/claims/{done['id']}").json["points"] == 0


def test_a_customer_withdraws(guest, ask, decide):
    claim = ask(amount="10").json
    assert guest.post(f"/api/customer/claims/{claim['id']}/withdraw").json["state"] == "withdrawn"
    assert guest.post(f"/api/customer/claims/{claim['id']}/withdraw").status_code == 200
    assert decide(claim, "approve").json["code"] == "claim_decided"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "claim_needs_sum"),
        ({"receipt": receipt(), "amount": "1000.01"}, 422, "fiscal_receipt_other_sum"),
        ({"receipt": receipt(ago=timedelta(hours=-6))}, 422, "fiscal_receipt_future"),
        ({"receipt": receipt(ago=timedelta(days=731))}, 422, "fiscal_receipt_old"),
        ({"receipt": receipt(kind=2)}, 422, "fiscal_receipt_not_sale"),
        ({"receipt": receipt().replace("&i=", "&i=x")}, 422, "invalid_fiscal_receipt"),
        ({"receipt": "https://example.com/?" + receipt()}, 422, "invalid_fiscal_receipt"),
        ({"amount": "0"}, 400, "validation_error"),
        ({"amount": "1e3"}, 400, "validation_error"),
        ({"amount": "10", "consents": {"personal_data": False}}, 422, "consent_required"),
        ({"amount": "10", "branch_id": "0190f3b2-7c1e-7a4b-9d52-3f6a1c0e8b7d"}, 404, "branch_not_found"),
        ({"amount": "10", "partner_id": "999999999999"}, 404, "partner_not_found"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_kept(guest, ask, body, status, code):
    refused = ask(**body)
    assert (refused.status_code, refused.json["code"]) == (status, code)
    assert guest.get("/api/customer/claims").json["items"] == []
    assert guest.get("/api/customer/balance").json["memberships"] == [], "nobody has joined anything"


def test_a_receipt_counts_once_for_everybody(cast, guest, ask):
    text = receipt()
    first = ask(receipt=text)
    assert ask(receipt=text).json["id"] == first.json["id"], "the same person is shown their claim"
    replayed = ask(actor=cast.ours.member, receipt=text)
    assert (replayed.status_code, replayed.json["code"]) == (409, "fiscal_receipt_used")
    foreign = ask(actor=cast.ours.member, receipt=text, partner_id=cast.theirs.partner_code)
    assert (foreign.status_code, foreign.json["code"]) == (409, "fiscal_receipt_used")


def test_another_partners_claim_is_like_none(cast, ask, decide):
    claim = ask(amount="10").json
    for verb, body in (("approve", {}), ("refuse", {"reason": "нет"})):
        refused = decide(claim, verb, body, house=cast.theirs)
        assert (refused.status_code, refused.json["code"]) == (404, "claim_not_found")


def test_a_suspended_partner_takes_no_claims(app, cast, guest, ask):
    with app.app_context(), transaction() as session:
        session.get_one(Partner, cast.theirs.partner_id).state = "suspended"
    try:
        refused = ask(amount="10", partner_id=cast.theirs.partner_code)
        assert (refused.status_code, refused.json["code"]) == (404, "partner_not_found")
    finally:
        with app.app_context(), transaction() as session:
            session.get_one(Partner, cast.theirs.partner_id).state = "active"


def test_lists_are_paged(guest, ask):
    made = [ask(amount=str(n)).json["id"] for n in (1, 2, 3)]
    page = guest.get("/api/customer/claims?limit=2").json
    assert [one["id"] for one in page["items"]] == [made[2], made[1]]
    rest = guest.get(f"/api/customer/claims?limit=2&cursor={page['next_cursor']}").json
    assert ([one["id"] for one in rest["items"]], rest["next_cursor"]) == ([made[0]], None)
    assert guest.get("/api/customer/claims?cursor=x").json["code"] == "invalid_cursor"


def test_the_owner_sets_limits_and_drives_and_claims_pass_by_themselves(cast, guest, ask):
    owner, house = cast.theirs.staff["owner"], cast.theirs
    rule = "/api/partner/claims"
    assert owner.get(f"{rule}/policy").json["is_automatic"] is False
    limits = {"is_automatic": True, "known_only": False, "most_amount": "1500.00"}
    kept = owner.put(f"{rule}/policy", limits).json
    assert (kept["is_automatic"], kept["most_amount"], kept["receipt_hours"]) == (True, "1500.00", 72)
    drive = "9960440300000888"
    body = {"drive": "9960 4403 0000 0888", "branch_id": str(house.branch_id)}
    assert owner.post(f"{rule}/drives", body).json["drive"] == drive
    assert [one["drive"] for one in owner.get(f"{rule}/drives").json["items"]] == [drive]
    asked = ask(partner_id=house.partner_code, receipt=receipt(drive=drive))
    at_night = utcnow().astimezone(ZoneInfo("Europe/Moscow")).hour < 6
    assert asked.json["state"] == ("waiting" if at_night else "approved")
    assert ask(partner_id=house.partner_code, receipt=receipt("1500.01", drive=drive)).json["state"] == "waiting"
    wrong = owner.post(f"{rule}/drives", body | {"drive": "1234567890123456x"})
    assert (wrong.status_code, wrong.json["code"]) == (422, "invalid_drive")
    assert owner.delete(f"{rule}/drives/{drive}").status_code == 204
    assert owner.delete(f"{rule}/drives/{drive}").json["code"] == "drive_not_found"

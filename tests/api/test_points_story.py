"""The stories of a cashier, a till and a customer over HTTP."""

from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from loyalty import exports
from loyalty.clock import utcnow
from models import db, transaction
from models.customer import Customer
from models.partner import Partner, Staff
from tests.api.roles import new_key
from tests.factories import make_phone, make_staff


def credit(actor, phone, amount="1000.00", **more):
    body = {"customer": {"phone": phone}, "type": "accrual", "amount": amount} | more
    return actor.post("/api/partner/transactions", body, key=new_key())


def balance_of(member, partner_id):
    loyalty = member.get("/api/customer/loyalty").json
    (found,) = [one for one in loyalty["memberships"] if one["partner_id"] == str(partner_id)]
    return found["balance"]


def test_a_cashier_credits_and_the_customer_sees_it(cast):
    cashier, member = cast.ours.staff["cashier"], cast.ours.member
    before = balance_of(member, cast.ours.partner_id)
    sale = credit(cashier, cast.ours.phone, receipt_id=new_key())
    assert sale.status_code == 201
    body = sale.json
    assert body | {"type": "accrual", "points": 50, "check_amount": "1000.00"} == body
    assert body["balance"] == body["available"] == before + 50
    loyalty = member.get("/api/customer/loyalty").json
    assert loyalty["total"] == sum(one["balance"] for one in loyalty["memberships"])
    first = loyalty["transactions"]["items"][0]
    assert (first["kind"], first["points"], first["balance_after"]) == ("earn", 50, before + 50)
    assert (first["check_amount"], first["source"]) == ("1000.00", "manual")
    assert first["breakdown"]


def test_a_repeat_is_answered_and_not_done_again(cast):
    cashier, key = cast.ours.staff["cashier"], new_key()
    body = {"customer": {"phone": cast.ours.phone}, "type": "accrual", "amount": "1000.00"}
    first = cashier.post("/api/partner/transactions", body, key=key)
    again = cashier.post("/api/partner/transactions", body, key=key)
    assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert balance_of(cast.ours.member, cast.ours.partner_id) == first.json["balance"]
    other = cashier.post("/api/partner/transactions", body | {"amount": "1000.01"}, key=key)
    assert (other.status_code, other.json["code"]) == (409, "idempotency_conflict")
    spelled = cashier.post("/api/partner/transactions", body | {"amount": 1000}, key=key)
    assert spelled.json == first.json


def test_refunds_take_back_to_the_point(cast):
    cashier = cast.ours.staff["cashier"]
    sale = credit(cashier, cast.ours.phone).json
    url = f"/api/partner/transactions/{sale['id']}/refunds"
    first = cashier.post(url, {"amount": "300.00"}, key=new_key())
    second = cashier.post(url, {"amount": "700.00"}, key=new_key())
    assert (first.status_code, first.json["taken_back"], first.json["money_back"]) == (201, 15, "300.00")
    assert (second.json["taken_back"], second.json["balance"]) == (35, sale["balance"] - 50)
    third = cashier.post(url, {"amount": "0.01"}, key=new_key())
    assert (third.status_code, third.json["code"]) == (422, "refund_too_large")


def test_a_redemption_spends_and_a_refund_gives_back(cast):
    cashier = cast.ours.staff["cashier"]
    credit(cashier, cast.ours.phone, "10000")
    body = {"customer": {"phone": cast.ours.phone}, "type": "redemption", "amount": "500", "points": 200}
    spent = cashier.post("/api/partner/transactions", body, key=new_key())
    assert (spent.status_code, spent.json["type"], spent.json["points"]) == (201, "redemption", 200)
    back = cashier.post(f"/api/partner/transactions/{spent.json['id']}/refunds", {"amount": "500"}, key=new_key())
    assert (back.json["given_back"], back.json["taken_back"], back.json["money_back"]) == (200, 0, "300.00")


def test_more_than_there_is_cannot_be_spent(cast):
    body = {"customer": {"phone": cast.ours.phone}, "type": "redemption", "amount": "90000000", "points": 50_000_000}
    refused = cast.ours.staff["cashier"].post("/api/partner/transactions", body, key=new_key())
    assert (refused.status_code, refused.json["code"]) == (409, "not_enough_points")


def test_a_till_quotes_holds_captures_and_refunds(cast):
    till = cast.ours.till
    credit(cast.ours.staff["cashier"], cast.ours.phone, "20000")
    before = balance_of(cast.ours.member, cast.ours.partner_id)
    receipt = new_key()
    basket = {"customer": {"phone": cast.ours.phone}, "amount": "1000", "receipt_id": receipt}
    quote = till.post("/api/pos/quotes", basket)
    assert quote.status_code == 200
    assert (quote.json["will_earn"], quote.json["max_redeemable"]) == (50, 1000)
    too_many = till.post("/api/pos/holds", {"quote_id": quote.json["quote_id"], "points": 1001}, key=new_key())
    assert 400 <= too_many.status_code < 500
    hold = till.post("/api/pos/holds", {"quote_id": quote.json["quote_id"], "points": 300}, key=new_key())
    assert (hold.status_code, hold.json["points"]) == (201, 300)
    url = f"/api/pos/holds/{hold.json['hold_id']}"
    changed = till.post(f"{url}/capture", {"amount": "1000.01"}, key=new_key())
    assert (changed.status_code, changed.json["code"]) == (409, "quote_changed")
    key = new_key()
    captured = till.post(f"{url}/capture", {"amount": "1000"}, key=key)
    assert (captured.status_code, captured.json["redeemed"], captured.json["earned"]) == (200, 300, 35)
    assert captured.json["balance"] == before - 300 + 35
    assert till.post(f"{url}/capture", {"amount": "1000"}, key=key).json == captured.json
    again = till.post(f"{url}/capture", {"amount": "1000"}, key=new_key())
    assert (again.status_code, again.json["code"]) == (409, "hold_resolved")
    assert till.post(f"{url}/void", key=new_key()).json["code"] == "hold_resolved"
    back = till.post("/api/pos/refunds", {"receipt_id": receipt, "amount": "1000"}, key=new_key())
    assert (back.status_code, back.json["given_back"], back.json["taken_back"]) == (201, 300, 35)
    assert balance_of(cast.ours.member, cast.ours.partner_id) == before


def test_a_void_frees_what_was_held(cast):
    till = cast.ours.till
    credit(cast.ours.staff["cashier"], cast.ours.phone, "20000")
    quote = till.post("/api/pos/quotes", {"customer": {"phone": cast.ours.phone}, "amount": "1000"}).json
    hold = till.post("/api/pos/holds", {"quote_id": quote["quote_id"], "points": 300}, key=new_key()).json
    void = till.post(f"/api/pos/holds/{hold['hold_id']}/void", key=new_key())
    assert void.status_code == 200
    assert void.json["available"] == void.json["balance"]


def test_the_code_at_the_till_works_once(cast):
    code = cast.ours.member.get("/api/customer/code").json["code"]
    body = {"customer": {"code": code}, "type": "accrual", "amount": "100"}
    cashier, key = cast.ours.staff["cashier"], new_key()
    assert cashier.post("/api/partner/transactions", body, key=key).status_code == 201
    assert cashier.post("/api/partner/transactions", body, key=key).status_code == 201
    again = cashier.post("/api/partner/transactions", body, key=new_key())
    assert (again.status_code, again.mimetype) == (404, "application/problem+json")


def test_asking_again_for_the_code_leaves_the_shown_one_good(cast):
    code = cast.ours.member.get("/api/customer/code").json["code"]
    assert cast.ours.member.call("HEAD", "/api/customer/code").status_code == 200
    assert cast.ours.member.get("/api/customer/code").json["code"] == code
    assert credit(cast.ours.staff["cashier"], None, "100", customer={"code": code}).status_code == 201
    assert cast.ours.member.get("/api/customer/code").json["code"] != code


def test_an_admin_adjusts_once_with_a_reason(cast):
    url = f"/api/admin/customers/{cast.ours.member.customer_id}/loyalty/adjust"
    before, key = balance_of(cast.ours.member, cast.ours.partner_id), new_key()
    body = {"partner_id": str(cast.ours.partner_id), "points": 70, "reason": "Обещали за ожидание"}
    posted = cast.admin.post(url, body, key=key)
    assert (posted.status_code, posted.json["points"], posted.json["balance"]) == (201, 70, before + 70)
    assert cast.admin.post(url, body, key=key).json == posted.json
    assert cast.admin.post(url, body | {"points": -70}, key=new_key()).json["balance"] == before
    nowhere = cast.admin.post(url, body | {"partner_id": str(cast.theirs.partner_id)}, key=new_key())
    assert nowhere.status_code == 404


def test_purchases_are_listed_page_by_page(cast):
    cashier, member = cast.theirs.staff["cashier"], cast.theirs.member
    for amount in ("100.00", "200.50", "300.00"):
        credit(cashier, cast.theirs.phone, amount, lines=[{"amount": amount, "name": "Капучино", "quantity": 1}])
    first = member.get("/api/customer/purchase-history?limit=2").json
    second = member.get(f"/api/customer/purchase-history?limit=2&cursor={first['next_cursor']}").json
    amounts = [item["amount"] for item in first["items"] + second["items"]]
    assert (amounts, second["next_cursor"]) == (["300.00", "200.50", "100.00"], None)
    assert first["items"][0]["lines"][0] | {"name": "Капучино", "amount": "300.00"} == first["items"][0]["lines"][0]
    stats = member.get("/api/customer/purchase-stats").json
    assert (stats["total_purchases"], stats["total_spent"], stats["average_check"]) == (3, "600.50", "200.17")
    operations = member.get("/api/customer/loyalty?limit=2").json["transactions"]
    rest = member.get(f"/api/customer/loyalty?limit=2&cursor={operations['next_cursor']}").json["transactions"]
    assert [item["points"] for item in operations["items"] + rest["items"]] == [15, 10, 5]


def test_the_partner_sees_its_own_customers_and_no_others(cast):
    owner = cast.ours.staff["owner"]
    found = owner.get("/api/partner/customers?query=").json["items"]
    ids = {item["customer_id"] for item in found}
    assert str(cast.ours.member.customer_id) in ids
    assert str(cast.theirs.member.customer_id) not in ids
    (mine,) = owner.get(f"/api/partner/customers?query={cast.ours.phone[2:]}").json["items"]
    assert mine["phone"] == cast.ours.phone
    assert owner.get(f"/api/partner/customers?query=%2B{cast.theirs.phone[1:]}").json["items"] == []
    blind = cast.ours.staff["ai_marketer"].get("/api/partner/customers").json["items"]
    assert {item["phone"] for item in blind} == {None}
    url = f"/api/partner/customers?query={cast.ours.phone[2:]}"
    assert cast.ours.staff["ai_marketer"].get(url).json["items"] == []


def test_figures_and_files_hold_what_was_posted(cast):
    owner, cashier = cast.theirs.staff["owner"], cast.theirs.staff["cashier"]
    before = owner.get("/api/partner/stats?days=7").json["current"]
    credit(cashier, cast.theirs.phone, "1000")
    after = owner.get("/api/partner/stats?days=7").json["current"]
    assert after["purchases"] - before["purchases"] == 1
    assert float(after["turnover"]) - float(before["turnover"]) == 1000
    assert after["earned"] - before["earned"] == 50
    file = owner.get("/api/partner/export/transactions.csv")
    assert file.mimetype == "text/csv"
    lines = file.data.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("entry_id,occurred_at,customer_id,kind,points")
    assert str(cast.ours.member.customer_id) not in file.text
    people = owner.get("/api/partner/export/customers.csv").data.decode("utf-8-sig")
    assert cast.theirs.phone in people
    assert cast.ours.phone not in people


def test_the_figures_of_a_branch_count_its_own_points_only(cast):
    owner, branch = cast.ours.staff["owner"], str(cast.ours.branch_id)

    def earned():
        urls = ("/api/partner/stats?days=7", f"/api/partner/stats?days=7&branch_id={branch}")
        return [owner.get(url).json["current"]["earned"] for url in urls]

    whole, own = earned()
    assert credit(owner, cast.ours.phone, "1000").status_code == 201
    assert earned() == [whole + 50, own]
    assert credit(owner, cast.ours.phone, "100", branch_id=branch).status_code == 201
    assert earned() == [whole + 55, own + 5]


@pytest.mark.parametrize("name", ["customers", "transactions"])
def test_a_file_that_is_fetched_slowly_holds_no_transaction_open(cast, monkeypatch, name):
    owner = cast.ours.staff["owner"]
    for _ in range(3):
        credit(cast.ours.staff["cashier"], make_phone(), "100", name="Пётр")
    whole = owner.get(f"/api/partner/export/{name}.csv").data
    monkeypatch.setattr(exports, "PAGE", 2)
    engine = create_engine(owner.app.config["SQLALCHEMY_DATABASE_URI"], poolclass=NullPool)
    idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
    parts = []
    with engine.connect() as watching:
        answer = owner.app.test_client().get(f"/api/partner/export/{name}.csv", headers=owner.headers)
        for part in answer.iter_encoded():
            parts.append(part)
            assert watching.scalar(text(idle)) == 0
    assert len(parts) >= 2 and b"".join(parts) == whole


@pytest.mark.parametrize("days", [-400, 1])
def test_a_purchase_is_dated_within_a_year_and_not_ahead(cast, days):
    at = (utcnow() + timedelta(days=days)).isoformat()
    refused = credit(cast.ours.staff["cashier"], cast.ours.phone, occurred_at=at)
    assert (refused.status_code, refused.json["code"]) == (422, "invalid_purchase")


def test_a_cashier_acts_at_their_own_branch_only(cast):
    with_branch = credit(cast.ours.staff["cashier"], cast.ours.phone, branch_id=str(cast.ours.branch_id))
    assert with_branch.status_code == 201
    foreign = credit(cast.ours.staff["cashier"], cast.ours.phone, branch_id=str(cast.theirs.branch_id))
    assert (foreign.status_code, foreign.json["code"]) == (404, "branch_not_found")
    foreign = credit(cast.ours.staff["owner"], cast.ours.phone, branch_id=str(cast.theirs.branch_id))
    assert (foreign.status_code, foreign.json["code"]) == (404, "branch_not_found")


def test_somebody_elses_purchase_looks_like_none(cast):
    sale = credit(cast.theirs.staff["cashier"], cast.theirs.phone).json
    cashier = cast.ours.staff["cashier"]
    foreign = cashier.post(f"/api/partner/transactions/{sale['id']}/refunds", {"amount": "1"}, key=new_key())
    missing = cashier.post(
        "/api/partner/transactions/0190f3b2-7c1e-7a4b-9d52-3f6a1c0e8b7d/refunds", {"amount": "1"}, key=new_key()
    )
    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert {**foreign.json, "request_id": ""} == {**missing.json, "request_id": ""}


def test_one_key_at_two_partners_is_two_calls(cast):
    cashier = cast.ours.staff["cashier"]
    with cashier.app.app_context(), transaction():
        theirs = db.session.get_one(Partner, cast.theirs.partner_id)
        make_staff(theirs, "cashier", db.session.get_one(Customer, cashier.customer_id))
    body, key = {"customer": {"phone": make_phone()}, "type": "accrual", "amount": "1000.00"}, new_key()
    answers = [
        cashier.post("/api/partner/transactions", body, key=key, X_Partner_Id=str(house.partner_id))
        for house in (cast.ours, cast.theirs)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert "Idempotency-Replayed" not in answers[1].headers
    assert answers[0].json["id"] != answers[1].json["id"]
    assert [answer.json["balance"] for answer in answers] == [50, 50]
    with cashier.app.app_context(), transaction():
        db.session.query(Staff).filter_by(partner_id=cast.theirs.partner_id, customer_id=cashier.customer_id).delete()


def test_a_person_takes_their_data_along(cast):
    cashier, member = cast.theirs.staff["cashier"], cast.theirs.member
    sale = credit(cashier, cast.theirs.phone, "120.00").json
    credit(cast.ours.staff["cashier"], cast.ours.phone, "77.00")
    file = member.get("/api/customer/export")
    assert (file.status_code, file.json["profile"]["customer_id"]) == (200, str(member.customer_id))
    assert [one["id"] for one in file.json["purchases"] if one["amount"] == "120.00"] == [sale["id"]]
    assert "77.00" not in file.get_data(as_text=True)

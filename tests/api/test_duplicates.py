"""Every route that moves points, twenty times at once with one Idempotency-Key: one effect, equal answers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text

from loyalty import joining
from loyalty.clock import utcnow
from models import db, transaction
from models.partner import Partner
from tests.api.roles import Actor, in_frame, make_cast, new_key, sign_in
from tests.api.samples import basket_of, make_doubted, make_hold, make_purchase
from tests.factories import make_customer

REPEATS = 20
REPLAYED = "Idempotency-Replayed"


@dataclass(frozen=True)
class Call:
    actor: Actor
    url: str
    body: dict[str, Any] | None
    other_body: dict[str, Any] | None
    status: int = 201

    def send(self, key: str | None, body: Any = ...):
        body = self.body if body is ... else body
        return self.actor.post(self.url, ... if body is None else body, key=key)


def credit(cast) -> Call:
    body = basket_of(cast.ours) | {"type": "accrual"}
    return Call(cast.ours.staff["cashier"], "/api/partner/transactions", body, body | {"type": "redemption"})


def spend(cast) -> Call:
    body = {"customer": {"phone": cast.ours.phone}, "type": "redemption", "amount": "10.00", "points": 3}
    return Call(cast.ours.staff["cashier"], "/api/partner/transactions", body, body | {"points": 4})


def refund(cast) -> Call:
    url = f"/api/partner/transactions/{make_purchase(cast.ours)}/refunds"
    return Call(cast.ours.staff["cashier"], url, {"amount": "100.00"}, {"amount": "200.00"})


def hold(cast) -> Call:
    quoted = cast.ours.till.post("/api/pos/quotes", basket_of(cast.ours)).json["quote_id"]
    body = {"quote_id": quoted, "points": 2}
    return Call(cast.ours.till, "/api/pos/holds", body, body | {"points": 1})


def capture(cast) -> Call:
    url = f"/api/pos/holds/{make_hold(cast.ours)}/capture"
    return Call(cast.ours.till, url, {"amount": "1000.00"}, {"amount": "1000.00", "points": 1}, 200)


def void(cast) -> Call:
    return Call(cast.ours.till, f"/api/pos/holds/{make_hold(cast.ours)}/void", None, None, 200)


def till_refund(cast) -> Call:
    body = {"transaction_id": make_purchase(cast.ours), "amount": "100.00"}
    return Call(cast.ours.till, "/api/pos/refunds", body, body | {"amount": "200.00"})


def adjust(cast) -> Call:
    body = {"partner_id": str(cast.ours.partner_id), "points": -1, "reason": "Ошибка"}
    url = f"/api/admin/customers/{cast.ours.member.customer_id}/loyalty/adjust"
    return Call(cast.admin, url, body, body | {"points": 1})


def claim(cast) -> Call:
    body = {"partner_id": cast.ours.partner_code, "amount": "1000.00", "consents": {"personal_data": True}}
    with cast.nobody.app.test_request_context(), transaction():
        asking = sign_in(cast.nobody.app, "somebody", make_customer().id)
    return Call(asking, "/api/customer/claims", body, body | {"amount": "2000.00"})


def claim_in_frame(cast) -> Call:
    with cast.nobody.app.test_request_context(), transaction():
        partner, asking = db.session.get_one(Partner, cast.ours.partner_id), make_customer()
        joining.join(asking, partner, {"personal_data": True}, place="api", now=utcnow())
        asking_id = asking.id
    body = {"amount": "1000.00", "receipt": None}
    visitor = in_frame(cast.nobody.app, cast.ours.partner_id, asking_id)
    return Call(visitor, f"/api/widget/{cast.ours.partner_code}/claims", body, body | {"amount": "2000.00"})


def approve(cast) -> Call:
    asked = claim(cast)
    claim_id = asked.send(new_key()).json["id"]
    return Call(
        cast.ours.staff["cashier"], f"/api/partner/claims/{claim_id}/approve", {}, {"amount": "900.00"}, status=200
    )


def offer(cast) -> Call:
    body = {"amount": "1000.00"}
    return Call(cast.ours.staff["cashier"], "/api/partner/sale-codes", body, {"amount": "2000.00"})


def take(cast) -> Call:
    token = offer(cast).send(new_key()).json["link"].rpartition("/")[2]
    with cast.nobody.app.test_request_context(), transaction():
        reader = sign_in(cast.nobody.app, "somebody", make_customer().id)
    url = f"/api/customer/sale-codes/{token}"
    body = {"points": reader.get(url).json["points"], "consents": {"personal_data": True}}
    return Call(reader, f"{url}/take", body, body | {"points": 1})


def approve_friend(cast) -> Call:
    return Call(
        cast.ours.staff["manager"], f"/api/partner/referrals/{make_doubted(cast.ours)}/approve", None, None, 200
    )


def refuse_friend(cast) -> Call:
    return Call(cast.ours.staff["manager"], f"/api/partner/referrals/{make_doubted(cast.ours)}/refuse", None, None, 200)


CALLS: dict[str, tuple[str, Callable, int]] = {
    "credit": ("POST /api/partner/transactions", credit, 50),
    "spend": ("POST /api/partner/transactions", spend, 5),
    "refund": ("POST /api/partner/transactions/<uuid:purchase_id>/refunds", refund, 5),
    "hold": ("POST /api/pos/holds", hold, 5),
    "capture": ("POST /api/pos/holds/<uuid:hold_id>/capture", capture, 5),
    "void": ("POST /api/pos/holds/<uuid:hold_id>/void", void, 5),
    "till refund": ("POST /api/pos/refunds", till_refund, 5),
    "claim": ("POST /api/customer/claims", claim, 5),
    "claim in the widget": ("POST /api/widget/<partner>/claims", claim_in_frame, 5),
    "approve": ("POST /api/partner/claims/<uuid:claim_id>/approve", approve, 5),
    "offer a code": ("POST /api/partner/sale-codes", offer, 5),
    "take a code": ("POST /api/customer/sale-codes/<token>/take", take, 5),
    "approve a friend": ("POST /api/partner/referrals/<uuid:referral_id>/approve", approve_friend, 5),
    "refuse a friend": ("POST /api/partner/referrals/<uuid:referral_id>/refuse", refuse_friend, 5),
    "adjust": ("POST /api/admin/customers/<uuid:customer_id>/loyalty/adjust", adjust, 5),
}
WITHOUT_BODY = ("void", "approve a friend", "refuse a friend")


@pytest.fixture(scope="module")
def cast(app):
    """Partners of this file's own: effects are counted over them."""
    made = make_cast(app)
    for _ in range(3):
        body = basket_of(made.ours, "20000.00") | {"type": "accrual"}
        assert made.ours.staff["cashier"].post("/api/partner/transactions", body, key=new_key()).status_code == 201
    return made


def effects(app, partner_id) -> dict[str, int]:
    """All that could have happened twice, counted, with what the members hold."""
    counted = ", ".join(
        f"(SELECT count(*) FROM {table} WHERE partner_id = :partner) AS {table}"
        for table in (
            "entry",
            "purchase",
            "refund",
            "hold",
            "lot",
            "lot_use",
            "outbox",
            "audit_record",
            "claim",
            "sale_code",
        )
    )
    sums = "coalesce((SELECT sum(total) FROM membership WHERE partner_id = :partner), 0) AS total"
    held = "coalesce((SELECT sum(held) FROM membership WHERE partner_id = :partner), 0) AS held"
    with app.app_context(), db.engine.connect() as connection:
        return dict(
            connection.execute(text(f"SELECT {counted}, {sums}, {held}"), {"partner": partner_id}).one()._mapping
        )


def difference(after: dict[str, int], before: dict[str, int]) -> dict[str, int]:
    return {name: after[name] - before[name] for name in after}


def repeat(call: Call, key: str) -> list:
    """The answers of `REPEATS` calls that start together."""
    gate = threading.Barrier(REPEATS)

    def send(_):
        gate.wait()
        return call.send(key)

    with ThreadPoolExecutor(REPEATS) as pool:
        return list(pool.map(send, range(REPEATS)))


def test_every_route_that_moves_points_is_here(app):
    moving = {
        f"POST {rule.rule}"
        for rule in app.url_map.iter_rules()
        if getattr(app.view_functions[rule.endpoint], "needs_idempotency_key", False)
    }
    assert moving == {address for address, _, _ in CALLS.values()}


@pytest.mark.parametrize("name", CALLS)
def test_one_key_is_one_effect_however_often_at_once(app, cast, name, record_property):
    _, make, keys = CALLS[name]
    prepared = [make(cast) for _ in range(keys + 1)]
    before = effects(app, cast.ours.partner_id)
    assert prepared[0].send(new_key()).status_code == prepared[0].status
    once = difference(effects(app, cast.ours.partner_id), before)
    assert any(once.values())

    before = effects(app, cast.ours.partner_id)
    for call in prepared[1:]:
        key = new_key()
        answers = repeat(call, key)
        assert {answer.status_code for answer in answers} == {call.status}, [answer.text for answer in answers][:3]
        assert len({answer.get_data() for answer in answers if REPLAYED in answer.headers}) == 1
        assert all(answer.json == answers[0].json for answer in answers)
        assert sum(REPLAYED not in answer.headers for answer in answers) == 1
        assert {answer.headers[REPLAYED] for answer in answers if REPLAYED in answer.headers} == {"true"}
    happened = difference(effects(app, cast.ours.partner_id), before)
    assert happened == {table: n * keys for table, n in once.items()}
    record_property("repeated calls", keys * REPEATS)


@pytest.mark.parametrize("name", [name for name in CALLS if name not in WITHOUT_BODY])
def test_a_key_with_another_body_conflicts_and_does_nothing(app, cast, name):
    call, key = CALLS[name][1](cast), new_key()
    first = call.send(key)
    assert first.status_code == call.status
    before = effects(app, cast.ours.partner_id)
    other = call.send(key, call.other_body)
    assert (other.status_code, other.json["code"]) == (409, "idempotency_conflict")
    again = call.send(key)
    assert (again.json, again.headers[REPLAYED]) == (first.json, "true")
    assert effects(app, cast.ours.partner_id) == before


@pytest.mark.parametrize("name", CALLS)
def test_without_a_key_nothing_moves(app, cast, name):
    call = CALLS[name][1](cast)
    before = effects(app, cast.ours.partner_id)
    refused = call.send(None)
    assert (refused.status_code, refused.json["code"]) == (400, "idempotency_key_required")
    assert effects(app, cast.ours.partner_id) == before


def test_a_refused_call_leaves_its_key_free(app, cast):
    call, key = spend(cast), new_key()
    refused = call.send(key, call.body | {"points": 90_000_000, "amount": "99999999.00"})
    assert (refused.status_code, refused.json["code"]) == (409, "not_enough_points")
    assert call.send(key).status_code == 201


def test_one_key_of_two_callers_is_two_keys(app, cast):
    key = new_key()
    body = basket_of(cast.ours) | {"type": "accrual"}
    answers = [
        cast.ours.staff[role].post("/api/partner/transactions", body, key=key) for role in ("cashier", "manager")
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json["id"] != answers[1].json["id"]

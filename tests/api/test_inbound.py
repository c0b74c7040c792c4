"""Any other system sends clients and purchases: every item by itself, the same again changes nothing, and the ledger ends with
what was said last.
"""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from loyalty import erasure, tiers, verify
from loyalty.clock import utcnow
from loyalty.tiers import read_scheme
from models import db, transaction
from models.customer import Customer, Identity
from models.ledger import Membership, Purchase
from models.partner import Partner
from models.work import Outbox
from tests.concurrency import at_once
from tests.factories import make_api_key, make_branch, make_customer, make_member, make_phone

NUMBERS = itertools.count(1)
AT = "2026-03-10T12:00:00+03:00"


@pytest.fixture
def system(cast):
    """`system(path, *items)`: sends a batch as the house's own system; the answer's items."""

    def send(path, *items, house=cast.ours, name="bitrix24"):
        answer = house.till.post(f"/api/inbound/{path}", {"system": name, "items": list(items)})
        assert answer.status_code == 200, answer.text
        assert sum(answer.json["counts"].values()) == len(items)
        return answer.json["items"]

    return send


def number(prefix="c"):
    return f"{prefix}-{uuid4().hex[:6]}-{next(NUMBERS)}"


def a_purchase(client, amount="1000.00", **more):
    return {"external_id": number("p"), "client": client, "occurred_at": AT, "amount": amount} | more


def balance(cast, customer_id):
    with cast.nobody.app.app_context():
        query = select(Membership.balance).where(
            Membership.partner_id == cast.ours.partner_id, Membership.customer_id == customer_id
        )
        return db.session.scalar(query)


# Clients


def test_a_client_is_made_once_and_known_by_number_ever_after(cast, system):
    client = {"external_id": number(), "phone": make_phone(), "name": "Мария"}
    (first,), (second,) = system("clients", client), system("clients", client)
    assert (first["status"], second["status"]) == ("created", "unchanged")
    assert first["customer_id"] == second["customer_id"] and first["external_id"] == client["external_id"]
    card = cast.ours.staff["owner"].get(f"/api/partner/customers/{first['customer_id']}").json
    assert (card["name"], card["phone"]) == ("Мария", client["phone"])


def test_who_grew_up_on_the_bot_is_the_same_person(cast, system):
    (taken,) = system("clients", {"external_id": number(), "phone": cast.ours.phone})
    assert (taken["status"], taken["customer_id"]) == ("updated", str(cast.ours.member.customer_id))


def test_a_number_without_a_phone_gets_one_later_and_only_while_nobody_else_names_the_person(cast, system):
    named, phone = number(), make_phone()
    (made,) = system("clients", {"external_id": named})
    (again,) = system("clients", {"external_id": named, "phone": phone, "name": "Пётр"})
    assert (again["status"], again["customer_id"]) == ("updated", made["customer_id"])
    (other,) = system("clients", {"external_id": named, "phone": make_phone()})
    assert other["status"] == "unchanged", "a foreign system's word does not change a person's phone"
    card = cast.ours.staff["owner"].get(f"/api/partner/customers/{made['customer_id']}").json
    assert (card["phone"], card["name"]) == (phone, "Пётр")


def test_a_number_and_a_phone_of_two_customers_are_not_joined(cast, system):
    named = number()
    system("clients", {"external_id": named, "phone": make_phone()})
    (taken,) = system("clients", {"external_id": named, "phone": cast.ours.phone})
    assert (taken["status"], taken["error"]["code"]) == ("refused", "identity_taken")


def test_a_phone_that_only_others_know_tells_nothing(cast, system):
    named = number()
    system("clients", {"external_id": named, "phone": make_phone()})
    with cast.nobody.app.app_context(), transaction():
        stranger = make_phone()
        make_member(db.session.get(Partner, cast.theirs.partner_id), make_customer(phone=stranger))
    (known,) = system("clients", {"external_id": named, "phone": stranger})
    (unknown,) = system("clients", {"external_id": named, "phone": make_phone()})
    assert known | {"n": 0} == unknown | {"n": 0} and known["status"] == "unchanged"


def test_a_number_means_something_within_one_system_of_one_partner(cast, system):
    client = {"external_id": number()}
    (here,) = system("clients", client)
    (elsewhere,) = system("clients", client, name="amo")
    (theirs,) = system("clients", client, house=cast.theirs)
    assert len({one["customer_id"] for one in (here, elsewhere, theirs)}) == 3


def test_who_was_forgotten_is_not_made_anew_by_their_number(cast, system):
    client = {"external_id": number()}
    (made,) = system("clients", client)
    with cast.nobody.app.app_context(), transaction():
        erasure.erase_person(db.session.get(Customer, UUID(made["customer_id"])), utcnow())
    (taken,) = system("clients", client)
    assert (taken["status"], taken["error"]["code"]) == ("refused", "customer_not_found")
    (bought,) = system("purchases", a_purchase(client))
    assert bought["error"]["code"] == "customer_not_found"


def test_one_bad_item_holds_up_no_other(cast, system):
    good = {"external_id": number(), "phone": make_phone()}
    bad = [{"external_id": number(), "phone": "12"}, {"phone": make_phone()}, {"external_id": number(), "tel": "1"}]
    answers = system("clients", *bad, good)
    assert [one["status"] for one in answers] == ["refused"] * 3 + ["created"]
    assert [list(one["error"]["errors"]) for one in answers[:3]] == [["phone"], ["external_id"], ["tel"]]
    assert [one["n"] for one in answers] == [0, 1, 2, 3]


def test_a_batch_has_a_size_and_a_system_a_name(cast):
    send = cast.ours.till.post
    for body in (
        {"system": "bitrix24", "items": []},
        {"system": "bitrix24", "items": [{"external_id": "1"}] * 501},
        {"system": "bitrix24", "items": ["1"]},
        {"system": "Битрикс", "items": [{"external_id": "1"}]},
        {"items": [{"external_id": "1"}]},
    ):
        assert send("/api/inbound/clients", body).status_code == 400


# Purchases


def test_a_purchase_is_credited_once_however_often_it_is_sent(cast, system):
    (client,) = system("clients", named := {"external_id": number()})
    bought = a_purchase(named, lines=[{"amount": "600.00", "name": "Стрижка"}, {"amount": "500.00"}])
    (first,) = system("purchases", bought)
    assert (first["status"], first["points"]) == ("booked", 50), "a hundred off the whole check"
    for _ in range(3):
        (again,) = system("purchases", bought)
        assert (again["status"], again["points"]) == ("unchanged", 50)
        assert again["transaction_id"] == first["transaction_id"]
    assert balance(cast, client["customer_id"]) == 50


def test_a_changed_sum_a_cancellation_and_a_second_payment_are_followed(cast, system):
    (client,) = system("clients", named := {"external_id": number()})
    bought = a_purchase(named)
    for change, points in (
        ({}, 50),
        ({"amount": "500.00"}, 25),
        ({"state": "cancelled"}, 0),
        ({"state": "cancelled"}, 0),
        ({"amount": "2000.00"}, 100),
    ):
        (answer,) = system("purchases", bought | change)
        assert answer["points"] == points == balance(cast, client["customer_id"])


def test_a_changed_sum_is_priced_by_the_rates_of_the_first_time(cast, system):
    bought = a_purchase({"phone": make_phone()})
    system("purchases", bought)
    owner = cast.ours.staff["owner"]
    rate = owner.get("/api/partner/programme").json["rules"]["rate"]
    assert owner.put("/api/partner/programme", {"rate": "0.10"}).status_code == 200
    try:
        (answer,) = system("purchases", bought | {"amount": "2000.00"})
    finally:
        owner.put("/api/partner/programme", {"rate": rate})
    assert answer["points"] == 100


def test_an_older_version_changes_nothing(cast, system):
    bought = a_purchase({"phone": make_phone()}, version=5)
    system("purchases", bought)
    (older,) = system("purchases", bought | {"amount": "1.00", "version": 4})
    (newer,) = system("purchases", bought | {"amount": "2000.00", "version": 6})
    assert (older["status"], older["points"], newer["points"]) == ("unchanged", 50, 100)


def test_a_document_that_moves_to_another_client_takes_its_points_along(cast, system):
    (one, other) = system("clients", first := {"external_id": number()}, second := {"external_id": number()})
    bought = a_purchase(first)
    system("purchases", bought)
    system("purchases", bought | {"client": second})
    assert (balance(cast, one["customer_id"]), balance(cast, other["customer_id"])) == (0, 50)


def test_history_brings_purchases_without_points(cast, system):
    (client,) = system("clients", named := {"external_id": number()})
    bought = a_purchase(named, earns=False, occurred_at="2019-05-01T10:00:00+03:00")
    (answer,) = system("purchases", bought)
    assert (answer["status"], answer["points"], balance(cast, client["customer_id"])) == ("booked", 0, 0)
    card = cast.ours.staff["owner"].get(f"/api/partner/customers/{client['customer_id']}").json
    assert (card["visits"], card["spent"]) == (1, "1000.00")


def test_a_cancelled_purchase_that_never_was_here_is_ignored(cast, system):
    (answer,) = system("purchases", a_purchase({"phone": make_phone()}, state="cancelled", amount=None))
    assert (answer["status"], answer["transaction_id"], answer["error"]) == ("ignored", None, None)


def test_who_gains_points_is_told_and_history_tells_nobody(cast, system):
    def told():
        with cast.nobody.app.app_context():
            query = select(Outbox.payload["purchase_id"].astext).where(Outbox.job == "notify_purchase")
            return db.session.scalars(query).all()

    bought = a_purchase({"phone": make_phone()})
    (earned,) = system("purchases", bought)
    (history,) = system("purchases", a_purchase({"phone": make_phone()}, earns=False))
    assert told().count(earned["transaction_id"]) == 1 and history["transaction_id"] not in told()
    system("purchases", bought)
    system("purchases", bought | {"amount": "10.00"})
    assert told().count(earned["transaction_id"]) == 1, "nothing was gained"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"client": {"external_id": "nobody"}}, "customer_not_found"),
        ({"client": {}}, "validation_error"),
        ({"client": {"phone": "+79161234567", "external_id": "1"}}, "validation_error"),
        ({"amount": None}, "invalid_purchase"),
        ({"amount": "-1.00"}, "validation_error"),
        ({"lines": [{"amount": "10.00"}]}, "invalid_purchase"),
        ({"occurred_at": "2026-03-10T12:00:00"}, "validation_error"),
        ({"state": "unknown"}, "validation_error"),
        ({"version": -1}, "validation_error"),
        ({"external_id": " "}, "validation_error"),
    ],
)
def test_a_purchase_that_cannot_be_is_refused_and_changes_nothing(cast, system, change, code):
    phone = make_phone()
    bought = a_purchase({"phone": phone}) | change
    (answer,) = system("purchases", bought)
    assert (answer["status"], answer["error"]["code"]) == ("refused", code)
    with cast.nobody.app.app_context():
        assert db.session.scalar(select(Purchase.id).where(Purchase.source_ref == bought["external_id"])) is None
        assert db.session.scalar(select(Identity.id).where(Identity.value == phone)) is None, "nobody was made for it"


def test_a_purchase_of_tomorrow_is_refused(cast, system):
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    (answer,) = system("purchases", a_purchase({"phone": make_phone()}, occurred_at=later))
    assert answer["error"]["errors"].keys() == {"occurred_at"}


def test_another_partners_branch_and_the_branch_of_another_key_look_like_none(cast, system):
    with cast.nobody.app.app_context(), transaction():
        foreign = str(make_branch(db.session.get(Partner, cast.theirs.partner_id)).id)
    for branch in (foreign, str(uuid4())):
        (answer,) = system("purchases", a_purchase({"phone": make_phone()}, branch_id=branch))
        assert (answer["status"], answer["error"]["code"]) == ("refused", "branch_not_found")


def test_a_key_needs_the_scope(cast):
    with cast.nobody.app.app_context(), transaction():
        _, key = make_api_key(db.session.get(Partner, cast.ours.partner_id), scopes=("inbound:clients",))
    client = cast.nobody.app.test_client()
    body = {"system": "bitrix24", "items": [{"external_id": number()}]}
    assert client.post("/api/inbound/clients", json=body, headers={"X-API-Key": key}).status_code == 200
    assert client.post("/api/inbound/purchases", json=body, headers={"X-API-Key": key}).status_code == 403


def test_twenty_senders_at_once_credit_once(cast, system):
    phone = make_phone()
    bought = a_purchase({"phone": phone})

    def send(n):
        body = {"system": "bitrix24", "items": [bought, a_purchase({"phone": phone}, amount="10.00")]}
        return cast.ours.till.post("/api/inbound/purchases", body).json["items"]

    answers = at_once(cast.nobody.app, send, 20)
    assert {one[0]["transaction_id"] for one in answers} == {answers[0][0]["transaction_id"]}
    assert sorted(one[0]["status"] for one in answers) == ["booked"] + ["unchanged"] * 19
    (taken,) = system("clients", {"external_id": number(), "phone": phone})
    assert balance(cast, taken["customer_id"]) == 50


def test_any_order_of_changes_ends_with_what_was_said_last(cast, system):
    """Sums, cancellations, clients and tiers, in random order: the ledger is what the last state of each document says."""
    chance = random.Random(17)
    levels = [{"name": "Серебро", "threshold": "3000.00", "factor": "1.0"}]
    scheme = {"measure": "spent", "window": "ever", "falls_on_refund": True, "levels": levels}
    with cast.nobody.app.app_context(), transaction():
        tiers.set_scheme(db.session.get(Partner, cast.ours.partner_id), read_scheme(scheme), by=None, now=utcnow())
    clients = [{"external_id": number()} for _ in range(3)]
    people = [one["customer_id"] for one in system("clients", *clients)]
    documents = [number("p") for _ in range(5)]
    last: dict[str, tuple[int, int]] = {}
    for version in range(40):
        document, client = chance.choice(documents), chance.randrange(3)
        kopecks = chance.randrange(100, 300_000)
        state = chance.choice(["paid", "paid", "paid", "cancelled"])
        item = a_purchase(clients[client], f"{kopecks / 100:.2f}", state=state, version=version)
        (answer,) = system("purchases", item | {"external_id": document})
        if state == "paid" or document in last:
            last[document] = (client, kopecks if state == "paid" else 0)
        assert answer["status"] != "refused"
    for n, person in enumerate(people):
        mine = [kopecks for client, kopecks in last.values() if client == n]
        assert balance(cast, person) == sum(kopecks * 5 // 10_000 for kopecks in mine)
        with cast.nobody.app.app_context():
            member = db.session.scalars(
                select(Membership).where(
                    Membership.partner_id == cast.ours.partner_id, Membership.customer_id == person
                )
            ).one()
            assert (member.tier == "Серебро") == (sum(mine) >= 300_000)
    with cast.nobody.app.app_context():
        assert list(verify.breaches(db.session.connection())) == []

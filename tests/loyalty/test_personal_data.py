from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import text

from loyalty import codes, consents, customers, ledger, sales, sessions, widget_sessions
from loyalty.personal_data import export_person
from loyalty.rules import Rules
from loyalty.sales import Basket, Caller
from loyalty.types import Line
from tests.factories import NOW, identifier_of, make_customer, make_email, make_member, make_partner, make_staff, noise
from tests.statements import counted_statements


def live(partner, person, cashier, purchases=1):
    """Everything that can happen to a person at a partner."""
    account = make_member(partner, person, name="Ваня")
    caller = Caller(f"customer:{cashier.customer_id}", "manual", actor=cashier.customer_id)
    for number in range(purchases):
        sale = sales.post_transaction(
            partner,
            identifier_of(person),
            Basket(Decimal("1000.00"), (Line(Decimal("1000.00"), name="Торт"),)),
            kind="accrual",
            caller=caller,
            key=str(number),
            now=NOW,
            receipt_id=f"чек-{person.id}-{number}",
        )
        sales.post_refund(partner, sale.purchase_id, amount=Decimal("200.00"), caller=caller, key="r", now=NOW)
    ledger.adjust(
        partner.id,
        account.id,
        7,
        source="admin",
        source_ref="1",
        reason="Извинение",
        now=NOW,
        actor=cashier.customer_id,
    )
    consents.record(person.id, "advertising", True, partner_id=partner.id, place="till", now=NOW)
    consents.record(person.id, "advertising", False, partner_id=partner.id, place="web", now=NOW)
    sessions.open_session(person.id, "Телефон", NOW)
    widget_sessions.open_session(partner.id, person.id, "Ноутбук", NOW + timedelta(hours=1))


def test_a_persons_file_holds_what_is_theirs(db_session):
    noise()
    partner, person = make_partner(name="Кофейня"), make_customer(email=make_email())
    customers.attach_identity(person, "onec", "К-17", partner.id)
    live(partner, person, make_staff(partner))
    db_session.expire_all()
    file = json.loads(json.dumps(export_person(person, NOW)))
    assert file["profile"]["name"] == "Иван"
    assert {(one["kind"], one["value"], one["partner_name"]) for one in file["identities"]} == {
        ("phone", identifier_of(person).value, None),
        ("email", identifier_of(person, "email").value, None),
        ("onec", "К-17", "Кофейня"),
    }
    assert [(one["granted"], one["place"]) for one in file["consents"]] == [(False, "web"), (True, "till")]
    assert [(one["device"], one["partner_name"]) for one in file["sessions"]] == [
        ("Ноутбук", "Кофейня"),
        ("Телефон", None),
    ]
    (account,) = file["memberships"]
    assert {"name_there": "Ваня", "balance": 47, "visits": 1, "spent": "800.00"}.items() <= account.items()
    assert [(one["story"], one["points"], one["reason"]) for one in file["operations"]] == [
        ("corrected", 7, "Извинение"),
        ("refund_took", -10, None),
        ("purchase", 50, None),
    ]
    (purchase,) = file["purchases"]
    assert {"amount": "1000.00", "refunded": "200.00", "points_earned": 40, "branch_name": "Главный"}.items() <= (
        purchase.items()
    )
    assert purchase["lines"] == [
        {"name": "Торт", "category": None, "quantity": "1", "amount": "1000.00", "remaining": "800.00"}
    ]
    assert [(one["amount"], one["points_taken"]) for one in purchase["refunds"]] == [("200.00", 10)]


def test_a_persons_file_holds_nothing_of_others_and_no_secret(db_session):
    partner, person, stranger = make_partner(), make_customer(), make_customer(name="Соседка", email=make_email())
    cashier = make_staff(partner, "cashier", make_customer(name="Кассирша"))
    live(partner, person, cashier)
    live(partner, stranger, cashier)
    codes.show(person.id, NOW)
    file = json.dumps(export_person(person, NOW), ensure_ascii=False)
    hashes = (
        "SELECT refresh_hash FROM session UNION SELECT code_hash FROM customer_code"
        " UNION SELECT token_hash FROM widget_session"
    )
    secrets = db_session.execute(text(hashes)).scalars()
    foreign = [str(cashier.customer_id), "Соседка", "Кассирша", str(stranger.id), identifier_of(stranger).value, "чек-"]
    assert [word for word in [*foreign, *secrets] if word in file] == []


def test_a_long_history_is_read_by_as_many_queries_as_a_short_one(db_session):
    few, many, cashier = make_customer(), make_customer(), make_staff(make_partner())
    live(make_partner(), few, cashier)
    for _ in range(3):
        live(make_partner(Rules(base_life_days=3)), many, cashier, purchases=4)
    counts = []
    for person in (few, many):
        with counted_statements() as statements:
            export_person(person, NOW)
        counts.append(len(statements))
    assert counts[0] <= counts[1] <= 16

"""Documents of the bot: whose they are."""

from __future__ import annotations

import json
import random

import pytest

from loyalty import ledger, staff
from loyalty.customers import attach_identity
from tests.factories import NOW, identity_of, make_customer, make_member, make_partner, make_staff, noise
from workers import filing


def make_chat(customer):
    chat_id = random.randrange(10**9, 10**12)
    attach_identity(customer, "telegram", str(chat_id), proven_at=NOW)
    return chat_id


def test_ones_own_data_go_to_ones_own_chat_and_to_no_other(db_session):
    me, other = make_customer(name="Аня"), make_customer(name="Борис")
    mine, theirs = make_chat(me), make_chat(other)
    file = filing.write({"kind": "my_data"}, mine, NOW)
    told = json.loads(file.content)
    assert file.name == "kopilka.json" and told["profile"]["name"] == "Аня"
    assert identity_of(me, "phone").value in file.content.decode()
    assert json.loads(filing.write({"kind": "my_data"}, theirs, NOW).content)["profile"]["name"] == "Борис"
    assert "Аня" not in repr(file)


def test_who_is_not_served_or_not_known_gets_no_document(db_session):
    blocked = make_customer()
    chat_id, blocked.state = make_chat(blocked), "blocked"
    assert filing.write({"kind": "my_data"}, chat_id, NOW) is None
    assert filing.write({"kind": "my_data"}, chat_id + 1, NOW) is None


# A partner's files


@pytest.fixture
def cafe(db_session):
    """A café with a customer of 50 points, beside another one."""
    noise()
    cafe = make_partner()
    member = make_member(cafe, make_customer(name="=HYPERLINK(evil)", email="ivan@example.com"))
    ledger.grant(cafe.id, member.id, 50, source="promotion", source_ref="gift", now=NOW)
    return cafe


def hire(cafe, role):
    person = make_customer()
    make_staff(cafe, role, person)
    return make_chat(person)


def ask(cafe, name="customers"):
    return {"kind": "export", "export": name, "partner_id": str(cafe.id)}


def test_staff_who_may_export_get_the_partners_file_and_no_line_of_another(cafe):
    chat_id = hire(cafe, "manager")
    file = filing.write(ask(cafe), chat_id, NOW)
    assert file.name == f"customers-{cafe.code}-2026-03-10.csv"
    head, *rows = file.content.decode("utf-8-sig").splitlines()
    assert head.startswith("customer_id,name,phone") and len(rows) == 1
    assert "ivan@example.com" in rows[0] and "'=HYPERLINK" in rows[0]
    operations = filing.write(ask(cafe, "transactions"), chat_id, NOW).content.decode()
    assert len(operations.splitlines()) == 2 and ",50," in operations


@pytest.mark.parametrize("role", ["cashier", "ai_marketer", "content_manager"])
def test_a_role_that_may_not_export_gets_no_file(cafe, role):
    chat_id = hire(cafe, role)
    assert filing.write(ask(cafe), chat_id, NOW) is None


def test_who_was_dismissed_or_blocked_meanwhile_gets_no_file(cafe):
    gone, blocked, elsewhere = make_customer(), make_customer(), make_customer()
    hired = make_staff(cafe, "manager", gone)
    make_staff(cafe, "owner", blocked)
    make_staff(make_partner(), "owner", elsewhere)
    chats = [make_chat(person) for person in (gone, blocked, elsewhere)]
    assert filing.write(ask(cafe), chats[0], NOW) is not None
    staff.dismiss(cafe.id, hired.id, by=None, now=NOW)
    blocked.state = "blocked"
    assert [filing.write(ask(cafe), chat, NOW) for chat in chats] == [None, None, None]


def test_nobody_exports_from_a_suspended_partner(cafe):
    chat_id = hire(cafe, "owner")
    cafe.state = "suspended"
    assert filing.write(ask(cafe), chat_id, NOW) is None


def test_a_file_that_grows_too_large_is_given_up(cafe, monkeypatch):
    chat_id = hire(cafe, "owner")
    monkeypatch.setattr(filing, "LARGEST", 100)
    with pytest.raises(filing.TooLarge):
        filing.write(ask(cafe), chat_id, NOW)

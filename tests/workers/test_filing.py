"""Documents of the bot: whose they are."""

from __future__ import annotations

import json
import random

from loyalty.customers import attach_identity
from tests.factories import NOW, identity_of, make_customer
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

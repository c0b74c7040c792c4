"""Nothing of a forgotten person is left in the whole database, and not one sum has changed."""

from __future__ import annotations

import random
import re
import threading
from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from loyalty import (
    claims,
    codes,
    consents,
    customers,
    deep_links,
    drafts,
    ledger,
    partners,
    platform_roles,
    pos,
    profiles,
    replies,
    sales,
    sessions,
    sign_in,
    staff,
    updates,
    verify,
    widget_sessions,
)
from loyalty.customers import attach_identity, find, find_or_create_by, issue_card, membership_of
from loyalty.erasure import erase_person
from loyalty.errors import CustomerNotFound, LastOwner
from loyalty.identities import Identifier
from loyalty.sales import Basket, Caller
from loyalty.types import Line
from models import db, new_id, transaction
from models.customer import Customer
from models.partner import Partner, PartnerApplication
from models.telegram import BotChat, ChatPace
from models.work import ImportDocument, ImportLine, ImportRun
from tests.factories import (
    NOW,
    identifier_of,
    identity_of,
    make_customer,
    make_email,
    make_member,
    make_partner,
    make_phone,
    make_staff,
    noise,
)

BOT = 700
NAME = "Канарейка"
BORN = date(1987, 6, 5)


@pytest.fixture
def world(fresh_app):
    """A person of whom every table knows something, beside others who stay."""
    with fresh_app.app_context(), transaction():
        noise()
        world = SimpleNamespace(app=fresh_app, telegram=random.randrange(10**10, 10**12), number="К-77-17")
        cafe, salon = make_partner(name="Эспрессо"), make_partner(name="Салон")
        cashier = make_staff(cafe)
        make_staff(salon, "owner")
        person = make_customer(email=make_email(), name=f"{NAME} Жёлтая")
        live(world, person, cafe, salon, cashier)
        other = make_customer(name="Кенар")
        talk_about(world, person, other, cashier)
        world.person, world.other, world.cafe, world.salon = person.id, other.id, cafe.id, salon.id
        world.phones = [identity_of(person, "phone").value, world.second_phone]
        world.canaries = {
            NAME,
            BORN.isoformat(),
            world.number,
            str(world.telegram),
            identity_of(person, "email").value,
            identity_of(person, "card").value,
            world.typed,
            *(phone.removeprefix("+") for phone in world.phones),
        }
    return world


def live(world, person, cafe, salon, cashier):
    """What a customer, an applicant and one of the staff leave behind."""
    profiles.update_profile(person, {"birth_date": BORN, "purchase_preferences": {"о себе": NAME}}, NOW)
    attach_identity(person, "telegram", str(world.telegram), proven_at=NOW)
    attach_identity(person, "import", world.number, cafe.id)
    issue_card(person)
    caller = Caller("counter", "manual", actor=cashier.customer_id)
    for shop in (cafe, salon):
        member = make_member(shop, person, name=f"{NAME} у стойки")
        basket = Basket(Decimal("4000.00"), (Line(Decimal("4000.00"), name="Торт"),))
        sold = sales.post_transaction(
            shop, identifier_of(person), basket, kind="accrual", caller=caller, key="1", now=NOW
        )
        sales.post_refund(shop, sold.purchase_id, amount=Decimal("500.00"), caller=caller, key="2", now=NOW)
        reason = f"Извинение для {NAME}"
        ledger.adjust(shop.id, member.id, 7, source="admin", source_ref="1", reason=reason, now=NOW)
        quoted = pos.quote(shop, identifier_of(person), Basket(Decimal("300.00")), caller=caller, now=NOW)
        pos.hold(shop, quoted.quote_id, 100, caller=caller, now=NOW)
        claims.claim(shop, person, amount=Decimal("900.00"), source="qr_code", now=NOW)
    for partner_id in (None, cafe.id):
        consents.record_answers(person.id, {"advertising": True}, partner_id=partner_id, place="bot", now=NOW)
    world.sums = (200 + 7 - 25) * 2
    codes.show(person.id, NOW)
    world.session = sessions.open_session(person.id, f"Телефон {NAME}", NOW)
    widget_sessions.open_session(cafe.id, person.id, f"Ноутбук {NAME}", NOW)
    make_staff(salon, "manager", person).name = f"{NAME} на замене"
    partners.apply(person, {"name": "Пекарня", "comment": f"Спросить {NAME}"}, NOW)
    refused = PartnerApplication(applicant_id=person.id, name=f"ИП {NAME}", state="refused", reason=f"{NAME}, нет")
    db.session.add_all([refused, PartnerApplication(applicant_id=person.id, name=NAME, state="approved", partner_id=cafe.id, comment=NAME)])  # fmt: skip
    platform_roles.grant_role(person.id, "ai_marketer", by=None, now=NOW)
    deep_links.link_account(person, NOW)
    merged = make_customer(name=f"{NAME} прежняя")
    merged.birth_date, world.second_phone = BORN, identity_of(merged, "phone").value
    merged.state, merged.merged_into = "merged", person.id


def talk_about(world, person, other, cashier):
    """What waits, what was typed and what failed: of the person, and of another who stays."""
    phone, email = identifier_of(person), identifier_of(person, "email")
    digits = phone.value.removeprefix("+7")
    world.typed = f"8 ({digits[:3]}) {digits[3:6]}-{digits[6:8]}-{digits[8:]}"
    sign_in.request_code(phone, address="1.1.1.1", now=NOW)
    sign_in.register(email=email, name=f"{NAME} снова", place="web", address="1.1.1.1", now=NOW)
    sign_in.request_contact_code(person, Identifier("email", make_email()), address="1.1.1.1", now=NOW)
    sign_in.request_code(identifier_of(other), address="1.1.1.1", now=NOW)
    replies.announce_reply(world.telegram, {"text": f"Здравствуйте, {NAME}"})
    replies.announce_reply(4242, {"text": "Здравствуйте, Кенар"})
    chats = {
        world.telegram: {"email": email.value},
        4242: {"who": {"phone": phone.value}, "amount": "500"},
        4243: {"query": f"{NAME} Жёлтая"},
        4244: {"query": "Кенар"},
        4245: {"query": world.typed},
    }
    for chat_id, data in chats.items():
        db.session.add(BotChat(bot_id=BOT, chat_id=chat_id, step="till.who", data=data, changed_at=NOW))
        db.session.add(ChatPace(chat_id=chat_id, free_at=NOW))
    for who in (phone, identifier_of(other)):
        content = {"plan": {"who": [who.kind, who.value], "amount": "500"}}
        drafts.propose(cashier.partner_id, cashier.customer_id, "sale", content, NOW)
    drafts.finish(db.session.scalars(db.select(drafts.Draft)).first(), {"customer_id": str(person.id)})
    said = {"message": {"chat": {"id": world.telegram}, "text": "…"}}
    sent = {"message": {"chat": {"id": 4242}, "contact": {"phone_number": phone.value.removeprefix("+")}}}
    typed = {"message": {"chat": {"id": 4245}, "text": f"500 {world.typed}"}}
    for number, raw in enumerate((said, sent, typed, {"message": {"chat": {"id": 4244}, "text": "Кенар"}})):
        updates.record_failure(BOT, number, "RuntimeError", raw, NOW)
    stage_file(world, cashier.partner_id)


def stage_file(world, partner_id):
    run = ImportRun(partner_id=partner_id, id=new_id(), file_hash="f" * 64, mapping_hash="m" * 64, mapping={})
    db.session.add(run)
    db.session.flush()
    key = {"partner_id": partner_id, "run_id": run.id}
    for n, number in enumerate((world.number, "К-78")):
        done = {"document": f"д{n}", "customer": number, "outcome": "set_aside", "reason": "unknown_return"}
        db.session.add(ImportLine(**key, n=n, **done))
        db.session.add(ImportDocument(**key, n=n, is_return=True, occurred_at=NOW, **done))


def dump(app) -> dict[str, str]:
    """Every row of every table as text; what is sealed is opened first."""
    keys = [Fernet(key) for key in app.config["SETTINGS"].encryption_keys]
    names = db.session.scalars(
        text(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
    ).all()
    found = {}
    for name in names:
        rows = "\n".join(db.session.scalars(text(f'SELECT t::text FROM "{name}" t')))
        found[name] = re.sub(r"gAAAAA[\w=-]+", lambda sealed: keys[0].decrypt(sealed[0]).decode(), rows)
    return found


def find_canaries(world) -> dict[str, set[str]]:
    """Where in the database each canary is found."""
    tables = dump(world.app)
    return {canary: {name for name, rows in tables.items() if canary in rows} for canary in world.canaries}


SUMS = """
    SELECT count(*), sum(points), md5(string_agg(e::text, '' ORDER BY e.id)) FROM entry e
    UNION ALL SELECT count(*), sum(active + pending - debt), '' FROM membership
    UNION ALL SELECT count(*), sum(amount), md5(string_agg(p::text, '' ORDER BY p.id)) FROM purchase p
    UNION ALL SELECT count(*), sum(remaining), '' FROM lot
"""


def test_no_table_knows_a_forgotten_person_and_no_sum_has_changed(world):
    with world.app.app_context():
        before, sums = find_canaries(world), db.session.execute(text(SUMS)).all()
    assert all(before.values()), "the search finds what is there"
    assert set.union(*before.values()) >= {
        "customer", "identity", "membership", "entry_reason", "staff", "partner_application", "session", "widget_session",
        "outbox", "sign_in_code", "bot_chat", "chat_pace", "draft", "broken_update", "import_line", "import_document",
    }  # fmt: skip
    with world.app.app_context(), transaction():
        erase_person(db.session.get_one(Customer, world.person), NOW + timedelta(minutes=1))
    with world.app.app_context():
        after = find_canaries(world)
        assert {canary: tables for canary, tables in after.items() if tables} == {}
        assert db.session.execute(text(SUMS)).all() == sums
        assert not list(verify.breaches(db.session.connection()))
        accounts = [db.session.execute(text("SELECT state, total, held FROM membership WHERE customer_id = :who"), {"who": world.person}).all()]  # fmt: skip
        assert accounts == [[("erased", world.sums // 2, 0)] * 2], "frozen, and nothing is reserved any more"


def test_what_is_not_the_persons_stays(world):
    with world.app.app_context(), transaction():
        erase_person(db.session.get_one(Customer, world.person), NOW)
    with world.app.app_context():
        tables = dump(world.app)
        where = {name for name, rows in tables.items() if "Кенар" in rows}
        assert where == {"customer", "outbox", "bot_chat", "broken_update"}
        other = identity_of(db.session.get_one(Customer, world.other), "phone").value
        assert {name for name, rows in tables.items() if other in rows} == {"identity", "outbox", "draft"}
        assert "К-78" in tables["import_line"] and "4242" in tables["bot_chat"], "the chat stays, the question goes"
        assert "Эспрессо" in tables["partner_application"], "an approved one keeps the partner's name"
        assert "Чужая кофейня" in tables["partner"] and "Иван 2" in tables["membership"]


def test_a_forgotten_person_is_signed_out_and_may_begin_anew(world):
    with world.app.app_context(), transaction():
        erase_person(db.session.get_one(Customer, world.person), NOW)
    with world.app.app_context(), transaction():
        assert sessions.identify(world.session.session_id, NOW) is None
        assert sessions.staff_roles(world.person) == ()
        assert find(Identifier("customer_id", str(world.person))) is None
        assert find(Identifier("telegram", str(world.telegram))) is None
        cafe = db.session.get_one(Partner, world.cafe)
        newcomer = find_or_create_by(Identifier("phone", world.phones[0]), proven_at=NOW)
        assert newcomer.id != world.person and newcomer.name is None
        assert customers.join(newcomer, cafe, now=NOW).balance == 0


def test_the_next_file_of_a_partner_leaves_a_forgotten_person_out(world):
    with world.app.app_context(), transaction():
        erase_person(db.session.get_one(Customer, world.person), NOW)
        cafe, people = db.session.get_one(Partner, world.cafe), customers.enrol_numbers
        enrolled = people(cafe, "import", [world.number, "К-79"], now=NOW)
        assert (enrolled.memberships.keys(), enrolled.made) == ({"К-79"}, 1)
        assert people(db.session.get_one(Partner, world.salon), "import", [world.number], now=NOW).made == 1
        number = Identifier("import", world.number, world.cafe)
        assert find(number) is None
        with pytest.raises(CustomerNotFound):
            find_or_create_by(number)


def test_a_late_refund_of_a_forgotten_person_moves_nothing(world):
    with world.app.app_context(), transaction():
        erase_person(db.session.get_one(Customer, world.person), NOW)
        cafe = db.session.get_one(Partner, world.cafe)
        purchase_id = db.session.scalar(text("SELECT id FROM purchase WHERE partner_id = :p"), {"p": world.cafe})
        caller = Caller("counter", "manual")
        refunded = sales.post_refund(cafe, purchase_id, amount=Decimal("100"), caller=caller, key="late", now=NOW)
        assert (refunded.taken, refunded.given_back) == (0, 0)


def test_the_only_owner_of_a_working_partner_is_refused_and_nothing_changes(db_session):
    partner, person = make_partner(name="Эспрессо"), make_customer()
    make_member(partner, person)
    make_staff(partner, "owner", person)
    assert staff.find_only_owned(person.id) == ["Эспрессо"]
    with pytest.raises(LastOwner, match="Эспрессо"), db_session.begin_nested():
        erase_person(person, NOW)
    assert person.state == "active" and membership_of(person.id, partner.id) is not None
    make_staff(partner, "owner")
    assert staff.find_only_owned(person.id) == []
    erase_person(person, NOW)
    assert person.state == "erased" and person.name is None


def test_the_owner_of_a_suspended_partner_may_go(db_session):
    partner, person = make_partner(state="suspended"), make_customer()
    make_staff(partner, "owner", person)
    assert staff.find_only_owned(person.id) == []
    erase_person(person, NOW)
    assert staff.list_staff(partner.id) == []


def test_forgotten_is_forgotten_once(db_session):
    person = make_customer()
    erase_person(person, NOW)
    with pytest.raises(CustomerNotFound):
        erase_person(person, NOW)


@pytest.mark.parametrize("what", ["an account", "a phone"])
def test_who_opens_something_for_a_person_being_forgotten_waits_and_is_refused(app, what):
    with app.app_context(), transaction():
        partner_id, person_id, phone = make_partner().id, make_customer().id, make_phone()
    outcome = []

    def open_something():
        with app.app_context():
            try:
                with transaction():
                    person = db.session.get_one(Customer, person_id)
                    if what == "an account":
                        customers.join(person, db.session.get_one(Partner, partner_id), now=NOW)
                    else:
                        attach_identity(person, "phone", phone, proven_at=NOW)
            except CustomerNotFound as error:
                outcome.append(error)

    with app.app_context():
        with transaction():
            pid = db.session.scalar(text("SELECT pg_backend_pid()"))
            erase_person(db.session.get_one(Customer, person_id), NOW)
            other = threading.Thread(target=open_something)
            other.start()
            wait_until_blocked_by(pid, other)
        other.join()
        assert outcome and membership_of(person_id, partner_id) is None
        assert find(Identifier("phone", phone)) is None


def wait_until_blocked_by(pid, thread):
    """Until somebody waits for our transaction."""
    blocked = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND :pid = ANY(pg_blocking_pids(pid))")
    while thread.is_alive() and not db.session.scalar(blocked, {"pid": pid}):
        thread.join(0.02)

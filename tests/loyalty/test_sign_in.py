from __future__ import annotations

import statistics
import time
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from loyalty import consents, customers, limits, notices, sessions, sign_in
from loyalty.cards import new_card_number
from loyalty.consents import ADVERTISING, PERSONAL_DATA
from loyalty.errors import CodeWrong, IdentifierRequired, IdentityTaken, InvalidConsent, TooMany
from loyalty.identities import Identifier
from loyalty.sealing import unseal
from models import db, transaction
from models.customer import Customer, Identity, SignInCode
from models.work import Outbox
from tests.concurrency import at_once
from tests.factories import (
    NOW,
    identifier_of,
    identity_of,
    make_customer,
    make_email,
    make_member,
    make_partner,
    make_phone,
    noise,
)

TEXTS = {PERSONAL_DATA: True, ADVERTISING: False}


def after(**delta):
    return NOW + timedelta(**delta)


@pytest.fixture
def address():
    """An address that no other test has."""
    return f"address {uuid4()}"


@pytest.fixture
def person(app):
    """The phone of a committed person."""
    with app.app_context(), transaction():
        return identifier_of(make_customer())


@pytest.fixture
def ask(app, address):
    """`ask(identifier, at)` requests a code and commits."""

    def request(identifier, at=NOW, **options):
        with app.app_context(), transaction():
            sign_in.request_code(identifier, address=options.get("address", address), now=at)

    return request


@pytest.fixture
def enrol(app, address):
    """`enrol(phone=…, email=…, …)` registers and commits."""

    def register(now=NOW, partner=None, **given):
        with app.app_context(), transaction():
            partner = db.session.merge(partner, load=False) if partner else None
            options = {"place": "web", "address": address, "now": now} | given
            sign_in.register(partner=partner, **options)

    return register


@pytest.fixture
def verify(app):
    """`verify(identifier, code)` signs in and commits; gives (customer id, tokens)."""

    def check(identifier, code, at=NOW, **options):
        with app.app_context(), transaction():
            customer, tokens = sign_in.verify_code(identifier, code, now=at, **{"place": "web"} | options)
            return customer.id, tokens

    return check


@pytest.fixture
def messages(app):
    """`messages(identifier)`: what was put in the outbox for this target, the oldest first."""

    def read(identifier):
        with app.app_context():
            rows = codes_of(identifier)
            sealed = [
                db.session.scalar(select(Outbox.sealed).where(Outbox.payload["code_id"].astext == str(row.id)))
                for row in rows
            ]
            return [unseal(sign_in.SEAL, text) for text in sealed if text]

    return read


def codes_of(identifier):
    target = sign_in._Target.of(identifier).hash
    return db.session.scalars(select(SignInCode).where(SignInCode.target_hash == target).order_by(SignInCode.id)).all()


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06}"


def test_a_known_person_signs_in_with_the_code_they_got(app, person, ask, verify, messages):
    ask(person)
    (message,) = messages(person)
    assert message["routes"] == [["sms", person.value]]
    customer_id, tokens = verify(person, message["code"], device="Ноутбук")
    with app.app_context():
        assert customers.find(person).id == customer_id
        assert sessions.identify(tokens.session_id, NOW).customer_id == customer_id


def test_what_is_announced_is_what_the_sending_job_reads(app, person, ask, messages):
    ask(person)
    with app.app_context():
        (row,) = codes_of(person)
        sealed = db.session.scalar(select(Outbox.sealed).where(Outbox.payload["code_id"].astext == str(row.id)))
        notice = notices.code_notice(row.id, sealed, NOW)
    assert messages(person)[0]["code"] in str(notice.text)
    assert [(route.channel, route.address) for route in notice.routes] == [("sms", person.value)]


def test_nobody_can_read_the_code_or_the_target_in_the_database(app, person, ask, messages):
    ask(person)
    code = messages(person)[0]["code"]
    with app.app_context():
        (row,) = db.session.execute(
            select(SignInCode.__table__).where(SignInCode.target_hash == sign_in._Target.of(person).hash)
        ).all()
        outbox = db.session.execute(
            select(Outbox.__table__).where(Outbox.payload["code_id"].astext == str(row.id))
        ).one()
    kept = f"{row.target_hash} {row.code_hash} {outbox.payload} {outbox.sealed}"
    assert code not in kept.replace(str(row.id), "") and person.value not in kept


def test_known_and_unknown_people_leave_the_same_trace_but_for_the_message(app, person, ask, messages):
    unknown = Identifier("phone", make_phone())
    for identifier in (person, unknown):
        ask(identifier)
        ask(identifier, after(seconds=59))
    with app.app_context():
        (known_row,), (unknown_row,) = codes_of(person), codes_of(unknown)
        same = ("created_at", "expires_at", "tries", "used_at", "registration")
        assert [getattr(known_row, name) for name in same] == [getattr(unknown_row, name) for name in same]
        assert unknown_row.customer_id is None
    assert len(messages(person)) == 1
    assert messages(unknown) == []


def test_known_and_unknown_people_are_answered_equally_fast(app):
    """Two phones take turns, so that whatever slows the machine slows both."""
    with app.app_context(), transaction():
        known = [identifier_of(make_customer()) for _ in range(100)]
    pairs = [(phone, Identifier("phone", make_phone())) for phone in known]
    taken = {0: [], 1: []}
    for turn, pair in enumerate(pairs):
        for which, phone in sorted(enumerate(pair), reverse=turn % 2 == 0):
            with app.app_context():
                began = time.perf_counter()
                with transaction():
                    sign_in.request_code(phone, address=f"timing {phone.value}", now=NOW)
                taken[which].append(time.perf_counter() - began)
    known_time, unknown_time = statistics.median(taken[0]), statistics.median(taken[1])
    assert abs(known_time - unknown_time) < max(0.005, 0.5 * unknown_time)


@pytest.mark.parametrize("code", ["", "1", "abcdef", "\u0000", "１２３４５６", None, 123456])
def test_a_code_that_is_none_is_wrong(person, ask, verify, code):
    ask(person)
    with pytest.raises(CodeWrong):
        verify(person, code)


def test_every_reason_to_refuse_looks_the_same(app, person, ask, verify, messages):
    unknown, fresh = Identifier("phone", make_phone()), Identifier("phone", make_phone())
    ask(person)
    ask(unknown)
    code = messages(person)[0]["code"]
    refusals = []

    def refuse(identifier, code, at=NOW):
        with pytest.raises(CodeWrong) as refused:
            verify(identifier, code, at)
        refusals.append((refused.value.code, refused.value.status, str(refused.value)))

    refuse(person, wrong(code))
    refuse(person, code, after(minutes=5))
    refuse(unknown, code)
    refuse(fresh, code)
    verify(person, code)
    refuse(person, code)
    assert len(set(refusals)) == 1


def test_after_five_wrong_tries_the_right_code_fails_too(app, person, ask, verify, messages):
    ask(person)
    code = messages(person)[0]["code"]
    for _ in range(5):
        with pytest.raises(CodeWrong):
            verify(person, wrong(code))
    with pytest.raises(CodeWrong):
        verify(person, code)
    with app.app_context():
        assert codes_of(person)[0].tries == 5


def test_the_right_code_works_at_the_fifth_try(person, ask, verify, messages):
    ask(person)
    code = messages(person)[0]["code"]
    for _ in range(4):
        with pytest.raises(CodeWrong):
            verify(person, wrong(code))
    assert verify(person, code)


def test_guessing_in_parallel_gives_no_more_than_five_tries(app, person, ask, messages):
    ask(person)
    code = messages(person)[0]["code"]
    results = at_once(app, lambda _: sign_in.verify_code(person, wrong(code), now=NOW, place="web"))
    assert all(isinstance(result, CodeWrong) for result in results)
    with app.app_context():
        assert codes_of(person)[0].tries == 5


def test_twenty_parallel_verifications_open_one_session(app, person, ask, messages):
    ask(person)
    code = messages(person)[0]["code"]
    results = at_once(app, lambda _: sign_in.verify_code(person, code, now=NOW, place="web")[1].session_id)
    assert sum(isinstance(result, CodeWrong) for result in results) == 19
    with app.app_context():
        assert len(sessions.list_sessions(customers.find(person).id, NOW)) == 1


def test_a_second_request_within_a_minute_sends_nothing_new(person, ask, verify, messages):
    ask(person)
    ask(person, after(seconds=59))
    (message,) = messages(person)
    assert verify(person, message["code"])


def test_parallel_requests_send_one_message(app, person, messages):
    results = at_once(app, lambda n: sign_in.request_code(person, address=f"parallel {n}", now=NOW))
    assert results == [None] * 20
    assert len(messages(person)) == 1


def test_after_a_minute_a_new_code_replaces_the_old_one(person, ask, verify, messages):
    ask(person)
    ask(person, after(seconds=60))
    old, new = (message["code"] for message in messages(person))
    if old != new:
        with pytest.raises(CodeWrong):
            verify(person, old, after(seconds=61))
    assert verify(person, new, after(seconds=61))


def test_who_has_used_a_code_may_ask_for_the_next_at_once(person, ask, verify, messages):
    ask(person)
    verify(person, messages(person)[0]["code"])
    ask(person, after(seconds=5))
    assert verify(person, messages(person)[1]["code"], after(seconds=6))


def test_wrong_tries_do_not_bring_a_new_code_sooner(person, ask, verify, messages):
    ask(person)
    for _ in range(5):
        with pytest.raises(CodeWrong):
            verify(person, wrong(messages(person)[0]["code"]))
    ask(person, after(seconds=30))
    assert len(messages(person)) == 1


@pytest.fixture
def strict_limits():
    before = vars(sign_in._limits).copy()
    sign_in.configure_limits(per_target_an_hour=3, per_address_a_minute=5)
    yield
    vars(sign_in._limits).update(before)


@pytest.mark.parametrize("is_known", [True, False])
def test_a_target_gets_so_many_codes_an_hour(person, ask, strict_limits, is_known):
    target = person if is_known else Identifier("phone", make_phone())
    for minutes in (0, 10, 20):
        ask(target, after(minutes=minutes))
    with pytest.raises(TooMany):
        ask(target, after(minutes=30))
    ask(Identifier("phone", make_phone()), after(minutes=31))
    ask(target, after(minutes=60))


def test_an_address_asks_for_so_many_codes_a_minute(ask, strict_limits):
    start = NOW.replace(second=0)
    for _ in range(5):
        ask(Identifier("phone", make_phone()), start)
    with pytest.raises(TooMany):
        ask(Identifier("phone", make_phone()), start)
    ask(Identifier("phone", make_phone()), start, address=f"another {uuid4()}")
    ask(Identifier("phone", make_phone()), start + timedelta(minutes=1))


def test_an_address_tries_so_many_codes_a_minute(verify, address, strict_limits):
    for _ in range(10):
        with pytest.raises(CodeWrong):
            verify(Identifier("phone", make_phone()), "123456", address=address)
    with pytest.raises(TooMany):
        verify(Identifier("phone", make_phone()), "123456", address=address)


def test_the_code_for_a_card_goes_to_proven_channels_telegram_first(app, ask, verify, messages):
    with app.app_context(), transaction():
        person = make_customer(email=make_email())
        customers.attach_identity(person, "telegram", str(uuid4().int % 10**12), proven_at=NOW)
        unproven = customers.attach_identity(person, "phone", make_phone()).value
        card = Identifier("card", customers.issue_card(person))
        routes = [
            ["telegram", identity_of(person, "telegram").value],
            ["sms", identity_of(person, "phone").value],
            ["email", identity_of(person, "email").value],
            ["sms", unproven],
        ]
    ask(card)
    (message,) = messages(card)
    assert message["routes"] == routes
    assert verify(card, message["code"])
    with app.app_context():
        assert customers.find_identity(card).proven_at is None


def test_an_unknown_card_and_one_without_channels_get_nothing(app, ask, messages):
    with app.app_context(), transaction():
        bare = Identifier("card", customers.issue_card(make_customer(False)))
    for card in (bare, Identifier("card", new_card_number())):
        ask(card)
        assert messages(card) == []


def test_a_code_is_good_for_the_identifier_it_was_asked_for(app, ask, verify, messages):
    with app.app_context(), transaction():
        person = make_customer(email=make_email())
        phone, email = identifier_of(person), identifier_of(person, "email")
    ask(phone)
    with pytest.raises(CodeWrong):
        verify(email, messages(phone)[0]["code"])


def test_only_phones_mails_and_cards_get_codes(ask):
    for kind in ("telegram", "customer_id", "code"):
        with pytest.raises(IdentifierRequired):
            ask(Identifier(kind, "123456"))


def test_a_blocked_person_gets_no_code_and_does_not_sign_in(app, person, ask, verify, messages):
    ask(person)
    code = messages(person)[0]["code"]
    with app.app_context(), transaction():
        customers.find(person).state = "blocked"
    with pytest.raises(CodeWrong):
        verify(person, code)
    ask(person, after(minutes=2))
    assert len(messages(person)) == 1


def test_signing_in_proves_the_phone_a_cashier_wrote_down(app, ask, verify, messages):
    phone = Identifier("phone", make_phone())
    with app.app_context(), transaction():
        customers.find_or_enrol(make_partner(), phone, "Мария", now=NOW)
    ask(phone)
    verify(phone, messages(phone)[0]["code"], after(minutes=1))
    with app.app_context():
        assert customers.find_identity(phone).proven_at == after(minutes=1)


def test_an_identity_that_moved_meanwhile_opens_nothing(app, person, ask, verify, messages):
    ask(person)
    with app.app_context(), transaction():
        customers.find_identity(person).customer_id = make_customer(False).id
    with pytest.raises(CodeWrong):
        verify(person, messages(person)[0]["code"])


@pytest.fixture
def partner(app):
    with app.app_context(), transaction():
        made = make_partner()
        noise()
        db.session.refresh(made)
        db.session.expunge(made)
        return made


def test_registration_makes_a_person_when_the_code_comes_back(app, partner, enrol, verify, messages):
    phone = Identifier("phone", make_phone())
    enrol(phone=phone, name=" Анна ", partner=partner, consents=TEXTS, locale="en")
    with app.app_context():
        assert customers.find(phone) is None
    (message,) = messages(phone)
    assert message["locale"] == "en"
    customer_id, _ = verify(phone, message["code"])
    with app.app_context():
        person = db.session.get(Customer, customer_id)
        membership = customers.membership_of(customer_id, partner.id)
        assert (person.name, person.locale, membership.name, membership.balance) == ("Анна", "en", "Анна", 0)
        assert customers.known_contacts(membership) == {"phone": phone.value}
        assert customers.find_identity(phone).proven_at == NOW
        assert identity_of(person, "card") is not None
        assert consents.has_consent(customer_id, PERSONAL_DATA, partner.id)
        assert not consents.has_consent(customer_id, ADVERTISING, partner.id)
        assert codes_of(phone)[0].registration is None


def test_what_registration_asked_for_is_stored_unreadable(app, partner, enrol):
    phone = Identifier("phone", make_phone())
    enrol(phone=phone, name="Аннушка", partner=partner)
    with app.app_context():
        assert "Аннушка" not in str(codes_of(phone)[0].registration)


def test_only_the_contact_that_was_proven_is_attached(app, partner, enrol, verify, messages):
    phone, email = Identifier("phone", make_phone()), Identifier("email", make_email())
    enrol(phone=phone, email=email, partner=partner)
    by_phone, by_email = messages(phone)[0], messages(email)[0]
    assert (by_phone["routes"], by_email["routes"]) == ([["sms", phone.value]], [["email", email.value]])
    customer_id, _ = verify(email, by_email["code"])
    with app.app_context():
        kinds = select(Identity.kind).where(Identity.customer_id == customer_id)
        assert sorted(db.session.scalars(kinds)) == ["card", "email"]
        assert customers.find(phone) is None
    with pytest.raises(CodeWrong):
        verify(phone, by_phone["code"])


def test_both_codes_of_a_registration_at_once_make_one_person(app, partner, enrol, messages):
    phone, email = Identifier("phone", make_phone()), Identifier("email", make_email())
    enrol(phone=phone, email=email, partner=partner)
    enrol(now=after(seconds=10), phone=phone, email=email, partner=partner)
    codes = [(contact, messages(contact)[0]["code"]) for contact in (phone, email)]
    results = at_once(app, lambda n: sign_in.verify_code(*codes[n], now=after(seconds=20), place="web")[0].id, times=2)
    assert sum(isinstance(result, CodeWrong) for result in results) == 1
    with app.app_context():
        assert [customers.find(contact) is None for contact in (phone, email)].count(True) == 1


def test_one_registration_does_not_end_the_codes_of_another(app, person, partner, enrol, verify, messages):
    mine = Identifier("email", make_email())
    enrol(phone=person, email=mine, partner=partner)
    enrol(now=after(seconds=10), phone=person, partner=partner)
    verify(mine, messages(mine)[0]["code"], after(seconds=20))
    assert verify(person, messages(person)[0]["code"], after(seconds=20))


def test_a_stranger_cannot_take_over_a_phone_by_registering_it(app, person, partner, enrol, verify, messages):
    mine = Identifier("email", make_email())
    enrol(phone=person, email=mine, name="Вор", partner=partner)
    customer_id, _ = verify(mine, messages(mine)[0]["code"])
    with app.app_context():
        owner = customers.find(person)
        assert owner.id != customer_id
        assert owner.name == "Иван"
        assert customers.membership_of(owner.id, partner.id) is None


def test_registering_a_known_person_signs_them_in_and_joins(app, person, partner, enrol, verify, messages):
    enrol(phone=person, name="Другое Имя", partner=partner, consents=TEXTS)
    customer_id, _ = verify(person, messages(person)[0]["code"])
    with app.app_context():
        assert customers.find(person).id == customer_id
        assert customers.find(person).name == "Иван"
        assert customers.membership_of(customer_id, partner.id)


def test_a_strangers_registration_does_not_hide_in_the_owners_sign_in(
    app, person, partner, enrol, ask, verify, messages
):
    enrol(phone=person, partner=partner, consents={ADVERTISING: True})
    ask(person, after(seconds=5))
    customer_id, _ = verify(person, messages(person)[0]["code"])
    with app.app_context():
        assert customers.membership_of(customer_id, partner.id) is None
        assert consents.current(customer_id) == []


def test_a_strangers_registration_does_not_climb_onto_the_code_the_owner_asked_for(
    app, person, partner, enrol, ask, verify, messages
):
    ask(person)
    enrol(now=after(seconds=59), phone=person, partner=partner, consents={PERSONAL_DATA: True, ADVERTISING: True})
    (message,) = messages(person)
    customer_id, _ = verify(person, message["code"], after(seconds=59))
    with app.app_context():
        assert customers.membership_of(customer_id, partner.id) is None
        assert consents.current(customer_id) == []


@pytest.mark.parametrize("is_known", [True, False])
def test_who_asked_for_a_code_first_registers_a_minute_later(
    app, person, partner, enrol, ask, verify, messages, is_known
):
    phone = person if is_known else Identifier("phone", make_phone())
    ask(phone)
    enrol(now=after(seconds=59), phone=phone, partner=partner, consents=TEXTS)
    enrol(now=after(seconds=60), phone=phone, partner=partner, consents=TEXTS)
    customer_id, _ = verify(phone, messages(phone)[-1]["code"], after(seconds=61))
    with app.app_context():
        assert customers.membership_of(customer_id, partner.id)
        assert consents.has_consent(customer_id, PERSONAL_DATA, partner.id)


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("stranger_is_first", [True, False])
def test_of_two_registrations_at_different_partners_neither_hides_in_the_other(
    app, person, partner, enrol, verify, messages, is_known, stranger_is_first
):
    phone = person if is_known else Identifier("phone", make_phone())
    with app.app_context(), transaction():
        other = make_partner()
        db.session.refresh(other)
        db.session.expunge(other)
    calls = [{"partner": other, "consents": {PERSONAL_DATA: True, ADVERTISING: True}, "name": "Вор"}]
    calls.insert(stranger_is_first, {"partner": partner, "consents": {PERSONAL_DATA: True}, "name": "Анна"})
    for number, given in enumerate(calls):
        enrol(now=after(seconds=20 * number), phone=phone, **given)
    (message,) = messages(phone)
    customer_id, _ = verify(phone, message["code"], after(seconds=30))
    with app.app_context():
        assert [customers.membership_of(customer_id, place.id) for place in (partner, other)] == [None, None]
        assert consents.current(customer_id) == []
        assert db.session.get(Customer, customer_id).name == ("Иван" if is_known else None)


def test_a_registration_repeated_with_another_name_keeps_what_was_said_both_times(
    app, partner, enrol, verify, messages
):
    phone = Identifier("phone", make_phone())
    enrol(phone=phone, name="Опечтака", partner=partner, consents=TEXTS)
    enrol(now=after(seconds=20), phone=phone, name="Опечатка", partner=partner, consents=TEXTS | {ADVERTISING: True})
    (message,) = messages(phone)
    customer_id, _ = verify(phone, message["code"], after(seconds=30))
    with app.app_context():
        assert db.session.get(Customer, customer_id).name is None
        assert customers.membership_of(customer_id, partner.id)
        assert [(given.kind, given.granted) for given in consents.current(customer_id)] == [(PERSONAL_DATA, True)]


def test_a_suspended_partner_is_not_joined(app, partner, enrol, verify, messages):
    phone = Identifier("phone", make_phone())
    enrol(phone=phone, partner=partner)
    with app.app_context(), transaction():
        db.session.get(type(partner), partner.id).state = "suspended"
    customer_id, _ = verify(phone, messages(phone)[0]["code"])
    with app.app_context():
        assert customers.membership_of(customer_id, partner.id) is None


def test_registration_needs_a_contact_and_known_consents(enrol):
    with pytest.raises(IdentifierRequired):
        enrol()
    with pytest.raises(InvalidConsent):
        enrol(phone=Identifier("phone", make_phone()), consents={"cookies": True})


@pytest.fixture
def welcomed():
    """Whom `welcome` was called for: (customer id, partner id)."""
    return []


@pytest.fixture
def welcome(welcomed):
    return lambda customer, partner, now: welcomed.append((customer.id, partner.id))


@pytest.mark.parametrize(("given", "is_due"), [(TEXTS, True), ({PERSONAL_DATA: False}, False), (None, False)])
def test_a_welcome_is_due_when_proven_and_consented(partner, enrol, verify, messages, welcome, welcomed, given, is_due):
    phone = Identifier("phone", make_phone())
    enrol(phone=phone, partner=partner, consents=given)
    assert welcomed == []
    customer_id, _ = verify(phone, messages(phone)[0]["code"], welcome=welcome)
    assert welcomed == ([(customer_id, partner.id)] if is_due else [])


def test_a_first_consent_welcomes_at_every_partner_and_a_repeated_one_nowhere(
    app, ask, verify, messages, welcome, welcomed
):
    with app.app_context(), transaction():
        person = make_customer()
        phone, here, there = identifier_of(person), make_partner(), make_partner()
        make_member(here, person)
        make_member(there, person)
        expected = sorted([(person.id, here.id), (person.id, there.id)])
    ask(phone)
    verify(phone, messages(phone)[0]["code"], welcome=welcome)
    assert welcomed == []
    for number in (1, 2):
        ask(phone, after(minutes=number))
        code = messages(phone)[number]["code"]
        verify(phone, code, after(minutes=number), welcome=welcome, consents={PERSONAL_DATA: True})
        assert sorted(welcomed) == expected


@pytest.fixture
def claim(app, address):
    """`claim(person, contact)`: the signed-in person asks for a code to a contact, which is returned."""

    def request(owner, contact, at=NOW):
        with app.app_context(), transaction():
            sign_in.request_contact_code(customers.find(owner), contact, address=address, now=at)
        with app.app_context():
            target = sign_in._Target.of(contact, customers.find(owner).id).hash
            row = db.session.scalars(select(SignInCode).where(SignInCode.target_hash == target)).one()
            sealed = select(Outbox.sealed).where(Outbox.payload["code_id"].astext == str(row.id))
            sealed_message = db.session.scalars(sealed).one()
            message = unseal(sign_in.SEAL, sealed_message)
            assert [address for _, address in message["routes"]] == [contact.value]
            assert "код для привязки" in notices.code_notice(row.id, sealed_message, at).body_for("email")
            return message["code"]

    return request


@pytest.fixture
def prove(app):
    def check(owner, contact, code, at=NOW):
        with app.app_context(), transaction():
            sign_in.prove_contact(customers.find(owner), contact, code, now=at)

    return check


def test_a_signed_in_person_adds_a_contact_by_proving_it(app, person, claim, prove):
    email = Identifier("email", make_email())
    code = claim(person, email)
    with pytest.raises(CodeWrong):
        prove(person, email, wrong(code))
    prove(person, email, code)
    with app.app_context():
        assert customers.find(email).id == customers.find(person).id
        assert customers.find_identity(email).proven_at == NOW
    with pytest.raises(CodeWrong):
        prove(person, email, code)


def test_a_contact_of_somebody_else_stays_theirs(app, person, claim, prove):
    with app.app_context(), transaction():
        taken = identifier_of(make_customer())
    with pytest.raises(IdentityTaken):
        prove(person, taken, claim(person, taken))
    with app.app_context():
        assert customers.find(taken).id != customers.find(person).id


def test_codes_to_add_a_contact_and_to_sign_in_are_strangers(app, person, ask, claim, prove, verify, messages):
    with app.app_context(), transaction():
        other = identifier_of(make_customer())
    ask(other)
    to_sign_in, to_add = messages(other)[0]["code"], claim(person, other)
    if to_sign_in != to_add:
        with pytest.raises(CodeWrong):
            verify(other, to_add)
        with pytest.raises(CodeWrong):
            prove(person, other, to_sign_in)
    with pytest.raises(CodeWrong):
        prove(other, other, to_add)
    assert verify(other, to_sign_in)


def test_both_kinds_of_codes_count_for_one_limit(person, ask, claim, strict_limits):
    contact = Identifier("phone", make_phone())
    for minutes in (0, 2, 4):
        ask(contact, after(minutes=minutes))
    with pytest.raises(TooMany):
        claim(person, contact, after(minutes=6))


def test_a_card_is_not_added_by_a_code(person, claim):
    with pytest.raises(IdentifierRequired):
        claim(person, Identifier("card", new_card_number()))


def test_a_code_stays_good_when_the_request_fails_after_it(app, person, ask, verify, messages):
    ask(person)
    code = messages(person)[0]["code"]
    with app.app_context(), pytest.raises(ZeroDivisionError), transaction():
        sign_in.verify_code(person, code, now=NOW, place="web")
        raise ZeroDivisionError
    assert verify(person, code)


def test_limits_count_addresses_unreadably(app, ask, address):
    ask(Identifier("phone", make_phone()))
    with app.app_context():
        rows = db.session.scalar(
            select(func.count()).select_from(limits.Attempt).where(limits.Attempt.bucket.contains(address))
        )
        assert rows == 0


# Codes of a widget


@pytest.fixture
def widget(partner):
    """A partner's widget in one browser; `partner` stands detached."""
    return sign_in.Widget(partner, "browser-one", "https://xn--e1aiboc0b6e.xn--p1ai", "https://kopilka.example:8443")


@pytest.fixture
def elsewhere(app, widget):
    """The widget of another partner in the same browser."""
    with app.app_context(), transaction():
        made = make_partner()
        db.session.refresh(made)
        db.session.expunge(made)
        return replace(widget, partner=made)


@pytest.fixture
def ask_widget(app, address):
    def request(identifier, widget, at=NOW):
        with app.app_context(), transaction():
            sign_in.request_widget_code(identifier, widget, address=address, now=at)

    return request


@pytest.fixture
def look(app):
    """`look(identifier, code, widget)`: whose points the widget may show (customer id)."""

    def check(identifier, code, widget, at=NOW, **options):
        with app.app_context(), transaction():
            return sign_in.verify_widget_code(identifier, code, widget, now=at, **options).id

    return check


@pytest.fixture
def widget_notices(app):
    """What was put in the outbox for this widget, as the sending job reads it, the oldest first."""

    def read(identifier, widget):
        with app.app_context():
            target = sign_in._Target.of(identifier, widget=widget).hash
            query = select(SignInCode.id).where(SignInCode.target_hash == target).order_by(SignInCode.id)
            found = []
            for code_id in db.session.scalars(query).all():
                sealed = db.session.scalar(
                    select(Outbox.sealed).where(Outbox.payload["code_id"].astext == str(code_id))
                )
                if sealed:
                    found.append((unseal(sign_in.SEAL, sealed)["code"], notices.code_notice(code_id, sealed, NOW)))
            return found

    return read


def test_a_code_opens_the_widget_it_was_asked_for_once(app, person, widget, ask_widget, look, widget_notices):
    ask_widget(person, widget)
    ((code, notice),) = widget_notices(person, widget)
    assert [(route.channel, route.address) for route in notice.routes] == [("sms", person.value)]
    customer_id = look(person, code, widget)
    with app.app_context():
        assert customers.find(person).id == customer_id
    with pytest.raises(CodeWrong):
        look(person, code, widget)


def test_the_message_says_what_the_code_is_for_and_binds_a_text_message_to_the_site(
    person, widget, ask_widget, widget_notices
):
    ask_widget(person, widget)
    ((code, notice),) = widget_notices(person, widget)
    body = (
        f"{code} — код для просмотра баллов на сайте кофейня.рф. Никому не сообщайте; баллы этим кодом списать нельзя."
    )
    assert notice.body_for("email") == notice.text.body == body
    assert notice.body_for("sms") == f"{body}\n@xn--e1aiboc0b6e.xn--p1ai #{code} @kopilka.example"


def test_where_the_site_is_not_known_the_partner_is_named(person, widget, ask_widget, widget_notices):
    here = replace(widget, site=None)
    ask_widget(person, here)
    ((_, notice),) = widget_notices(person, here)
    assert f"на сайте «{widget.partner.name}»." in notice.body_for("sms")
    assert "@" not in notice.body_for("sms")


def test_a_code_is_good_in_its_own_browser_and_widget_only(person, widget, elsewhere, ask_widget, look, widget_notices):
    ask_widget(person, widget)
    ((code, _),) = widget_notices(person, widget)
    for other in (replace(widget, browser="browser-two"), elsewhere):
        with pytest.raises(CodeWrong):
            look(person, code, other)
    assert look(person, code, widget)


def test_codes_of_widgets_and_of_sign_in_are_strangers(
    person, widget, ask, ask_widget, look, verify, messages, widget_notices
):
    ask(person)
    ask_widget(person, widget)
    ((shown, _),) = widget_notices(person, widget)
    (message,) = messages(person)
    if shown != message["code"]:
        with pytest.raises(CodeWrong):
            verify(person, shown)
        with pytest.raises(CodeWrong):
            look(person, message["code"], widget)
    assert verify(person, message["code"])
    assert look(person, shown, widget)


def test_a_widget_code_carries_out_no_registration(
    person, partner, widget, enrol, ask_widget, look, widget_notices, app
):
    stranger = Identifier("phone", make_phone())
    enrol(phone=stranger, partner=partner, consents=TEXTS)
    ask_widget(stranger, widget)
    assert widget_notices(stranger, widget) == []  # nobody is known by it until the registration's own code comes back
    enrol(phone=person, partner=partner, consents=TEXTS)
    ask_widget(person, widget)
    ((code, _),) = widget_notices(person, widget)
    customer_id = look(person, code, widget)
    with app.app_context():
        assert customers.membership_of(customer_id, partner.id) is None


def test_a_widget_code_proves_nothing(app, widget, ask_widget, look, widget_notices):
    with app.app_context(), transaction():
        written_down = identifier_of(make_customer(proven_at=None))
    ask_widget(written_down, widget)
    ((code, _),) = widget_notices(written_down, widget)
    look(written_down, code, widget)
    with app.app_context():
        assert customers.find_identity(written_down).proven_at is None


def test_a_widget_treats_known_and_unknown_people_alike_but_for_the_message(
    app, person, widget, ask_widget, widget_notices
):
    stranger = Identifier("phone", make_phone())
    for target in (person, stranger):
        ask_widget(target, widget)
    assert len(widget_notices(person, widget)) == 1
    assert widget_notices(stranger, widget) == []
    with app.app_context():
        hashes = [sign_in._Target.of(target, widget=widget).hash for target in (person, stranger)]
        assert db.session.scalar(select(func.count()).where(SignInCode.target_hash.in_(hashes))) == 2


def test_neither_purpose_partner_nor_browser_give_more_codes(person, widget, elsewhere, ask, ask_widget, strict_limits):
    ask(person)
    ask_widget(person, widget)
    ask_widget(person, elsewhere)
    with pytest.raises(TooMany):
        ask_widget(person, replace(widget, browser="browser-two"))


def test_tries_in_a_widget_count_with_all_tries_of_an_address(widget, address, look, verify, strict_limits):
    nobody = Identifier("phone", make_phone())
    for _ in range(5):
        with pytest.raises(CodeWrong):
            look(nobody, "123456", widget, address=address)
        with pytest.raises(CodeWrong):
            verify(nobody, "123456", address=address)
    with pytest.raises(TooMany):
        look(nobody, "123456", widget, address=address)


def test_the_fifth_wrong_code_ends_a_widgets_code(person, widget, ask_widget, look, widget_notices):
    ask_widget(person, widget)
    ((code, _),) = widget_notices(person, widget)
    for _ in range(sign_in.TRIES):
        with pytest.raises(CodeWrong):
            look(person, wrong(code), widget)
    with pytest.raises(CodeWrong):
        look(person, code, widget)


def test_a_blocked_person_does_not_look_at_points(app, person, widget, ask_widget, look, widget_notices):
    ask_widget(person, widget)
    ((code, _),) = widget_notices(person, widget)
    with app.app_context(), transaction():
        customers.find(person).state = "blocked"
    with pytest.raises(CodeWrong):
        look(person, code, widget)


def test_a_card_opens_no_widget(widget, ask_widget):
    with pytest.raises(IdentifierRequired):
        ask_widget(Identifier("card", new_card_number()), widget)

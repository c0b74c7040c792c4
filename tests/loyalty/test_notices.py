"""Who is told what, when and where."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from loyalty import ledger, notices, partners, referral_rewards, referrals, sign_in
from loyalty.customers import attach_identity, remember_known_identity
from loyalty.notices import quiet_until
from loyalty.programme import price
from loyalty.referral_terms import Terms
from loyalty.rules import Rules
from loyalty.sealing import seal
from loyalty.types import Life, Line
from models import db, new_id
from models.customer import Customer, SignInCode
from models.ledger import Entry, Membership
from models.work import Outbox
from tests.factories import identifier_of, identity_of, make_customer, make_email, make_member, make_partner, noise

NOON = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
"""Noon in Moscow."""
NIGHT = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)
"""Half past two in Moscow, on the 11th."""
MORNING = datetime(2026, 3, 11, 6, 0, tzinfo=UTC)
"""Nine in Moscow."""


def buy(partner, membership, amount=1000, points=0, rules=None, at=NOON, **options):
    rules = rules or Rules()
    document = ledger.Document("manual", str(new_id()), at)
    lines = (Line(Decimal(amount)),)
    return ledger.sell(
        partner.id, membership.id, document,
        lambda seen: price(lines, rules, seen, at=at, zone=ZoneInfo(partner.timezone), spend_points=points),
        now=at, **options,
    )  # fmt: skip


@pytest.fixture
def espresso(db_session):
    noise()
    return make_partner(name="Эспрессо")


def tell(partner, sale, kinds=("credited", "spent"), at=NOON, now=None):
    return notices.purchase_notice(partner.id, sale.purchase_id, kinds, at, now or at)


def body(notice):
    return notice.text.body.replace("\u00a0", " ")


def test_a_purchase_is_told_with_its_sum_points_and_balance(espresso):
    member = make_member(espresso)
    assert body(tell(espresso, buy(espresso, member))) == "Эспрессо: +50 баллов за чек 1 000,00 ₽. Баланс 50."


def test_what_was_spent_and_earned_is_one_message_with_the_balance_after_both(espresso):
    member = make_member(espresso)
    ledger.grant(espresso.id, member.id, 500, source="promotion", source_ref="x", now=NOON)
    sale = buy(espresso, member, points=300)
    assert body(tell(espresso, sale)) == "Эспрессо: −300 и +35 баллов за чек 1 000,00 ₽. Баланс 235."
    assert body(tell(espresso, sale, ["spent"])) == "Эспрессо: −300 баллов за чек 1 000,00 ₽. Баланс 235."


def test_the_balance_told_is_the_one_of_that_purchase_even_when_the_message_is_late(espresso):
    member = make_member(espresso)
    first = buy(espresso, member)
    buy(espresso, member)
    assert body(tell(espresso, first)).endswith("Баланс 50.")


def test_points_that_wait_are_told_with_their_day(espresso):
    member = make_member(espresso)
    rules = Rules.from_json({"pending_days": 14})
    notice = tell(espresso, buy(espresso, member, rules=rules))
    assert body(notice) == "Эспрессо: +50 баллов за чек 1 000,00 ₽, можно потратить с 24.03.2026. Баланс 0."


def test_a_purchase_without_points_and_one_that_is_not_there_are_told_to_nobody(espresso):
    member = make_member(espresso)
    assert tell(espresso, buy(espresso, member, amount=1)) is None
    assert notices.purchase_notice(espresso.id, new_id(), ["credited"], NOON, NOON) is None
    foreign = make_partner()
    assert tell(foreign, buy(espresso, member)) is None


def test_a_refund_is_told_with_the_balance_after_it(espresso):
    member = make_member(espresso)
    sale = buy(espresso, member)
    refund = ledger.refund(espresso.id, sale.purchase_id, reference="1", now=NOON, amount=Decimal(300))
    notice = notices.refund_notice(espresso.id, refund.refund_id, NOON, NOON)
    assert body(notice) == "Эспрессо: возврат 300,00 ₽, −15 баллов. Баланс 35."


def test_the_welcome_bonus_is_told(espresso):
    member = make_member(espresso)
    posted = ledger.grant(espresso.id, member.id, 100, source="system", source_ref="welcome", now=NOON)
    notice = notices.entry_notice(espresso.id, posted.entry_id, "welcome", NOON, NOON)
    assert body(notice) == "Эспрессо: добро пожаловать! +100 баллов в подарок. Баланс 100."


def give(partner, member, points, days, at=NOON):
    ledger.grant(
        partner.id, member.id, points, source="promotion", source_ref=str(new_id()), now=at, life=Life(days=days)
    )


def warn(partner, member, days=14, now=NOON):
    return notices.expiring_notice(partner.id, member.id, NOON + timedelta(days=days), now)


def test_points_that_are_about_to_expire_are_told_with_their_last_day_and_what_is_left_of_them(espresso):
    member = make_member(espresso)
    give(espresso, member, 30, 6)
    give(espresso, member, 500, 40)
    assert body(warn(espresso, member)) == "Эспрессо: 30 баллов сгорят после 16.03.2026. Баланс 530."
    buy(espresso, member, points=8, rules=Rules.from_json({"min_spend": 1}))
    assert body(warn(espresso, member)).startswith("Эспрессо: 22 балла сгорят после 16.03.2026.")


def test_what_expires_on_several_days_is_one_sum_with_the_first_day_and_the_last(espresso):
    member = make_member(espresso)
    for points, days in ((10, 6), (5, 8), (20, 10)):
        give(espresso, member, points, days)
    give(espresso, member, 7, 14)
    assert body(warn(espresso, member)) == (
        "Эспрессо: 35 баллов сгорят: 10 — после 16.03.2026, остальные — до 21.03.2026. Баланс 42."
    )


def test_days_are_those_of_the_partner(espresso, db_session):
    east = make_partner(name="Владивосток", timezone="Asia/Vladivostok")
    member = make_member(east)
    give(east, member, 30, 6, at=NIGHT)
    assert "после 17.03.2026" in body(warn(east, member, now=NIGHT))


def test_reserved_points_are_told_apart(espresso):
    member = make_member(espresso)
    give(espresso, member, 120, 6)
    held = ledger.hold(espresso.id, member.id, 100, expires_at=NOON + timedelta(minutes=15), now=NOON)
    assert "20 баллов сгорят после 16.03.2026, ещё 100 баллов в резерве." in body(warn(espresso, member))
    ledger.void(espresso.id, held.hold_id, now=NOON)
    assert "120 баллов сгорят после 16.03.2026. Баланс 120." in body(warn(espresso, member))


def test_points_that_were_spent_that_died_or_are_too_few_are_not_told(espresso):
    spent, died, few = make_member(espresso), make_member(espresso), make_member(espresso)
    give(espresso, spent, 100, 6)
    buy(espresso, spent, amount=100, points=100)
    give(espresso, died, 100, 6)
    give(espresso, few, 9, 6)
    assert warn(espresso, spent) is None
    assert warn(espresso, died, now=NOON + timedelta(days=7)) is None
    assert warn(espresso, few) is None
    give(espresso, few, 1, 7)
    assert "10 баллов сгорят" in body(warn(espresso, few))


def test_how_few_points_are_too_few_depends_on_what_they_pay(espresso):
    dear, cheap = (make_partner(Rules.from_json({"point_value": value})) for value in ("10", "0.01"))
    of_dear, of_cheap = make_member(dear), make_member(cheap)
    give(dear, of_dear, 1, 6)
    give(cheap, of_cheap, 999, 6)
    assert "1 балл сгорит" in body(warn(dear, of_dear))
    assert warn(cheap, of_cheap) is None


def test_expiring_points_are_never_told_at_night_and_not_to_whom_does_not_want_to_hear(espresso):
    member = make_member(espresso)
    give(espresso, member, 100, 6)
    assert warn(espresso, member).hold_until is None
    assert warn(espresso, member, now=NIGHT).hold_until == MORNING
    customer_of(member).notices = {"quiet": None}
    assert warn(espresso, member, now=NIGHT).hold_until is None
    customer_of(member).notices = {"off": ["expiring"]}
    assert warn(espresso, member) is None


def test_after_a_merge_the_survivor_is_told(espresso):
    old, new = make_member(espresso), make_member(espresso)
    give(espresso, old, 100, 6)
    ledger.merge(espresso.id, old.id, new.id, now=NOON)
    db.session.expire_all()
    assert "100 баллов сгорят" in body(warn(espresso, old))


def test_a_person_is_written_to_in_their_language(espresso):
    member = make_member(espresso)
    customer_of(member).locale = "en"
    assert body(tell(espresso, buy(espresso, member))).startswith("Эспрессо: +50 points")


def customer_of(member) -> Customer:
    return db.session.get(Customer, member.customer_id)


def person(telegram=True, phone=True, email=True, proven_at=NOON):
    customer = make_customer(phone, email=make_email() if email else None, proven_at=proven_at)
    if telegram:
        attach_identity(customer, "telegram", str(new_id().int % 10**12 + 1), proven_at=proven_at)
    attach_identity(customer, "card", str(new_id().int % 10**12), proven_at=NOON)
    return customer


def channels(routes):
    return [route.channel for route in routes]


@pytest.mark.parametrize(
    ("has", "wish", "expected"),
    [
        ({}, None, ["telegram", "sms", "email"]),
        ({"telegram": False}, None, ["sms", "email"]),
        ({"telegram": False, "phone": False}, None, ["email"]),
        ({}, "email", ["email", "telegram", "sms"]),
        ({"email": False}, "email", ["telegram", "sms"]),
        ({"telegram": False, "phone": False, "email": False}, None, []),
    ],
)
def test_the_channel_is_the_persons_wish_then_telegram_sms_email(espresso, has, wish, expected):
    customer = person(**has)
    if wish:
        customer.notices = {"channel": wish}
    assert channels(notices.routes_to(customer)) == expected


def test_an_identity_nobody_proved_is_used_only_where_the_partner_was_given_it_and_nothing_is_proven(espresso):
    customer = person(proven_at=None)
    phone = identity_of(customer, "phone")
    assert notices.routes_to(customer) == ()
    assert channels(notices.routes_to(customer, [phone.id])) == ["sms"]
    identity_of(customer, "email").proven_at = NOON
    assert channels(notices.routes_to(customer, [phone.id])) == ["email"]


def test_a_partner_reaches_an_unproven_phone_that_it_was_given(espresso):
    customer = person(telegram=False, email=False, proven_at=None)
    member = make_member(espresso, customer)
    remember_known_identity(member, identity_of(customer, "phone"))
    (route,) = tell(espresso, buy(espresso, member)).routes
    assert (route.channel, route.address) == ("sms", identity_of(customer, "phone").value)


def test_what_a_person_switched_off_is_not_told(espresso):
    member = make_member(espresso)
    customer_of(member).notices = {"off": ["credited"]}
    sale = buy(espresso, member)
    assert tell(espresso, sale) is None
    refund = ledger.refund(espresso.id, sale.purchase_id, reference="1", now=NOON, amount=Decimal(1000))
    assert notices.refund_notice(espresso.id, refund.refund_id, NOON, NOON) is not None


def test_what_a_partner_switched_off_is_not_told_to_its_customers(espresso):
    person, other = make_customer(), make_partner()
    member, elsewhere = make_member(espresso, person), make_member(other, person)
    partners.update_partner(espresso, {"notices_off": ["credited", "expiring"]}, None, NOON)
    give(espresso, member, 100, 6)
    assert tell(espresso, buy(espresso, member)) is None
    assert warn(espresso, member) is None
    assert "−100 баллов" in body(tell(espresso, buy(espresso, member, points=100)))
    assert tell(other, buy(other, elsewhere)) is not None


def test_blocked_and_erased_people_are_told_nothing(espresso):
    member = make_member(espresso)
    sale = buy(espresso, member)
    customer_of(member).state = "blocked"
    assert tell(espresso, sale) is None


def test_what_happens_before_the_persons_eyes_is_told_at_night_too(espresso):
    member = make_member(espresso)
    assert tell(espresso, buy(espresso, member, at=NIGHT), at=NIGHT).hold_until is None


def test_what_comes_later_is_held_until_the_morning(espresso):
    member = make_member(espresso)
    sale = buy(espresso, member, at=NIGHT - timedelta(hours=5))
    assert tell(espresso, sale, at=NIGHT).hold_until == MORNING
    assert tell(espresso, sale, at=NIGHT, now=MORNING).hold_until is None


def test_hours_that_a_person_named_hold_everything_in_their_zone(espresso):
    member = make_member(espresso)
    customer_of(member).notices = {"quiet": ["11:00", "13:00"]}
    assert tell(espresso, buy(espresso, member)).hold_until == NOON + timedelta(hours=1)
    customer_of(member).timezone = "Asia/Vladivostok"  # seven in the evening there
    assert tell(espresso, buy(espresso, member)).hold_until is None
    customer_of(member).notices = {"quiet": None}
    sale = buy(espresso, member, at=NIGHT - timedelta(hours=5))
    assert tell(espresso, sale, at=NIGHT).hold_until is None


@pytest.mark.parametrize(
    ("quiet", "zone", "clock", "until"),
    [
        (("22:00", "09:00"), "UTC", "2026-03-10 21:59", None),
        (("22:00", "09:00"), "UTC", "2026-03-10 22:00", "2026-03-11 09:00"),
        (("22:00", "09:00"), "UTC", "2026-03-11 08:59", "2026-03-11 09:00"),
        (("22:00", "09:00"), "UTC", "2026-03-11 09:00", None),
        (("13:00", "15:00"), "UTC", "2026-03-11 14:00", "2026-03-11 15:00"),
        (("13:00", "15:00"), "UTC", "2026-03-11 15:00", None),
        (
            ("22:00", "09:00"),
            "Europe/Berlin",
            "2026-03-28 22:00",
            "2026-03-29 07:00",
        ),  # the clocks go forward that night
        (("22:00", "09:00"), "Nowhere/Atall", "2026-03-10 20:00", "2026-03-11 06:00"),
        (("09:00", "09:00"), "UTC", "2026-03-10 09:00", None),
        (None, "UTC", "2026-03-10 23:00", None),
    ],
)
def test_quiet_hours(quiet, zone, clock, until):
    def moment(value):
        return datetime.fromisoformat(value).replace(tzinfo=UTC) if value else None

    assert quiet_until(quiet, zone, moment(clock)) == moment(until)


def make_code(now=NOON, **options):
    code = SignInCode(target_hash="t", code_hash="c", created_at=now, expires_at=now + timedelta(minutes=5), **options)
    db.session.add(code)
    db.session.flush()
    return code


def test_a_code_for_somebody_who_signs_in_travels_sealed_and_overtakes(espresso, db_session):
    customer = person()
    target = identifier_of(customer, "phone")
    sign_in.request_code(target, address="192.0.2.1", now=NOON)
    row = db_session.scalars(select(Outbox).order_by(Outbox.id.desc()).limit(1)).one()
    assert row.urgent and row.payload.keys() == {"code_id"}
    assert target.value not in row.sealed
    notice = notices.code_notice(UUID(row.payload["code_id"]), row.sealed, NOON + timedelta(minutes=1))
    assert re.match("[0-9]{6} — код", body(notice)) and notice.hold_until is None
    assert [(route.channel, route.address) for route in notice.routes] == [("sms", target.value)]
    assert target.value not in repr(notice) and body(notice)[:6] not in repr(notice)


def test_a_code_that_was_used_or_has_ended_is_not_sent(espresso):
    sealed = seal(sign_in.SEAL, {"code": "012345", "routes": [], "locale": "ru"})
    used, ended, good = make_code(used_at=NOON), make_code(NOON - timedelta(minutes=5)), make_code()
    assert [notices.code_notice(code.id, sealed, NOON) is None for code in (used, ended, good)] == [True, True, False]
    assert notices.code_notice(new_id(), sealed, NOON) is None
    assert notices.code_notice(good.id, None, NOON) is None


def test_announcements_are_one_row_of_ids(espresso, db_session):
    member = make_member(espresso)

    def announced(sale):
        return [notices.purchase_announcement(espresso.id, sale.purchase_id, ["credited"], membership_id=member.id)]

    sale = buy(espresso, member, announce=announced)
    row = db_session.scalars(select(Outbox).order_by(Outbox.id.desc()).limit(1)).one()
    assert (row.job, row.partner_id, row.ordering_key) == ("notify_purchase", espresso.id, f"membership:{member.id}")
    assert row.payload == {"purchase_id": str(sale.purchase_id), "kinds": ["credited"]}


def test_entries_of_other_members_do_not_leak_into_a_notice(espresso, db_session):
    member, other = make_member(espresso), make_member(espresso)
    buy(espresso, other, amount=5000)
    sale = buy(espresso, member)
    assert db_session.scalar(select(Entry.points).where(Entry.purchase_id == sale.purchase_id)) == 50
    assert "+50 " in body(tell(espresso, sale))


@pytest.fixture
def invited(espresso):
    """A friend who came to Эспрессо by Анна's code, and their referral."""
    referrals.set_terms(espresso, Terms(is_on=True), by=None)
    anna, friend = (
        make_member(espresso, make_customer(name="Анна")),
        make_member(espresso, make_customer(name="Борис Б.")),
    )
    code = referrals.code_of(anna)
    return referrals.accept(code, db.session.get_one(Customer, friend.customer_id), came_by="link", now=NOON)


def hear(referral, news, to="inviter"):
    return notices.referral_notice(referral.partner_id, referral.id, news, to, NOON, NOON)


def test_what_became_of_an_invitation_is_told_to_both(espresso, invited):
    came = body(hear(invited, "came")).replace("\N{NO-BREAK SPACE}", " ")
    assert came == (
        "Эспрессо: по вашему приглашению здесь Борис. Когда первая покупка от 500,00 ₽ пройдёт и 14 дней её не вернут, "
        "вам придёт 200 баллов."
    )
    friend = db.session.get(Membership, (espresso.id, invited.friend_id))
    purchase = buy(espresso, friend, amount=600)
    later = NOON + timedelta(days=20)
    referral_rewards.settle(espresso.id, invited.id, later)
    assert body(hear(invited, "rewarded")) == "Эспрессо: +200 баллов за друга — Борис. Баланс 200."
    assert "+100 баллов за первую покупку по приглашению" in body(hear(invited, "rewarded", "friend"))
    ledger.refund(espresso.id, purchase.purchase_id, reference="1", now=later, amount=Decimal(600))
    referral_rewards.settle(espresso.id, invited.id, later)
    assert body(hear(invited, "returned")) == (
        "Эспрессо: −200 баллов, награда за друга (Борис) отменена. Покупка возвращена. Баланс 0."
    )
    assert "подарок по приглашению отменён" in body(hear(invited, "returned", "friend"))


def test_why_there_is_no_reward_is_told_to_both(espresso, invited):
    invited.state, invited.reason = "refused", "circle"
    assert body(hear(invited, "refused")) == (
        "Эспрессо: за друга (Борис) баллов не будет. Взаимные приглашения не считаются."
    )
    assert body(hear(invited, "refused", "friend")).startswith("Эспрессо: подарка по приглашению не будет.")
    assert "в этом месяце" in body(hear(invited, "limit"))
    told = notices.not_invited_notice(espresso.id, invited.friend_id, "customer", NOON, NOON)
    assert body(told).endswith("Приглашение — для тех, кто здесь ещё не покупал.")


def test_who_does_not_want_to_hear_of_invitations_does_not(espresso, invited):
    espresso.notices_off = ["referral"]
    assert hear(invited, "came") is None
    assert notices.referral_notice(espresso.id, new_id(), "came", "inviter", NOON, NOON) is None
    assert notices.not_invited_notice(espresso.id, new_id(), "own", NOON, NOON) is None

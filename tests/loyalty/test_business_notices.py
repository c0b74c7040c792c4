from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from loyalty import business_notices, deep_links, partners, staff
from loyalty.customers import attach_identity
from loyalty.identities import Identifier
from models import db
from models.customer import Identity
from models.work import Outbox
from tests.factories import NOW, identity_of, make_customer, make_partner, make_phone, make_staff, noise

SITE = "https://kopilka.example"
NIGHT = datetime(2026, 3, 10, 21, 0, tzinfo=UTC)
"""Midnight in Moscow."""


def make_talker(locale="ru"):
    """A person with a phone and Telegram."""
    customer = make_customer(name="Анна")
    customer.locale = locale
    attach_identity(customer, "telegram", str(random.randrange(10**9, 10**12)), proven_at=NOW)
    return customer


def apply(applicant, name="Булочная"):
    return partners.apply(applicant, {"name": name}, NOW)


def announced(job, key, thing):
    query = db.select(Outbox).where(Outbox.job == job, Outbox.payload[key].astext == str(thing))
    return db.session.scalars(query).all()


@pytest.fixture
def cafe(db_session):
    noise()
    return make_partner(name="Эспрессо")


# Applications


def test_an_approved_applicant_is_told_how_to_begin(db_session):
    application = apply(make_talker())
    assert business_notices.application_notice(application.id, SITE, NOW) is None, "nothing is decided yet"
    partner = partners.approve(application.id, None, NOW)
    (row,) = announced("notify_application", "application_id", application.id)
    assert row.payload == {"application_id": str(application.id)} and row.sealed is None
    notice = business_notices.application_notice(application.id, SITE, NOW)
    assert [route.channel for route in notice.routes] == ["telegram", "sms"]
    said = notice.body_for("telegram")
    assert "Булочная" in said and "500 +79161234567" in said and f"{SITE}/partner" in said
    assert notice.buttons == (("🏪 Начать работу", f"work:{partner.code}"),)
    assert notice.body_for("sms").startswith("Заявка одобрена: Булочная") and "500" not in notice.body_for("sms")


def test_a_refused_applicant_reads_the_reason(db_session):
    application = apply(make_talker())
    partners.refuse(application.id, "Нет сайта и адреса", None, NOW)
    notice = business_notices.application_notice(application.id, SITE, NOW)
    assert "Причина: Нет сайта и адреса" in notice.body_for("telegram")
    assert notice.buttons == (("🏪 Подать заново", "apply"),)
    assert "Нет сайта" in notice.body_for("email") and f"{SITE}/partner/applications" in notice.body_for("email")
    assert "Нет сайта" not in notice.body_for("sms") and SITE in notice.body_for("sms")


def test_a_refusal_without_a_reason_names_none(db_session):
    application = apply(make_talker("en"))
    partners.refuse(application.id, " ", None, NOW)
    said = business_notices.application_notice(application.id, SITE, NOW).body_for("telegram")
    assert said.startswith("The application “Булочная” was refused.\n\nYou can correct it")


def test_a_decision_waits_for_the_morning(db_session):
    application = apply(make_talker())
    partners.approve(application.id, None, NIGHT)
    notice = business_notices.application_notice(application.id, SITE, NIGHT)
    assert notice.hold_until == datetime(2026, 3, 11, 6, 0, tzinfo=UTC)
    assert business_notices.application_notice(application.id, SITE, NOW).hold_until is None


def test_a_decision_made_at_once_is_told_at_night_too(db_session):
    applicant = make_talker()
    application = apply(applicant)
    application.created_at = NIGHT - timedelta(minutes=14)
    partners.approve(application.id, None, NIGHT)
    assert business_notices.application_notice(application.id, SITE, NIGHT).hold_until is None
    applicant.notices = {"quiet": ["23:00", "08:00"]}
    asked_for = business_notices.application_notice(application.id, SITE, NIGHT)
    assert asked_for.hold_until == datetime(2026, 3, 11, 5, 0, tzinfo=UTC), "hours that the person named hold it"


def test_a_blocked_applicant_is_told_nothing(db_session):
    applicant = make_talker()
    application = apply(applicant)
    partners.approve(application.id, None, NOW)
    applicant.state = "blocked"
    assert business_notices.application_notice(application.id, SITE, NOW) is None


# Hiring


def test_whoever_is_hired_on_the_site_is_told_in_telegram(cafe):
    person = make_talker()
    phone = Identifier("phone", identity_of(person, "phone").value)
    hired = staff.hire(cafe, phone, "cashier", None, None, NOW)
    assert len(announced("notify_hired", "staff_id", hired.id)) == 1
    notice = business_notices.hired_notice(cafe.id, hired.id, NOW)
    assert [route.channel for route in notice.routes] == ["telegram"]
    assert notice.text.body.startswith("Вы теперь кассир в «Эспрессо».")
    assert notice.buttons == (("🏪 Начать работу", f"work:{cafe.code}"),)


def test_whoever_has_no_telegram_or_is_gone_again_is_told_nothing(cafe):
    without = staff.hire(cafe, Identifier("phone", make_phone()), "cashier", None, None, NOW)
    assert business_notices.hired_notice(cafe.id, without.id, NOW) is None
    gone = make_staff(cafe, customer=make_talker())
    staff.dismiss(cafe.id, gone.id, None, NOW)
    assert business_notices.hired_notice(cafe.id, gone.id, NOW) is None
    here = make_staff(cafe, customer=make_talker())
    assert business_notices.hired_notice(make_partner().id, here.id, NOW) is None, "another partner's"
    cafe.state = "suspended"
    assert business_notices.hired_notice(cafe.id, here.id, NOW) is None


# Invitations


def invited(cafe, owner, role="cashier"):
    payload = deep_links.invite_staff(cafe.id, role, None, by=owner.customer_id, now=NOW)[1]
    return payload, deep_links.find_invitation(payload, None, NOW).id


def test_the_inviter_learns_who_accepted_and_can_remove_them(cafe):
    owner, anna = make_staff(cafe, "owner", make_talker("en")), make_customer(name="Имя из профиля")
    payload, link = invited(cafe, owner)
    assert business_notices.invitation_notice(cafe.id, link, NOW) is None, "it is open"
    hired = deep_links.accept(payload, anna, "Аня 🦊", NOW)
    notice = business_notices.invitation_notice(cafe.id, link, NOW)
    said = notice.text.body
    assert "Аня 🦊 is a cashier at Эспрессо now." in said and identity_of(anna, "phone").value in said
    assert "Имя из профиля" not in said, "what the person is called elsewhere is not the partner's business"
    assert notice.buttons == (("🚫 Remove", f"staff:{cafe.code}:{hired.id.hex}"),)
    assert len(notice.buttons[0][1].encode()) <= 64
    staff.dismiss(cafe.id, hired.id, owner.customer_id, NOW)
    assert business_notices.invitation_notice(cafe.id, link, NOW) is None


def test_a_phone_that_was_not_proven_is_not_told(cafe):
    owner, anna = make_staff(cafe, "owner", make_talker()), make_customer(proven_at=None)
    payload, link = invited(cafe, owner)
    deep_links.accept(payload, anna, None, NOW)
    said = business_notices.invitation_notice(cafe.id, link, NOW).text.body
    assert "Номером не поделились." in said and "человек без имени" in said
    assert identity_of(anna, "phone").value not in said


def test_the_inviter_learns_that_nobody_will_come(cafe):
    owner = make_staff(cafe, "owner", make_talker())
    payload, link = invited(cafe, owner, "manager")
    deep_links.decline(payload, None, NOW)
    notice = business_notices.invitation_notice(cafe.id, link, NOW)
    assert notice.text.body.startswith("От приглашения отказались: Эспрессо, управляющий.") and not notice.buttons


def test_an_inviter_who_has_left_is_told_nothing(cafe):
    owner = make_staff(cafe, "owner", make_talker())
    payload, link = invited(cafe, owner)
    deep_links.accept(payload, make_customer(), None, NOW)
    assert business_notices.invitation_notice(make_partner().id, link, NOW) is None, "another partner's"
    make_staff(cafe, "owner")
    staff.leave(cafe.id, owner.customer_id, NOW)
    assert business_notices.invitation_notice(cafe.id, link, NOW) is None


def test_a_talkers_notices_go_elsewhere_when_the_bot_is_blocked(db_session):
    applicant = make_talker()
    application = apply(applicant)
    partners.approve(application.id, None, NOW)
    identity = db.session.scalar(
        db.select(Identity).where(Identity.customer_id == applicant.id, Identity.kind == "telegram")
    )
    identity.unreachable_since = NOW
    notice = business_notices.application_notice(application.id, SITE, NOW)
    assert [route.channel for route in notice.routes] == ["sms"]

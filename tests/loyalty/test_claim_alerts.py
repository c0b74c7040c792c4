"""Who of the staff is told that claims wait, how often, and when not."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from loyalty import business_notices, claim_alerts, claims, staff
from loyalty.claims import ClaimPolicy
from loyalty.customers import attach_identity
from loyalty.sales import Caller
from models import db
from models.customer import Customer, Identity
from models.work import Outbox
from tests.factories import make_branch, make_customer, make_partner, make_staff, noise

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture
def cafe(db_session):
    noise()
    return make_partner(name="Эспрессо")


def hire(cafe, role="cashier", branch_id=None):
    """Somebody of the staff with Telegram."""
    person = make_customer(name="Анна")
    attach_identity(person, "telegram", str(random.randrange(10**9, 10**12)), proven_at=NOW)
    hired = make_staff(cafe, role, person)
    hired.branch_id = branch_id
    db.session.flush()
    return hired


def ask(cafe, now=NOW, branch_id=None, amount="700.00"):
    return claims.claim(cafe, make_customer(), now=now, amount=Decimal(amount), branch_id=branch_id)


def alerts_of(hired):
    """The announced alerts: when each is due, and the notice it would be then."""
    wanted = db.select(Outbox).where(
        Outbox.job == "notify_waiting_claims", Outbox.payload["staff_id"].astext == str(hired.id)
    )
    return db.session.scalars(wanted.order_by(Outbox.id)).all()


def read(cafe, row, now=NOW):
    raised_at = datetime.fromisoformat(row.payload["raised_at"])
    return business_notices.waiting_claims_notice(cafe.id, UUID(row.payload["staff_id"]), raised_at, now)


def test_whoever_may_decide_is_told_how_many_wait_and_where_they_are(cafe):
    told = [hire(cafe, role) for role in ("owner", "manager", "cashier")]
    others = [hire(cafe, role) for role in ("ai_marketer", "content_manager")]
    ask(cafe)
    ask(cafe)
    assert [len(alerts_of(one)) for one in told] == [1, 1, 1] and not any(alerts_of(one) for one in others)
    (row,) = alerts_of(told[0])
    assert row.payload.keys() == {"staff_id", "raised_at"} and row.sealed is None
    notice = read(cafe, row)
    assert notice.text.body == "Эспрессо: 2 заявки на баллы ждут вашего решения."
    assert [route.channel for route in notice.routes] == ["telegram"]
    assert notice.buttons == (("📥 Заявки", f"claims_of:{cafe.code}"),)


def test_nobody_is_told_twice_before_they_have_looked(cafe):
    hired = hire(cafe)
    for minute in range(5):
        ask(cafe, NOW + timedelta(minutes=minute))
    assert len(alerts_of(hired)) == 1
    claim_alerts.note_look(cafe.id, hired.customer_id, NOW + timedelta(minutes=5))
    ask(cafe, NOW + timedelta(minutes=6))
    assert len(alerts_of(hired)) == 2
    assert read(cafe, alerts_of(hired)[0]) is None, "the first is out of date"
    assert read(cafe, alerts_of(hired)[1]) is not None


def test_two_alerts_are_a_minute_apart(cafe):
    hired = hire(cafe)
    ask(cafe)
    claim_alerts.note_look(cafe.id, hired.customer_id, NOW + timedelta(seconds=5))
    ask(cafe, NOW + timedelta(seconds=10))
    first, second = alerts_of(hired)
    assert (first.next_try_at, second.next_try_at) == (NOW, NOW + timedelta(minutes=1))


def test_deciding_is_looking_and_nothing_waiting_is_nothing_to_tell(cafe):
    one, other = hire(cafe), hire(cafe)
    asked = ask(cafe)
    claims.refuse(
        cafe, asked.id, "Нет", caller=Caller("counter", "manual", actor=one.customer_id), now=NOW + timedelta(minutes=1)
    )
    assert read(cafe, alerts_of(other)[0]) is None
    ask(cafe, NOW + timedelta(minutes=5))
    assert [len(alerts_of(person)) for person in (one, other)] == [2, 2], "nothing waited when it came"


def test_what_is_approved_by_itself_alerts_nobody(cafe):
    hired = hire(cafe)
    policy = ClaimPolicy(is_automatic=True, known_only=False, receipt_only=False)
    claims.set_policy(cafe, policy, by=hired.customer_id)
    assert ask(cafe).state == "approved" and not alerts_of(hired)


def test_a_dismissed_a_suspended_and_an_unreachable_one_are_told_nothing(cafe):
    gone, silent, kept = hire(cafe), hire(cafe), hire(cafe, "owner")
    identity = db.session.scalar(
        db.select(Identity).where(Identity.customer_id == silent.customer_id, Identity.kind == "telegram")
    )
    identity.unreachable_since = NOW
    ask(cafe)
    assert alerts_of(gone) and not alerts_of(silent)
    staff.dismiss(cafe.id, gone.id, by=kept.customer_id, now=NOW)
    assert read(cafe, alerts_of(gone)[0]) is None
    cafe.state = "suspended"
    db.session.flush()
    assert read(cafe, alerts_of(kept)[0]) is None


def test_their_quiet_hours_hold_it(cafe):
    hired = hire(cafe)
    ask(cafe)
    night = datetime(2026, 3, 10, 21, 0, tzinfo=UTC)  # midnight in Moscow
    assert read(cafe, alerts_of(hired)[0], night).hold_until is None, "a bar is open at night"
    person = db.session.get_one(Customer, hired.customer_id)
    person.notices = {"quiet": ["23:00", "08:00"]}
    db.session.flush()
    assert read(cafe, alerts_of(hired)[0], night).hold_until == datetime(2026, 3, 11, 5, 0, tzinfo=UTC)


def test_a_cashier_is_told_of_their_own_branch(cafe):
    here, there = make_branch(cafe, "Здесь"), make_branch(cafe, "Там")
    ours, theirs, owner = hire(cafe, branch_id=here.id), hire(cafe, branch_id=there.id), hire(cafe, "owner")
    ask(cafe, branch_id=here.id)
    assert [len(alerts_of(one)) for one in (ours, theirs, owner)] == [1, 0, 1]
    ask(cafe, NOW + timedelta(minutes=1), branch_id=there.id)
    assert [len(alerts_of(one)) for one in (ours, theirs, owner)] == [1, 1, 1]
    assert "2 заявки" in read(cafe, alerts_of(owner)[0]).text.body
    assert "заявка на баллы ждёт" in read(cafe, alerts_of(theirs)[0]).text.body
    ask(cafe, NOW + timedelta(minutes=2))  # of no branch: everybody sees it, and everybody was told already
    assert [len(alerts_of(one)) for one in (ours, theirs, owner)] == [1, 1, 1]

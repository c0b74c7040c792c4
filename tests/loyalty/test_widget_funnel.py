from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest

from loyalty import joining, widget_funnel
from loyalty.widget_funnel import Day, Sieve
from models import db, transaction
from models.claim import Claim
from tests.concurrency import at_once
from tests.factories import NOW, make_customer, make_member, make_partner

DAY = timedelta(days=1)
TODAY = date(2026, 3, 10)


def record(partner, step, now=NOW, times=1):
    widget_funnel.record(partner, step, now, times=times)


def summarise(partner, days=7, now=NOW):
    return widget_funnel.summarise(partner, days=days, now=now)


def join(partner, place, now=NOW):
    person = make_customer()
    membership = joining.join(person, partner, {"personal_data": True}, place=place, now=now)
    membership.created_at = now
    db.session.flush()
    return membership


def test_hits_are_counted_by_the_days_of_the_partners_zone(db_session):
    partner, other = make_partner(timezone="Asia/Vladivostok"), make_partner()
    record(partner, "shown", times=3)
    record(partner, "opened")
    record(partner, "shown", NOW + timedelta(hours=2))  # 00:00 in Vladivostok
    record(other, "shown", times=100)
    found = summarise(partner, now=NOW + timedelta(hours=2))
    assert (found.since, found.until, len(found.days)) == (date(2026, 3, 5), date(2026, 3, 11), 7)
    assert found.days[-2:] == [Day(TODAY, shown=3, opened=1), Day(date(2026, 3, 11), shown=1)]
    assert found.total == {"shown": 4, "opened": 1, "signed_in": 0, "joined": 0, "claimed": 0}


def test_a_period_stands_beside_the_same_number_of_days_before(db_session):
    partner = make_partner()
    for days, times in ((0, 1), (6, 2), (7, 4), (13, 8), (14, 16)):
        record(partner, "shown", NOW - days * DAY, times)
    found = summarise(partner)
    assert (found.total["shown"], found.before["shown"]) == (3, 12)


def test_who_joined_by_the_widget_is_counted_and_who_joined_otherwise_is_not(db_session):
    partner = make_partner()
    for place in ("widget", "page:widget", "page", "bot"):
        join(partner, place)
    join(partner, "widget", NOW - 8 * DAY)
    join(make_partner(), "widget")
    found = summarise(partner)
    assert (found.days[-1], found.before["joined"]) == (Day(TODAY, joined=2), 1)


def test_claims_of_the_widget_are_counted_and_others_are_not(db_session):
    partner = make_partner()
    member = make_member(partner)
    for source, at in (("web_widget", NOW), ("web_widget", NOW - 8 * DAY), ("qr_code", NOW)):
        claim = Claim(partner_id=partner.id, id=uuid4(), membership_id=member.id, source=source, amount=100)
        claim.occurred_at = claim.created_at = at
        claim.has_receipt = False
        db.session.add(claim)
    db.session.flush()
    found = summarise(partner)
    assert (found.total["claimed"], found.before["claimed"]) == (1, 1)


def test_a_file_has_a_line_for_each_day(db_session):
    partner = make_partner()
    record(partner, "shown", times=5)
    lines = widget_funnel.write_csv(summarise(partner)).removeprefix("\ufeff").splitlines()
    assert (lines[0], lines[-1], len(lines)) == (
        "day,shown,opened,signed_in,joined,claimed",
        "2026-03-10,5,0,0,0,0",
        8,
    )


def test_hits_at_once_are_all_counted(app):
    with app.app_context(), transaction():
        partner = make_partner()
        db.session.expunge(partner)

    def hit(_number):
        with transaction():
            record(partner, "shown")

    hits = at_once(app, hit)
    with app.app_context():
        assert summarise(partner).total["shown"] == len(hits) == hits.count(None)


def test_a_hit_is_dropped_sooner_than_waited_for(app):
    with app.app_context():
        with transaction():
            partner = make_partner()
            record(partner, "shown")
            db.session.flush()
            db.session.expunge(partner)
        with transaction():
            record(partner, "shown")
            widget_funnel.note(partner, "shown", "10.1.0.1", NOW)
        assert summarise(partner).total["shown"] == 2


def test_a_flood_from_one_address_is_not_believed():
    sieve = Sieve(most=3, keys=2)
    assert [sieve.lets("a", NOW) for _ in range(5)] == [True, True, True, False, False]
    assert sieve.lets("a", NOW + timedelta(minutes=1))
    assert [sieve.lets(key, NOW + timedelta(minutes=1)) for key in ("b", "c")] == [True, False]


def test_nothing_but_steps_is_counted(db_session):
    with pytest.raises(AssertionError):
        record(make_partner(), "joined")

"""Who is told that points expire: once a wave, whoever asks and however often."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text

from loyalty import expiring, ledger, partners
from loyalty.types import Life
from models import db, new_id, transaction
from tests.concurrency import at_once
from tests.factories import make_member, make_partner, noise

NOON = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
"""Noon in Moscow."""
DAY = timedelta(days=1)


@pytest.fixture
def espresso(db_session):
    noise()
    return make_partner(name="Эспрессо")


def give(member, points=100, days=6, at=NOON):
    return ledger.grant(
        member.partner_id, member.id, points,
        source="promotion", source_ref=str(new_id()), now=at, life=Life(days=days),
    )  # fmt: skip


def announce(now=NOON, limit=expiring.AT_ONCE):
    """One whole run, in batches of `limit`."""
    told, after = expiring.announce_expiring(now, limit=limit)
    while after is not None:
        count, after = expiring.announce_expiring(now, after, limit)
        told += count
    return told


def announced(partner):
    """The rows of the outbox by member."""
    query = text(
        "SELECT payload ->> 'membership_id' AS member, payload ->> 'until' AS until, next_try_at, ordering_key"
        " FROM outbox WHERE job = 'notify_expiring' AND partner_id = :partner ORDER BY id"
    )
    return db.session.execute(query, {"partner": partner.id}).all()


def members_told(partner):
    return Counter(row.member for row in announced(partner))


def test_a_member_whose_points_expire_within_a_week_is_told_of_two_weeks_and_nobody_else_is(espresso):
    soon, edge, later, never, empty = (make_member(espresso) for _ in range(5))
    give(soon)
    give(soon, days=12)
    give(edge, days=7)
    give(later, days=8)
    ledger.grant(espresso.id, never.id, 100, source="promotion", source_ref="x", now=NOON)
    announce()
    (row,) = announced(espresso)
    assert (row.member, row.until) == (str(soon.id), (NOON + 14 * DAY).isoformat())
    assert NOON <= row.next_try_at < NOON + expiring.SPREAD
    assert row.ordering_key is None
    announce(NOON + DAY)
    assert members_told(espresso) == {str(soon.id): 1, str(edge.id): 1}
    assert str(empty.id) not in members_told(espresso)


def test_run_twice_it_tells_once_and_after_missed_nights_it_still_tells(espresso):
    member = make_member(espresso)
    give(member, days=9)
    announce()
    assert announced(espresso) == []
    for _ in range(2):
        announce(NOON + 9 * DAY)
    assert members_told(espresso) == {str(member.id): 1}
    announce(NOON + 10 * DAY)
    assert len(announced(espresso)) == 1


def test_who_earns_a_little_every_day_hears_of_it_once_a_week_and_of_each_point_in_time(espresso):
    member = make_member(espresso)
    told, dying = [], []
    for day in range(90):
        now = NOON + day * DAY
        ledger.bring_up(espresso.id, member.id, now)
        before = len(announced(espresso))
        announce(now)
        if len(announced(espresso)) > before:
            told.append(now)
        give(member, points=10, days=30, at=now)
        dying.append(now + 30 * DAY)
    assert len(told) in (9, 10)
    assert all(later - earlier >= 7 * DAY for earlier, later in pairwise(told))
    for at in (one for one in dying if one < NOON + 90 * DAY):
        assert any(at - then >= 6 * DAY and at <= then + expiring.COVERED for then in told), at


def test_points_that_came_after_a_message_are_told_in_the_next_though_it_covered_their_date(espresso):
    member = make_member(espresso)
    give(member)
    announce()
    give(member, points=500, days=11, at=NOON + DAY)
    for day in range(1, 7):
        announce(NOON + day * DAY)
    assert len(announced(espresso)) == 1, "never twice in a week"
    announce(NOON + 7 * DAY)
    announce(NOON + 8 * DAY)
    assert len(announced(espresso)) == 2


def test_points_told_once_are_not_told_again_while_they_wait_for_their_end(espresso):
    member = make_member(espresso)
    give(member, days=6)
    give(member, days=13)
    for day in range(14):
        ledger.bring_up(espresso.id, member.id, NOON + day * DAY)
        announce(NOON + day * DAY)
    assert len(announced(espresso)) == 1


def test_reserved_and_too_few_points_wait_until_there_is_something_to_tell(espresso):
    held, few = make_member(espresso), make_member(espresso)
    give(held)
    hold = ledger.hold(espresso.id, held.id, 100, expires_at=NOON + 2 * DAY, now=NOON)
    give(few, points=9)
    announce()
    assert announced(espresso) == []
    ledger.void(espresso.id, hold.hold_id, now=NOON)
    give(few, points=1, days=12)
    announce()
    assert members_told(espresso) == {str(held.id): 1, str(few.id): 1}


def test_partners_that_are_suspended_or_do_not_want_it_tell_nobody_until_they_do(espresso):
    member = make_member(espresso)
    give(member)
    partners.update_partner(espresso, {"notices_off": ["expiring"]}, None, NOON)
    announce()
    espresso.notices_off, espresso.state = [], "suspended"
    db.session.flush()
    announce()
    assert announced(espresso) == []
    espresso.state = "active"
    db.session.flush()
    announce()
    assert members_told(espresso) == {str(member.id): 1}


def test_everybody_is_found_in_small_batches_though_all_expire_at_one_moment(espresso):
    other = make_partner()
    members = [make_member(partner) for partner in (espresso, other) for _ in range(5)]
    for member in members:
        give(member)
    announce(limit=2)
    assert members_told(espresso) + members_told(other) == {str(member.id): 1 for member in members}


def test_a_run_that_is_cut_off_has_told_whole_batches_and_the_next_tells_the_rest(fresh_app):
    with fresh_app.app_context():
        with transaction():
            partner = make_partner()
            members = [str(make_member(partner).id) for _ in range(6)]
            for membership in members:
                ledger.grant(
                    partner.id, membership, 100, source="promotion", source_ref="x", now=NOON, life=Life(days=6)
                )
        with transaction():
            told, after = expiring.announce_expiring(NOON, limit=2)
        with pytest.raises(KeyboardInterrupt), transaction():
            expiring.announce_expiring(NOON, after, limit=2)
            raise KeyboardInterrupt
        assert told == 2 and len(announced(partner)) == 2
        with transaction():
            assert announce(NOON, limit=2) == 4
        assert members_told(partner) == dict.fromkeys(members, 1)


def test_runs_at_the_same_moment_tell_once(fresh_app):
    with fresh_app.app_context(), transaction():
        members = [make_member(make_partner()) for _ in range(30)]
        for member in members:
            give(member)
    counts = at_once(fresh_app, lambda n: announce(NOON + n * timedelta(milliseconds=1), limit=7), times=4)
    assert sum(counts) == 30
    with fresh_app.app_context():
        query = text("SELECT count(*), count(DISTINCT payload ->> 'membership_id') FROM outbox")
        assert db.session.execute(query).one() == (30, 30)

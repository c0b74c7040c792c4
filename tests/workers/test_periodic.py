"""What the tasks of the schedule really do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from loyalty import ledger, updates
from loyalty.customers import attach_identity
from loyalty.types import Life
from models import db, new_id, transaction
from models.ledger import Membership
from models.telegram import BotChat
from tests.factories import make_customer, make_member, make_partner
from workers import periodic
from workers.schedule import TASKS, Run, Schedule

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


class Beats:
    def __init__(self):
        self.count = 0

    def __call__(self):
        self.count += 1


def run(function, now=NOW):
    beats = Beats()
    return function(Run(now, now, beats)), beats.count


def execute(statement, **values):
    with transaction():
        return db.session.execute(text(statement), values)


def test_members_are_brought_up_in_batches_and_one_that_fails_stops_nobody(fresh_app, monkeypatch):
    monkeypatch.setattr(periodic, "MEMBERS_AT_ONCE", 3)
    with fresh_app.app_context():
        with transaction():
            partner = make_partner()
            members = [make_member(partner).id for _ in range(7)]
            timeless = make_member(partner).id
            for member in members:
                ledger.grant(partner.id, member, 100, source="promotion", source_ref="x", now=NOW, life=Life(days=10))
            ledger.grant(partner.id, timeless, 100, source="promotion", source_ref="x", now=NOW)
            partner_id = partner.id
        broken = sorted(members)[1]
        real = ledger.bring_up

        def fail_for_one(partner_id, membership_id, now):
            if membership_id == broken:
                raise ValueError("on purpose")
            return real(partner_id, membership_id, now)

        monkeypatch.setattr(periodic.ledger, "bring_up", fail_for_one)
        assert run(periodic.bring_up_members, NOW + timedelta(days=5))[0] == {"moved": 0, "failed": 0}
        result, beats = run(periodic.bring_up_members, NOW + timedelta(days=30))
        assert result == {"moved": 6, "failed": 1}
        assert beats == 3
        balances = {member: db.session.get(Membership, (partner_id, member)).balance for member in [*members, timeless]}
        assert sorted(balances.values()) == [0] * 6 + [100] * 2
        assert balances[broken] == 100 and balances[timeless] == 100


def test_ended_codes_counters_and_quotes_are_forgotten_and_the_others_kept(fresh_app):
    with fresh_app.app_context():
        with transaction():
            partner = make_partner()
            member = make_member(partner)
            partner_id, member_id, customer_id = partner.id, member.id, member.customer_id
        for age in (timedelta(days=3), timedelta(hours=1)):
            ended = NOW - age
            execute(
                "INSERT INTO sign_in_code (id, target_hash, code_hash, created_at, expires_at) "
                "VALUES (:id, 't', 'c', :at, :at)",
                id=new_id(), at=ended,
            )  # fmt: skip
            execute(
                "INSERT INTO customer_code (id, customer_id, code_hash, created_at, expires_at) "
                "VALUES (:id, :customer, :hash, :at, :at)",
                id=new_id(), customer=customer_id, hash=str(age), at=ended,
            )  # fmt: skip
            execute("INSERT INTO attempt (bucket, window_start, count) VALUES ('b', :at, 1)", at=ended)
            execute(
                "INSERT INTO quote (partner_id, id, membership_id, caller, amount, lines, programme_version, "
                "max_redeemable, will_earn, breakdown, rules, created_at, expires_at) "
                "VALUES (:partner, :id, :member, 'till', 1, '[]', 1, 0, 0, '[]', '{}', :at, :at)",
                partner=partner_id, id=new_id(), member=member_id, at=ended,
            )  # fmt: skip
        result, _ = run(periodic.forget_codes)
        assert result == {
            "sign_in_codes": 1,
            "customer_codes": 1,
            "attempts": 1,
            "quotes": 1,
            "sale_codes": 0,
            "sessions": 0,
        }
        for table in ("sign_in_code", "customer_code", "attempt", "quote"):
            assert execute(f"SELECT count(*) FROM {table}").scalar() == 1
        assert set(run(periodic.forget_codes)[0].values()) == {0}


def test_a_quote_that_a_hold_was_made_from_is_kept(fresh_app):
    with fresh_app.app_context():
        with transaction():
            partner = make_partner()
            member = make_member(partner)
            ledger.grant(partner.id, member.id, 100, source="promotion", source_ref="x", now=NOW - timedelta(days=9))
            quote = new_id()
            db.session.execute(
                text(
                    "INSERT INTO quote (partner_id, id, membership_id, caller, amount, lines, programme_version, "
                    "max_redeemable, will_earn, breakdown, rules, created_at, expires_at) "
                    "VALUES (:partner, :id, :member, 'till', 1, '[]', 1, 0, 0, '[]', '{}', :at, :at)"
                ),
                {"partner": partner.id, "id": quote, "member": member.id, "at": NOW - timedelta(days=9)},
            )
            db.session.execute(
                text(
                    "INSERT INTO hold (partner_id, id, membership_id, quote_id, points, state, expires_at, created_at, "
                    "resolved_at) VALUES (:partner, :id, :member, :quote, 10, 'voided', :at, :at, :at)"
                ),
                {"partner": partner.id, "id": new_id(), "member": member.id, "quote": quote, "at": NOW},
            )
        assert run(periodic.forget_codes)[0]["quotes"] == 0


def test_keys_live_at_least_72_hours(fresh_app):
    with fresh_app.app_context():
        for hours in (1, 72, 74):
            execute(
                "INSERT INTO idempotency (caller, key, fingerprint, created_at) VALUES ('c', :key, 'f', :at)",
                key=str(hours), at=NOW - timedelta(hours=hours),
            )  # fmt: skip
        assert run(periodic.forget_idempotency_keys)[0] == {"keys": 1}
        assert execute("SELECT array_agg(key ORDER BY key) FROM idempotency").scalar() == ["1", "72"]


def test_old_rows_secrets_and_claims_are_swept(fresh_app):
    with fresh_app.app_context():
        for days in (1, 31):
            at = NOW - timedelta(days=days)
            execute("INSERT INTO outbox (job, payload, done_at) VALUES ('x', '{}', :at)", at=at)
            execute("INSERT INTO outbox (job, payload, sealed, parked_at) VALUES ('x', '{}', 's', :at)", at=at)
            execute("INSERT INTO period_claim (task, period, claimed_at) VALUES ('x', :at, :at)", at=at)
        execute("INSERT INTO outbox (job, payload, sealed, created_at) VALUES ('waits', '{}', 's', '2020-01-01Z')")
        assert run(periodic.sweep_outbox)[0] == {"rows": 1, "secrets": 1, "claims": 1}
        left = execute("SELECT job, sealed, parked_at IS NOT NULL FROM outbox ORDER BY id").all()
        assert left == [("x", None, False), ("x", "s", True), ("x", None, True), ("waits", "s", False)]


def test_what_everybody_has_is_summed_up(fresh_app):
    with fresh_app.app_context():
        with transaction():
            make_member(make_partner())
        assert run(periodic.sum_up_platform)[0] == {"people": 1}
        assert run(periodic.sum_up_platform)[0] == {"people": 0}
        assert execute("SELECT at, people, members FROM platform_figures").one() == (NOW, 1, 1)


def test_the_whole_list_runs_on_an_empty_platform(fresh_app):
    with fresh_app.app_context():
        assert Schedule(fresh_app).run_due(NOW) == len(TASKS)
        assert Schedule(fresh_app).run_due(NOW + timedelta(days=40)) == len(TASKS)


def test_updates_that_cannot_come_again_are_forgotten(fresh_app):
    with fresh_app.app_context():
        with transaction():
            updates.take(1, 1, NOW - timedelta(days=10))
            updates.take(1, 2, NOW - timedelta(days=8))
        assert run(periodic.forget_updates)[0]["taken"] == 1
        assert execute("SELECT update_id FROM taken_update").scalars().all() == [2]


def test_chats_of_a_week_ago_are_forgotten_unless_they_tell_where_people_we_know_work(fresh_app):
    week_ago = NOW - timedelta(days=7, seconds=1)
    with fresh_app.app_context():
        with transaction():
            for chat_id in (1, 2, 3, 4):
                attach_identity(make_customer(), "telegram", str(chat_id), proven_at=NOW)
            asked, at_work = {"step": "till.sum", "data": {"who": "x"}}, {"place": {"hat": "staff"}}
            for chat_id, told in {
                1: {},
                2: asked,
                3: at_work | asked,
                4: at_work | asked,
                5: {},
                6: asked,
                7: asked,
            }.items():
                changed_at = NOW if chat_id in (4, 7) else week_ago
                db.session.add(BotChat(bot_id=1, chat_id=chat_id, changed_at=changed_at, **told))
        found = run(periodic.forget_updates)[0]
        assert (found["chats"], found["questions"]) == (4, 1)
        left = execute("SELECT chat_id, step, data::text FROM bot_chat ORDER BY chat_id").all()
        kept = (asked["step"], '{"who": "x"}')
        assert left == [(3, None, "{}"), (4, *kept), (7, *kept)]

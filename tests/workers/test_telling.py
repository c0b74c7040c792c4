"""From the row to the message that a person finds in the feed, through the real jobs and the real stand-in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
import requests
from sqlalchemy import text

from config import ROOT
from connectors.messages.gateway import NoGateway
from loyalty import deep_links, ledger, notices, partners, referrals, sign_in, staff
from loyalty.clock import utcnow
from loyalty.customers import attach_identity
from loyalty.identities import Identifier
from loyalty.programme import price
from loyalty.referral_terms import Terms
from loyalty.rules import Rules
from loyalty.types import Life, Line
from models import db, new_id, transaction
from tests.factories import identity_of, make_customer, make_email, make_member, make_partner, make_staff
from tests.workers.troupe import wait_for
from workers import context, periodic, telling
from workers.relay import Relay
from workers.schedule import Run


@pytest.fixture
def gateway(fresh_app, live_server, monkeypatch):
    """The application serves its own stand-in on a socket, and the jobs of this process work on it."""
    url = live_server(fresh_app)
    settings = fresh_app.config["SETTINGS"]
    fresh_app.config["SETTINGS"] = replace(settings, port=urlsplit(url).port, job_backoff=0.001)
    monkeypatch.setattr(context, "_app", fresh_app)
    return url


@pytest.fixture
def espresso(fresh_app, gateway):
    with fresh_app.app_context():
        with transaction():
            partner = make_partner(name="Эспрессо")
            customer = make_customer(email=make_email())
            member = make_member(partner, customer)
            attach_identity(customer, "telegram", "777000", proven_at=utcnow())
        yield partner, member, customer


def move(app, at=None):
    return Relay(app, None).move(at or utcnow())


def messages(url, to=None):
    return requests.get(f"{url}/sandbox/messages.json", params={"to": to} if to else {}, timeout=5).json()["items"]


def buy(partner, member, at, kinds=("credited",)):
    rules, lines = Rules(), (Line(Decimal(1000)),)
    return ledger.sell(
        partner.id,
        member.id,
        ledger.Document("manual", str(new_id()), at),
        lambda seen: price(lines, rules, seen, at=at, zone=ZoneInfo(partner.timezone)),
        now=at,
        announce=lambda sale: [
            notices.purchase_announcement(partner.id, sale.purchase_id, [kind], membership_id=member.id)
            for kind in kinds
        ],
    )


def rows(columns):
    return db.session.execute(text(f"SELECT {columns} FROM outbox ORDER BY id")).all()


def test_a_purchase_reaches_the_persons_feed_once(fresh_app, gateway, espresso):
    partner, member, customer = espresso
    with transaction():
        buy(partner, member, utcnow())
        phone = identity_of(customer, "phone").value
    assert move(fresh_app) == 1
    db.session.execute(text("UPDATE outbox SET done_at = NULL, next_try_at = now()"))
    db.session.commit()
    assert move(fresh_app) == 1
    (message,) = messages(gateway, phone)
    assert (message["channel"], message["to"]) == ("telegram", "777000")
    assert message["text"].replace("\u00a0", " ") == "Эспрессо: +50 баллов за чек 1 000,00 ₽. Баланс 50."


def test_refund_and_welcome_are_told(fresh_app, gateway, espresso):
    partner, member, _ = espresso
    now = utcnow()
    with transaction():
        welcome = ledger.grant(partner.id, member.id, 100, source="system", source_ref="welcome", now=now)
        notices.announce_welcome(partner.id, welcome.entry_id, membership_id=member.id)
        sale = buy(partner, member, now, kinds=())
        refund = ledger.refund(partner.id, sale.purchase_id, reference="1", now=now, amount=Decimal(300))
        notices.announce_refund(partner.id, refund.refund_id, membership_id=member.id)
    assert [move(fresh_app), move(fresh_app), move(fresh_app)] == [1, 1, 0]
    newest, oldest = (message["text"] for message in messages(gateway))
    assert "возврат" in newest and "добро пожаловать" in oldest


def test_what_expires_is_told_by_the_schedule_once(fresh_app, gateway, espresso):
    partner, member, customer = espresso
    now = utcnow()
    with transaction():
        customer.notices = {"quiet": None}
        ledger.grant(partner.id, member.id, 22, source="promotion", source_ref="x", now=now, life=Life(days=5))
    told = [periodic.announce_expiring(Run(now, now, lambda: None)) for _ in range(2)]
    assert told == [{"told": 1}, {"told": 0}]
    assert move(fresh_app, now + timedelta(hours=6)) == 1
    (message,) = messages(gateway)
    last_day = (now + timedelta(days=5)).astimezone(ZoneInfo(partner.timezone)).date()
    assert message["text"] == f"Эспрессо: 22 балла сгорят после {last_day:%d.%m.%Y}. Баланс 22."


def test_the_schedule_rewards_a_friends_first_purchase_and_both_hear_of_it_once(fresh_app, gateway, espresso):
    partner, friend, customer = espresso
    now = utcnow()
    with transaction():
        anna = make_customer(name="Анна")
        anna.notices = customer.notices = {"quiet": None}
        attach_identity(anna, "telegram", "777002", proven_at=now)
        referrals.set_terms(partner, Terms(is_on=True, return_days=0), by=None)
        code = referrals.code_of(make_member(partner, anna))
        referrals.accept(code, customer, came_by="link", now=now)
        buy(partner, friend, now, kinds=())
    assert [periodic.settle_referrals(Run(now, now, lambda: None))["settled"] for _ in range(2)] == [1, 0]
    while move(fresh_app):
        continue
    assert sorted((message["to"], "+" in message["text"]) for message in messages(gateway)) == [
        ("777000", True),
        ("777002", False),
        ("777002", True),
    ]


def test_decisions_hiring_and_invitations_reach_the_chat_with_their_buttons(fresh_app, gateway, espresso):
    partner, _, customer = espresso
    customer.notices = {"quiet": None}
    with transaction():
        owner = make_staff(partner, "owner", customer).customer_id
        application = partners.apply(customer, {"name": "Булочная"}, utcnow())
        bakery = partners.approve(application.id, None, utcnow())
        newcomer = make_customer()
        attach_identity(newcomer, "telegram", "777001", proven_at=utcnow())
        phone = Identifier("phone", identity_of(newcomer, "phone").value)
        staff.hire(bakery, phone, "cashier", None, None, utcnow())
        _, payload = deep_links.invite_staff(partner.id, "cashier", None, by=owner, now=utcnow())
        hired = deep_links.accept(payload, newcomer, "Аня", utcnow())
        staff_hex, codes = hired.id.hex, (partner.code, bakery.code)
    assert move(fresh_app) == 3
    told = {(row.chat_id, row.text.partition(" ")[0]): row.markup for row in chats()}
    buttons = {key: markup["inline_keyboard"][0][0]["callback_data"] for key, markup in told.items()}
    assert buttons == {
        (777000, "Заявка"): f"work:{codes[1]}",
        (777001, "Вы"): f"work:{codes[1]}",
        (777000, "Приглашение"): f"staff:{codes[0]}:{staff_hex}",
    }


def chats():
    """What stands in everybody's chat with the bot."""
    return db.session.execute(text("SELECT chat_id, text, markup FROM sandbox.tg_item ORDER BY n")).all()


def test_a_code_stands_in_the_feed_and_nowhere_else(fresh_app, gateway, espresso, capfd):
    _, _, customer = espresso
    phone = identity_of(customer, "phone").value
    with transaction():
        sign_in.request_code(Identifier("phone", phone), address="192.0.2.1", now=utcnow())
    assert move(fresh_app) == 1
    (message,) = messages(gateway, phone)
    code = message["text"][:6]
    assert message["channel"] == "sms" and code.isdigit()
    ((payload, sealed, last_error),) = rows("payload, sealed, last_error")
    assert sealed is None and last_error is None and code not in str(payload)
    dump = "".join(
        str(db.session.execute(text(f"SELECT t.* FROM {table} t")).all())
        for table in ("outbox", "sign_in_code", "attempt")
    )
    assert phone[1:] not in dump
    assert f"'{code}'" not in dump
    output = capfd.readouterr()
    assert phone[1:] not in output.out + output.err
    assert f'"{code}' not in output.out + output.err


def test_a_gateway_that_is_down_is_tried_again_and_leaves_no_address_in_errors_and_logs(
    fresh_app, gateway, espresso, capfd
):
    _, _, customer = espresso
    phone = identity_of(customer, "phone").value
    fresh_app.config["SETTINGS"] = replace(fresh_app.config["SETTINGS"], port=1)
    with transaction():
        sign_in.request_code(Identifier("phone", phone), address="192.0.2.1", now=utcnow())
    move(fresh_app)
    ((attempts, last_error, sealed),) = rows("attempts, last_error, sealed")
    assert (attempts, last_error) == (1, "ConnectorError: unreachable")
    assert sealed
    output = capfd.readouterr()
    assert phone[1:] not in output.out + output.err
    fresh_app.config["SETTINGS"] = replace(fresh_app.config["SETTINGS"], port=urlsplit(gateway).port)
    assert move(fresh_app, utcnow() + timedelta(seconds=1)) == 1
    assert len(messages(gateway, phone)) == 1


def test_quiet_hours_hold_a_notice_and_do_not_drop_it(fresh_app, gateway, espresso):
    partner, member, customer = espresso
    now = utcnow()
    with transaction():
        local = now.astimezone(ZoneInfo("Europe/Moscow"))
        quiet = [(local - timedelta(hours=1)).strftime("%H:%M"), (local + timedelta(hours=1)).strftime("%H:%M")]
        customer.notices = {"quiet": quiet}
        buy(partner, member, now)
    assert move(fresh_app) == 1
    assert messages(gateway) == []
    ((attempts, next_try_at, done_at),) = rows("attempts, next_try_at, done_at")
    assert (attempts, done_at) == (0, None)
    assert timedelta(minutes=58) < next_try_at - now <= timedelta(minutes=61)
    db.session.rollback()
    assert move(fresh_app, next_try_at) == 1
    assert len(messages(gateway)) == 1


def test_production_without_an_sms_gateway_parks_the_row_with_that_reason(fresh_app, gateway, espresso):
    _, _, customer = espresso
    phone = identity_of(customer, "phone").value
    fresh_app.config["SETTINGS"] = replace(fresh_app.config["SETTINGS"], sandbox=False)
    with transaction():
        sign_in.request_code(Identifier("phone", phone), address="192.0.2.1", now=utcnow())
    move(fresh_app)
    ((last_error, parked),) = rows("last_error, parked_at IS NOT NULL")
    assert (last_error, parked) == ("ConnectorError: no_sms_gateway", True)


def test_a_notice_for_which_no_way_is_set_up_ends_quietly(fresh_app, gateway, espresso):
    partner, member, _ = espresso
    fresh_app.config["SETTINGS"] = replace(fresh_app.config["SETTINGS"], sandbox=False)
    with transaction():
        buy(partner, member, utcnow())
    assert move(fresh_app) == 1
    assert rows("attempts, last_error, done_at IS NOT NULL") == [(0, None, True)]


def test_a_way_that_refuses_for_good_gives_way_to_the_next(fresh_app, gateway, espresso, monkeypatch):
    partner, member, _ = espresso
    real = telling.gateways
    monkeypatch.setattr(telling, "gateways", lambda settings: real(settings) | {"telegram": NoGateway("telegram")})
    with transaction():
        buy(partner, member, utcnow())
    assert move(fresh_app) == 1
    assert [message["channel"] for message in messages(gateway)] == ["sms"]


def test_what_was_given_up_is_listed_sent_again_and_let_go_from_the_command_line(fresh_app):
    with fresh_app.app_context():
        with transaction():
            for error in ("ConnectorError: no_sms_gateway", "ConnectorError: unreachable"):
                db.session.execute(
                    text("INSERT INTO outbox (job, payload, last_error, parked_at) VALUES ('x', '{}', :error, now())"),
                    {"error": error},
                )
            db.session.execute(text("INSERT INTO outbox (job, payload) VALUES ('waits', '{}')"))
        first, second, waits = (row.id for row in rows("id"))
        runner = fresh_app.test_cli_runner()
        listed = runner.invoke(args=["outbox", "list"])
        assert listed.exit_code == 0
        assert [line.split("\t")[0] for line in listed.stdout.splitlines()] == [str(first), str(second)]
        assert "no_sms_gateway" in listed.stdout
        assert runner.invoke(args=["outbox", "retry", str(first)]).exit_code == 0
        assert runner.invoke(args=["outbox", "dismiss", "--all"]).exit_code == 0
        refused = runner.invoke(args=["outbox", "retry", str(waits)])
        assert refused.exit_code == 1 and str(waits) in refused.stderr
        assert runner.invoke(args=["outbox", "retry"]).exit_code == 2
        listed = runner.invoke(args=["outbox", "list", "--waiting"]).stdout
        assert [line.split("\t")[0] for line in listed.splitlines()] == [str(waits), str(first)]
        assert rows("done_at IS NOT NULL") == [(False,), (True,), (False,)]


def test_the_workers_start_from_the_environment_and_make_the_platform_ready(fresh_app, tmp_path):
    """`python -m workers` as it stands, on the database of the environment."""

    def workers_check():
        return fresh_app.test_client().get("/readyz").json["checks"]["workers"]

    assert workers_check() == "not running: relay, schedule"
    environment = {name: value for name, value in os.environ.items() if name != "REDIS_URL"} | {
        "DATABASE_URL": fresh_app.config["SQLALCHEMY_DATABASE_URI"],
        "KOPILKA_HOME": str(tmp_path),
        "SANDBOX": "1",
    }
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-m", "workers"], cwd=ROOT, env=environment, stderr=log)
    try:
        wait_for(lambda: workers_check() == "ok", 30, "a sign of life")
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert "workers_stopped" in (tmp_path / "log").read_text()

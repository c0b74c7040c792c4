"""R7: a crowd is told through Telegram on a bad day, by several worker processes at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import text

from config import ROOT
from loyalty import ledger, notices, texts
from loyalty.clock import utcnow
from loyalty.customers import attach_identity
from loyalty.programme import price
from loyalty.rules import Rules
from loyalty.types import Line
from models import db, new_id, transaction
from sandbox.telegram import store
from tests.factories import make_customer, make_member, make_partner
from tests.support.live_server import LiveServer
from tests.workers.troupe import unfinished, wait_for

PARTNER, CHECK, EARNED = "Эспрессо", Decimal(1000), 50
FIRST_CHAT = 800_000_000
SENDERS = 3
BAD_DAY = {"flooded": 0.05, "bad_gateway": 0.05, "blocked": 0.02, "hang": 0.01}
"""Which share of the calls meets what."""


@dataclass(frozen=True)
class Scale:
    """So many notices of so many people, with Telegram's own limits and waits or with smaller ones."""

    notices: int
    people: int
    patience: float
    per_second: int = 30
    chat_seconds: float = 1.0
    silence_seconds: float = 1.0
    send_seconds: float = 10.0
    backoff: float = 5.0


SMALL = Scale(
    500, 125, 240, per_second=90, chat_seconds=0.2, silence_seconds=0.1, send_seconds=2.0, backoff=0.1
)  # fmt: skip
FULL = Scale(10_000, 2_500, 7200)


def test_of_five_hundred_notices_none_is_lost_none_comes_too_fast_and_all_in_order(fresh_app, tmp_path, capsys):
    """Three processes without Redis: each carries out what it finds."""
    play(fresh_app, tmp_path, SMALL, [{}] * SENDERS, capsys)


@pytest.mark.slow
def test_of_ten_thousand_notices_none_is_lost_none_comes_too_fast_and_all_in_order(
    fresh_app, tmp_path, capsys, own_redis
):
    """As in production: a relay and three RQ workers, at Telegram's own pace; it takes half an hour or more."""
    play(fresh_app, tmp_path, FULL, [{"REDIS_URL": own_redis.url}], capsys)


def play(app: Flask, folder: Path, scale: Scale, processes: list[dict[str, str]], capsys) -> None:
    server = LiveServer(app)
    try:
        told = announce(app, scale)
        begin = time.monotonic()
        with working(app, folder, scale, f"{server.url}/sandbox/telegram/api", processes):
            wait_for(lambda: not unfinished(app), scale.patience, "an end of all work", every=0.2)
        took = time.monotonic() - begin
    finally:
        server.stop()
    figures = examine(app, scale, told, read_doubts(folder))
    with capsys.disabled():
        print(f"\nR7: {scale.notices} notices of {scale.people} people in {took:.0f} s; {figures}")  # noqa: T201


def announce(app: Flask, scale: Scale) -> dict[int, tuple[int, str]]:
    """Sell to everybody, each sale with its notice; which chat is to be told what, by the row of the outbox, in order."""
    sold = {}
    with app.app_context():
        with transaction():
            store.prepare()
            for kind, share in BAD_DAY.items():
                seconds = scale.send_seconds * 1.5 if kind == "hang" else scale.silence_seconds
                store.add_fault("sendMessage", kind, 10**9, seconds, share)
            partner = make_partner(name=PARTNER)
        for chat in range(FIRST_CHAT, FIRST_CHAT + scale.people):
            with transaction():
                customer = make_customer(phone=False)
                attach_identity(customer, "telegram", str(chat), proven_at=utcnow())
                member = make_member(partner, customer)
                for n in range(1, scale.notices // scale.people + 1):
                    sold[str(sell(member))] = chat, words(EARNED * n)
        with transaction():
            rows = db.session.execute(text("SELECT id, payload ->> 'purchase_id' FROM outbox ORDER BY id"))
            return {row: sold[purchase] for row, purchase in rows}


def sell(member) -> UUID:
    partner_id, member_id, now = member.partner_id, member.id, utcnow()
    return ledger.sell(
        partner_id,
        member_id,
        ledger.Document("manual", str(new_id()), now),
        lambda seen: price((Line(CHECK),), Rules(), seen, at=now, zone=ZoneInfo("Europe/Moscow")),
        now=now,
        announce=lambda sale: [
            notices.purchase_announcement(partner_id, sale.purchase_id, ["credited"], membership_id=member_id)
        ],
    ).purchase_id


def words(balance: int) -> str:
    return texts.sale_text(
        "ru", partner=PARTNER, credited=EARNED, spent=0, amount=CHECK, currency="RUB", balance=balance
    ).body


@contextmanager
def working(app: Flask, folder: Path, scale: Scale, api_url: str, processes: list[dict[str, str]]) -> Iterator[None]:
    """`python -m workers` as in production, once for each of `processes`, which says what is its own in the environment."""
    settings = app.config["SETTINGS"]
    env = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "SMTP_URL", "SANDBOX")}
    env |= {
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
        "ENCRYPTION_KEYS": ",".join(settings.encryption_keys),
        "KOPILKA_HOME": str(folder),
        "TELEGRAM_BOT_TOKEN": settings.bot_token,
        "TELEGRAM_API_URL": api_url,
        "TELEGRAM_PER_SECOND": str(scale.per_second),
        "TELEGRAM_CHAT_SECONDS": str(scale.chat_seconds),
        "TELEGRAM_SEND_SECONDS": str(scale.send_seconds),
        "JOB_BACKOFF": str(scale.backoff),
        "RELAY_INTERVAL": "0.05",
        "RQ_WORKERS": str(SENDERS),
    }
    running = []
    try:
        for n, own in enumerate(processes):
            with (folder / f"workers-{n}.log").open("w") as log:
                command = [sys.executable, "-m", "workers"]
                running.append(subprocess.Popen(command, cwd=ROOT, env=env | own, stdout=log, stderr=log))
        yield
        for process in running:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(60) for process in running] == [0] * len(running)
    finally:
        for process in running:
            process.kill()
            process.wait()


def read_doubts(folder: Path) -> set[int]:
    """Rows of which the workers could not know whether Telegram had taken them."""
    lines = [line for log in folder.glob("workers-*.log") for line in log.read_text().splitlines()]
    records = [json.loads(line) for line in lines if line.startswith("{")]
    doubts = ("TelegramError: timed_out", "TelegramError: cut_off")
    return {one["row"] for one in records if one["event"] == "job_raised" and one["error"] in doubts}


def examine(app: Flask, scale: Scale, told: dict[int, tuple[int, str]], doubts: set[int]) -> str:
    """Fails where something is lost, doubled, too fast or out of order; the figures in words."""
    with app.app_context(), transaction():
        calls = store.list_calls("sendMessage")
        ended = text("SELECT id, attempts, last_error FROM outbox WHERE parked_at IS NOT NULL")
        given_up = {row.id: (row.attempts, row.last_error) for row in db.session.execute(ended)}
        heard = {chat: [item.text for item in store.list_items(chat, 0)] for chat, _ in told.values()}
        gone = set(
            db.session.scalars(
                text("SELECT value::bigint FROM identity WHERE kind = 'telegram' AND unreachable_since IS NOT NULL")
            )
        )
    assert all(attempts == 5 for attempts, _ in given_up.values()), given_up
    met = Counter(call.fault for call in calls)
    by_chat = defaultdict(list)
    for call in calls:
        by_chat[call.chat_id].append(call)
    # a call that nobody waited for any more when it arrived may arrive at any time
    stray = {told[row][0] for row in doubts} - {call.chat_id for call in calls if call.fault == "hang"}
    assert gone - stray == {call.chat_id for call in calls if call.fault == "blocked"} - stray
    assert all(by_chat[chat][-1].fault == "blocked" for chat in gone - stray), "who has blocked the bot is left alone"

    missed = check_order(told, heard, gone, given_up)
    twice = check_doubles(told, heard, doubts)
    gaps = [gap for chat, made in by_chat.items() if chat not in stray for gap in gaps_of(made)]
    assert min(gaps) >= scale.chat_seconds, "a chat is left in peace between two messages"
    crowded = busiest_second(calls)
    assert crowded <= scale.per_second
    return (
        f"{len(calls)} calls met {met['flooded']} × 429, {met['bad_gateway']} × 502, {met['blocked']} × 403 and"
        f" {met['hang']} hangs: 0 lost, {len(given_up)} given up after five tries, {missed} not sent to the"
        f" {len(gone)} who had blocked the bot, {twice} came twice (of {len(doubts)} in doubt);"
        f" at most {crowded} calls in a second of {scale.per_second}, {min(gaps):.2f} s between two to one chat"
    )


def check_order(told, heard, gone: set[int], given_up: dict[int, Any]) -> int:
    """Everybody heard everything in order; who has blocked the bot, everything until then. How many notices these missed."""
    expected, missed = defaultdict(list), 0
    for row, (chat, said) in told.items():
        if row not in given_up:
            expected[chat].append(said)
    for chat, said in expected.items():
        first = [one for one in dict.fromkeys(heard[chat]) if one in said]
        assert first == (said[: len(first)] if chat in gone else said), chat
        missed += len(said) - len(first)
    return missed


def check_doubles(told, heard, doubts: set[int]) -> int:
    """Only what may have been taken before came again; how many messages that were too many."""
    counted = Counter((chat, said) for chat, texts_heard in heard.items() for said in texts_heard)
    doubled = {told_to: count - 1 for told_to, count in counted.items() if count > 1}
    assert doubled.keys() <= {told[row] for row in doubts}
    return sum(doubled.values())


def gaps_of(calls) -> list[float]:
    return [(later.at - earlier.at).total_seconds() for earlier, later in pairwise(calls)]


def busiest_second(calls) -> int:
    moments, most, first = sorted(call.at for call in calls), 0, 0
    for n, at in enumerate(moments):
        while at - moments[first] >= timedelta(seconds=1):
            first += 1
        most = max(most, n - first + 1)
    return most

"""R8: a shop's busy day on which the process is killed again and again, some updates are broken, some come twice. Every
purchase is posted once, and every conversation goes as it would have gone on a quiet day.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict

from sqlalchemy import text

from models import db, transaction
from sandbox.telegram import store
from tests.bot import crowd
from tests.bot.crowd import Crowd, read_replies

BEFORE, AFTER = 480, 520
"""Updates of each half of the day: sales are typed in, and decided on."""
KILLS, AGAIN = 10, 50
CONFIRMED = 60
"""From so many updates on some are confirmed, and can come again."""
HEARD, LISTENERS = 3, 20


def test_every_update_has_its_effect_once_in_order_whatever_dies(telegram, capsys):
    day = Crowd(telegram.app, seed=8)
    shift = Shift(telegram, random.Random(8))
    day.type_in(BEFORE)
    began = time.monotonic()
    shift.kill(KILLS // 2, between=(CONFIRMED, BEFORE))
    day.decide(AFTER)
    shift.kill(KILLS // 2, between=(BEFORE, BEFORE + AFTER))
    took = time.monotonic() - began
    telegram.settle_silently()
    assert "waiting_for_the_other_poller" in telegram.log
    assert "conflict" not in telegram.log, "two have asked at once"

    assert shift.taken() == BEFORE + AFTER
    listed = telegram.app.test_cli_runner().invoke(args=["bot", "poison"]).stdout.splitlines()
    assert sorted(int(line.split("\t")[0]) for line in listed) == sorted(day.broken)
    assert find_purchases(telegram) == day.purchases()
    assert find_balances(telegram) == day.balances()
    verified = telegram.app.test_cli_runner().invoke(args=["ledger", "verify"])
    assert verified.exit_code == 0, verified.output

    said = defaultdict(list)
    for reply in read_replies(telegram.app):
        said[reply["chat_id"]].append(reply)
    assert {chat: len(replies) for chat, replies in said.items()} == {chat: len(one) for chat, one in day.heard.items()}
    for chat, answers in day.heard.items():
        for reply, answer in zip(said[chat], answers, strict=True):
            assert answer in reply["text"] or answer in labels(reply)
    hear_some(telegram, said)
    with capsys.disabled():
        print(  # noqa: T201
            f"\nR8: {BEFORE + AFTER} updates of {len(day.heard)} people in {took:.1f} s: {len(day.purchases())} purchases"
            f" posted, {KILLS} kills, {len(day.broken)} set aside, {AGAIN} come again, {crowd.TWICE} pressed twice;"
            f" at work a process takes {shift.speed():.0f} a second"
        )


class Shift:
    """Two processes, one of which waits; whenever the one at work is killed another is started to wait."""

    def __init__(self, telegram, chance: random.Random):
        self._telegram, self._chance = telegram, chance
        self._start()
        self._start()
        telegram.wait_silently_for(lambda: "waiting_for_the_other_poller" in telegram.log)

    def kill(self, times: int, between: tuple[int, int]) -> None:
        """Kill the one at work so many times, each at any of these updates, and have the last one taken."""
        first, last = between
        for number in sorted(self._chance.sample(range(first, last), times)):
            self._telegram.wait_silently_for(lambda: self.taken() >= number, 120)
            bot = self._telegram.bots[int(self._telegram.wait_silently_for(self._find_at_work).removeprefix("bot "))]
            bot.kill()
            bot.wait()
            self._telegram.fail("redeliver", method="getUpdates", times=AGAIN // KILLS // 5)
            self._start()
        self._telegram.wait_silently_for(lambda: self.taken() == last, 120)

    def taken(self) -> int:
        return self._telegram.scalar("SELECT count(*) FROM taken_update")

    def speed(self) -> float:
        """Updates a second, the pauses in which somebody was killed or failed left out."""
        return self._telegram.scalar(
            "SELECT 1 / extract(epoch FROM avg(pause)) FROM (SELECT taken_at - lag(taken_at) OVER (ORDER BY taken_at)"
            " AS pause FROM taken_update) AS pauses WHERE pause < interval '0.2 seconds'"
        )

    def _start(self) -> None:
        self._telegram.start_bot(PGAPPNAME=f"bot {len(self._telegram.bots)}")

    def _find_at_work(self) -> str | None:
        return self._telegram.scalar(
            "SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid)"
            " WHERE locktype = 'advisory' AND granted AND application_name LIKE 'bot %' LIMIT 1"
        )


def find_purchases(telegram) -> list[tuple[str, int, bool]]:
    """Phone, sum, and whether it was paid with points, of every purchase."""
    with telegram.app.app_context(), transaction():
        found = db.session.execute(
            text(
                "SELECT i.value, p.amount, p.paid_with_points FROM purchase p"
                " JOIN membership m ON (m.partner_id, m.id) = (p.partner_id, p.membership_id)"
                " JOIN identity i ON i.customer_id = m.customer_id AND i.kind = 'phone'"
            )
        )
        return sorted((row.value, int(row.amount), row.paid_with_points == row.amount) for row in found)


def find_balances(telegram) -> dict[str, int]:
    with telegram.app.app_context(), transaction():
        found = db.session.execute(
            text(
                "SELECT i.value, m.total FROM membership m"
                " JOIN identity i ON i.customer_id = m.customer_id AND i.kind = 'phone'"
            )
        )
        return {row.value: row.total for row in found}


def labels(reply: dict) -> list[str]:
    return [button["text"] for row in reply.get("markup", {}).get("inline_keyboard", ()) for button in row]


def hear_some(telegram, said: dict[int, list[dict]]) -> None:
    """Have the first replies of some chats really sent; sending all would take half a minute at Telegram's pace."""
    listeners = sorted(said)[:LISTENERS]
    kept = [reply["row"] for chat in listeners for reply in said[chat][:HEARD]]
    with telegram.app.app_context(), transaction():
        db.session.execute(text("UPDATE outbox SET done_at = now() WHERE NOT id = ANY(:kept)"), {"kept": kept})
    telegram.wait_for(lambda: not telegram.scalar("SELECT count(*) FROM outbox WHERE done_at IS NULL"))
    with telegram.app.app_context(), transaction():
        for chat in listeners:
            heard = [item.text for item in store.list_items(chat, 0) if item.is_from_bot]
            assert heard == [reply["text"] for reply in said[chat][:HEARD]]

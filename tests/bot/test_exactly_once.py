"""R8, small: many people write at once, the process is killed again and again, some updates are broken, some come twice."""

from __future__ import annotations

import random
import time
from itertools import pairwise

import pytest
from sqlalchemy import text

from bot.texts import BUTTONS, Words
from models import db, transaction
from sandbox.telegram import store

PEOPLE, UPDATES, KILLS = 12, 120, 3


@pytest.mark.slow
def test_every_update_has_its_effect_once_in_order_whatever_dies(telegram, capsys):
    chance = random.Random(8)
    people = [10_000 + n for n in range(PEOPLE)]
    sent: dict[int, list[str]] = {person: [] for person in people}
    broken = set()
    with telegram.app.app_context(), transaction():
        for n in range(UPDATES):
            person = chance.choice(people)
            update = message(person, n)
            if n % 40 == 17:
                del update["message"]["date"]
                broken.add(store.add_update(update))
            else:
                store.add_update(update)
                sent[person].append(update["message"]["text"])
    telegram.start_bot()
    started = time.monotonic()
    for kill in range(1, KILLS + 1):
        telegram.wait_for(lambda: taken(telegram) >= kill * UPDATES // (KILLS + 2), 120)
        telegram.bots[-1].kill()
        telegram.fail("redeliver", method="getUpdates", times=2)
        telegram.start_bot()
    telegram.wait_for(lambda: taken(telegram) >= UPDATES, 120)
    took = time.monotonic() - started

    with telegram.app.app_context(), transaction():
        set_aside = set(db.session.scalars(text("SELECT update_id FROM broken_update WHERE set_aside_at IS NOT NULL")))
        answered = dict(db.session.execute(text("SELECT ordering_key, count(*) FROM outbox GROUP BY 1")).all())
    assert set_aside == broken
    assert taken(telegram) == UPDATES
    # one answer to each message: help to people, an apology for each broken one
    assert sum(answered.values()) == UPDATES
    telegram.wait_for(lambda: not telegram.scalar("SELECT count(*) FROM outbox WHERE done_at IS NULL"), 180)
    with telegram.app.app_context(), transaction():
        calls = store.list_calls("sendMessage")
        for person in people:
            heard = [item.text for item in store.list_items(person, 0) if item.is_from_bot]
            assert [said for said in heard if "Не получилось" not in said] == [ANSWERS[asked] for asked in sent[person]]
    by_chat: dict[int, list] = {}
    for call in calls:
        by_chat.setdefault(call.chat_id, []).append(call.at)
    gaps = [(b - a).total_seconds() for at in by_chat.values() for a, b in pairwise(at)]
    assert min(gaps) > 0.9, "a chat is written to once a second"
    with capsys.disabled():
        print(f"R8 small: {UPDATES} updates of {PEOPLE} people, {KILLS} kills, {len(broken)} broken, {took:.1f} s")  # noqa: T201


WORDS = Words("ru")
ANSWERS = {
    "/help": WORDS("help", **{name: WORDS.button(name) for name in BUTTONS}),
    "/language": WORDS("ask_language"),
    "/balance": WORDS("who_are_you"),
}
"""Commands, and the answers that tell which of them it was."""


def message(person: int, n: int) -> dict:
    said = list(ANSWERS)[n * 7 % 3]
    return {
        "message": {
            "message_id": n + 1,
            "from": {"id": person, "is_bot": False, "first_name": "Аня", "language_code": "ru"},
            "chat": {"id": person, "type": "private"},
            "date": 1_700_000_000,
            "text": said,
        }
    }


def taken(telegram) -> int:
    return telegram.scalar("SELECT count(*) FROM taken_update")

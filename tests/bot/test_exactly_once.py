"""R8: a crowd writes, the process is killed again and again, some updates are broken, some come twice."""

from __future__ import annotations

import random
import time
from collections import defaultdict

from sqlalchemy import text

from bot.texts import BUTTONS, Words
from loyalty import replies
from models import db, transaction
from sandbox.telegram import store

PEOPLE, UPDATES, KILLS, BROKEN, AGAIN = 50, 1000, 10, 10, 50
HEARD, LISTENERS = 3, 20


def test_every_update_has_its_effect_once_in_order_whatever_dies(telegram, capsys):
    chance = random.Random(8)
    asked, broken = write(telegram, chance)
    began = time.monotonic()
    kill_again_and_again(telegram, chance)
    telegram.wait_silently_for(lambda: taken(telegram) == UPDATES, 120)
    took = time.monotonic() - began
    telegram.settle()

    assert taken(telegram) == UPDATES
    listed = telegram.app.test_cli_runner().invoke(args=["bot", "poison"]).stdout.splitlines()
    assert sorted(int(line.split("\t")[0]) for line in listed) == sorted(broken)
    said = read_replies(telegram)
    assert {person: [text for text in texts if text != SORRY] for person, texts in said.items()} == asked
    assert sum(texts.count(SORRY) for texts in said.values()) == BROKEN
    hear_some(telegram, said)
    with capsys.disabled():
        print(  # noqa: T201
            f"\nR8: {UPDATES} updates of {PEOPLE} people in {took:.1f} s with {KILLS} kills, {BROKEN} set aside, {AGAIN} come"
            f" again; one process takes {speed(telegram):.0f} a second"
        )


def write(telegram, chance: random.Random) -> tuple[dict[int, list[str]], list[int]]:
    """Everything that is said before anybody listens: what each person is to hear, and the numbers of the broken ones."""
    asked, broken = defaultdict(list), []
    places = set(chance.sample(range(UPDATES), BROKEN))
    with telegram.app.app_context(), transaction():
        for n in range(UPDATES):
            person, said = 10_000 + chance.randrange(PEOPLE), chance.choice(list(ANSWERS))
            update = message(person, said)
            if n in places:
                del update["message"]["date"]
                broken.append(store.add_update(update))
            else:
                store.add_update(update)
                asked[person].append(ANSWERS[said])
    return asked, broken


def kill_again_and_again(telegram, chance: random.Random) -> None:
    """Two processes, one of which waits; whenever the one at work is killed another is started to wait."""
    names: dict[str, int] = {}

    def start() -> None:
        name = f"bot {len(telegram.bots)}"
        names[name] = len(telegram.bots)
        telegram.start_bot(PGAPPNAME=name)

    def find_at_work() -> str | None:
        return telegram.scalar(
            "SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid)"
            " WHERE locktype = 'advisory' AND granted AND application_name LIKE 'bot %' LIMIT 1"
        )

    start()
    start()
    for kill_at in sorted(chance.sample(range(1, UPDATES), KILLS)):
        telegram.wait_silently_for(lambda: taken(telegram) >= kill_at, 120, every=0.005)
        bot = telegram.bots[names[telegram.wait_silently_for(find_at_work)]]
        bot.kill()
        bot.wait()
        telegram.fail("redeliver", method="getUpdates", times=AGAIN // KILLS // 5)
        start()
    assert "waiting_for_the_other_poller" in telegram.log
    assert "conflict" not in telegram.log, "two have asked at once"


def read_replies(telegram) -> dict[int, list[str]]:
    """What each chat is to be told, in the order it will be."""
    said = defaultdict(list)
    with telegram.app.app_context(), transaction():
        for sealed in db.session.scalars(text("SELECT sealed FROM outbox WHERE job = 'send_reply' ORDER BY id")):
            reply = replies.read_reply(sealed)
            said[reply["chat_id"]].append(reply["text"])
    return said


def hear_some(telegram, said: dict[int, list[str]]) -> None:
    """Have the first replies of some chats really sent; sending all would take half a minute at Telegram's pace."""
    listeners = sorted(said)[:LISTENERS]
    with telegram.app.app_context(), transaction():
        rows = db.session.execute(text("SELECT id, sealed FROM outbox WHERE job = 'send_reply' ORDER BY id")).all()
        kept, heard = [], defaultdict(int)
        for row in rows:
            chat = replies.read_reply(row.sealed)["chat_id"]
            heard[chat] += 1
            if chat in listeners and heard[chat] <= HEARD:
                kept.append(row.id)
        db.session.execute(text("UPDATE outbox SET done_at = now() WHERE NOT id = ANY(:kept)"), {"kept": kept})
    telegram.wait_for(lambda: not telegram.scalar("SELECT count(*) FROM outbox WHERE done_at IS NULL"))
    with telegram.app.app_context(), transaction():
        for chat in listeners:
            assert [item.text for item in store.list_items(chat, 0)] == said[chat][:HEARD]


def speed(telegram) -> float:
    """Updates a second while nobody was killed: by the middle one of the pauses between two updates."""
    return telegram.scalar(
        "SELECT 1 / extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY pause))"
        " FROM (SELECT taken_at - lag(taken_at) OVER (ORDER BY taken_at) AS pause FROM taken_update) AS pauses"
    )


WORDS = Words("ru")
SORRY = WORDS("sorry")
ANSWERS = {
    "/help": WORDS("help", **{name: WORDS.button(name) for name in BUTTONS}),
    "/language": WORDS("ask_language"),
    "/balance": WORDS("who_are_you"),
}
"""Commands, and the answers that tell which of them it was."""


def message(person: int, said: str) -> dict:
    return {
        "message": {
            "message_id": 1,
            "from": {"id": person, "is_bot": False, "first_name": "Аня", "language_code": "ru"},
            "chat": {"id": person, "type": "private"},
            "date": 1_700_000_000,
            "text": said,
        }
    }


def taken(telegram) -> int:
    return telegram.scalar("SELECT count(*) FROM taken_update")

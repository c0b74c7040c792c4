"""The real process against the stand-in: every update has its effect once, whatever breaks, and nobody is told the token."""

from __future__ import annotations

import dataclasses
import signal
import time
from contextlib import contextmanager
from itertools import pairwise

import pytest
from sqlalchemy import text

from api import create_app
from models import db, new_id, transaction
from sandbox.application import add_sandbox
from sandbox.telegram import store
from tests.bot import frail
from tests.bot.chat import PATIENCE, Telegram


@pytest.fixture(scope="module")
def lasting(settings, databases, tmp_path_factory):
    """The stand-in with a real bot process that outlives everything the tests of a module do to it."""
    url = databases.clone(settings)
    app = add_sandbox(create_app(dataclasses.replace(settings, database_url=url), url))
    with pytest.MonkeyPatch.context() as monkeypatch:
        telegram = Telegram(app, tmp_path_factory.mktemp("lasting"), monkeypatch)
        bot = telegram.start_bot(TELEGRAM_POLL_SECONDS="1", PGAPPNAME="the bot", REDIS_URL="redis://127.0.0.1:1/0")
        try:
            yield telegram
            assert bot.poll() is None, telegram.log
        finally:
            telegram.stop()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    databases.drop(url)


def count(telegram, table: str) -> int:
    return telegram.scalar(f"SELECT count(*) FROM {table}")


def set_aside(telegram) -> int:
    return telegram.scalar("SELECT count(*) FROM broken_update WHERE set_aside_at IS NOT NULL")


def wait_until_taken(telegram, number: int) -> None:
    telegram.wait_for(lambda: count(telegram, "taken_update") >= number)


def texts_of_bot(person) -> list[str]:
    return [item["text"] for item in person.items() if item["from"] == "bot"]


@contextmanager
def one_effect_each(telegram, messages: int):
    """In the end each of so many messages that are sent inside is taken once and has one reply, and none is broken."""
    before = count(telegram, "taken_update"), count(telegram, "outbox"), set_aside(telegram)
    yield
    telegram.settle()
    after = count(telegram, "taken_update"), count(telegram, "outbox"), set_aside(telegram)
    assert [b - a for a, b in zip(before, after, strict=True)] == [messages, messages, 0], telegram.log


def calls(telegram, method: str) -> list:
    with telegram.app.app_context():
        return [call.at for call in store.list_calls(method)]


# A process that outlives whatever Telegram does


def check_that_it_goes_on(telegram, kind: str, times: int = 2, **fault) -> None:
    """Messages before and during a fault of the question for updates have one effect each."""
    ivan = telegram.person("ivan")
    with one_effect_each(telegram, 3):
        ivan.send(text="/help")
        telegram.settle()
        telegram.fail(kind, method="getUpdates", times=times, **fault)
        telegram.wait_for(lambda: faults_to_come(telegram) < times)
        ivan.send(text="/help")
        ivan.send(text="/language")
        telegram.wait_for(lambda: faults_to_come(telegram) == 0)


def faults_to_come(telegram) -> int:
    return telegram.scalar("SELECT coalesce(sum(times), 0) FROM sandbox.tg_fault")


def test_it_goes_on_after_another_has_asked_for_its_updates(lasting):
    check_that_it_goes_on(lasting, "conflict")


def test_it_goes_on_after_a_page_of_a_proxy_instead_of_an_answer(lasting):
    check_that_it_goes_on(lasting, "bad_gateway")


def test_it_goes_on_after_an_answer_that_was_cut_off(lasting):
    check_that_it_goes_on(lasting, "broken_json")


def test_it_goes_on_after_updates_that_were_sent_but_did_not_arrive(lasting):
    check_that_it_goes_on(lasting, "cut")


def test_it_goes_on_after_telegram_was_silent_for_longer_than_agreed(lasting):
    check_that_it_goes_on(lasting, "hang", times=1, seconds=9)
    assert "timed_out" in lasting.log


def test_a_webhook_that_somebody_sets_meanwhile_is_taken_away(lasting):
    check_that_it_goes_on(lasting, "webhook", times=1000)
    assert "webhook_taken_away" in lasting.log


def test_confirmed_updates_that_come_again_have_no_second_effect(lasting):
    check_that_it_goes_on(lasting, "redeliver", times=3)


def test_updates_in_the_wrong_order_are_put_right(lasting):
    maria = lasting.person("maria")
    with one_effect_each(lasting, 3):
        lasting.fail("flooded", method="getUpdates", seconds=1)
        lasting.fail("reorder", method="getUpdates")
        lasting.wait_for(lambda: faults_to_come(lasting) < 2)
        start = maria.send(text="/help")
        for text in ("/start", "/language"):
            maria.send(text=text)
    lasting.wait_for(lambda: len(texts_of_bot(maria)) == 3)
    first, second, third = [item["text"] for item in maria.items(start) if item["from"] == "bot"]
    assert "Вот что я умею" in first and "согласие" in second and "языке" in third


def test_what_telegram_asked_us_to_wait_is_waited(lasting):
    lasting.settle()
    known = len(calls(lasting, "getUpdates"))
    with one_effect_each(lasting, 1):
        lasting.fail("flooded", method="getUpdates", seconds=3)
        lasting.wait_for(lambda: faults_to_come(lasting) == 0)
        lasting.person("ivan").send(text="/help")
    pauses = [(b - a).total_seconds() for a, b in pairwise(calls(lasting, "getUpdates")[known:])]
    assert max(pauses) >= 3, "it usually asks every second"


def test_numbers_that_begin_anew_below_the_last_are_not_thrown_away(lasting):
    with one_effect_each(lasting, 2):
        lasting.person("ivan").send(text="/help")
        lasting.settle()
        known = len(calls(lasting, "getUpdates"))
        lasting.wait_for(lambda: len(calls(lasting, "getUpdates")) >= known + 3)  # in vain, as after a week
        lasting.fail("flooded", method="getUpdates", seconds=1)
        lasting.wait_for(lambda: faults_to_come(lasting) == 0)
        with lasting.app.app_context(), transaction():
            db.session.execute(text("ALTER TABLE sandbox.tg_update ALTER COLUMN update_id RESTART WITH 5"))
        lasting.person("ivan").send(text="/help")
    assert lasting.scalar("SELECT count(*) FROM taken_update WHERE update_id = 5") == 1


def test_nobody_waits_for_the_answer_to_anothers_press(lasting):
    lasting.settle()
    lasting.fail("hang", method="answerCallbackQuery", times=3, seconds=12)
    begun = lasting.scalar("SELECT now()")
    with one_effect_each(lasting, 6):
        for n in range(3):
            lasting.tell(press(5_000_800 + n, "nothing"))
            lasting.tell(command(5_000_800 + n, "/help"))
    took = lasting.scalar(
        f"SELECT extract(epoch FROM max(taken_at) - min(taken_at)) FROM taken_update WHERE taken_at > '{begun}'"
    )
    assert took < 10, "an answer is waited for five seconds"
    with lasting.app.app_context(), transaction():
        store.clear_faults()


def test_messages_of_every_kind_get_an_answer_and_what_is_no_message_gets_none(lasting):
    person = user(5_000_900)
    message = {"message_id": 1, "from": person, "chat": {"id": 5_000_900, "type": "private"}, "date": 1_700_000_000}
    file = {"file_id": "1", "file_unique_id": "1"}
    channel = {"id": -1_000_000_000_001, "type": "channel", "title": "Новости"}
    kinds = [
        {"sticker": file | {"type": "regular", "width": 1, "height": 1, "is_animated": False, "is_video": False}},
        {"voice": file | {"duration": 1}},
        {"photo": [file | {"width": 1, "height": 1}], "caption": "вот"},
        {"document": file},
        {"location": {"latitude": 55.75, "longitude": 37.61}},
        {"dice": {"emoji": "🎲", "value": 1}},
        {"poll": {"id": "1", "question": "?", "options": [], "total_voter_count": 0, "is_closed": False,
                  "is_anonymous": True, "type": "regular", "allows_multiple_answers": False}},
        {"something_of_next_year": {"a": 1}},
    ]  # fmt: skip
    with one_effect_each(lasting, len(kinds)):
        for kind in kinds:
            lasting.tell({"message": message | kind})
    nobody_waits = [
        {"edited_message": message | {"edit_date": 1_700_000_001, "text": "/help"}},
        {"channel_post": message | {"chat": channel, "sender_chat": channel, "text": "/help"}},
        {"message": {"message_id": 1, "chat": channel, "sender_chat": channel, "date": 1_700_000_000, "text": "/help"}},
        {"inline_query": {"id": "1", "from": person, "query": "", "offset": ""}},
        {"something_of_next_year": {"a": 1}},
        {},
    ]
    known = count(lasting, "outbox"), set_aside(lasting)
    for update in nobody_waits:
        lasting.tell(update)
    lasting.settle()
    assert (count(lasting, "outbox"), set_aside(lasting)) == known


def test_a_broken_update_is_set_aside_and_the_next_ones_are_answered(lasting):
    known, artyom, maria = set_aside(lasting), lasting.person("espresso-cashier"), lasting.person("maria")
    lasting.fail("malformed")
    broken = artyom.send(text="моя тайна")
    maria.ask("Вот что я умею", text="/help")
    assert "Не получилось" in artyom.hear(broken)["text"]
    assert artyom.ask("Вот что я умею", text="/help")
    assert set_aside(lasting) == known + 1
    done = lasting.app.test_cli_runner().invoke(args=["bot", "poison"])
    assert done.exit_code == 0 and "3 tries" in done.output and "KeyError" in done.output
    assert "моя тайна" not in done.output
    assert "моя тайна" in lasting.app.test_cli_runner().invoke(args=["bot", "poison", "--raw"]).output
    assert "моя тайна" not in lasting.log
    assert "моя тайна" not in str(lasting.scalar("SELECT string_agg(sealed, '') FROM broken_update"))


def test_the_same_press_twice_is_answered_and_disturbs_nothing(lasting):
    polina, known, broken = lasting.person("polina"), count(lasting, "taken_update"), set_aside(lasting)
    polina.ask(text="/start")
    lasting.fail("twice")
    n = polina.send(press="Согласен на обработку данных")
    wait_until_taken(lasting, known + 3)
    polina.hear(n, "Поделитесь своим номером")
    n = polina.send(press="📱 Поделиться номером")
    assert polina.hear(n, "привязан")
    assert set_aside(lasting) == broken


def test_a_postgresql_that_is_lost_again_and_again_costs_nothing(lasting):
    """Without any Redis all the while: the bot needs none."""
    backends = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'the bot'"
    only_the_lock = " AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')"
    rounds = (backends, backends + only_the_lock, backends, backends)
    with one_effect_each(lasting, 60 * len(rounds)):
        for which in rounds:
            before = count(lasting, "taken_update")
            for n in range(60):
                lasting.tell(command(5_001_000 + n % 7, "/help"))
            lasting.wait_for(lambda: count(lasting, "taken_update") >= before + 5)
            lasting.wait_for(lambda: lasting.scalar(which))
    assert "database_lost" in lasting.log


def test_the_log_of_all_these_failures_does_not_tell_the_token(lasting):
    lasting.fail("conflict", method="getUpdates")
    lasting.wait_for(lambda: "telegram_failed" in lasting.log)
    assert lasting.app.config["SETTINGS"].bot_token.partition(":")[2] not in lasting.log


def command(person: int, text: str) -> dict:
    chat = {"id": person, "type": "private"}
    return {"message": {"message_id": 1, "from": user(person), "chat": chat, "date": 1_700_000_000, "text": text}}


def press(person: int, data: str) -> dict:
    return {"callback_query": {"id": new_id().hex, "from": user(person), "chat_instance": "1", "data": data}}


def user(person: int) -> dict:
    return {"id": person, "is_bot": False, "first_name": "Аня", "language_code": "ru"}


# Processes that end


def test_a_second_poller_waits_until_the_first_is_killed_and_nothing_is_done_twice(telegram):
    ivan = telegram.person("ivan")
    with one_effect_each(telegram, 3):
        first = telegram.start_bot()
        ivan.send(text="/help")
        telegram.settle()
        second = telegram.start_bot()
        telegram.wait_for(lambda: "waiting_for_the_other_poller" in telegram.log)
        ivan.send(text="/help")
        telegram.settle()
        assert "conflict" not in telegram.log, "they steal from each other"
        first.kill()
        ivan.send(text="/help")
    assert second.poll() is None


def test_an_update_that_kills_the_process_is_tried_three_times_and_the_next_ones_are_answered(telegram):
    ivan, maria = telegram.person("ivan"), telegram.person("maria")
    deadly, next_one = ivan.send(text=frail.DEADLY), maria.send(text="/help")
    for _ in range(3):
        assert telegram.start_bot(frail.__name__).wait(PATIENCE) == -signal.SIGKILL
    telegram.start_bot(frail.__name__)
    assert "Вот что я умею" in maria.hear(next_one)["text"]
    assert "Не получилось" in ivan.hear(deadly)["text"]
    done = telegram.app.test_cli_runner().invoke(args=["bot", "poison"])
    assert "3 tries" in done.output and "ProcessDied" in done.output
    assert count(telegram, "taken_update") == 2


def test_asked_to_stop_it_finishes_what_it_has_in_hand_and_ends_well(telegram):
    maria = telegram.person("maria")
    with one_effect_each(telegram, 2):
        bot = telegram.start_bot(frail.__name__)
        maria.send(text=frail.SLOW)
        maria.send(text="/help")
        telegram.wait_for(lambda: count(telegram, "update_in_hand"))
        bot.send_signal(signal.SIGTERM)
        assert bot.wait(PATIENCE) == 0
        assert (count(telegram, "taken_update"), count(telegram, "update_in_hand")) == (1, 0)
        telegram.start_bot()


def test_asked_to_stop_it_does_not_wait_for_telegram(telegram):
    bot = telegram.start_bot(TELEGRAM_POLL_SECONDS="40")
    telegram.person("ivan").send(text="/start")
    wait_until_taken(telegram, 1)
    asked_at = time.monotonic()
    bot.send_signal(signal.SIGTERM)
    assert bot.wait(PATIENCE) == 0
    assert time.monotonic() - asked_at < 25
    assert "bot_stopped" in telegram.log


def test_telegram_may_fail_before_the_first_update_too(telegram):
    telegram.fail("webhook", method="getUpdates", times=1000)
    telegram.fail("bad_gateway", method="deleteWebhook")
    telegram.fail("flooded", method="deleteWebhook", seconds=1)
    telegram.fail("broken_json", method="setMyCommands", times=3)
    telegram.start_bot()
    assert telegram.person("ivan").ask("Вот что я умею", text="/help")
    assert "telegram_recovered" in telegram.log and "webhook_taken_away" not in telegram.log


def test_a_bot_whose_token_was_revoked_says_so_and_ends(telegram):
    bot = telegram.start_bot(SECRET_KEY="another secret than the stand-in's, long enough")
    assert bot.wait(40) == 1
    assert "token_refused" in telegram.log


def test_who_blocked_the_bot_gets_no_notices_there_until_they_are_back(demo):
    ivan = demo.person("ivan")
    ivan.ask(text="/start")
    reachable = (
        f"SELECT unreachable_since IS NULL FROM identity WHERE kind = 'telegram' AND value = '{ivan.telegram_id}'"
    )
    ivan.send(block=True)
    demo.wait_for(lambda: demo.scalar(reachable) is False)
    ivan.send(block=False)
    demo.wait_for(lambda: demo.scalar(reachable) is True)


def test_a_reply_to_somebody_who_blocked_the_bot_meanwhile_marks_them_and_is_not_tried_again(demo):
    ivan = demo.person("ivan")
    demo.fail("blocked", method="sendMessage")
    ivan.send(text="/start")
    demo.wait_for(
        lambda: demo.scalar(f"SELECT unreachable_since IS NOT NULL FROM identity WHERE value = '{ivan.telegram_id}'")
    )
    assert demo.scalar("SELECT count(*) FROM outbox WHERE job = 'send_reply' AND done_at IS NULL") == 0

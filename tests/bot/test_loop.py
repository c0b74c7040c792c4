"""The real process against the stand-in: every update has its effect once, whatever breaks, and nobody is told the token."""

from __future__ import annotations

import signal
import time

from sandbox.telegram import store


def count(telegram, table: str) -> int:
    return telegram.scalar(f"SELECT count(*) FROM {table}")


def wait_until_taken(telegram, number: int) -> None:
    telegram.wait_for(lambda: count(telegram, "taken_update") >= number)


def texts_of_bot(person) -> list[str]:
    return [item["text"] for item in person.items() if item["from"] == "bot"]


def test_a_second_poller_waits_until_the_first_is_gone(telegram):
    first = telegram.start_bot()
    ivan = telegram.person("ivan")
    ivan.ask(text="/start")
    second = telegram.start_bot()
    telegram.wait_for(lambda: "waiting_for_the_other_poller" in telegram.log)
    ivan.ask(text="/help")
    assert '"error": "TelegramError: conflict"' not in telegram.log, "they steal from each other"
    first.kill()
    assert ivan.ask(text="/help")
    assert second.poll() is None


def test_it_stops_at_once_when_asked_though_its_question_is_open(telegram):
    bot = telegram.start_bot(TELEGRAM_POLL_SECONDS="40")
    telegram.person("ivan").ask(text="/start")
    asked_at = time.monotonic()
    bot.send_signal(signal.SIGTERM)
    assert bot.wait(30) == 0
    assert time.monotonic() - asked_at < 25
    assert "bot_stopped" in telegram.log


def test_telegram_may_fail_in_any_way_and_every_message_is_answered_once(telegram):
    telegram.fail("bad_gateway", method="deleteWebhook")
    telegram.start_bot()
    ivan = telegram.person("ivan")
    ivan.ask(text="/help")
    for kind in ("conflict", "bad_gateway", "broken_json", "cut"):
        telegram.fail(kind, method="getUpdates")
        ivan.ask(text="/help")
    assert len(texts_of_bot(ivan)) == 5
    assert count(telegram, "taken_update") == 5
    settings = telegram.app.config["SETTINGS"]
    assert "telegram_failed" in telegram.log
    assert settings.bot_token.partition(":")[2] not in telegram.log


def test_what_was_asked_of_us_to_wait_is_waited(telegram):
    telegram.fail("flooded", method="getUpdates", times=1, seconds=3)
    telegram.start_bot()
    ivan = telegram.person("ivan")
    ivan.ask(text="/help")
    with telegram.app.app_context():
        first, second = [call.at for call in store.list_calls("getUpdates")][:2]
    assert (second - first).total_seconds() >= 3


def test_confirmed_updates_that_come_again_have_no_second_effect(telegram):
    telegram.start_bot()
    ivan = telegram.person("ivan")
    ivan.ask(text="/help")
    telegram.fail("redeliver", method="getUpdates", times=3)
    ivan.ask(text="/help")
    assert len(texts_of_bot(ivan)) == 2
    assert count(telegram, "taken_update") == 2


def test_a_broken_update_is_set_aside_and_the_next_ones_are_answered(telegram):
    telegram.fail("malformed")
    telegram.start_bot()
    ivan, maria = telegram.person("ivan"), telegram.person("maria")
    broken = ivan.send(text="моя тайна")
    maria.ask(text="/help")
    assert "Не получилось" in ivan.hear(broken)["text"]
    assert ivan.ask("Вот что я умею", text="/help")
    done = telegram.app.test_cli_runner().invoke(args=["bot", "poison"])
    assert done.exit_code == 0 and "3 tries" in done.output and "KeyError" in done.output
    assert "моя тайна" not in done.output
    assert "моя тайна" in telegram.app.test_cli_runner().invoke(args=["bot", "poison", "--raw"]).output
    assert "моя тайна" not in telegram.log
    assert "моя тайна" not in str(telegram.scalar("SELECT sealed FROM broken_update"))


def test_the_same_press_twice_is_answered_and_disturbs_nothing(telegram):
    telegram.start_bot()
    maria = telegram.person("maria")
    maria.ask(text="/start")
    telegram.fail("twice")
    n = maria.send(press="Согласен на обработку данных")
    wait_until_taken(telegram, 3)
    maria.hear(n, "Поделитесь своим номером")
    n = maria.send(press="📱 Поделиться номером")
    assert maria.hear(n, "привязан")
    assert count(telegram, "broken_update") == 0


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

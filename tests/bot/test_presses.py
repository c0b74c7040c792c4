"""Presses are answered beside the loop, which never waits for it."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

from bot.presses import MOST, Presses
from connectors.telegram import TelegramError


def test_too_many_presses_are_left_without_an_answer_and_nobody_waits():
    answered, gate = [], threading.Event()

    def answer(press_id, toast):
        gate.wait(20)
        answered.append(int(press_id))

    presses = Presses(SimpleNamespace(answer_press=answer))
    for n in range(MOST + 10):
        presses.end(str(n), None)
    assert answered == []
    gate.set()
    while len(answered) < MOST:
        time.sleep(0.01)
    presses.close()
    # one of them was in hand, or not yet, when the others came
    assert answered == sorted(set(answered)) and MOST <= len(answered) <= MOST + 1


def test_a_press_that_telegram_does_not_know_any_more_leaves_the_next_ones_alone():
    answered = []

    def answer(press_id, toast):
        if press_id == "old":
            raise TelegramError("refused", retryable=False, status=400)
        answered.append((press_id, toast))

    presses = Presses(SimpleNamespace(answer_press=answer))
    presses.end("old", None)
    presses.end("new", "Готово")
    presses.close()
    while not answered:
        time.sleep(0.01)
    assert answered == [("new", "Готово")]

"""The bot's process, in which two messages are dangerous: one kills it as a segmentation fault would, one takes until the
process is asked to stop.
"""

from __future__ import annotations

import os
import signal
import sys
import time

from bot import __main__ as process
from bot.loop import Loop
from bot.rooms import doors

DEADLY, SLOW = "умри", "не спеши"
LONGEST = 30

_is_asked_to_stop = False


def respond(talk) -> None:
    if talk.incoming.text == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    if talk.incoming.text == SLOW:
        deadline = time.monotonic() + LONGEST
        while not _is_asked_to_stop and time.monotonic() < deadline:
            time.sleep(0.02)
    _respond(talk)


def stop(loop: Loop) -> None:
    global _is_asked_to_stop
    _is_asked_to_stop = True
    _stop(loop)


if __name__ == "__main__":
    _respond, doors.respond = doors.respond, respond
    _stop, Loop.stop = Loop.stop, stop
    sys.exit(process.main())

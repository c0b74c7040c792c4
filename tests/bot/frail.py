"""The bot's process, in which two messages are dangerous: one kills it as a segmentation fault would, one takes long."""

from __future__ import annotations

import os
import signal
import sys
import time

from bot import __main__ as process
from bot.rooms import doors

DEADLY, SLOW = "умри", "не спеши"


def respond(talk) -> None:
    if talk.incoming.text == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    if talk.incoming.text == SLOW:
        time.sleep(1.5)
    _respond(talk)


if __name__ == "__main__":
    _respond, doors.respond = doors.respond, respond
    sys.exit(process.main())

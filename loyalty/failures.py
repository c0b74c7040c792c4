"""What a log may say about an exception: its class, its code and the way it took, never its words.

A database's or a foreign system's message can hold a phone, an address or a code.
"""

from __future__ import annotations

import traceback
from pathlib import Path


def name_of(error: BaseException) -> str:
    """`ConnectorError: gateway_busy`, or the class alone."""
    code = getattr(error, "code", None)
    return f"{type(error).__name__}: {code}" if isinstance(code, str) else type(error).__name__


def path_of(error: BaseException, steps: int = 6) -> list[str]:
    """The last steps to where it was raised: `relay.py:88 move`."""
    frames = traceback.extract_tb(error.__traceback__)[-steps:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]

"""What a test does when the machine lacks a part it needs."""

import os

import pytest


def part(reason: str):
    """Skip with the reason that the summary shows; in continuous integration nothing may be missing."""
    if os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail(f"CI must have this part: {reason}", pytrace=False)
    pytest.skip(reason)
